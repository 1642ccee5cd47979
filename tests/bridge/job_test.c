/* Job events: each once, none from a first look, ends inferred from what is
 * not there any more. A story is a list of snapshots with the events each must
 * tell. */
#include "bridge/job.h"

/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define OFF STATE_COUNT

struct look {
    enum state state; /* OFF = the printer is offline */
    int id;           /* 0 = no job */
    int progress;
    int later;          /* seconds since the look before */
    const char *events; /* names joined by spaces */
    const char *name;   /* of the job; NULL = box.gcode */
};

struct story {
    struct job job;
    int64_t wall;
    struct job_event events[JOB_EVENTS_MAX]; /* of the last look */
    int count;
};

static void take(struct story *story, const struct look *look)
{
    struct telemetry t = {0};
    char told[200] = "";
    size_t len = 0;
    int i;

    story->wall += look->later ? look->later : 2;
    if (look->state != OFF)
        telemetry_set(&t, SLOT_STATE, value_word((int)look->state));
    if (look->id) {
        telemetry_set(&t, SLOT_JOB_ID, value_integer(look->id));
        telemetry_set(&t, SLOT_JOB_PROGRESS, value_number(look->progress));
        telemetry_set(&t, SLOT_JOB_TIME_PRINTING,
                      value_integer(look->progress * 36));
        telemetry_set(&t, SLOT_JOB_WEIGHT, value_number(50));
        telemetry_set_text(&t, SLOT_JOB_NAME,
                           look->name ? look->name : "box.gcode");
    }
    story->count = job_step(&story->job, &t, look->state != OFF, 300,
                            story->wall, story->events);
    for (i = 0; i < story->count; i++)
        if (story->events[i].job.name) /* valid until the next step */
            assert_true(strlen(story->events[i].job.name) >= 9);
    for (i = 0; i < story->count; i++)
        len += (size_t)snprintf(told + len, sizeof told - len, "%s%s",
                                i ? " " : "",
                                event_row(story->events[i].event)->name);
    assert_string_equal(told, look->events);
    telemetry_release(&t);
}

static void tell(struct story *story, const struct look *looks)
{
    for (; looks->events; looks++)
        take(story, looks);
}

#define STORY(...)                                                             \
    struct story story = {.wall = 1800000000};                                 \
    const struct look looks[] = {__VA_ARGS__, {0}};                            \
                                                                               \
    (void)state;                                                               \
    tell(&story, looks)

#define END job_release(&story.job)

static void a_whole_print(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""}, {STATE_PRINTING, 7, 0, 0, "started"},
          {STATE_PRINTING, 7, 10, 360, ""}, {STATE_PAUSED, 7, 10, 0, "paused"},
          {STATE_PRINTING, 7, 10, 0, "resumed"},
          {STATE_ATTENTION, 7, 20, 0, "attention"},
          {STATE_PRINTING, 7, 20, 0, "resumed"}, {STATE_PRINTING, 7, 98, 0, ""},
          {STATE_FINISHED, 0, 0, 0, "finished"}, {STATE_FINISHED, 0, 0, 0, ""},
          {STATE_IDLE, 0, 0, 0, ""});
    assert_int_equal(story.job.last.id, 7);
    assert_int_equal(story.job.last.result, RESULT_FINISHED);
    assert_string_equal(story.job.last.name, "box.gcode");
    assert_int_equal(story.job.last.duration, 98 * 36 + 2);
    assert_int_equal(story.job.finished, 1);
    END;
}

/* peers.md tells of bridges that reported the end of a print at each start. */
static void a_first_look_tells_nothing(void **state)
{
    STORY({STATE_PRINTING, 7, 50, 0, ""},
          {STATE_FINISHED, 0, 0, 0, "finished"});
    END;
}

static void first_seen_when_it_comes_back_is_a_first_look_too(void **state)
{
    STORY({OFF, 0, 0, 0, ""}, {STATE_PRINTING, 7, 50, 0, ""},
          {OFF, 0, 0, 0, "printer_offline"},
          {STATE_PRINTING, 7, 51, 0, "printer_online"});
    END;
}

/* Its texts are borrowed, and what follows in the same look frees some. */
static void who_comes_back_tells_of_the_job_that_is_there_now(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""},
          {STATE_PRINTING, 7, 0, 0, "started", "BOX~1.GCO"},
          {OFF, 0, 0, 0, "printer_offline"},
          {STATE_PRINTING, 7, 9, 0, "printer_online", "a box.gcode"});
    assert_string_equal(story.events[0].job.name, "a box.gcode");
    END;
}

