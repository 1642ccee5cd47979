#include "config/numbers.h"

#include <strings.h>

static const struct {
    const char *name;
    int64_t ms;
} units[] = {{"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};

#define UNIT_COUNT (sizeof units / sizeof *units)

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

bool duration_parse(const char *text, double *ms)
{
    double number;
    const char *unit = number_parse(text, &number);
    size_t i;

    if (unit && !*unit)
        unit = "s";
    for (i = 0; unit && i < UNIT_COUNT; i++)
        if (strcmp(unit, units[i].name) == 0) {
            *ms = number * (double)units[i].ms;
            return true;
        }
    return false;
}

void duration_write(int64_t ms, char *out, size_t size)
{
    size_t i = 0;

    if (ms == 0)
        i = UNIT_COUNT - 2;
    while (ms % units[i].ms != 0)
        i++;
    (void)snprintf(out, size, "%lld%s", (long long)(ms / units[i].ms),
                   units[i].name);
}
