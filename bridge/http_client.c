/* A client's life: checking where it shall go, making it and freeing it. */
#include "bridge/http_internal.h"
#include "mapping/memory.h"

#define TIMEOUT_MS 5000
#define PREFIX_MAX 256

/* A part of the URL in memory of our own; NULL when it is not there. */
static char *url_part(CURLU *url, CURLUPart part)
{
    char *text = NULL, *copy;

    if (curl_url_get(url, part, &text, 0) != CURLUE_OK)
        return NULL;
    copy = memory_text(text);
    curl_free(text);
    return copy;
}

static bool url_has(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return has;
}

/* Refuse what a printer's URL must not have. Never repeats the URL: it may
 * hold a password by mistake. */
static bool check_url(CURLU *url, struct error *err)
{
    char *scheme = url_part(url, CURLUPART_SCHEME);
    char *port = url_part(url, CURLUPART_PORT);
    bool http = scheme && (!strcmp(scheme, "http") || !strcmp(scheme, "https"));
    bool port_0 = port && !strcmp(port, "0");

    free(scheme);
    free(port);
    if (!http)
        return error_set(err, "the URL must begin with http:// or https://");
    if (url_has(url, CURLUPART_USER) || url_has(url, CURLUPART_PASSWORD))
        return error_set(err, "the URL must not contain a user name or a "
                              "password; they have settings of their own");
    if (url_has(url, CURLUPART_QUERY) || url_has(url, CURLUPART_FRAGMENT))
        return error_set(err, "the URL must not contain '?' or '#'");
    if (port_0)
        return error_set(err, "the URL's port must be between 1 and 65535");
    return true;
}

/* Part the URL into what libcurl connects to and the prefix of all paths. */
static bool take_url(struct http_client *c, CURLU *url, struct error *err)
{
    size_t len;

    c->host = url_part(url, CURLUPART_HOST);
    c->prefix = url_part(url, CURLUPART_PATH);
    if (!c->host || !c->prefix)
        return error_set(err, "the URL has no host");
    len = strlen(c->prefix);
    if (len > PREFIX_MAX || !http_target_ok(c->prefix))
        return error_set(err, "the URL's path is too long or not "
                              "percent-encoded");
    while (len && c->prefix[len - 1] == '/')
        c->prefix[--len] = '\0';
    return curl_url_set(url, CURLUPART_PATH, "/", 0) == CURLUE_OK ||
           error_set(err, "the URL cannot be used");
}

static bool parse_url(struct http_client *c, const char *text,
                      struct error *err)
{
    CURLUcode code = CURLUE_OUT_OF_MEMORY;

    c->url = curl_url();
    if (c->url)
        code = curl_url_set(c->url, CURLUPART_URL, text,
                            CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS);
    if (code == CURLUE_OK)
        return check_url(c->url, err) && take_url(c, c->url, err);
    if (code == CURLUE_BAD_PORT_NUMBER)
        return error_set(err, "the URL's port must be between 1 and 65535");
    return error_set(err, "this is not a URL like http://192.168.1.50");
}

struct http_client *http_client_new(struct http *http,
                                    const struct http_target *target,
                                    struct error *err)
{
    struct http_client *c = memory_zero(1, sizeof *c);

    c->shard = http_shard_join(http);
    c->ca_file = memory_text(target->ca_file);
    c->insecure = target->insecure;
    c->timeout_ms = target->timeout_ms > 0 ? target->timeout_ms : TIMEOUT_MS;
    if (parse_url(c, target->url, err) &&
        (c->login = http_login_new(target, err)))
        return c;
    http_client_free(c);
    return NULL;
}

struct http_client *http_client_sibling(const struct http_client *client)
{
    struct http_client *c = memory_zero(1, sizeof *c);

    c->shard = http_shard_join(http_shard_owner(client->shard));
    c->url = curl_url_dup(client->url);
    http_must_be_set(!c->url);
    c->host = memory_text(client->host);
    c->prefix = memory_text(client->prefix);
    c->ca_file = memory_text(client->ca_file);
    c->insecure = client->insecure;
    c->timeout_ms = client->timeout_ms;
    c->login = http_login_share(client->login);
    return c;
}

void http_client_free(struct http_client *client)
{
    if (!client || client->closing)
        return;
    client->closing = true;
    http_abort(client);
    http_shard_leave(client->shard);
    http_login_leave(client->login);
    curl_url_cleanup(client->url);
    free(client->host);
    free(client->prefix);
    free(client->ca_file);
    free(client);
}
