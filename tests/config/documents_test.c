/* What is written from the schema rows: JSON Schema, reference, and the example
 * that must keep up with them. */
#include "config/sections.h"
#include "world.h"

#include <cjson/cJSON.h>
#include <sys/stat.h>

static char *example;

static int read_example(void **state)
{
    FILE *file = fopen(CONFIG_FOLDER "/example.yaml", "rb");
    size_t len;

    (void)state;
    example = calloc(1, 65536);
    if (!file || !example)
        return -1;
    len = fread(example, 1, 65535, file);
    return fclose(file) != 0 || len == 0;
}

static int free_example(void **state)
{
    (void)state;
    free(example);
    return 0;
}

static const cJSON *at(const cJSON *json, const char *key)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(json, key);

    if (!found)
        fail_msg("no %s", key);
    return found;
}

static cJSON *schema(void)
{
    struct buffer out = {0};
    cJSON *json;

    config_schema(drivers, &out);
    json = cJSON_ParseWithOpts(buffer_text(&out), NULL, true);
    if (!json)
        fail_msg("%s", cJSON_GetErrorPtr());
    buffer_release(&out);
    return json;
}

/* Every $ref names a definition that is there; every object is closed. */
static void check_refs(const cJSON *root, const cJSON *json)
{
    static const char prefix[] = "#/$defs/";
    const cJSON *child;

    cJSON_ArrayForEach(child, json)
    {
        if (child->string && strcmp(child->string, "$ref") == 0) {
            assert_memory_equal(child->valuestring, prefix, sizeof prefix - 1);
            (void)at(at(root, "$defs"), child->valuestring + sizeof prefix - 1);
        }
        if (child->string && strcmp(child->string, "type") == 0 &&
            cJSON_IsString(child) && strcmp(child->valuestring, "object") == 0)
            assert_true(cJSON_IsFalse(at(json, "additionalProperties")));
        check_refs(root, child);
    }
}

static void the_schema_is_json_whose_references_hold(void **state)
{
    cJSON *json = schema();

    (void)state;
    assert_string_equal(at(json, "$schema")->valuestring,
                        "https://json-schema.org/draft/2020-12/schema");
    check_refs(json, json);
    cJSON_Delete(json);
}

static void the_schema_has_every_key(void **state)
{
    cJSON *json = schema();
    const struct row *row;
    size_t i;

    (void)state;
    for (i = 0; sections[i]; i++) {
        const cJSON *def =
            i == 0 ? json : at(at(json, "$defs"), sections[i]->name);

        for (row = sections[i]->rows; row->key; row++) {
            const cJSON *keys = at(def, "properties");

            if (row->flags & ROW_LISTED)
                keys =
                    at(at(at(json, "$defs"), "listed_printer"), "properties");
            assert_string_equal(
                at(at(keys, row->key), "description")->valuestring, row->says);
        }
    }
    cJSON_Delete(json);
}

static void the_schema_knows_drivers_fields_and_commands(void **state)
{
    cJSON *json = schema();
    const cJSON *defs = at(json, "$defs");
    const cJSON *mapping = at(at(defs, "mapping"), "properties");
    const cJSON *drivers_known =
        at(at(at(at(defs, "printer"), "properties"), "driver"), "enum");
    enum field f;
    enum command c;

    (void)state;
    assert_int_equal(cJSON_GetArraySize(drivers_known), 3);
    assert_string_equal(cJSON_GetArrayItem(drivers_known, 2)->valuestring,
                        "octoprint");
    for (f = 0; f < FIELD_CUSTOM; f++)
        (void)at(at(at(mapping, "fields"), "properties"), field_row(f)->key);
    for (c = 0; c < COMMAND_COUNT; c++)
        (void)at(at(at(mapping, "commands"), "properties"),
                 command_row(c)->name);
    (void)at(at(at(mapping, "fields"), "patternProperties"),
             "^storage/[a-z0-9_-]{1,32}/free$");
    assert_null(
        cJSON_GetObjectItem(at(at(defs, "defaults"), "properties"), "url"));
    cJSON_Delete(json);
}

