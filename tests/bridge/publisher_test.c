/* What a printer's topics say, and in which order. */
#include "bridge/publisher.h"
#include "life.h"
#include "mapping/memory.h"
#include "tests/unit.h"

#define MAX_SAID 400

struct stage {
    struct world life;
    struct config config;
    struct mapping *mapping;
    struct publisher *publisher;
    struct outlet outlet;
    char *said[MAX_SAID]; /* "topic payload", "retained " before if it is */
    int count;
    int room; /* messages taken until the outlet is full; -1 = endless */
};

static bool take(void *arg, const struct mqtt_message *message)
{
    struct stage *s = arg;
    struct buffer line = {0};

    if (s->room == 0)
        return false;
    if (s->room > 0)
        s->room--;
    assert_true(s->count < MAX_SAID);
    (void)buffer_format(&line, "%s%s %.*s",
                        message->retain ? "" : "(fleeting) ", message->topic,
                        (int)message->len, (const char *)message->payload);
    s->said[s->count++] = line.bytes;
    return true;
}

static int set_up(void **state)
{
    struct stage *s = memory_zero(1, sizeof *s);

    s->room = -1;
    s->outlet = (struct outlet){take, s};
    life_open(&s->life, NULL);
    s->config.mqtt.base_topic = memory_text("p");
    s->config.json = true;
    s->mapping = (struct mapping *)(uintptr_t)s->life.config.mapping;
    s->publisher = publisher_new(&s->config, &s->life.config, &s->outlet);
    *state = s;
    return 0;
}

static void forget(struct stage *s)
{
    while (s->count > 0)
        free(s->said[--s->count]);
}

static int tear_down(void **state)
{
    struct stage *s = *state;

    forget(s);
    publisher_free(s->publisher);
    life_close(&s->life);
    free(s->config.mqtt.base_topic);
    free(s);
    return 0;
}

/* Let ms pass, then say what is to be said. */
static void live(struct stage *s, int64_t ms)
{
    life_run(&s->life, ms);
    assert_true(publisher_sync(s->publisher, s->life.printer, s->life.now));
}

/* Say what changed since; only that is in s->said afterwards. */
static void live_on(struct stage *s, int64_t ms)
{
    forget(s);
    live(s, ms);
}

/* Number of the message with this beginning, -1 if there is none. */
static int find(const struct stage *s, const char *line)
{
    int i;

    for (i = 0; i < s->count; i++)
        if (strncmp(s->said[i], line, strlen(line)) == 0)
            return i;
    return -1;
}

static void assert_said(const struct stage *s, const char *line)
{
    if (find(s, line) < 0)
        fail_msg("nobody said: %s", line);
}

static void assert_silent(const struct stage *s, const char *line)
{
    int i = find(s, line);

    if (i >= 0)
        fail_msg("somebody said: %s", s->said[i]);
}

static void print(struct stage *s, int job, int progress, int remaining)
{
    s->life.far.state = "PRINTING";
    s->life.far.job = job;
    s->life.far.progress = progress;
    s->life.far.printing = 100;
    s->life.far.remaining = remaining;
}

/* A job that runs, is polled every 2 s, and was all told. */
static void begin_job(struct stage *s)
{
    print(s, 7, 0, 3700);
    live(s, 100);
    print(s, 7, 10, 3600);
    live(s, 8000);
    forget(s);
}

/* ---- order ---- */

static void offline_is_said_before_anything_is_known(void **state)
{
    struct stage *s = *state;

    assert_true(publisher_start(s->publisher));
    assert_true(publisher_sync(s->publisher, s->life.printer, s->life.now));
    assert_int_equal(s->count, 1);
    assert_said(s, "p/mk4/availability offline");
}

static void coming_online_fields_are_first(void **state)
{
    struct stage *s = *state;

    live(s, 100);
    assert_said(s, "p/mk4/state idle");
    assert_said(s, "p/mk4/can/print online");
    assert_said(s, "p/mk4 {\"state\":\"idle\"");
    assert_int_equal(find(s, "p/mk4/availability online"), s->count - 1);
}

