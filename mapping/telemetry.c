#include "mapping/telemetry.h"

#include "mapping/text.h"

/* Above this the arena is squeezed at the next store. */
#define SQUEEZE_AT ((size_t)4 << 10)

void telemetry_release(struct telemetry *t)
{
    buffer_release(&t->texts);
    *t = (struct telemetry){0};
}

static void store(struct telemetry *t, int slot, const char *text, size_t len)
{
    uint32_t at = (uint32_t)t->texts.len;

    t->texts.max = TELEMETRY_TEXT_MAX;
    if (!buffer_add(&t->texts, text, len) || !buffer_add(&t->texts, "", 1)) {
        t->texts.len = at;
        telemetry_clear(t, slot);
        return;
    }
    t->values[slot] = (struct value){.kind = VALUE_TEXT, .text = at};
}

void telemetry_copy(struct telemetry *to, const struct telemetry *from)
{
    int slot;

    buffer_reset(&to->texts);
    memcpy(to->values, from->values, sizeof to->values);
    for (slot = 0; slot < SLOT_COUNT; slot++)
        if (from->values[slot].kind == VALUE_TEXT) {
            const char *text = telemetry_text(from, slot);

            store(to, slot, text, strlen(text));
        }
}

static void squeeze(struct telemetry *t)
{
    struct telemetry fresh = {0};

    telemetry_copy(&fresh, t);
    buffer_release(&t->texts);
    *t = fresh;
}

void telemetry_set(struct telemetry *t, int slot, struct value v)
{
    t->values[slot] = v;
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
    if (t->texts.len > SQUEEZE_AT)
        squeeze(t);
    store(t, slot, clean, len);
}

void telemetry_clear(struct telemetry *t, int slot)
{
    t->values[slot] = (struct value){0};
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
    return t->values[slot].kind != VALUE_ABSENT;
}

struct value telemetry_get(const struct telemetry *t, int slot)
{
    return t->values[slot];
}

const char *telemetry_text(const struct telemetry *t, int slot)
{
    const struct value *v = &t->values[slot];

    return v->kind == VALUE_TEXT ? t->texts.bytes + v->text : "";
}

int64_t telemetry_integer(const struct telemetry *t, int slot,
                          int64_t otherwise)
{
    const struct value *v = &t->values[slot];

    switch (v->kind) {
    case VALUE_TRUTH: return v->truth;
    case VALUE_INTEGER:
    case VALUE_TIME:
    case VALUE_WORD: return v->integer;
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

bool telemetry_equal(const struct telemetry *a, const struct telemetry *b,
                     int slot)
{
    const struct value *x = &a->values[slot], *y = &b->values[slot];

    if (x->kind != y->kind)
        return false;
    switch (x->kind) {
    case VALUE_ABSENT: return true;
    case VALUE_TRUTH: return x->truth == y->truth;
    case VALUE_NUMBER: return !(x->number < y->number || x->number > y->number);
    case VALUE_INTEGER:
    case VALUE_TIME:
    case VALUE_WORD: return x->integer == y->integer;
    case VALUE_TEXT:
        return strcmp(telemetry_text(a, slot), telemetry_text(b, slot)) == 0;
    }
    return false;
}
