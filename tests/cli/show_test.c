#include "bridge/cli/show.h"
#include "tests/cli/check.h"

static struct config_printer config = {.id = "mk4"};
static struct telemetry t;
static struct instances storages;
static struct buffer out;
static struct view view;

static int begin(void **state)
{
    (void)state;
    view = (struct view){
        .config = &config,
        .t = &t,
        .roster.storages = &storages,
        .online = true,
        .error = "",
    };
    return 0;
}

static int end(void **state)
{
    (void)state;
    telemetry_release(&t);
    t = (struct telemetry){0};
    instances_release(&storages);
    return 0;
}

static void print_something(void)
{
    telemetry_set(&t, SLOT_STATE, value_word(STATE_PRINTING));
    telemetry_set(&t, SLOT_JOB_ID, value_integer(129));
    telemetry_set_text(&t, SLOT_JOB_NAME, "box.gcode");
    telemetry_set(&t, SLOT_JOB_PROGRESS, value_number(50));
    telemetry_set(&t, SLOT_JOB_TIME_REMAINING, value_integer(1439));
    telemetry_set(&t, SLOT_NOZZLE_TEMPERATURE, value_number(214.96));
    telemetry_set(&t, SLOT_NOZZLE_TARGET, value_number(215));
}

static void test_the_page_of_a_print(void **state)
{
    (void)state;
    print_something();
    show_printer(&view, false, &out);
    assert_written(&out,
                   "mk4\n"
                   "State       printing\n"
                   "File        box.gcode\n"
                   "Progress    ██████████░░░░░░░░░░  50 %   0h 23m left\n"
                   "Nozzle      215.0 / 215 °C\n");
}

static void test_what_is_not_known_is_not_shown(void **state)
{
    (void)state;
    show_printer(&view, false, &out);
    assert_written(&out, "mk4\nState       unknown\n");
}

static void test_a_printer_that_is_away(void **state)
{
    (void)state;
    print_something();
    view.online = false;
    view.error = "connection refused";
    show_printer(&view, false, &out);
    assert_written(&out, "mk4\nState       offline  connection refused\n");
    show_line(&view, &out);
    assert_written(&out, "mk4 offline: connection refused");
    show_json(&view, NULL, &out);
    assert_written(&out, "{\"printer\":\"mk4\",\"online\":false,"
                         "\"error\":\"connection refused\"}");
}

static void test_a_row_of_the_table(void **state)
{
    struct table table;

    (void)state;
    print_something();
    show_heading(&table, false);
    show_row(&view, false, &table);
    table_write(&table, &out);
    assert_written(
        &out,
        "PRINTER  STATE     NOZZLE          BED  PROGRESS            LEFT  "
        "FILE\n"
        "mk4      printing  215.0 / 215 °C       █████░░░░░  50 %  0h 23m  "
        "box.gcode\n");
}

static void test_one_line(void **state)
{
    (void)state;
    print_something();
    show_line(&view, &out);
    assert_written(&out, "mk4 printing 50 %, 0h 23m left, nozzle 215.0 / 215 "
                         "°C, box.gcode");
}

static void test_json_has_the_keys_of_the_topics(void **state)
{
    static const char *const job[] = {"job/", NULL};

    (void)state;
    print_something();
    telemetry_set(
        &t,
        field_slot(FIELD_STORAGE_FREE, instances_learn(&storages, "/usb/", 0)),
        value_integer(5));
    show_json(&view, NULL, &out);
    assert_written(
        &out, "{\"printer\":\"mk4\",\"online\":true,\"state\":\"printing\","
              "\"nozzle\":{\"temperature\":215.0,\"target\":215.0},"
              "\"job\":{\"id\":129,\"name\":\"box.gcode\",\"progress\":50,"
              "\"time_remaining\":1439},\"storage\":{\"usb\":{\"free\":5}}}");
    show_json(&view, job, &out);
    assert_written(&out,
                   "{\"printer\":\"mk4\",\"online\":true,\"job\":{\"id\":129,"
                   "\"name\":\"box.gcode\",\"progress\":50,"
                   "\"time_remaining\":1439}}");
}

static void test_fields_with_their_labels(void **state)
{
    static const char *const job[] = {"job/", NULL};

    (void)state;
    print_something();
    show_fields(&view, job, &out);
    assert_written(&out, "Job id          129\n"
                         "File name       box.gcode\n"
                         "Progress        50 %\n"
                         "Time remaining  0h 23m\n");
}

static void test_json_texts(void **state)
{
    static const struct {
        const char *text, *written;
    } rows[] = {
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\033\n\177", "\"\\u001b\\u000a\\u007f\""},
        {"cut\xc3", "\"cut\\ufffd\""},
        {"Würfel", "\"Würfel\""},
        {"", "\"\""},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        show_json_text(rows[i].text, &out);
        assert_written(&out, rows[i].written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_page_of_a_print, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_not_known_is_not_shown,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_a_printer_that_is_away, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_a_row_of_the_table, begin, end),
        cmocka_unit_test_setup_teardown(test_one_line, begin, end),
        cmocka_unit_test_setup_teardown(test_json_has_the_keys_of_the_topics,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_fields_with_their_labels, begin,
                                        end),
        cmocka_unit_test(test_json_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
