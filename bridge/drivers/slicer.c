#include "bridge/drivers/slicer.h"

#include "bridge/drivers/json.h"
#include "bridge/drivers/reading.h"
#include "bridge/metadata/words.h"

static bool sum_one(const struct json *node, double *sum)
{
    const char *text = json_text(node);
    struct words_numbers tools;
    double number;

    if (!text && !json_number(node, &number))
        return false;
    if (text && !words_numbers(text, &tools))
        return false;
    *sum += text ? words_sum(&tools) : number;
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

    for (each = json_first(node); each; each = json_next(each)) {
        const char *text = json_text(each);

        if (text)
            words_join(out, sizeof out, text);
    }
    reading_text(reading, slot, out);
}

void slicer_duration(const struct json *node, int slot, struct reading *reading)
{
    const char *text = json_text(node);
    double seconds;

    if (text && words_seconds(text, &seconds))
        reading_number(reading, slot, QUANTITY_DURATION, seconds);
}
