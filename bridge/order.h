/* One order as it came in over MQTT, and what is answered to it. Pure. */
#ifndef BRIDGE_ORDER_H
#define BRIDGE_ORDER_H

#include "bridge/drivers/driver.h"
#include "bridge/moment.h"
#include "mapping/buffer.h"
#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORDER_PAYLOAD_MAX     ((size_t)64 << 10)
#define ORDER_KEY_MAX         128  /* of an idempotency key, bytes */
#define ORDER_TRANSACTION_MAX 1024 /* of the echoed JSON, bytes */
#define ORDER_NAME_MAX        40   /* of a name, characters */

/* What an upload is made of; all 0 for other orders. */
struct order_source {
    char *from; /* path below uploads.directory, or address; NULL = neither */
    bool url;
    bool print;
    bool overwrite;
};

struct order {
    /* as asked for, cleaned; may be unknown */
    char name[4 * ORDER_NAME_MAX + 1];
    enum command command; /* COMMAND_COUNT = unknown */
    struct order_arguments arguments;
    struct order_source source;
    bool request;      /* arguments.path holds the value as text */
    bool job_given;    /* arguments.job came from the sender */
    bool no_job;       /* none was current when it came, */
    bool next_job;     /* and a print waited, whose job it may be meant for */
    char *transaction; /* JSON text to echo; NULL = none */
    char *key;         /* idempotency key; NULL = none */
    bool final_only;
    int64_t expires;      /* wall seconds; INT64_MAX = never */
    int64_t expires_ms;   /* MQTT 5 says how long, whatever the clock does */
    char *response_topic; /* MQTT 5; NULL = none */
    void *correlation;
    size_t correlation_len;
    int64_t arrived_ms;
    enum state state_before;
};

/* What the message brought besides its payload. Borrowed. */
struct order_envelope {
    const char *name; /* the last part of the topic */
    bool file;        /* the payload is a file: it is not read */
    bool request;     /* bridge/request: any name, the value is text */
    const void *payload;
    size_t len;
    bool retained;
    int64_t expiry_s; /* MQTT 5, -1 = none */
    const char *response_topic;
    const void *correlation;
    size_t correlation_len;
};

/* Read a message. Always gives an order (caller frees with order_free()), as
 * complete as could be read, so that it can be answered. code is ORDER_OK if
 * it may go on; else err holds the sentence to answer. */
struct order *order_read(const struct order_envelope *envelope,
                         struct moment now, enum order_code *code,
                         struct error *err);
/* Accepts NULL. */
void order_free(struct order *order);

/* Is it too late to carry it out? */
bool order_expired(const struct order *order, struct moment now);

/* May answers go to this topic? Not with wildcards, not to $..., not below
 * base outside .../response/..., not below the discovery prefix. */
bool order_response_topic_ok(const char *topic, const char *base,
                             const char *discovery_prefix);

enum order_status { ORDER_ACCEPTED, ORDER_DONE, ORDER_ERROR };

struct order_answer {
    enum order_status status;
    enum order_code code;
    char message[400];
    int http_status;        /* 0 = none */
    int64_t job;            /* -1 = none */
    enum state state_after; /* STATE_COUNT = unknown */
    int64_t took_ms;
    const char *value; /* JSON that was asked for; borrowed; NULL = none */
};

/* The answer as JSON. */
void order_answer_json(const struct order *order,
                       const struct order_answer *answer, struct buffer *out);

/* ISO 8601 with zone ("2026-11-21T12:00:00Z", "+01:00", fractions ignored) to
 * seconds since 1970. */
bool order_parse_time(const char *text, int64_t *seconds);

#endif
