/* The JSON Schema (draft 2020-12) of a configuration, for editors. */
#include "config/json.h"
#include "config/lists.h"
#include "config/names.h"
#include "config/numbers.h"
#include "config/sections.h"

#define SIZE_PATTERN     "^[0-9]+(\\.[0-9]+)?[kKMG]?$"
#define DURATION_PATTERN "^[0-9]+(\\.[0-9]+)?(ms|s|min|h)?$"
#define ID_PATTERN       "^[a-z0-9_-]{1,64}$"
#define NAME_PATTERN     "^[A-Za-z0-9_-]{1,64}$"
#define INSTANCE_PATTERN "[a-z0-9_-]{1,32}"

struct writer {
    struct json json;
    const struct config_driver *drivers;
};

static void write_ref(struct json *j, const char *key, const char *name)
{
    char ref[64];

    (void)snprintf(ref, sizeof ref, "#/$defs/%s", name);
    json_write_open(j, key, '{');
    json_write_text(j, "$ref", ref);
    json_write_close(j, '}');
}

static void write_type(struct json *j, const char *key, const char *type)
{
    json_write_open(j, key, '{');
    json_write_text(j, "type", type);
    json_write_close(j, '}');
}

/* YAML reads 42 as a number where we take any text. */
static void write_text(struct json *j)
{
    json_write_open(j, "type", '[');
    json_write_text(j, NULL, "string");
    json_write_text(j, NULL, "number");
    json_write_close(j, ']');
}

static void write_truth(struct json *j)
{
    static const char *const words[] = {"on", "off", "yes", "no"};
    size_t i;

    json_write_open(j, "enum", '[');
    json_write_truth(j, NULL, true);
    json_write_truth(j, NULL, false);
    for (i = 0; i < sizeof words / sizeof *words; i++)
        json_write_text(j, NULL, words[i]);
    json_write_close(j, ']');
}

static void write_names(struct json *j, const char *const *names)
{
    double number;
    size_t i;

    json_write_open(j, "enum", '[');
    for (i = 0; names[i]; i++) {
        const char *end = number_parse(names[i], &number);

        json_write_text(j, NULL, names[i]);
        if (end && !*end) /* `protocol: 5` is a number for YAML */
            json_write_number(j, NULL, number);
    }
    json_write_close(j, ']');
}

static void write_range(struct json *j, const char *type, const struct row *row)
{
    json_write_text(j, "type", type);
    json_write_number(j, "minimum", row->min);
    json_write_number(j, "maximum", row->max);
}

static void write_size(struct json *j)
{
    write_text(j);
    json_write_text(j, "pattern", SIZE_PATTERN);
}

static void write_duration(struct json *j)
{
    write_text(j);
    json_write_text(j, "pattern", DURATION_PATTERN);
}

/* One text, or a list of them; names NULL = any. */
static void write_list(struct json *j, const char *const *names)
{
    int i;

    json_write_open(j, "anyOf", '[');
    for (i = 0; i < 2; i++) {
        json_write_open(j, NULL, '{');
        if (i == 1) {
            json_write_text(j, "type", "array");
            json_write_number(j, "maxItems", LIST_MAX);
            json_write_open(j, "items", '{');
        }
        if (names)
            write_names(j, names);
        else
            write_text(j);
        if (i == 1)
            json_write_close(j, '}');
        json_write_close(j, '}');
    }
    json_write_close(j, ']');
}

/* A section, nothing, or what its shorthand means. */
static void write_section_value(struct writer *w, const struct section *section,
                                const char *name)
{
    const struct row *brief =
        section->shorthand ? section_row(section, section->shorthand) : NULL;
    struct json *j = &w->json;

    json_write_open(j, "anyOf", '[');
    write_ref(j, NULL, name);
    write_type(j, NULL, "null");
    if (brief) {
        json_write_open(j, NULL, '{');
        if (brief->kind == KIND_CHOICE)
            write_names(j, brief->choices);
        else
            write_truth(j);
        json_write_close(j, '}');
    }
    json_write_close(j, ']');
}

