/* When the MQTT edge tries again and with which protocol, without a clock. */
#include "bridge/mqtt_policy.h"

/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static const struct mqtt_policy_limits LIMITS = {
    .first_ms = 1000,
    .max_ms = 30000,
    .switch_ms = 100,
    .credentials_ms = 30000,
    .takeover_ms = 60000,
    .steady_ms = 10000,
};

static struct mqtt_policy p;

static void begin(enum mqtt_protocol wanted)
{
    mqtt_policy_init(&p, wanted, &LIMITS, 42);
}

/* One failure of an attempt with the protocol that is due. */
static int64_t failed(enum mqtt_failure failure)
{
    return mqtt_policy_failed(&p, p.protocol, failure, 0);
}

static int64_t lose_after(int64_t lasted_ms)
{
    mqtt_policy_accepted(&p, p.protocol);
    return mqtt_policy_failed(&p, p.protocol, MQTT_FAILURE_LOST, lasted_ms);
}

static void assert_about(int64_t wait, int64_t expected)
{
    assert_in_range(wait, expected - expected / 4, expected);
}

static void waits_longer_each_time_up_to_the_limit(void **state)
{
    (void)state;
    begin(MQTT_5);
    static const int64_t EXPECTED[] = {1000,  2000,  4000,  8000,
                                       16000, 30000, 30000, 30000};
    for (size_t i = 0; i < sizeof EXPECTED / sizeof EXPECTED[0]; i++)
        assert_about(failed(MQTT_FAILURE_NETWORK), EXPECTED[i]);
    for (int i = 0; i < 1000; i++)
        assert_about(failed(MQTT_FAILURE_NETWORK), 30000);
}

static void the_waits_of_many_bridges_differ(void **state)
{
    (void)state;
    mqtt_policy_init(&p, MQTT_5, &LIMITS, 1);
    int64_t first = failed(MQTT_FAILURE_NETWORK);
    bool differs = false;
    for (uint64_t seed = 100; seed < 110; seed++) {
        mqtt_policy_init(&p, MQTT_5, &LIMITS, seed << 20);
        differs |= failed(MQTT_FAILURE_NETWORK) != first;
    }
    assert_true(differs);
}

static void only_a_steady_connection_ends_the_back_off(void **state)
{
    (void)state;
    begin(MQTT_5);
    for (int i = 0; i < 4; i++)
        (void)failed(MQTT_FAILURE_NETWORK);
    assert_about(lose_after(9999), 16000);
    assert_about(lose_after(10000), 1000);
}

static void unknown_version_leads_to_3_1_1_at_once(void **state)
{
    (void)state;
    begin(MQTT_AUTO);
    assert_int_equal(p.protocol, 5);
    assert_int_equal(failed(MQTT_FAILURE_VERSION), 100);
    assert_int_equal(p.protocol, 4);
}

static void closed_twice_leads_to_3_1_1(void **state)
{
    (void)state;
    begin(MQTT_AUTO);
    (void)failed(MQTT_FAILURE_CLOSED);
    assert_int_equal(p.protocol, 5);
    (void)failed(MQTT_FAILURE_NETWORK);
    (void)failed(MQTT_FAILURE_CLOSED);
    assert_int_equal(p.protocol, 4);
}

static void a_connack_between_two_closes_counts_anew(void **state)
{
    (void)state;
    begin(MQTT_AUTO);
    (void)failed(MQTT_FAILURE_CLOSED);
    (void)failed(MQTT_FAILURE_REFUSED);
    (void)failed(MQTT_FAILURE_CLOSED);
    assert_int_equal(p.protocol, 5);
}

static void failing_3_1_1_leads_back_to_5(void **state)
{
    (void)state;
    static const enum mqtt_failure FAILURES[] = {
        MQTT_FAILURE_NETWORK, MQTT_FAILURE_CLOSED, MQTT_FAILURE_VERSION,
        MQTT_FAILURE_REFUSED};
    for (size_t i = 0; i < sizeof FAILURES / sizeof FAILURES[0]; i++) {
        begin(MQTT_AUTO);
        (void)failed(MQTT_FAILURE_VERSION);
        assert_int_equal(p.protocol, 4);
        assert_about(failed(FAILURES[i]), 1000);
        assert_int_equal(p.protocol, 5);
    }
}

static void two_refusing_protocols_are_no_storm(void **state)
{
    (void)state;
    begin(MQTT_AUTO);
    int64_t waited = 0;
    for (int i = 0; i < 20; i++)
        waited += failed(MQTT_FAILURE_VERSION);
    assert_true(waited > 100000);
}

