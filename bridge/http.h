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

#include "bridge/request.h"
#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uv_loop_s;
struct http;
struct http_client;

enum http_auth {
    HTTP_AUTH_AUTO, /* Digest; X-Api-Key where a 401 offers no Digest */
    HTTP_AUTH_DIGEST,
    HTTP_AUTH_API_KEY, /* X-Api-Key */
    HTTP_AUTH_TOKEN,   /* Authorization: Token ... (Obico) */
};

/* Where and how; texts are copied. */
struct http_target {
    const char *url;      /* scheme://host[:port][/prefix], no credentials */
    const char *username; /* Digest; NULL = "maker" */
    const char *secret;   /* password, key or token; NULL or "" = send none */
    const char *ca_file;  /* https: trust this instead of the system's; NULL */
    int64_t timeout_ms;   /* default for requests; 0 = 5000 */
    enum http_auth auth;
    bool insecure; /* https: do not check the certificate */
};

enum http_result {
    HTTP_ANSWERED,    /* a whole answer with a status; the body may be empty */
    HTTP_UNREACHABLE, /* no connection: refused, no route, name unknown, TLS */
    HTTP_TIMEOUT,     /* connect or answer took too long */
    HTTP_BROKEN,      /* reset, cut, not HTTP, any 408, unusable target */
    HTTP_TOO_BIG,     /* body over answer_max, or over 64 kB of headers */
    HTTP_ABORTED,     /* http_abort() or http_client_free() */
};

/* Borrowed by the callback until it returns. */
struct http_answer {
    enum http_result result;
    int status;       /* 200 to 599; 0 unless HTTP_ANSWERED */
    const char *body; /* NUL-terminated behind len; "" if none */
    size_t len;
    /* At least one byte of the request may have reached the server: an order
     * may have been carried out although no answer came. False is certain. */
    bool sent;
    bool challenged;  /* the server asked (anew) who we are, and was told */
    int64_t took_ms;  /* from http_send() to here, retries included */
    char reason[160]; /* for people: "connection refused", "HTTP 503", ... */
    char retry_after[32]; /* Retry-After header, "" if none */
};

typedef void http_done(void *arg, const struct http_answer *answer);

/* printers: how many clients are expected; decides how many multi handles are
 * made at once (about 100 clients each: libcurl 7.88 walks all connections of
 * a multi at the end of each transfer); more follow by themselves.
 * The program must ignore SIGPIPE: libcurl leaves signals alone, and a TLS
 * connection that dies while written to raises it. */
struct http *http_new(struct uv_loop_s *loop, size_t printers);
/* Closes the connections. All clients must have been freed before, and it must
 * not be called from a done callback. Handles on the loop go in their close
 * callbacks: run the loop once more afterwards. Accepts NULL. */
void http_free(struct http *http);

/* NULL and a sentence in err for a URL or a secret that cannot be used; the
 * sentence repeats neither. No connection is made before the first request. */
struct http_client *http_client_new(struct http *http,
                                    const struct http_target *target,
                                    struct error *err);
/* A request in flight is aborted first: its done is called with HTTP_ABORTED
 * before this returns. May be called from any done callback, also the client's
 * own. Accepts NULL. */
void http_client_free(struct http_client *client);

/* Start a request, which is copied; done is called exactly once, later, never
 * from inside http_send(). It may send again and free or abort any client.
 * False (and no done): a request is in flight already, or the client is being
 * freed.
 *
 * Credentials: nothing is sent before the server asked, then one nonce (or in
 * HTTP_AUTH_AUTO the key) serves all requests. A 401 that teaches something
 * new is answered at once by sending again, at most once with a new nonce and
 * once with the key: three requests at most. With request->once the 401 is
 * handed to the caller and what it taught is kept for the next request; so
 * read something before the first order.
 *
 * A request without `once` is sent again by libcurl when a kept connection
 * turns out to be dead. With `once` that ends in HTTP_BROKEN and sent = true.
 * Redirects are not followed (3xx is an answer). A target with a space, a
 * control byte, '#', '"', '\\' or a byte above 126 is HTTP_BROKEN, not sent. */
bool http_send(struct http_client *client, const struct request *request,
               http_done *done, void *arg);
/* End the request in flight; its done is called with HTTP_ABORTED before this
 * returns. Nothing in flight: no effect. */
void http_abort(struct http_client *client);
bool http_busy(const struct http_client *client);

#endif
