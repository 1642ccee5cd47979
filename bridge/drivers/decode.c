/* From an answer's bytes to values, by the tables.
 *
 * Slots are written in place while the answer is read and what was not said is
 * cleared afterwards, instead of clearing first: a text that did not change
 * then costs nothing in the snapshot's arena. Nothing is written before the
 * answer is known to be good. */
#include "bridge/drivers/driver.h"
#include "bridge/drivers/reading.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <math.h>
#include <strings.h>

/* What fits a double exactly; also keeps sums of two of them in range. */
#define INTEGER_MOST 9007199254740992.0
#define NUMBER_MOST  1e15
#define SECONDS_MOST 1e9           /* 31 years */
#define TIME_MOST    253402300799. /* 9999-12-31T23:59:59 */

struct range {
    double least, most;
};

static struct range range_of(enum quantity quantity)
{
    switch (quantity) {
    case QUANTITY_PROGRESS: return (struct range){0, 100};
    case QUANTITY_JOB_TIME:
    case QUANTITY_DURATION:
    case QUANTITY_PERIOD:
    case QUANTITY_LATENCY: return (struct range){0, SECONDS_MOST};
    case QUANTITY_TIMESTAMP:
    case QUANTITY_SEEN: return (struct range){0, TIME_MOST};
    case QUANTITY_STATE:
    case QUANTITY_RESULT:
    case QUANTITY_TEXT:
    case QUANTITY_FLAG:
    case QUANTITY_IDENTIFIER:
    case QUANTITY_SIZE:
    case QUANTITY_RATE:
    case QUANTITY_TALLY: return (struct range){0, INTEGER_MOST};
    case QUANTITY_HEAT:
    case QUANTITY_TEMPERATURE:
    case QUANTITY_POSITION: return (struct range){-NUMBER_MOST, NUMBER_MOST};
    case QUANTITY_LENGTH:
    case QUANTITY_FAN:
    case QUANTITY_PERCENT:
    case QUANTITY_WEIGHT: return (struct range){0, NUMBER_MOST};
    case QUANTITY_LIST:
    case QUANTITY_COUNT: break;
    }
    return (struct range){0, 0};
}

void reading_set(struct reading *reading, int slot, struct value v)
{
    if (reading->said[slot] || v.kind == VALUE_ABSENT)
        return;
    telemetry_set(reading->t, slot, v);
    reading->said[slot] = true;
}

void reading_text(struct reading *reading, int slot, const char *text)
{
    if (reading->said[slot])
        return;
    telemetry_set_text(reading->t, slot, text);
    reading->said[slot] = telemetry_known(reading->t, slot);
}

void reading_number(struct reading *reading, int slot, enum quantity quantity,
                    double number)
{
    struct range range = range_of(quantity);

    if (!isfinite(number) || number < range.least || number > range.most)
        return;
    switch (quantity_row(quantity)->kind) {
    case VALUE_NUMBER: reading_set(reading, slot, value_number(number)); break;
    case VALUE_INTEGER:
        reading_set(reading, slot, value_integer(llround(number)));
        break;
    case VALUE_TIME:
        reading_set(reading, slot, value_time(llround(number)));
        break;
    case VALUE_ABSENT:
    case VALUE_TRUTH:
    case VALUE_WORD:
    case VALUE_TEXT: break;
    }
}

/* Our word for an API's word by a table of pairs; NULL if it has none. */
static const char *our_word(const char *const *words, const char *word)
{
    for (; words && *words; words += 2)
        if (strcmp(words[0], word) == 0)
            return words[1];
    return NULL;
}

/* A firmware invented a word: remember it, but report the same one once. */
static void note_unknown(struct device *device, const char *word)
{
    char clean[4 * 31 + 1];
    const char *known = device->unknown_word;

    (void)text_clean(word, 31, clean, sizeof clean);
    if (!*clean || (known && strcmp(clean, known) == 0))
        return;
    memory_keep(&device->unknown_word, clean);
    device->unknown_state = true;
}

void reading_word(struct reading *reading, int slot, enum quantity quantity,
                  const char *const *pairs, const char *word)
{
    const char *const *words = quantity_words(quantity);
    const char *ours = pairs ? our_word(pairs, word) : word;
    int i;

    if (!ours) {
        note_unknown(reading->device, word);
        return;
    }
    for (i = 0; words && words[i]; i++)
        if (strcasecmp(words[i], ours) == 0)
            reading_set(reading, slot, value_word(i));
}

static void say_number(struct reading *reading, int slot,
                       enum quantity quantity, const struct driver_field *row,
                       const struct json *node)
{
    double number;

    if (row->digits ? json_digits(node, &number) : json_number(node, &number))
        reading_number(reading, slot, quantity,
                       row->scale != 0 ? number * row->scale : number);
}

static void say_text(struct reading *reading, int slot,
                     const struct driver_field *row, const char *text)
{
    const char *ours = our_word(row->words, text);

    reading_text(reading, slot, ours ? ours : text);
}

