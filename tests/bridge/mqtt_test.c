/* Messages through the MQTT edge and a real mosquitto, and the goodbye. */
#include "tests/bridge/mqtt_scene.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

static void a_message_arrives_with_all_its_properties(void **state)
{
    (void)state;
    scene_start(OPEN);
    struct party *watcher = scene_observer("t/#");
    struct party *p = scene_join("sender", MQTT_AUTO);
    assert_true(mqtt_publish(
        p->mqtt, &(struct mqtt_message){.topic = "t/1",
                                        .payload = "bytes\0more",
                                        .len = 10,
                                        .qos = 1,
                                        .content_type = "image/png",
                                        .response_topic = "answers/here",
                                        .correlation = "a\0b",
                                        .correlation_len = 3,
                                        .expiry_s = 300}));
    AWAIT(party_heard(watcher, "t/1") == 1);
    const struct heard *h = &watcher->heard[watcher->count - 1];
    assert_int_equal(h->len, 10);
    assert_memory_equal(h->payload, "bytes\0more", 10);
    assert_int_equal(h->qos, 1);
    assert_string_equal(h->content_type, "image/png");
    assert_string_equal(h->response_topic, "answers/here");
    assert_int_equal(h->correlation_len, 3);
    assert_memory_equal(h->correlation, "a\0b", 3);
    assert_in_range(h->expiry_s, 299, 300);

    struct mqtt_statistics s;
    mqtt_statistics(p->mqtt, &s);
    assert_true(s.connected);
    assert_int_equal(s.protocol, 5);
    assert_int_equal(s.messages_out, 1);
    assert_int_equal(s.bytes_out, 10);
    party_close(p);
    party_close(watcher);
}

static void empty_payloads_and_missing_properties_are_told(void **state)
{
    (void)state;
    scene_start(OPEN);
    struct party *p = scene_join("both", MQTT_5);
    party_subscribe(p, "t");
    assert_true(party_say(p, "t", "", 0, false));
    AWAIT(party_heard(p, "t") == 1);
    const struct heard *h = &p->heard[p->count - 1];
    assert_int_equal(h->len, 0);
    assert_string_equal(h->response_topic, "");
    assert_int_equal(h->expiry_s, -1);
    party_close(p);
}

static void publish_retained(struct party *p, const char *topic)
{
    assert_true(mqtt_publish(p->mqtt, &(struct mqtt_message){.topic = topic,
                                                             .payload = "r",
                                                             .len = 1,
                                                             .retain = true,
                                                             .expiry_s = -1}));
}

static bool retain_of_last(const struct party *p)
{
    return p->heard[p->count - 1].retain;
}

static void retained_orders_are_seen_live_only_with_mqtt_5(void **state)
{
    (void)state;
    scene_start(OPEN);
    struct party *sender = scene_join("sender", MQTT_5);
    static const struct {
        enum mqtt_protocol protocol;
        bool live;
    } ROWS[] = {{MQTT_5, true}, {MQTT_3_1_1, false}};
    for (size_t i = 0; i < 2; i++) {
        char topic[8];
        (void)snprintf(topic, sizeof topic, "t/%zu", i);
        struct party *p = scene_join("p", ROWS[i].protocol);
        assert_int_equal(mqtt_sees_retain(p->mqtt), ROWS[i].live);
        party_subscribe(p, topic);
        publish_retained(sender, topic);
        AWAIT(party_heard(p, topic) == 1);
        assert_int_equal(retain_of_last(p), ROWS[i].live);
        party_close(p);

        p = scene_join("later", ROWS[i].protocol);
        assert_true(mqtt_subscribe(p->mqtt, topic, 0));
        AWAIT(party_heard(p, topic) == 1);
        assert_true(retain_of_last(p));
        party_close(p);
    }
    party_close(sender);
}

