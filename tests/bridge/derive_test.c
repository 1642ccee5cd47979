/* When a job began and when it will end: worked out, and held still. */
#include "bridge/derive.h"
#include "tests/unit.h"

#define NOW INT64_C(1795262400)

/* What one poll says. A time of -1 is not told. */
struct poll {
    enum state state;
    int job, printing, remaining, change_in;
};

struct world {
    struct telemetry prev, next;
    struct job_start start;
};

static void set(struct telemetry *t, int slot, int seconds)
{
    telemetry_set(t, slot,
                  seconds < 0 ? (struct value){0} : value_integer(seconds));
}

/* A poll `after` seconds after NOW. */
static void poll(struct world *w, int after, const struct poll *p)
{
    telemetry_copy(&w->prev, &w->next);
    telemetry_set(&w->next, SLOT_STATE, value_word((int)p->state));
    set(&w->next, SLOT_JOB_ID, p->job);
    set(&w->next, SLOT_JOB_TIME_PRINTING, p->printing);
    set(&w->next, SLOT_JOB_TIME_REMAINING, p->remaining);
    set(&w->next, SLOT_JOB_CHANGE_IN, p->change_in);
    derive(&w->prev, &w->next, &w->start, NOW + after);
}

/* Seconds after NOW, or -9999 when absent. */
static int after_now(const struct world *w, int slot)
{
    int64_t at = telemetry_integer(&w->next, slot, NOW - 9999);

    return (int)(at - NOW);
}

#define ABSENT (-9999)

static void close_world(struct world *w)
{
    telemetry_release(&w->prev);
    telemetry_release(&w->next);
}

/* Polls of one printer, and what is said after each. */
struct step {
    int after;
    struct poll poll;
    int started, finishes, change;
};

static void tell(const struct step *steps, size_t count)
{
    struct world w = {.start = {.known = false}};
    size_t i;

    for (i = 0; i < count; i++) {
        const struct step *s = &steps[i];

        print_message("           after %d s\n", s->after);
        poll(&w, s->after, &s->poll);
        assert_int_equal(after_now(&w, SLOT_JOB_STARTED_AT), s->started);
        assert_int_equal(after_now(&w, SLOT_JOB_FINISHES_AT), s->finishes);
        assert_int_equal(after_now(&w, SLOT_JOB_CHANGE_AT), s->change);
    }
    close_world(&w);
}

#define TELL(steps) tell((steps), ROWS(steps))

static void without_a_job_there_are_no_times(void **state)
{
    static const struct step steps[] = {
        {0, {STATE_IDLE, -1, -1, -1, -1}, ABSENT, ABSENT, ABSENT},
        {5, {STATE_PRINTING, -1, 10, -1, -1}, ABSENT, ABSENT, ABSENT},
    };

    (void)state;
    TELL(steps);
}

static void times_stand_still_while_all_goes_well(void **state)
{
    static const struct step steps[] = {
        {0, {STATE_PRINTING, 7, 100, 3600, 600}, -100, 3600, 600},
        {2, {STATE_PRINTING, 7, 101, 3599, 599}, -100, 3600, 600},
        {60, {STATE_PRINTING, 7, 159, 3480, 480}, -100, 3600, 600},
    };

    (void)state;
    TELL(steps);
}

static void an_end_moves_when_it_is_off_by_two_minutes(void **state)
{
    static const struct step steps[] = {
        {0, {STATE_PRINTING, 7, 100, 3600, -1}, -100, 3600, ABSENT},
        {0, {STATE_PRINTING, 7, 100, 3720, -1}, -100, 3600, ABSENT},
        {0, {STATE_PRINTING, 7, 100, 3721, -1}, -100, 3721, ABSENT},
        {0, {STATE_PRINTING, 7, 100, 3601, -1}, -100, 3721, ABSENT},
        {0, {STATE_PRINTING, 7, 100, 3600, -1}, -100, 3600, ABSENT},
    };

    (void)state;
    TELL(steps);
}

