/* The MQTT edge, a real mosquitto and certificates made for the test. */
#include "tests/bridge/mqtt_scene.h"

#define TLS                                                                    \
    OPEN "cafile %s/ca.pem\ncertfile %s/server.pem\nkeyfile %s/server.key\n"

/* A CA, a certificate for "localhost" only, a client certificate, a key with a
 * passphrase, and a CA that signed nothing. */
static void make_certificates(void)
{
    broker_shell(
        &broker,
        "new() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
        "-nodes -keyout $1.key"
        " -subj \"/CN=$1\" -out $1.csr; }\n"
        "ca() { openssl req -x509 -newkey ec -pkeyopt "
        "ec_paramgen_curve:prime256v1 -nodes -keyout $1.key"
        " -subj \"/CN=$1\" -days 2 -out $1.pem; }\n"
        "sign() { openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key"
        " -CAcreateserial -days 2 -extfile $1.ext -out $1.pem; }\n"
        "ca ca; ca other; new server; new client\n"
        "echo subjectAltName=DNS:localhost >server.ext; : >client.ext\n"
        "sign server && sign client\n"
        "openssl ec -in client.key -aes128 -passout pass:x -out locked.key");
}

static struct mqtt_options tls_options(void)
{
    struct mqtt_options o = party_options(broker.port, "p");
    o.host = "localhost";
    o.tls = true;
    o.ca_file = broker_path(&broker, "ca.pem");
    return o;
}

static void assert_connects(const struct mqtt_options *o)
{
    struct party *p = party_new(o);
    mqtt_start(p->mqtt);
    party_subscribe(p, "t");
    /* Nothing to do: the loop sleeps. */
    long before = party_rounds;
    party_run_for(100);
    assert_in_range(party_rounds - before, 1, 60);
    party_close(p);
}

static void assert_fails(const struct mqtt_options *o, const char *reason)
{
    struct party *p = party_new(o);
    mqtt_start(p->mqtt);
    /* The first address of localhost may be one nobody listens on. */
    AWAIT(strstr(p->reason, reason) != NULL);
    assert_int_equal(p->connected, 0);
    party_close(p);
}

static void tls_trusts_only_the_right_certificate(void **state)
{
    (void)state;
    broker_prepare(&broker, TLS);
    make_certificates();
    broker_start(&broker);

    struct mqtt_options o = tls_options();
    assert_connects(&o);

    o.ca_file = broker_path(&broker, "other.pem");
    assert_fails(&o, "certificate verify failed");
    o.ca_file = NULL;
    assert_fails(&o, "certificate verify failed");
    o.insecure = true;
    assert_connects(&o);

    o = tls_options();
    o.host = "127.0.0.1";
    assert_fails(&o, "issued for 127.0.0.1");
    o.insecure = true;
    assert_connects(&o);
}

static void a_client_certificate_opens_the_door(void **state)
{
    (void)state;
    broker_prepare(&broker, TLS "require_certificate true\n");
    make_certificates();
    broker_start(&broker);
    struct mqtt_options o = tls_options();
    struct party *p = party_new(&o);
    mqtt_start(p->mqtt);
    AWAIT(p->disconnected >= 2);
    assert_int_equal(p->connected, 0);
    party_close(p);

    o.cert_file = broker_path(&broker, "client.pem");
    o.key_file = broker_path(&broker, "client.key");
    assert_connects(&o);
}

static void assert_asks_for_the_port(struct party *p)
{
    assert_non_null(strstr(p->reason, "is this the broker's TLS port?"));
}

static void a_port_without_tls_is_told(void **state)
{
    (void)state;
    scene_start(OPEN);
    struct mqtt_options o = party_options(broker.port, "p");
    o.tls = true;
    struct party *p = party_new(&o);
    p->on_disconnected = assert_asks_for_the_port;
    mqtt_start(p->mqtt);
    AWAIT(p->disconnected >= 6);
    assert_int_equal(p->connected, 0);
    /* It says nothing about MQTT 5. */
    assert_int_equal(p->mqtt->policy.protocol, 5);
    party_close(p);
}

static void bad_certificate_files_are_refused_at_once(void **state)
{
    (void)state;
    broker_prepare(&broker, OPEN);
    make_certificates();
    static const struct {
        const char *ca, *cert, *key, *sentence;
    } ROWS[] = {
        {"nothing.pem", NULL, NULL, "cannot read the CA file"},
        {"ca.key", NULL, NULL, "holds no certificate"},
        {"ca.pem", "client.pem", NULL, "needs both"},
        {"ca.pem", "client.key", "client.key", "holds no certificate"},
        {"ca.pem", "client.pem", "client.pem", "holds no private key"},
        {"ca.pem", "client.pem", "locked.key", "has a passphrase"},
        {"ca.pem", "client.pem", "server.key", "does not belong"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct mqtt_options o = tls_options();
        o.ca_file = broker_path(&broker, ROWS[i].ca);
        o.cert_file = ROWS[i].cert ? broker_path(&broker, ROWS[i].cert) : NULL;
        o.key_file = ROWS[i].key ? broker_path(&broker, ROWS[i].key) : NULL;
        struct error err = {""};
        assert_null(
            mqtt_new(&party_loop, &o, &(struct mqtt_events){0}, NULL, &err));
        assert_non_null(strstr(err.text, ROWS[i].sentence));
        if (i != 2)
            assert_non_null(strstr(err.text, broker.dir));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(tls_trusts_only_the_right_certificate),
        STORY(a_client_certificate_opens_the_door),
        STORY(a_port_without_tls_is_told),
        STORY(bad_certificate_files_are_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
