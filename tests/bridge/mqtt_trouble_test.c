/* The MQTT edge and brokers that refuse, break off or fall silent. */
#include "tests/bridge/fake_broker.h"
#include "tests/bridge/mqtt_party.h"

static struct fake_broker fake;

static int set_up(void **state)
{
    memset(&fake, 0, sizeof fake);
    int failed = party_set_up(state);
    fake_broker_start(&fake, &party_loop);
    return failed;
}

static int tear_down(void **state)
{
    fake_broker_stop(&fake);
    return party_tear_down(state);
}

#define STORY(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static struct party *begin(enum mqtt_protocol protocol)
{
    struct mqtt_options o = party_options(fake.port, "p");
    o.protocol = protocol;
    struct party *p = party_new(&o);
    mqtt_start(p->mqtt);
    return p;
}

/* Brokers that refuse */

static const char OLD_NO[] = "\x20\x02\x00\x01";

/* Like aedes: any CONNECT of MQTT 5 gets a 3.1.1 CONNACK with code 1. */
static void old_broker(struct fake_broker *b, struct fake_peer *peer, int type,
                       const unsigned char *body, size_t len)
{
    (void)b;
    (void)len;
    if (type != FAKE_CONNECT)
        return;
    if (fake_level(body) == 5) {
        fake_send(peer, OLD_NO, 4);
        fake_close(peer);
    } else {
        fake_connack(peer, 4);
    }
}

static void an_old_broker_gets_3_1_1_and_keeps_it(void **state)
{
    (void)state;
    fake.packet = old_broker;
    struct party *p = begin(MQTT_AUTO);
    AWAIT(p->connected == 1);
    assert_int_equal(p->disconnected, 1);
    assert_non_null(strstr(p->reason, "does not speak"));
    assert_non_null(strstr(p->reason, "trying MQTT 3.1.1"));
    struct mqtt_statistics s;
    mqtt_statistics(p->mqtt, &s);
    assert_int_equal(s.protocol, 4);
    assert_false(mqtt_sees_retain(p->mqtt));

    fake_close(fake_last(&fake));
    AWAIT(p->connected == 2);
    assert_int_equal(fake.count[FAKE_CONNECT], 3);
    assert_int_equal(fake.levels[0], 5);
    assert_int_equal(fake.levels[1], 4);
    assert_int_equal(fake.levels[2], 4);
    party_close(p);
}

static void reason_132(struct fake_broker *b, struct fake_peer *peer, int type,
                       const unsigned char *body, size_t len)
{
    (void)b;
    (void)len;
    if (type == FAKE_CONNECT && fake_level(body) == 5)
        fake_send(peer, "\x20\x03\x00\x84\x00", 5);
    else if (type == FAKE_CONNECT)
        fake_connack(peer, 4);
}

static void reason_132_leads_to_3_1_1_too(void **state)
{
    (void)state;
    fake.packet = reason_132;
    struct party *p = begin(MQTT_AUTO);
    AWAIT(p->connected == 1);
    assert_int_equal(fake.levels[1], 4);
    party_close(p);
}

static void close_5(struct fake_broker *b, struct fake_peer *peer, int type,
                    const unsigned char *body, size_t len)
{
    (void)b;
    (void)len;
    if (type == FAKE_CONNECT && fake_level(body) == 5)
        fake_close(peer);
    else if (type == FAKE_CONNECT)
        fake_connack(peer, 4);
}

static void closing_twice_leads_to_3_1_1(void **state)
{
    (void)state;
    fake.packet = close_5;
    struct party *p = begin(MQTT_AUTO);
    AWAIT(p->connected == 1);
    assert_int_equal(p->disconnected, 2);
    assert_non_null(strstr(p->reason, "without an answer"));
    assert_int_equal(fake.levels[0], 5);
    assert_int_equal(fake.levels[1], 5);
    assert_int_equal(fake.levels[2], 4);
    party_close(p);
}

static void close_all(struct fake_broker *b, struct fake_peer *peer, int type,
                      const unsigned char *body, size_t len)
{
    (void)b;
    (void)type;
    (void)body;
    (void)len;
    fake_close(peer);
}

static void a_closed_door_is_tried_with_5_again(void **state)
{
    (void)state;
    fake.packet = close_all;
    struct party *p = begin(MQTT_AUTO);
    AWAIT(fake.count[FAKE_CONNECT] >= 6);
    static const int LEVELS[] = {5, 5, 4, 5, 5, 4};
    for (int i = 0; i < 6; i++)
        assert_int_equal(fake.levels[i], LEVELS[i]);
    assert_int_equal(p->connected, 0);
    party_close(p);
}

