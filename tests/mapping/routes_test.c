#include "mapping/memory.h"
#include "mapping/routes.h"
#include "tests/unit.h"

static char names[][INSTANCE_NAME_MAX + 1] = {"usb", "sdcard"};
static const struct instances usb_and_card = {names, 2, false};
static const struct roster two_storages = {&usb_and_card, NULL};

/* A mapping to wish in, and the routes it leads to. */
struct world {
    struct mapping *mapping;
    struct routes routes;
};

static int set_up(void **state)
{
    struct world *w = memory_zero(1, sizeof *w);

    w->mapping = mapping_new();
    w->routes = (struct routes){w->mapping, "printer2mqtt", "mk4"};
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    mapping_free(w->mapping);
    free(w);
    return 0;
}

static struct route route_of(const struct world *w, enum field field,
                             int instance)
{
    struct route route;

    assert_true(
        routes_field(&w->routes, field, instance, &two_storages, &route));
    return route;
}

static bool is_routed(const struct world *w, enum field field, int instance)
{
    struct route route;

    return routes_field(&w->routes, field, instance, &two_storages, &route);
}

/* The wish for one instance; the mapping frees it. */
static struct field_wish *wish_for(struct world *w, enum field field,
                                   const char *instance)
{
    struct instance_wish *row;

    w->mapping->instances = memory_zero(1, sizeof *row);
    w->mapping->instance_count = 1;
    row = w->mapping->instances;
    row->field = field;
    (void)snprintf(row->instance, sizeof row->instance, "%s", instance);
    field_wish_init(&row->wish);
    return &row->wish;
}

static void without_wishes_the_quantity_decides(void **state)
{
    struct route route = route_of(*state, FIELD_NOZZLE_TEMPERATURE, 0);

    assert_string_equal(route.topic, "printer2mqtt/mk4/nozzle/temperature");
    assert_string_equal(route.key, "nozzle/temperature");
    assert_int_equal(route.quantity, QUANTITY_HEAT);
    assert_true(route.retain);
    assert_int_equal(route.qos, 0);
    assert_int_equal(route.decimals, 1);
    assert_near(route.deadband, 0.1, 1e-9);
    assert_false(route.own_deadband);
    assert_int_equal(route.interval_ms, 0);
    assert_null(route.name);
    assert_null(route.icon);
    assert_int_equal(route.enabled, -1);
}

static void a_quantity_may_have_an_interval(void **state)
{
    assert_int_equal(route_of(*state, FIELD_POLL_LATENCY, 0).interval_ms,
                     60000);
}

static void the_mapping_says_the_quality_of_service(void **state)
{
    struct world *w = *state;

    w->mapping->qos = 1;
    assert_int_equal(route_of(w, FIELD_STATE, 0).qos, 1);
    w->mapping->fields[FIELD_STATE].qos = 0;
    assert_int_equal(route_of(w, FIELD_STATE, 0).qos, 0);
}

static void a_wish_changes_its_field_only(void **state)
{
    struct world *w = *state;
    struct field_wish *wish = &w->mapping->fields[FIELD_BED_TEMPERATURE];
    struct route route;

    wish->topic = memory_text("home/{printer}/bed");
    wish->retain = 0;
    wish->decimals = 2;
    wish->deadband = 0;
    wish->interval_ms = 5000;
    wish->name = memory_text("Bett");
    wish->enabled = 0;
    route = route_of(w, FIELD_BED_TEMPERATURE, 0);
    assert_string_equal(route.topic, "home/mk4/bed");
    assert_false(route.retain);
    assert_int_equal(route.decimals, 2);
    assert_true(route.own_deadband);
    assert_int_equal(route.interval_ms, 5000);
    assert_string_equal(route.name, "Bett");
    assert_int_equal(route.enabled, 0);
    assert_string_equal(route_of(w, FIELD_BED_TARGET, 0).topic,
                        "printer2mqtt/mk4/bed/target");
}

