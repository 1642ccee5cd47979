/* A snapshot: everything known about one printer at one moment.
 *
 * Values by slot, as far as the highest one that was ever known: most printers
 * have few of the instances there could be. Texts lie in one bounded arena.
 * All-zero means nothing is known. */
#ifndef MAPPING_TELEMETRY_H
#define MAPPING_TELEMETRY_H

#include "mapping/buffer.h"
#include "mapping/field.h"
#include "mapping/value.h"

#define TELEMETRY_TEXT_MAX  ((size_t)64 << 10) /* all texts of a snapshot */
#define TELEMETRY_FIELD_MAX 255 /* characters, not bytes, of one text field */

/* Only telemetry.c looks into it; count is for loops over slots: from there on
 * all are absent. A value is kept in 9 bytes, not the 16 of struct value. */
struct telemetry {
    int64_t *bits;        /* what a struct value holds, whatever its kind */
    unsigned char *kinds; /* enum value_kind; behind bits, not freed */
    int count;
    uint32_t loose;      /* bytes of texts that nothing refers to */
    struct buffer texts; /* NUL-terminated texts one behind the other */
};

/* Free everything; all is absent afterwards. Accepts {0}. */
void telemetry_release(struct telemetry *t);
/* to becomes equal to from and not larger, whatever it was: snapshots that are
 * exchanged would all become as large as the largest. Squeezes out texts
 * nothing refers to. */
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
/* Of count slots, from the given one on, the first that is not equal; also one
 * that is negative, and at once where one of the two is empty. Only for slots
 * of fields without a scope: telemetry_equal() for many of them. */
int telemetry_next_other(const struct telemetry *a, const struct telemetry *b,
                         const short *slots, int from, int count);

#endif
