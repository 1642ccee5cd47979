/* The easy handle of a client: options that are set once, and what libcurl
 * calls while a transfer runs. */
#include "bridge/http_internal.h"
#include "mapping/memory.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

/* Buddy drops a connection that was idle for 60 s. */
#define IDLE_MAX_S 50L

/* ---- called by libcurl ---- */

/* Called whenever a request is about to be written, first and repeated. */
static int on_request(void *arg, char *ip, char *local_ip, int port,
                      int local_port)
{
    struct http_client *c = arg;

    (void)ip;
    (void)local_ip;
    (void)port;
    (void)local_port;
    if (c->once && c->issued) {
        c->repeat_stopped = true;
        return CURL_PREREQFUNC_ABORT;
    }
    c->issued = true;
    return CURL_PREREQFUNC_OK;
}

/* A second socket means that libcurl takes the connection for dead and wants
 * to write the request again. */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
    struct http_client *c = arg;
    curl_socket_t fd;

    (void)purpose;
    if (c->once && c->issued) {
        c->repeat_stopped = true;
        return CURL_SOCKET_BAD;
    }
    fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                address->protocol);
    c->socket_errno = fd < 0 ? errno : 0;
    http_shard_opened(c->shard, fd);
    return fd;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct http_client *c = arg;
    size_t len = size * count;

    if (c->streaming)
        return http_streaming_take(c, bytes, len);
    return buffer_add(&c->answer, bytes, len) ? len : 0;
}

/* libcurl wants to send a body from its beginning: the same again, which we
 * refuse, or a next one. libcurl 8.14 remembers the wish over the end of a
 * request, and seeks in stdin if it is not given this. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
    struct http_client *c = arg;

    return offset == 0 && origin == SEEK_SET && !http_streaming_begun(c)
               ? CURL_SEEKFUNC_OK
               : CURL_SEEKFUNC_FAIL;
}

/* The value of a header line called name, or NULL. */
static const char *header_value(const char *line, size_t len, const char *name,
                                size_t *value_len)
{
    size_t n = strlen(name);

    if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
        return NULL;
    for (n++; n < len && (line[n] == ' ' || line[n] == '\t'); n++)
        ;
    while (len > n && isspace((unsigned char)line[len - 1]))
        len--;
    *value_len = len - n;
    return line + n;
}

static void take_challenge(struct http_client *c, const char *value, size_t len)
{
    if (!c->offered)
        c->offered = memory_zero(1, sizeof *c->offered);
    (void)digest_challenge_read(c->offered, value, len);
}

/* The headers that are kept, and where. */
static const struct {
    const char *name;
    size_t offset, size;
} kept_headers[] = {
#define KEPT(name, member)                                                     \
    {                                                                          \
        (name), offsetof(struct http_headers, member),                         \
            sizeof((struct http_headers *)0)->member                           \
    }
    KEPT("ETag", etag),
    KEPT("Last-Modified", last_modified),
    KEPT("Content-Type", content_type),
    KEPT("Update-Available", update_available),
    KEPT("Retry-After", retry_after),
#undef KEPT
};

static void keep(char *out, size_t size, const char *value, size_t len)
{
    if (len >= size)
        return;
    for (size_t i = 0; i < len; i++)
        if (!isprint((unsigned char)value[i]))
            return;
    memcpy(out, value, len);
    out[len] = '\0';
}

static void keep_header(struct http_client *c, const char *line, size_t len)
{
    const char *value;
    size_t value_len;

    for (size_t i = 0; i < sizeof kept_headers / sizeof *kept_headers; i++) {
        if ((line[0] | ' ') != (kept_headers[i].name[0] | ' '))
            continue; /* mostly */
        value = header_value(line, len, kept_headers[i].name, &value_len);
        if (value)
            keep((char *)&c->headers + kept_headers[i].offset,
                 kept_headers[i].size, value, value_len);
    }
}

void http_forget_headers(struct http_client *c)
{
    free(c->offered);
    c->offered = NULL;
    c->headers = (struct http_headers){.etag = ""};
}

/* A status line starts an answer anew: it may follow an interim one. */
void http_take_header(struct http_client *c, const char *line, size_t len)
{
    const char *value;
    size_t value_len;

    if (len >= 5 && !memcmp(line, "HTTP/", 5))
        http_forget_headers(c);
    else if ((value = header_value(line, len, "WWW-Authenticate", &value_len)))
        take_challenge(c, value, value_len);
    else
        keep_header(c, line, len);
}

/* One header line, with its line end. */
static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
    struct http_client *c = arg;
    size_t len = size * count;

    c->header_bytes += len;
    if (c->header_bytes > HTTP_HEADERS_MAX) {
        c->headers_too_big = true;
        return 0;
    }
    http_take_header(c, line, len);
    return len;
}

/* ---- the easy handle ---- */

/* Options for the connection; not 0 if libcurl refuses one. */
static unsigned set_connection(struct http_client *c, CURL *easy)
{
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                            (long)HTTP_CONNECT_MS);
    bad |= curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, IDLE_MAX_S);
    bad |= curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    /* as much as malloc's cache of the thread takes back: it comes and goes
     * with each request */
    bad |= curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 1024L);
    bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, c);
    bad |=
        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, http_close_socket);
    /* connections outlive their handle */
    bad |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA,
                            http_shard_owner(c->shard));
    bad |=
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, c->insecure ? 0L : 1L);
    bad |=
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, c->insecure ? 0L : 2L);
    if (c->ca_file)
        bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, c->ca_file);
    return bad;
}

static unsigned set_http(struct http_client *c, CURL *easy)
{
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                            (long)CURL_HTTP_VERSION_1_1);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    bad |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, c);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, c);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, c);
    bad |= curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
    bad |= curl_easy_setopt(easy, CURLOPT_SEEKDATA, c);
    bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, c->trouble);
    bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, c);
    return bad;
}

void http_must_be_set(unsigned bad)
{
    if (!bad)
        return;
    fputs("printer2mqtt: libcurl lacks memory or an option\n", stderr);
    abort();
}

unsigned http_easy_set_url(struct http_client *c, CURLU *url)
{
    unsigned bad = 0;

    /* the text that libcurl made of the other one */
    bad |= curl_easy_setopt(c->easy, CURLOPT_URL, NULL);
    bad |= curl_easy_setopt(c->easy, CURLOPT_CURLU, url);
    return bad;
}

void http_easy_open(struct http_client *c)
{
    c->easy = curl_easy_init();
    http_must_be_set(!c->easy);
    http_must_be_set(set_connection(c, c->easy) | set_http(c, c->easy) |
                     http_easy_set_url(c, c->url));
}
