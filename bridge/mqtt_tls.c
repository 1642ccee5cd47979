/* Certificates are looked at with libcrypto before libmosquitto sees them: it
 * says only "invalid arguments", and asks on the terminal for a passphrase. */
#include "bridge/mqtt_internal.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static int no_passphrase(char *buffer, int size, int writing, void *asked)
{
    (void)buffer;
    (void)size;
    (void)writing;
    if (asked != NULL)
        *(bool *)asked = true;
    return 0;
}

/* libmosquitto passes its client as the last argument. */
static int no_passphrase_for_client(char *buffer, int size, int writing,
                                    void *client)
{
    (void)client;
    return no_passphrase(buffer, size, writing, NULL);
}

static BIO *open_file(const char *what, const char *path, struct error *err)
{
    errno = 0;
    BIO *file = BIO_new_file(path, "r");
    if (file == NULL)
        (void)error_set(err, "cannot read the %s %s: %s", what, path,
                        strerror(errno != 0 ? errno : ENOENT));
    return file;
}

static X509 *read_certificate(const char *what, const char *path,
                              struct error *err)
{
    BIO *file = open_file(what, path, err);
    if (file == NULL)
        return NULL;
    X509 *certificate = PEM_read_bio_X509_AUX(file, NULL, no_passphrase, NULL);
    BIO_free(file);
    if (certificate == NULL)
        (void)error_set(err, "the %s %s holds no certificate in PEM form", what,
                        path);
    return certificate;
}

static EVP_PKEY *read_key(const char *path, struct error *err)
{
    BIO *file = open_file("key file", path, err);
    if (file == NULL)
        return NULL;
    bool asked = false;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(file, NULL, no_passphrase, &asked);
    BIO_free(file);
    if (key == NULL && asked)
        (void)error_set(err,
                        "the key file %s has a passphrase; store the key "
                        "without one, readable by this program only",
                        path);
    else if (key == NULL)
        (void)error_set(err, "the key file %s holds no private key in PEM form",
                        path);
    return key;
}

static bool check_pair(const struct mqtt_options *o, struct error *err)
{
    if (o->cert_file == NULL && o->key_file == NULL)
        return true;
    if (o->cert_file == NULL || o->key_file == NULL)
        return error_set(err, "a client certificate needs both cert_file and "
                              "key_file");
    X509 *certificate = read_certificate("certificate file", o->cert_file, err);
    EVP_PKEY *key = certificate != NULL ? read_key(o->key_file, err) : NULL;
    bool good = key != NULL;
    if (good && X509_check_private_key(certificate, key) != 1)
        good = error_set(err,
                         "the key in %s does not belong to the "
                         "certificate in %s",
                         o->key_file, o->cert_file);
    EVP_PKEY_free(key);
    X509_free(certificate);
    return good;
}

bool mqtt_tls_check(const struct mqtt_options *options, struct error *err)
{
    bool good = true;
    if (options->port == 0)
        return error_set(err, "TLS on a unix socket is not supported");
    if (options->ca_file != NULL) {
        X509 *ca = read_certificate("CA file", options->ca_file, err);
        good = ca != NULL;
        X509_free(ca);
    }
    good = good && check_pair(options, err);
    /* The queue of this thread is shared with everybody who uses TLS. */
    ERR_clear_error();
    return good;
}

bool mqtt_tls_apply(struct mosquitto *client,
                    const struct mqtt_options *options, struct error *err)
{
    const char *system_path =
        options->ca_file == NULL ? X509_get_default_cert_dir() : NULL;
    int failed = mosquitto_tls_set(client, options->ca_file, system_path,
                                   options->cert_file, options->key_file,
                                   no_passphrase_for_client);
    if (failed != MOSQ_ERR_SUCCESS)
        return mqtt_tls_check(options, err) &&
               error_set(err, "libmosquitto refuses the certificates");
    if (options->ca_file == NULL)
        failed |= mosquitto_int_option(client, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
    /* 1 = SSL_VERIFY_PEER; "tlsv1.2" means 1.2 or newer. */
    failed |= mosquitto_tls_opts_set(client, options->insecure ? 0 : 1,
                                     "tlsv1.2", NULL);
    failed |= mosquitto_tls_insecure_set(client, options->insecure);
    if (failed != MOSQ_ERR_SUCCESS)
        return error_set(err, "libmosquitto refuses the TLS options");
    return true;
}

void mqtt_tls_leave_thread(void)
{
    OPENSSL_thread_stop();
}
