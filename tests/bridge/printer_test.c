/* The life of a printer: polling by need, offline after two missed polls, who
 * it is before anything is believed. */
#include "life.h"
#include "mapping/buffer.h"
#include "mapping/memory.h"

static void first_contact_asks_who_it_is_before_how_it_is(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life_run(&life, 0);
    assert_string_equal(life.sent[0].target, "/api/v1/info");
    assert_string_equal(life.sent[1].target, "/api/v1/status");
    assert_true(printer_online(life.printer));
    assert_true(printer_settled(life.printer));
    assert_string_equal(printer_memory(life.printer)->serial, "S1");
    assert_string_equal(life_value(&life, "state"), "idle");
    life_close(&life);
}

static void a_settled_printer_costs_one_request_per_poll(void **state)
{
    struct world life;
    int before;

    (void)state;
    life_open(&life, NULL);
    life_run(&life, 1000);
    before = life.sent_count;
    life_run(&life, 50000); /* idle: every 5 s */
    assert_in_range(life.sent_count - before, 9, 11);
    life_close(&life);
}

static void it_polls_faster_while_it_prints(void **state)
{
    struct world life;
    int before;

    (void)state;
    life_open(&life, NULL);
    life.far.state = "PRINTING";
    life.far.job = 7;
    life_run(&life, 1000);
    before = life.sent_count;
    life_run(&life, 20000);
    assert_in_range(life.sent_count - before, 9, 11);
    life_close(&life);
}

/* Whatever holds the bridge up: the printer keeps its place among the others,
 * and is not asked again and again for what was left out. */
static void late_polls_do_not_shift_the_next(void **state)
{
    struct world life;
    int before;

    (void)state;
    life_open(&life, NULL);
    life_run(&life, 21000); /* idle: at 0, 5, 10, 15, 20 */
    assert_int_equal(life.now.ms + 4000, printer_wake(life.printer));
    life.now.ms += 4015; /* a timer that is late */
    life_run(&life, 0);
    assert_int_equal(life.now.ms + 4985, printer_wake(life.printer));
    life.now.ms += 4985 + 8000;
    before = life_sent(&life, "/api/v1/status");
    life_run(&life, 0);
    assert_int_equal(life_sent(&life, "/api/v1/status"), before + 1);
    assert_int_equal(life.now.ms + 2000, printer_wake(life.printer));
    life_close(&life);
}

static void a_poll_each_second_is_never_late(void **state)
{
    struct world life;
    int64_t due;
    int i;

    (void)state;
    life_open(&life, NULL);
    life.config.poll_idle_ms = 1000;
    life_run(&life, 5500);
    due = printer_wake(life.printer);
    for (i = 0; i < 100; i++) {
        assert_int_equal(printer_wake(life.printer), due + i * 1000);
        life.now.ms = due + i * 1000 + i % 15;
        life_run(&life, 0);
    }
    life_close(&life);
}

static void now_paused(struct far_side *far)
{
    far->state = "PAUSED";
}

/* It would fall out of step with the printers that are polled beside it. */
static void a_look_for_an_order_does_not_put_off_the_next_poll(void **state)
{
    struct world life;
    int64_t due;
    int before;

    (void)state;
    life_open(&life, NULL);
    life.config.poll_printing_ms = 1000;
    life.far.state = "PRINTING";
    life.far.job = 7;
    life.far.on_order = now_paused;
    life_run(&life, 9400);
    due = printer_wake(life.printer);
    before = life_sent(&life, "/api/v1/status");
    life_order(&life, "pause", "PRESS");
    life_run(&life, due - life.now.ms - 1);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    assert_int_equal(life_sent(&life, "/api/v1/status"), before + 1);
    assert_int_equal(printer_wake(life.printer), due);
    life_run(&life, 4001); /* at once, and each second */
    assert_int_equal(life_sent(&life, "/api/v1/status"), before + 6);
    life_close(&life);
}

static void one_missed_poll_is_not_offline(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life_run(&life, 1000);
    life.far.result = HTTP_TIMEOUT;
    life_run(&life, 4500);
    assert_true(printer_online(life.printer));
    life.far.result = HTTP_ANSWERED;
    life_run(&life, 2000); /* the second try follows within 2 s */
    assert_true(printer_online(life.printer));
    assert_string_equal(life_value(&life, "state"), "idle");
    assert_string_equal(life_value(&life, "poll/failures"), "0");
    life_close(&life);
}

