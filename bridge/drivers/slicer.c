#include "bridge/drivers/slicer.h"

#include "bridge/drivers/json.h"
#include "bridge/drivers/reading.h"

/* "1.20, 3.40": one number for each tool. */
static bool sum_text(const char *text, double *sum)
{
    char *end;

    if (strspn(text, "0123456789.,; ") != strlen(text))
        return false;
    while (*(text += strspn(text, ",; "))) {
        *sum += strtod(text, &end);
        if (end == text)
            return false;
        text = end;
    }
    return true;
}

static bool sum_one(const struct json *node, double *sum)
{
    const char *text = json_text(node);
    double number;

    if (text)
        return sum_text(text, sum);
    if (!json_number(node, &number))
        return false;
    *sum += number;
    return true;
}

void slicer_used(const struct json *node, int slot, struct reading *reading)
{
    const struct json *each;
    double sum = 0;
    bool good = true;

    if (json_is_array(node))
        for (each = json_first(node); each && good; each = json_next(each))
            good = sum_one(each, &sum);
    else
        good = sum_one(node, &sum);
    if (good && sum > 0)
        reading_number(
            reading, slot,
            slot == SLOT_JOB_WEIGHT ? QUANTITY_WEIGHT : QUANTITY_LENGTH, sum);
}

void slicer_materials(const struct json *node, int slot,
                      struct reading *reading)
{
    const struct json *each;
    char out[256] = "";
    size_t len = 0;

    for (each = json_first(node); each; each = json_next(each)) {
        const char *text = json_text(each);
        int more;

        if (!text || !*text || strstr(out, text))
            continue;
        more = snprintf(out + len, sizeof out - len, "%s%s", len ? ", " : "",
                        text);
        if (more < 0 || (size_t)more >= sizeof out - len)
            return;
        len += (size_t)more;
    }
    reading_text(reading, slot, out);
}

static int64_t seconds_of(char unit)
{
    switch (unit) {
    case 'd': return 86400;
    case 'h': return 3600;
    case 'm': return 60;
    case 's': return 1;
    default: return 0;
    }
}

void slicer_duration(const struct json *node, int slot, struct reading *reading)
{
    const char *text = json_text(node);
    double total = 0;

    while (text && *(text += strspn(text, " "))) {
        size_t digits = strspn(text, "0123456789");
        int64_t unit = seconds_of(text[digits]);

        if (digits == 0 || unit == 0)
            return;
        total += strtod(text, NULL) * (double)unit;
        text += digits + 1;
    }
    if (total > 0)
        reading_number(reading, slot, QUANTITY_DURATION, total);
}