static void zero_is_a_wish_too(void **state)
{
    struct world *w = *state;
    struct route route;

    w->mapping->fields[FIELD_FAN_PRINT].deadband = 0;
    w->mapping->fields[FIELD_POLL_LATENCY].interval_ms = 0;
    route = route_of(w, FIELD_FAN_PRINT, 0);
    assert_true(route.own_deadband);
    assert_near(route.deadband, 0, 1e-9);
    assert_int_equal(route_of(w, FIELD_POLL_LATENCY, 0).interval_ms, 0);
}

static void a_field_can_be_off(void **state)
{
    struct world *w = *state;

    w->mapping->fields[FIELD_AXIS_X].on = 0;
    assert_false(is_routed(w, FIELD_AXIS_X, 0));
    assert_true(is_routed(w, FIELD_AXIS_Y, 0));
}

static void each_instance_has_its_topic(void **state)
{
    struct world *w = *state;

    assert_string_equal(route_of(w, FIELD_STORAGE_FREE, 1).topic,
                        "printer2mqtt/mk4/storage/sdcard/free");
    w->mapping->fields[FIELD_STORAGE_FREE].topic =
        memory_text("disk/{name}/{printer}");
    assert_string_equal(route_of(w, FIELD_STORAGE_FREE, 0).topic,
                        "disk/usb/mk4");
    assert_false(is_routed(w, FIELD_STORAGE_FREE, 2));
}

static void a_wish_for_one_instance_wins(void **state)
{
    struct world *w = *state;
    struct field_wish *wish = wish_for(w, FIELD_STORAGE_FREE, "sdcard");

    w->mapping->fields[FIELD_STORAGE_FREE].qos = 1;
    w->mapping->fields[FIELD_STORAGE_FREE].topic = memory_text("{name}");
    w->mapping->fields[FIELD_STORAGE_FREE].deadband = 7;
    wish->topic = memory_text("card");
    wish->deadband = 0;
    wish->interval_ms = 9;
    assert_string_equal(route_of(w, FIELD_STORAGE_FREE, 1).topic, "card");
    assert_int_equal(route_of(w, FIELD_STORAGE_FREE, 1).qos, 1);
    assert_true(route_of(w, FIELD_STORAGE_FREE, 1).deadband <= 0);
    assert_int_equal(route_of(w, FIELD_STORAGE_FREE, 1).interval_ms, 9);
    assert_string_equal(route_of(w, FIELD_STORAGE_FREE, 0).topic, "usb");
    assert_near(route_of(w, FIELD_STORAGE_FREE, 0).deadband, 7, 1e-9);
}

static void one_instance_can_be_off_or_on(void **state)
{
    struct world *w = *state;
    struct field_wish *wish = wish_for(w, FIELD_STORAGE_FREE, "sdcard");

    wish->on = 0;
    assert_false(is_routed(w, FIELD_STORAGE_FREE, 1));
    assert_true(is_routed(w, FIELD_STORAGE_FREE, 0));
    wish->on = 1;
    w->mapping->fields[FIELD_STORAGE_FREE].on = 0;
    assert_true(is_routed(w, FIELD_STORAGE_FREE, 1));
    assert_false(is_routed(w, FIELD_STORAGE_FREE, 0));
}

static void the_users_own_fields_bring_key_and_quantity(void **state)
{
    struct world *w = *state;
    struct custom_field *custom = &w->mapping->custom[0];
    struct route route;

    assert_false(is_routed(w, FIELD_CUSTOM, 0));
    memcpy(custom->key, "fan/board", sizeof "fan/board");
    custom->quantity = QUANTITY_FAN;
    custom->wish.qos = 2;
    w->mapping->custom_count = 1;
    route = route_of(w, FIELD_CUSTOM, 0);
    assert_string_equal(route.topic, "printer2mqtt/mk4/fan/board");
    assert_int_equal(route.quantity, QUANTITY_FAN);
    assert_int_equal(route.qos, 2);
    assert_near(route.deadband, 30, 1e-9);
    assert_false(is_routed(w, FIELD_CUSTOM, 1));
}

static void a_topic_that_is_too_long_is_no_route(void **state)
{
    struct world *w = *state;
    char base[TOPIC_MAX + 1];

    memset(base, 'b', TOPIC_MAX);
    base[TOPIC_MAX] = '\0';
    w->routes.base = base;
    assert_false(is_routed(w, FIELD_STATE, 0));
}

