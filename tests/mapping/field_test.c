#include "mapping/field.h"
#include "tests/unit.h"

static const struct {
    const char *key;
    enum field field; /* FIELD_COUNT = no such field */
    const char *instance;
} keys[] = {
    {"state", FIELD_STATE, ""},
    {"nozzle/temperature", FIELD_NOZZLE_TEMPERATURE, ""},
    {"storage/usb/free", FIELD_STORAGE_FREE, "usb"},
    {"storage/usb_2/files", FIELD_STORAGE_FILES, "usb_2"},
    {"storage/<name>/free", FIELD_STORAGE_FREE, ""},
    {"storage/<name>/files", FIELD_STORAGE_FILES, ""},
    {"storage//free", FIELD_COUNT, ""},
    {"storage/USB/free", FIELD_COUNT, ""},
    {"storage/a b/free", FIELD_COUNT, ""},
    {"storage/<n>/free", FIELD_COUNT, ""},
    {"storage/usb/colour", FIELD_COUNT, ""},
    {"storage/usb/free/x", FIELD_COUNT, ""},
    {"storage/usb", FIELD_COUNT, ""},
    {"storage/a234567890b234567890c234567890d2/free", FIELD_STORAGE_FREE,
     "a234567890b234567890c234567890d2"},
    {"storage/a234567890b234567890c234567890d23/free", FIELD_COUNT, ""},
    {"State", FIELD_COUNT, ""},
    {"custom", FIELD_COUNT, ""},
    {"", FIELD_COUNT, ""},
};

static void fields_are_found_by_their_keys(void **state)
{
    char instance[INSTANCE_NAME_MAX + 1];
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(keys); i++) {
        ROW(keys[i].key);
        assert_int_equal(field_find(keys[i].key, instance), keys[i].field);
        assert_int_equal(field_find(keys[i].key, NULL), keys[i].field);
        if (keys[i].field != FIELD_COUNT)
            assert_string_equal(instance, keys[i].instance);
    }
}

static void every_field_is_found_by_its_own_key(void **state)
{
    enum field f;

    (void)state;
    for (f = 0; f < FIELD_CUSTOM; f++)
        assert_int_equal(field_find(field_row(f)->key, NULL), f);
}

/* Topics must not swallow each other, and JSON nests at the slash. */
static void no_key_is_the_beginning_of_another(void **state)
{
    enum field a, b;

    (void)state;
    for (a = 0; a < FIELD_COUNT; a++)
        for (b = 0; b < FIELD_COUNT; b++) {
            size_t len = strlen(field_row(a)->key);

            if (a != b &&
                strncmp(field_row(b)->key, field_row(a)->key, len) == 0)
                assert_true(field_row(b)->key[len] != '/' &&
                            field_row(b)->key[len] != '\0');
        }
}

static void no_key_begins_like_a_topic_of_the_bridge(void **state)
{
    static const char *const taken[] = {"availability", "event", "command",
                                        "response",     "can",   "has"};
    enum field f;
    size_t i;

    (void)state;
    for (f = 0; f < FIELD_COUNT; f++)
        for (i = 0; i < ROWS(taken); i++) {
            size_t len = strcspn(field_row(f)->key, "/");

            assert_false(len == strlen(taken[i]) &&
                         strncmp(field_row(f)->key, taken[i], len) == 0);
        }
}

static void keys_are_written_with_their_instance(void **state)
{
    char key[FIELD_KEY_MAX + 1];

    (void)state;
    assert_true(field_key(FIELD_STORAGE_FREE, "usb", key, sizeof key));
    assert_string_equal(key, "storage/usb/free");
    assert_true(field_key(FIELD_STORAGE_FREE, "", key, sizeof key));
    assert_string_equal(key, "storage/<name>/free");
    assert_true(field_key(FIELD_STATE, NULL, key, sizeof key));
    assert_string_equal(key, "state");
    assert_false(field_key(FIELD_STORAGE_FREE, "usb", key, 16));
    assert_true(field_key(FIELD_STORAGE_FREE, "usb", key, 17));
}

