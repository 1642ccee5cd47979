/* From what is on the broker to what should be there, politely. */
#include "bridge/announce.h"
#include "mapping/memory.h"
#include "tests/unit.h"

#define MAX_SENT 32

#define DOCUMENT(components)                                                   \
    "{\"device\":{\"identifiers\":[\"S1\"]},\"components\":{" components "}}"
#define SENSOR "\"state\":{\"platform\":\"sensor\",\"unique_id\":\"S1_state\"}"
#define BUTTON                                                                 \
    "\"cmd_pause\":{\"platform\":\"button\",\"unique_id\":\"S1_cmd_pause\"}"

static const char both[] = DOCUMENT(SENSOR "," BUTTON);
static const char sensor[] = DOCUMENT(SENSOR);

/* The broker's side: what came, and whether more is taken. */
struct far {
    struct announce *announce;
    struct outlet outlet;
    const char *subjects[2]; /* what d/1 and d/2 should be now */
    char *sent[MAX_SENT];    /* "topic payload" */
    int count;
    bool full;
};

static bool take(void *arg, const struct mqtt_message *message)
{
    struct far *far = arg;
    struct buffer line = {0};

    if (far->full)
        return false;
    assert_true(far->count < MAX_SENT);
    assert_true(message->retain);
    assert_int_equal(message->qos, 1);
    (void)buffer_format(&line, "%s %.*s", message->topic, (int)message->len,
                        (const char *)message->payload);
    far->sent[far->count++] = line.bytes;
    return true;
}

static char *make(void *subject)
{
    const char *const *json = subject;

    return memory_text(*json);
}

static int set_up(void **state)
{
    struct far *far = memory_zero(1, sizeof *far);

    far->outlet = (struct outlet){take, far};
    far->announce = announce_new(&far->outlet, make);
    *state = far;
    return 0;
}

static int tear_down(void **state)
{
    struct far *far = *state;
    int i;

    for (i = 0; i < far->count; i++)
        free(far->sent[i]);
    announce_free(far->announce);
    free(far);
    return 0;
}

/* What was sent as message number i (from 0). */
static void assert_sent(const struct far *far, int i, const char *topic,
                        const char *payload)
{
    struct buffer line = {0};

    assert_true(i < far->count);
    (void)buffer_format(&line, "%s %s", topic, payload);
    assert_string_equal(far->sent[i], buffer_text(&line));
    buffer_release(&line);
}

static void found(struct far *far, const char *topic, const char *json,
                  const char *id)
{
    announce_found(far->announce, topic, json, strlen(json), id);
}

/* This is what the document on topic should be from now on. */
static void want(struct far *far, const char *topic, const char *json)
{
    const char **subject = &far->subjects[strcmp(topic, "d/1") != 0];

    *subject = json;
    announce_want(far->announce, topic, (void *)subject);
}

/* Do all that is due until end_ms; how many messages went out. */
static int run(struct far *far, int64_t end_ms)
{
    int before = far->count;
    int64_t wake;
    int64_t now = 0;

    assert_true(announce_step(far->announce, now));
    while ((wake = announce_wake(far->announce)) <= end_ms) {
        now = wake > now ? wake : now + 1;
        assert_true(announce_step(far->announce, now));
    }
    return far->count - before;
}

static bool is_mk4(void *arg, const char *id)
{
    (void)arg;
    return strcmp(id, "mk4") == 0;
}

static void nothing_is_sent_before_the_broker_was_read(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    want(far, "d/1", both);
    assert_int_equal(run(far, 60000), 0);
    announce_ready(far->announce, false);
    assert_false(announce_idle(far->announce));
    assert_int_equal(run(far, 60000), 1);
    assert_sent(far, 0, "d/1", both);
    assert_true(announce_idle(far->announce));
}

static void what_is_there_already_is_not_sent_again(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    found(far, "d/1", both, "mk4");
    want(far, "d/1", both);
    announce_ready(far->announce, false);
    want(far, "d/1", both);
    assert_int_equal(run(far, 60000), 0);
}

static void a_changed_document_is_sent_once(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    found(far, "d/1", sensor, "mk4");
    announce_ready(far->announce, false);
    want(far, "d/1", both);
    assert_int_equal(run(far, 60000), 1);
    assert_sent(far, 0, "d/1", both);
}

/* Home Assistant removes a component only when it is first reduced. */
static void a_component_goes_in_two_steps(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    found(far, "d/1", both, "mk4");
    announce_ready(far->announce, false);
    want(far, "d/1", sensor);
    assert_true(announce_step(far->announce, 0));
    assert_int_equal(far->count, 1);
    assert_non_null(
        strstr(far->sent[0], "\"cmd_pause\":{\"platform\":\"button\"}"));
    assert_true(announce_step(far->announce, 1999));
    assert_int_equal(far->count, 1);
    assert_int_equal(announce_wake(far->announce), 2000);
    assert_true(announce_step(far->announce, 2000));
    assert_sent(far, 1, "d/1", sensor);
    assert_true(announce_idle(far->announce));
}

