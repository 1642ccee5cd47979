/* The MQTT edge and brokers, networks and resolvers that misbehave. */
#include "tests/bridge/fake_broker.h"
#include "tests/bridge/mqtt_party.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fake_broker fake;

/* The resolver. This definition comes before the C library's, also for
 * libmosquitto. */

static uv_sem_t hang;
static int lookups;

static struct addrinfo *address_list(const char *const *texts, size_t count)
{
    int (*real)(const char *, const char *, const struct addrinfo *,
                struct addrinfo **) = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST};
    struct addrinfo *first = NULL, **at = &first;
    for (size_t i = 0; i < count; i++) {
        if (real(texts[i], NULL, &hints, at) != 0)
            return NULL;
        at = &(*at)->ai_next;
    }
    return first;
}

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **out)
{
    (void)service;
    (void)hints;
    static const char *const SEVERAL[] = {"127.0.0.9", "::1", "127.0.0.1"};
    static const char *const DUAL[] = {"::1", "127.0.0.1"};
    static const char *const ONE[] = {"127.0.0.1"};
    lookups++;
    if (strcmp(name, "hangs.example") == 0)
        uv_sem_wait(&hang);
    if (strcmp(name, "unknown.example") == 0)
        return EAI_NONAME;
    if (strcmp(name, "several.example") == 0)
        *out = address_list(SEVERAL, 3);
    else if (strcmp(name, "dual.example") == 0)
        *out = address_list(DUAL, 2);
    else
        *out = address_list(strchr(name, 'x') != NULL ? ONE : &name, 1);
    return *out != NULL ? 0 : EAI_NONAME;
}

static int set_up(void **state)
{
    memset(&fake, 0, sizeof fake);
    lookups = 0;
    (void)uv_sem_init(&hang, 0);
    int failed = party_set_up(state);
    fake_broker_start(&fake, &party_loop);
    return failed;
}

static int tear_down(void **state)
{
    /* Nobody may be left in the resolver. */
    for (int i = 0; i < 8; i++)
        uv_sem_post(&hang);
    fake_broker_stop(&fake);
    int failed = party_tear_down(state);
    uv_sem_destroy(&hang);
    return failed;
}

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
    AWAIT(p->refused == 1);
    assert_string_equal(p->last, "secret/#");
    AWAIT(p->mqtt->link->subscriptions == NULL);
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

/* Networks */

static void silence_is_given_up(void **state)
{
    (void)state;
    struct party *p = begin(MQTT_AUTO);
    mqtt_limits(p->mqtt)->connack_ms = 200;
    AWAIT(p->disconnected == 2);
    assert_non_null(strstr(p->reason, "is connected but does not answer"));
    assert_int_equal(fake.levels[1], 5);
    party_close(p);
}

static void a_silent_tls_port_is_given_up_without_spinning(void **state)
{
    (void)state;
    struct mqtt_options o = party_options(fake.port, "p");
    o.tls = true;
    struct party *p = party_new(&o);
    mqtt_limits(p->mqtt)->connack_ms = 500;
    mqtt_start(p->mqtt);
    AWAIT(fake.connections > 0);
    long before = party_rounds;
    AWAIT(strstr(p->reason, "is connected but does not answer") != NULL);
    /* 5 ms each when nothing happens. */
    assert_in_range(party_rounds - before, 1, 1000);
    party_close(p);
}

static void an_unreachable_address_is_given_up(void **state)
{
    (void)state;
    /* A full backlog: the kernel drops further SYNs. */
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    int fill[3];
    for (int i = 0; i < 3; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fill[i], (struct sockaddr *)&address, size);
    }
    struct mqtt_options o = party_options(ntohs(address.sin_port), "p");
    struct party *p = party_new(&o);
    mqtt_limits(p->mqtt)->connack_ms = 200;
    mqtt_start(p->mqtt);
    AWAIT(p->disconnected == 1);
    assert_non_null(strstr(p->reason, "no answer"));
    party_close(p);
    for (int i = 0; i < 3; i++)
        close(fill[i]);
    close(fd);
}