static void a_pause_moves_the_end_and_not_the_beginning(void **state)
{
    static const struct step steps[] = {
        {0, {STATE_PRINTING, 7, 100, 3600, -1}, -100, 3600, ABSENT},
        {600, {STATE_PAUSED, 7, 100, 3600, -1}, -100, 4200, ABSENT},
        {1200, {STATE_PRINTING, 7, 100, 3600, -1}, -100, 4800, ABSENT},
    };

    (void)state;
    TELL(steps);
}

/* The remaining time stands still in ATTENTION, so the end would drift. */
static void in_attention_there_is_no_end(void **state)
{
    static const struct step steps[] = {
        {0, {STATE_PRINTING, 7, 100, 3600, 60}, -100, 3600, 60},
        {10, {STATE_ATTENTION, 7, 100, 3600, 60}, -100, ABSENT, ABSENT},
        {500, {STATE_PRINTING, 7, 100, 3600, 60}, -100, 4100, 560},
    };

    (void)state;
    TELL(steps);
}

static void a_printer_may_stop_telling(void **state)
{
    static const struct step steps[] = {
        {0, {STATE_PRINTING, 7, 100, 3600, 60}, -100, 3600, 60},
        {9, {STATE_PRINTING, 7, -1, -1, -1}, -100, ABSENT, ABSENT},
        {18, {STATE_PRINTING, 7, 118, 3582, 42}, -100, 3600, 60},
    };

    (void)state;
    TELL(steps);
}

static void another_job_begins_anew(void **state)
{
    static const struct step steps[] = {
        {0, {STATE_PRINTING, 7, 3000, 60, -1}, -3000, 60, ABSENT},
        {100, {STATE_PRINTING, 8, 0, 90, -1}, 100, 190, ABSENT},
        {101, {STATE_PRINTING, 9, -1, 90, -1}, ABSENT, 191, ABSENT},
        {105, {STATE_PRINTING, 9, 3, 86, -1}, 102, 191, ABSENT},
    };

    (void)state;
    TELL(steps);
}

/* Buddy shows the old job's time for a moment when a new one begins. */
static void a_time_corrected_downwards_is_believed(void **state)
{
    static const struct step steps[] = {
        {0, {STATE_PRINTING, 8, 3000, -1, -1}, -3000, ABSENT, ABSENT},
        {5, {STATE_PRINTING, 8, 1, -1, -1}, 4, ABSENT, ABSENT},
        {9, {STATE_PRINTING, 8, 5, -1, -1}, 4, ABSENT, ABSENT},
    };

    (void)state;
    TELL(steps);
}

static void an_earlier_beginning_is_believed(void **state)
{
    static const struct step steps[] = {
        {0, {STATE_PRINTING, 8, 10, -1, -1}, -10, ABSENT, ABSENT},
        {5, {STATE_PRINTING, 8, 134, -1, -1}, -10, ABSENT, ABSENT},
        {5, {STATE_PRINTING, 8, 136, -1, -1}, -131, ABSENT, ABSENT},
    };

    (void)state;
    TELL(steps);
}

static void the_beginning_outlives_an_offline_gap(void **state)
{
    struct world w = {.start = {.known = false}};
    const struct poll before = {STATE_PRINTING, 7, 100, 3600, -1};
    const struct poll after = {STATE_PRINTING, 7, 700, 3000, -1};

    (void)state;
    poll(&w, 0, &before);
    telemetry_clear_life(&w.next, LIFE_LIVE);
    poll(&w, 1200, &after);
    assert_int_equal(after_now(&w, SLOT_JOB_STARTED_AT), -100);
    assert_int_equal(after_now(&w, SLOT_JOB_FINISHES_AT), 4200);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_job_there_are_no_times),
        cmocka_unit_test(times_stand_still_while_all_goes_well),
        cmocka_unit_test(an_end_moves_when_it_is_off_by_two_minutes),
        cmocka_unit_test(a_pause_moves_the_end_and_not_the_beginning),
        cmocka_unit_test(in_attention_there_is_no_end),
        cmocka_unit_test(a_printer_may_stop_telling),
        cmocka_unit_test(another_job_begins_anew),
        cmocka_unit_test(a_time_corrected_downwards_is_believed),
        cmocka_unit_test(an_earlier_beginning_is_believed),
        cmocka_unit_test(the_beginning_outlives_an_offline_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