static void who_comes_back_without_its_job_tells_of_none(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""}, {STATE_BUSY, 7, 0, 0, ""},
          {OFF, 0, 0, 0, "printer_offline"},
          {STATE_IDLE, 0, 0, 0, "printer_online"});
    assert_null(story.events[0].job.name);
    assert_int_equal(story.events[0].job.id, -1);
    END;
}

static void a_missed_finish_is_inferred_from_progress(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""}, {STATE_PRINTING, 7, 0, 0, "started"},
          {STATE_PRINTING, 7, 99, 0, ""}, {STATE_IDLE, 0, 0, 15, "finished"});
    END;
}

static void an_end_that_nobody_saw_is_ended(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""}, {STATE_PRINTING, 7, 0, 0, "started"},
          {STATE_PRINTING, 7, 40, 0, ""}, {STATE_IDLE, 0, 0, 15, "ended"});
    assert_int_equal(story.job.last.result, RESULT_UNKNOWN);
    END;
}

static void cancelled_uses_a_part_of_the_filament(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""}, {STATE_PRINTING, 7, 0, 0, "started"},
          {STATE_PRINTING, 7, 40, 0, ""},
          {STATE_STOPPED, 0, 0, 0, "cancelled"});
    assert_int_equal((int)story.job.last.weight, 20);
    assert_int_equal(story.job.cancelled, 1);
    END;
}

/* Buddy: the job disappears in a crash recovery and comes back. */
static void busy_in_mid_print_is_no_end(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""}, {STATE_PRINTING, 7, 10, 0, "started"},
          {STATE_BUSY, 0, 0, 0, ""}, {STATE_BUSY, 0, 0, 60, ""},
          {STATE_PRINTING, 7, 11, 0, ""});
    END;
}

static void a_gap_in_which_it_ended(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""}, {STATE_PRINTING, 7, 10, 0, "started"},
          {OFF, 0, 0, 0, "printer_offline"},
          {STATE_FINISHED, 0, 0, 7200, "printer_online finished"});
    assert_int_equal(story.job.last.ended_at, -1);
    END;
}

static void a_gap_in_which_another_began(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""}, {STATE_PRINTING, 7, 10, 0, "started"},
          {OFF, 0, 0, 0, "printer_offline"},
          {STATE_PRINTING, 8, 1, 7200, "printer_online ended started"});
    assert_int_equal(story.job.now.id, 8);
    END;
}

/* Buddy: cancel at the start questions goes to IDLE, never STOPPED. */
static void given_up_at_the_questions_nothing_was_printed(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""}, {STATE_ATTENTION, 7, 0, 0, "attention"},
          {STATE_IDLE, 0, 0, 0, ""});
    assert_int_equal(story.job.last.id, -1);
    END;
}

static void answered_questions_are_a_start(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""}, {STATE_ATTENTION, 7, 0, 0, "attention"},
          {STATE_PRINTING, 7, 0, 0, "started"});
    END;
}

static void an_error_without_the_job_failed_it(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""}, {STATE_PRINTING, 7, 10, 0, "started"},
          {STATE_ERROR, 7, 10, 0, ""}, {STATE_ERROR, 0, 0, 0, "failed"});
    END;
}

static void a_job_that_was_ended_is_not_begun_again(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""}, {STATE_PRINTING, 7, 99, 0, "started"},
          {STATE_FINISHED, 0, 0, 0, "finished"}, {STATE_PRINTING, 7, 99, 0, ""},
          {STATE_FINISHED, 0, 0, 0, ""});
    END;
}

/* Power was cut: for a moment a Buddy is idle before it goes on. */
static void an_end_that_was_none_is_taken_back(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""}, {STATE_PRINTING, 7, 10, 0, "started"},
          {STATE_PRINTING, 7, 40, 0, ""}, {OFF, 0, 0, 0, "printer_offline"},
          {STATE_IDLE, 0, 0, 30, "printer_online ended"},
          {STATE_ATTENTION, 7, 40, 0, "attention"},
          {STATE_PRINTING, 7, 40, 0, "resumed"});
    const struct look end[] = {{STATE_PRINTING, 7, 99, 0, ""},
                               {STATE_FINISHED, 0, 0, 0, "finished"},
                               {0}};

    assert_int_equal(story.job.last.result, RESULT_COUNT);
    assert_int_equal(story.job.time_printing, 40 * 36 + 32); /* never less */
    tell(&story, end);
    assert_int_equal(story.job.last.result, RESULT_FINISHED);
    assert_int_equal(story.job.time_printing, 99 * 36 + 2);
    assert_int_equal((int)story.job.weight, 50);
    END;
}

