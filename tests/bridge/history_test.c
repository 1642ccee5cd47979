/* What is told and kept of jobs over gaps, restarts, and printers that are
 * exchanged. */
#include "life.h"

/* The bridge starts again. */
static void restart(struct world *life)
{
    struct printer_memory memory = *printer_memory(life->printer);
    const struct far_side far = life->far;
    const struct moment now = life->now;

    *printer_memory(life->printer) = (struct printer_memory){.changed = false};
    life_close(life);
    life_open(life, &memory);
    life->far = far;
    life->now = now;
}

static void gap(struct world *life, int64_t ms)
{
    life->far.result = HTTP_UNREACHABLE;
    life_run(life, ms);
    assert_false(printer_online(life->printer));
    life->far.result = HTTP_ANSWERED;
}

static void print(struct world *life, int job, int printing)
{
    life->far.state = "PRINTING";
    life->far.job = job;
    life->far.printing = printing;
}

static void assert_last_event(const struct world *life, enum event event,
                              const char *file)
{
    assert_true(life->event_count > 0);
    assert_int_equal(life->events[life->event_count - 1], event);
    assert_string_equal(life->event_files[life->event_count - 1], file);
}

static void a_print_begun_in_a_gap_is_told_with_its_name(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life_run(&life, 10000);
    gap(&life, 20000);
    print(&life, 8, 600);
    life_run(&life, 70000);
    assert_last_event(&life, EVENT_STARTED, "box8.gcode");
    life_close(&life);
}

static void also_one_begun_while_the_bridge_was_away(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life_run(&life, 10000);
    restart(&life);
    print(&life, 8, 600);
    life_run(&life, 10000);
    assert_last_event(&life, EVENT_STARTED, "box8.gcode");
    life_close(&life);
}

/* Its poll interval is as long as an event waits for a name, or longer. */
static void nor_is_a_print_nameless_that_is_seldom_looked_at(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life.config.poll_idle_ms = 5010;
    life_run(&life, 11000);
    print(&life, 8, 0);
    life_run(&life, 10000);
    assert_last_event(&life, EVENT_STARTED, "box8.gcode");
    life_close(&life);
}

/* A pause before it makes now - time_printing later than it was. */
static void the_start_of_a_print_outlives_a_restart(void **state)
{
    struct world life;
    char start[VALUE_FORMAT_MAX];

    (void)state;
    life_open(&life, NULL);
    print(&life, 8, 600);
    life_run(&life, 1000);
    (void)snprintf(start, sizeof start, "%s",
                   life_value(&life, "job/started_at"));
    life.far.state = "PAUSED";
    life_run(&life, 600000);
    restart(&life);
    life_run(&life, 10000);
    assert_string_equal(life_value(&life, "job/started_at"), start);
    life_close(&life);
}

static void another_printer_has_no_last_job(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    print(&life, 8, 600);
    life_run(&life, 10000);
    life.far.state = "FINISHED";
    life.far.job = 0;
    life_run(&life, 10000);
    assert_string_equal(life_value(&life, "last_job/result"), "finished");
    life.far.serial = "S2";
    printer_forget(life.printer, life.now);
    life_run(&life, 10000);
    assert_true(printer_online(life.printer));
    assert_string_equal(life_value(&life, "last_job/id"), "None");
    assert_string_equal(life_value(&life, "last_job/result"), "None");
    life_close(&life);
}

static bool was_told(const struct world *life, enum event event)
{
    int i;

    for (i = 0; i < life->event_count; i++)
        if (life->events[i] == event)
            return true;
    return false;
}

static void pause(struct world *life)
{
    life_open(life, NULL);
    life_run(life, 5000);
    print(life, 8, 600);
    life_run(life, 10000);
    life->far.printing = 610;
    life_run(life, 4000);
    life->far.state = "PAUSED";
    life_run(life, 60000);
    assert_last_event(life, EVENT_PAUSED, "box8.gcode");
}

/* A Buddy says PRINTING while it aborts. */
static void what_is_aborted_was_not_resumed(void **state)
{
    struct world life;

    (void)state;
    pause(&life);
    life.far.state = "PRINTING";
    life_run(&life, 120000);
    life.far.state = "STOPPED";
    life.far.job = 0;
    life_run(&life, 5000);
    assert_false(was_told(&life, EVENT_RESUMED));
    assert_last_event(&life, EVENT_CANCELLED, "box8.gcode");
    assert_string_equal(life_value(&life, "last_job/duration"), "610");
    assert_string_not_equal(life_value(&life, "last_job/ended_at"), "None");
    life_close(&life);
}

/* A firmware may tell no time. */
static void what_is_not_aborted_by_now_was_resumed(void **state)
{
    struct world life;

    (void)state;
    pause(&life);
    life.far.state = "PRINTING";
    life_run(&life, 170000);
    assert_false(was_told(&life, EVENT_RESUMED));
    life_run(&life, 20000);
    assert_true(was_told(&life, EVENT_RESUMED));
    life_close(&life);
}

static void when_an_abort_ended_in_a_gap_is_not_known(void **state)
{
    struct world life;

    (void)state;
    pause(&life);
    life.far.state = "PRINTING";
    life_run(&life, 10000);
    gap(&life, 120000);
    life.far.state = "STOPPED";
    life.far.job = 0;
    life_run(&life, 70000);
    assert_last_event(&life, EVENT_CANCELLED, "box8.gcode");
    assert_string_equal(life_value(&life, "last_job/ended_at"), "None");
    life_close(&life);
}

static void what_goes_on_was(void **state)
{
    struct world life;

    (void)state;
    pause(&life);
    life.far.state = "PRINTING";
    life.far.printing = 611;
    life_run(&life, 2000);
    assert_last_event(&life, EVENT_RESUMED, "box8.gcode");
    life_close(&life);
}

static void ask(struct world *life)
{
    life_open(life, NULL);
    life_run(life, 5000);
    print(life, 8, 3537); /* of the job before */
    life->far.state = "ATTENTION";
    life_run(life, 10000);
    assert_last_event(life, EVENT_ATTENTION, "box8.gcode");
}

static void what_is_given_up_at_the_questions_never_started(void **state)
{
    struct world life;

    (void)state;
    ask(&life);
    life.far.state = "PRINTING";
    life_run(&life, 5000);
    life.far.state = "IDLE";
    life.far.job = 0;
    life_run(&life, 5000);
    assert_int_equal(life.event_count, 1);
    assert_string_equal(life_value(&life, "last_job/id"), "None");
    life_close(&life);
}

static void what_is_answered_starts(void **state)
{
    struct world life;

    (void)state;
    ask(&life);
    life.far.state = "PRINTING";
    life.far.printing = 0;
    life_run(&life, 2000);
    assert_last_event(&life, EVENT_STARTED, "box8.gcode");
    life_close(&life);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_print_begun_in_a_gap_is_told_with_its_name),
        cmocka_unit_test(also_one_begun_while_the_bridge_was_away),
        cmocka_unit_test(nor_is_a_print_nameless_that_is_seldom_looked_at),
        cmocka_unit_test(the_start_of_a_print_outlives_a_restart),
        cmocka_unit_test(another_printer_has_no_last_job),
        cmocka_unit_test(what_is_aborted_was_not_resumed),
        cmocka_unit_test(what_is_not_aborted_by_now_was_resumed),
        cmocka_unit_test(when_an_abort_ended_in_a_gap_is_not_known),
        cmocka_unit_test(what_goes_on_was),
        cmocka_unit_test(what_is_given_up_at_the_questions_never_started),
        cmocka_unit_test(what_is_answered_starts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