static void say(struct reading *reading, int slot, enum quantity quantity,
                const struct driver_field *row, const struct json *node)
{
    const char *text = json_text(node);
    bool truth;

    switch (quantity_row(quantity)->kind) {
    case VALUE_TRUTH:
        if (json_truth(node, &truth))
            reading_set(reading, slot, value_truth(truth));
        break;
    case VALUE_INTEGER:
    case VALUE_NUMBER:
    case VALUE_TIME: say_number(reading, slot, quantity, row, node); break;
    case VALUE_WORD:
        if (text)
            reading_word(reading, slot, quantity, row->words, text);
        break;
    case VALUE_TEXT:
        if (text)
            say_text(reading, slot, row, text);
        break;
    case VALUE_ABSENT: break;
    }
}

static void read_row(struct reading *reading, const struct driver_field *row,
                     const struct json *node, int instance)
{
    int slot = field_slot(row->field, instance);

    if (!node)
        return;
    if (row->convert)
        row->convert(node, slot, reading);
    else
        say(reading, slot, field_row(row->field)->quantity, row, node);
}

void reading_rows(struct reading *reading, const struct driver_field *rows,
                  const struct json *root, int instance)
{
    const struct driver_field *row;

    for (row = rows; row->path; row++)
        if (*row->path)
            read_row(reading, row, json_path(root, row->path), instance);
}

void reading_rows_below(struct reading *reading,
                        const struct driver_field *rows, const char *prefix,
                        const struct json *node)
{
    size_t len = strlen(prefix);
    const struct driver_field *row;

    for (row = rows; row->path; row++)
        if (strncmp(row->path, prefix, len) == 0)
            read_row(reading, row, json_path(node, row->path + len), 0);
}

/* The user's own fields of this endpoint; what is not there becomes absent. */
static void read_custom(struct reading *reading, const char *endpoint,
                        const struct json *root, const struct mapping *mapping)
{
    /* Users read what nobody described: a number may well come as text. */
    static const struct driver_field row = {.digits = true};
    int i;

    for (i = 0; mapping && i < mapping->custom_count; i++) {
        const struct custom_field *custom = &mapping->custom[i];
        int slot = field_slot(FIELD_CUSTOM, i);
        const struct json *node;

        if (strcmp(custom->endpoint, endpoint) != 0)
            continue;
        node = json_pointer(root, custom->pointer);
        if (node)
            say(reading, slot, custom->quantity, &row, node);
        if (!reading->said[slot])
            telemetry_clear(reading->t, slot);
    }
}

static void drop_unsaid(struct reading *reading,
                        const struct driver_field *rows)
{
    const struct driver_field *row;
    int i;

    for (row = rows; row->path; row++)
        for (i = 0; !row->patch && i < field_instances(row->field); i++) {
            int slot = field_slot(row->field, i);

            if (slot >= reading->t->count)
                break; /* nor are those behind it known */
            if (!reading->said[slot])
                telemetry_clear(reading->t, slot);
        }
}

/* root NULL: nothing is there. */
static void read_answer(const struct driver_endpoint *row, int status,
                        const struct json *root, const struct mapping *mapping,
                        struct telemetry *t, struct device *device)
{
    struct reading reading = {.t = t, .device = device, .status = status};

    reading_rows(&reading, row->fields, root, 0);
    if (row->read)
        row->read(root, &reading);
    drop_unsaid(&reading, row->fields);
    read_custom(&reading, row->name, root, mapping);
}

bool driver_decode(const struct driver *driver, int endpoint, int status,
                   const char *body, size_t len, const struct mapping *mapping,
                   struct telemetry *t, struct device *device,
                   struct error *err)
{
    const struct driver_endpoint *row = &driver->endpoints[endpoint];
    const struct json *root = NULL;

    if (status == 200) {
        root = json_parse(body, len, err);
        if (!root)
            return error_prefix(err, "%s", row->name);
        if (!json_is_object(root)) {
            json_free(root);
            return error_set(err, "%s: not a JSON object", row->name);
        }
    } else if (!(status == 204 && row->empty) &&
               !(status == 404 && row->optional)) {
        return error_set(err, "%s: HTTP %d", row->name, status);
    }
    read_answer(row, status, root, mapping, t, device);
    json_free(root);
    return true;
}

void driver_forget(const struct driver *driver, int endpoint,
                   const struct mapping *mapping, struct telemetry *t,
                   struct device *device)
{
    read_answer(&driver->endpoints[endpoint], 0, NULL, mapping, t, device);
}

bool driver_job_agrees(const struct telemetry *t, const struct device *device)
{
    int64_t id = telemetry_integer(t, SLOT_JOB_ID, -1);
    bool job = id >= 0 || telemetry_known(t, SLOT_JOB_PROGRESS);

    return job ? device->answered.known && device->answered.id == id
               : !device->answered.known;
}