static void unsubscribing_ends_the_flow(void **state)
{
    (void)state;
    scene_start(OPEN);
    struct party *p = scene_join("p", MQTT_AUTO);
    party_subscribe(p, "a");
    party_subscribe(p, "b");
    assert_true(mqtt_unsubscribe(p->mqtt, "a"));
    assert_true(party_say(p, "a", "1", 1, false));
    assert_true(party_say(p, "b", "1", 1, false));
    AWAIT(party_heard(p, "b") == 1);
    assert_int_equal(party_heard(p, "a"), 0);
    party_close(p);
}

static void what_no_broker_takes_is_refused(void **state)
{
    (void)state;
    scene_start(OPEN);
    struct party *p = scene_join("p", MQTT_AUTO);
    static char huge[5000];
    memset(huge, 'x', sizeof huge - 1);
    static const char *const TOPICS[] = {"", "a/#", "a/+/b", "\xff", "a\x01"};
    for (size_t i = 0; i < sizeof TOPICS / sizeof TOPICS[0]; i++) {
        assert_false(party_say(p, TOPICS[i], "x", 1, true));
        assert_false(party_say(p, TOPICS[i], "x", 0, false));
    }
    assert_false(mqtt_publish(
        p->mqtt, &(struct mqtt_message){
                     .topic = "t", .response_topic = huge, .expiry_s = -1}));
    assert_false(mqtt_subscribe(p->mqtt, "a/#/b", 0));
    assert_int_equal(p->disconnected, 0);
    party_close(p);
}

static void answer_order(struct party *p, const struct mqtt_message *m)
{
    if (strcmp(m->topic, "order") != 0)
        return;
    assert_true(mqtt_publish(
        p->mqtt, &(struct mqtt_message){.topic = m->response_topic,
                                        .payload = "done",
                                        .len = 4,
                                        .qos = 1,
                                        .keep = true,
                                        .correlation = m->correlation,
                                        .correlation_len = m->correlation_len,
                                        .expiry_s = -1}));
}

static void an_order_can_be_answered_from_its_callback(void **state)
{
    (void)state;
    scene_start(OPEN);
    struct party *bridge = scene_join("bridge", MQTT_AUTO);
    party_subscribe(bridge, "order");
    bridge->on_message = answer_order;
    struct party *user = scene_join("user", MQTT_5);
    party_subscribe(user, "mine");
    assert_true(mqtt_publish(user->mqtt,
                             &(struct mqtt_message){.topic = "order",
                                                    .payload = "PRESS",
                                                    .len = 5,
                                                    .response_topic = "mine",
                                                    .correlation = "42",
                                                    .correlation_len = 2,
                                                    .expiry_s = -1}));
    AWAIT(party_heard(user, "mine") == 1);
    assert_memory_equal(user->heard[user->count - 1].correlation, "42", 2);
    party_close(user);
    party_close(bridge);
}

static void a_forbidden_topic_is_told(void **state)
{
    (void)state;
    broker_prepare(&broker, OPEN "acl_file %s/acl\n");
    broker_write(&broker, "acl", "topic readwrite mine/#\n");
    broker_start(&broker);
    struct party *p = scene_join("p", MQTT_5);
    assert_true(party_say(p, "mine/a", "x", 1, false));
    assert_true(party_say(p, "other/a", "x", 1, false));
    AWAIT(p->rejected == 1);
    assert_string_equal(p->last, "other/a: not authorized");
    party_close(p);
}

static void a_unix_socket_will_do(void **state)
{
    (void)state;
    scene_start(OPEN "listener 0 %s/socket\n");
    struct mqtt_options o = party_options(0, "p");
    o.host = broker_path(&broker, "socket");
    struct party *p = party_new(&o);
    mqtt_start(p->mqtt);
    party_subscribe(p, "t");
    party_close(p);

    o.host = broker_path(&broker, "nowhere");
    p = party_new(&o);
    mqtt_start(p->mqtt);
    AWAIT(p->disconnected > 0);
    assert_non_null(strstr(p->reason, "nowhere: No such file or directory"));
    party_close(p);
}

/* Packets of the network */

/* Bytes that are said and have not left this machine's socket. */
static int held_back(const struct party *p)
{
    int bytes = -1;
    assert_int_equal(
        ioctl(mosquitto_socket(p->mqtt->link->client), SIOCOUTQNSD, &bytes), 0);
    return bytes;
}

