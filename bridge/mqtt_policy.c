#include "bridge/mqtt_policy.h"

#define STEP_MAX   16
#define CLOSED_MAX 2
#define BRIEF_MAX  3

void mqtt_policy_init(struct mqtt_policy *p, enum mqtt_protocol wanted,
                      const struct mqtt_policy_limits *limits, uint64_t seed)
{
    *p = (struct mqtt_policy){
        .limits = *limits,
        .wanted = wanted,
        .protocol = wanted == MQTT_3_1_1 ? 4 : 5,
        .random = seed | 1,
    };
}

void mqtt_policy_accepted(struct mqtt_policy *p, int protocol)
{
    p->proven[protocol] = true;
    p->closed = 0;
}

/* xorshift64: spreads the retries of many bridges, nothing more. */
static uint64_t roll(struct mqtt_policy *p)
{
    p->random ^= p->random << 13;
    p->random ^= p->random >> 7;
    p->random ^= p->random << 17;
    return p->random;
}

static int64_t back_off(struct mqtt_policy *p)
{
    int64_t wait = p->limits.first_ms;
    for (int i = 0; i < p->step && wait < p->limits.max_ms; i++)
        wait *= 2;
    if (wait > p->limits.max_ms)
        wait = p->limits.max_ms;
    if (p->step < STEP_MAX)
        p->step++;
    return wait - (int64_t)(roll(p) % (uint64_t)(wait / 4 + 1));
}

/* True when the answer says "not this version". */
static bool unwelcome(struct mqtt_policy *p, enum mqtt_failure failure)
{
    if (failure == MQTT_FAILURE_CLOSED)
        return ++p->closed >= CLOSED_MAX;
    if (failure != MQTT_FAILURE_NETWORK)
        p->closed = 0;
    return failure == MQTT_FAILURE_VERSION;
}

static void choose_protocol(struct mqtt_policy *p, int protocol,
                            enum mqtt_failure failure)
{
    bool no = unwelcome(p, failure);
    if (protocol == 5) {
        p->protocol = no ? 4 : 5;
        if (failure == MQTT_FAILURE_VERSION)
            p->proven[5] = false;
    } else if (failure == MQTT_FAILURE_CREDENTIALS) {
        /* 3.1.1 was understood; 5 would be refused again. */
        p->protocol = 4;
    } else if (no || !p->proven[4] || p->proven[5]) {
        /* A broker that did speak 5 only had a bad moment. */
        p->protocol = 5;
        p->proven[4] = false;
    }
    if (p->protocol != protocol)
        p->closed = 0;
}

static bool is_takeover(const struct mqtt_policy *p, enum mqtt_failure failure)
{
    return failure == MQTT_FAILURE_TAKEN_OVER ||
           (failure == MQTT_FAILURE_LOST && p->brief >= BRIEF_MAX);
}

int64_t mqtt_policy_failed(struct mqtt_policy *p, int protocol,
                           enum mqtt_failure failure, int64_t lasted_ms)
{
    if (lasted_ms >= p->limits.steady_ms) {
        p->step = 0;
        p->brief = 0;
    } else if (failure == MQTT_FAILURE_LOST) {
        p->brief++;
    }
    if (p->wanted == MQTT_AUTO)
        choose_protocol(p, protocol, failure);

    p->stood_back = is_takeover(p, failure);
    if (p->stood_back)
        return p->limits.takeover_ms;
    if (failure == MQTT_FAILURE_CREDENTIALS)
        return p->limits.credentials_ms;
    if (failure == MQTT_FAILURE_VERSION && p->protocol != protocol &&
        protocol == 5)
        return p->limits.switch_ms;
    return back_off(p);
}
