#include "mapping/telemetry.h"

#include "mapping/memory.h"
#include "mapping/text.h"

/* With more bytes that nothing refers to the arena is squeezed at the next
 * store. */
#define SQUEEZE_AT 256u
/* An arena of this capacity is never too large. */
#define ARENA_LEAST 128

/* A value of a slot. */
#define SLOT_BYTES (sizeof(int64_t) + 1)

_Static_assert(sizeof(double) <= sizeof(int64_t), "bits hold any value");

void telemetry_release(struct telemetry *t)
{
    buffer_release(&t->texts);
    free(t->bits);
    *t = (struct telemetry){0};
}

/* Exactly so many slots; new ones are absent. */
static void resize(struct telemetry *t, int count)
{
    size_t kept = (size_t)(count < t->count ? count : t->count);
    int64_t *bits = memory_zero((size_t)count, SLOT_BYTES);
    unsigned char *kinds = (unsigned char *)(bits + count);

    if (kept > 0) {
        memcpy(bits, t->bits, kept * sizeof *bits);
        memcpy(kinds, t->kinds, kept);
    }
    free(t->bits);
    t->bits = bits;
    t->kinds = kinds;
    t->count = count;
}

static const char *text_at(const struct telemetry *t, int slot)
{
    return t->texts.bytes + t->bits[slot];
}

static void loosen(struct telemetry *t, int slot)
{
    t->loose += (uint32_t)strlen(text_at(t, slot)) + 1;
}

static void store(struct telemetry *t, int slot, const char *text, size_t len)
{
    size_t at = t->texts.len;

    telemetry_clear(t, slot);
    t->texts.max = TELEMETRY_TEXT_MAX;
    if (!buffer_add(&t->texts, text, len) || !buffer_add(&t->texts, "", 1)) {
        t->texts.len = at;
        return;
    }
    telemetry_set(t, slot,
                  (struct value){.kind = VALUE_TEXT, .integer = (int64_t)at});
}

/* to has the values of from, but its texts are to be copied. */
static void copy_texts(struct telemetry *to, const struct telemetry *from)
{
    int slot;

    buffer_reset(&to->texts);
    to->loose = 0;
    if (from->loose == 0) { /* mostly */
        if (from->texts.len > 0)
            (void)buffer_add(&to->texts, from->texts.bytes, from->texts.len);
        return;
    }
    for (slot = 0; slot < from->count; slot++)
        if (from->kinds[slot] == VALUE_TEXT) {
            const char *text = text_at(from, slot);

            to->kinds[slot] = VALUE_ABSENT;
            store(to, slot, text, strlen(text));
        }
}

void telemetry_copy(struct telemetry *to, const struct telemetry *from)
{
    if (from->count == 0) {
        telemetry_release(to);
        return;
    }
    if (to->count != from->count)
        resize(to, from->count);
    memcpy(to->bits, from->bits, (size_t)from->count * SLOT_BYTES);
    if (to->texts.capacity > ARENA_LEAST &&
        to->texts.capacity / 2 > from->texts.len)
        buffer_release(&to->texts);
    copy_texts(to, from);
}

static void squeeze(struct telemetry *t)
{
    struct telemetry fresh = {0};

    telemetry_copy(&fresh, t);
    telemetry_release(t);
    *t = fresh;
}

void telemetry_set(struct telemetry *t, int slot, struct value v)
{
    if (v.kind == VALUE_ABSENT) {
        telemetry_clear(t, slot);
        return;
    }
    if (slot >= t->count)
        resize(t, field_room(slot));
    if (t->kinds[slot] == VALUE_TEXT)
        loosen(t, slot);
    t->bits[slot] = v.integer;
    t->kinds[slot] = (unsigned char)v.kind;
}

void telemetry_set_text(struct telemetry *t, int slot, const char *text)
{
    char clean[TELEMETRY_FIELD_MAX * 4 + 1];
    size_t len = text_clean(text, TELEMETRY_FIELD_MAX, clean, sizeof clean);

    if (len == 0) {
        telemetry_clear(t, slot);
        return;
    }
    if (strcmp(telemetry_text(t, slot), clean) == 0)
        return;
    if (t->loose > SQUEEZE_AT)
        squeeze(t);
    store(t, slot, clean, len);
}

void telemetry_clear(struct telemetry *t, int slot)
{
    if (slot >= t->count)
        return;
    if (t->kinds[slot] == VALUE_TEXT)
        loosen(t, slot);
    t->kinds[slot] = VALUE_ABSENT;
    t->bits[slot] = 0; /* equal at a glance */
}

void telemetry_clear_life(struct telemetry *t, enum life life)
{
    enum field f;
    int i;

    for (f = 0; f < FIELD_COUNT; f++)
        if (field_row(f)->life == life)
            for (i = 0; i < field_instances(f); i++)
                telemetry_clear(t, field_slot(f, i));
}

bool telemetry_known(const struct telemetry *t, int slot)
{
    return slot < t->count && t->kinds[slot] != VALUE_ABSENT;
}

struct value telemetry_get(const struct telemetry *t, int slot)
{
    if (slot >= t->count)
        return (struct value){0};
    return (struct value){.kind = t->kinds[slot], .integer = t->bits[slot]};
}

const char *telemetry_text(const struct telemetry *t, int slot)
{
    return slot < t->count && t->kinds[slot] == VALUE_TEXT ? text_at(t, slot)
                                                           : "";
}

int64_t telemetry_integer(const struct telemetry *t, int slot,
                          int64_t otherwise)
{
    if (slot >= t->count)
        return otherwise;
    switch ((enum value_kind)t->kinds[slot]) {
    case VALUE_TRUTH:
    case VALUE_INTEGER:
    case VALUE_TIME:
    case VALUE_WORD: return t->bits[slot];
    case VALUE_ABSENT:
    case VALUE_NUMBER:
    case VALUE_TEXT: break;
    }
    return otherwise;
}

enum state telemetry_state(const struct telemetry *t)
{
    return (enum state)telemetry_integer(t, SLOT_STATE, STATE_COUNT);
}

/* Of the same kind, but other bits: yet the same? */
static bool same(const struct telemetry *a, const struct telemetry *b, int slot)
{
    double x = telemetry_get(a, slot).number;
    double y = telemetry_get(b, slot).number;

    return a->kinds[slot] == VALUE_NUMBER && !(x < y || x > y);
}

bool telemetry_equal(const struct telemetry *a, const struct telemetry *b,
                     int slot)
{
    if (slot >= a->count || slot >= b->count)
        return !telemetry_known(a, slot) && !telemetry_known(b, slot);
    if (a->kinds[slot] != b->kinds[slot])
        return false;
    if (a->kinds[slot] == VALUE_TEXT)
        return strcmp(text_at(a, slot), text_at(b, slot)) == 0;
    return a->bits[slot] == b->bits[slot] || same(a, b, slot);
}

int telemetry_next_other(const struct telemetry *a, const struct telemetry *b,
                         const short *slots, int from, int count)
{
    const unsigned char *was = a->kinds, *is = b->kinds;
    const int64_t *x = a->bits, *y = b->bits;
    int i;

    if (a->count == 0 || b->count == 0)
        return from;
    for (i = from; i < count; i++) {
        int slot = slots[i];

        if (slot < 0 || was[slot] != is[slot])
            break;
        if ((x[slot] != y[slot] || was[slot] == VALUE_TEXT) &&
            !telemetry_equal(a, b, slot))
            break;
    }
    return i;
}