static void asking_again_does_not_stop_the_second_step(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    found(far, "d/1", both, "mk4");
    announce_ready(far->announce, false);
    want(far, "d/1", sensor);
    assert_true(announce_step(far->announce, 0));
    want(far, "d/1", sensor);
    assert_int_equal(run(far, 60000), 1);
    assert_sent(far, 1, "d/1", sensor);
}

static void a_birth_sends_everything_again_at_its_time(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    found(far, "d/1", both, "mk4");
    found(far, "d/2", sensor, "other");
    want(far, "d/1", both);
    announce_ready(far->announce, false);
    announce_birth(far->announce, 3000);
    announce_birth(far->announce, 4000);
    assert_true(announce_step(far->announce, 3999));
    assert_int_equal(far->count, 0);
    assert_int_equal(run(far, 60000), 1);
    assert_sent(far, 0, "d/1", both);
}

static void never_twice_within_two_seconds(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    announce_ready(far->announce, false);
    want(far, "d/1", sensor);
    assert_true(announce_step(far->announce, 100));
    want(far, "d/1", both);
    announce_birth(far->announce, 150);
    assert_true(announce_step(far->announce, 2099));
    assert_int_equal(far->count, 1);
    assert_true(announce_step(far->announce, 2100));
    assert_int_equal(far->count, 2);
    assert_true(announce_idle(far->announce));
}

/* ---- reconnects ---- */

static void announce_and_lose(struct far *far)
{
    announce_connected(far->announce);
    announce_ready(far->announce, false);
    want(far, "d/1", both);
    assert_int_equal(run(far, 10000), 1);
    assert_true(announce_step(far->announce, 30000)); /* it was taken */
    announce_connected(far->announce);
}

static void what_a_user_removed_stays_away(void **state)
{
    struct far *far = *state;

    announce_and_lose(far);
    announce_ready(far->announce, false);
    want(far, "d/1", both);
    assert_int_equal(run(far, 60000), 0);
}

static void until_it_changes_or_home_assistant_starts(void **state)
{
    struct far *far = *state;

    announce_and_lose(far);
    announce_ready(far->announce, false);
    announce_birth(far->announce, 20000);
    assert_int_equal(run(far, 60000), 1);
    assert_sent(far, 1, "d/1", both);
}

/* The connection may have been lost with it. */
static void what_nobody_acknowledged_is_sent_again(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    announce_ready(far->announce, false);
    want(far, "d/1", both);
    assert_int_equal(run(far, 10000), 1);
    announce_connected(far->announce);
    announce_ready(far->announce, false);
    assert_int_equal(run(far, 60000), 1);
    assert_sent(far, 1, "d/1", both);
}

static void a_birth_while_the_broker_is_read_counts(void **state)
{
    struct far *far = *state;

    want(far, "d/1", both);
    announce_connected(far->announce);
    found(far, "d/1", both, "mk4");
    announce_birth(far->announce, 3000);
    assert_false(announce_idle(far->announce));
    announce_ready(far->announce, false);
    assert_false(announce_idle(far->announce));
    assert_int_equal(run(far, 60000), 1);
    assert_sent(far, 0, "d/1", both);
    assert_true(announce_idle(far->announce));
}

static void what_the_broker_lost_comes_back(void **state)
{
    struct far *far = *state;

    announce_and_lose(far);
    announce_ready(far->announce, true);
    assert_int_equal(run(far, 60000), 1);
    assert_sent(far, 1, "d/1", both);
}

static void what_could_not_go_out_is_tried_again(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    announce_ready(far->announce, false);
    want(far, "d/1", both);
    want(far, "d/2", sensor);
    far->full = true;
    assert_false(announce_step(far->announce, 0));
    assert_false(announce_idle(far->announce));
    far->full = false;
    assert_true(announce_step(far->announce, 1));
    assert_int_equal(far->count, 2);
    assert_true(announce_idle(far->announce));
}

/* ---- removal ---- */

/* Home Assistant may not know it: it was found, perhaps not by the one that
 * runs now. */
static void a_device_is_announced_once_more_before_it_goes(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    found(far, "d/1", both, "mk4");
    announce_ready(far->announce, false);
    announce_sweep(far->announce, is_mk4, NULL);
    assert_true(announce_step(far->announce, 0));
    assert_sent(far, 0, "d/1", both);
    assert_true(announce_step(far->announce, 1999));
    assert_int_equal(far->count, 1);
    assert_true(announce_step(far->announce, 2000));
    assert_sent(far, 1, "d/1", "");
    announce_sweep(far->announce, is_mk4, NULL);
    assert_int_equal(run(far, 60000), 0);
}

static void and_once_more_when_home_assistant_was_down_meanwhile(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    found(far, "d/1", both, "mk4");
    announce_ready(far->announce, false);
    announce_sweep(far->announce, is_mk4, NULL);
    assert_int_equal(run(far, 60000), 2);
    announce_birth(far->announce, 100000);
    assert_int_equal(run(far, 200000), 2);
    assert_sent(far, 2, "d/1", both);
    assert_sent(far, 3, "d/1", "");
    announce_birth(far->announce, 300000);
    assert_int_equal(run(far, 400000), 0);
}

