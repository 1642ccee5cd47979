/* A configuration that stands in several files. */
#include "world.h"

#include <sys/stat.h>

#define AT "config.yaml:"

static void sections_may_stand_in_any_file(void **state)
{
    struct config *config;

    (void)state;
    assert_int_equal(mkdir("printers", 0700), 0);
    world_write("printers/b.yaml", "printers: {b: {url: b}}\n");
    world_write("printers/a.yaml", "printers: [{id: a, url: a}]\n"
                                   "mappings: {two: {absent: clear}}\n"
                                   "include: deeper/c.yaml\n");
    assert_int_equal(mkdir("printers/deeper", 0700), 0);
    world_write("printers/deeper/c.yaml",
                "printers: {c: {url: https://c, mapping: two, ca_file: ca}}\n"
                "mqtt: {qos: 1}\n");
    world_write("printers/deeper/ca", "");
    world_write("mapping.yaml", "mapping: {absent: clear}\n");
    config = world_load(BROKER "include: [mapping.yaml, 'printers/*.yaml']\n"
                               "printers: {main: {url: main}}\n"
                               "mappings: {one: {}}\n");
    assert_int_equal(config->printer_count, 4);
    assert_string_equal(config->printers[0].id, "main");
    assert_string_equal(config->printers[1].id, "a");
    assert_string_equal(config->printers[2].id, "c");
    assert_string_equal(config->printers[2].file, "printers/deeper/c.yaml");
    assert_string_equal(config->printers[2].ca_file, "printers/deeper/ca");
    assert_string_equal(config->printers[3].id, "b");
    assert_int_equal(config->mappings[0]->absent, ABSENT_CLEAR);
    assert_int_equal(config->mqtt.qos, 1);
    config_free(config);
}

static void conflicts_name_both_places(void **state)
{
    (void)state;
    world_write("config.yaml", "include: more.yaml\n" BROKER
                               "printers: {a: {url: x}}\njson: true\n"
                               "homeassistant: false\nmapping: {absent: "
                               "none}\n");
    world_write("more.yaml", "mqtt: {url: other, qos: 1}\n"
                             "printers: [{id: a, url: y}]\n"
                             "json: false\n"
                             "homeassistant: {enabled: true}\n"
                             "mapping: {absent: clear}\n"
                             "foo: x\n");
    world_problems(
        "more.yaml:1:8: mqtt.url is set in two files; the other is "
        "config.yaml:2:8\n"
        "more.yaml:2:17: printers: the printer 'a' is defined twice; first at "
        "config.yaml:3:12\n"
        "more.yaml:3:1: 'json' is set in two files; the other is "
        "config.yaml:4:1\n"
        "more.yaml:4:1: 'homeassistant' is set in two files; the other is "
        "config.yaml:5:1\n"
        "more.yaml:5:11: mapping.absent is set in two files; the other is "
        "config.yaml:6:11\n"
        "more.yaml:6:1: unknown key 'foo'\n");
}

static void what_cannot_be_included_is_told_where_it_is_asked_for(void **state)
{
    static const struct faulty rows[] = {
        {PLAIN "include: nix.yaml\n",
         AT "3:10: include: nix.yaml: cannot read the file: No such file or "
            "directory\n"},
        {PLAIN "include: ['nix/*.yaml', sub]\n",
         AT "3:11: warning: include: no file fits 'nix/*.yaml'\n" AT
            "3:25: include: sub: cannot read the file: it is not a file\n"},
        {PLAIN "include: config.yaml\n",
         AT "3:10: include: config.yaml: the file includes itself\n"},
        {PLAIN "include: [x.yaml, ./x.yaml]\n",
         AT "3:19: include: ./x.yaml: the file is included twice\n"},
        {PLAIN "include: {a: b}\n",
         AT "3:10: include: the name of a file is expected here\n"},
        {PLAIN "include: loop.yaml\n",
         "loop.yaml:1:10: include: config.yaml: the file includes itself\n"},
        /* a pattern leaves out what is read already, and secrets */
        {PLAIN "include: '[c-s]*.yaml'\n", ""},
    };

    (void)state;
    assert_int_equal(mkdir("sub", 0700), 0);
    world_write("x.yaml", "x-a: 1\n");
    world_write("secrets.yaml", "a: b\n");
    world_write("loop.yaml", "include: config.yaml\n");
    world_rows(rows, ROWS(rows) - 1);
    assert_int_equal(remove("loop.yaml"), 0);
    world_rows(rows + ROWS(rows) - 1, 1);
}

static void files_are_included_eight_levels_deep(void **state)
{
    char name[32], text[64];
    int i;

    (void)state;
    for (i = 1; i <= 9; i++) {
        (void)snprintf(name, sizeof name, "%d.yaml", i);
        (void)snprintf(text, sizeof text,
                       i < 8 ? "include: %d.yaml\n" : "x-%d: 1\n", i + 1);
        world_write(name, text);
    }
    world_write("config.yaml", PLAIN "include: 1.yaml\n");
    world_problems("");
    world_write("8.yaml", "include: 9.yaml\n");
    world_problems("8.yaml:1:10: include: 9.yaml: files are included more than "
                   "8 levels deep\n");
}

static void a_broken_file_does_not_hide_the_others(void **state)
{
    (void)state;
    world_write("broken.yaml", "mqtt: {url: broker\n");
    world_write("config.yaml", "include: broken.yaml\nlog: loud\n"
                               "printers: {a: {url: x, mapping: b}}\n");
    world_problems(AT "2:6: log.level: 'loud' is none of error, warning, info, "
                      "debug\n"
                      "broken.yaml:1:7: not valid YAML: a ',' is missing in "
                      "this map, or the '}' that closes it\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(sections_may_stand_in_any_file),
        WORLD_TEST(conflicts_name_both_places),
        WORLD_TEST(what_cannot_be_included_is_told_where_it_is_asked_for),
        WORLD_TEST(files_are_included_eight_levels_deep),
        WORLD_TEST(a_broken_file_does_not_hide_the_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