static void speak_http(struct fake_broker *b, struct fake_peer *peer)
{
    (void)b;
    static const char ANSWER[] =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n"
        "Content-Length: 11\r\nConnection: close\r\n\r\nBad Request";
    fake_send(peer, ANSWER, sizeof ANSWER - 1);
}

static void a_web_server_is_no_broker(void **state)
{
    (void)state;
    fake.accepted = speak_http;
    struct party *p = begin(MQTT_5);
    AWAIT(p->disconnected >= 1);
    assert_non_null(strstr(p->reason, "does not speak MQTT"));
    party_close(p);
}

static int connack_code;

static void answer_code(struct fake_broker *b, struct fake_peer *peer, int type,
                        const unsigned char *body, size_t len)
{
    (void)b;
    (void)len;
    char five[] = {0x20, 3, 0, (char)connack_code, 0};
    char four[] = {0x20, 2, 0, (char)connack_code};
    if (type == FAKE_CONNECT && fake_level(body) == 5)
        fake_send(peer, five, sizeof five);
    else if (type == FAKE_CONNECT)
        fake_send(peer, four, sizeof four);
}

static void every_refusal_has_its_sentence(void **state)
{
    (void)state;
    fake.packet = answer_code;
    static const struct {
        enum mqtt_protocol protocol;
        int code;
        const char *reason;
        int64_t retry_ms;
    } ROWS[] = {
        {MQTT_3_1_1, 2, "refused the client id", 100},
        {MQTT_3_1_1, 3, "not available", 100},
        {MQTT_3_1_1, 4, "user name or password", 30000},
        {MQTT_3_1_1, 5, "user name or password", 30000},
        {MQTT_AUTO, 0x85, "refused the client id", 100},
        {MQTT_AUTO, 0x86, "user name or password", 30000},
        {MQTT_AUTO, 0x87, "user name or password", 30000},
        {MQTT_AUTO, 0x89, "busy", 100},
        {MQTT_AUTO, 0x8c, "code 140", 100},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        connack_code = ROWS[i].code;
        struct mqtt_options o = party_options(fake.port, "p");
        o.protocol = ROWS[i].protocol;
        o.username = "u";
        struct party *p = party_new(&o);
        mqtt_start(p->mqtt);
        AWAIT(p->disconnected == 1);
        assert_non_null(strstr(p->reason, ROWS[i].reason));
        assert_true(ROWS[i].retry_ms == 30000 ? p->retry_ms == 30000
                                              : p->retry_ms <= 100);
        assert_int_equal(p->mqtt->policy.protocol,
                         ROWS[i].protocol == MQTT_AUTO ? 5 : 4);
        party_close(p);
    }
}

/* What a CONNECT says */

static unsigned char connect_body[256];
static size_t connect_len;

static void accept_all(struct fake_broker *b, struct fake_peer *peer, int type,
                       const unsigned char *body, size_t len)
{
    (void)b;
    if (type != FAKE_CONNECT)
        return;
    connect_len = len < sizeof connect_body ? len : sizeof connect_body;
    memcpy(connect_body, body, connect_len);
    fake_connack(peer, fake_level(body));
}

static bool connect_has(const void *bytes, size_t len)
{
    return memmem(connect_body, connect_len, bytes, len) != NULL;
}

static void connect_limits_what_the_broker_may_send(void **state)
{
    (void)state;
    fake.packet = accept_all;
    struct mqtt_options o = party_options(fake.port, "me");
    o.will_topic = "w";
    o.username = "u";
    o.password = "p";
    o.keepalive_s = 45;
    struct party *p = party_new(&o);
    mqtt_start(p->mqtt);
    AWAIT(p->connected == 1);
    /* user, password, will retained with QoS 1, clean start; 45 s */
    assert_memory_equal(connect_body + 7, "\xee\x00\x2d", 3);
    assert_true(connect_has("\x21\x00\x14", 3));
    assert_true(connect_has("\x27\x00\x11\x00\x00", 5));
    assert_true(connect_has("\x00\x02me", 4));
    assert_true(connect_has("\x00\x01w\x00\x07offline", 12));
    party_close(p);
}

/* Connections that end */

static void the_broker_says_that_another_took_over(void **state)
{
    (void)state;
    fake.packet = accept_all;
    struct party *p = begin(MQTT_5);
    AWAIT(p->connected == 1);
    fake_send(fake_last(&fake), "\xe0\x02\x8e\x00", 4);
    AWAIT(p->disconnected == 1);
    assert_non_null(strstr(p->reason, "client id p took over"));
    assert_int_equal(p->retry_ms, 60000);
    party_close(p);
}

