#include "bridge/announce.h"

#include "homeassistant/discovery.h"
#include "mapping/memory.h"

#define GAP_MS 2000 /* never twice within this on one topic */
#define NEVER  INT64_MAX

enum task {
    TASK_NONE,
    TASK_WANTED, /* send what is wanted (reduced first where needed) */
    TASK_REVIVE, /* announce a document once more, then empty it */
    TASK_EMPTY,
};

struct document {
    char *topic;
    char *id;     /* the printer a found document names */
    char *wanted; /* NULL = none */
    char *there;  /* on the broker as far as we know; NULL = nothing */
    bool ever;    /* was sent or found since the start */
    enum task task;
    int64_t due_ms;
};

struct announce {
    const struct outlet *outlet;
    struct document *documents;
    size_t count;
    bool ready;
};

struct announce *announce_new(const struct outlet *outlet)
{
    struct announce *a = memory_zero(1, sizeof *a);

    a->outlet = outlet;
    return a;
}

void announce_free(struct announce *a)
{
    size_t i;

    if (!a)
        return;
    for (i = 0; i < a->count; i++) {
        free(a->documents[i].topic);
        free(a->documents[i].id);
        free(a->documents[i].wanted);
        free(a->documents[i].there);
    }
    free(a->documents);
    free(a);
}

static void set_text(char **text, const char *to)
{
    char *copy = memory_text(to);

    free(*text);
    *text = copy;
}

static struct document *find(struct announce *a, const char *topic)
{
    struct document *d;
    size_t i;

    for (i = 0; i < a->count; i++)
        if (strcmp(a->documents[i].topic, topic) == 0)
            return &a->documents[i];
    a->documents =
        memory_grow(a->documents, a->count + 1, sizeof *a->documents);
    d = &a->documents[a->count++];
    *d = (struct document){.topic = memory_text(topic)};
    return d;
}

void announce_connected(struct announce *a)
{
    size_t i;

    a->ready = false;
    for (i = 0; i < a->count; i++)
        set_text(&a->documents[i].there, NULL);
}

void announce_found(struct announce *a, const char *topic, const char *json,
                    size_t len, const char *id)
{
    struct document *d = find(a, topic);

    free(d->there);
    d->there = memory_copy(json, len);
    d->ever = true;
    set_text(&d->id, id);
}

static void plan(struct document *d)
{
    if (d->wanted &&
        (!d->there || !discovery_equal(d->there, strlen(d->there), d->wanted)))
        d->task = TASK_WANTED;
    else if (d->task == TASK_WANTED)
        d->task = TASK_NONE;
}

void announce_ready(struct announce *a, bool lost)
{
    size_t i;

    a->ready = true;
    for (i = 0; i < a->count; i++) {
        struct document *d = &a->documents[i];

        /* sent before and gone while the rest is there: a user removed the
         * device; it stays away until the next start, birth or change */
        if (!d->there && d->ever && !lost)
            set_text(&d->there, d->wanted);
        plan(d);
    }
}

void announce_want(struct announce *a, const char *topic, const char *json)
{
    struct document *d = find(a, topic);

    if (json && d->wanted && strcmp(json, d->wanted) == 0)
        return;
    set_text(&d->wanted, json);
    if (json)
        plan(d);
    else if (d->there && d->task != TASK_EMPTY)
        d->task = TASK_REVIVE;
}

void announce_birth(struct announce *a, int64_t at_ms)
{
    size_t i;

    for (i = 0; i < a->count; i++) {
        struct document *d = &a->documents[i];

        if (!d->wanted)
            continue;
        d->task = TASK_WANTED;
        if (d->due_ms < at_ms)
            d->due_ms = at_ms;
    }
}

void announce_sweep(struct announce *a, bool (*gone)(void *arg, const char *id),
                    void *arg)
{
    size_t i;

    for (i = 0; i < a->count; i++) {
        struct document *d = &a->documents[i];

        if (d->there && !d->wanted && d->task == TASK_NONE && d->id &&
            gone(arg, d->id))
            d->task = TASK_REVIVE;
    }
}

static bool say(struct announce *a, struct document *d, const char *json)
{
    return outlet_say(a->outlet, d->topic, json, 1, true);
}

static bool send_wanted(struct announce *a, struct document *d)
{
    struct buffer reduced = {0};
    bool two_steps = d->there && discovery_removal(d->there, strlen(d->there),
                                                   d->wanted, &reduced);
    const char *json = two_steps ? buffer_text(&reduced) : d->wanted;
    bool ok = say(a, d, json);

    if (ok) {
        set_text(&d->there, json);
        d->ever = true;
        if (!two_steps)
            d->task = TASK_NONE;
    }
    buffer_release(&reduced);
    return ok;
}

static bool run(struct announce *a, struct document *d)
{
    switch (d->task) {
    case TASK_WANTED: return send_wanted(a, d);
    case TASK_REVIVE:
        if (d->there && !say(a, d, d->there))
            return false;
        d->task = TASK_EMPTY;
        return true;
    case TASK_EMPTY:
        if (!say(a, d, ""))
            return false;
        set_text(&d->there, NULL);
        d->task = TASK_NONE;
        plan(d);
        return true;
    case TASK_NONE: break;
    }
    return true;
}

bool announce_step(struct announce *a, int64_t now_ms)
{
    size_t i;

    for (i = 0; a->ready && i < a->count; i++) {
        struct document *d = &a->documents[i];

        if (d->task == TASK_NONE || d->due_ms > now_ms)
            continue;
        if (!run(a, d))
            return false;
        d->due_ms = now_ms + GAP_MS;
    }
    return true;
}

int64_t announce_wake(const struct announce *a)
{
    int64_t wake = NEVER;
    size_t i;

    for (i = 0; a->ready && i < a->count; i++)
        if (a->documents[i].task != TASK_NONE && a->documents[i].due_ms < wake)
            wake = a->documents[i].due_ms;
    return wake;
}

bool announce_idle(const struct announce *a)
{
    return announce_wake(a) == NEVER;
}
