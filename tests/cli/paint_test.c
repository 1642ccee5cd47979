#include "bridge/cli/paint.h"
#include "tests/cli/check.h"

static struct buffer out;

static void test_text_from_outside_is_escaped(void **state)
{
    static const struct {
        const char *text, *shown;
    } rows[] = {
        {"box.gcode", "box.gcode"},
        {"\033[31mred", "\\x1b[31mred"},
        {"a\nb\tc\177", "a\\x0ab\\x09c\\x7f"},
        {"Würfel 物", "Würfel 物"},
        {"\xc2\x9b", "\\x9b"},   /* C1: CSI in one character */
        {"cut\xc3", "cut\\xc3"}, /* cut inside a character */
        {"a\xe2\x80\xae"
         "b",
         "a\\u202eb"}, /* writes from right to left */
        {"\xe2\x81\xa6", "\\u2066"},
        {"", ""},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        paint_text(&out, rows[i].text);
        assert_written(&out, rows[i].shown);
    }
}

static void test_long_text_is_cut_by_characters(void **state)
{
    (void)state;
    paint_text_cut(&out, "Würfel", 6);
    assert_written(&out, "Würfel");
    paint_text_cut(&out, "Würfel", 4);
    assert_written(&out, "Wür…");
    paint_text_cut(&out, "Würfel", 1);
    assert_written(&out, "…");
    paint_text_cut(&out, "Würfel", 0);
    assert_written(&out, "");
}

static void test_columns_count_characters_and_no_colours(void **state)
{
    (void)state;
    assert_int_equal(paint_columns("\033[32m215.0 °C\033[0m"), 8);
    assert_int_equal(paint_columns(""), 0);
    assert_int_equal(paint_columns("\033[32"), 0);
}

static void test_wide_characters_take_two_columns_and_marks_none(void **state)
{
    (void)state;
    assert_int_equal(paint_columns("物"), 2);
    assert_int_equal(paint_columns("한글.gcode"), 10);
    assert_int_equal(paint_columns("😀"), 2);
    assert_int_equal(paint_columns("u\xcc\x88"), 1); /* u and its dots */
    paint_text_cut(&out, "物物物", 6);
    assert_written(&out, "物物物");
    paint_text_cut(&out, "物物物", 5);
    assert_written(&out, "物物…");
    paint_text_cut(&out, "物物物", 4);
    assert_written(&out, "物…");
    assert_int_equal(paint_fitting("\033[32m物物", 2), 8);
    assert_int_equal(paint_fitting("a物", 2), 1);
    assert_int_equal(paint_fitting("u\xcc\x88\n", 9), 3);
}

static void test_durations(void **state)
{
    static const struct {
        int64_t seconds;
        const char *shown;
    } rows[] = {
        {0, "0s"},        {59, "59s"},       {60, "0h 01m"},
        {1439, "0h 23m"}, {3600, "1h 00m"},  {86399, "23h 59m"},
        {86400, "1d 0h"}, {200000, "2d 7h"}, {-5, "0s"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        paint_duration(&out, rows[i].seconds);
        assert_written(&out, rows[i].shown);
    }
}

static void test_sizes(void **state)
{
    static const struct {
        int64_t bytes;
        const char *shown;
    } rows[] = {
        {0, "0 B"},
        {999, "999 B"},
        {1000, "1.0 kB"},
        {72964, "73.0 kB"},
        {999949, "999.9 kB"},
        {999950, "1.0 MB"},
        {10262918, "10.3 MB"},
        {INT64_MAX, "9.2 EB"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        paint_size(&out, rows[i].bytes);
        assert_written(&out, rows[i].shown);
    }
}

static void heat(double actual, double target, const char *shown)
{
    struct telemetry t = {0};

    telemetry_set(&t, SLOT_NOZZLE_TEMPERATURE, value_number(actual));
    if (target >= 0)
        telemetry_set(&t, SLOT_NOZZLE_TARGET, value_number(target));
    paint_heat(&out, &t, SLOT_NOZZLE_TEMPERATURE, SLOT_NOZZLE_TARGET);
    assert_written(&out, shown);
    telemetry_release(&t);
}

static void test_temperatures_with_their_targets(void **state)
{
    struct telemetry t = {0};

    (void)state;
    heat(214.96, 215, "215.0 / 215 °C");
    heat(24.1, 0, "24.1 °C");
    heat(24.1, -1, "24.1 °C");
    heat(-0.0, 0, "0.0 °C");
    paint_heat(&out, &t, SLOT_NOZZLE_TEMPERATURE, SLOT_NOZZLE_TARGET);
    assert_written(&out, "");
}

static void test_a_bar_fills_by_eighths(void **state)
{
    (void)state;
    paint_bar(&out, 0, 4);
    assert_written(&out, "░░░░");
    paint_bar(&out, 50, 4);
    assert_written(&out, "██░░");
    paint_bar(&out, 53.125, 4);
    assert_written(&out, "██▏░");
    paint_bar(&out, 100, 4);
    assert_written(&out, "████");
    paint_bar(&out, 1000, 4);
    assert_written(&out, "████");
    paint_bar(&out, -3, 4);
    assert_written(&out, "░░░░");
}

static void test_colours_can_be_off(void **state)
{
    (void)state;
    paint_ink(&out, INK_GOOD, true, "printing");
    assert_written(&out, "\033[32mprinting\033[0m");
    paint_ink(&out, INK_GOOD, false, "printing");
    assert_written(&out, "printing");
    paint_ink(&out, INK_PLAIN, true, "idle");
    assert_written(&out, "idle");
}

static void test_a_table_is_aligned_whatever_its_colours(void **state)
{
    struct table table = {.columns = 3, .right = 1u << 1};
    struct buffer cell = {0};

    (void)state;
    table_text(&table, "NAME");
    table_text(&table, "SIZE");
    table_text(&table, "LAST");
    paint_ink(&cell, INK_BOLD, true, "Würfel");
    table_add(&table, &cell);
    table_text(&table, "7");
    table_text(&table, "");
    table_write(&table, &out);
    assert_written(&out, "NAME    SIZE  LAST\n\033[1mWürfel\033[0m     7\n");
    assert_null(table.cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_from_outside_is_escaped),
        cmocka_unit_test(test_long_text_is_cut_by_characters),
        cmocka_unit_test(test_columns_count_characters_and_no_colours),
        cmocka_unit_test(test_wide_characters_take_two_columns_and_marks_none),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_temperatures_with_their_targets),
        cmocka_unit_test(test_a_bar_fills_by_eighths),
        cmocka_unit_test(test_colours_can_be_off),
        cmocka_unit_test(test_a_table_is_aligned_whatever_its_colours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