static void the_broker_says_why_it_closes(void **state)
{
    (void)state;
    fake.packet = accept_all;
    struct party *p = begin(MQTT_5);
    for (int i = 1; i <= 4; i++) {
        AWAIT(p->connected == i);
        fake_send(fake_last(&fake), "\xe0\x02\x95\x00", 4);
        AWAIT(p->disconnected == i);
        assert_non_null(strstr(p->reason, "packet too large"));
        assert_in_range(p->retry_ms, 1, 100);
    }
    party_close(p);
}

static void refuse_subscriptions(struct fake_broker *b, struct fake_peer *peer,
                                 int type, const unsigned char *body,
                                 size_t len)
{
    accept_all(b, peer, type, body, len);
    if (type != FAKE_SUBSCRIBE)
        return;
    char suback[] = {(char)0x90, 4, (char)body[0], (char)body[1], 0, 0};
    suback[5] = (char)(memmem(body, len, "secret", 6) != NULL ? 0x87 : 0);
    fake_send(peer, suback, sizeof suback);
}

static void a_refused_subscription_is_told(void **state)
{
    (void)state;
    fake.packet = refuse_subscriptions;
    struct party *p = begin(MQTT_5);
    AWAIT(p->connected == 1);
    assert_true(mqtt_subscribe(p->mqtt, "open/#", 1));
    assert_true(mqtt_subscribe(p->mqtt, "secret/#", 1));
    assert_false(mqtt_subscribed(p->mqtt));
    AWAIT(p->refused == 1);
    assert_string_equal(p->last, "secret/#");
    AWAIT(mqtt_subscribed(p->mqtt));
    assert_int_equal(p->refused, 1);
    party_close(p);
}

static void large_messages_are_ignored(void **state)
{
    (void)state;
    fake.packet = accept_all;
    struct party *p = begin(MQTT_3_1_1);
    AWAIT(p->connected == 1);
    static unsigned char big[MQTT_PAYLOAD_MAX + 1 + 3 + 4];
    size_t rest = sizeof big - 4;
    big[0] = 0x30;
    big[1] = (unsigned char)(rest | 128);
    big[2] = (unsigned char)(rest >> 7 | 128);
    big[3] = (unsigned char)(rest >> 14);
    assert_true(rest >> 21 == 0);
    big[5] = 1; /* length of the topic */
    big[6] = 't';
    fake_send(fake_last(&fake), big, sizeof big);
    fake_send(fake_last(&fake), "\x30\x04\x00\x01t!", 6);
    AWAIT(party_heard(p, "t") == 1);
    assert_string_equal(party_last(p, "t"), "!");
    struct mqtt_statistics s;
    mqtt_statistics(p->mqtt, &s);
    assert_int_equal(s.ignored, 1);
    assert_int_equal(s.messages_in, 1);
    party_close(p);
}

static void topics_that_are_not_utf8_never_come_up(void **state)
{
    (void)state;
    fake.packet = accept_all;
    struct party *p = begin(MQTT_5);
    AWAIT(p->connected == 1);
    fake_send(fake_last(&fake), "\x30\x05\x00\x02\xff/\x00", 7);
    AWAIT(p->disconnected == 1);
    assert_int_equal(p->count, 0);
    party_close(p);
}

/* Answers that do not come */

static void nobody_answers_publish(void **state)
{
    (void)state;
    fake.packet = accept_all;
    struct party *p = begin(MQTT_5);
    mqtt_limits(p->mqtt)->puback_ms = 1000;
    AWAIT(p->connected == 1);
    assert_true(party_say(p, "t", "x", 1, true));
    assert_true(party_say(p, "t", "stale", 1, false));
    AWAIT(p->disconnected == 1);
    assert_string_equal(p->reason, "no answer to PUBLISH for 1 s");
    /* What is kept goes out again, what is not does not. */
    AWAIT(fake.count[FAKE_PUBLISH] == 3);
    assert_int_equal(p->mqtt->queue.flight.count, 1);
    party_drop(p);
}

