/* One answer on its way into a snapshot: what a driver's convert and read
 * functions fill. What the answer did not speak about becomes absent at the
 * end, if its endpoint owns it. */
#ifndef BRIDGE_DRIVERS_READING_H
#define BRIDGE_DRIVERS_READING_H

#include "bridge/drivers/driver.h"
#include "bridge/drivers/json.h"

struct reading {
    struct telemetry *t;
    struct device *device;
    int status; /* of the answer; 0 = none, the values are only forgotten */
    bool said[SLOT_COUNT];
};

/* Say a value or text for a slot. An absent value or empty text says nothing;
 * a slot that was said already stays: the first one wins. */
void reading_set(struct reading *reading, int slot, struct value v);
void reading_text(struct reading *reading, int slot, const char *text);
/* Say a number, checked against what its quantity can be: no negative sizes,
 * no progress over 100, no durations of centuries. */
void reading_number(struct reading *reading, int slot, enum quantity quantity,
                    double number);
/* Say an API's word by a table of pairs (see driver_field.words); a word that
 * is not in it is noted in the device as unknown. */
void reading_word(struct reading *reading, int slot, enum quantity quantity,
                  const char *const *pairs, const char *word);
/* Read the rows of a table below node into the given instance. */
void reading_rows(struct reading *reading, const struct driver_field *rows,
                  const struct json *node, int instance);
/* Only the rows whose path begins with prefix, below a node that stands there:
 * a file is inside of a job's answer, or an answer of its own. */
void reading_rows_below(struct reading *reading,
                        const struct driver_field *rows, const char *prefix,
                        const struct json *node);

#endif
