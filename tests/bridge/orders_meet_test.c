/* Orders that meet: one is under way, another comes, and the job or the printer
 * may have changed in between. */
#include "bridge/errand.h"
#include "life.h"

static void now_stopped(struct far_side *far)
{
    far->state = "STOPPED";
    far->job = 0;
}

static void now_printing(struct world *life, int job)
{
    life->far.state = "PRINTING";
    life->far.job = job;
}

static void printing(struct world *life)
{
    life_open(life, NULL);
    now_printing(life, 129);
    life_run(life, 1000);
}

static void idle(struct world *life)
{
    life_open(life, NULL);
    life_run(life, 1000);
}

/* The request that was held up is answered; status 0: the answer is lost. */
static void let_go(struct world *life, int status, const char *body)
{
    const struct http_answer answer = {.result =
                                           status ? HTTP_ANSWERED : HTTP_BROKEN,
                                       .status = status,
                                       .sent = true,
                                       .body = body,
                                       .len = strlen(body)};

    life->hold = NULL;
    printer_answered(life->printer, &answer, life->now);
}

static const struct order_answer *last(const struct world *life,
                                       const char *name)
{
    int i = life->answer_count;

    while (i-- > 0)
        if (strcmp(life->answered[i], name) == 0)
            return &life->answers[i];
    fail_msg("%s was not answered", name);
    return NULL;
}

static void what_waits_behind_a_print_is_meant_for_that(void **state)
{
    struct world life;

    (void)state;
    idle(&life);
    life_order(&life, "print", "/usb/box.gcode");
    life_order(&life, "pause", "PRESS");
    now_printing(&life, 130);
    life_run(&life, 2000);
    assert_int_equal(last(&life, "print")->status, ORDER_DONE);
    assert_int_equal(life_sent(&life, "/api/v1/job/130/pause"), 1);
    life_close(&life);
}

static void what_waits_behind_another_is_not_meant_for_a_new_job(void **state)
{
    struct world life;

    (void)state;
    idle(&life);
    life.hold = "/api/v1/files/usb/new";
    life_order(&life, "create_folder", "/usb/new");
    life_order(&life, "pause", "PRESS");
    life_run(&life, 2000);
    now_printing(&life, 130); /* somebody began it at the printer */
    let_go(&life, 201, "");
    life_run(&life, 2000);
    assert_int_equal(last(&life, "create_folder")->status, ORDER_DONE);
    assert_int_equal(last(&life, "pause")->code, ORDER_WRONG_JOB);
    assert_int_equal(life_sent(&life, "/api/v1/job/130/pause"), 0);
    life_close(&life);
}

/* The printer took it and shows nothing of it for some seconds: there is
 * nothing yet to cancel. */
static void cancel_waits_for_a_print_that_the_printer_took(void **state)
{
    struct world life;

    (void)state;
    idle(&life);
    life_order(&life, "print", "/usb/box.gcode");
    life_order(&life, "reprint", "PRESS");
    life_order(&life, "cancel", "PRESS");
    life_run(&life, 3000);
    assert_int_equal(last(&life, "print")->status, ORDER_ACCEPTED);
    assert_int_equal(life_answers(&life, "cancel"), 0);
    now_printing(&life, 130);
    life.far.on_order = now_stopped;
    life_run(&life, 3000);
    assert_int_equal(last(&life, "print")->status, ORDER_DONE);
    assert_int_equal(last(&life, "cancel")->status, ORDER_DONE);
    assert_int_equal(life_sent(&life, "/api/v1/job/130"), 1);
    life_close(&life);
}

static void cancel_waits_also_for_the_answer_to_a_print(void **state)
{
    static const int statuses[] = {204, 0};
    struct world life;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        idle(&life);
        life.hold = "/api/v1/files/usb/box.gcode";
        life_order(&life, "print", "/usb/box.gcode");
        life_order(&life, "cancel", "PRESS");
        let_go(&life, statuses[i], "");
        now_printing(&life, 130);
        life.far.on_order = now_stopped;
        life_run(&life, 3000);
        assert_int_equal(last(&life, "print")->status, ORDER_DONE);
        assert_int_equal(last(&life, "cancel")->status, ORDER_DONE);
        life_close(&life);
    }
}

static void
a_print_that_met_a_challenge_is_not_sent_to_be_cancelled(void **state)
{
    struct world life;

    (void)state;
    idle(&life);
    life.hold = "/api/v1/files/usb/box.gcode";
    life_order(&life, "print", "/usb/box.gcode");
    life_order(&life, "cancel", "PRESS");
    let_go(&life, 401, "");
    life_run(&life, 3000);
    assert_int_equal(last(&life, "print")->code, ORDER_SUPERSEDED);
    assert_int_equal(last(&life, "cancel")->code, ORDER_CONFLICT);
    assert_int_equal(life_sent(&life, "/api/v1/files/usb/box.gcode"), 1);
    life_close(&life);
}

