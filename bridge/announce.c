#include "bridge/announce.h"

#include "homeassistant/discovery.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#define GAP_MS  2000  /* never twice within this on one topic */
#define SURE_MS 30000 /* no acknowledgement for so long ends a connection */
#define NEVER   INT64_MAX
/* Each is made, compared and sent: a millisecond or two, that others wait. */
#define DOCUMENTS_A_STEP 2

enum task {
    TASK_NONE,
    TASK_WANTED, /* send what is wanted (reduced first where needed) */
    TASK_REVIVE, /* announce a document once more, then empty it */
    TASK_EMPTY,
};

/* Printers of one kind have the same components: their skeletons are kept
 * once. */
struct shared {
    size_t users;
    uint64_t hash;
    char *text;
};

struct document {
    uint64_t name; /* hash of the topic: thousands are looked through */
    char *topic;
    char *id;      /* the printer a found document names */
    void *subject; /* what makes it; NULL = not wanted */
    /* On the broker as far as we know: as found, or only the skeleton of what
     * we sent; NULL = nothing. */
    struct shared *there;
    uint64_t hash;          /* of what we sent; 0 = `there` was found */
    struct shared *removed; /* found, and emptied or reduced; NULL = nothing */
    bool sure;  /* the broker had it: found, or sent long enough ago */
    bool again; /* to be sent although it is there */
    enum task task;
    int64_t due_ms;
    int64_t sent_ms;
};

struct announce {
    const struct outlet *outlet;
    announce_make *make;
    struct document *documents;
    size_t count;
    bool ready;
};

struct announce *announce_new(const struct outlet *outlet, announce_make *make)
{
    struct announce *a = memory_zero(1, sizeof *a);

    a->outlet = outlet;
    a->make = make;
    return a;
}

/* NULL = nothing, as for all of these. */
static struct shared *share(struct shared *shared)
{
    if (shared)
        shared->users++;
    return shared;
}

static void leave(struct shared **shared)
{
    if (*shared && --(*shared)->users == 0) {
        free((*shared)->text);
        free(*shared);
    }
    *shared = NULL;
}