/* A message that is held back in a turn of the loop that began now; how many
 * bytes it has. The kernel itself lets go after 200 ms, as on a machine where
 * others are busy. */
static int say_first(struct party *p)
{
    int bytes = 0;
    for (int i = 0; bytes == 0 && i < 100; i++) {
        party_round();
        assert_int_equal(held_back(p), 0);
        assert_true(party_say(p, "t", "first", 0, false));
        bytes = held_back(p);
    }
    assert_true(bytes > 0);
    return bytes;
}

static void what_is_said_in_one_turn_leaves_together(void **state)
{
    (void)state;
    scene_start(OPEN);
    struct party *p = scene_join("p", MQTT_AUTO);
    bool together = false;
    for (int i = 0; i < 100 && !together; i++) {
        int one = say_first(p);
        assert_true(party_say(p, "t", "again", 0, false));
        together = held_back(p) == 2 * one;
    }
    assert_true(together);
    party_round();
    assert_int_equal(held_back(p), 0);
    party_close(p);
}

static void in_a_long_turn_it_leaves_when_more_is_said(void **state)
{
    (void)state;
    scene_start(OPEN);
    struct party *p = scene_join("p", MQTT_AUTO);
    int first = say_first(p);
    uint64_t said_ns = uv_hrtime();
    while (uv_hrtime() - said_ns <= 100000)
        ;
    assert_true(party_say(p, "t", "later", 0, false));
    assert_int_equal(held_back(p), first); /* this one, and no more */
    party_round();
    assert_int_equal(held_back(p), 0);
    party_close(p);
}

/* Will and goodbye */

static struct party *join_with_will(const char *id)
{
    struct mqtt_options o = party_options(broker.port, id);
    o.will_topic = "state";
    struct party *p = party_new(&o);
    mqtt_start(p->mqtt);
    AWAIT(p->connected == 1);
    return p;
}

static void the_will_is_for_accidents_only(void **state)
{
    (void)state;
    scene_start(OPEN);
    struct party *watcher = scene_observer("state");
    struct party *p = join_with_will("p");
    party_close(p);
    party_subscribe(watcher, "sync");
    assert_int_equal(party_heard(watcher, "state"), 0);

    party_drop(join_with_will("p"));
    AWAIT(party_heard(watcher, "state") == 1);
    assert_string_equal(party_last(watcher, "state"), "offline");
    party_close(watcher);

    /* It is retained. */
    watcher = scene_observer("state");
    AWAIT(party_heard(watcher, "state") == 1);
    party_close(watcher);
}

static void what_is_held_leaves_after_the_others(void **state)
{
    (void)state;
    scene_start(OPEN);
    struct party *p = scene_join("p", MQTT_AUTO);
    party_subscribe(p, "t/#");
    mqtt_hold(p->mqtt, true);
    assert_true(party_say(p, "t/event", "first", 1, true));
    assert_true(party_say(p, "t/state", "second", 1, false));
    AWAIT(party_heard(p, "t/state") == 1);
    assert_int_equal(party_heard(p, "t/event"), 0);
    mqtt_hold(p->mqtt, false);
    AWAIT(party_heard(p, "t/event") == 1);

    /* and at the end in any case */
    struct party *watcher = scene_observer("t/event");
    mqtt_hold(p->mqtt, true);
    assert_true(party_say(p, "t/event", "last", 1, true));
    party_close(p);
    AWAIT(party_heard(watcher, "t/event") == 1);
    party_close(watcher);
}

static void stopping_sends_what_waits_first(void **state)
{
    (void)state;
    scene_start(OPEN);
    struct party *watcher = scene_observer("t");
    struct party *p = join_with_will("p");
    for (int i = 0; i < 500; i++)
        assert_true(party_say(p, "t", "x", 1, i % 2 == 0));
    party_close(p);
    AWAIT(party_heard(watcher, "t") == 500);
    assert_int_equal(party_heard(watcher, "state"), 0);
    party_close(watcher);
}

