/* How a transfer ended, in words for people. */
#include "bridge/http_internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>

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
    {CURLE_SEND_FAIL_REWIND, HTTP_BROKEN, "connection closed without an answer",
     false},
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

void http_reason(struct http_answer *answer, enum http_result result,
                 const char *format, ...)
{
    va_list args;

    answer->result = result;
    va_start(args, format);
    (void)vsnprintf(answer->reason, sizeof answer->reason, format, args);
    va_end(args);
}

const char *http_span(int64_t ms, char out[32])
{
    if (ms % 1000 == 0)
        (void)snprintf(out, 32, "%lld s", (long long)(ms / 1000));
    else
        (void)snprintf(out, 32, "%lld ms", (long long)ms);
    return out;
}

static void explain_timeout(const struct http_flight *f, struct http_answer *a)
{
    curl_off_t lookup_us = 0;
    char text[32];

    if (f->issued) {
        http_reason(a, HTTP_TIMEOUT, "no answer within %s",
                    http_span(f->limit_ms, text));
        return;
    }
    (void)http_span(
        f->limit_ms < HTTP_CONNECT_MS ? f->limit_ms : HTTP_CONNECT_MS, text);
    (void)curl_easy_getinfo(f->easy, CURLINFO_NAMELOOKUP_TIME_T, &lookup_us);
    if (lookup_us)
        http_reason(a, HTTP_TIMEOUT, "no connection within %s", text);
    else
        http_reason(a, HTTP_TIMEOUT, "name not found within %s: %s", text,
                    f->client->host);
}

static void explain_connect(const struct http_flight *f, struct http_answer *a)
{
    const char *text = "no connection";
    long error = f->socket_errno;

    if (!error)
        (void)curl_easy_getinfo(f->easy, CURLINFO_OS_ERRNO, &error);
    for (size_t i = 0; i < sizeof connect_errors / sizeof *connect_errors; i++)
        if (connect_errors[i].error == error)
            text = connect_errors[i].reason;
    http_reason(a, HTTP_UNREACHABLE, "%s", text);
}

static void explain_status(long status, struct http_answer *a)
{
    if (status == 408)
        /* Buddy's raw 408 says that the request got lost half way. */
        http_reason(a, HTTP_BROKEN,
                    "the server gave up waiting for the request (HTTP 408)");
    else if (status < 200 || status > 599)
        http_reason(a, HTTP_BROKEN, "the answer has no valid status");
    else {
        a->status = (int)status;
        http_reason(a, HTTP_ANSWERED, "HTTP %ld", status);
    }
}

static long status_of(const struct http_flight *f)
{
    long status = 0;

    (void)curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* A server that refuses a body says so while the body is sent; the connection
 * may break under it then. The refusal is the answer. */
static bool explain_refusal(struct http_flight *f, CURLcode code,
                            struct http_answer *a)
{
    long status = 0;

    if (!f->streaming)
        return false;
    if (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
        code == CURLE_PARTIAL_FILE || code == CURLE_GOT_NOTHING ||
        code == CURLE_SEND_FAIL_REWIND)
        status = status_of(f);
    else
        return false;
    if (status < 300)
        status = http_streaming_last_words(f);
    if (status >= 300)
        explain_status(status, a);
    return status >= 300;
}

/* What libcurl cannot know because it was us who stopped the transfer. */
static bool explain_own(const struct http_flight *f, CURLcode code,
                        struct http_answer *a)
{
    if (f->refused)
        http_reason(a, HTTP_BROKEN,
                    "not sent: the path must begin with '/' and be "
                    "percent-encoded");
    else if (f->repeat_stopped)
        http_reason(a, HTTP_BROKEN, "connection closed without an answer");
    else if (f->headers_too_big)
        http_reason(a, HTTP_TOO_BIG, "the answer's headers are over %d bytes",
                    HTTP_HEADERS_MAX);
    else if (f->answer.full || code == CURLE_FILESIZE_EXCEEDED)
        http_reason(a, HTTP_TOO_BIG, "the answer is over %zu bytes",
                    f->answer.max);
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

static void explain_outcome(const struct http_flight *f, CURLcode code,
                            struct http_answer *a)
{
    if (code == CURLE_RECV_ERROR && !strncmp(f->trouble, "Recv failure", 12)) {
        http_reason(a, HTTP_BROKEN, "connection reset");
        return;
    }
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        const struct outcome *o = &outcomes[i];

        if (o->code != code)
            continue;
        a->untrusted = code == CURLE_PEER_FAILED_VERIFICATION ||
                       code == CURLE_SSL_CACERT_BADFILE;
        if (o->detail && f->trouble[0])
            http_reason(a, o->result, "%.60s: %.90s", o->reason,
                        own_words(f->trouble));
        else
            http_reason(a, o->result, "%s", o->reason);
        return;
    }
    http_reason(a, f->issued ? HTTP_BROKEN : HTTP_UNREACHABLE, "%s",
                curl_easy_strerror(code));
}

static void explain_transfer(const struct http_flight *f, CURLcode code,
                             struct http_answer *a)
{
    switch ((int)code) {
    case CURLE_OK: explain_status(status_of(f), a); break;
    case CURLE_OPERATION_TIMEDOUT: explain_timeout(f, a); break;
    case CURLE_COULDNT_CONNECT: explain_connect(f, a); break;
    case CURLE_COULDNT_RESOLVE_HOST:
        http_reason(a, HTTP_UNREACHABLE, "name not known: %s", f->client->host);
        break;
    default: explain_outcome(f, code, a); break;
    }
}

void http_explain(struct http_flight *flight, CURLcode code,
                  struct http_answer *answer)
{
    if (!http_streaming_explain(flight, code, answer) &&
        !explain_own(flight, code, answer) &&
        !explain_refusal(flight, code, answer))
        explain_transfer(flight, code, answer);
    for (char *c = answer->reason; *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = ' ';
}
