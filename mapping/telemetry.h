/* A snapshot: everything known about one printer at one moment.
 *
 * An array of values by slot; texts lie in one bounded arena, so that a
 * snapshot of an idle printer stays small and a copy is one call. All-zero
 * means nothing is known. */
#ifndef MAPPING_TELEMETRY_H
#define MAPPING_TELEMETRY_H

#include "mapping/buffer.h"
#include "mapping/field.h"
#include "mapping/value.h"

#define TELEMETRY_TEXT_MAX  ((size_t)64 << 10) /* all texts of a snapshot */
#define TELEMETRY_FIELD_MAX 255 /* characters, not bytes, of one text field */

struct telemetry {
    struct value values[SLOT_COUNT];
    struct buffer texts; /* NUL-terminated texts one behind the other */
};

/* Free the arena; everything is absent afterwards. Accepts {0}. */
void telemetry_release(struct telemetry *t);
/* to becomes equal to from; squeezes out texts nothing refers to. */
void telemetry_copy(struct telemetry *to, const struct telemetry *from);

void telemetry_set(struct telemetry *t, int slot, struct value v);
/* Store text as a field: cleaned to valid UTF-8 without control characters,
 * at most TELEMETRY_FIELD_MAX characters. Empty text is absent. */
void telemetry_set_text(struct telemetry *t, int slot, const char *text);
void telemetry_clear(struct telemetry *t, int slot);
/* Every slot of the given life becomes absent. */
void telemetry_clear_life(struct telemetry *t, enum life life);

bool telemetry_known(const struct telemetry *t, int slot);
struct value telemetry_get(const struct telemetry *t, int slot);
/* The text of a text slot, "" when absent; borrowed until t changes. */
const char *telemetry_text(const struct telemetry *t, int slot);
/* Integer, time, word or truth of a slot, or otherwise when absent. */
int64_t telemetry_integer(const struct telemetry *t, int slot,
                          int64_t otherwise);
/* The printer's state, STATE_COUNT when absent. */
enum state telemetry_state(const struct telemetry *t);
/* Same kind and same value (texts compared as texts)? */
bool telemetry_equal(const struct telemetry *a, const struct telemetry *b,
                     int slot);

#endif