/* It does not know yet how far it was, either. */
static void who_asks_after_a_power_cut_is_no_other_print(void **state)
{
    STORY({STATE_PRINTING, 7, 40, 0, ""}, {STATE_IDLE, 0, 0, 0, "ended"},
          {STATE_ATTENTION, 7, 0, 0, ""}, {STATE_PRINTING, 7, 40, 0, "resumed"},
          {STATE_FINISHED, 0, 0, 0, "finished"});
    assert_int_equal(story.job.time_printing, 40 * 36 + 2);
    END;
}

/* Somebody reset the printer, and it counts from 1 again. */
static void a_number_that_comes_again_is_another_print(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""}, {STATE_PRINTING, 1, 60, 0, "started"},
          {STATE_FINISHED, 0, 0, 0, "finished"}, {STATE_IDLE, 0, 0, 0, ""},
          {STATE_PRINTING, 1, 0, 0, "started"}, {STATE_PRINTING, 1, 99, 0, ""},
          {STATE_FINISHED, 0, 0, 0, "finished"});
    assert_int_equal(story.job.finished, 2);
    END;
}

static void first_seen_paused_or_asking_it_had_started(void **state)
{
    STORY({STATE_IDLE, 0, 0, 0, ""}, {STATE_PAUSED, 7, 5, 0, "started paused"},
          {OFF, 0, 0, 0, "printer_offline"},
          {STATE_ATTENTION, 8, 20, 0, "printer_online ended started attention"},
          {STATE_STOPPED, 0, 0, 0, "cancelled"});
    assert_int_equal(story.job.last.id, 8);
    END;
}

static void asking_at_the_first_look_it_had_started_too(void **state)
{
    STORY({STATE_ATTENTION, 7, 20, 0, ""},
          {STATE_PRINTING, 7, 20, 0, "resumed"},
          {STATE_FINISHED, 0, 0, 0, "finished"});
    END;
}

static void away_while_its_job_ended(void **state)
{
    STORY({STATE_PRINTING, 7, 50, 0, ""}, {OFF, 0, 0, 0, "printer_offline"},
          {STATE_ATTENTION, 8, 0, 0, "printer_online ended attention"},
          {OFF, 0, 0, 0, "printer_offline"},
          {STATE_ATTENTION, 9, 0, 0, "printer_online attention"});
    assert_int_equal(story.events[0].job.id, 9);
    END;
}

static void filament_change_is_told_once_each(void **state)
{
    const int in[] = {900, 290, 200, 10, 1200, 250};
    const int expected[] = {0, 1, 0, 0, 0, 1};
    struct job job = {0};
    struct job_event events[JOB_EVENTS_MAX];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof in / sizeof *in; i++) {
        struct telemetry t = {0};

        telemetry_set(&t, SLOT_STATE, value_word(STATE_PRINTING));
        telemetry_set(&t, SLOT_JOB_ID, value_integer(7));
        telemetry_set(&t, SLOT_JOB_CHANGE_IN, value_integer(in[i]));
        assert_int_equal(job_step(&job, &t, true, 300, 1800000000, events),
                         expected[i]);
        telemetry_release(&t);
    }
    job_release(&job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_print),
        cmocka_unit_test(a_first_look_tells_nothing),
        cmocka_unit_test(first_seen_when_it_comes_back_is_a_first_look_too),
        cmocka_unit_test(who_comes_back_tells_of_the_job_that_is_there_now),
        cmocka_unit_test(who_comes_back_without_its_job_tells_of_none),
        cmocka_unit_test(a_missed_finish_is_inferred_from_progress),
        cmocka_unit_test(an_end_that_nobody_saw_is_ended),
        cmocka_unit_test(cancelled_uses_a_part_of_the_filament),
        cmocka_unit_test(busy_in_mid_print_is_no_end),
        cmocka_unit_test(a_gap_in_which_it_ended),
        cmocka_unit_test(a_gap_in_which_another_began),
        cmocka_unit_test(given_up_at_the_questions_nothing_was_printed),
        cmocka_unit_test(answered_questions_are_a_start),
        cmocka_unit_test(an_error_without_the_job_failed_it),
        cmocka_unit_test(a_job_that_was_ended_is_not_begun_again),
        cmocka_unit_test(an_end_that_was_none_is_taken_back),
        cmocka_unit_test(who_asks_after_a_power_cut_is_no_other_print),
        cmocka_unit_test(a_number_that_comes_again_is_another_print),
        cmocka_unit_test(first_seen_paused_or_asking_it_had_started),
        cmocka_unit_test(asking_at_the_first_look_it_had_started_too),
        cmocka_unit_test(away_while_its_job_ended),
        cmocka_unit_test(filament_change_is_told_once_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