static void going_offline_availability_is_first(void **state)
{
    struct stage *s = *state;

    live(s, 100);
    s->life.far.result = HTTP_UNREACHABLE;
    live_on(s, 60000);
    assert_int_equal(find(s, "p/mk4/availability offline"), 0);
    assert_said(s, "p/mk4/state None");
    assert_said(s, "p/mk4/can/print offline");
    assert_silent(s, "p/mk4/info/serial");
}

/* ---- what is said ---- */

static void what_is_not_known_is_none(void **state)
{
    struct stage *s = *state;

    live(s, 100);
    assert_said(s, "p/mk4/job/name None");
    assert_said(s, "p/mk4/nozzle/temperature 25.0");
    assert_silent(s, "(fleeting)");
}

static void or_nothing_when_so_wished(void **state)
{
    struct stage *s = *state;
    int i;

    s->mapping->absent = ABSENT_CLEAR;
    live(s, 100);
    i = find(s, "p/mk4/job/name");
    assert_true(i >= 0);
    assert_string_equal(s->said[i], "p/mk4/job/name ");
}

static void only_changes_are_said(void **state)
{
    struct stage *s = *state;

    live(s, 100);
    live_on(s, 20000);
    assert_int_equal(s->count, 0);
    print(s, 7, 0, 3600);
    live_on(s, 6000);
    assert_said(s, "p/mk4/state printing");
    assert_said(s, "p/mk4/job/id 7");
    assert_said(s, "p/mk4/job/progress 0");
    assert_silent(s, "p/mk4/bed");
    assert_silent(s, "p/mk4/availability");
}

static void small_steps_are_kept_back(void **state)
{
    struct stage *s = *state;

    begin_job(s);
    s->life.far.remaining = 3590;
    live_on(s, 3000);
    assert_silent(s, "p/mk4/job/time_remaining");
    s->life.far.remaining = 3540;
    live_on(s, 3000);
    assert_said(s, "p/mk4/job/time_remaining 3540");
}

static void a_new_job_is_told_whole(void **state)
{
    struct stage *s = *state;

    begin_job(s);
    print(s, 8, 0, 3590);
    live_on(s, 3000);
    assert_said(s, "p/mk4/job/id 8");
    assert_said(s, "p/mk4/job/time_remaining 3590");
}

static void also_when_its_id_is_mapped_to_nowhere(void **state)
{
    struct stage *s = *state;

    s->mapping->fields[FIELD_JOB_ID].on = 0;
    begin_job(s);
    print(s, 8, 0, 3590);
    live_on(s, 3000);
    assert_said(s, "p/mk4/job/time_remaining 3590");
    print(s, 8, 0, 3580);
    live_on(s, 3000);
    assert_silent(s, "p/mk4/job/time_remaining");
}

static void after_a_reconnect_everything_is_said_again(void **state)
{
    struct stage *s = *state;
    int all;

    live(s, 100);
    all = s->count;
    publisher_again(s->publisher);
    live_on(s, 0);
    assert_int_equal(s->count, all);
    assert_int_equal(find(s, "p/mk4/availability online"), s->count - 1);
    live_on(s, 0);
    assert_int_equal(s->count, 0);
}

static void mapped_topics_are_used(void **state)
{
    struct stage *s = *state;

    s->mapping->fields[FIELD_STATE].topic = memory_text("home/{printer}");
    s->mapping->fields[FIELD_STATE].retain = 0;
    s->mapping->fields[FIELD_AXIS_X].on = 0;
    live(s, 100);
    assert_said(s, "(fleeting) home/mk4 idle");
    assert_silent(s, "p/mk4/state");
    assert_silent(s, "p/mk4/axis/x");
}