static void orders_come_in_on_their_topic(void **state)
{
    struct world *w = *state;
    char topic[TOPIC_MAX + 1];

    assert_true(routes_command(&w->routes, COMMAND_PAUSE, topic, sizeof topic));
    assert_string_equal(topic, "printer2mqtt/mk4/command/pause");
    w->mapping->commands[COMMAND_PAUSE].topic = memory_text("{printer}/hold");
    assert_true(routes_command(&w->routes, COMMAND_PAUSE, topic, sizeof topic));
    assert_string_equal(topic, "mk4/hold");
    w->mapping->commands[COMMAND_PAUSE].on = 0;
    assert_false(
        routes_command(&w->routes, COMMAND_PAUSE, topic, sizeof topic));
}

static void some_topics_cannot_be_moved(void **state)
{
    struct world *w = *state;
    char topic[32];

    assert_true(routes_topic(&w->routes, "event", topic, sizeof topic));
    assert_string_equal(topic, "printer2mqtt/mk4/event");
    assert_true(routes_topic(&w->routes, "", topic, sizeof topic));
    assert_string_equal(topic, "printer2mqtt/mk4");
    assert_true(routes_topic(&w->routes, "event", topic, 23));
    assert_false(routes_topic(&w->routes, "event", topic, 22));
    assert_false(routes_topic(&w->routes, "much/too/long/for/this", topic,
                              sizeof topic));
}

/* ---- when a change is due ---- */

#define ABSENT                                                                 \
    {                                                                          \
        .kind = VALUE_ABSENT                                                   \
    }
#define NUMBER(x)                                                              \
    {                                                                          \
        VALUE_NUMBER,                                                          \
        {                                                                      \
            .number = (x)                                                      \
        }                                                                      \
    }
#define WHOLE(x)                                                               \
    {                                                                          \
        VALUE_INTEGER,                                                         \
        {                                                                      \
            .integer = (x)                                                     \
        }                                                                      \
    }
#define WORD(x)                                                                \
    {                                                                          \
        VALUE_WORD,                                                            \
        {                                                                      \
            .integer = (x)                                                     \
        }                                                                      \
    }
#define HOUR 3600000