static void only_20_messages_wait_for_an_answer(void **state)
{
    (void)state;
    fake.packet = accept_all;
    struct party *p = begin(MQTT_5);
    AWAIT(p->connected == 1);
    for (int i = 0; i < 100; i++)
        assert_true(party_say(p, "t", "x", 1, false));
    AWAIT(fake.count[FAKE_PUBLISH] == 20);
    party_run_for(50);
    assert_int_equal(fake.count[FAKE_PUBLISH], 20);
    /* QoS 0 behind them waits its turn. */
    assert_true(party_say(p, "t", "x", 0, false));
    party_run_for(50);
    assert_int_equal(fake.count[FAKE_PUBLISH], 20);

    char puback[] = {0x40, 2, 0, 1};
    fake_send(fake_last(&fake), puback, sizeof puback);
    AWAIT(fake.count[FAKE_PUBLISH] == 21);
    party_drop(p);
}

/* Message ids count from 1 here. */
static bool answering;
static int answered;

static void answer_publishes(struct fake_broker *b, struct fake_peer *peer,
                             int type, const unsigned char *body, size_t len)
{
    accept_all(b, peer, type, body, len);
    while (answering && answered < b->count[FAKE_PUBLISH]) {
        answered++;
        char puback[] = {0x40, 2, (char)(answered >> 8), (char)answered};
        fake_send(peer, puback, sizeof puback);
    }
}

static int say_until_refused(struct party *p)
{
    int taken = 0;
    while (taken < 5000 && party_say(p, "t", "x", 1, false))
        taken++;
    return taken;
}

static void a_full_queue_refuses_and_tells_when_it_has_room(void **state)
{
    (void)state;
    answering = false;
    answered = 0;
    fake.packet = answer_publishes;
    struct party *p = begin(MQTT_5);
    AWAIT(p->connected == 1);
    assert_int_equal(say_until_refused(p), 1020);
    assert_true(party_say(p, "t", "x", 1, true));
    AWAIT(fake.count[FAKE_PUBLISH] == 20);
    /* Two ticks. */
    party_run_for(120);
    assert_int_equal(p->drained, 0);

    answering = true;
    answer_publishes(&fake, fake_last(&fake), FAKE_PINGREQ, NULL, 0);
    AWAIT(p->drained == 1);
    AWAIT(fake.count[FAKE_PUBLISH] == 1021);
    AWAIT(p->mqtt->queue.flight.count == 0);
    party_close(p);
}

/* The broker's own keep alive, 1 s, in the CONNACK. */
static void accept_with_keepalive(struct fake_broker *b, struct fake_peer *peer,
                                  int type, const unsigned char *body,
                                  size_t len)
{
    (void)b;
    (void)body;
    (void)len;
    if (type == FAKE_CONNECT)
        fake_send(peer, "\x20\x06\x00\x00\x03\x13\x00\x01", 8);
}

static void a_frozen_broker_is_noticed(void **state)
{
    (void)state;
    fake.packet = accept_with_keepalive;
    struct party *p = begin(MQTT_5);
    AWAIT(p->disconnected == 1);
    assert_string_equal(p->reason, "the broker does not answer any more");
    assert_in_range(fake.count[FAKE_PINGREQ], 1, 3);
    party_close(p);
}

static void frozen_stop_accept(struct fake_broker *b, struct fake_peer *peer,
                               int type, const unsigned char *body, size_t len)
{
    accept_all(b, peer, type, body, len);
    fake_freeze(peer);
}

static void stopping_does_not_wait_for_ever(void **state)
{
    (void)state;
    fake.packet = frozen_stop_accept;
    struct party *p = begin(MQTT_5);
    AWAIT(p->connected == 1);
    static const char chunk[10000];
    while (mqtt_publish(p->mqtt, &(struct mqtt_message){.topic = "t",
                                                        .payload = chunk,
                                                        .len = sizeof chunk,
                                                        .expiry_s = -1}))
        continue;
    mqtt_stop(p->mqtt, 100, NULL, NULL);
    AWAIT(p->mqtt->state == MQTT_STOPPED);
    party_drop(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(an_old_broker_gets_3_1_1_and_keeps_it),
        STORY(reason_132_leads_to_3_1_1_too),
        STORY(closing_twice_leads_to_3_1_1),
        STORY(a_closed_door_is_tried_with_5_again),
        STORY(a_web_server_is_no_broker),
        STORY(every_refusal_has_its_sentence),
        STORY(connect_limits_what_the_broker_may_send),
        STORY(the_broker_says_that_another_took_over),
        STORY(the_broker_says_why_it_closes),
        STORY(a_refused_subscription_is_told),
        STORY(large_messages_are_ignored),
        STORY(topics_that_are_not_utf8_never_come_up),
        STORY(nobody_answers_publish),
        STORY(only_20_messages_wait_for_an_answer),
        STORY(a_full_queue_refuses_and_tells_when_it_has_room),
        STORY(a_frozen_broker_is_noticed),
        STORY(stopping_does_not_wait_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
