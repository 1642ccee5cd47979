/* The HTTP edge: libcurl's multi interface on the uv loop.
 *
 * One struct http for the program; one struct http_client per source, with one
 * long-lived easy handle and one request in flight. Nothing here blocks: names
 * are resolved in libcurl's threads, and a hung resolver costs only its own
 * client. Authorization headers are our own (bridge/digest.h): libcurl's
 * Digest may run an order twice with its empty probe (reference: measured with
 * libcurl 7.88) and sends bodies twice on a stale nonce. */
#ifndef BRIDGE_HTTP_H
#define BRIDGE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/request.h"
#include "mapping/error.h"

struct uv_loop_s;
struct http;
struct http_client;

enum http_auth {
    HTTP_AUTH_AUTO,    /* Digest; X-Api-Key where no Digest is offered */
    HTTP_AUTH_DIGEST,
    HTTP_AUTH_API_KEY, /* X-Api-Key */
    HTTP_AUTH_TOKEN,   /* Authorization: Token ... (Obico) */
};

/* Where and how; texts are copied. */
struct http_target {
    const char *url;      /* scheme://host[:port][/prefix], no credentials */
    enum http_auth auth;
    const char *username; /* Digest; NULL = "maker" */
    const char *secret;   /* password, key or token; NULL = send none */
    const char *ca_file;  /* https: trust this instead of the system's; NULL */
    bool insecure;        /* https: do not check the certificate */
    int64_t timeout_ms;   /* default for requests; 0 = 5000 */
};

enum http_result {
    HTTP_ANSWERED,    /* a whole answer with a status; the body may be empty */
    HTTP_UNREACHABLE, /* no connection: refused, no route, name unknown, TLS */
    HTTP_TIMEOUT,     /* connect or answer took too long */
    HTTP_BROKEN,      /* reset, cut, wrong length, not HTTP, raw 408 */
    HTTP_TOO_BIG,     /* body over answer_max */
    HTTP_ABORTED,     /* http_abort() */
};

/* Borrowed by the callback until it returns. */
struct http_answer {
    enum http_result result;
    int status;         /* 0 unless HTTP_ANSWERED */
    const char *body;   /* NUL-terminated behind len; "" if none */
    size_t len;
    /* At least one byte of the request may have reached the server: an order
     * may have been carried out although no answer came. */
    bool sent;
    int64_t took_ms;    /* from http_send() to here, retries included */
    char reason[160];   /* for people: "connection refused", "HTTP 503", ... */
    char retry_after[32]; /* Retry-After header, "" if none */
};

typedef void http_done(void *arg, const struct http_answer *answer);

/* printers: how many clients are expected; sizes connection caches and decides
 * how many multi handles share them (about 100 clients each: libcurl 7.88
 * walks all connections of a multi at the end of each transfer). */
struct http *http_new(struct uv_loop_s *loop, size_t printers);
/* Aborts what runs (callbacks are called with HTTP_ABORTED), closes the
 * connections and frees the clients' parts that live on the loop. Clients must
 * have been freed before. uv handles go in their close callbacks: run the
 * loop once more afterwards. */
void http_free(struct http *http);

struct http_client *http_client_new(struct http *http,
                                    const struct http_target *target,
                                    struct error *err);
void http_client_free(struct http_client *client);

/* Start a request; done is called exactly once, later, never from inside
 * http_send(). False: a request is in flight already (a bug of the caller).
 *
 * A 401 with a challenge is answered once with a fresh nonce unless
 * request->once, where the 401 is handed to the caller and the challenge is
 * kept for the next request. Redirects are not followed (3xx is an answer). */
bool http_send(struct http_client *client, const struct request *request,
               http_done *done, void *arg);
/* End the request in flight; its done is called with HTTP_ABORTED before this
 * returns. Nothing in flight: no effect. */
void http_abort(struct http_client *client);
bool http_busy(const struct http_client *client);

#endif
