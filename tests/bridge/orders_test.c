/* Orders: who may, one at a time, sent once, answered always. */
#include "life.h"

static void now_paused(struct far_side *far)
{
    far->state = "PAUSED";
}

static void now_stopped(struct far_side *far)
{
    far->state = "STOPPED";
    far->job = 0;
}

static void printing(struct world *life)
{
    life_open(life, NULL);
    life->far.state = "PRINTING";
    life->far.job = 129;
    life_run(life, 1000);
}

static void pause_is_accepted_then_done_when_it_shows(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life_order(&life, "pause", "PRESS");
    assert_int_equal(life_answer(&life)->status, ORDER_ACCEPTED);
    assert_int_equal(life_sent(&life, "/api/v1/job/129/pause"), 1);
    life_run(&life, 5000);
    assert_int_equal(life_answers(&life, "pause"), 1);
    life.far.state = "PAUSED";
    life_run(&life, 1100);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    assert_int_equal(life_answer(&life)->state_after, STATE_PAUSED);
    assert_int_equal(life_answers(&life, "pause"), 2);
    life_close(&life);
}

static void answer_final_leaves_the_first_one_out(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life.far.on_order = now_paused;
    life_order(&life, "pause", "{\"answer\":\"final\"}");
    life_run(&life, 2000);
    assert_int_equal(life_answers(&life, "pause"), 1);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    life_close(&life);
}

static void no_effect_within_the_limit_is_a_timeout(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life_order(&life, "pause", "PRESS");
    life_run(&life, 61000);
    assert_int_equal(life_answer(&life)->code, ORDER_TIMEOUT);
    life_close(&life);
}

static void a_status_older_than_a_second_is_read_again_first(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life_run(&life, 1900);
    life.far.job = 130; /* the next print began, nobody saw it yet */
    life_order(&life, "cancel", "PRESS");
    assert_int_equal(life_answer(&life)->code, ORDER_WRONG_JOB);
    assert_int_equal(life_sent(&life, "/api/v1/job/1"), 0);
    life_close(&life);
}

static void an_order_for_another_job_is_refused(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life_order(&life, "pause", "{\"job_id\":128}");
    assert_int_equal(life_answer(&life)->code, ORDER_WRONG_JOB);
    life_order(&life, "pause", "{\"job_id\":129}");
    assert_int_equal(life_answer(&life)->status, ORDER_ACCEPTED);
    life_close(&life);
}

static void what_the_state_forbids_is_a_conflict_that_explains(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life_order(&life, "resume", "PRESS");
    assert_int_equal(life_answer(&life)->code, ORDER_CONFLICT);
    assert_non_null(strstr(life_answer(&life)->message, "paused"));
    assert_non_null(strstr(life_answer(&life)->message, "printing"));
    life_close(&life);
}

static void a_challenge_repeats_it_only_after_serial_and_job(void **state)
{
    struct world life;
    int before;

    (void)state;
    printing(&life);
    life.far.order_code = 401;
    before = life_sent(&life, "/api/v1/info");
    life_order(&life, "pause", "PRESS");
    assert_int_equal(life_sent(&life, "/api/v1/info"), before + 2);
    assert_int_equal(life_sent(&life, "/api/v1/job/129/pause"), 3);
    assert_int_equal(life_answer(&life)->code, ORDER_AUTH);
    life_close(&life);
}

static void a_lost_answer_is_never_followed_by_a_second_order(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life.far.on_order = now_paused;
    life.far.order_lost = true;
    life_order(&life, "pause", "PRESS");
    life_run(&life, 2000);
    assert_int_equal(life_sent(&life, "/api/v1/job/129/pause"), 1);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    life_close(&life);
}

static void a_request_that_never_left_is_tried_again(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life.far.order_result = HTTP_UNREACHABLE;
    life_order(&life, "pause", "PRESS");
    assert_int_equal(life_sent(&life, "/api/v1/job/129/pause"), 3);
    assert_int_equal(life_answer(&life)->code, ORDER_OFFLINE);
    life_close(&life);
}