static void nor_is_it_a_trouble(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life_run(&life, 1000);
    life.far.result = HTTP_TIMEOUT;
    life_run(&life, 4500);
    assert_int_equal(printer_trouble(life.printer), TROUBLE_NONE);
    assert_string_equal(printer_error(life.printer), "");
    life_run(&life, 1500);
    assert_int_equal(printer_trouble(life.printer), TROUBLE_TIMEOUT);
    assert_string_equal(printer_error(life.printer), "no luck");
    life_close(&life);
}

static void two_missed_polls_are_and_what_only_it_knows_is_absent(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life_run(&life, 1000);
    life.far.result = HTTP_UNREACHABLE;
    life_run(&life, 7000);
    assert_false(printer_online(life.printer));
    assert_string_equal(life_value(&life, "state"), "None");
    assert_string_equal(life_value(&life, "nozzle/temperature"), "None");
    assert_string_equal(life_value(&life, "info/serial"), "S1");
    assert_string_equal(life_value(&life, "poll/error"), "no luck");
    life_close(&life);
}

static void off_it_is_asked_ever_more_seldom_and_logged_once(void **state)
{
    struct world life;
    int before, lines;

    (void)state;
    life_open(&life, NULL);
    life.far.result = HTTP_UNREACHABLE;
    life_run(&life, 10000);
    lines = life.log_count;
    life_run(&life, 90000);
    before = life.sent_count;
    life_run(&life, 120000);
    assert_in_range(life.sent_count - before, 1, 3);
    assert_int_equal(life.log_count, lines);
    life_close(&life);
}

/* Whether the network says that nobody is there, or says nothing in time, is
 * chance. */
static void nor_is_it_news_how_nobody_answers(void **state)
{
    struct world life;
    int i, lines;

    (void)state;
    life_open(&life, NULL);
    life.far.result = HTTP_UNREACHABLE;
    life_run(&life, 10000);
    lines = life.log_count;
    for (i = 0; i < 10; i++) {
        life.far.result = i % 2 ? HTTP_UNREACHABLE : HTTP_TIMEOUT;
        life_run(&life, 60000);
    }
    assert_int_equal(life.log_count, lines);
    life_close(&life);
}

static void a_wrong_password_is_offline_at_once_for_a_minute(void **state)
{
    struct world life;
    int before;

    (void)state;
    life_open(&life, NULL);
    life.far.status_code = 401;
    life_run(&life, 100);
    assert_false(printer_online(life.printer));
    assert_true(printer_judged(life.printer));
    assert_int_equal(printer_trouble(life.printer), TROUBLE_AUTH);
    assert_non_null(strstr(printer_remedy(life.printer), "password"));
    before = life.sent_count;
    life_run(&life, 50000);
    assert_int_equal(life.sent_count, before);
    life.far.status_code = 0;
    life_run(&life, 15000);
    assert_true(printer_online(life.printer));
    life_close(&life);
}

static void another_serial_at_the_address_is_not_believed(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life_run(&life, 1000);
    life.far.result = HTTP_UNREACHABLE;
    life_run(&life, 10000);
    life.far.result = HTTP_ANSWERED;
    life.far.serial = "S2";
    life.far.state = "PRINTING";
    life_run(&life, 30000);
    assert_false(printer_online(life.printer));
    assert_int_equal(printer_trouble(life.printer), TROUBLE_WRONG_PRINTER);
    assert_string_equal(life_value(&life, "state"), "None");
    assert_string_equal(life_value(&life, "info/serial"), "S1");
    printer_forget(life.printer, life.now);
    life_run(&life, 1000);
    assert_true(printer_online(life.printer));
    assert_string_equal(life_value(&life, "info/serial"), "S2");
    life_close(&life);
}

