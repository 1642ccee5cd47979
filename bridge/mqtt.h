/* The MQTT edge: libmosquitto's external loop on the uv loop.
 *
 * MQTT 5 with fall-back to 3.1.1, TLS, will, own back-off. Names are resolved
 * and TLS connections begun in uv workers, because even libmosquitto's _async
 * calls resolve in the caller. What a broker loses is published again by the
 * owner of the state: see mqtt_events.connected.
 *
 * Order: messages without keep leave in the order of mqtt_publish(). Kept ones
 * (events, final answers) keep their order among themselves and leave after
 * connected() returned and after what else waits: first the state, then what
 * happened to it. */
#ifndef BRIDGE_MQTT_H
#define BRIDGE_MQTT_H

#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uv_loop_s;
struct mqtt;

enum mqtt_protocol {
    MQTT_AUTO, /* 5, then 3.1.1 when the broker refuses 5 */
    MQTT_3_1_1,
    MQTT_5,
};

/* Texts are copied by mqtt_new(). */
struct mqtt_options {
    const char *host; /* name, address, or path of a unix socket */
    int port;         /* 0 = unix socket */
    bool tls;
    const char *ca_file;   /* NULL = the system's */
    const char *cert_file; /* client certificate, NULL = none */
    const char *key_file;
    bool insecure;        /* do not check the broker's certificate */
    const char *username; /* NULL = none */
    const char *password;
    const char *client_id;
    enum mqtt_protocol protocol;
    int keepalive_s;        /* 0 = 30 */
    const char *will_topic; /* retained, QoS 1, payload "offline" */
    size_t payload_max;     /* of what comes in; at least 1 MiB in any case */
};

#define MQTT_USER_MAX 8

/* A user property of MQTT 5. */
struct mqtt_user {
    char *name, *value;
};

/* A message in either direction; borrowed for the call. */
struct mqtt_message {
    const char *topic;
    const void *payload;
    size_t len;
    int qos;
    bool retain;
    /* Out: wait in the queue while disconnected, at most 10 min (events, final
     * answers); with QoS 1 it arrives at least once. Without it a message that
     * cannot go out now is refused, and one on its way at a loss is gone. */
    bool keep;
    /* MQTT 5 only; dropped or absent with 3.1.1, and when longer than 4 kB. */
    const char *content_type;   /* NULL = none */
    const char *response_topic; /* NULL = none */
    const void *correlation;
    size_t correlation_len;
    int64_t expiry_s; /* message expiry; -1 = none, out also 0 */
    /* Coming in only: the first MQTT_USER_MAX user properties, MQTT 5. */
    const struct mqtt_user *user;
    size_t user_count;
};

/* What the owner is told; any may be NULL. All but mqtt_free() can be called
 * from inside. */
struct mqtt_events {
    /* CONNACK came: subscribe, publish the birth, publish all state again. */
    void (*connected)(void *arg);
    /* reason is a sentence for people, without password; retry_ms until the
     * next try. Called once per lost or failed connection, not for
     * mqtt_stop(). */
    void (*disconnected)(void *arg, const char *reason, int64_t retry_ms);
    void (*message)(void *arg, const struct mqtt_message *message);
    /* The broker refused a subscription. */
    void (*refused)(void *arg, const char *filter);
    /* The broker did not take a QoS 1 message (MQTT 5 tells, 3.1.1 never):
     * normally its access rules. Or it takes none so large, and the message
     * was dropped although mqtt_publish() returned true. Do not publish from
     * inside. */
    void (*rejected)(void *arg, const char *topic, const char *reason);
    /* Messages can go out again after mqtt_publish() returned false. */
    void (*drained)(void *arg);
};

struct mqtt_statistics {
    uint64_t messages_out, bytes_out, messages_in;
    uint64_t ignored; /* incoming ones that were too large or malformed */
    uint64_t dropped; /* kept messages that expired or did not fit */
    size_t queued;    /* waiting now, or not acknowledged yet */
    int protocol;     /* 5 or 4 (3.1.1) of the connection; 0 none yet */
    bool connected;
};

/* NULL with a sentence when the options cannot work: a certificate file that
 * cannot be read, a key with a passphrase, a path that is too long. The
 * process ignores SIGPIPE from then on. */
struct mqtt *mqtt_new(struct uv_loop_s *loop,
                      const struct mqtt_options *options,
                      const struct mqtt_events *events, void *arg,
                      struct error *err);
/* Begin to connect; tries for ever with back-off. */
void mqtt_start(struct mqtt *mqtt);
/* Flush what is queued (at most timeout_ms), DISCONNECT, then call done; always
 * from the loop, once, also while disconnected. Publishing is over at once. A
 * second call is ignored. */
void mqtt_stop(struct mqtt *mqtt, int64_t timeout_ms, void (*done)(void *arg),
               void *arg);
/* After mqtt_stop()'s done (also from inside it); uv handles close in their
 * callbacks, so run the loop once more. A worker that hangs in the resolver
 * keeps the loop alive until it returns: uv_stop() it and leave with _exit()
 * if that is too long. Accepts NULL. */
void mqtt_free(struct mqtt *mqtt);

/* Hand a message over. False: not now (disconnected, congested, or too many
 * unacknowledged) and not kept: publish it again after connected or drained.
 * Also false for what no connection can carry (a topic with wildcards or
 * invalid UTF-8, a property over 4 kB); no drained follows that. */
bool mqtt_publish(struct mqtt *mqtt, const struct mqtt_message *message);
/* Subscribe with Retain As Published where the protocol has it. Lost with the
 * connection: subscribe again when connected. */
bool mqtt_subscribe(struct mqtt *mqtt, const char *filter, int qos);
bool mqtt_unsubscribe(struct mqtt *mqtt, const char *filter);
/* Has the broker answered all subscriptions of this connection? */
bool mqtt_subscribed(const struct mqtt *mqtt);
void mqtt_statistics(const struct mqtt *mqtt, struct mqtt_statistics *out);

/* True when the retain flag of a delivered message says "this publication was
 * retained by its sender" (MQTT 5 with Retain As Published); with 3.1.1 only a
 * replayed message carries it. */
bool mqtt_sees_retain(const struct mqtt *mqtt);

#endif