static void each_instance_has_its_own_slot(void **state)
{
    bool used[SLOT_COUNT] = {false};
    enum field f;
    int i;

    (void)state;
    for (f = 0; f < FIELD_COUNT; f++)
        for (i = 0; i < field_instances(f); i++) {
            int slot = field_slot(f, i);

            assert_in_range(slot, 0, SLOT_COUNT - 1);
            assert_false(used[slot]);
            used[slot] = true;
        }
    for (i = 0; i < SLOT_COUNT; i++)
        assert_true(used[i]);
}

/* Arrays by slot end with what a printer has. */
static void what_few_printers_have_comes_last(void **state)
{
    enum field f;
    int i, last = -1;

    (void)state;
    for (f = 0; f < FIELD_COUNT; f++) {
        if (field_row(f)->scope == SCOPE_ONE) {
            assert_int_equal(field_slot(f, 0), ++last);
            continue;
        }
        for (i = 0; i < field_instances(f); i++) {
            int level = f == FIELD_CUSTOM ? i / 4 : i;

            assert_int_equal((field_slot(f, i) - SLOT_FIXED) / SLOT_LEVEL,
                             level);
            assert_true(i == 0 || field_slot(f, i) > field_slot(f, i - 1));
        }
    }
    assert_int_equal(last + 1, SLOT_FIXED);
    assert_in_range(field_room(0), SLOT_FIXED, SLOT_FIXED + SLOT_LEVEL - 1);
    assert_int_equal(field_room(0), field_room(SLOT_FIXED - 1));
    for (i = 0; i < SLOT_COUNT; i++)
        assert_in_range(field_room(i), i + 1, SLOT_COUNT + 7);
}

static void only_measured_heat_has_a_target(void **state)
{
    (void)state;
    assert_int_equal(field_target(FIELD_NOZZLE_TEMPERATURE),
                     FIELD_NOZZLE_TARGET);
    assert_int_equal(field_target(FIELD_BED_TEMPERATURE), FIELD_BED_TARGET);
    assert_int_equal(field_target(FIELD_NOZZLE_TARGET), FIELD_COUNT);
    assert_int_equal(field_target(FIELD_STATE), FIELD_COUNT);
}

static const struct {
    const char *identity, *name;
} names[] = {
    {"/usb/", "usb"},
    {"/usb", "usb"},
    {"USB Stick", "usb_stick"},
    {"//sd-card_1/", "sd-card_1"},
    {"/a/b/", "a_b"},
    {"/pr\xc3\xbc"
     "fung",
     "pr__fung"},
    {"", "_"},
    {"/", "_"},
    {"a234567890b234567890c234567890d2345", "a234567890b234567890c234567890d2"},
};

static void names_are_made_of_what_the_api_says(void **state)
{
    char name[INSTANCE_NAME_MAX + 1];
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(names); i++) {
        ROW(names[i].identity);
        instance_name(names[i].identity, name);
        assert_string_equal(name, names[i].name);
    }
}

static void an_instance_keeps_its_index(void **state)
{
    struct instances known = {.count = 0};

    (void)state;
    assert_int_equal(instances_learn(&known, "/usb/", 0), 0);
    assert_int_equal(instances_learn(&known, "/local/", 0), 1);
    assert_int_equal(instances_learn(&known, "/usb/", 0), 0);
    assert_int_equal(instances_find(&known, "local"), 1);
    assert_int_equal(instances_find(&known, "sdcard"), -1);
    instances_release(&known);
}