static void nothing_is_published_after_stop(void **state)
{
    (void)state;
    scene_start(OPEN);
    struct party *p = scene_join("p", MQTT_AUTO);
    mqtt_stop(p->mqtt, 1000, NULL, NULL);
    assert_false(party_say(p, "t", "x", 0, false));
    assert_false(party_say(p, "t", "x", 1, true));
    AWAIT(p->mqtt->state == MQTT_STOPPED);
    assert_int_equal(p->disconnected, 0);
    party_drop(p);
}

static void a_broker_that_takes_qos_0_only_gets_that(void **state)
{
    (void)state;
    scene_start(OPEN "max_qos 0\n");
    struct party *p = scene_join("p", MQTT_5);
    assert_true(mqtt_subscribe(p->mqtt, "t", 0));
    for (int i = 0; i < 30; i++) /* more than may wait for an answer */
        assert_true(party_say(p, "t", "x", 1, i % 2 == 0));
    AWAIT(party_heard(p, "t") == 30);
    assert_int_equal(p->heard[p->count - 1].qos, 0);
    assert_int_equal(p->mqtt->queue.flight.count, 0);
    assert_int_equal(p->disconnected, 0);
    party_close(p);
}

static void options_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static char path[200];
    memset(path, 'x', sizeof path - 1);
    const struct mqtt_options good = party_options(1883, "p");
    struct mqtt_options rows[7];
    static const char *const SAYS[] = {
        "no host name",        "70000 is not a port", "-1 is not a port",
        "socket is too long",  "client id is empty",  "a/# cannot be a topic",
        "TLS on a unix socket"};
    for (size_t i = 0; i < 7; i++)
        rows[i] = good;
    rows[0].host = "";
    rows[1].port = 70000;
    rows[2].port = -1;
    rows[3].host = path;
    rows[3].port = 0;
    rows[4].client_id = "";
    rows[5].will_topic = "a/#";
    rows[6].tls = true;
    rows[6].port = 0;
    for (size_t i = 0; i < 7; i++) {
        const struct mqtt_events none = {0};
        struct error err = {""};
        assert_null(mqtt_new(&party_loop, &rows[i], &none, NULL, &err));
        print_message("  %s\n", err.text);
        assert_non_null(strstr(err.text, SAYS[i]));
    }
}

static void stop_at_once(struct party *p)
{
    mqtt_stop(p->mqtt, 1000, NULL, NULL);
}

static void stopping_is_allowed_in_callbacks(void **state)
{
    (void)state;
    scene_start(OPEN);
    struct mqtt_options o = party_options(broker.port, "p");
    struct party *p = party_new(&o);
    p->on_connected = stop_at_once;
    mqtt_start(p->mqtt);
    AWAIT(p->mqtt->state == MQTT_STOPPED);
    party_drop(p);

    o.port = broker_free_port();
    p = party_new(&o);
    p->on_disconnected = stop_at_once;
    mqtt_start(p->mqtt);
    AWAIT(p->mqtt->state == MQTT_STOPPED);
    assert_int_equal(p->disconnected, 1);
    party_drop(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_message_arrives_with_all_its_properties),
        STORY(empty_payloads_and_missing_properties_are_told),
        STORY(retained_orders_are_seen_live_only_with_mqtt_5),
        STORY(unsubscribing_ends_the_flow),
        STORY(what_no_broker_takes_is_refused),
        STORY(an_order_can_be_answered_from_its_callback),
        STORY(a_forbidden_topic_is_told),
        STORY(a_unix_socket_will_do),
        STORY(what_is_said_in_one_turn_leaves_together),
        STORY(in_a_long_turn_it_leaves_when_more_is_said),
        STORY(the_will_is_for_accidents_only),
        STORY(what_is_held_leaves_after_the_others),
        STORY(stopping_sends_what_waits_first),
        STORY(nothing_is_published_after_stop),
        STORY(stopping_is_allowed_in_callbacks),
        STORY(a_broker_that_takes_qos_0_only_gets_that),
        STORY(options_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