static void what_the_driver_cannot_know_has_no_topic(void **state)
{
    struct stage *s = *state;

    live(s, 100);
    assert_silent(s, "p/mk4/custom");
    assert_silent(s, "p/mk4/storage/<name>");
}

static void can_says_what_may_be_ordered_now(void **state)
{
    struct stage *s = *state;

    s->mapping->commands[COMMAND_CANCEL].on = 0;
    live(s, 100);
    assert_said(s, "p/mk4/can/pause offline");
    assert_said(s, "p/mk4/can/refresh online");
    assert_silent(s, "p/mk4/can/cancel ");
    assert_silent(s, "p/mk4/can/cancel_transfer"); /* a Buddy cannot */
    assert_said(s, "p/mk4/can/print_selected offline");
    print(s, 7, 10, 3600);
    live_on(s, 6000);
    assert_said(s, "p/mk4/can/pause online");
    assert_said(s, "p/mk4/can/print offline");
    assert_silent(s, "p/mk4/can/refresh");
}

/* ---- a broker that takes only so much at a time ---- */

static void a_full_outlet_loses_nothing(void **state)
{
    struct stage *s = *state;
    int all, tries = 0;

    live(s, 100);
    all = s->count;
    publisher_again(s->publisher);
    forget(s);
    do {
        s->room = 20;
        assert_true(++tries < 30);
    } while (!publisher_sync(s->publisher, s->life.printer, s->life.now));
    assert_int_equal(s->count, all);
    assert_int_equal(find(s, "p/mk4/availability online"), s->count - 1);
}

static void a_new_job_is_told_whole_also_in_pieces(void **state)
{
    struct stage *s = *state;
    int tries = 0;

    begin_job(s);
    print(s, 8, 0, 3590);
    forget(s);
    life_run(&s->life, 3000);
    do {
        s->room = 1;
        assert_true(++tries < 100);
    } while (!publisher_sync(s->publisher, s->life.printer, s->life.now));
    assert_said(s, "p/mk4/job/time_remaining 3590");
}

/* ---- the JSON topic ---- */

static void json_comes_at_most_every_five_seconds(void **state)
{
    struct stage *s = *state;

    begin_job(s);
    s->life.far.progress = 11;
    live_on(s, 7000);
    assert_said(s, "p/mk4 {");
    s->life.far.progress = 12;
    live_on(s, 2000);
    assert_said(s, "p/mk4/job/progress 12");
    assert_silent(s, "p/mk4 {");
    assert_true(publisher_wake(s->publisher) <= s->life.now.ms + 4000);
    live_on(s, publisher_wake(s->publisher) - s->life.now.ms - 1);
    assert_silent(s, "p/mk4 {");
    live_on(s, 1);
    assert_said(s, "p/mk4 {");
    assert_true(publisher_wake(s->publisher) == INT64_MAX);
}

/* When the JSON that waits at a time of many printers comes. */
static int64_t json_wake(struct stage *s, const char *id)
{
    int64_t wake;

    (void)snprintf(s->life.config.id, sizeof s->life.config.id, "%s", id);
    forget(s);
    publisher_free(s->publisher);
    s->publisher = publisher_new(&s->config, &s->life.config, &s->outlet);
    live(s, 0);
    s->life.far.progress++;
    live(s, 2000);
    wake = publisher_wake(s->publisher);
    assert_in_range(wake - s->life.now.ms, 2999, 4000);
    return wake % 1000;
}

static void documents_of_printers_polled_together_come_apart(void **state)
{
    static const char *const ids[] = {"mk4-1", "mk4-2", "mk4-3", "mk4-4"};
    struct stage *s = *state;
    int64_t at[4];
    int i, j;

    begin_job(s);
    for (i = 0; i < 4; i++) {
        at[i] = json_wake(s, ids[i]);
        for (j = 0; j < i; j++)
            assert_true(llabs(at[i] - at[j]) > 10);
    }
}