static void equal_names_are_numbered(void **state)
{
    struct instances known = {.count = 0};
    static const char identity[] = "a234567890b234567890c234567890d2345";
    int first = instances_learn(&known, identity, 0);

    (void)state;
    assert_int_equal(instances_learn(&known, "usb", 0), 1);
    assert_int_equal(instances_learn(&known, "USB", 1), 2);
    assert_string_equal(known.name[2], "usb_2");
    assert_int_not_equal(instances_learn(&known, identity, 1), first);
    assert_true(strlen(known.name[3]) <= INSTANCE_NAME_MAX);
    instances_release(&known);
}

/* Cut to 28 bytes, "_2" would make the same name again. */
static void a_long_name_is_numbered_too(void **state)
{
    struct instances known = {.count = 0};
    static const char identity[] = "a234567890b234567890c2345678_2";

    (void)state;
    assert_int_equal(instances_learn(&known, identity, 0), 0);
    assert_int_equal(instances_learn(&known, identity, 1), 1);
    assert_int_equal(instances_learn(&known, identity, 2), 2);
    instances_release(&known);
}

static void too_many_are_left_out_with_a_mark(void **state)
{
    struct instances known = {.count = 0};
    char name[8];
    int i;

    (void)state;
    for (i = 0; i < INSTANCES_STORAGE; i++) {
        (void)snprintf(name, sizeof name, "s%d", i);
        assert_int_equal(instances_learn(&known, name, 0), i);
    }
    assert_false(known.overflow);
    assert_int_equal(instances_learn(&known, "one too many", 0), -1);
    assert_true(known.overflow);
    assert_int_equal(instances_learn(&known, "s3", 0), 3);
    instances_release(&known);
}

static void a_copy_of_instances_shares_nothing(void **state)
{
    struct instances known = {.count = 0}, copy = {.count = 0};
    struct instances none = {.count = 0};

    (void)state;
    (void)instances_learn(&known, "usb", 0);
    known.overflow = true;
    (void)instances_learn(&copy, "old", 0);
    instances_copy(&copy, &known);
    known.name[0][0] = 'x';
    instances_release(&known);
    assert_int_equal(known.count, 0);
    assert_int_equal(copy.count, 1);
    assert_true(copy.overflow);
    assert_string_equal(copy.name[0], "usb");
    assert_int_equal(instances_learn(&copy, "local", 0), 1);
    instances_copy(&copy, &none);
    assert_int_equal(instances_find(&copy, "usb"), -1);
    assert_null(copy.name);
}

static void a_set_of_slots_says_what_is_new(void **state)
{
    struct slot_set set = {{0}};
    int slot;

    (void)state;
    for (slot = 0; slot < SLOT_COUNT; slot += 3)
        assert_true(slot_set_add(&set, slot));
    for (slot = 0; slot < SLOT_COUNT; slot++)
        assert_int_equal(slot_set_has(&set, slot), slot % 3 == 0);
    assert_false(slot_set_add(&set, 3));
    assert_true(slot_set_add(&set, SLOT_COUNT - 1) ==
                ((SLOT_COUNT - 1) % 3 != 0));
    assert_true(slot_set_has(&set, SLOT_COUNT - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_found_by_their_keys),
        cmocka_unit_test(every_field_is_found_by_its_own_key),
        cmocka_unit_test(no_key_is_the_beginning_of_another),
        cmocka_unit_test(no_key_begins_like_a_topic_of_the_bridge),
        cmocka_unit_test(keys_are_written_with_their_instance),
        cmocka_unit_test(each_instance_has_its_own_slot),
        cmocka_unit_test(what_few_printers_have_comes_last),
        cmocka_unit_test(only_measured_heat_has_a_target),
        cmocka_unit_test(names_are_made_of_what_the_api_says),
        cmocka_unit_test(an_instance_keeps_its_index),
        cmocka_unit_test(equal_names_are_numbered),
        cmocka_unit_test(a_long_name_is_numbered_too),
        cmocka_unit_test(too_many_are_left_out_with_a_mark),
        cmocka_unit_test(a_copy_of_instances_shares_nothing),
        cmocka_unit_test(a_set_of_slots_says_what_is_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
