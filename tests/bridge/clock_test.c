/* Somebody sets the clock in the middle of a print: forward, back, to 1970 and
 * from there. Intervals and time-outs go on, what people read moves along once,
 * nothing happened to the job, and orders stay bound to their senders' limits.
 */
#include "life.h"

#define HOUR INT64_C(3600)

static const struct jump {
    const char *name;
    int64_t before, after; /* seconds since 1970 when the jump comes */
} jumps[] = {
    {"an hour forward", 1800000000, 1800000000 + HOUR},
    {"an hour back", 1800000000, 1800000000 - HOUR},
    {"to 1970", 1800000000, 60},
    {"from 1970, as a Pi without network starts", 60, 1800000000},
};

#define JUMPS (sizeof jumps / sizeof *jumps)

/* A print that began 50 s ago is known for 10 s. */
static void open_printing(struct world *life, const struct jump *jump)
{
    life_open(life, NULL);
    life->now.wall = jump->before - 10;
    /* the clock of a machine that started in 1970 equals its uptime */
    life->now.ms = (jump->before < HOUR ? life->now.wall : 1000) * 1000;
    life->far.state = "PRINTING";
    life->far.job = 7;
    life->far.printing = 40;
    life->far.remaining = 960;
    life_run(life, 10000);
    life->far.printing = 50;
    life->far.remaining = 950;
    life_run(life, 2000);
}

static void set_clock(struct world *life, const struct jump *jump)
{
    life->now.wall += jump->after - jump->before;
}

static void expect_near(const struct world *life, const char *key, int64_t at)
{
    char wanted[11][VALUE_FORMAT_MAX];
    const char *is = life_value(life, key);
    bool near = false;
    int i;

    for (i = 0; i < 11; i++) {
        value_format_time(at + i - 5, wanted[i]);
        near = near || strcmp(is, wanted[i]) == 0;
    }
    if (!near)
        fail_msg("%s is %s, not %s", key, is, wanted[5]);
}

static void times_move_along_once_and_stay(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < JUMPS; i++) {
        struct world life;
        int round;

        open_printing(&life, &jumps[i]);
        set_clock(&life, &jumps[i]);
        for (round = 0; round < 5; round++) {
            life_run(&life, 2000);
            life.far.printing += 2;
            life.far.remaining -= 2;
            if (jumps[i].after > HOUR)
                expect_near(&life, "job/started_at", jumps[i].after - 50);
            expect_near(&life, "job/finishes_at", jumps[i].after + 950);
        }
        expect_near(&life, "poll/last_success", life.now.wall);
        life_close(&life);
    }
}

/* No time before the first one that the clock can have told. */
static void nothing_began_before_1970(void **state)
{
    struct world life;

    (void)state;
    open_printing(&life, &jumps[2]);
    life.far.printing = 5000;
    life_run(&life, 2000);
    set_clock(&life, &jumps[2]);
    life_run(&life, 4000);
    assert_string_equal(life_value(&life, "job/started_at"), "None");
    life_close(&life);
}

static void nothing_happened_to_the_job(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < JUMPS; i++) {
        struct world life;

        open_printing(&life, &jumps[i]);
        set_clock(&life, &jumps[i]);
        life_run(&life, 10000);
        assert_int_equal(life.event_count, 0);
        assert_true(printer_online(life.printer));
        assert_string_equal(life_value(&life, "state"), "printing");
        life.far.state = "FINISHED";
        life.far.job = 0;
        life_run(&life, 4000);
        assert_int_equal(life.event_count, 1);
        assert_int_equal(life.events[0], EVENT_FINISHED);
        assert_string_equal(life_value(&life, "last_job/result"), "finished");
        life_close(&life);
    }
}

/* The jump comes between the last look at the print and its end: how long it
 * took is what the printer said, not what the clock did. */
static void an_end_during_the_jump_has_a_sane_duration(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < JUMPS; i++) {
        struct world life;
        int duration;

        open_printing(&life, &jumps[i]);
        set_clock(&life, &jumps[i]);
        life.far.state = "FINISHED";
        life.far.job = 0;
        life_run(&life, 4000);
        duration =
            (int)strtol(life_value(&life, "last_job/duration"), NULL, 10);
        assert_in_range(duration, 50, 60);
        life_close(&life);
    }
}

static void polls_keep_their_pace(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < JUMPS; i++) {
        struct world life;
        int before;

        open_printing(&life, &jumps[i]);
        before = life.sent_count;
        set_clock(&life, &jumps[i]);
        life_run(&life, 20000);
        assert_in_range(life.sent_count - before, 9, 12);
        life_close(&life);
    }
}

/* An order that waits for its effect has its minute on the other clock. */
static void orders_keep_their_limits(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < JUMPS; i++) {
        struct world life;

        open_printing(&life, &jumps[i]);
        life_order(&life, "pause", "PRESS");
        life_run(&life, 1000);
        set_clock(&life, &jumps[i]);
        life_run(&life, 40000);
        assert_int_equal(life_answers(&life, "pause"), 1); /* accepted */
        life_run(&life, 25000);
        assert_int_equal(life_answers(&life, "pause"), 2);
        assert_int_equal(life_answer(&life)->code, ORDER_TIMEOUT);
        assert_in_range(life_answer(&life)->took_ms, 59000, 66000);
        life_close(&life);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_move_along_once_and_stay),
        cmocka_unit_test(nothing_began_before_1970),
        cmocka_unit_test(nothing_happened_to_the_job),
        cmocka_unit_test(an_end_during_the_jump_has_a_sane_duration),
        cmocka_unit_test(polls_keep_their_pace),
        cmocka_unit_test(orders_keep_their_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
