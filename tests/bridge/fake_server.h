/* A small HTTP server on the test's own loop: every request is written down
 * and answered as the test says, byte by byte. */
#ifndef TESTS_BRIDGE_FAKE_SERVER_H
#define TESTS_BRIDGE_FAKE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#define FAKE_REQUESTS 256
#define OK_TEXT       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

enum fake_after {
    FAKE_KEEP,  /* keep the connection */
    FAKE_CLOSE, /* close it behind the answer */
    FAKE_RESET, /* RST behind the answer */
    /* Buddy's way to refuse a body: end the own side, eat what still comes. */
    FAKE_HALF,
    FAKE_STUCK, /* take nothing more, but stay */
};

struct fake_reply {
    const char *text; /* NULL: no answer */
    size_t len;       /* 0: strlen(text) */
    enum fake_after after;
};

struct fake_server {
    uv_loop_t *loop;
    uv_tcp_t listener;
    int port;
    char url[64];
    int connections;              /* accepted so far */
    int count;                    /* requests so far */
    char *request[FAKE_REQUESTS]; /* head and body as they came */
    size_t size[FAKE_REQUESTS];   /* bytes of it, without the NUL */
    size_t body_bytes;            /* of all requests, whole or not */
    struct fake_connection *open;
    /* What to answer to request number 0, 1, ... */
    struct fake_reply (*reply)(struct fake_server *s, int number);
    /* Called whenever more of a request's body has come that is not whole yet,
     * so far bytes of it: true = answer now. The request counts then, with what
     * has come. NULL = wait for the whole. */
    bool (*early)(struct fake_server *s, const char *head, size_t so_far,
                  struct fake_reply *reply);
    /* For the test's own use. */
    int phase;
};

void fake_server_start(struct fake_server *s, uv_loop_t *loop,
                       struct fake_reply (*reply)(struct fake_server *, int));
/* OK_TEXT to every request, and no answer at all. */
struct fake_reply fake_ok(struct fake_server *s, int number);
struct fake_reply fake_silent(struct fake_server *s, int number);
/* More bytes of an answer, on all open connections. */
void fake_server_say(struct fake_server *s, const char *text, size_t len);
/* Close the open connections from this side. */
void fake_server_drop(struct fake_server *s);
/* What was said last is followed by an RST now, not in the loop's next turn. */
void fake_server_break(struct fake_server *s);
/* Close everything; run the loop once more afterwards. */
void fake_server_stop(struct fake_server *s);
/* Does request number n contain text? */
bool fake_server_saw(const struct fake_server *s, int n, const char *text);

#endif
