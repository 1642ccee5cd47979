/* What only PrusaLink on a Raspberry Pi has: orders to cameras, and updates. */
#include "life.h"

#define JPEG "\xff\xd8\xff\xe0picture"
#define DAY  (24 * 3600 * INT64_C(1000))

struct shelf {
    int camera; /* whose picture came last; -1 = none */
    size_t len;
    bool refuses;
};

static struct shelf shelf;

static bool take(void *arg, struct printer *printer, int camera,
                 const char *bytes, size_t len)
{
    (void)arg, (void)printer;
    assert_memory_equal(bytes, "\xff\xd8\xff", 3);
    shelf.camera = camera;
    shelf.len = len;
    return !shelf.refuses;
}

static void open_pi(struct world *life)
{
    life_open(life, NULL);
    life->snapshot = take;
    life->far.pi = true;
    life->far.cameras =
        "{\"camera_list\":[{\"camera_id\":\"Front\",\"connected\":true}]}";
    life->far.picture_code = 200;
    life->far.picture = JPEG;
    shelf = (struct shelf){.camera = -1};
    life_run(life, 2000);
}

/* Let it pass in steps that the record of requests can hold. */
static int updates_in(struct world *life, int64_t ms)
{
    int asked = 0;

    for (; ms > 0; ms -= 20000) {
        life->sent_count = 0;
        life_run(life, ms < 20000 ? ms : 20000);
        asked += life_sent(life, "/api/v1/update/");
    }
    return asked;
}

static void a_snapshot_is_handed_on_and_its_size_told(void **state)
{
    struct world life;

    (void)state;
    open_pi(&life);
    life_order(&life, "snapshot", "PRESS");
    life_run(&life, 3000);
    assert_string_equal(life_answer(&life)->message,
                        "a picture of 11 bytes of camera front");
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    assert_int_equal(shelf.camera, 0);
    assert_int_equal(shelf.len, 11);
    life_close(&life);
}

static void a_camera_without_a_picture_is_no_success(void **state)
{
    struct world life;

    (void)state;
    open_pi(&life);
    life.far.picture_code = 204;
    life.far.picture = "";
    life_order(&life, "snapshot", "front");
    life_run(&life, 3000);
    assert_int_equal(life_answer(&life)->code, ORDER_NOT_FOUND);
    shelf.refuses = true;
    life.far.picture_code = 200;
    life.far.picture = JPEG;
    life_order(&life, "snapshot", "front");
    life_run(&life, 3000);
    assert_int_equal(life_answer(&life)->code, ORDER_PRINTER_ERROR);
    life_close(&life);
}

/* 0.8.1 takes the picture and cannot send it. */
static void a_triggered_picture_is_asked_for_whatever_was_answered(void **state)
{
    struct world life;

    (void)state;
    open_pi(&life);
    life.far.order_code = 500;
    life_order(&life, "camera_trigger", "front");
    life_run(&life, 3000);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    assert_int_equal(shelf.camera, 0);
    assert_int_equal(life_sent(&life, "/api/v1/cameras/Front/snap"), 2);
    life.far.order_code = 404;
    life_order(&life, "camera_trigger", "front");
    life_run(&life, 3000);
    assert_int_equal(life_answer(&life)->code, ORDER_NOT_FOUND);
    life_close(&life);
}

static void tokens_stay_inside(void **state)
{
    struct world life;

    (void)state;
    open_pi(&life);
    life.far.picture =
        "{\"name\":\"Front\",\"token\":\"geheim\",\"a\":[{\"token\":1}]}";
    life_order(&life, "camera_get", "front");
    life_run(&life, 3000);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    assert_string_equal(life.value, "{\"name\":\"Front\",\"a\":[{}]}");
    life.far.picture = "no JSON";
    life_order(&life, "camera_get", "front");
    life_run(&life, 3000);
    assert_int_equal(life_answer(&life)->code, ORDER_PRINTER_ERROR);
    life_close(&life);
}

static void an_order_without_answer_is_not_waited_for(void **state)
{
    struct world life;

    (void)state;
    open_pi(&life);
    life.far.order_lost = true;
    life_order(&life, "camera_reset", "front");
    life_run(&life, 3000);
    assert_int_equal(life_answer(&life)->code, ORDER_TIMEOUT);
    assert_non_null(strstr(life_answer(&life)->message, "all the same"));
    life_close(&life);
}

