/* A broker on the test's own loop that does what the test says: every packet
 * is cut out of the stream and handed to the test. */
#ifndef TESTS_BRIDGE_FAKE_BROKER_H
#define TESTS_BRIDGE_FAKE_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

enum {
    FAKE_CONNECT = 1,
    FAKE_PUBLISH = 3,
    FAKE_SUBSCRIBE = 8,
    FAKE_PINGREQ = 12,
    FAKE_DISCONNECT = 14
};

struct fake_peer;

struct fake_broker {
    uv_tcp_t listener;
    int port;
    int connections; /* accepted so far */
    int count[16];   /* packets so far, by type */
    int levels[16];  /* protocol levels of the first CONNECTs */
    struct fake_peer *peers;
    /* body is what follows the fixed header. */
    void (*packet)(struct fake_broker *b, struct fake_peer *peer, int type,
                   const unsigned char *body, size_t len);
    /* Before any packet; may be NULL. */
    void (*accepted)(struct fake_broker *b, struct fake_peer *peer);
};

void fake_broker_start(struct fake_broker *b, uv_loop_t *loop);
/* Close everything; run the loop once more afterwards. */
void fake_broker_stop(struct fake_broker *b);
/* Bytes are copied. */
void fake_send(struct fake_peer *peer, const void *bytes, size_t len);
void fake_close(struct fake_peer *peer);
/* Accept a CONNECT as its protocol level wants it. */
void fake_connack(struct fake_peer *peer, int level);
/* Read no more from this peer. */
void fake_freeze(struct fake_peer *peer);
/* The last peer that connected. */
struct fake_peer *fake_last(struct fake_broker *b);
/* The protocol level in the body of a CONNECT. */
int fake_level(const unsigned char *body);

#endif