static void check_row(const struct section *section, const struct row *row)
{
    size_t len = row->says ? strlen(row->says) : 0;

    if (len < 4 || !strchr(".?", row->says[len - 1]))
        fail_msg("%s.%s says nothing", section->name, row->key);
    if (row->kind == KIND_CHOICE)
        assert_non_null(row->choices);
    if (row->kind == KIND_INTEGER || row->kind == KIND_DURATION)
        assert_true(row->min < row->max);
    if (row->kind == KIND_SECTION)
        assert_non_null(row->section);
}

static void every_row_is_complete(void **state)
{
    const struct row *row;
    size_t i;

    (void)state;
    for (i = 0; sections[i]; i++)
        for (row = sections[i]->rows; row->key; row++)
            check_row(sections[i], row);
}

/* A key as it stands in YAML or in a table. */
static bool names(const char *text, const char *key)
{
    const char *found = text;
    size_t len = strlen(key);

    while ((found = strstr(found, key))) {
        if (found > text && strchr(" #{`,", found[-1]) &&
            strchr(":`", found[len]))
            return true;
        found += len;
    }
    return false;
}

static void reference_and_example_name_every_key(void **state)
{
    struct buffer reference = {0};
    const struct row *row;
    size_t i;

    (void)state;
    config_reference(&reference);
    for (i = 0; sections[i]; i++)
        for (row = sections[i]->rows; row->key; row++) {
            if (!names(buffer_text(&reference), row->key))
                fail_msg("the reference lacks %s.%s", sections[i]->name,
                         row->key);
            if (!names(example, row->key) && !(row->flags & ROW_LISTED))
                fail_msg("the example lacks %s.%s", sections[i]->name,
                         row->key);
        }
    assert_non_null(strstr(buffer_text(&reference), "| `job/progress` |"));
    assert_non_null(strstr(buffer_text(&reference), "| `pause` |"));
    buffer_release(&reference);
}

static void write_secrets(void)
{
    world_write("secrets.yaml", "mqtt_password: x\nmk4: y\nmini: z\n");
    world_write("ca.pem", "");
    world_write("client.pem", "");
    world_write("client.key", "");
}

static void the_example_loads(void **state)
{
    struct config *config;

    (void)state;
    write_secrets();
    config = world_load(example);
    assert_int_equal(config->printer_count, 1);
    assert_string_equal(config->printers[0].secret, "y");
    config_free(config);
}

/* What the example has commented out: lines that begin with # and no blank, or
 * two; "# " begins a sentence. */
static void uncomment(struct buffer *out)
{
    const char *line, *end;

    for (line = example; *line; line = end + 1) {
        end = strchr(line, '\n');
        assert_non_null(end);
        if (line[0] == '#' && line[1] != '\n' &&
            (line[1] != ' ' || line[2] == ' '))
            buffer_add(out, line + 1, (size_t)(end - line));
    }
}

static void what_the_example_leaves_out_loads_too(void **state)
{
    struct buffer yaml = {0};
    struct config *config;

    (void)state;
    write_secrets();
    uncomment(&yaml);
    assert_true(yaml.len > 2000);
    assert_int_equal(mkdir("printers", 0700), 0);
    world_write("printers/mk3.yaml", "printers: {mk3: {url: mk3.lan}}\n");
    world_write("config.yaml", buffer_text(&yaml));
    world_problems("");
    config = world_load(buffer_text(&yaml));
    assert_int_equal(config->printer_count, 3);
    assert_int_equal(config->mappings[0]->custom_count, 1);
    config_free(config);
    buffer_release(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_schema_is_json_whose_references_hold),
        cmocka_unit_test(the_schema_has_every_key),
        cmocka_unit_test(the_schema_knows_drivers_fields_and_commands),
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(reference_and_example_name_every_key),
        WORLD_TEST(the_example_loads),
        WORLD_TEST(what_the_example_leaves_out_loads_too),
    };

    return cmocka_run_group_tests(tests, read_example, free_example);
}
