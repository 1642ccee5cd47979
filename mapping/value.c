#include "mapping/value.h"

#include <math.h>
#include <time.h>

/* Below it a double holds every half. */
#define SCALED_MOST 4e15

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
    return (struct value){.kind = VALUE_TRUTH, .integer = truth};
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

/* The digits of n, at least `least` of them; returns how many. */
static size_t write_digits(uint64_t n, size_t least, char *out)
{
    char digits[20];
    size_t len = 0, i;

    for (; n > 0 || len < least; n /= 10)
        digits[sizeof digits - ++len] = (char)('0' + n % 10);
    for (i = 0; i < len; i++)
        out[i] = digits[sizeof digits - len + i];
    out[len] = '\0';
    return len;
}

static size_t format_integer(int64_t integer, char *out)
{
    bool minus = integer < 0;

    out[0] = '-';
    return minus +
           write_digits(minus ? 0 - (uint64_t)integer : (uint64_t)integer, 1,
                        out + minus);
}

/* number * power as printf would round it, to even where it is halfway; false
 * where a double cannot tell. The product's own rounding error decides what
 * only looks like halfway (0.15 is a little less). */
static bool scale(double number, double power, int64_t *scaled)
{
    double product = number * power;
    double error = fma(number, power, -product);
    double rest;

    if (!(fabs(product) < SCALED_MOST))
        return false;
    *scaled = llrint(product);
    rest = fabs(product - (double)*scaled);
    if (rest < 0.5 || fpclassify(error) == FP_ZERO)
        return true;
    *scaled = (int64_t)floor(product) + (error > 0);
    return true;
}

/* What printf would do, at a tenth of its cost: numbers are most of what a
 * bridge writes. */
static size_t format_usual(double number, int decimals, char *out)
{
    static const double powers[] = {1, 10, 100, 1000};
    int64_t scaled;
    uint64_t digits, power;
    size_t len;

    if (decimals < 0 || decimals > 3 ||
        !scale(number, powers[decimals], &scaled))
        return 0;
    digits = scaled < 0 ? (uint64_t)-scaled : (uint64_t)scaled;
    power = (uint64_t)powers[decimals];
    out[0] = '-';
    len = scaled < 0;
    len += write_digits(digits / power, 1, out + len);
    if (decimals == 0)
        return len;
    out[len++] = '.';
    return len + write_digits(digits % power, (size_t)decimals, out + len);
}

/* Our program never calls setlocale(), so printf writes a point. */
static size_t format_number(double number, int decimals, char *out)
{
    int len = (int)format_usual(number, decimals, out);

    if (len > 0)
        return (size_t)len;
    len = snprintf(out, VALUE_FORMAT_MAX, "%.*f", decimals, number);
    if (len < 0 || len >= VALUE_FORMAT_MAX)
        len = snprintf(out, VALUE_FORMAT_MAX, "%.17g", number);
    if (out[0] == '-' && strspn(out + 1, "0.") == strlen(out + 1)) {
        memmove(out, out + 1, (size_t)len);
        len--;
    }
    return (size_t)len;
}

static size_t format_word(const char *word, char *out)
{
    size_t len = strlen(word);

    memcpy(out, word, len + 1);
    return len;
}

size_t value_format(struct value v, enum quantity quantity, int decimals,
                    char *out)
{
    switch (v.kind) {
    case VALUE_TRUTH: return format_word(v.integer ? "true" : "false", out);
    case VALUE_INTEGER: return format_integer(v.integer, out);
    case VALUE_NUMBER: return format_number(v.number, decimals, out);
    case VALUE_TIME: return value_format_time(v.integer, out);
    case VALUE_WORD:
        return format_word(quantity_words(quantity)[v.integer], out);
    case VALUE_ABSENT:
    case VALUE_TEXT: break;
    }
    out[0] = '\0';
    return 0;
}
