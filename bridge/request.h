/* One HTTP request as plain data: what a driver asks for and the HTTP edge
 * sends. Knows neither curl nor the loop. */
#ifndef BRIDGE_REQUEST_H
#define BRIDGE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest request target we send. Buddy refuses more than 168 bytes (414,
 * firmware 5.1 and later; 100 before), PrusaLink on a Pi takes 2048. */
#define REQUEST_TARGET_MAX    1024
#define REQUEST_BODY_MAX      256
#define REQUEST_LONG_BODY_MAX 16384
#define REQUEST_HEADERS_MAX   4
#define REQUEST_VALIDATOR_MAX 127

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_PATCH,
};

/* "GET", "POST", ...; never NULL. */
const char *http_method_name(enum http_method method);

/* An answer is wanted only if there is something new: 304 otherwise. */
enum http_condition {
    HTTP_ALWAYS,
    HTTP_IF_NONE_MATCH,     /* the validator is an ETag, quotes and all */
    HTTP_IF_MODIFIED_SINCE, /* ... a Last-Modified */
};

struct request {
    enum http_method method;
    /* Path and query as they go over the wire: percent-encoded, starts with
     * '/', relative to the configured URL (its path prefix is added). */
    char target[REQUEST_TARGET_MAX + 1];
    /* Small body, sent with its Content-Length; none when body_len is 0. */
    char body[REQUEST_BODY_MAX + 1];
    size_t body_len;
    /* Instead of body: body_len bytes, at most REQUEST_LONG_BODY_MAX, in the
     * caller's memory until http_send() has returned (which copies). */
    const char *long_body;
    const char *content_type; /* of the body; constant text or NULL */
    const char *accept; /* constant media types; NULL = application/json */
    /* More header lines, constant texts, NULL-ended: "Overwrite: ?1". */
    const char *headers[REQUEST_HEADERS_MAX + 1];
    enum http_condition condition;
    /* As an earlier answer gave it. One with control bytes, or "", counts as
     * HTTP_ALWAYS. */
    char validator[REQUEST_VALIDATOR_MAX + 1];
    int64_t timeout_ms; /* whole request; 0 = the client's default */
    size_t answer_max;  /* most body bytes taken; 0 = 1 MiB */
    /* Get a new nonce first when the one in use is older (a 401 and the request
     * again): so that what follows does not meet an old one. 0 = never. */
    int64_t login_max_ms;
    /* An order: written to the wire at most once. Neither a challenge nor a
     * dead connection makes the edge send it again by itself. */
    bool once;
};

#endif