/* A regular expression that fits every instance of a field's key. */
static void instance_pattern(const char *key, char *out, size_t size)
{
    const char *open = strchr(key, '<');

    (void)snprintf(out, size, "^%.*s" INSTANCE_PATTERN "%s$", (int)(open - key),
                   key, strchr(open, '>') + 1);
}

/* Keys known by name, each with a wish of the kind `def`. */
static void write_wishes(struct json *j, const char *const *names,
                         const char *def)
{
    char pattern[160];
    size_t i;

    json_write_text(j, "type", "object");
    json_write_truth(j, "additionalProperties", false);
    json_write_open(j, "properties", '{');
    for (i = 0; names[i]; i++)
        write_ref(j, names[i], def);
    json_write_close(j, '}');
    json_write_open(j, "patternProperties", '{');
    for (i = 0; names[i]; i++)
        if (strchr(names[i], '<')) {
            instance_pattern(names[i], pattern, sizeof pattern);
            write_ref(j, pattern, def);
        }
    json_write_close(j, '}');
}

static void write_entries(struct json *j, const char *pattern, const char *def)
{
    json_write_text(j, "type", "object");
    json_write_truth(j, "additionalProperties", false);
    json_write_open(j, "patternProperties", '{');
    write_ref(j, pattern, def);
    json_write_close(j, '}');
}

static void write_array(struct json *j, const char *def, int max)
{
    json_write_text(j, "type", "array");
    if (max)
        json_write_number(j, "maxItems", max);
    write_ref(j, "items", def);
}

static void write_printers(struct json *j)
{
    json_write_open(j, "anyOf", '[');
    json_write_open(j, NULL, '{');
    write_entries(j, ID_PATTERN, "printer");
    json_write_close(j, '}');
    json_write_open(j, NULL, '{');
    write_array(j, "listed_printer", 0);
    json_write_close(j, '}');
    json_write_close(j, ']');
}

static void write_mapping(struct json *j, const char *def)
{
    json_write_open(j, "anyOf", '[');
    write_type(j, NULL, "string");
    write_ref(j, NULL, def);
    json_write_close(j, ']');
}

/* What stands where a row's kind takes names. */
static void write_named(struct writer *w, const struct row *row)
{
    const char *names[NAMES_MAX + 1] = {NULL};
    struct json *j = &w->json;

    switch (row->kind) {
    case KIND_DRIVER: names_of_drivers(w->drivers, names); break;
    case KIND_ENDPOINT: names_of_endpoints(w->drivers, names); break;
    case KIND_FIELDS: names_of_fields(names); break;
    default: names_of_commands(names); break;
    }
    if (row->kind == KIND_COMMANDS)
        write_list(j, names);
    else if (row->kind == KIND_FIELDS || row->kind == KIND_ORDERS)
        write_wishes(j, names,
                     row->kind == KIND_FIELDS ? "field_wish" : "command_wish");
    else if (names[0])
        write_names(j, names);
    else
        write_text(j);
}

static void write_shape(struct writer *w, const struct row *row)
{
    struct json *j = &w->json;

    switch (row->kind) {
    case KIND_TEXT:
    case KIND_SECRET:
    case KIND_PATH:
    case KIND_USE: write_text(j); break;
    case KIND_TRUTH:
    case KIND_SWITCH: write_truth(j); break;
    case KIND_INTEGER: write_range(j, "integer", row); break;
    case KIND_NUMBER: write_range(j, "number", row); break;
    case KIND_DURATION:
    case KIND_SECONDS: write_duration(j); break;
    case KIND_SIZE: write_size(j); break;
    case KIND_CHOICE: write_names(j, row->choices); break;
    case KIND_LIST:
    case KIND_INCLUDE: write_list(j, NULL); break;
    case KIND_DRIVER:
    case KIND_ENDPOINT:
    case KIND_COMMANDS:
    case KIND_FIELDS:
    case KIND_ORDERS: write_named(w, row); break;
    case KIND_SECTION:
        write_section_value(w, row->section, row->section->name);
        break;
    case KIND_CUSTOM: write_array(j, row->section->name, CUSTOM_MAX); break;
    case KIND_ENTRIES:
        write_entries(j, NAME_PATTERN, row->section->name);
        break;
    case KIND_PRINTERS: write_printers(j); break;
    case KIND_DEFAULTS: json_write_text(j, "$ref", "#/$defs/defaults"); break;
    case KIND_MAPPING: write_mapping(j, row->section->name); break;
    }
}

