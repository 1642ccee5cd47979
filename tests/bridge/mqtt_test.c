/* The MQTT edge and a real mosquitto. */
#include "tests/bridge/broker.h"
#include "tests/bridge/mqtt_party.h"

#include <signal.h>
#include <unistd.h>

#define OPEN "allow_anonymous true\n"

static struct broker broker;

static int set_up(void **state)
{
    memset(&broker, 0, sizeof broker);
    return party_set_up(state);
}

static int tear_down(void **state)
{
    broker_release(&broker);
    return party_tear_down(state);
}

static void start_broker(const char *extra)
{
    broker_prepare(&broker, extra);
    broker_start(&broker);
}

static struct party *join(const char *client_id, enum mqtt_protocol protocol)
{
    struct mqtt_options o = party_options(broker.port, client_id);
    o.protocol = protocol;
    struct party *p = party_new(&o);
    mqtt_start(p->mqtt);
    AWAIT(p->connected == 1);
    return p;
}

static struct party *observer(const char *filter)
{
    struct party *p = join("observer", MQTT_AUTO);
    party_subscribe(p, filter);
    return p;
}

/* Messages */

static void a_message_arrives_with_all_its_properties(void **state)
{
    (void)state;
    start_broker(OPEN);
    struct party *watcher = observer("t/#");
    struct party *p = join("sender", MQTT_AUTO);
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
    start_broker(OPEN);
    struct party *p = join("both", MQTT_5);
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
    start_broker(OPEN);
    struct party *sender = join("sender", MQTT_5);
    static const struct {
        enum mqtt_protocol protocol;
        bool live;
    } ROWS[] = {{MQTT_5, true}, {MQTT_3_1_1, false}};
    for (size_t i = 0; i < 2; i++) {
        char topic[8];
        (void)snprintf(topic, sizeof topic, "t/%zu", i);
        struct party *p = join("p", ROWS[i].protocol);
        assert_int_equal(mqtt_sees_retain(p->mqtt), ROWS[i].live);
        party_subscribe(p, topic);
        publish_retained(sender, topic);
        AWAIT(party_heard(p, topic) == 1);
        assert_int_equal(retain_of_last(p), ROWS[i].live);
        party_close(p);

        p = join("later", ROWS[i].protocol);
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
    start_broker(OPEN);
    struct party *p = join("p", MQTT_AUTO);
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
    start_broker(OPEN);
    struct party *p = join("p", MQTT_AUTO);
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
    start_broker(OPEN);
    struct party *bridge = join("bridge", MQTT_AUTO);
    party_subscribe(bridge, "order");
    bridge->on_message = answer_order;
    struct party *user = join("user", MQTT_5);
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
    struct party *p = join("p", MQTT_5);
    assert_true(party_say(p, "mine/a", "x", 1, false));
    assert_true(party_say(p, "other/a", "x", 1, false));
    AWAIT(p->rejected == 1);
    assert_string_equal(p->last, "other/a: not authorized");
    party_close(p);
}

static void a_unix_socket_will_do(void **state)
{
    (void)state;
    start_broker(OPEN "listener 0 %s/socket\n");
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
    start_broker(OPEN);
    struct party *watcher = observer("state");
    struct party *p = join_with_will("p");
    party_close(p);
    party_subscribe(watcher, "sync");
    assert_int_equal(party_heard(watcher, "state"), 0);

    party_drop(join_with_will("p"));
    AWAIT(party_heard(watcher, "state") == 1);
    assert_string_equal(party_last(watcher, "state"), "offline");
    party_close(watcher);

    /* It is retained. */
    watcher = observer("state");
    AWAIT(party_heard(watcher, "state") == 1);
    party_close(watcher);
}

static void stopping_sends_what_waits_first(void **state)
{
    (void)state;
    start_broker(OPEN);
    struct party *watcher = observer("t");
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
    start_broker(OPEN);
    struct party *p = join("p", MQTT_AUTO);
    mqtt_stop(p->mqtt, 1000, NULL, NULL);
    assert_false(party_say(p, "t", "x", 0, false));
    assert_false(party_say(p, "t", "x", 1, true));
    AWAIT(p->mqtt->state == MQTT_STOPPED);
    assert_int_equal(p->disconnected, 0);
    party_drop(p);
}

static void stop_at_once(struct party *p)
{
    mqtt_stop(p->mqtt, 1000, NULL, NULL);
}

static void stopping_is_allowed_in_callbacks(void **state)
{
    (void)state;
    start_broker(OPEN);
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

/* Losses */

/* As the bridge does it: subscribe, then say that we are here. */
static void publish_birth(struct party *p)
{
    assert_true(mqtt_subscribe(p->mqtt, "t/#", 1));
    assert_true(party_say(p, "t/birth", "online", 1, false));
}

static void lose_broker(struct party *p)
{
    broker_kill(&broker);
    AWAIT(p->disconnected == 1);
    assert_string_equal(p->reason, "the broker closed the connection");
    AWAIT(p->disconnected >= 3);
    assert_non_null(strstr(p->reason, "Connection refused"));
}

static void kept_messages_survive_a_broker_restart_once(void **state)
{
    (void)state;
    start_broker(OPEN);
    struct party *p = join("p", MQTT_AUTO);
    assert_true(party_say(p, "t/before", "x", 1, true));
    AWAIT(p->mqtt->queue.flight.count == 0);
    lose_broker(p);
    assert_false(party_say(p, "t/state", "stale", 1, false));
    assert_false(party_say(p, "t/state", "stale", 0, false));
    assert_true(party_say(p, "t/event", "1", 1, true));
    assert_true(party_say(p, "t/event", "2", 0, true));
    assert_true(party_say(p, "t/event", "3", 1, true));

    p->on_connected = publish_birth;
    broker_start(&broker);
    AWAIT(p->connected == 2 && p->count >= 4);
    static const char *const EXPECTED[] = {"online", "1", "2", "3"};
    for (int i = 0; i < 4; i++)
        assert_string_equal(p->heard[i].payload, EXPECTED[i]);
    /* Nothing comes behind them. */
    party_subscribe(p, "sync");
    assert_int_equal(p->count, 5);

    struct mqtt_statistics s;
    mqtt_statistics(p->mqtt, &s);
    assert_int_equal(s.dropped, 0);
    assert_int_equal(s.queued, 0);
    party_close(p);
}

static void a_broker_that_is_not_there_yet_is_waited_for(void **state)
{
    (void)state;
    broker_prepare(&broker, OPEN);
    struct mqtt_options o = party_options(broker.port, "p");
    struct party *p = party_new(&o);
    mqtt_start(p->mqtt);
    assert_true(party_say(p, "t", "kept", 1, true));
    AWAIT(p->disconnected >= 2);
    assert_int_equal(p->connected, 0);
    broker_start(&broker);
    AWAIT(p->connected == 1 && p->mqtt->queue.kept.count == 0);
    party_close(p);
}

static void wrong_credentials_are_not_blamed_on_the_protocol(void **state)
{
    (void)state;
    broker_prepare(&broker, "allow_anonymous false\npassword_file %s/pw\n");
    broker_shell(&broker, "mosquitto_passwd -b -c pw user right");
    broker_start(&broker);
    static const struct {
        enum mqtt_protocol wanted;
        const char *username, *password;
        int protocol;
        const char *reason;
    } ROWS[] = {
        {MQTT_AUTO, "user", "wr0ng", 5,
         "the broker refused the user name or password"},
        {MQTT_3_1_1, "user", "wr0ng", 4,
         "the broker refused the user name or password"},
        {MQTT_AUTO, NULL, NULL, 5,
         "the broker wants a user name and a password"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct mqtt_options o = party_options(broker.port, "p");
        o.protocol = ROWS[i].wanted;
        o.username = ROWS[i].username;
        o.password = ROWS[i].password;
        struct party *p = party_new(&o);
        mqtt_limits(p->mqtt)->policy.credentials_ms = 30;
        mqtt_start(p->mqtt);
        AWAIT(p->disconnected == 3);
        assert_non_null(strstr(p->reason, ROWS[i].reason));
        assert_null(strstr(p->reason, "wr0ng"));
        assert_int_equal(p->retry_ms, 30);
        assert_int_equal(p->mqtt->policy.protocol, ROWS[i].protocol);
        party_close(p);
    }
    struct mqtt_options o = party_options(broker.port, "p");
    o.username = "user";
    o.password = "right";
    struct party *p = party_new(&o);
    mqtt_start(p->mqtt);
    AWAIT(p->connected == 1);
    party_close(p);
}

static void a_war_about_a_client_id_ends(void **state)
{
    (void)state;
    start_broker(OPEN);
    static const enum mqtt_protocol PROTOCOLS[] = {MQTT_3_1_1, MQTT_5};
    for (size_t i = 0; i < 2; i++) {
        struct party *first = join("same", PROTOCOLS[i]);
        struct party *second = join("same", PROTOCOLS[i]);
        AWAIT(first->retry_ms == 60000 || second->retry_ms == 60000);
        const struct party *loser = first->retry_ms == 60000 ? first : second;
        /* mosquitto 2.0.11 does not tell, newer ones do with MQTT 5. */
        assert_non_null(strstr(loser->reason, "client id same"));
        assert_in_range(loser->disconnected, 1, 3);
        party_close(first);
        party_close(second);
    }
}

/* A broker that does not read */

#define CHUNK  (10 << 10)
#define CHUNKS 5000
#define GROWTH ((long)8 << 20)

static long resident_bytes(void)
{
    char line[100] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    (void)fclose(file);
    const char *second = strchr(line, ' ');
    assert_non_null(second);
    return strtol(second, NULL, 10) * sysconf(_SC_PAGESIZE);
}

static int publish_much(struct party *p)
{
    static const char chunk[CHUNK];
    int taken = 0;
    for (int i = 0; i < CHUNKS; i++) {
        taken +=
            mqtt_publish(p->mqtt, &(struct mqtt_message){.topic = "t/much",
                                                         .payload = chunk,
                                                         .len = sizeof chunk,
                                                         .expiry_s = -1});
        if (i % 100 == 0)
            party_round();
    }
    return taken;
}

static void say_marker(struct party *p)
{
    assert_true(party_say(p, "t/marker", "after", 0, false));
}

static void a_frozen_broker_costs_no_memory(void **state)
{
    (void)state;
    start_broker(OPEN);
    struct party *watcher = observer("t/marker");
    struct party *p = join("p", MQTT_AUTO);
    broker_signal(&broker, SIGSTOP);
    long before = resident_bytes();
    int taken = publish_much(p);
    assert_in_range(taken, 1, CHUNKS / 2);
    assert_true(resident_bytes() - before < GROWTH);
    assert_int_equal(p->drained, 0);
    /* Events are kept meanwhile. */
    assert_true(party_say(p, "t/event", "x", 1, true));

    p->on_drained = say_marker;
    broker_signal(&broker, SIGCONT);
    AWAIT(p->drained == 1);
    AWAIT(party_heard(watcher, "t/marker") == 1);
    assert_int_equal(p->disconnected, 0);
    AWAIT(p->mqtt->queue.kept.count == 0 && p->mqtt->queue.flight.count == 0);
    party_close(p);
    party_close(watcher);
}

static void everything_gets_through_in_slices(void **state)
{
    (void)state;
    start_broker(OPEN);
    struct party *p = join("p", MQTT_AUTO);
    static const char chunk[CHUNK];
    int sent = 0;
    int64_t end = party_now() + 10000;
    while (sent < 2000 && party_now() < end) {
        if (mqtt_publish(p->mqtt, &(struct mqtt_message){.topic = "t",
                                                         .payload = chunk,
                                                         .len = sizeof chunk,
                                                         .qos = sent % 2,
                                                         .expiry_s = -1}))
            sent++;
        else
            party_round();
    }
    assert_int_equal(sent, 2000);
    AWAIT(p->mqtt->queue.flight.count == 0 && p->mqtt->backlog == 0);
    assert_int_equal(p->disconnected, 0);
    party_close(p);
}

/* TLS */

#define TLS                                                                    \
    OPEN "cafile %s/ca.pem\ncertfile %s/server.pem\nkeyfile %s/server.key\n"

/* A CA, a certificate for "localhost" only, a client certificate, a key with a
 * passphrase, and a CA that signed nothing. */
static void make_certificates(void)
{
    broker_shell(
        &broker,
        "new() { openssl req -newkey rsa:2048 -nodes -keyout $1.key"
        " -subj \"/CN=$1\" -out $1.csr; }\n"
        "ca() { openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key"
        " -subj \"/CN=$1\" -days 2 -out $1.pem; }\n"
        "sign() { openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key"
        " -CAcreateserial -days 2 -extfile $1.ext -out $1.pem; }\n"
        "ca ca; ca other; new server; new client\n"
        "echo subjectAltName=DNS:localhost >server.ext; : >client.ext\n"
        "sign server && sign client\n"
        "openssl rsa -in client.key -aes128 -passout pass:x -out locked.key");
}

static struct mqtt_options tls_options(void)
{
    struct mqtt_options o = party_options(broker.port, "p");
    o.host = "localhost";
    o.tls = true;
    o.ca_file = broker_path(&broker, "ca.pem");
    return o;
}

static void assert_connects(const struct mqtt_options *o)
{
    struct party *p = party_new(o);
    mqtt_start(p->mqtt);
    party_subscribe(p, "t");
    /* Nothing to do: the loop sleeps. */
    long before = party_rounds;
    party_run_for(100);
    assert_in_range(party_rounds - before, 1, 60);
    party_close(p);
}

static void assert_fails(const struct mqtt_options *o, const char *reason)
{
    struct party *p = party_new(o);
    mqtt_start(p->mqtt);
    /* The first address of localhost may be one nobody listens on. */
    AWAIT(strstr(p->reason, reason) != NULL);
    assert_int_equal(p->connected, 0);
    party_close(p);
}

static void tls_trusts_only_the_right_certificate(void **state)
{
    (void)state;
    broker_prepare(&broker, TLS);
    make_certificates();
    broker_start(&broker);

    struct mqtt_options o = tls_options();
    assert_connects(&o);

    o.ca_file = broker_path(&broker, "other.pem");
    assert_fails(&o, "certificate verify failed");
    o.ca_file = NULL;
    assert_fails(&o, "certificate verify failed");
    o.insecure = true;
    assert_connects(&o);

    o = tls_options();
    o.host = "127.0.0.1";
    assert_fails(&o, "issued for 127.0.0.1");
    o.insecure = true;
    assert_connects(&o);
}

static void a_client_certificate_opens_the_door(void **state)
{
    (void)state;
    broker_prepare(&broker, TLS "require_certificate true\n");
    make_certificates();
    broker_start(&broker);
    struct mqtt_options o = tls_options();
    struct party *p = party_new(&o);
    mqtt_start(p->mqtt);
    AWAIT(p->disconnected >= 2);
    assert_int_equal(p->connected, 0);
    party_close(p);

    o.cert_file = broker_path(&broker, "client.pem");
    o.key_file = broker_path(&broker, "client.key");
    assert_connects(&o);
}

static void a_port_without_tls_is_told(void **state)
{
    (void)state;
    broker_prepare(&broker, OPEN);
    make_certificates();
    broker_start(&broker);
    struct mqtt_options o = tls_options();
    struct party *p = party_new(&o);
    mqtt_start(p->mqtt);
    AWAIT(p->disconnected >= 6 &&
          strstr(p->reason, "is this the broker's TLS port?") != NULL);
    assert_int_equal(p->connected, 0);
    assert_int_equal(p->mqtt->policy.protocol, 5);
    party_close(p);
}

static void bad_certificate_files_are_refused_at_once(void **state)
{
    (void)state;
    broker_prepare(&broker, OPEN);
    make_certificates();
    static const struct {
        const char *ca, *cert, *key, *sentence;
    } ROWS[] = {
        {"nothing.pem", NULL, NULL, "cannot read the CA file"},
        {"ca.key", NULL, NULL, "holds no certificate"},
        {"ca.pem", "client.pem", NULL, "needs both"},
        {"ca.pem", "client.key", "client.key", "holds no certificate"},
        {"ca.pem", "client.pem", "client.pem", "holds no private key"},
        {"ca.pem", "client.pem", "locked.key", "has a passphrase"},
        {"ca.pem", "client.pem", "server.key", "does not belong"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct mqtt_options o = tls_options();
        o.ca_file = broker_path(&broker, ROWS[i].ca);
        o.cert_file = ROWS[i].cert ? broker_path(&broker, ROWS[i].cert) : NULL;
        o.key_file = ROWS[i].key ? broker_path(&broker, ROWS[i].key) : NULL;
        struct error err = {""};
        assert_null(
            mqtt_new(&party_loop, &o, &(struct mqtt_events){0}, NULL, &err));
        assert_non_null(strstr(err.text, ROWS[i].sentence));
        if (i != 2)
            assert_non_null(strstr(err.text, broker.dir));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_arrives_with_all_its_properties),
        TEST(empty_payloads_and_missing_properties_are_told),
        TEST(retained_orders_are_seen_live_only_with_mqtt_5),
        TEST(unsubscribing_ends_the_flow),
        TEST(what_no_broker_takes_is_refused),
        TEST(an_order_can_be_answered_from_its_callback),
        TEST(a_forbidden_topic_is_told),
        TEST(a_unix_socket_will_do),
        TEST(the_will_is_for_accidents_only),
        TEST(stopping_sends_what_waits_first),
        TEST(nothing_is_published_after_stop),
        TEST(stopping_is_allowed_in_callbacks),
        TEST(kept_messages_survive_a_broker_restart_once),
        TEST(a_broker_that_is_not_there_yet_is_waited_for),
        TEST(wrong_credentials_are_not_blamed_on_the_protocol),
        TEST(a_war_about_a_client_id_ends),
        TEST(a_frozen_broker_costs_no_memory),
        TEST(everything_gets_through_in_slices),
        TEST(tls_trusts_only_the_right_certificate),
        TEST(a_client_certificate_opens_the_door),
        TEST(a_port_without_tls_is_told),
        TEST(bad_certificate_files_are_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