static void cancel_overtakes_what_waits(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life_order(&life, "pause", "PRESS");
    life_order(&life, "pause", "PRESS");
    life.far.on_order = now_stopped;
    life_order(&life, "cancel", "PRESS");
    life_run(&life, 2000);
    assert_int_equal(life.answers[1].code, ORDER_SUPERSEDED);
    assert_int_equal(life.answers[2].code, ORDER_SUPERSEDED);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    assert_int_equal(life_answers(&life, "cancel"), 2);
    life_close(&life);
}

static void a_flood_cannot_grow_the_queue(void **state)
{
    struct world life;
    int i;

    (void)state;
    printing(&life);
    for (i = 0; i < 30; i++)
        life_order(&life, "pause", "PRESS");
    assert_int_equal(life_answer(&life)->code, ORDER_QUEUE_FULL);
    life_run(&life, 700000);
    assert_int_equal(life_answers(&life, "pause"), 30 + 9);
    life_close(&life);
}

static void a_repeated_key_gets_the_first_answer_again(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life_order(&life, "pause", "{\"idempotency_key\":\"a\"}");
    life_order(&life, "pause", "{\"idempotency_key\":\"a\"}");
    life.far.state = "PAUSED";
    life_run(&life, 2000);
    assert_int_equal(life_answers(&life, "pause"), 3); /* accepted, 2 done */
    life_order(&life, "pause", "{\"idempotency_key\":\"a\"}");
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    assert_int_equal(life_sent(&life, "/api/v1/job/129/pause"), 1);
    life_close(&life);
}

/* Whatever comes with a key that is not answered yet is a repeat. */
static void a_flood_of_repeats_is_not_carried_out(void **state)
{
    struct world life;
    int i;

    (void)state;
    printing(&life);
    for (i = 0; i < 12; i++)
        life_order(&life, "pause", "{\"idempotency_key\":\"a\"}");
    assert_int_equal(life_answer(&life)->code, ORDER_QUEUE_FULL);
    life.far.state = "PAUSED";
    life_run(&life, 5000);
    assert_int_equal(life_sent(&life, "/api/v1/job/129/pause"), 1);
    assert_int_equal(life_answers(&life, "pause"), 12 + 1);
    life_order(&life, "pause", "{\"idempotency_key\":\"a\"}");
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    life_close(&life);
}

static void a_repeat_that_is_too_late_gets_the_first_answer_too(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life_order(&life, "pause", "{\"idempotency_key\":\"a\"}");
    life_order(&life, "pause", "{\"idempotency_key\":\"a\",\"expires\":1}");
    life_order(&life, "pause", "{\"idempotency_key\":\"a\",\"nonsense\":1}");
    assert_int_equal(life_answers(&life, "pause"), 1); /* accepted */
    life.far.state = "PAUSED";
    life_run(&life, 2000);
    assert_int_equal(life_answers(&life, "pause"), 4);
    assert_int_equal(life.answers[2].status, ORDER_DONE);
    assert_int_equal(life.answers[3].status, ORDER_DONE);
    life_close(&life);
}

/* It waits for a printer that missed a poll; then it is too late. */
static void an_order_may_expire_before_it_is_sent(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life.far.result = HTTP_TIMEOUT;
    life_run(&life, 1500);
    assert_true(printer_online(life.printer));
    life_order(&life, "pause", "{\"expires\":1800000003}");
    life.now.wall += 10;
    life.far.result = HTTP_ANSWERED;
    life_run(&life, 2000);
    assert_int_equal(life_answer(&life)->code, ORDER_EXPIRED);
    assert_int_equal(life_sent(&life, "/api/v1/job/129/pause"), 0);
    life_close(&life);
}

/* Nobody who saw an idle printer meant the print that began since. */
static void cancel_does_not_hit_a_job_that_nobody_saw(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life_run(&life, 3000);
    life.far.state = "PRINTING";
    life.far.job = 130;
    life_order(&life, "cancel", "PRESS");
    assert_int_equal(life_answer(&life)->code, ORDER_WRONG_JOB);
    assert_int_equal(life_sent(&life, "/api/v1/job/130"), 0);
    life_order(&life, "cancel", "{\"job_id\":130}");
    assert_int_equal(life_answer(&life)->status, ORDER_ACCEPTED);
    life_close(&life);
}