static void updates_are_looked_for_once_a_day(void **state)
{
    struct world life;

    (void)state;
    open_pi(&life);
    assert_int_equal(updates_in(&life, 30000), 0); /* not at once */
    assert_int_equal(updates_in(&life, DAY - 60000), 1);
    assert_int_equal(updates_in(&life, DAY), 1);
    life_close(&life);
}

static void nobody_looks_for_updates_while_it_prints(void **state)
{
    struct world life;

    (void)state;
    open_pi(&life);
    life.far.job = 7;
    life.far.state = "PRINTING";
    assert_int_equal(updates_in(&life, 3600000), 0);
    life.far.job = 0;
    life.far.state = "IDLE";
    assert_int_equal(updates_in(&life, 60000), 1);
    life_close(&life);
}

static void losing_the_printer_is_no_reason_to_look_again(void **state)
{
    struct world life;

    (void)state;
    open_pi(&life);
    assert_int_equal(updates_in(&life, 120000), 1);
    life.far.result = HTTP_UNREACHABLE;
    life_run(&life, 60000);
    life.far.result = HTTP_ANSWERED;
    assert_int_equal(updates_in(&life, 3600000), 0);
    life_close(&life);
}

static void an_order_does_not_wait_for_that(void **state)
{
    struct world life;

    (void)state;
    open_pi(&life);
    life.hold = "/api/v1/update/";
    life_run(&life, 90000);
    assert_false(printer_is_held_up(life.printer));
    life_order(&life, "snapshot", "PRESS");
    assert_true(printer_is_held_up(life.printer));
    life_close(&life);
}

/* PrusaLink answers, and restarts then. */
static void an_update_is_done_when_the_new_version_runs(void **state)
{
    struct world life;

    (void)state;
    open_pi(&life);
    life.config.command_enabled[COMMAND_SERVER_UPDATE] = true;
    life.far.server = "0.8.1";
    life.far.update = "0.9.0";
    life_order(&life, "refresh", "PRESS");
    life_run(&life, 3000);
    life_order(&life, "check_update", "PRESS");
    life_run(&life, 3000);
    assert_string_equal(life_answer(&life)->message,
                        "version 0.9.0 is available");
    life.far.order_code = 200;
    life.sent_count = life.answer_count = 0;
    life_order(&life, "server_update", "PRESS");
    life_run(&life, 20000);
    assert_int_equal(life_answer(&life)->status, ORDER_ACCEPTED);
    assert_string_equal(life_value(&life, "server/update_available"), "true");
    life.sent_count = 0;
    life.far.server = "0.9.0";
    life_run(&life, 10000);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    assert_string_equal(life_value(&life, "server/update_available"), "false");
    life_close(&life);
}

static void a_buddy_is_not_asked_for_what_it_does_not_have(void **state)
{
    struct world life;

    (void)state;
    life_open(&life, NULL);
    life.far.cameras = "{\"camera_list\":[]}";
    assert_int_equal(updates_in(&life, 600000), 0);
    life.sent_count = 0;
    life_run(&life, 70000);
    assert_int_equal(life_sent(&life, "/api/v1/cameras"), 0);
    assert_false(printer_able(life.printer, COMMAND_SNAPSHOT));
    life_close(&life);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_is_handed_on_and_its_size_told),
        cmocka_unit_test(a_camera_without_a_picture_is_no_success),
        cmocka_unit_test(
            a_triggered_picture_is_asked_for_whatever_was_answered),
        cmocka_unit_test(tokens_stay_inside),
        cmocka_unit_test(an_order_without_answer_is_not_waited_for),
        cmocka_unit_test(updates_are_looked_for_once_a_day),
        cmocka_unit_test(nobody_looks_for_updates_while_it_prints),
        cmocka_unit_test(losing_the_printer_is_no_reason_to_look_again),
        cmocka_unit_test(an_order_does_not_wait_for_that),
        cmocka_unit_test(an_update_is_done_when_the_new_version_runs),
        cmocka_unit_test(a_buddy_is_not_asked_for_what_it_does_not_have),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
