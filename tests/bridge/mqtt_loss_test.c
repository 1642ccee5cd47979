/* The MQTT edge when a real mosquitto goes, refuses or does not read. */
#include "tests/bridge/mqtt_scene.h"

#include <signal.h>
#include <unistd.h>

/* As the bridge does it: subscribe, then say that we are here. */
static void publish_birth(struct party *p)
{
    assert_true(mqtt_subscribe(p->mqtt, "t/#", 1));
    assert_true(party_say(p, "t/birth", "online", 1, false));
    assert_true(party_say(p, "t/state", "idle", 1, false));
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
    scene_start(OPEN);
    struct party *p = scene_join("p", MQTT_AUTO);
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
    AWAIT(p->connected == 2 && p->count >= 5);
    static const char *const EXPECTED[] = {"online", "idle", "1", "2", "3"};
    for (int i = 0; i < 5; i++)
        assert_string_equal(p->heard[i].payload, EXPECTED[i]);
    /* Nothing comes behind them. */
    party_subscribe(p, "sync");
    assert_int_equal(p->count, 6);

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
    scene_start(OPEN);
    static const enum mqtt_protocol PROTOCOLS[] = {MQTT_3_1_1, MQTT_5};
    for (size_t i = 0; i < 2; i++) {
        struct party *first = scene_join("same", PROTOCOLS[i]);
        struct party *second = scene_join("same", PROTOCOLS[i]);
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
    scene_start(OPEN);
    struct party *watcher = scene_observer("t/marker");
    struct party *p = scene_join("p", MQTT_AUTO);
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
    scene_start(OPEN);
    struct party *p = scene_join("p", MQTT_AUTO);
    static const char chunk[CHUNK];
    int sent = 0;
    int64_t end = party_now() + 60000;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(kept_messages_survive_a_broker_restart_once),
        STORY(a_broker_that_is_not_there_yet_is_waited_for),
        STORY(wrong_credentials_are_not_blamed_on_the_protocol),
        STORY(a_war_about_a_client_id_ends),
        STORY(a_frozen_broker_costs_no_memory),
        STORY(everything_gets_through_in_slices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
