/* Errands: what is read beside the polls never gets in their way. */
#include "bridge/errand.h"
#include "life.h"

struct reader {
    struct errand errand;
    int left; /* requests it still wants to send */
    int answered;
    enum http_result result;
};

static bool next(struct errand *errand, struct moment now,
                 struct request *request)
{
    struct reader *reader = (struct reader *)errand;

    (void)now;
    if (!reader->left)
        return false;
    reader->left--;
    *request = (struct request){.target = "/errand"};
    return true;
}

static void answered(struct errand *errand, const struct http_answer *answer,
                     struct moment now)
{
    struct reader *reader = (struct reader *)errand;

    (void)now;
    reader->answered++;
    reader->result = answer->result;
}

static int64_t wake(const struct errand *errand)
{
    return ((const struct reader *)errand)->left ? 0 : INT64_MAX;
}

static const struct errand_kind kind = {next, answered, wake};

static void an_errand_runs_between_the_polls(void **state)
{
    struct world life;
    struct reader reader = {{&kind}, .left = 5};

    (void)state;
    life_open(&life, NULL);
    printer_add_errand(life.printer, &reader.errand);
    life_run(&life, 0);
    assert_int_equal(reader.answered, 5);
    assert_string_equal(life.sent[0].target, "/api/v1/info");
    assert_int_equal(life_sent(&life, "/errand"), 5);
    assert_int_equal(printer_wake(life.printer), life.now.ms + 5000);
    life_close(&life);
}

static void nobody_is_sent_to_a_printer_that_is_off(void **state)
{
    struct world life;
    struct reader reader = {{&kind}, .left = 1};

    (void)state;
    life_open(&life, NULL);
    printer_add_errand(life.printer, &reader.errand);
    life.far.result = HTTP_UNREACHABLE;
    life_run(&life, 20000);
    assert_int_equal(reader.answered, 0);
    assert_false(printer_runs_errands(life.printer));
    life.far.result = HTTP_ANSWERED;
    life_run(&life, 60000);
    assert_int_equal(reader.answered, 1);
    life_close(&life);
}

static void
a_lost_errand_makes_the_printer_look_but_is_no_missed_poll(void **state)
{
    struct world life;
    struct reader reader = {{&kind}};
    int before;

    (void)state;
    life_open(&life, NULL);
    printer_add_errand(life.printer, &reader.errand);
    life_run(&life, 2000);
    before = life_sent(&life, "/api/v1/status");
    reader.left = 1;
    life.far.errand_result = HTTP_TIMEOUT;
    life_run(&life, 0);
    assert_int_equal(reader.result, HTTP_TIMEOUT);
    assert_int_equal(life_sent(&life, "/api/v1/status"), before + 1);
    assert_true(printer_online(life.printer));
    assert_int_equal(printer_polls_failed(life.printer), 0);
    life_close(&life);
}

static void an_order_goes_before_an_errand(void **state)
{
    struct world life;
    struct reader reader = {{&kind}};

    (void)state;
    life_open(&life, NULL);
    printer_add_errand(life.printer, &reader.errand);
    life.far.state = "PRINTING";
    life.far.job = 7;
    life_run(&life, 1500);
    reader.left = 1;
    life_order(&life, "pause", "PRESS");
    life_run(&life, 0);
    assert_int_equal(reader.answered, 1);
    assert_string_equal(life.sent[life.sent_count - 1].target, "/errand");
    assert_int_equal(life_sent(&life, "/api/v1/job/7/pause"), 1);
    life_close(&life);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_errand_runs_between_the_polls),
        cmocka_unit_test(nobody_is_sent_to_a_printer_that_is_off),
        cmocka_unit_test(
            a_lost_errand_makes_the_printer_look_but_is_no_missed_poll),
        cmocka_unit_test(an_order_goes_before_an_errand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
