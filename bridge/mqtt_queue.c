#include "bridge/mqtt_queue.h"

#include "mapping/memory.h"

static size_t text_size(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

static const void *put(char **at, const void *bytes, size_t len)
{
    if (bytes == NULL)
        return NULL;
    char *start = *at;
    if (len > 0)
        memcpy(start, bytes, len);
    *at += len;
    return start;
}

static struct mqtt_entry *entry_new(const struct mqtt_message *message)
{
    size_t topic = text_size(message->topic);
    size_t type = text_size(message->content_type);
    size_t response = text_size(message->response_topic);
    size_t size = sizeof(struct mqtt_entry) + topic + type + response +
                  message->len + message->correlation_len;

    struct mqtt_entry *entry = memory_zero(1, size);
    char *at = (char *)(entry + 1);
    entry->size = size;
    entry->left_ms = -1;
    entry->message = *message;
    entry->message.topic = put(&at, message->topic, topic);
    entry->message.content_type = put(&at, message->content_type, type);
    entry->message.response_topic = put(&at, message->response_topic, response);
    entry->message.payload = put(&at, message->payload, message->len);
    entry->message.correlation =
        put(&at, message->correlation, message->correlation_len);
    return entry;
}

void mqtt_entry_free(struct mqtt_entry *entry)
{
    free(entry);
}

static void append(struct mqtt_line *line, struct mqtt_entry *entry)
{
    entry->next = NULL;
    if (line->last != NULL)
        line->last->next = entry;
    else
        line->first = entry;
    line->last = entry;
    line->count++;
    line->bytes += entry->size;
}

/* Take out the entry behind previous (NULL = the first). */
static struct mqtt_entry *unlink_after(struct mqtt_line *line,
                                       struct mqtt_entry *previous)
{
    struct mqtt_entry *entry = previous != NULL ? previous->next : line->first;
    if (entry == NULL)
        return NULL;
    if (previous != NULL)
        previous->next = entry->next;
    else
        line->first = entry->next;
    if (line->last == entry)
        line->last = previous;
    line->count--;
    line->bytes -= entry->size;
    entry->next = NULL;
    return entry;
}

static void clear(struct mqtt_line *line)
{
    struct mqtt_entry *entry;
    while ((entry = unlink_after(line, NULL)) != NULL)
        mqtt_entry_free(entry);
}

static struct mqtt_line *line_of(struct mqtt_queue *q,
                                 const struct mqtt_entry *entry)
{
    return entry->message.keep ? &q->kept : &q->lively;
}

void mqtt_queue_init(struct mqtt_queue *q,
                     const struct mqtt_queue_limits *limits)
{
    *q = (struct mqtt_queue){.limits = *limits};
}

void mqtt_queue_release(struct mqtt_queue *q)
{
    clear(&q->lively);
    clear(&q->kept);
    clear(&q->flight);
}

static bool add_lively(struct mqtt_queue *q, struct mqtt_entry *entry)
{
    const struct mqtt_line *line = &q->lively;
    /* A single message larger than the line is let through when it is alone:
     * it would never go out otherwise. */
    if (line->count >= q->limits.lively ||
        (line->count > 0 && line->bytes + entry->size > q->limits.lively_bytes))
        return false;
    append(&q->lively, entry);
    return true;
}

static bool add_kept(struct mqtt_queue *q, struct mqtt_entry *entry)
{
    if (entry->size > q->limits.kept_bytes || q->limits.kept == 0) {
        q->dropped++;
        return false;
    }
    while (q->kept.count >= q->limits.kept ||
           q->kept.bytes + entry->size > q->limits.kept_bytes) {
        mqtt_entry_free(unlink_after(&q->kept, NULL));
        q->dropped++;
    }
    append(&q->kept, entry);
    return true;
}

bool mqtt_queue_add(struct mqtt_queue *q, const struct mqtt_message *message,
                    int64_t now_ms)
{
    struct mqtt_entry *entry = entry_new(message);
    entry->queued_ms = now_ms;
    entry->deadline_ms = INT64_MAX;
    if (message->keep)
        entry->deadline_ms = now_ms + q->limits.expiry_ms;
    if (message->keep && message->expiry_s > 0 &&
        message->expiry_s < q->limits.expiry_ms / 1000)
        entry->deadline_ms = now_ms + message->expiry_s * 1000;

    if (message->keep ? add_kept(q, entry) : add_lively(q, entry))
        return true;
    mqtt_entry_free(entry);
    return false;
}

static bool ends_so(const char *topic, const char *tail)
{
    size_t len = strlen(topic), end = strlen(tail);
    return len >= end && strcmp(topic + len - end, tail) == 0;
}

void mqtt_queue_forget(struct mqtt_queue *q, const char *tail)
{
    struct mqtt_entry *previous = NULL;
    struct mqtt_entry *entry = q->kept.first;
    while (entry != NULL) {
        struct mqtt_entry *next = entry->next;
        if (ends_so(entry->message.topic, tail))
            mqtt_entry_free(unlink_after(&q->kept, previous));
        else
            previous = entry;
        entry = next;
    }
}

void mqtt_queue_expire(struct mqtt_queue *q, int64_t now_ms)
{
    struct mqtt_entry *previous = NULL;
    struct mqtt_entry *entry = q->kept.first;
    while (entry != NULL) {
        struct mqtt_entry *next = entry->next;
        if (entry->deadline_ms <= now_ms) {
            mqtt_entry_free(unlink_after(&q->kept, previous));
            q->dropped++;
        } else {
            previous = entry;
        }
        entry = next;
    }
}

struct mqtt_entry *mqtt_queue_next(struct mqtt_queue *q, bool kept_too,
                                   int64_t now_ms)
{
    if (q->lively.first != NULL || !kept_too)
        return q->lively.first;
    while (q->kept.first != NULL && q->kept.first->deadline_ms <= now_ms) {
        mqtt_entry_free(unlink_after(&q->kept, NULL));
        q->dropped++;
    }
    return q->kept.first;
}

void mqtt_queue_sent(struct mqtt_queue *q, struct mqtt_entry *entry, int mid)
{
    (void)unlink_after(line_of(q, entry), NULL);
    if (entry->message.qos == 0) {
        mqtt_entry_free(entry);
        return;
    }
    entry->mid = mid;
    entry->left_ms = -1;
    append(&q->flight, entry);
}

void mqtt_queue_drop(struct mqtt_queue *q, struct mqtt_entry *entry)
{
    q->dropped += entry->message.keep;
    mqtt_entry_free(unlink_after(line_of(q, entry), NULL));
}

struct mqtt_entry *mqtt_queue_take(struct mqtt_queue *q, int mid)
{
    struct mqtt_entry *previous = NULL;
    for (struct mqtt_entry *e = q->flight.first; e != NULL; e = e->next) {
        if (e->mid == mid)
            return unlink_after(&q->flight, previous);
        previous = e;
    }
    return NULL;
}

void mqtt_queue_flushed(struct mqtt_queue *q, int64_t now_ms)
{
    for (struct mqtt_entry *e = q->flight.first; e != NULL; e = e->next) {
        if (e->left_ms < 0)
            e->left_ms = now_ms;
    }
}

int64_t mqtt_queue_unanswered_since(const struct mqtt_queue *q)
{
    /* Entries leave in the order of the flight. */
    return q->flight.first != NULL ? q->flight.first->left_ms : -1;
}

void mqtt_queue_lost(struct mqtt_queue *q)
{
    struct mqtt_line waiting = q->kept;
    struct mqtt_line flight = q->flight;
    q->kept = (struct mqtt_line){0};
    q->flight = (struct mqtt_line){0};

    struct mqtt_entry *entry;
    while ((entry = unlink_after(&flight, NULL)) != NULL) {
        if (entry->message.keep)
            append(&q->kept, entry);
        else
            mqtt_entry_free(entry);
    }
    while ((entry = unlink_after(&waiting, NULL)) != NULL)
        append(&q->kept, entry);
    clear(&q->lively);
}

int64_t mqtt_entry_expiry_s(const struct mqtt_entry *entry, int64_t now_ms)
{
    int64_t left = entry->message.expiry_s - (now_ms - entry->queued_ms) / 1000;
    return left > 1 ? left : 1;
}
