/* What the broker was told of one printer: each value as it was said last, and
 * when that was. Zeroed = nothing was said. */
#ifndef BRIDGE_SAID_H
#define BRIDGE_SAID_H

#include "mapping/telemetry.h"

#include <stdbool.h>
#include <stdint.h>

struct said {
    struct telemetry values;
    uint32_t *at; /* by slot, tenths of a second; 0 = not in this session */
    int count;    /* of at; of what is behind it nothing was said */
    bool whole;   /* every field without a scope was said in this session */
};

void said_release(struct said *said);
/* Everything must be said again. What it was stays known. */
void said_again(struct said *said);
/* t's value of the slot was said. */
void said_note(struct said *said, const struct telemetry *t, int slot,
               int64_t now_ms);
/* Was anything said for the slot, be it that it is not known? */
bool said_ever(const struct said *said, int slot);
/* Was that what t has now? */
bool said_so(const struct said *said, const struct telemetry *t, int slot);
/* Of count slots, from the given one on, the first that is to be looked at:
 * all but those of fields without a scope that were said so. */
int said_next(const struct said *said, const struct telemetry *t,
              const short *slots, int from, int count);
/* Time since something was said, to a tenth of a second, never too short for
 * whole tenths. Only for slots of which something was. */
int64_t said_since(const struct said *said, int slot, int64_t now_ms);

#endif
