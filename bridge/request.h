/* One HTTP request as plain data: what a driver asks for and the HTTP edge
 * sends. Knows neither curl nor the loop. */
#ifndef BRIDGE_REQUEST_H
#define BRIDGE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest request target we send. Buddy refuses more than 168 bytes (414,
 * firmware 5.1 and later; 100 before), PrusaLink on a Pi takes 2048. */
#define REQUEST_TARGET_MAX 1024
#define REQUEST_BODY_MAX   256

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

struct request {
    enum http_method method;
    /* Path and query as they go over the wire: percent-encoded, starts with
     * '/', relative to the configured URL (its path prefix is added). */
    char target[REQUEST_TARGET_MAX + 1];
    /* Small body, sent with its Content-Length; none when body_len is 0. */
    char body[REQUEST_BODY_MAX + 1];
    size_t body_len;
    const char *content_type; /* of the body; constant text or NULL */
    int64_t timeout_ms;       /* whole request; 0 = the client's default */
    size_t answer_max;        /* most body bytes taken; 0 = 1 MiB */
    /* An order: written to the wire at most once. Neither a challenge nor a
     * dead connection makes the edge send it again by itself. */
    bool once;
};

#endif
