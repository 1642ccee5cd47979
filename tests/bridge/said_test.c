/* What the broker was told, and when. */
#include "bridge/possible.h"
#include "bridge/said.h"
#include "tests/unit.h"

static void nothing_was_said_at_first(void **state)
{
    struct said said = {.whole = false};
    struct telemetry t = {0};
    int slot;

    (void)state;
    for (slot = 0; slot < SLOT_COUNT; slot++) {
        assert_false(said_ever(&said, slot));
        assert_false(said_so(&said, &t, slot));
    }
    said_again(&said);
    said_release(&said);
}

static void what_was_said_is_known_until_it_changes(void **state)
{
    const int free_space = field_slot(FIELD_STORAGE_FREE, 7);
    struct said said = {.whole = false};
    struct telemetry t = {0};

    (void)state;
    telemetry_set_text(&t, SLOT_MESSAGE, "hot");
    said_note(&said, &t, SLOT_MESSAGE, 0);
    assert_true(said_so(&said, &t, SLOT_MESSAGE));
    assert_false(said_ever(&said, SLOT_STATE));
    assert_false(said_so(&said, &t, free_space));
    telemetry_set(&t, free_space, value_integer(5));
    said_note(&said, &t, free_space, 1);
    assert_true(said_so(&said, &t, free_space));
    assert_true(said_so(&said, &t, SLOT_MESSAGE));
    assert_false(said_ever(&said, SLOT_STATE));
    telemetry_set_text(&t, SLOT_MESSAGE, "cold");
    assert_false(said_so(&said, &t, SLOT_MESSAGE));
    assert_true(said_ever(&said, SLOT_MESSAGE));
    telemetry_release(&t);
    said_release(&said);
    assert_false(said_ever(&said, SLOT_MESSAGE));
}

/* That nothing is known is worth saying, too, and takes no room for a value. */
static void the_unknown_is_said_too(void **state)
{
    struct said said = {.whole = false};
    struct telemetry t = {0};

    (void)state;
    said_note(&said, &t, SLOT_JOB_ID, 1000);
    assert_true(said_so(&said, &t, SLOT_JOB_ID));
    assert_int_equal(said.values.count, 0);
    telemetry_set(&t, SLOT_JOB_ID, value_integer(0));
    assert_false(said_so(&said, &t, SLOT_JOB_ID));
    telemetry_release(&t);
    said_release(&said);
}

static void all_is_said_again_but_was_known(void **state)
{
    struct said said = {.whole = false};
    struct telemetry t = {0};

    (void)state;
    telemetry_set(&t, SLOT_JOB_ID, value_integer(129));
    said_note(&said, &t, SLOT_JOB_ID, 1000);
    said.whole = true;
    said_again(&said);
    assert_false(said.whole);
    assert_false(said_ever(&said, SLOT_JOB_ID));
    assert_false(said_so(&said, &t, SLOT_JOB_ID));
    assert_int_equal(telemetry_integer(&said.values, SLOT_JOB_ID, -1), 129);
    telemetry_release(&t);
    said_release(&said);
}

/* Polls come a little early or late: what is said once a minute must not wait
 * for another poll because of the unit. */
static void times_are_never_too_short(void **state)
{
    static const int64_t begins[] = {0, 1, 99, 100, 1999, 86400000000};
    struct said said = {.whole = false};
    struct telemetry t = {0};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof begins / sizeof *begins; i++) {
        said_note(&said, &t, SLOT_STATE, begins[i]);
        assert_true(said_ever(&said, SLOT_STATE));
        assert_int_equal(said_since(&said, SLOT_STATE, begins[i]), 0);
        assert_int_equal(said_since(&said, SLOT_STATE, begins[i] + 60000),
                         60000);
        assert_in_range(said_since(&said, SLOT_STATE, begins[i] + 59950), 59900,
                        60000);
        assert_in_range(said_since(&said, SLOT_STATE, begins[i] + 59899), 0,
                        59900);
    }
    said_release(&said);
}

/* Only once all was said is a part of it passed over. */
static void what_is_as_it_was_said_is_passed_over(void **state)
{
    static const short slots[] = {SLOT_STATE, SLOT_MESSAGE, SLOT_JOB_ID};
    struct said said = {.whole = false};
    struct telemetry t = {0};

    (void)state;
    telemetry_set(&t, SLOT_STATE, value_word(STATE_IDLE));
    telemetry_set(&t, SLOT_JOB_ID, value_integer(1));
    said_note(&said, &t, SLOT_STATE, 1000);
    said_note(&said, &t, SLOT_JOB_ID, 1000);
    assert_int_equal(said_next(&said, &t, slots, 0, 3), 0);
    said_note(&said, &t, SLOT_MESSAGE, 1000);
    said.whole = true;
    assert_int_equal(said_next(&said, &t, slots, 0, 3), 3);
    telemetry_set(&t, SLOT_JOB_ID, value_integer(2));
    assert_int_equal(said_next(&said, &t, slots, 0, 3), 2);
    said_again(&said);
    assert_int_equal(said_next(&said, &t, slots, 1, 3), 1);
    telemetry_release(&t);
    said_release(&said);
}

static void printers_of_a_driver_share_their_fields(void **state)
{
    const struct driver *driver = driver_find("prusalink");
    static struct driver other; /* kept by its address */
    const struct possible *all = possible_fields(driver), *few;
    int i;

    (void)state;
    other.endpoints = driver->endpoints;
    few = possible_fields(&other);
    assert_ptr_equal(possible_fields(driver), all);
    assert_ptr_equal(possible_fields(&other), few);
    assert_true(few->count < all->count); /* it knows no files */
    for (i = 0; i < all->count; i++) {
        enum field f = all->field[i];

        assert_true(i == 0 || f > all->field[i - 1]);
        assert_int_equal(all->slot[i], field_row(f)->scope == SCOPE_ONE
                                           ? field_slot(f, 0)
                                           : -1);
    }
    assert_int_equal(all->field[all->count - 1], FIELD_CUSTOM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_was_said_at_first),
        cmocka_unit_test(what_was_said_is_known_until_it_changes),
        cmocka_unit_test(the_unknown_is_said_too),
        cmocka_unit_test(all_is_said_again_but_was_known),
        cmocka_unit_test(times_are_never_too_short),
        cmocka_unit_test(what_is_as_it_was_said_is_passed_over),
        cmocka_unit_test(printers_of_a_driver_share_their_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
