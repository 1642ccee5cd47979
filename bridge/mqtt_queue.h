/* Messages on their way out: what waits, and what the broker has not
 * acknowledged yet.
 *
 * Two lines wait. The lively one (keep = false) leaves first and in the order
 * of publication; it dies with the connection, because its owner publishes the
 * newest state again. The kept one (events, final answers) outlives
 * connections and expires. A kept message in flight at a loss goes back to the
 * head of its line: it arrives at least once, twice if only the
 * acknowledgement was lost.
 *
 * No I/O and no clock: now_ms is any monotonic time. */
#ifndef BRIDGE_MQTT_QUEUE_H
#define BRIDGE_MQTT_QUEUE_H

#include "bridge/mqtt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mqtt_queue_limits {
    size_t kept; /* messages; the oldest makes room for a new one */
    size_t kept_bytes;
    size_t lively; /* messages; full refuses */
    size_t lively_bytes;
    int64_t expiry_ms; /* of kept messages */
};

/* A copied message; its texts live in the entry. */
struct mqtt_entry {
    struct mqtt_entry *next;
    struct mqtt_message message;
    size_t size;
    int64_t queued_ms;
    int64_t deadline_ms; /* INT64_MAX = none */
    int64_t left_ms;     /* when its last byte left; -1 = not yet */
    int mid;
};

struct mqtt_line {
    struct mqtt_entry *first, *last;
    size_t count, bytes;
};

struct mqtt_queue {
    struct mqtt_queue_limits limits;
    struct mqtt_line lively, kept, flight;
    uint64_t dropped; /* kept ones that expired or did not fit */
};

void mqtt_queue_init(struct mqtt_queue *q,
                     const struct mqtt_queue_limits *limits);
/* Free everything in it. Accepts {0}. */
void mqtt_queue_release(struct mqtt_queue *q);

/* Copy message into its line. False: no room (lively), or larger than the
 * whole line (kept). */
bool mqtt_queue_add(struct mqtt_queue *q, const struct mqtt_message *message,
                    int64_t now_ms);
/* The message whose turn it is, NULL if none; expired ones are dropped on the
 * way. Borrowed until the next call. */
struct mqtt_entry *mqtt_queue_next(struct mqtt_queue *q, bool kept_too,
                                   int64_t now_ms);
/* What mqtt_queue_next() returned was handed over as mid: QoS 0 is done with,
 * QoS 1 waits in flight for mqtt_queue_take(). */
void mqtt_queue_sent(struct mqtt_queue *q, struct mqtt_entry *entry, int mid);
/* What mqtt_queue_next() returned can never be sent. */
void mqtt_queue_drop(struct mqtt_queue *q, struct mqtt_entry *entry);
/* The broker answered mid: its entry, out of the queue, or NULL. Caller frees
 * with mqtt_entry_free(). */
struct mqtt_entry *mqtt_queue_take(struct mqtt_queue *q, int mid);
void mqtt_entry_free(struct mqtt_entry *entry);

/* Everything handed over has left the machine's buffers. */
void mqtt_queue_flushed(struct mqtt_queue *q, int64_t now_ms);
/* When the longest unacknowledged message left; -1 = none has. */
int64_t mqtt_queue_unanswered_since(const struct mqtt_queue *q);
/* The connection is gone: lively ones die, kept ones in flight go back. */
void mqtt_queue_lost(struct mqtt_queue *q);
/* Drop kept ones that wait on topics that end so. */
void mqtt_queue_forget(struct mqtt_queue *q, const char *tail);
/* Drop kept ones whose time is over. */
void mqtt_queue_expire(struct mqtt_queue *q, int64_t now_ms);
/* Seconds of message expiry left of an entry with expiry_s > 0; at least 1. */
int64_t mqtt_entry_expiry_s(const struct mqtt_entry *entry, int64_t now_ms);

#endif