static void but_a_new_state_is_told_at_once(void **state)
{
    struct stage *s = *state;

    begin_job(s);
    s->life.far.state = "PAUSED";
    live_on(s, 2100);
    assert_said(s, "p/mk4 {\"state\":\"paused\"");
}

/* Who asks when to come again must not be told a time that is over. */
static void json_of_a_printer_that_does_not_answer_wakes_nobody(void **state)
{
    struct stage *s = *state;

    live(s, 1000);
    live_on(s, 7500);
    assert_true(publisher_wake(s->publisher) > s->life.now.ms);
    s->life.far.result = HTTP_TIMEOUT;
    live_on(s, 2000); /* one poll was missed, the second try is not over */
    assert_true(printer_online(s->life.printer));
    assert_false(printer_settled(s->life.printer));
    assert_true(publisher_wake(s->publisher) > s->life.now.ms);
}

/* It is tried again when there is room, not each millisecond until then. */
static void json_behind_a_full_outlet_wakes_nobody(void **state)
{
    struct stage *s = *state;

    begin_job(s);
    s->life.far.progress = 12;
    live_on(s, 2000);
    assert_true(publisher_wake(s->publisher) != INT64_MAX);
    s->life.far.progress = 13;
    s->room = 0;
    life_run(&s->life, 9000);
    assert_false(publisher_sync(s->publisher, s->life.printer, s->life.now));
    assert_true(publisher_wake(s->publisher) > s->life.now.ms);
    s->room = -1;
    live_on(s, 0);
    assert_said(s, "p/mk4 {");
}

static void json_nests_and_keeps_types(void **state)
{
    struct stage *s = *state;
    struct telemetry t = {0};
    struct instances storages = {.count = 0};
    const struct roster roster = {&storages, NULL};
    struct buffer out = {0};

    (void)instances_learn(&storages, "usb", 0);
    telemetry_set(&t, SLOT_STATE, value_word(STATE_PRINTING));
    telemetry_set(&t, SLOT_NOZZLE_TEMPERATURE, value_number(214.96));
    telemetry_set(&t, SLOT_NOZZLE_TARGET, value_number(215));
    telemetry_set(&t, SLOT_JOB_ID, value_integer(129));
    telemetry_set_text(&t, SLOT_JOB_NAME, "a \"b\".gcode");
    telemetry_set(&t, SLOT_JOB_STARTED_AT, value_time(1795262400));
    telemetry_set(&t, SLOT_STORAGE_AVAILABLE, value_truth(true));
    telemetry_set(&t, SLOT_POLL_FAILURES, value_integer(3));
    publisher_json(publisher_routes(s->publisher), &t, &roster, &out);
    assert_string_equal(
        buffer_text(&out),
        "{\"state\":\"printing\",\"nozzle\":{\"temperature\":215.0,"
        "\"target\":215.0},\"job\":{\"id\":129,\"name\":\"a \\\"b\\\".gcode\","
        "\"started_at\":\"2026-11-21T12:00:00+00:00\"},"
        "\"storage\":{\"usb\":{\"available\":true}}}");
    buffer_release(&out);
    telemetry_release(&t);
    instances_release(&storages);
}

