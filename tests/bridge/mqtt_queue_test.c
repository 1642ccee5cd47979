/* Messages on their way out, without any broker. */
#include "bridge/mqtt_queue.h"

/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static const struct mqtt_queue_limits LIMITS = {
    .kept = 3,
    .kept_bytes = 10000,
    .lively = 3,
    .lively_bytes = 2000,
    .expiry_ms = 600000,
};

static struct mqtt_queue q;

static int set_up(void **state)
{
    (void)state;
    mqtt_queue_init(&q, &LIMITS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mqtt_queue_release(&q);
    return 0;
}

static struct mqtt_message message(const char *topic, int qos, bool keep)
{
    return (struct mqtt_message){.topic = topic,
                                 .payload = topic,
                                 .len = strlen(topic),
                                 .qos = qos,
                                 .keep = keep,
                                 .expiry_s = -1};
}

static bool add(const char *topic, int qos, bool keep, int64_t now)
{
    struct mqtt_message m = message(topic, qos, keep);
    return mqtt_queue_add(&q, &m, now);
}

/* The topics that leave now, in order, as one text. */
static const char *leaving(int64_t now)
{
    static char text[200];
    text[0] = '\0';
    static int mid;
    struct mqtt_entry *entry;
    while ((entry = mqtt_queue_next(&q, true, now)) != NULL) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "%s ",
                       entry->message.topic);
        mqtt_queue_sent(&q, entry, ++mid);
    }
    return text;
}

static void copies_all_of_a_message(void **state)
{
    (void)state;
    char topic[] = "a/b", payload[] = "pay", type[] = "text/plain";
    char response[] = "r", correlation[] = {1, 0, 2};
    struct mqtt_message m = {.topic = topic,
                             .payload = payload,
                             .len = 3,
                             .qos = 1,
                             .retain = true,
                             .content_type = type,
                             .response_topic = response,
                             .correlation = correlation,
                             .correlation_len = 3,
                             .expiry_s = 7};
    assert_true(mqtt_queue_add(&q, &m, 0));
    topic[0] = payload[0] = type[0] = response[0] = correlation[0] = 'X';

    const struct mqtt_message *c = &mqtt_queue_next(&q, true, 0)->message;
    assert_string_equal(c->topic, "a/b");
    assert_memory_equal(c->payload, "pay", 3);
    assert_string_equal(c->content_type, "text/plain");
    assert_string_equal(c->response_topic, "r");
    assert_memory_equal(c->correlation, "\1\0\2", 3);
    assert_true(c->retain);
    assert_int_equal(c->expiry_s, 7);
}

static void an_empty_payload_is_a_message(void **state)
{
    (void)state;
    struct mqtt_message m = {.topic = "t", .keep = true, .expiry_s = -1};
    assert_true(mqtt_queue_add(&q, &m, 0));
    assert_int_equal(mqtt_queue_next(&q, true, 0)->message.len, 0);
}

static void state_leaves_before_events(void **state)
{
    (void)state;
    assert_true(add("event1", 1, true, 0));
    assert_true(add("state1", 1, false, 0));
    assert_true(add("event2", 1, true, 0));
    assert_true(add("state2", 0, false, 0));
    assert_string_equal(leaving(0), "state1 state2 event1 event2 ");
}

static void events_can_be_held_back(void **state)
{
    (void)state;
    assert_true(add("event", 1, true, 0));
    assert_null(mqtt_queue_next(&q, false, 0));
    assert_non_null(mqtt_queue_next(&q, true, 0));
}

static void a_full_line_refuses_state(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(add("s", 1, false, 0));
    assert_false(add("s", 1, false, 0));
    assert_int_equal(q.dropped, 0);
}

static void bytes_are_limited_too(void **state)
{
    (void)state;
    char big[1500];
    memset(big, 'x', sizeof big);
    struct mqtt_message m = message("s", 1, false);
    m.payload = big;
    m.len = sizeof big;
    assert_true(mqtt_queue_add(&q, &m, 0));
    assert_false(mqtt_queue_add(&q, &m, 0));

    /* Alone a message of any size passes. */
    mqtt_queue_drop(&q, mqtt_queue_next(&q, true, 0));
    static char huge[9000];
    m.payload = huge;
    m.len = sizeof huge;
    assert_true(mqtt_queue_add(&q, &m, 0));
}

static void the_oldest_event_makes_room(void **state)
{
    (void)state;
    assert_true(add("1", 1, true, 0));
    assert_true(add("2", 1, true, 0));
    assert_true(add("3", 1, true, 0));
    assert_true(add("4", 1, true, 0));
    assert_int_equal(q.dropped, 1);
    assert_string_equal(leaving(0), "2 3 4 ");
}

static void an_event_larger_than_the_line_is_refused(void **state)
{
    (void)state;
    static char huge[10001];
    assert_true(add("1", 1, true, 0));
    struct mqtt_message m = message("big", 1, true);
    m.payload = huge;
    m.len = sizeof huge;
    assert_false(mqtt_queue_add(&q, &m, 0));
    assert_int_equal(q.dropped, 1);
    assert_string_equal(leaving(0), "1 ");
}

static void events_expire_after_ten_minutes(void **state)
{
    (void)state;
    assert_true(add("old", 1, true, 0));
    assert_true(add("new", 1, true, 1000));
    assert_string_equal(leaving(600000), "new ");
    assert_int_equal(q.dropped, 1);
}

static void expired_events_go_without_being_asked_for(void **state)
{
    (void)state;
    assert_true(add("old", 1, true, 0));
    assert_true(add("new", 1, true, 1000));
    mqtt_queue_expire(&q, 599999);
    assert_int_equal(q.kept.count, 2);
    mqtt_queue_expire(&q, 600000);
    assert_int_equal(q.kept.count, 1);
    mqtt_queue_expire(&q, 601000);
    assert_int_equal(q.kept.count, 0);
    assert_int_equal(q.kept.bytes, 0);
    assert_true(add("again", 1, true, 601000));
    assert_string_equal(leaving(601000), "again ");
}

