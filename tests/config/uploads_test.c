/* `uploads`: off until something is said, each printer's folder its own. */
#include "world.h"

#define AT          "config.yaml:"
#define HOUSE(text) BROKER "printers: {mk4: {url: h, uploads: " text "}}\n"

static void off_until_something_is_said(void **state)
{
    struct config *config = world_load(PLAIN);

    (void)state;
    assert_false(config->printers[0].uploads.enabled);
    config_free(config);
    config = world_load(HOUSE("{directory: gcode, payload: 1.5k, max: 2G}"));
    assert_true(config->printers[0].uploads.enabled);
    assert_string_equal(config->printers[0].uploads.directory, "gcode");
    assert_int_equal(config->printers[0].uploads.payload_max, 1536);
    assert_true(config->printers[0].uploads.max == 2147483648LL);
    assert_int_equal(config->printers[0].uploads.timeout_ms, 1800000);
    config_free(config);
    config = world_load(HOUSE("on"));
    assert_true(config->printers[0].uploads.enabled);
    assert_int_equal(config->printers[0].uploads.payload_max, 16 << 20);
    config_free(config);
}

static void defaults_name_a_folder_for_each(void **state)
{
    struct config *config = world_load(
        BROKER "defaults: {uploads: {watch: '/out/{printer}/x', print: on}}\n"
               "printers: {a: {url: h}, b: {url: i, uploads: off}}\n");

    (void)state;
    assert_true(config->printers[0].uploads.enabled);
    assert_true(config->printers[0].uploads.print);
    assert_string_equal(config->printers[0].uploads.watch, "/out/a/x");
    assert_false(config->printers[1].uploads.enabled);
    config_free(config);
}

static void what_cannot_be_meant_is_refused(void **state)
{
    static const struct faulty rows[] = {
        {HOUSE("{origins: ftp://h}"),
         AT "2:45: printers.mk4.uploads.origins: an origin begins with http:// "
            "or https://\n"},
        {HOUSE("{payload: 16 monkeys}"),
         AT "2:45: printers.mk4.uploads.payload: '16 monkeys' is not a size "
            "such as 64k, 10M or 1G\n"},
        {HOUSE("{payload: 1G}"),
         AT "2:45: printers.mk4.uploads.payload: '1G' is not between 0 and "
            "200M\n"},
        {HOUSE("{path: /usb/../x}"),
         AT "2:42: printers.mk4.uploads.path: a folder on the printer has no "
            "empty part, no . and no ..\n"},
        {BROKER "defaults: {uploads: {watch: /out}}\n"
                "printers: {a: {url: h}, b: {url: i}}\n",
         AT "3:25: printers.b watches the same folder as a; use {printer} in "
            "its name, or uploads: off\n"},
    };

    (void)state;
    WORLD_ROWS(rows);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(off_until_something_is_said),
        WORLD_TEST(defaults_name_a_folder_for_each),
        WORLD_TEST(what_cannot_be_meant_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