/* It may be another one by now; but some ask each time. */
static void
one_that_challenges_us_tells_its_serial_before_it_is_believed(void **state)
{
    struct world life;
    int before, status;

    (void)state;
    life_open(&life, NULL);
    life_run(&life, 1000);
    life.far.challenges = true;
    life.far.state = "PAUSED";
    before = life_sent(&life, "/api/v1/info");
    status = life_sent(&life, "/api/v1/status");
    life_run(&life, 5000);
    assert_int_equal(life_sent(&life, "/api/v1/info"), before + 1);
    assert_int_equal(life_sent(&life, "/api/v1/status"), status + 2);
    assert_string_equal(life_value(&life, "state"), "paused");
    life.far.serial = "S2";
    life.far.state = "PRINTING";
    life_run(&life, 5000);
    assert_false(printer_online(life.printer));
    assert_string_equal(life_value(&life, "state"), "None");
    life_close(&life);
}

static void a_remembered_serial_counts_after_a_restart(void **state)
{
    const struct printer_memory memory = {.serial = "S0"};
    struct world life;

    (void)state;
    life_open(&life, &memory);
    life_run(&life, 1000);
    assert_false(printer_online(life.printer));
    assert_int_equal(life_sent(&life, "/api/v1/status"), 0);
    life_close(&life);
}

/* It names the device also while the printer is off. */
static void its_name_is_remembered(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life.far.name = "Berta";
    life_run(&life, 1000);
    assert_string_equal(printer_memory(life.printer)->name, "Berta");
    assert_true(printer_memory(life.printer)->changed);
    life_close(&life);
}

static void what_was_learned_is_true_of_one_firmware(void **state)
{
    static const uint64_t learned = UINT64_C(1) << COMMAND_CONTINUE;
    struct world life;
    struct printer_memory memory = {.learned = learned};

    (void)state;
    memory.firmware = memory_text("6.2.0");
    life_open(&life, &memory);
    life.far.firmware = "6.2.0";
    life_run(&life, 1500);
    assert_true(printer_memory(life.printer)->learned == learned);
    life.far.firmware = "6.3.0";
    life_run(&life, 2 * 3600 * 1000);
    assert_string_equal(printer_memory(life.printer)->firmware, "6.3.0");
    assert_true(printer_memory(life.printer)->learned == 0);
    life_close(&life);
}

static void storages_that_are_too_many_are_told_once(void **state)
{
    struct buffer list = {0};
    struct world life;
    int i, told = 0;

    (void)state;
    for (i = 0; i <= INSTANCES_STORAGE; i++)
        (void)buffer_format(&list,
                            "%s{\"path\":\"/s%d\",\"type\":\"LOCAL\","
                            "\"available\":true}",
                            i ? "," : "", i);
    life_open(&life, NULL);
    life.far.storages = buffer_text(&list);
    life_run(&life, 300000);
    for (i = 0; i < life.log_count; i++)
        told += strstr(life.log[i], "storages; the rest is left out") != NULL;
    assert_int_equal(told, 1);
    life_close(&life);
    buffer_release(&list);
}

/* What can be ordered and what is reported is learned anew first: a document
 * made before would take most entities away. */
static void forgotten_it_is_not_settled_until_all_is_read_again(void **state)
{
    struct world life;
    int before;

    (void)state;
    life_open(&life, NULL);
    life_run(&life, 1500);
    assert_true(printer_settled(life.printer));
    before = life_sent(&life, "/api/version");
    printer_forget(life.printer, life.now);
    assert_false(printer_settled(life.printer));
    life_run(&life, 1500);
    assert_true(printer_settled(life.printer));
    assert_int_equal(life_sent(&life, "/api/version"), before + 1);
    assert_string_equal(printer_memory(life.printer)->serial, "S1");
    life_close(&life);
}

static void two_minutes_without_a_serial_are_a_trouble_that_stays(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life.far.serial = NULL;
    life_run(&life, 118000);
    assert_int_equal(printer_trouble(life.printer), TROUBLE_NONE);
    life_run(&life, 10000);
    assert_int_equal(printer_trouble(life.printer), TROUBLE_NO_SERIAL);
    assert_non_null(strstr(printer_remedy(life.printer), "unique_id"));
    life_run(&life, 100000);
    assert_int_equal(printer_trouble(life.printer), TROUBLE_NO_SERIAL);
    life.far.serial = "S1";
    life_run(&life, 20000);
    assert_int_equal(printer_trouble(life.printer), TROUBLE_NONE);
    life_close(&life);
}

