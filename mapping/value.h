/* One value a printer told, or that it told none. All-zero means absent, so a
 * zeroed snapshot says "nothing is known". Values own nothing. */
#ifndef MAPPING_VALUE_H
#define MAPPING_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_kind {
    VALUE_ABSENT,
    VALUE_TRUTH,
    VALUE_INTEGER,
    VALUE_NUMBER,
    VALUE_TIME, /* seconds since 1970, UTC */
    VALUE_WORD, /* index into the quantity's words */
    VALUE_TEXT, /* in the snapshot's arena, see telemetry_text() */
};

struct value {
    enum value_kind kind;
    union {
        int64_t integer; /* of all others; truth is 0 or 1 */
        double number;
    };
};

enum quantity {
#define QUANTITY(id, ...) QUANTITY_##id,
#include "mapping/quantities.def"
#undef QUANTITY
    QUANTITY_COUNT
};

struct quantity_row {
    const char *name; /* as in the YAML file */
    enum value_kind kind;
    const char *unit; /* "" = none */
    int decimals;
    double deadband; /* smallest change worth a message; 0 = any */
    int interval_s;  /* least time between messages; 0 = none */
};

const struct quantity_row *quantity_row(enum quantity quantity);
/* By its name in the YAML file; QUANTITY_COUNT if there is none. */
enum quantity quantity_find(const char *name);

/* The ten states of every printer, whatever its API calls them. */
enum state {
    STATE_IDLE,
    STATE_READY,
    STATE_BUSY,
    STATE_PRINTING,
    STATE_PAUSED,
    STATE_FINISHED,
    STATE_STOPPED,
    STATE_ERROR,
    STATE_ATTENTION,
    STATE_CONNECTING,
    STATE_COUNT
};

/* How a job ended. */
enum result {
    RESULT_FINISHED,
    RESULT_CANCELLED,
    RESULT_FAILED,
    RESULT_UNKNOWN,
    RESULT_COUNT
};

#define STATE_BIT(state) (1u << (state))

/* Words of a VALUE_WORD quantity, NULL-terminated; NULL for other kinds. */
const char *const *quantity_words(enum quantity quantity);

struct value value_truth(bool truth);
struct value value_integer(int64_t integer);
struct value value_number(double number); /* NaN and infinities are absent */
struct value value_time(int64_t seconds);
struct value value_word(int word);

/* Longest payload of value_format() without text. */
#define VALUE_FORMAT_MAX 64

/* The payload of a value that is neither text nor absent: fixed decimals and a
 * point whatever the locale, true/false, words lower case, times ISO 8601 UTC
 * ("2026-11-21T12:00:00+00:00"). Negative zero is written as zero. out holds
 * at least VALUE_FORMAT_MAX bytes; returns the length. */
size_t value_format(struct value v, enum quantity quantity, int decimals,
                    char *out);
/* Seconds since 1970 as ISO 8601 UTC; out as above. */
size_t value_format_time(int64_t seconds, char *out);

#endif