/* ... and of an entity that went while it was down, it keeps a ghost, too. */
static void so_does_an_entity_that_went_meanwhile(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    found(far, "d/1", both, "mk4");
    want(far, "d/1", sensor);
    announce_ready(far->announce, false);
    assert_int_equal(run(far, 60000), 2);
    assert_sent(far, 1, "d/1", sensor);
    announce_birth(far->announce, 100000);
    assert_int_equal(run(far, 200000), 3);
    assert_sent(far, 2, "d/1", both);
    assert_sent(far, 3, "d/1", far->sent[0] + strlen("d/1 "));
    assert_sent(far, 4, "d/1", sensor);
    announce_birth(far->announce, 300000);
    assert_int_equal(run(far, 400000), 1);
    assert_sent(far, 5, "d/1", sensor);
}

static void it_is_settled_when_what_was_sent_had_its_time(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    assert_false(announce_settled(far->announce, 0));
    announce_ready(far->announce, false);
    assert_true(announce_settled(far->announce, 0));
    want(far, "d/1", both);
    assert_false(announce_settled(far->announce, 0));
    assert_true(announce_step(far->announce, 0));
    assert_true(announce_idle(far->announce));
    assert_false(announce_settled(far->announce, 1999));
    assert_true(announce_settled(far->announce, 2000));
}

static void a_sweep_takes_only_what_nobody_wants(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    found(far, "d/1", both, "mk4");
    found(far, "d/2", both, "mini");
    want(far, "d/1", both);
    announce_ready(far->announce, false);
    announce_sweep(far->announce, is_mk4, NULL);
    assert_int_equal(run(far, 60000), 0);
}

/* On a long line the broker's retained messages come when nobody waits for them
 * any more. */
static void one_that_comes_late_is_swept_unless_it_is_wanted(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    want(far, "d/1", both);
    announce_ready(far->announce, false);
    assert_int_equal(run(far, 10000), 1);
    found(far, "d/1", sensor, "mk4");
    found(far, "d/2", sensor, "mk4");
    want(far, "d/1", both);
    announce_sweep(far->announce, is_mk4, NULL);
    assert_int_equal(run(far, 60000), 2);
    assert_sent(far, 1, "d/2", sensor);
    assert_sent(far, 2, "d/2", "");
}

static void what_is_not_wanted_any_more_goes(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    announce_ready(far->announce, false);
    want(far, "d/1", both);
    assert_int_equal(run(far, 10000), 1);
    announce_unwant(far->announce, "d/1");
    assert_int_equal(run(far, 60000), 1);
    assert_sent(far, 1, "d/1", "");
}

static void what_never_was_there_needs_no_removal(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    announce_ready(far->announce, false);
    announce_unwant(far->announce, "d/1");
    assert_int_equal(run(far, 60000), 0);
}

/* Emptied and sent anew it would lose the names its user gave it. */
static void wanted_again_as_it_was_its_removal_is_called_off(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    announce_ready(far->announce, false);
    want(far, "d/1", sensor);
    assert_int_equal(run(far, 10000), 1);
    announce_unwant(far->announce, "d/1");
    assert_true(announce_step(far->announce, 20000));
    want(far, "d/1", sensor);
    assert_int_equal(run(far, 60000), 0);
}

static void wanted_again_during_its_removal_it_comes_back(void **state)
{
    struct far *far = *state;

    announce_connected(far->announce);
    announce_ready(far->announce, false);
    want(far, "d/1", sensor);
    assert_int_equal(run(far, 10000), 1);
    announce_unwant(far->announce, "d/1");
    assert_true(announce_step(far->announce, 20000));
    want(far, "d/1", both);
    (void)run(far, 60000);
    assert_sent(far, far->count - 1, "d/1", both);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_sent_before_the_broker_was_read),
        TEST(what_is_there_already_is_not_sent_again),
        TEST(a_changed_document_is_sent_once),
        TEST(a_component_goes_in_two_steps),
        TEST(asking_again_does_not_stop_the_second_step),
        TEST(a_birth_sends_everything_again_at_its_time),
        TEST(never_twice_within_two_seconds),
        TEST(what_a_user_removed_stays_away),
        TEST(until_it_changes_or_home_assistant_starts),
        TEST(what_nobody_acknowledged_is_sent_again),
        TEST(a_birth_while_the_broker_is_read_counts),
        TEST(what_the_broker_lost_comes_back),
        TEST(what_could_not_go_out_is_tried_again),
        TEST(a_device_is_announced_once_more_before_it_goes),
        TEST(and_once_more_when_home_assistant_was_down_meanwhile),
        TEST(so_does_an_entity_that_went_meanwhile),
        TEST(it_is_settled_when_what_was_sent_had_its_time),
        TEST(a_sweep_takes_only_what_nobody_wants),
        TEST(one_that_comes_late_is_swept_unless_it_is_wanted),
        TEST(what_is_not_wanted_any_more_goes),
        TEST(what_never_was_there_needs_no_removal),
        TEST(wanted_again_as_it_was_its_removal_is_called_off),
        TEST(wanted_again_during_its_removal_it_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