static void an_own_expiry_can_be_shorter_and_runs_on(void **state)
{
    (void)state;
    struct mqtt_message m = message("answer", 1, true);
    m.expiry_s = 10;
    assert_true(mqtt_queue_add(&q, &m, 0));
    struct mqtt_entry *entry = mqtt_queue_next(&q, true, 4000);
    assert_int_equal(mqtt_entry_expiry_s(entry, 4000), 6);
    assert_int_equal(mqtt_entry_expiry_s(entry, 9999), 1);
    assert_null(mqtt_queue_next(&q, true, 10000));

    m.expiry_s = INT64_MAX;
    assert_true(mqtt_queue_add(&q, &m, 0));
    assert_non_null(mqtt_queue_next(&q, true, 599999));
}

static void an_acknowledged_message_is_done_with(void **state)
{
    (void)state;
    assert_true(add("a", 1, true, 0));
    assert_true(add("b", 1, true, 0));
    mqtt_queue_sent(&q, mqtt_queue_next(&q, true, 0), 7);
    mqtt_queue_sent(&q, mqtt_queue_next(&q, true, 0), 8);
    assert_int_equal(q.flight.count, 2);

    assert_null(mqtt_queue_take(&q, 9));
    struct mqtt_entry *entry = mqtt_queue_take(&q, 8);
    assert_string_equal(entry->message.topic, "b");
    mqtt_entry_free(entry);
    assert_null(mqtt_queue_take(&q, 8));
    mqtt_entry_free(mqtt_queue_take(&q, 7));
    assert_int_equal(q.flight.count, 0);
    assert_int_equal(q.flight.bytes, 0);
}

static void qos_0_needs_no_acknowledgement(void **state)
{
    (void)state;
    assert_true(add("a", 0, true, 0));
    mqtt_queue_sent(&q, mqtt_queue_next(&q, true, 0), 7);
    assert_int_equal(q.flight.count, 0);
}

static void waiting_for_the_answer_begins_when_the_bytes_left(void **state)
{
    (void)state;
    assert_int_equal(mqtt_queue_unanswered_since(&q), -1);
    assert_true(add("a", 1, false, 0));
    mqtt_queue_sent(&q, mqtt_queue_next(&q, true, 0), 1);
    assert_int_equal(mqtt_queue_unanswered_since(&q), -1);
    mqtt_queue_flushed(&q, 500);
    mqtt_queue_flushed(&q, 900);
    assert_int_equal(mqtt_queue_unanswered_since(&q), 500);
    mqtt_entry_free(mqtt_queue_take(&q, 1));
    assert_int_equal(mqtt_queue_unanswered_since(&q), -1);
}

static void a_loss_keeps_events_and_forgets_state(void **state)
{
    (void)state;
    assert_true(add("event1", 1, true, 0));
    assert_true(add("state1", 1, false, 0));
    (void)leaving(0);
    assert_true(add("event2", 1, true, 0));
    (void)leaving(0);
    assert_true(add("event3", 1, true, 0));
    assert_true(add("state2", 1, false, 0));

    mqtt_queue_lost(&q);
    assert_int_equal(q.flight.count, 0);
    assert_int_equal(q.lively.count, 0);
    assert_int_equal(mqtt_queue_unanswered_since(&q), -1);
    assert_string_equal(leaving(0), "event1 event2 event3 ");
    mqtt_queue_flushed(&q, 10);
    assert_int_equal(mqtt_queue_unanswered_since(&q), 10);
}

static void what_cannot_be_sent_is_dropped_and_counted(void **state)
{
    (void)state;
    assert_true(add("state", 1, false, 0));
    assert_true(add("event", 1, true, 0));
    mqtt_queue_drop(&q, mqtt_queue_next(&q, true, 0));
    assert_int_equal(q.dropped, 0);
    mqtt_queue_drop(&q, mqtt_queue_next(&q, true, 0));
    assert_int_equal(q.dropped, 1);
    assert_null(mqtt_queue_next(&q, true, 0));
}

static void what_ends_so_is_forgotten_and_nothing_else(void **state)
{
    (void)state;
    assert_true(add("a/event", 1, true, 0));
    assert_true(add("a/response/pause", 1, true, 0));
    assert_true(add("b/event", 1, true, 0));
    mqtt_queue_forget(&q, "/event");
    assert_int_equal(q.kept.count, 1);
    assert_true(add("event", 1, true, 0));
    mqtt_queue_forget(&q, "/event");
    assert_string_equal(leaving(0), "a/response/pause event ");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(copies_all_of_a_message),
        TEST(an_empty_payload_is_a_message),
        TEST(state_leaves_before_events),
        TEST(events_can_be_held_back),
        TEST(a_full_line_refuses_state),
        TEST(bytes_are_limited_too),
        TEST(the_oldest_event_makes_room),
        TEST(what_ends_so_is_forgotten_and_nothing_else),
        TEST(an_event_larger_than_the_line_is_refused),
        TEST(events_expire_after_ten_minutes),
        TEST(expired_events_go_without_being_asked_for),
        TEST(an_own_expiry_can_be_shorter_and_runs_on),
        TEST(an_acknowledged_message_is_done_with),
        TEST(qos_0_needs_no_acknowledgement),
        TEST(waiting_for_the_answer_begins_when_the_bytes_left),
        TEST(a_loss_keeps_events_and_forgets_state),
        TEST(what_cannot_be_sent_is_dropped_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
