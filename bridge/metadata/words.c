#include "bridge/metadata/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS     "0123456789"
#define NUMBER_MAX 1e9

bool words_number(const char *text, const char **end, double *number)
{
    size_t len = strspn(text, DIGITS "."), whole = strspn(text, DIGITS);
    char digits[25];

    /* strtod would take inf, nan, 0x1, 1e1, signs and two points. */
    if (len == 0 || len >= sizeof digits ||
        (text[whole] == '.' &&
         whole + 1 + strspn(text + whole + 1, DIGITS) != len) ||
        (whole == 0 && len == 1))
        return false;
    memcpy(digits, text, len);
    digits[len] = '\0';
    *number = strtod(digits, NULL);
    *end = text + len;
    return *number <= NUMBER_MAX;
}

bool words_numbers(const char *text, struct words_numbers *numbers)
{
    static const char between[] = ",; []";
    const char *end;

    numbers->count = 0;
    while (*(text += strspn(text, between))) {
        if (numbers->count == WORDS_TOOLS ||
            !words_number(text, &end, &numbers->values[numbers->count]) ||
            (*end && !strchr(between, *end)))
            return false;
        numbers->count++;
        text = end;
    }
    return numbers->count > 0;
}

double words_sum(const struct words_numbers *numbers)
{
    double sum = 0;
    size_t i;

    for (i = 0; i < numbers->count; i++)
        sum += numbers->values[i];
    return sum;
}

static double unit_seconds(const char *text, size_t len)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {
        {"d", 86400}, {"day", 86400}, {"days", 86400}, {"h", 3600},
        {"hr", 3600}, {"hour", 3600}, {"hours", 3600}, {"m", 60},
        {"min", 60},  {"minute", 60}, {"minutes", 60}, {"s", 1},
        {"sec", 1},   {"second", 1},  {"seconds", 1},
    };
    size_t i;

    for (i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].name) == len &&
            strncmp(units[i].name, text, len) == 0)
            return units[i].seconds;
    return 0;
}

bool words_seconds(const char *text, double *seconds)
{
    double total = 0;

    while (*(text += strspn(text, " "))) {
        double number, unit;
        size_t len;

        if (!words_number(text, &text, &number))
            return false;
        text += strspn(text, " ");
        len = strspn(text, "abcdefghijklmnopqrstuvwxyz");
        unit = unit_seconds(text, len);
        if (unit <= 0)
            return false;
        total += number * unit;
        text += len;
    }
    *seconds = total;
    return total > 0;
}

static bool joined(const char *list, const char *material)
{
    size_t len = strlen(material);
    const char *found = list;

    while ((found = strstr(found, material))) {
        if ((found == list || found[-1] == ' ') &&
            (!found[len] || found[len] == ','))
            return true;
        found++;
    }
    return false;
}

void words_join(char *out, size_t size, const char *material)
{
    size_t len = strlen(out);
    int more;

    if (!*material || joined(out, material))
        return;
    more = snprintf(out + len, size - len, "%s%s", len ? ", " : "", material);
    if (more < 0 || (size_t)more >= size - len)
        out[len] = '\0';
}
