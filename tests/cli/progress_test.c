#include "bridge/cli/paint.h"
#include "bridge/cli/progress.h"
#include "tests/cli/check.h"

static struct progress progress;
static struct buffer out;

static void line(int64_t done, int64_t total, const char *note, size_t columns,
                 const char *shown)
{
    progress_line(&progress, done, total, note, columns, &out);
    assert_written(&out, shown);
}

static void test_bar_rate_and_time_left(void **state)
{
    (void)state;
    progress_begin(&progress, "box.gcode", false, 0);
    line(0, 4000000, "", 120,
         "box.gcode  ░░░░░░░░░░░░░░░░░░░░   0 %  0 B of 4.0 MB");
    progress_show(&progress, 1000000, 4000000, "", 1000);
    line(1000000, 4000000, "", 120,
         "box.gcode  █████░░░░░░░░░░░░░░░  25 %  1.0 MB of 4.0 MB  1.0 MB/s  "
         "3s left");
    progress_show(&progress, 1500000, 4000000, "", 2000);
    line(4000000, 4000000, "", 120,
         "box.gcode  ████████████████████ 100 %  4.0 MB of 4.0 MB  750.0 kB/s");
}

static void test_a_total_that_is_not_known(void **state)
{
    (void)state;
    progress_begin(&progress, "box.gcode", false, 0);
    progress_show(&progress, 3000, -1, "", 1000);
    line(3000, -1, "", 120, "box.gcode  3.0 kB  3.0 kB/s");
}

static void test_what_it_waits_for_stands_instead(void **state)
{
    (void)state;
    progress_begin(&progress, "box.gcode", false, 0);
    line(0, 10, "the printer is busy\033", 120,
         "box.gcode  the printer is busy\\x1b");
}

static void test_a_transfer_that_stalls_has_no_time_left(void **state)
{
    int64_t now;

    (void)state;
    progress_begin(&progress, "box.gcode", false, 0);
    for (now = 1000; now < 600000; now += 1000) {
        progress_show(&progress, 1000000, 4000000, "", now);
        progress_line(&progress, 1000000, 4000000, "", 120, &out);
        assert_null(strstr(buffer_text(&out), " 0s left"));
        buffer_release(&out);
    }
    line(1000000, 4000000, "", 120,
         "box.gcode  █████░░░░░░░░░░░░░░░  25 %  1.0 MB of 4.0 MB");
    progress_show(&progress, 1000010, INT64_MAX, "", now);
    line(1000010, INT64_MAX, "", 120,
         "box.gcode  ░░░░░░░░░░░░░░░░░░░░   0 %  1.0 MB of 9.2 EB  5 B/s");
}

static void test_sent_again_begins_again(void **state)
{
    (void)state;
    progress_begin(&progress, "box.gcode", false, 0);
    progress_show(&progress, 500000, 1000000, "", 1000);
    progress_show(&progress, 0, 1000000, "", 1100);
    line(0, 1000000, "", 120,
         "box.gcode  ░░░░░░░░░░░░░░░░░░░░   0 %  0 B of 1.0 MB");
}

static void test_a_line_never_fills_the_terminal(void **state)
{
    size_t columns;

    (void)state;
    progress_begin(&progress,
                   "a very long name of a file that never ends.gcode", false,
                   0);
    progress_show(&progress, 500000000, 1000000000, "", 1000);
    for (columns = 1; columns < 150; columns++) {
        progress_line(&progress, 500000000, 1000000000, "", columns, &out);
        assert_true(paint_columns(buffer_text(&out)) < columns);
        buffer_release(&out);
    }
}

static void test_summary(void **state)
{
    (void)state;
    progress_summary(10300000, 35000, &out);
    assert_written(&out, "10.3 MB in 35s, 294.3 kB/s");
    progress_summary(12, 1, &out);
    assert_written(&out, "12 B in 0s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bar_rate_and_time_left),
        cmocka_unit_test(test_a_total_that_is_not_known),
        cmocka_unit_test(test_what_it_waits_for_stands_instead),
        cmocka_unit_test(test_a_transfer_that_stalls_has_no_time_left),
        cmocka_unit_test(test_sent_again_begins_again),
        cmocka_unit_test(test_a_line_never_fills_the_terminal),
        cmocka_unit_test(test_summary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
