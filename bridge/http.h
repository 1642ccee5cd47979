/* The HTTP edge: libcurl's multi interface on the uv loop.
 *
 * One struct http for the program; one struct http_client per source, with one
 * request in flight, for which it is lent a long-lived easy handle: those take
 * 8 kB each, and few are needed at a time. Nothing here blocks: names
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
    /* Our own side: the file of a streamed body cannot be read, is shorter than
     * was said or has changed, or the sink gave up. */
    HTTP_LOCAL,
};

/* Headers of an answer; "" = not there, too long or with control bytes. */
struct http_headers {
    char etag[REQUEST_VALIDATOR_MAX + 1];
    char last_modified[40];
    char content_type[64];
    char update_available[16];
    char retry_after[32];
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
    bool sent_all;    /* all of its body may have; false is certain */
    bool challenged;  /* the server asked (anew) who we are, and was told */
    int64_t took_ms;  /* from http_send() to here, retries included */
    char reason[160]; /* for people: "connection refused", "HTTP 503", ... */
    struct http_headers headers; /* all "" unless HTTP_ANSWERED */
    bool enough;    /* the sink had enough; what it got is in order */
    bool untrusted; /* HTTP_UNREACHABLE: because of its certificate */
};

typedef void http_done(void *arg, const struct http_answer *answer);

/* A file by what stays the same as long as its contents do. */
struct http_stamp {
    int64_t size;
    int64_t mtime_ns; /* since 1970 */
    uint64_t inode;
    uint64_t device;
};

/* Of an open regular file; false if it is something else. May block. */
bool http_stamp_of(int fd, struct http_stamp *stamp);
bool http_stamp_same(const struct http_stamp *a, const struct http_stamp *b);

/* A body that is read from a file while it is sent, by worker threads: neither
 * a slow disk nor a network share holds up the loop. */
struct http_file {
    int fd; /* http_stream() makes its own of it; the offset does not matter */
    /* The file as it must be when the first and when the last byte is read.
     * stamp.size bytes are sent from the beginning. */
    struct http_stamp stamp;
    const char *tail; /* constant text to be sent behind the file, or NULL */
};

enum http_more {
    HTTP_MORE,
    HTTP_ENOUGH, /* end the transfer here, as a success */
    HTTP_STOP,   /* end it with HTTP_LOCAL: it cannot be stored */
    HTTP_LATER,  /* not now: the same bytes again after http_resume() */
};

/* A piece of the body of a 2xx answer, as it comes. Must not send, abort or
 * free any client. */
typedef enum http_more http_sink(void *arg, const char *bytes, size_t len);

struct http_stream {
    const struct http_file *file; /* the request's body; NULL = a small one */
    http_sink *sink;              /* takes the answer's body; NULL = nobody */
    void *arg;                    /* of sink */
    int64_t stall_ms;             /* 0 = 30 s */
    int64_t limit_ms;             /* for the whole of it; 0 = any time */
};

/* How far a request is. */
struct http_progress {
    int64_t sent;          /* body bytes that reached the other machine */
    int64_t send_total;    /* 0 = no body */
    int64_t received;      /* body bytes */
    int64_t receive_total; /* Content-Length; -1 = not said */
};

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
/* Another client of the same server, with a connection and a request in flight
 * of its own; they share what is known about logging in. Any of them may be
 * freed first. */
struct http_client *http_client_sibling(const struct http_client *client);
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
/* The same for a long body or a long answer. No time-out for the whole of it
 * but limit_ms; it ends with HTTP_TIMEOUT when nothing moves for stall_ms.
 *
 * A request with a file is always `once`, and its body goes over the wire once
 * or not at all: see http_login_due(). When the server refuses it half way,
 * that answer is handed over, also if the connection breaks under the rest.
 * The last bytes of a file that has changed in the meantime are not sent.
 *
 * With a sink answer_max limits what it is given (0 = no limit), and the
 * answer's own body is empty for 2xx; other answers are collected, up to
 * 64 kB of them. */
bool http_stream(struct http_client *client, const struct request *request,
                 const struct http_stream *stream, http_done *done, void *arg);
/* Of the request in flight; all 0 if there is none. */
struct http_progress http_progress(const struct http_client *client);

/* The sink that said HTTP_LATER takes bytes again. */
void http_resume(struct http_client *client);

/* May the login be refused as too old, or is none known yet? Then read
 * something with request.login_max_ms = max_age_ms before an upload. A server
 * that called a nonce stale at a lower age than max_age_ms counts by that. */
bool http_login_due(const struct http_client *client, int64_t max_age_ms);

/* End the request in flight; its done is called with HTTP_ABORTED before this
 * returns. Nothing in flight: no effect. */
void http_abort(struct http_client *client);
bool http_busy(const struct http_client *client);

#endif
