/* The easy handle of a request: who has it, options that are set once, and what
 * libcurl calls while a transfer runs. */
#include "bridge/http_internal.h"
#include "mapping/memory.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <strings.h>

/* Buddy drops a connection that was idle for 60 s. */
#define IDLE_MAX_S 50L

/* ---- called by libcurl ---- */

/* Called whenever a request is about to be written, first and repeated. */
static int on_request(void *arg, char *ip, char *local_ip, int port,
                      int local_port)
{
    struct http_flight *f = arg;

    (void)ip;
    (void)local_ip;
    (void)port;
    (void)local_port;
    if (f->once && f->issued) {
        f->repeat_stopped = true;
        return CURL_PREREQFUNC_ABORT;
    }
    f->issued = true;
    return CURL_PREREQFUNC_OK;
}

/* A second socket means that libcurl takes the connection for dead and wants
 * to write the request again. */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
    struct http_flight *f = arg;
    curl_socket_t fd;

    (void)purpose;
    if (f->once && f->issued) {
        f->repeat_stopped = true;
        return CURL_SOCKET_BAD;
    }
    fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                address->protocol);
    f->socket_errno = fd < 0 ? errno : 0;
    http_shard_opened(f->client->shard, fd);
    return fd;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct http_flight *f = arg;
    size_t len = size * count;

    if (f->streaming)
        return http_streaming_take(f, bytes, len);
    return buffer_add(&f->answer, bytes, len) ? len : 0;
}

/* libcurl wants to send a body from its beginning: the same again, which we
 * refuse, or a next one. libcurl 8.14 remembers the wish over the end of a
 * request, and seeks in stdin if it is not given this. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
    struct http_flight *f = arg;

    return offset == 0 && origin == SEEK_SET && !http_streaming_begun(f)
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

static void take_challenge(struct http_flight *f, const char *value, size_t len)
{
    if (!f->offered)
        f->offered = memory_zero(1, sizeof *f->offered);
    (void)digest_challenge_read(f->offered, value, len);
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

static void keep_header(struct http_flight *f, const char *line, size_t len)
{
    const char *value;
    size_t value_len;

    for (size_t i = 0; i < sizeof kept_headers / sizeof *kept_headers; i++) {
        if ((line[0] | ' ') != (kept_headers[i].name[0] | ' '))
            continue; /* mostly */
        value = header_value(line, len, kept_headers[i].name, &value_len);
        if (value)
            keep((char *)&f->headers + kept_headers[i].offset,
                 kept_headers[i].size, value, value_len);
    }
}

void http_forget_headers(struct http_flight *f)
{
    free(f->offered);
    f->offered = NULL;
    f->headers = (struct http_headers){.etag = ""};
}

/* A status line starts an answer anew: it may follow an interim one. */
void http_take_header(struct http_flight *f, const char *line, size_t len)
{
    const char *value;
    size_t value_len;

    if (len >= 5 && !memcmp(line, "HTTP/", 5))
        http_forget_headers(f);
    else if ((value = header_value(line, len, "WWW-Authenticate", &value_len)))
        take_challenge(f, value, value_len);
    else
        keep_header(f, line, len);
}

/* One header line, with its line end. */
static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
    struct http_flight *f = arg;
    size_t len = size * count;

    f->header_bytes += len;
    if (f->header_bytes > HTTP_HEADERS_MAX) {
        f->headers_too_big = true;
        return 0;
    }
    http_take_header(f, line, len);
    return len;
}

/* ---- the easy handle ---- */

/* While there is a text libcurl 7.88 makes none of the parsed URL, by which it
 * goes. */
#define ANY_URL "http://printer/"

/* Options for the connection; not 0 if libcurl refuses one. */
static unsigned set_connection(struct http_flight *f, CURL *easy)
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
    bad |= curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, HTTP_BUFFER_BYTES);
    bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, f);
    bad |=
        curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, http_close_socket);
    /* connections outlive their handle */
    bad |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA,
                            http_shard_owner(f->client->shard));
    bad |=
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, f->insecure ? 0L : 1L);
    bad |=
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, f->insecure ? 0L : 2L);
    if (f->ca_file)
        bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, f->ca_file);
    return bad;
}

static unsigned set_http(struct http_flight *f, CURL *easy)
{
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                            (long)CURL_HTTP_VERSION_1_1);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    bad |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, f);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, f);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, f);
    bad |= curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
    bad |= curl_easy_setopt(easy, CURLOPT_SEEKDATA, f);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, f->lines);
    bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, f->trouble);
    bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, f);
    bad |= curl_easy_setopt(easy, CURLOPT_URL, ANY_URL);
    return bad;
}

void http_must_be_set(unsigned bad)
{
    if (!bad)
        return;
    fputs("printer2mqtt: libcurl lacks memory or an option\n", stderr);
    abort();
}

void http_flight_refuse(struct http_flight *f)
{
    f->refused = true;
    http_must_be_set(curl_easy_setopt(f->easy, CURLOPT_CURLU, NULL) |
                     curl_easy_setopt(f->easy, CURLOPT_URL, NULL));
}

/* ---- who has it ---- */

static struct http_flight *flight_new(struct http_client *client)
{
    struct http_flight *f = memory_zero(1, sizeof *f);

    f->client = client;
    f->ca_file = memory_text(client->ca_file);
    f->insecure = client->insecure;
    f->easy = curl_easy_init();
    http_must_be_set(!f->easy);
    http_must_be_set(set_connection(f, f->easy) | set_http(f, f->easy));
    return f;
}

struct http_flight *http_flight_take(struct http_client *client)
{
    struct http_flight *f = http_spare(http_shard_owner(client->shard), client);

    if (!f)
        f = flight_new(client);
    f->client = client;
    f->fd = CURL_SOCKET_BAD;
    http_must_be_set(curl_easy_setopt(f->easy, CURLOPT_CURLU, client->url));
    return f;
}

/* libcurl 7.88 keeps its buffer when it does not get as far as a connection, as
 * to a name that cannot be one, and then takes no other size for it ever. */
static bool is_usable(struct http_flight *f)
{
    bool usable =
        !f->buffer_other || curl_easy_setopt(f->easy, CURLOPT_BUFFERSIZE,
                                             HTTP_BUFFER_BYTES) == CURLE_OK;

    f->buffer_other = false;
    return usable;
}

/* Nothing of the request or the client may be in easy any more. */
void http_flight_leave(struct http_flight *f)
{
    struct http *http = http_shard_owner(f->client->shard);
    unsigned bad = curl_easy_setopt(f->easy, CURLOPT_CURLU, NULL);

    if (f->body)
        bad |= curl_easy_setopt(f->easy, CURLOPT_POSTFIELDS, "");
    if (f->refused)
        bad |= curl_easy_setopt(f->easy, CURLOPT_URL, ANY_URL);
    http_must_be_set(bad);
    http_forget_headers(f);
    free(f->body);
    f->body = NULL;
    f->refused = false;
    f->client = NULL;
    if (is_usable(f))
        http_keep(http, f);
    else
        http_flight_free(f);
}

void http_flight_free(struct http_flight *f)
{
    curl_easy_cleanup(f->easy);
    if (f->login_line.bytes)
        OPENSSL_cleanse(f->login_line.bytes, f->login_line.capacity);
    buffer_release(&f->login_line);
    buffer_release(&f->texts);
    buffer_release(&f->uri);
    free(f->ca_file);
    free(f);
}