/* Somebody was faster, at the printer: that job is not the sender's. */
static void what_waits_behind_a_refused_print_is_for_no_other_job(void **state)
{
    static const char *const waits[] = {"pause", "cancel"};
    struct world life;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof waits / sizeof *waits; i++) {
        idle(&life);
        life.hold = "/api/v1/files/usb/box.gcode";
        life_order(&life, "print", "/usb/box.gcode");
        life_order(&life, waits[i], "PRESS");
        life_run(&life, 2000); /* the status grows too old */
        now_printing(&life, 130);
        let_go(&life, 409, "");
        life_run(&life, 2000);
        assert_int_equal(last(&life, "print")->code, ORDER_CONFLICT);
        assert_int_equal(last(&life, waits[i])->code, ORDER_WRONG_JOB);
        assert_int_equal(life_sent(&life, "/api/v1/job/130"), 0);
        assert_int_equal(life_sent(&life, "/api/v1/job/130/pause"), 0);
        life_close(&life);
    }
}

static void a_print_that_was_not_sent_is_overtaken(void **state)
{
    struct world life;

    (void)state;
    idle(&life);
    life_run(&life, 2000); /* the status grows too old */
    life.hold = "/api/v1/status";
    life_order(&life, "print", "/usb/box.gcode");
    life_order(&life, "cancel", "PRESS");
    assert_int_equal(last(&life, "print")->code, ORDER_SUPERSEDED);
    let_go(&life, 200, "{\"printer\":{\"state\":\"IDLE\"}}");
    now_printing(&life, 130);
    life_run(&life, 2000);
    assert_int_equal(life_sent(&life, "/api/v1/files/usb/box.gcode"), 0);
    assert_int_equal(life_sent(&life, "/api/v1/job/130"), 0);
    assert_int_equal(last(&life, "cancel")->status, ORDER_ERROR);
    life_close(&life);
}

static void what_the_printer_did_is_told_although_overtaken(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life.hold = "/api/v1/files/usb/new";
    life_order(&life, "create_folder", "/usb/new");
    life_order(&life, "cancel", "PRESS");
    life.far.on_order = now_stopped;
    let_go(&life, 201, "");
    life_run(&life, 3000);
    assert_int_equal(last(&life, "create_folder")->status, ORDER_DONE);
    assert_int_equal(last(&life, "cancel")->status, ORDER_DONE);
    assert_int_equal(life_answers(&life, "create_folder"), 1);
    life_close(&life);
}

static void whose_effect_nobody_waits_for_is_superseded(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life.hold = "/api/v1/job/129/pause";
    life_order(&life, "pause", "{\"answer\":\"final\"}");
    life_order(&life, "cancel", "PRESS");
    life.far.on_order = now_stopped;
    let_go(&life, 204, "");
    life_run(&life, 3000);
    assert_int_equal(last(&life, "pause")->code, ORDER_SUPERSEDED);
    assert_int_equal(last(&life, "cancel")->status, ORDER_DONE);
    assert_int_equal(life_answers(&life, "pause"), 1);
    life_close(&life);
}

static void a_cancel_for_another_job_overtakes_nobody(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life_order(&life, "pause", "PRESS");
    life_order(&life, "cancel", "{\"job_id\":128}");
    life.far.state = "PAUSED";
    life_run(&life, 3000);
    assert_int_equal(last(&life, "pause")->status, ORDER_DONE);
    assert_int_equal(last(&life, "cancel")->code, ORDER_WRONG_JOB);
    life_close(&life);
}

static void a_job_counts_whatever_is_ordered(void **state)
{
    static const char *const orders[][2] = {
        {"set_poll_interval", "{\"value\":1,\"job_id\":128}"},
        {"select_file", "{\"value\":\"none\",\"job_id\":128}"},
        {"refresh", "{\"job_id\":128}"},
        {"list_files", "{\"job_id\":128}"},
    };
    struct world life;
    size_t i;

    (void)state;
    printing(&life);
    for (i = 0; i < sizeof orders / sizeof *orders; i++) {
        life_order(&life, orders[i][0], orders[i][1]);
        assert_int_equal(last(&life, orders[i][0])->code, ORDER_WRONG_JOB);
    }
    life_order(&life, "set_poll_interval", "{\"value\":1,\"job_id\":129}");
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    life_close(&life);
}