static void offline_it_is_refused_at_once_but_refresh_tries(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life.far.result = HTTP_UNREACHABLE;
    life_run(&life, 5000);
    life_order(&life, "pause", "PRESS");
    assert_int_equal(life_answer(&life)->code, ORDER_OFFLINE);
    life.far.result = HTTP_ANSWERED;
    life_order(&life, "refresh", "PRESS");
    life_run(&life, 100);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    assert_true(printer_online(life.printer));
    life_close(&life);
}

static void read_only_and_disabled_are_not_allowed(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life.config.read_only = true;
    life_order(&life, "pause", "PRESS");
    assert_int_equal(life_answer(&life)->code, ORDER_NOT_ALLOWED);
    assert_false(printer_can(life.printer) >> COMMAND_PAUSE & 1);
    life.config.read_only = false;
    life.config.command_disabled[COMMAND_PAUSE] = true;
    life_order(&life, "pause", "PRESS");
    assert_int_equal(life_answer(&life)->code, ORDER_NOT_ALLOWED);
    assert_int_equal(life_sent(&life, "/api/v1/job/129/pause"), 0);
    life_close(&life);
}

static void an_unknown_command_is_answered(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life_order(&life, "explode", "PRESS");
    assert_int_equal(life_answer(&life)->code, ORDER_NOT_SUPPORTED);
    life_close(&life);
}

static void a_stored_file_is_printed_by_its_encoded_path(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life_run(&life, 1000);
    life_order(&life, "print", "/usb/a b%+.gcode");
    assert_int_equal(life_sent(&life, "/api/v1/files/usb/a%20b%25%2B.gcode"),
                     1);
    life.far.state = "PRINTING";
    life.far.job = 130;
    life_run(&life, 2000);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    life_close(&life);
}

static void set_poll_interval_takes_effect_at_once(void **state)
{
    struct world life;
    int before;

    (void)state;
    life_open(&life, NULL);
    life_run(&life, 1000);
    life_order(&life, "set_poll_interval", "1");
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    before = life.sent_count;
    life_run(&life, 10000);
    assert_in_range(life.sent_count - before, 9, 12);
    life_close(&life);
}

static void whoever_waits_when_the_bridge_stops_is_answered(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life_order(&life, "pause", "PRESS");
    life_order(&life, "pause", "PRESS");
    printer_stop(life.printer, life.now);
    assert_int_equal(life_answers(&life, "pause"), 3);
    assert_null(strstr(life.answers[1].message, "may still act"));
    assert_int_equal(life_answer(&life)->code, ORDER_OFFLINE);
    assert_non_null(strstr(life_answer(&life)->message, "may still act"));
    life_close(&life);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pause_is_accepted_then_done_when_it_shows),
        cmocka_unit_test(answer_final_leaves_the_first_one_out),
        cmocka_unit_test(no_effect_within_the_limit_is_a_timeout),
        cmocka_unit_test(a_status_older_than_a_second_is_read_again_first),
        cmocka_unit_test(an_order_for_another_job_is_refused),
        cmocka_unit_test(what_the_state_forbids_is_a_conflict_that_explains),
        cmocka_unit_test(a_challenge_repeats_it_only_after_serial_and_job),
        cmocka_unit_test(a_lost_answer_is_never_followed_by_a_second_order),
        cmocka_unit_test(a_request_that_never_left_is_tried_again),
        cmocka_unit_test(cancel_overtakes_what_waits),
        cmocka_unit_test(a_flood_cannot_grow_the_queue),
        cmocka_unit_test(a_repeated_key_gets_the_first_answer_again),
        cmocka_unit_test(a_flood_of_repeats_is_not_carried_out),
        cmocka_unit_test(a_repeat_that_is_too_late_gets_the_first_answer_too),
        cmocka_unit_test(an_order_may_expire_before_it_is_sent),
        cmocka_unit_test(cancel_does_not_hit_a_job_that_nobody_saw),
        cmocka_unit_test(offline_it_is_refused_at_once_but_refresh_tries),
        cmocka_unit_test(read_only_and_disabled_are_not_allowed),
        cmocka_unit_test(an_unknown_command_is_answered),
        cmocka_unit_test(a_stored_file_is_printed_by_its_encoded_path),
        cmocka_unit_test(set_poll_interval_takes_effect_at_once),
        cmocka_unit_test(whoever_waits_when_the_bridge_stops_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
