/* What the files of the MQTT edge share; nobody else includes it, except its
 * test, which shortens the limits.
 *
 *   mqtt.c         public functions, what goes out
 *   mqtt_loop.c    life: timers, poll, losses, stop
 *   mqtt_link.c    one attempt or connection: worker, dialling, closing
 *   mqtt_client.c  libmosquitto: options, callbacks, messages in
 *   mqtt_words.c   what went wrong, in words
 *   mqtt_tls.c     certificates
 *
 * Each connection has a libmosquitto client of its own, because a client that
 * is used again sends what it had in flight once more, stale state included.
 *
 * Public functions may be called from inside callbacks, so they never free a
 * link: they mark it, and mqtt_settle() on the loop does it. */
#ifndef BRIDGE_MQTT_INTERNAL_H
#define BRIDGE_MQTT_INTERNAL_H

#include "bridge/mqtt.h"
#include "bridge/mqtt_policy.h"
#include "bridge/mqtt_queue.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <uv.h>

/* Largest payload we ask an MQTT 5 broker for, unless files come as messages,
 * and the rest of such a packet: its topic and properties. libmosquitto itself
 * has no limit; what a 3.1.1 broker sends beyond it is ignored. */
#define MQTT_PAYLOAD_MAX  ((size_t)1 << 20)
#define MQTT_PACKET_REST  (64 << 10)
#define MQTT_PROPERTY_MAX 4096
#define MQTT_RECEIVE_MAX  20

struct mqtt_limits {
    int64_t connack_ms; /* from the address to the CONNACK */
    int64_t address_ms; /* to reach one address while others are left */
    int64_t puback_ms;
    int64_t tick_ms;
    size_t unacknowledged; /* QoS 1 messages handed to libmosquitto */
    size_t backlog_bytes;  /* handed over and not yet written */
    struct mqtt_queue_limits queue;
    struct mqtt_policy_limits policy;
};

enum mqtt_state {
    MQTT_IDLE,    /* not started */
    MQTT_WAITING, /* for the next attempt */
    MQTT_OPENING,
    MQTT_ONLINE,
    MQTT_STOPPING,
    MQTT_STOPPED,
};

struct mqtt_subscription {
    struct mqtt_subscription *next;
    int mid;
    char filter[];
};

struct mqtt_link {
    struct mqtt *mqtt; /* NULL: only the worker keeps it alive */
    struct mosquitto *client;
    int protocol;

    /* While working only the worker touches host, client, note, addresses. */
    uv_work_t work;
    bool working;
    int work_code, work_errno;
    char *host;
    int port, keepalive_s;
    bool tls, ipv4_only;
    struct addrinfo *addresses, *next; /* next = the one to try next */
    char note[200];                    /* libmosquitto's last word on TLS */

    uv_poll_t *poll;
    int watched;   /* poll events asked for */
    bool reached;  /* the transport is connected */
    bool heard;    /* some byte came */
    bool accepted; /* CONNACK 0 */
    bool announced;
    bool leaving; /* DISCONNECT was written */
    bool reading; /* inside mosquitto_loop_read() */
    int connack;  /* code, -1 = none yet */
    int reason;   /* of the broker's DISCONNECT, 0 = none */
    int max_qos;
    int64_t accepted_ms;
    struct mqtt_subscription *subscriptions;

    bool lost;
    enum mqtt_failure failure;
    struct error why;
};

struct mqtt {
    uv_loop_t *loop;
    uv_timer_t timer; /* retry, deadline of an attempt or of the stop */
    uv_timer_t tick;
    uv_prepare_t turn; /* the end of the loop's turn, while corked */
    int handles;       /* open ones */

    char *texts; /* what options point to */
    size_t texts_size;
    struct mqtt_options options;
    struct mqtt_events events;
    void *arg;
    struct mqtt_limits limits;

    enum mqtt_state state;
    struct mqtt_link *link;
    struct mqtt_link *hung; /* given up, its worker not back yet */
    struct mqtt_policy policy;
    bool ipv4_only; /* with TLS: leave out IPv6 in the next attempt */
    struct mqtt_queue queue;
    size_t backlog;     /* bytes handed over since all was written */
    bool refused;       /* mqtt_publish() said "not now": owes drained() */
    bool announcing;    /* inside connected(): kept ones wait */
    bool held;          /* they wait because the owner says so */
    int corked;         /* socket; -1 = none */
    uint64_t corked_ns; /* since when */
    uint64_t messages_out, bytes_out, messages_in, ignored;

    void (*done)(void *arg);
    void *done_arg;
};

/* The limits of a client that was not started yet. */
struct mqtt_limits *mqtt_limits(struct mqtt *mqtt);
int64_t mqtt_now(const struct mqtt *mqtt);

/* mqtt.c: send what waits as far as window and backlog allow. */
void mqtt_pump(struct mqtt *mqtt);

/* mqtt_loop.c */
void mqtt_begin(struct mqtt *mqtt);
void mqtt_end(struct mqtt *mqtt, int64_t timeout_ms);
void mqtt_dispose(struct mqtt *mqtt);
/* The deadline of the address that is being tried. */
void mqtt_arm_attempt(struct mqtt *mqtt);
/* Have mqtt_settle() called soon. */
void mqtt_kick(struct mqtt *mqtt);
/* Draw the conclusions after libmosquitto did something. */
void mqtt_settle(struct mqtt *mqtt);
/* Poll for what libmosquitto wants now, and keep the backlog's account. */
void mqtt_watch(struct mqtt *mqtt);

/* mqtt_link.c */
struct mqtt_link *mqtt_link_new(struct mqtt *mqtt);
/* Begin to connect; a failure marks the link as lost. */
void mqtt_link_open(struct mqtt_link *link);
/* Try the next address of the name; false when there is none. */
bool mqtt_link_next(struct mqtt_link *link);
bool mqtt_link_has_next(const struct mqtt_link *link);
/* Free it, at once or when its worker comes back. */
void mqtt_link_close(struct mqtt_link *link);
/* Mark as lost; the first reason wins. */
void mqtt_link_lose(struct mqtt_link *link, enum mqtt_failure failure,
                    const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Look at what a libmosquitto call returned; false = the link is lost. */
bool mqtt_link_check(struct mqtt_link *link, int code);
/* In mqtt_loop.c: events on the link's socket. */
void mqtt_link_ready(uv_poll_t *poll, int status, int events);

/* mqtt_client.c */
static inline size_t mqtt_payload_max(const struct mqtt *mqtt)
{
    return mqtt->options.payload_max > MQTT_PAYLOAD_MAX
               ? mqtt->options.payload_max
               : MQTT_PAYLOAD_MAX;
}

struct mosquitto *mqtt_client_new(struct mqtt_link *link, struct error *err);

/* mqtt_words.c: why a libmosquitto call ended the link. */
void mqtt_explain(struct mqtt_link *link, int code, int system_error);
/* What the broker meant by an acknowledgement >= 128. */
const char *mqtt_reason_words(int code);
/* "host port 1883", or the path of a socket. */
const char *mqtt_where(const struct mqtt_options *options, char *out,
                       size_t size);

/* mqtt_tls.c: the files exist, can be parsed and fit together. */
bool mqtt_tls_check(const struct mqtt_options *options, struct error *err);
bool mqtt_tls_apply(struct mosquitto *client,
                    const struct mqtt_options *options, struct error *err);
/* Free what OpenSSL keeps for this worker thread; the pool's threads end after
 * OpenSSL's own clean-up. */
void mqtt_tls_leave_thread(void);

#endif