static void write_default(struct json *j, const struct row *row)
{
    double number;
    const char *end;
    bool truth;

    if (!row->fallback)
        return;
    end = number_parse(row->fallback, &number);
    if (row->kind == KIND_TRUTH && truth_parse(row->fallback, &truth))
        json_write_truth(j, "default", truth);
    else if (row->kind == KIND_INTEGER && end && !*end)
        json_write_number(j, "default", number);
    else
        json_write_text(j, "default", row->fallback);
}

static void write_required(struct json *j, const struct row *rows,
                           unsigned refused)
{
    const struct row *row;

    json_write_open(j, "required", '[');
    for (row = rows; row->key; row++)
        if (row->flags & ROW_REQUIRED && !(row->flags & refused))
            json_write_text(j, NULL, row->key);
    json_write_close(j, ']');
}

/* The inside of an object that holds a section's keys. */
static void write_section(struct writer *w, const struct section *section,
                          unsigned refused)
{
    const struct row *row;
    struct json *j = &w->json;

    json_write_text(j, "type", "object");
    json_write_truth(j, "additionalProperties", false);
    /* Sections of the file may stand in any of the files it includes. */
    if (section != &root_section)
        write_required(j, section->rows, refused);
    json_write_open(j, "properties", '{');
    for (row = section->rows; row->key; row++) {
        if (row->flags & refused)
            continue;
        json_write_open(j, row->key, '{');
        json_write_text(j, "description", row->says);
        write_shape(w, row);
        write_default(j, row);
        json_write_close(j, '}');
    }
    json_write_close(j, '}');
}

/* What may stand behind a field or command: off, a topic, or a map. */
static void write_wish(struct json *j, const char *key, const char *def)
{
    json_write_open(j, key, '{');
    json_write_open(j, "anyOf", '[');
    json_write_open(j, NULL, '{');
    write_truth(j);
    json_write_close(j, '}');
    write_type(j, NULL, "string");
    write_ref(j, NULL, def);
    json_write_close(j, ']');
    json_write_close(j, '}');
}

static void write_def(struct writer *w, const char *name,
                      const struct section *section, unsigned refused)
{
    json_write_open(&w->json, name, '{');
    write_section(w, section, refused);
    json_write_close(&w->json, '}');
}

void config_schema(const struct config_driver *drivers, struct buffer *out)
{
    struct writer w = {.json = {.out = out}, .drivers = drivers};
    struct json *j = &w.json;
    size_t i;

    json_write_open(j, NULL, '{');
    json_write_text(j, "$schema",
                    "https://json-schema.org/draft/2020-12/schema");
    json_write_text(j, "title", "printer2mqtt configuration");
    write_section(&w, &root_section, 0);
    json_write_open(j, "patternProperties", '{');
    json_write_open(j, "^x-", '{');
    json_write_close(j, '}');
    json_write_close(j, '}');
    json_write_open(j, "$defs", '{');
    for (i = 0; sections[i]; i++)
        if (sections[i] != &root_section)
            write_def(&w, sections[i]->name, sections[i], ROW_LISTED);
    write_def(&w, "listed_printer", &printer_section, 0);
    write_def(&w, "defaults", &printer_section, ROW_OWN);
    write_wish(j, "field_wish", field_section.name);
    write_wish(j, "command_wish", order_section.name);
    json_write_close(j, '}');
    json_write_close(j, '}');
    (void)buffer_add(out, "\n", 1);
}
