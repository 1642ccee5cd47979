/* A client of the MQTT edge that writes down what it is told, and the loop all
 * clients of a test share. */
#ifndef TESTS_BRIDGE_MQTT_PARTY_H
#define TESTS_BRIDGE_MQTT_PARTY_H

#include "bridge/mqtt_internal.h"

/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define HEARD_MAX 1200

struct heard {
    char topic[48];
    char payload[32]; /* its beginning */
    size_t len;
    int qos;
    bool retain;
    char content_type[32], response_topic[32];
    char correlation[8];
    size_t correlation_len;
    int64_t expiry_s;
};

struct party {
    struct mqtt *mqtt;
    int connected, disconnected, drained, refused, rejected;
    bool stopped;
    char reason[300]; /* of the last disconnected */
    char last[100];   /* filter refused, or "topic: reason" rejected */
    int64_t retry_ms;
    int count;
    struct heard heard[HEARD_MAX];
    void (*on_connected)(struct party *p);
    void (*on_message)(struct party *p, const struct mqtt_message *m);
    void (*on_drained)(struct party *p);
    void (*on_disconnected)(struct party *p);
};

extern uv_loop_t party_loop;
/* Rounds of the loop since party_set_up(). */
extern long party_rounds;

/* cmocka setup and teardown: the teardown checks that nothing is left open. */
int party_set_up(void **state);
int party_tear_down(void **state);

/* Options for a broker on 127.0.0.1, and limits short enough for a test. */
struct mqtt_options party_options(int port, const char *client_id);
/* mqtt_new() with short limits; not started. */
struct party *party_new(const struct mqtt_options *options);
/* Stop politely, free, and forget. */
void party_close(struct party *p);
/* Free without stopping: the connection breaks. */
void party_drop(struct party *p);

/* Ask the broker for filter; wait for the answer by a message of its own. */
void party_subscribe(struct party *p, const char *filter);
bool party_say(struct party *p, const char *topic, const char *text, int qos,
               bool keep);
/* How many messages arrived on topic; the last one's payload. */
int party_heard(const struct party *p, const char *topic);
const char *party_last(const struct party *p, const char *topic);

/* One round of the loop, at most a few milliseconds. */
void party_round(void);
void party_run_for(int64_t ms);
int64_t party_now(void);

/* Run the loop until condition holds; the test fails after a minute. */
#define AWAIT(condition)                                                       \
    for (party_wait_begin();                                                   \
         party_wait(condition, #condition, __FILE__, __LINE__);)               \
    continue

void party_wait_begin(void);
bool party_wait(bool holds, const char *condition, const char *file, int line);

#endif
