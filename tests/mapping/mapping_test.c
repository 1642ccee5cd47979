#include "mapping/mapping.h"
#include "mapping/memory.h"
#include "tests/unit.h"

static void a_new_mapping_wishes_nothing(void **state)
{
    struct mapping *m = mapping_new();
    enum field f;
    enum command c;

    (void)state;
    assert_string_equal(m->topic, "{base}/{printer}/{field}");
    assert_string_equal(m->command_topic, "{base}/{printer}/command/{command}");
    assert_int_equal(m->absent, ABSENT_NONE);
    for (f = 0; f < FIELD_COUNT; f++) {
        assert_int_equal(m->fields[f].on, -1);
        assert_int_equal(m->fields[f].qos, -1);
        assert_true(m->fields[f].deadband < 0);
        assert_null(m->fields[f].topic);
    }
    for (c = 0; c < COMMAND_COUNT; c++)
        assert_int_equal(m->commands[c].on, -1);
    mapping_free(m);
    mapping_free(NULL);
}

static void what_the_second_says_wins(void **state)
{
    struct field_wish wish, over;

    (void)state;
    field_wish_init(&wish);
    field_wish_init(&over);
    wish.on = 1;
    wish.qos = 2;
    wish.decimals = 3;
    wish.deadband = 1;
    wish.interval_ms = 100;
    wish.topic = memory_text("mine");
    wish.name = memory_text("Mine");
    over.on = 0;
    over.retain = 0;
    over.deadband = 0;
    over.interval_ms = 0;
    over.topic = memory_text("yours");
    over.icon = memory_text("mdi:fan");
    field_wish_merge(&wish, &over);
    field_wish_release(&over);
    assert_int_equal(wish.on, 0);
    assert_int_equal(wish.retain, 0);
    assert_int_equal(wish.qos, 2);
    assert_int_equal(wish.decimals, 3);
    assert_true(wish.deadband >= 0 && wish.deadband <= 0);
    assert_int_equal(wish.interval_ms, 0);
    assert_string_equal(wish.topic, "yours");
    assert_string_equal(wish.name, "Mine");
    assert_string_equal(wish.icon, "mdi:fan");
    assert_int_equal(wish.enabled, -1);
    field_wish_release(&wish);
    assert_null(wish.topic);
    assert_int_equal(wish.on, -1);
}

static struct mapping *full_mapping(void)
{
    struct mapping *m = mapping_new();

    m->fields[FIELD_STATE].topic = memory_text("state");
    m->commands[COMMAND_PAUSE].name = memory_text("Hold");
    m->instances = memory_zero(1, sizeof *m->instances);
    m->instances[0] = (struct instance_wish){FIELD_STORAGE_FREE, "usb", {0}};
    field_wish_init(&m->instances[0].wish);
    m->instances[0].wish.icon = memory_text("mdi:usb");
    m->instance_count = 1;
    memcpy(m->custom[0].key, "fan/board", sizeof "fan/board");
    m->custom[0].endpoint = memory_text("status");
    m->custom[0].pointer = memory_text("/printer/fan_board");
    m->custom_count = 1;
    return m;
}

static void a_copy_stands_alone(void **state)
{
    struct mapping *m = full_mapping();
    struct mapping *copy = mapping_copy(m);

    (void)state;
    mapping_free(m);
    assert_string_equal(copy->topic, MAPPING_TOPIC);
    assert_string_equal(copy->fields[FIELD_STATE].topic, "state");
    assert_string_equal(copy->commands[COMMAND_PAUSE].name, "Hold");
    assert_string_equal(copy->instances[0].wish.icon, "mdi:usb");
    assert_string_equal(copy->custom[0].key, "fan/board");
    assert_string_equal(copy->custom[0].pointer, "/printer/fan_board");
    mapping_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_mapping_wishes_nothing),
        cmocka_unit_test(what_the_second_says_wins),
        cmocka_unit_test(a_copy_stands_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