/* A cancel that is "done" because a pause was done would be a lie. */
static void a_key_belongs_to_its_command(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life_order(&life, "pause", "{\"idempotency_key\":\"a\"}");
    life_order(&life, "cancel", "{\"idempotency_key\":\"a\"}");
    assert_int_equal(last(&life, "cancel")->code, ORDER_INVALID);
    assert_non_null(strstr(last(&life, "cancel")->message, "pause"));
    life.far.state = "PAUSED";
    life_run(&life, 2000);
    life_order(&life, "cancel", "{\"idempotency_key\":\"a\"}");
    assert_int_equal(life_answer(&life)->code, ORDER_INVALID);
    assert_int_equal(life_answers(&life, "cancel"), 2);
    life_order(&life, "pause", "{\"idempotency_key\":\"a\"}");
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    life_close(&life);
}

static void a_repeat_tells_the_state_before_the_first(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life_order(&life, "pause", "{\"idempotency_key\":\"a\"}");
    life.far.state = "PAUSED";
    life_run(&life, 2000);
    life_order(&life, "pause", "{\"idempotency_key\":\"a\"}");
    assert_int_equal(life_answer(&life)->state_after, STATE_PAUSED);
    assert_int_equal(life.before, STATE_PRINTING);
    life_close(&life);
}

/* ---- an errand that was asked who we are ---- */

static int errands_left;

static bool next(struct errand *errand, struct moment now,
                 struct request *request)
{
    (void)errand, (void)now;
    *request = (struct request){.target = "/errand"};
    return errands_left-- > 0;
}

static void answered(struct errand *errand, const struct http_answer *answer,
                     struct moment now)
{
    (void)errand, (void)answer, (void)now;
}

static int64_t wake(const struct errand *errand)
{
    (void)errand;
    return errands_left > 0 ? 0 : INT64_MAX;
}

static void an_order_waits_until_the_printer_told_its_serial(void **state)
{
    static const struct errand_kind kind = {next, answered, wake};
    struct errand errand = {&kind};
    struct world life;

    (void)state;
    printing(&life);
    life_run(&life, 4500); /* the status is fresh */
    errands_left = 1;
    printer_add_errand(life.printer, &errand);
    life.hold = "/api/v1/info";
    life.far.challenges = true;
    life_run(&life, 0);
    life_order(&life, "pause", "PRESS");
    assert_int_equal(life.answer_count, 0);
    life.far.challenges = false;
    let_go(&life, 200, "{\"serial\":\"S1\"}");
    life_run(&life, 0);
    assert_int_equal(life_answer(&life)->status, ORDER_ACCEPTED);
    life_close(&life);
}

/* ---- what one status shows ---- */

/* A Buddy that recovers from a crash drops the job for a while. */
static void a_job_that_a_busy_printer_drops_has_not_ended(void **state)
{
    struct world life;

    (void)state;
    printing(&life);
    life_order(&life, "pause", "PRESS");
    life.far.state = "BUSY";
    life.far.job = 0;
    life_run(&life, 3000);
    assert_int_equal(life_answers(&life, "pause"), 1);
    life.far.state = "PAUSED";
    life.far.job = 129;
    life_run(&life, 2000);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    life_close(&life);
}

/* A Pi learns the id from the printer, later than that it prints. */
static void a_job_without_an_id_is_not_said_to_be_none(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life.far.state = "PRINTING";
    life_run(&life, 1000);
    life_order(&life, "pause", "PRESS");
    assert_int_equal(life_answer(&life)->code, ORDER_CONFLICT);
    assert_null(strstr(life_answer(&life)->message, "nothing is"));
    life_close(&life);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_behind_a_print_is_meant_for_that),
        cmocka_unit_test(what_waits_behind_another_is_not_meant_for_a_new_job),
        cmocka_unit_test(cancel_waits_for_a_print_that_the_printer_took),
        cmocka_unit_test(cancel_waits_also_for_the_answer_to_a_print),
        cmocka_unit_test(what_waits_behind_a_refused_print_is_for_no_other_job),
        cmocka_unit_test(a_print_that_was_not_sent_is_overtaken),
        cmocka_unit_test(
            a_print_that_met_a_challenge_is_not_sent_to_be_cancelled),
        cmocka_unit_test(what_the_printer_did_is_told_although_overtaken),
        cmocka_unit_test(whose_effect_nobody_waits_for_is_superseded),
        cmocka_unit_test(a_cancel_for_another_job_overtakes_nobody),
        cmocka_unit_test(a_job_counts_whatever_is_ordered),
        cmocka_unit_test(a_key_belongs_to_its_command),
        cmocka_unit_test(a_repeat_tells_the_state_before_the_first),
        cmocka_unit_test(an_order_waits_until_the_printer_told_its_serial),
        cmocka_unit_test(a_job_that_a_busy_printer_drops_has_not_ended),
        cmocka_unit_test(a_job_without_an_id_is_not_said_to_be_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
