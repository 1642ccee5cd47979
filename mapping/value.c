#include "mapping/value.h"

#include <math.h>
#include <time.h>

static const struct quantity_row rows[] = {
#define QUANTITY(id, name, kind, unit, decimals, deadband, interval)           \
    [QUANTITY_##id] = {name, kind, unit, decimals, deadband, interval},
#include "mapping/quantities.def"
#undef QUANTITY
};

static const char *const state_words[] = {
    [STATE_IDLE] = "idle",
    [STATE_READY] = "ready",
    [STATE_BUSY] = "busy",
    [STATE_PRINTING] = "printing",
    [STATE_PAUSED] = "paused",
    [STATE_FINISHED] = "finished",
    [STATE_STOPPED] = "stopped",
    [STATE_ERROR] = "error",
    [STATE_ATTENTION] = "attention",
    [STATE_CONNECTING] = "connecting",
    [STATE_COUNT] = NULL,
};

static const char *const result_words[] = {
    [RESULT_FINISHED] = "finished", [RESULT_CANCELLED] = "cancelled",
    [RESULT_FAILED] = "failed",     [RESULT_UNKNOWN] = "unknown",
    [RESULT_COUNT] = NULL,
};

static const char *const *const words[QUANTITY_COUNT] = {
    [QUANTITY_STATE] = state_words,
    [QUANTITY_RESULT] = result_words,
};

const struct quantity_row *quantity_row(enum quantity quantity)
{
    return &rows[quantity];
}

enum quantity quantity_find(const char *name)
{
    enum quantity q = 0;

    while (q < QUANTITY_COUNT && strcmp(rows[q].name, name) != 0)
        q++;
    return q;
}

const char *const *quantity_words(enum quantity quantity)
{
    return words[quantity];
}

struct value value_truth(bool truth)
{
    return (struct value){.kind = VALUE_TRUTH, .truth = truth};
}

struct value value_integer(int64_t integer)
{
    return (struct value){.kind = VALUE_INTEGER, .integer = integer};
}

struct value value_number(double number)
{
    if (!isfinite(number))
        return (struct value){0};
    return (struct value){.kind = VALUE_NUMBER, .number = number};
}

struct value value_time(int64_t seconds)
{
    return (struct value){.kind = VALUE_TIME, .integer = seconds};
}

struct value value_word(int word)
{
    return (struct value){.kind = VALUE_WORD, .integer = word};
}

size_t value_format_time(int64_t seconds, char *out)
{
    time_t t = (time_t)seconds;
    struct tm tm;

    if (!gmtime_r(&t, &tm))
        return (size_t)snprintf(out, VALUE_FORMAT_MAX, "None");
    return strftime(out, VALUE_FORMAT_MAX, "%Y-%m-%dT%H:%M:%S+00:00", &tm);
}

/* Our program never calls setlocale(), so printf writes a point. */
static size_t format_number(double number, int decimals, char *out)
{
    int len = snprintf(out, VALUE_FORMAT_MAX, "%.*f", decimals, number);

    if (len < 0 || len >= VALUE_FORMAT_MAX)
        len = snprintf(out, VALUE_FORMAT_MAX, "%.17g", number);
    if (out[0] == '-' && strspn(out + 1, "0.") == strlen(out + 1)) {
        memmove(out, out + 1, (size_t)len);
        len--;
    }
    return (size_t)len;
}

size_t value_format(struct value v, enum quantity quantity, int decimals,
                    char *out)
{
    switch (v.kind) {
    case VALUE_TRUTH:
        return (size_t)snprintf(out, VALUE_FORMAT_MAX, "%s",
                                v.truth ? "true" : "false");
    case VALUE_INTEGER:
        return (size_t)snprintf(out, VALUE_FORMAT_MAX, "%lld",
                                (long long)v.integer);
    case VALUE_NUMBER: return format_number(v.number, decimals, out);
    case VALUE_TIME: return value_format_time(v.integer, out);
    case VALUE_WORD:
        return (size_t)snprintf(out, VALUE_FORMAT_MAX, "%s",
                                quantity_words(quantity)[v.integer]);
    case VALUE_ABSENT:
    case VALUE_TEXT: break;
    }
    out[0] = '\0';
    return 0;
}