static void accepted_3_1_1_stays(void **state)
{
    (void)state;
    begin(MQTT_AUTO);
    (void)failed(MQTT_FAILURE_VERSION);
    (void)lose_after(20000);
    assert_int_equal(p.protocol, 4);
    (void)failed(MQTT_FAILURE_NETWORK);
    (void)failed(MQTT_FAILURE_CLOSED);
    assert_int_equal(p.protocol, 4);
    (void)failed(MQTT_FAILURE_CLOSED);
    assert_int_equal(p.protocol, 5);
}

static void a_broker_that_spoke_5_gets_5_again(void **state)
{
    (void)state;
    begin(MQTT_AUTO);
    (void)lose_after(20000);
    (void)failed(MQTT_FAILURE_CLOSED);
    (void)failed(MQTT_FAILURE_CLOSED);
    assert_int_equal(p.protocol, 4);
    (void)lose_after(20000);
    assert_int_equal(p.protocol, 5);
}

static void credentials_never_change_the_protocol(void **state)
{
    (void)state;
    begin(MQTT_AUTO);
    for (int i = 0; i < 5; i++)
        assert_int_equal(failed(MQTT_FAILURE_CREDENTIALS), 30000);
    assert_int_equal(p.protocol, 5);

    (void)failed(MQTT_FAILURE_VERSION);
    assert_int_equal(failed(MQTT_FAILURE_CREDENTIALS), 30000);
    assert_int_equal(p.protocol, 4);
}

static void a_configured_protocol_stays(void **state)
{
    (void)state;
    begin(MQTT_5);
    assert_about(failed(MQTT_FAILURE_VERSION), 1000);
    (void)failed(MQTT_FAILURE_CLOSED);
    (void)failed(MQTT_FAILURE_CLOSED);
    assert_int_equal(p.protocol, 5);

    begin(MQTT_3_1_1);
    (void)failed(MQTT_FAILURE_VERSION);
    assert_int_equal(p.protocol, 4);
}

static void a_taken_over_session_stands_back(void **state)
{
    (void)state;
    begin(MQTT_5);
    mqtt_policy_accepted(&p, 5);
    assert_int_equal(mqtt_policy_failed(&p, 5, MQTT_FAILURE_TAKEN_OVER, 100000),
                     60000);
    assert_true(p.stood_back);
    (void)failed(MQTT_FAILURE_NETWORK);
    assert_false(p.stood_back);
}

static void three_brief_connections_stand_back(void **state)
{
    (void)state;
    static const enum mqtt_protocol PROTOCOLS[] = {MQTT_3_1_1, MQTT_5};
    for (size_t i = 0; i < 2; i++) {
        begin(PROTOCOLS[i]);
        assert_about(lose_after(500), 1000);
        assert_about(lose_after(500), 2000);
        assert_int_equal(lose_after(500), 60000);
        assert_true(p.stood_back);
        /* Still nobody knows: one more brief one is enough. */
        assert_int_equal(lose_after(500), 60000);
        assert_about(lose_after(10000), 1000);
        assert_false(p.stood_back);
    }
}

static void a_reason_is_no_take_over(void **state)
{
    (void)state;
    begin(MQTT_5);
    for (int i = 0; i < 5; i++) {
        mqtt_policy_accepted(&p, 5);
        (void)mqtt_policy_failed(&p, 5, MQTT_FAILURE_BROKEN, 500);
        assert_false(p.stood_back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_longer_each_time_up_to_the_limit),
        cmocka_unit_test(the_waits_of_many_bridges_differ),
        cmocka_unit_test(only_a_steady_connection_ends_the_back_off),
        cmocka_unit_test(unknown_version_leads_to_3_1_1_at_once),
        cmocka_unit_test(closed_twice_leads_to_3_1_1),
        cmocka_unit_test(a_connack_between_two_closes_counts_anew),
        cmocka_unit_test(failing_3_1_1_leads_back_to_5),
        cmocka_unit_test(two_refusing_protocols_are_no_storm),
        cmocka_unit_test(accepted_3_1_1_stays),
        cmocka_unit_test(a_broker_that_spoke_5_gets_5_again),
        cmocka_unit_test(credentials_never_change_the_protocol),
        cmocka_unit_test(a_configured_protocol_stays),
        cmocka_unit_test(a_taken_over_session_stands_back),
        cmocka_unit_test(three_brief_connections_stand_back),
        cmocka_unit_test(a_reason_is_no_take_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
