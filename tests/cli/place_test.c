#include "bridge/cli/place.h"
#include "tests/cli/check.h"

static struct telemetry t;
static struct instances storages;
static char path[64];

static void storage(const char *name, bool present, bool read_only)
{
    int i = instances_learn(&storages, name, 0);

    telemetry_set(&t, field_slot(FIELD_STORAGE_AVAILABLE, i),
                  value_truth(present));
    telemetry_set(&t, field_slot(FIELD_STORAGE_READ_ONLY, i),
                  value_truth(read_only));
}

static int forget(void **state)
{
    (void)state;
    telemetry_release(&t);
    t = (struct telemetry){0};
    instances_release(&storages);
    return 0;
}

static bool complete(const char *given)
{
    return place_complete(given, &t, &storages, path, sizeof path, NULL);
}

static void test_a_whole_path_stays(void **state)
{
    (void)state;
    assert_true(complete("/usb/parts/a b.gcode"));
    assert_string_equal(path, "/usb/parts/a b.gcode");
}

static void test_a_name_lies_on_the_first_storage_that_can_be_written(void **s)
{
    (void)s;
    storage("/sdcard", true, true);
    storage("/usb", false, false);
    storage("/local", true, false);
    assert_true(complete("parts/box.gcode"));
    assert_string_equal(path, "/local/parts/box.gcode");
}

static void test_no_storage_no_path(void **state)
{
    (void)state;
    storage("/usb", false, false);
    assert_false(complete("box.gcode"));
}

static void test_what_does_not_fit_is_refused(void **state)
{
    char text[100];

    (void)state;
    memset(text, 'a', sizeof text);
    text[0] = '/';
    text[63] = '\0';
    assert_true(complete(text));
    text[63] = 'a';
    text[64] = '\0';
    assert_false(complete(text));
    storage("/usb", true, false);
    assert_false(complete(text + 1));
}

static void test_names_and_joints(void **state)
{
    (void)state;
    assert_string_equal(place_name("/usb/box.gcode"), "box.gcode");
    assert_string_equal(place_name("box.gcode"), "box.gcode");
    assert_string_equal(place_name("/usb/"), "");
    assert_true(place_join("/usb", "x", path, sizeof path));
    assert_string_equal(path, "/usb/x");
    assert_true(place_join("/usb/", "x", path, sizeof path));
    assert_string_equal(path, "/usb/x");
    assert_false(place_join("/usb", "x", path, 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_whole_path_stays, forget),
        cmocka_unit_test_teardown(
            test_a_name_lies_on_the_first_storage_that_can_be_written, forget),
        cmocka_unit_test_teardown(test_no_storage_no_path, forget),
        cmocka_unit_test_teardown(test_what_does_not_fit_is_refused, forget),
        cmocka_unit_test_teardown(test_names_and_joints, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