static void but_not_where_a_unique_id_stands_for_it(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life.config.unique_id = memory_text("mine");
    life.far.serial = NULL;
    life_run(&life, 200000);
    assert_int_equal(printer_trouble(life.printer), TROUBLE_NONE);
    free(life.config.unique_id);
    life_close(&life);
}

static void the_job_is_read_until_it_agrees_with_the_status(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life_run(&life, 1000);
    life.far.state = "PRINTING";
    life.far.job = 8;
    life.far.job_name_id = 7; /* the two are separate reads */
    life_run(&life, 5000);
    life.far.job_name_id = 0;
    life_run(&life, 5000);
    assert_string_equal(life_value(&life, "job/name"), "box8.gcode");
    life_close(&life);
}

/* A Raspberry Pi learns the time after it began. */
static void a_clock_that_is_set_moves_the_start_of_a_print(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life.now.wall = 1000000000;
    life.far.state = "PRINTING";
    life.far.job = 8;
    life.far.printing = 600;
    life_run(&life, 1000);
    assert_string_equal(life_value(&life, "job/started_at"),
                        "2001-09-09T01:36:40+00:00");
    life.now.wall += 800000000;
    life.far.printing = 606;
    life_run(&life, 6000);
    assert_string_equal(life_value(&life, "job/started_at"),
                        "2027-01-15T07:50:00+00:00");
    life_close(&life);
}

static void the_start_of_a_print_stays_through_a_pause(void **state)
{
    struct world life;
    char start[VALUE_FORMAT_MAX];

    (void)state;
    life_open(&life, NULL);
    life.far.state = "PRINTING";
    life.far.job = 8;
    life.far.printing = 600;
    life.far.remaining = 1200;
    life_run(&life, 1000);
    (void)snprintf(start, sizeof start, "%s",
                   life_value(&life, "job/started_at"));
    assert_string_not_equal(start, "None");
    life.far.state = "PAUSED";
    life_run(&life, 600000);
    assert_string_equal(life_value(&life, "job/started_at"), start);
    life.far.state = "ATTENTION";
    life_run(&life, 10000);
    assert_string_equal(life_value(&life, "job/finishes_at"), "None");
    life_close(&life);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_contact_asks_who_it_is_before_how_it_is),
        cmocka_unit_test(a_settled_printer_costs_one_request_per_poll),
        cmocka_unit_test(it_polls_faster_while_it_prints),
        cmocka_unit_test(late_polls_do_not_shift_the_next),
        cmocka_unit_test(a_poll_each_second_is_never_late),
        cmocka_unit_test(a_look_for_an_order_does_not_put_off_the_next_poll),
        cmocka_unit_test(one_missed_poll_is_not_offline),
        cmocka_unit_test(nor_is_it_a_trouble),
        cmocka_unit_test(two_missed_polls_are_and_what_only_it_knows_is_absent),
        cmocka_unit_test(off_it_is_asked_ever_more_seldom_and_logged_once),
        cmocka_unit_test(nor_is_it_news_how_nobody_answers),
        cmocka_unit_test(a_wrong_password_is_offline_at_once_for_a_minute),
        cmocka_unit_test(another_serial_at_the_address_is_not_believed),
        cmocka_unit_test(
            one_that_challenges_us_tells_its_serial_before_it_is_believed),
        cmocka_unit_test(a_remembered_serial_counts_after_a_restart),
        cmocka_unit_test(its_name_is_remembered),
        cmocka_unit_test(what_was_learned_is_true_of_one_firmware),
        cmocka_unit_test(storages_that_are_too_many_are_told_once),
        cmocka_unit_test(forgotten_it_is_not_settled_until_all_is_read_again),
        cmocka_unit_test(two_minutes_without_a_serial_are_a_trouble_that_stays),
        cmocka_unit_test(but_not_where_a_unique_id_stands_for_it),
        cmocka_unit_test(the_job_is_read_until_it_agrees_with_the_status),
        cmocka_unit_test(a_clock_that_is_set_moves_the_start_of_a_print),
        cmocka_unit_test(the_start_of_a_print_stays_through_a_pause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