static struct party *begin_named(const char *host, bool tls)
{
    struct mqtt_options o = party_options(fake.port, "p");
    o.host = host;
    o.tls = tls;
    struct party *p = party_new(&o);
    mqtt_limits(p->mqtt)->connack_ms = 200;
    mqtt_start(p->mqtt);
    return p;
}

static void every_address_of_a_name_is_tried(void **state)
{
    (void)state;
    fake.packet = accept_all;
    struct party *p = begin_named("several.example", false);
    AWAIT(p->connected == 1);
    assert_int_equal(p->disconnected, 0);
    party_close(p);
}

static void tls_comes_to_the_second_family_too(void **state)
{
    (void)state;
    struct party *p = begin_named("dual.example", true);
    AWAIT(fake.connections > 0);
    party_close(p);
}

static void an_unknown_name_is_told(void **state)
{
    (void)state;
    for (int tls = 0; tls < 2; tls++) {
        struct party *p = begin_named("unknown.example", tls);
        AWAIT(p->disconnected >= 2);
        assert_non_null(strstr(p->reason, "name not known: unknown.example"));
        party_close(p);
    }
}

static void assert_hung_resolver_is_harmless(bool tls)
{
    fake.packet = accept_all;
    struct party *p = begin_named("hangs.example", tls);
    long before = party_rounds;
    AWAIT(p->disconnected == 3);
    assert_true(party_rounds - before > 20);
    assert_non_null(strstr(p->reason, "resolver does not answer"));
    /* One worker, however often it is tried. */
    assert_int_equal(lookups, 1);
    for (int i = 0; i < 5; i++)
        uv_sem_post(&hang);
    AWAIT(tls ? fake.connections > 0 : p->connected == 1);
    party_close(p);
}

static void a_hung_resolver_blocks_nobody(void **state)
{
    (void)state;
    assert_hung_resolver_is_harmless(false);
}

static void a_hung_resolver_blocks_nobody_with_tls(void **state)
{
    (void)state;
    assert_hung_resolver_is_harmless(true);
}

static void stopping_does_not_wait_for_the_resolver(void **state)
{
    (void)state;
    for (int tls = 0; tls < 2; tls++) {
        struct party *p = begin_named("hangs.example", tls);
        AWAIT(lookups == tls + 1);
        party_close(p);
    }
    /* The teardown lets the workers go and checks that nothing is left. */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_old_broker_gets_3_1_1_and_keeps_it),
        TEST(reason_132_leads_to_3_1_1_too),
        TEST(closing_twice_leads_to_3_1_1),
        TEST(a_closed_door_is_tried_with_5_again),
        TEST(a_web_server_is_no_broker),
        TEST(connect_limits_what_the_broker_may_send),
        TEST(the_broker_says_that_another_took_over),
        TEST(the_broker_says_why_it_closes),
        TEST(a_refused_subscription_is_told),
        TEST(large_messages_are_ignored),
        TEST(topics_that_are_not_utf8_never_come_up),
        TEST(nobody_answers_publish),
        TEST(only_20_messages_wait_for_an_answer),
        TEST(a_full_queue_refuses_and_tells_when_it_has_room),
        TEST(a_frozen_broker_is_noticed),
        TEST(stopping_does_not_wait_for_ever),
        TEST(silence_is_given_up),
        TEST(a_silent_tls_port_is_given_up_without_spinning),
        TEST(an_unreachable_address_is_given_up),
        TEST(every_address_of_a_name_is_tried),
        TEST(tls_comes_to_the_second_family_too),
        TEST(an_unknown_name_is_told),
        TEST(a_hung_resolver_blocks_nobody),
        TEST(a_hung_resolver_blocks_nobody_with_tls),
        TEST(stopping_does_not_wait_for_the_resolver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