void announce_free(struct announce *a)
{
    size_t i;

    if (!a)
        return;
    for (i = 0; i < a->count; i++) {
        free(a->documents[i].topic);
        free(a->documents[i].id);
        leave(&a->documents[i].there);
        leave(&a->documents[i].removed);
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
    uint64_t name = text_hash(topic);
    struct document *d;
    size_t i;

    for (i = 0; i < a->count; i++)
        if (a->documents[i].name == name &&
            strcmp(a->documents[i].topic, topic) == 0)
            return &a->documents[i];
    a->documents =
        memory_grow(a->documents, a->count + 1, sizeof *a->documents);
    d = &a->documents[a->count++];
    *d = (struct document){.name = name, .topic = memory_text(topic)};
    return d;
}

/* Takes ownership of text. */
static struct shared *shared_new(char *text)
{
    struct shared *shared = memory_zero(1, sizeof *shared);

    *shared =
        (struct shared){.users = 1, .hash = text_hash(text), .text = text};
    return shared;
}

/* The skeleton of json, and of all documents that have the same. */
static struct shared *skeleton_of(const struct announce *a, const char *json)
{
    struct buffer text = {0};
    uint64_t hash;
    size_t i;

    discovery_skeleton(json, strlen(json), &text);
    hash = text_hash(buffer_text(&text));
    for (i = 0; i < a->count; i++) {
        struct shared *other = a->documents[i].there;

        if (!other || other->hash != hash ||
            strcmp(other->text, buffer_text(&text)) != 0)
            continue;
        buffer_release(&text);
        return share(other);
    }
    return shared_new(text.bytes ? text.bytes : memory_text(""));
}

/* What the broker has is json (NULL: nothing), which we sent ourselves. */
static void note_sent(struct announce *a, struct document *d, const char *json)
{
    struct shared *skeleton = json ? skeleton_of(a, json) : NULL;

    leave(&d->there);
    d->there = skeleton;
    d->hash = json ? text_hash(json) : 0;
}

void announce_connected(struct announce *a)
{
    size_t i;

    a->ready = false;
    for (i = 0; i < a->count; i++) {
        leave(&a->documents[i].there);
        a->documents[i].hash = 0;
    }
}

void announce_found(struct announce *a, const char *topic, const char *json,
                    size_t len, const char *id)
{
    struct document *d = find(a, topic);

    if (a->ready && d->subject) /* too late: ours is newer */
        return;
    leave(&d->there);
    d->there = shared_new(memory_copy(json, len));
    d->hash = 0;
    d->sure = true;
    set_text(&d->id, id);
}

static bool is_there(const struct document *d, const char *json)
{
    if (d->hash)
        return d->hash == text_hash(json);
    return d->there &&
           discovery_equal(d->there->text, strlen(d->there->text), json);
}

/* Whether it is there already is seen when its turn comes: to make and compare
 * a thousand documents in one go would take a second. */
static void plan(struct document *d)
{
    if (d->subject)
        d->task = TASK_WANTED; /* also when it was about to be removed */
}

void announce_ready(struct announce *a, bool lost)
{
    size_t i;

    a->ready = true;
    for (i = 0; i < a->count; i++) {
        struct document *d = &a->documents[i];

        /* it was there and is gone while the rest is there: a user removed
         * the device; it stays away until the next start, birth or change */
        if (!d->there && d->sure && !lost) {
            char *json = d->subject ? a->make(d->subject) : NULL;

            note_sent(a, d, json);
            free(json);
        }
        plan(d);
    }
}

void announce_want(struct announce *a, const char *topic, void *subject)
{
    struct document *d = find(a, topic);

    d->subject = subject;
    if (a->ready)
        plan(d);
}

void announce_unwant(struct announce *a, const char *topic)
{
    struct document *d = find(a, topic);

    d->subject = NULL;
    d->again = false;
    d->task = d->there ? TASK_REVIVE : TASK_NONE;
}

/* Home Assistant keeps a ghost of a device that was removed while it was down:
 * once more now that it is there. */
static void revive_removed(struct document *d)
{
    leave(&d->there);
    d->there = d->removed;
    d->removed = NULL;
    d->hash = 0;
    d->task = TASK_REVIVE;
}

void announce_birth(struct announce *a, int64_t at_ms)
{
    size_t i;

    for (i = 0; i < a->count; i++) {
        struct document *d = &a->documents[i];

        if (d->subject) {
            d->task = TASK_WANTED;
            d->again = true;
        } else if (d->removed && d->task == TASK_NONE) {
            revive_removed(d);
        } else {
            continue;
        }
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

        if (d->there && !d->subject && d->task == TASK_NONE && d->id &&
            gone(arg, d->id))
            d->task = TASK_REVIVE;
    }
}

static bool say(struct announce *a, struct document *d, const char *json)
{
    return outlet_say(a->outlet, d->topic, json, 1, true);
}

static void note_removed(struct document *d)
{
    leave(&d->removed);
    d->removed = share(d->there);
}

/* Home Assistant keeps ghosts of the entities that were removed while it was
 * down: they come back now that it is there, and go again. */
static bool restore(struct announce *a, struct document *d, const char *json,
                    bool *ok)
{
    struct buffer whole = {0};
    bool lacks = d->again && d->removed &&
                 discovery_restored(d->removed->text, strlen(d->removed->text),
                                    json, &whole);

    if (lacks && (*ok = say(a, d, buffer_text(&whole)))) {
        leave(&d->removed);
        note_sent(a, d, buffer_text(&whole));
        d->again = false;
    }
    buffer_release(&whole);
    return lacks;
}

static bool send_fresh(struct announce *a, struct document *d, const char *json)
{
    struct buffer reduced = {0};
    bool two_steps =
        d->there && discovery_removal(d->there->text, strlen(d->there->text),
                                      json, &reduced);
    const char *now = two_steps ? buffer_text(&reduced) : json;
    bool ok = say(a, d, now);

    if (ok) {
        if (two_steps && !d->hash)
            note_removed(d);
        /* the reduced ones are gone now: what is left is the document */
        note_sent(a, d, json);
        d->hash = text_hash(now); /* whoever asks before the second step */
        d->task = two_steps ? TASK_WANTED : TASK_NONE;
        d->again = false;
    }
    buffer_release(&reduced);
    return ok;
}

/* sent: it was not there yet. */
static bool send_wanted(struct announce *a, struct document *d, bool *sent)
{
    char *json = a->make(d->subject);
    bool ok = true;

    *sent = d->again || !is_there(d, json);
    if (!*sent) {
        note_sent(a, d, json);
        d->task = TASK_NONE;
    } else if (!restore(a, d, json, &ok)) {
        ok = send_fresh(a, d, json);
    }
    free(json);
    return ok;
}

static bool revive(struct announce *a, struct document *d)
{
    /* only a document as it was found can be announced once more: one of
     * this session is known to Home Assistant already */
    if (d->there && !d->hash && !say(a, d, d->there->text))
        return false;
    d->task = TASK_EMPTY;
    return true;
}

static bool empty(struct announce *a, struct document *d)
{
    if (!say(a, d, ""))
        return false;
    if (d->there && !d->hash && d->id) {
        note_removed(d);
        set_text(&d->id, NULL); /* the next birth is the last */
    }
    note_sent(a, d, NULL);
    d->task = TASK_NONE;
    plan(d);
    return true;
}

static bool run(struct announce *a, struct document *d, bool *sent)
{
    *sent = true;
    switch (d->task) {
    case TASK_WANTED: return send_wanted(a, d, sent);
    case TASK_REVIVE: return revive(a, d);
    case TASK_EMPTY: return empty(a, d);
    case TASK_NONE: break;
    }
    return true;
}

bool announce_step(struct announce *a, int64_t now_ms)
{
    size_t i, left = DOCUMENTS_A_STEP;
    bool sent;

    for (i = 0; a->ready && i < a->count; i++) {
        struct document *d = &a->documents[i];

        d->sure = d->sure || (d->there && now_ms - d->sent_ms >= SURE_MS);
        if (d->task == TASK_NONE || d->due_ms > now_ms || left == 0)
            continue;
        if (!run(a, d, &sent))
            return false;
        left--;
        if (!sent)
            continue;
        d->sent_ms = now_ms;
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
    return a->ready && announce_wake(a) == NEVER;
}

bool announce_settled(const struct announce *a, int64_t now_ms)
{
    size_t i;

    for (i = 0; i < a->count; i++)
        if (a->documents[i].due_ms > now_ms)
            return false;
    return announce_idle(a);
}