static const struct {
    const char *name;
    enum field field;
    struct value was, is, target;
    int64_t since_ms;
    bool forced, due;
} changes[] = {
    {"nothing became nothing", FIELD_SPEED, ABSENT, ABSENT, ABSENT, HOUR, true,
     false},
    {"it became known", FIELD_SPEED, ABSENT, NUMBER(100), ABSENT, 0, false,
     true},
    {"it became unknown", FIELD_SPEED, NUMBER(100), ABSENT, ABSENT, 0, false,
     true},
    {"unknown does not wait for the interval", FIELD_POLL_LATENCY, WHOLE(80),
     ABSENT, ABSENT, 0, false, true},
    {"a state says every change", FIELD_STATE, WORD(STATE_IDLE),
     WORD(STATE_PRINTING), ABSENT, 0, false, true},
    {"the same state is no news", FIELD_STATE, WORD(STATE_IDLE),
     WORD(STATE_IDLE), ABSENT, HOUR, true, false},

    {"a tenth of a degree", FIELD_BED_TEMPERATURE, NUMBER(40.0), NUMBER(40.1),
     NUMBER(60), 0, false, true},
    {"less than the decimals show", FIELD_BED_TEMPERATURE, NUMBER(40.01),
     NUMBER(40.04), NUMBER(60), HOUR, true, false},
    {"half a degree at the target", FIELD_BED_TEMPERATURE, NUMBER(60.0),
     NUMBER(60.4), NUMBER(60), 0, false, false},
    {"more than that at the target", FIELD_BED_TEMPERATURE, NUMBER(59.9),
     NUMBER(60.4), NUMBER(60), 0, false, true},
    {"a tenth at the target after a minute", FIELD_BED_TEMPERATURE,
     NUMBER(60.0), NUMBER(60.1), NUMBER(60), 60000, false, true},
    {"two degrees away is still near", FIELD_BED_TEMPERATURE, NUMBER(57.9),
     NUMBER(58.0), NUMBER(60), 0, false, false},
    {"further away is not", FIELD_BED_TEMPERATURE, NUMBER(57.8), NUMBER(57.9),
     NUMBER(60), 0, false, true},
    {"no target, no nearness", FIELD_BED_TEMPERATURE, NUMBER(59.9),
     NUMBER(60.0), ABSENT, 0, false, true},
    {"a target has no target", FIELD_BED_TARGET, NUMBER(60), NUMBER(60.1),
     ABSENT, 0, false, true},

    {"the fan turns a little faster", FIELD_FAN_PRINT, NUMBER(1000),
     NUMBER(1029), ABSENT, 0, false, false},
    {"the fan turns much faster", FIELD_FAN_PRINT, NUMBER(1000), NUMBER(1030),
     ABSENT, 0, false, true},
    {"the fan begins to turn", FIELD_FAN_PRINT, NUMBER(0), NUMBER(12), ABSENT,
     0, false, true},
    {"the fan stops", FIELD_FAN_PRINT, NUMBER(12), NUMBER(0), ABSENT, 0, false,
     true},

    {"remaining time ticks", FIELD_JOB_TIME_REMAINING, WHOLE(600), WHOLE(541),
     ABSENT, HOUR, false, false},
    {"remaining time by a minute", FIELD_JOB_TIME_REMAINING, WHOLE(600),
     WHOLE(540), ABSENT, 0, false, true},
    {"nothing remains", FIELD_JOB_TIME_REMAINING, WHOLE(30), WHOLE(0), ABSENT,
     0, false, true},
    {"forced by a new job", FIELD_JOB_TIME_REMAINING, WHOLE(600), WHOLE(590),
     ABSENT, 0, true, true},

    {"an interval holds back", FIELD_POLL_LATENCY, WHOLE(80), WHOLE(500),
     ABSENT, 59999, false, false},
    {"until it is over", FIELD_POLL_LATENCY, WHOLE(80), WHOLE(500), ABSENT,
     60000, false, true},
};

static void changes_are_told_when_they_are_due(void **state)
{
    size_t i;

    for (i = 0; i < ROWS(changes); i++) {
        struct route route = route_of(*state, changes[i].field, 0);

        ROW(changes[i].name);
        assert_int_equal(route_due(&route, &changes[i].was, &changes[i].is,
                                   &changes[i].target, changes[i].since_ms,
                                   changes[i].forced),
                         changes[i].due);
    }
}

static void the_users_deadband_holds_also_near_the_target(void **state)
{
    struct world *w = *state;
    const struct value was = NUMBER(60.0), is = NUMBER(60.3), at = NUMBER(60);
    struct route route;

    w->mapping->fields[FIELD_BED_TEMPERATURE].deadband = 0.2;
    route = route_of(w, FIELD_BED_TEMPERATURE, 0);
    assert_true(route_due(&route, &was, &is, &at, 0, false));
    w->mapping->fields[FIELD_BED_TEMPERATURE].deadband = 5;
    route = route_of(w, FIELD_BED_TEMPERATURE, 0);
    assert_false(route_due(&route, &was, &is, &at, HOUR, false));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_wishes_the_quantity_decides),
        TEST(a_quantity_may_have_an_interval),
        TEST(the_mapping_says_the_quality_of_service),
        TEST(a_wish_changes_its_field_only),
        TEST(zero_is_a_wish_too),
        TEST(a_field_can_be_off),
        TEST(each_instance_has_its_topic),
        TEST(a_wish_for_one_instance_wins),
        TEST(one_instance_can_be_off_or_on),
        TEST(the_users_own_fields_bring_key_and_quantity),
        TEST(a_topic_that_is_too_long_is_no_route),
        TEST(orders_come_in_on_their_topic),
        TEST(some_topics_cannot_be_moved),
        TEST(changes_are_told_when_they_are_due),
        TEST(the_users_deadband_holds_also_near_the_target),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
