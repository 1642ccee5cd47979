/* How Home Assistant shows a value: platform, classes, unit and decimals.
 *
 * The one place that says what a quantity is for Home Assistant. A look that
 * counts in another unit than the topic (seconds become hours, because people
 * read "1h 1m" and not "3,725 s") brings a template, and the template lets
 * "None" through: unknown stays unknown. */
#ifndef HOMEASSISTANT_LOOK_H
#define HOMEASSISTANT_LOOK_H

#include "mapping/command.h"
#include "mapping/value.h"

enum look {
    LOOK_BY_SOURCE, /* what the field's quantity or command's argument says */
    LOOK_TEXT,
    LOOK_WORD, /* one of a list of words */
    LOOK_FLAG,
    LOOK_CONNECTIVITY,
    LOOK_PROBLEM,
    LOOK_RUNNING,
    LOOK_TEMPERATURE,
    LOOK_TEMPERATURE_LIMIT, /* a constant: no statistics */
    LOOK_POSITION,
    LOOK_LENGTH,
    LOOK_METRES,
    LOOK_FAN,
    LOOK_PERCENT,
    LOOK_FINAL_PERCENT, /* of what is over: no statistics */
    LOOK_HOURS,
    LOOK_TOTAL_HOURS, /* only grows */
    LOOK_MINUTES,     /* of what takes minutes */
    LOOK_SECONDS,
    LOOK_LATENCY,
    LOOK_TIMESTAMP,
    LOOK_WEIGHT,
    LOOK_TOTAL_WEIGHT, /* only grows */
    LOOK_MEGABYTES,
    LOOK_GIGABYTES,
    LOOK_RATE,
    LOOK_TALLY,
    LOOK_COUNTER, /* only grows */
    LOOK_EVENT,
    LOOK_BUTTON,
    LOOK_RESTART,
    LOOK_PATH_INPUT,
    LOOK_SECONDS_INPUT,
    LOOK_CHOICE,
    LOOK_PICTURE,  /* of a job */
    LOOK_SNAPSHOT, /* of a camera */
    LOOK_UPDATE,
    LOOK_HIDDEN, /* no entity at all */
    LOOK_END
};

struct look_row {
    const char *platform;
    const char *device_class; /* NULL = none */
    const char *state_class;  /* NULL = none */
    const char *unit;         /* NULL = the quantity's */
    const char *icon;         /* NULL where the class gives one */
    const char *template;     /* NULL = the payload as it is */
    int precision;            /* decimals shown; -1 = not a number */
};

const struct look_row *look_row(enum look look);
enum look look_of_quantity(enum quantity quantity);
enum look look_of_argument(enum argument argument);

#endif