/* What belongs into one object is not always told in one go. */
static void json_opens_each_object_once(void **state)
{
    struct stage *s = *state;
    struct telemetry t = {0};
    struct instances storages = {.count = 0};
    const struct roster roster = {&storages, NULL};
    struct buffer out = {0};

    (void)instances_learn(&storages, "usb", 0);
    (void)instances_learn(&storages, "local", 0);
    s->mapping->custom_count = 1;
    s->mapping->custom[0] =
        (struct custom_field){.key = "bed/power", .quantity = QUANTITY_PERCENT};
    field_wish_init(&s->mapping->custom[0].wish);
    telemetry_set(&t, SLOT_BED_TARGET, value_number(60));
    telemetry_set(&t, SLOT_SPEED, value_number(100));
    telemetry_set(&t, SLOT_STORAGE_FREE, value_integer(1));
    telemetry_set(&t, field_slot(FIELD_STORAGE_FREE, 1), value_integer(2));
    telemetry_set(&t, SLOT_STORAGE_FILES, value_integer(3));
    telemetry_set(&t, SLOT_CUSTOM, value_number(7));
    publisher_json(publisher_routes(s->publisher), &t, &roster, &out);
    assert_string_equal(buffer_text(&out),
                        "{\"speed\":100,\"bed\":{\"target\":60.0,"
                        "\"power\":7},\"storage\":{\"usb\":{\"free\":1,"
                        "\"files\":3},\"local\":{\"free\":2}}}");
    s->mapping->custom_count = 0;
    buffer_reset(&out);
    telemetry_release(&t);
    publisher_json(publisher_routes(s->publisher), &t, &roster, &out);
    assert_string_equal(buffer_text(&out), "{}");
    buffer_release(&out);
    instances_release(&storages);
}

/* As many objects as a key has room for, closed and opened at once. */
static void json_of_the_deepest_keys_fits(void **state)
{
    struct stage *s = *state;
    struct telemetry t = {0};
    const struct roster roster = {NULL, NULL};
    struct buffer out = {0};
    int i, opened = 0, closed = 0;
    const char *at;

    s->mapping->custom_count = 2;
    for (i = 0; i < 2; i++) {
        struct custom_field *custom = &s->mapping->custom[i];
        size_t n;

        custom->quantity = QUANTITY_PERCENT;
        for (n = 0; n < FIELD_KEY_MAX; n += 2)
            memcpy(custom->key + n, i ? "b/" : "a/", 2);
        custom->key[FIELD_KEY_MAX - 1] = 'c'; /* no empty part */
        field_wish_init(&custom->wish);
        telemetry_set(&t, field_slot(FIELD_CUSTOM, i),
                      value_time(1795262400 + i));
    }
    publisher_json(publisher_routes(s->publisher), &t, &roster, &out);
    for (at = buffer_text(&out); *at; at++) {
        opened += *at == '{';
        closed += *at == '}';
    }
    assert_int_equal(opened, 2 * (FIELD_KEY_MAX / 2 - 1) + 1);
    assert_int_equal(closed, opened);
    s->mapping->custom_count = 0;
    buffer_release(&out);
    telemetry_release(&t);
}

static void it_can_be_switched_off(void **state)
{
    struct stage *s = *state;

    s->config.json = false;
    live(s, 100);
    assert_silent(s, "p/mk4 {");
    assert_said(s, "p/mk4/availability online");
    assert_true(publisher_wake(s->publisher) == INT64_MAX);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(offline_is_said_before_anything_is_known),
        TEST(coming_online_fields_are_first),
        TEST(going_offline_availability_is_first),
        TEST(what_is_not_known_is_none),
        TEST(or_nothing_when_so_wished),
        TEST(only_changes_are_said),
        TEST(small_steps_are_kept_back),
        TEST(a_new_job_is_told_whole),
        TEST(also_when_its_id_is_mapped_to_nowhere),
        TEST(after_a_reconnect_everything_is_said_again),
        TEST(mapped_topics_are_used),
        TEST(what_the_driver_cannot_know_has_no_topic),
        TEST(can_says_what_may_be_ordered_now),
        TEST(a_full_outlet_loses_nothing),
        TEST(a_new_job_is_told_whole_also_in_pieces),
        TEST(json_comes_at_most_every_five_seconds),
        TEST(documents_of_printers_polled_together_come_apart),
        TEST(but_a_new_state_is_told_at_once),
        TEST(json_of_a_printer_that_does_not_answer_wakes_nobody),
        TEST(json_behind_a_full_outlet_wakes_nobody),
        TEST(json_nests_and_keeps_types),
        TEST(json_opens_each_object_once),
        TEST(json_of_the_deepest_keys_fits),
        TEST(it_can_be_switched_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
