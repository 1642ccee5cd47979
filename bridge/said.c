#include "bridge/said.h"

#include "mapping/memory.h"

/* 13 years fit: who was silent for longer is taken for one that spoke. */
#define SAID_UNIT_MS 100

void said_release(struct said *said)
{
    telemetry_release(&said->values);
    free(said->at);
    *said = (struct said){0};
}

void said_again(struct said *said)
{
    said->whole = false;
    if (said->count > 0)
        memset(said->at, 0, (size_t)said->count * sizeof *said->at);
}

static uint32_t stamp(int64_t now_ms)
{
    return (uint32_t)(now_ms / SAID_UNIT_MS + 1);
}

static void reach(struct said *said, int slot)
{
    int count = field_room(slot), i;

    said->at = memory_grow(said->at, (size_t)count, sizeof *said->at);
    for (i = said->count; i < count; i++)
        said->at[i] = 0;
    said->count = count;
}

void said_note(struct said *said, const struct telemetry *t, int slot,
               int64_t now_ms)
{
    struct value v = telemetry_get(t, slot);

    if (v.kind == VALUE_TEXT)
        telemetry_set_text(&said->values, slot, telemetry_text(t, slot));
    else
        telemetry_set(&said->values, slot, v);
    if (slot >= said->count)
        reach(said, slot);
    said->at[slot] = stamp(now_ms);
}

bool said_ever(const struct said *said, int slot)
{
    return slot < said->count && said->at[slot];
}

bool said_so(const struct said *said, const struct telemetry *t, int slot)
{
    return slot < said->count && said->at[slot] &&
           telemetry_equal(&said->values, t, slot);
}

int said_next(const struct said *said, const struct telemetry *t,
              const short *slots, int from, int count)
{
    return said->whole
               ? telemetry_next_other(&said->values, t, slots, from, count)
               : from;
}

int64_t said_since(const struct said *said, int slot, int64_t now_ms)
{
    return (int64_t)(stamp(now_ms) - said->at[slot]) * SAID_UNIT_MS;
}
