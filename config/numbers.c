#include "config/numbers.h"

#include <strings.h>

struct unit {
    const char *name;
    int64_t factor;
};

#define UNIT_COUNT 4

/* Largest first; the last one is 1. */
static const struct unit durations[UNIT_COUNT] = {
    {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};
static const struct unit sizes[UNIT_COUNT] = {
    {"G", 1073741824}, {"M", 1048576}, {"k", 1024}, {"", 1}};

static const char *parse_digits(const char *text, double *number, double *scale)
{
    for (; *text >= '0' && *text <= '9'; text++) {
        *number = *number * 10 + (*text - '0');
        *scale *= 10;
    }
    return text;
}

const char *number_parse(const char *text, double *number)
{
    double scale = 1;
    const char *end;

    *number = 0;
    end = parse_digits(text, number, &scale);
    if (end == text)
        return NULL;
    if (*end != '.')
        return end;
    text = end + 1;
    scale = 1;
    end = parse_digits(text, number, &scale);
    *number /= scale;
    return end == text ? NULL : end;
}

bool truth_parse(const char *text, bool *truth)
{
    static const char *const words[] = {"false", "true", "off",
                                        "on",    "no",   "yes"};
    size_t i;

    for (i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(words[i], text) == 0) {
            *truth = i % 2 == 1;
            return true;
        }
    return false;
}

static bool scale(double number, const char *name, const struct unit *units,
                  double *result)
{
    size_t i;

    for (i = 0; i < UNIT_COUNT; i++)
        if (strcmp(name, units[i].name) == 0) {
            *result = number * (double)units[i].factor;
            return true;
        }
    return false;
}

bool duration_parse(const char *text, double *ms)
{
    double number;
    const char *unit = number_parse(text, &number);

    return unit && scale(number, *unit ? unit : "s", durations, ms);
}

bool size_parse(const char *text, double *bytes)
{
    double number;
    const char *unit = number_parse(text, &number);

    return unit &&
           scale(number, strcmp(unit, "K") == 0 ? "k" : unit, sizes, bytes);
}

static void write_scaled(int64_t number, const struct unit *unit, char *out,
                         size_t size)
{
    while (number % unit->factor != 0)
        unit++;
    (void)snprintf(out, size, "%lld%s", (long long)(number / unit->factor),
                   unit->name);
}

void duration_write(int64_t ms, char *out, size_t size)
{
    write_scaled(ms, ms ? durations : &durations[UNIT_COUNT - 2], out, size);
}

void size_write(int64_t bytes, char *out, size_t size)
{
    write_scaled(bytes, bytes ? sizes : &sizes[UNIT_COUNT - 1], out, size);
}
