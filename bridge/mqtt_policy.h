/* When to try again, and with which protocol: what a lost or failed connection
 * means. Pure: told what happened, it answers how long to wait.
 *
 * MQTT_AUTO begins with 5. 3.1.1 is tried when the broker says that it does not
 * know 5, or closed twice without an answer; it stays only after a CONNACK of
 * its own. Refused credentials never change the protocol. Two programs with one
 * client id would throw each other out for ever: whoever notices stands back.
 */
#ifndef BRIDGE_MQTT_POLICY_H
#define BRIDGE_MQTT_POLICY_H

#include "bridge/mqtt.h"

#include <stdbool.h>
#include <stdint.h>

enum mqtt_failure {
    MQTT_FAILURE_NETWORK,     /* name, refused, time-out, TLS */
    MQTT_FAILURE_CLOSED,      /* closed instead of a CONNACK */
    MQTT_FAILURE_VERSION,     /* does not know this protocol version */
    MQTT_FAILURE_CREDENTIALS, /* does not want us */
    MQTT_FAILURE_REFUSED,     /* any other CONNACK */
    MQTT_FAILURE_LOST,        /* closed after CONNACK, nobody said why */
    MQTT_FAILURE_BROKEN,      /* ended after CONNACK for a known reason */
    MQTT_FAILURE_TAKEN_OVER,  /* another one with our client id */
};

struct mqtt_policy_limits {
    int64_t first_ms;       /* first wait, doubled each time */
    int64_t max_ms;         /* longest wait */
    int64_t switch_ms;      /* wait before 3.1.1 after "unknown version" */
    int64_t credentials_ms; /* wait after refused credentials */
    int64_t takeover_ms;    /* wait after a take-over */
    int64_t steady_ms;      /* a connection this long was a good one */
};

struct mqtt_policy {
    struct mqtt_policy_limits limits;
    enum mqtt_protocol wanted;
    int protocol;    /* of the next attempt: 5 or 4 */
    int step;        /* of the back-off */
    int closed;      /* closed without CONNACK, in a row */
    int brief;       /* closed without a word before steady, in a row */
    bool proven[6];  /* by protocol: a CONNACK came */
    bool stood_back; /* the last failure was taken for a take-over */
    uint64_t random;
};

void mqtt_policy_init(struct mqtt_policy *p, enum mqtt_protocol wanted,
                      const struct mqtt_policy_limits *limits, uint64_t seed);
/* A connection with this protocol was accepted. */
void mqtt_policy_accepted(struct mqtt_policy *p, int protocol);
/* An attempt with this protocol failed, or the connection was lost after
 * lasted_ms. Returns the milliseconds until the next try. */
int64_t mqtt_policy_failed(struct mqtt_policy *p, int protocol,
                           enum mqtt_failure failure, int64_t lasted_ms);

#endif
