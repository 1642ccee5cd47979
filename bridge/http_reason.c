/* How a transfer ended, in words for people. */
#include "bridge/http_internal.h"

#include <ctype.h>
#include <errno.h>

struct outcome {
    CURLcode code;
    enum http_result result;
    const char *reason;
    bool detail; /* libcurl's own words follow */
};

static const struct outcome outcomes[] = {
    {CURLE_PEER_FAILED_VERIFICATION, HTTP_UNREACHABLE,
     "certificate not trusted", true},
    {CURLE_SSL_CACERT_BADFILE, HTTP_UNREACHABLE,
     "the file of trusted certificates cannot be used", true},
    {CURLE_SSL_CONNECT_ERROR, HTTP_UNREACHABLE, "no TLS connection", true},
    {CURLE_GOT_NOTHING, HTTP_BROKEN, "connection closed without an answer",
     false},
    {CURLE_SEND_ERROR, HTTP_BROKEN, "connection lost while sending", false},
    {CURLE_RECV_ERROR, HTTP_BROKEN, "the answer is garbled", false},
    {CURLE_PARTIAL_FILE, HTTP_BROKEN,
     "connection closed in the middle of the answer", false},
    {CURLE_UNSUPPORTED_PROTOCOL, HTTP_BROKEN, "the answer is not HTTP", false},
    {CURLE_WEIRD_SERVER_REPLY, HTTP_BROKEN, "the answer is not valid HTTP",
     false},
    /* A header line over libcurl's 100 kB: 7.88 says out of memory, later ones
     * CURLE_TOO_LARGE, which 7.88 does not know by name. */
    {CURLE_OUT_OF_MEMORY, HTTP_TOO_BIG, "a header of the answer is too big",
     false},
    {(CURLcode)100, HTTP_TOO_BIG, "a header of the answer is too big", false},
};

static const struct {
    int error;
    const char *reason;
} connect_errors[] = {
    {ECONNREFUSED, "connection refused"},
    {EHOSTUNREACH, "no route to host"},
    {ENETUNREACH, "network unreachable"},
    {ECONNRESET, "connection reset"},
    {ETIMEDOUT, "no answer to the connection attempt"},
    {EMFILE, "too many open connections in this program"},
    {ENFILE, "too many open files on this machine"},
};

/* The result and the words for it. */
#define EXPLAIN(a, why, ...)                                                   \
    ((a)->result = (why),                                                      \
     (void)snprintf((a)->reason, sizeof(a)->reason, __VA_ARGS__))

/* "5 s" or "1500 ms" */
static const char *span(int64_t ms, char out[32])
{
    if (ms % 1000 == 0)
        (void)snprintf(out, 32, "%lld s", (long long)(ms / 1000));
    else
        (void)snprintf(out, 32, "%lld ms", (long long)ms);
    return out;
}

static void explain_timeout(const struct http_client *c, struct http_answer *a)
{
    curl_off_t lookup_us = 0;
    char text[32];

    if (c->issued) {
        EXPLAIN(a, HTTP_TIMEOUT, "no answer within %s",
                span(c->limit_ms, text));
        return;
    }
    (void)span(c->limit_ms < HTTP_CONNECT_MS ? c->limit_ms : HTTP_CONNECT_MS,
               text);
    (void)curl_easy_getinfo(c->easy, CURLINFO_NAMELOOKUP_TIME_T, &lookup_us);
    if (lookup_us)
        EXPLAIN(a, HTTP_TIMEOUT, "no connection within %s", text);
    else
        EXPLAIN(a, HTTP_TIMEOUT, "name not found within %s: %s", text, c->host);
}

static void explain_connect(const struct http_client *c, struct http_answer *a)
{
    const char *text = "no connection";
    long error = c->socket_errno;

    if (!error)
        (void)curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &error);
    for (size_t i = 0; i < sizeof connect_errors / sizeof *connect_errors; i++)
        if (connect_errors[i].error == error)
            text = connect_errors[i].reason;
    EXPLAIN(a, HTTP_UNREACHABLE, "%s", text);
}

static void explain_answer(const struct http_client *c, struct http_answer *a)
{
    long status = 0;

    (void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 408)
        /* Buddy's raw 408 says that the request got lost half way. */
        EXPLAIN(a, HTTP_BROKEN,
                "the server gave up waiting for the request (HTTP 408)");
    else if (status < 200 || status > 599)
        EXPLAIN(a, HTTP_BROKEN, "the answer has no valid status");
    else {
        a->status = (int)status;
        EXPLAIN(a, HTTP_ANSWERED, "HTTP %ld", status);
    }
}

/* What libcurl cannot know because it was us who stopped the transfer. */
static bool explain_own(const struct http_client *c, CURLcode code,
                        struct http_answer *a)
{
    if (c->refused)
        EXPLAIN(a, HTTP_BROKEN,
                "not sent: the path must begin with '/' and be "
                "percent-encoded");
    else if (c->repeat_stopped)
        EXPLAIN(a, HTTP_BROKEN, "connection closed without an answer");
    else if (c->headers_too_big)
        EXPLAIN(a, HTTP_TOO_BIG, "the answer's headers are over %d bytes",
                HTTP_HEADERS_MAX);
    else if (c->answer.full || code == CURLE_FILESIZE_EXCEEDED)
        EXPLAIN(a, HTTP_TOO_BIG, "the answer is over %zu bytes", c->answer.max);
    else
        return false;
    return true;
}

/* Without the beginnings that say again what our own words say. */
static const char *own_words(const char *trouble)
{
    static const char *const beginnings[] = {"SSL certificate problem: ",
                                             "SSL: "};

    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (!strncmp(trouble, beginnings[i], strlen(beginnings[i])))
            return trouble + strlen(beginnings[i]);
    return trouble;
}

static void explain_outcome(const struct http_client *c, CURLcode code,
                            struct http_answer *a)
{
    if (code == CURLE_RECV_ERROR && !strncmp(c->trouble, "Recv failure", 12)) {
        EXPLAIN(a, HTTP_BROKEN, "connection reset");
        return;
    }
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        const struct outcome *o = &outcomes[i];

        if (o->code != code)
            continue;
        if (o->detail && c->trouble[0])
            EXPLAIN(a, o->result, "%.60s: %.90s", o->reason,
                    own_words(c->trouble));
        else
            EXPLAIN(a, o->result, "%s", o->reason);
        return;
    }
    EXPLAIN(a, c->issued ? HTTP_BROKEN : HTTP_UNREACHABLE, "%s",
            curl_easy_strerror(code));
}

static void explain_transfer(const struct http_client *c, CURLcode code,
                             struct http_answer *a)
{
    switch ((int)code) {
    case CURLE_OK: explain_answer(c, a); break;
    case CURLE_OPERATION_TIMEDOUT: explain_timeout(c, a); break;
    case CURLE_COULDNT_CONNECT: explain_connect(c, a); break;
    case CURLE_COULDNT_RESOLVE_HOST:
        EXPLAIN(a, HTTP_UNREACHABLE, "name not known: %s", c->host);
        break;
    default: explain_outcome(c, code, a); break;
    }
}

void http_explain(const struct http_client *client, CURLcode code,
                  struct http_answer *answer)
{
    if (!explain_own(client, code, answer))
        explain_transfer(client, code, answer);
    for (char *c = answer->reason; *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = ' ';
}
