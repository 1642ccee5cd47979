#include "mapping/telemetry.h"
#include "tests/unit.h"

static void nothing_is_known_at_first(void **state)
{
    struct telemetry t = {0};
    int slot;

    (void)state;
    for (slot = 0; slot < SLOT_COUNT; slot++)
        assert_false(telemetry_known(&t, slot));
    assert_string_equal(telemetry_text(&t, SLOT_JOB_NAME), "");
    assert_int_equal(telemetry_state(&t), STATE_COUNT);
    assert_int_equal(telemetry_integer(&t, SLOT_JOB_ID, -1), -1);
    telemetry_release(&t);
}

static void values_come_back_as_they_were_set(void **state)
{
    struct telemetry t = {0};

    (void)state;
    telemetry_set(&t, SLOT_JOB_ID, value_integer(129));
    telemetry_set(&t, SLOT_STATE, value_word(STATE_PAUSED));
    telemetry_set(&t, SLOT_JOB_SERIAL, value_truth(true));
    telemetry_set(&t, SLOT_AXIS_Z, value_number(-0.25));
    telemetry_set_text(&t, SLOT_JOB_NAME, "box.gcode");
    assert_int_equal(telemetry_integer(&t, SLOT_JOB_ID, -1), 129);
    assert_int_equal(telemetry_state(&t), STATE_PAUSED);
    assert_int_equal(telemetry_integer(&t, SLOT_JOB_SERIAL, -1), 1);
    assert_int_equal(telemetry_integer(&t, SLOT_JOB_NAME, -1), -1);
    assert_int_equal(telemetry_get(&t, SLOT_AXIS_Z).kind, VALUE_NUMBER);
    assert_near(telemetry_get(&t, SLOT_AXIS_Z).number, -0.25, 0);
    assert_string_equal(telemetry_text(&t, SLOT_JOB_NAME), "box.gcode");
    telemetry_clear(&t, SLOT_JOB_NAME);
    assert_false(telemetry_known(&t, SLOT_JOB_NAME));
    telemetry_release(&t);
    assert_false(telemetry_known(&t, SLOT_JOB_ID));
}

static void texts_are_cleaned_and_empty_ones_absent(void **state)
{
    struct telemetry t = {0};

    (void)state;
    telemetry_set_text(&t, SLOT_MESSAGE, " a\nb\xff");
    assert_string_equal(telemetry_text(&t, SLOT_MESSAGE), "a b\xef\xbf\xbd");
    telemetry_set_text(&t, SLOT_MESSAGE, " \n");
    assert_false(telemetry_known(&t, SLOT_MESSAGE));
    telemetry_release(&t);
}

static void texts_have_at_most_255_characters(void **state)
{
    struct telemetry t = {0};
    char text[2 * 300 + 1];
    size_t i;

    (void)state;
    for (i = 0; i < 300; i++)
        memcpy(text + 2 * i, "\xc3\xbc", 3);
    telemetry_set_text(&t, SLOT_MESSAGE, text);
    assert_int_equal(strlen(telemetry_text(&t, SLOT_MESSAGE)), 2 * 255);
    telemetry_release(&t);
}

static void a_copy_stands_alone(void **state)
{
    struct telemetry a = {0}, b = {0};

    (void)state;
    telemetry_set_text(&a, SLOT_JOB_NAME, "one");
    telemetry_set_text(&b, SLOT_MESSAGE, "old");
    telemetry_copy(&b, &a);
    telemetry_set_text(&a, SLOT_JOB_NAME, "two");
    assert_string_equal(telemetry_text(&b, SLOT_JOB_NAME), "one");
    assert_false(telemetry_known(&b, SLOT_MESSAGE));
    telemetry_release(&a);
    assert_string_equal(telemetry_text(&b, SLOT_JOB_NAME), "one");
    telemetry_release(&b);
}

static size_t bytes_of_texts(const struct telemetry *t)
{
    size_t bytes = 0;
    int slot;

    for (slot = 0; slot < SLOT_COUNT; slot++)
        if (telemetry_get(t, slot).kind == VALUE_TEXT)
            bytes += strlen(telemetry_text(t, slot)) + 1;
    return bytes;
}

/* Whether a text was replaced, cleared or became another value. */
static void a_copy_has_no_loose_texts(void **state)
{
    struct telemetry a = {0}, b = {0};

    (void)state;
    telemetry_set_text(&a, SLOT_MESSAGE, "first");
    telemetry_set_text(&a, SLOT_JOB_NAME, "box.gcode");
    telemetry_set_text(&a, SLOT_INFO_SERIAL, "10589");
    telemetry_copy(&b, &a);
    assert_memory_equal(b.texts.bytes, a.texts.bytes, a.texts.len);
    telemetry_set_text(&a, SLOT_MESSAGE, "second");
    telemetry_copy(&b, &a);
    assert_string_equal(telemetry_text(&b, SLOT_MESSAGE), "second");
    assert_int_equal(b.texts.len, bytes_of_texts(&b));
    telemetry_clear(&a, SLOT_MESSAGE);
    telemetry_copy(&b, &a);
    telemetry_copy(&a, &b);
    assert_int_equal(a.loose, 0);
    assert_int_equal(b.texts.len, bytes_of_texts(&b));
    telemetry_set(&b, SLOT_JOB_NAME, value_integer(1));
    telemetry_copy(&a, &b);
    assert_int_equal(a.texts.len, sizeof "10589");
    assert_string_equal(telemetry_text(&a, SLOT_INFO_SERIAL), "10589");
    telemetry_release(&a);
    telemetry_release(&b);
}

static void a_snapshot_is_as_long_as_what_was_known(void **state)
{
    const int last = field_slot(FIELD_CUSTOM, 31);
    struct telemetry t = {0};

    (void)state;
    telemetry_set(&t, last, (struct value){0});
    telemetry_set_text(&t, last, "");
    assert_int_equal(t.count, 0);
    telemetry_set(&t, SLOT_STATE, value_word(STATE_IDLE));
    assert_int_equal(t.count, field_room(SLOT_STATE));
    assert_int_equal(field_room(SLOT_STATE), field_room(SLOT_FIXED - 1));
    telemetry_set_text(&t, field_slot(FIELD_CAMERA_NAME, 1), "door");
    assert_in_range(t.count, field_slot(FIELD_CAMERA_NAME, 1) + 1, last - 1);
    assert_false(telemetry_known(&t, last));
    assert_int_equal(telemetry_get(&t, last).kind, VALUE_ABSENT);
    assert_int_equal(telemetry_integer(&t, last, 7), 7);
    assert_string_equal(telemetry_text(&t, last), "");
    telemetry_clear(&t, last);
    telemetry_set(&t, last, value_integer(5));
    assert_int_equal(telemetry_integer(&t, last, 7), 5);
    assert_int_equal(telemetry_state(&t), STATE_IDLE);
    assert_string_equal(telemetry_text(&t, field_slot(FIELD_CAMERA_NAME, 1)),
                        "door");
    telemetry_release(&t);
}

/* One snapshot goes round among all printers. */
static void a_copy_is_no_larger_than_the_original(void **state)
{
    const int last = field_slot(FIELD_CUSTOM, 31);
    struct telemetry small = {0}, large = {0}, empty = {0};
    char text[TELEMETRY_FIELD_MAX + 1] = "";

    (void)state;
    memset(text, 'x', sizeof text - 1);
    telemetry_set(&large, last, value_integer(5));
    telemetry_set_text(&large, SLOT_MESSAGE, text);
    telemetry_set_text(&large, SLOT_JOB_NAME, text);
    telemetry_set_text(&small, SLOT_MESSAGE, "short");
    telemetry_copy(&large, &small);
    assert_int_equal(large.count, small.count);
    assert_true(large.texts.capacity <= 128);
    assert_false(telemetry_known(&large, last));
    assert_string_equal(telemetry_text(&large, SLOT_MESSAGE), "short");
    telemetry_copy(&large, &empty);
    assert_null(large.bits);
    assert_false(telemetry_known(&large, SLOT_MESSAGE));
    telemetry_release(&small);
    telemetry_release(&large);
}

static void what_differs_is_found(void **state)
{
    static const short slots[] = {SLOT_STATE, SLOT_MESSAGE, SLOT_AXIS_Z, -1,
                                  SLOT_JOB_ID};
    struct telemetry a = {0}, b = {0};

    (void)state;
    assert_int_equal(telemetry_next_other(&a, &b, slots, 2, 5), 2);
    telemetry_set_text(&a, SLOT_MESSAGE, "same");
    assert_int_equal(telemetry_next_other(&a, &b, slots, 0, 5), 0);
    telemetry_set_text(&b, SLOT_MESSAGE, "else");
    assert_int_equal(telemetry_get(&a, SLOT_MESSAGE).integer,
                     telemetry_get(&b, SLOT_MESSAGE).integer);
    assert_int_equal(telemetry_next_other(&a, &b, slots, 0, 5), 1);
    telemetry_set_text(&b, SLOT_JOB_NAME, "moves the offsets");
    telemetry_set_text(&b, SLOT_MESSAGE, "same");
    telemetry_set(&a, SLOT_AXIS_Z, value_number(0.0));
    telemetry_set(&b, SLOT_AXIS_Z, value_number(-0.0));
    assert_int_equal(telemetry_next_other(&a, &b, slots, 0, 5), 3);
    assert_int_equal(telemetry_next_other(&a, &b, slots, 4, 5), 5);
    telemetry_set(&b, SLOT_JOB_ID, value_integer(0));
    assert_int_equal(telemetry_next_other(&a, &b, slots, 4, 5), 4);
    telemetry_set_text(&b, SLOT_MESSAGE, "othr");
    assert_int_equal(telemetry_next_other(&a, &b, slots, 0, 5), 1);
    telemetry_set(&b, SLOT_STATE, value_word(STATE_IDLE));
    assert_int_equal(telemetry_next_other(&a, &b, slots, 0, 5), 0);
    telemetry_set(&a, SLOT_STATE, value_integer(STATE_IDLE));
    assert_int_equal(telemetry_next_other(&a, &b, slots, 0, 5), 0);
    telemetry_release(&a);
    telemetry_release(&b);
}

/* A printer tells a new message every poll, for months. */
static void changing_texts_do_not_fill_the_arena(void **state)
{
    struct telemetry t = {0};
    char text[200];
    int i;

    (void)state;
    telemetry_set_text(&t, SLOT_JOB_NAME, "stays");
    for (i = 0; i < 5000; i++) {
        (void)snprintf(text, sizeof text, "message %0150d", i);
        telemetry_set_text(&t, SLOT_MESSAGE, text);
        assert_string_equal(telemetry_text(&t, SLOT_MESSAGE), text);
    }
    assert_string_equal(telemetry_text(&t, SLOT_JOB_NAME), "stays");
    assert_in_range(t.texts.len, 150, 1000);
    telemetry_release(&t);
}

static void equal_is_kind_and_value(void **state)
{
    struct telemetry a = {0}, b = {0};

    (void)state;
    assert_true(telemetry_equal(&a, &b, SLOT_MESSAGE));
    telemetry_set_text(&b, SLOT_JOB_NAME, "moves the offsets");
    telemetry_set_text(&a, SLOT_MESSAGE, "same");
    assert_false(telemetry_equal(&a, &b, SLOT_MESSAGE));
    telemetry_set_text(&b, SLOT_MESSAGE, "same");
    assert_true(telemetry_equal(&a, &b, SLOT_MESSAGE));
    telemetry_set(&a, SLOT_SPEED, value_integer(100));
    telemetry_set(&b, SLOT_SPEED, value_number(100));
    assert_false(telemetry_equal(&a, &b, SLOT_SPEED));
    telemetry_set(&a, SLOT_SPEED, value_number(100));
    assert_true(telemetry_equal(&a, &b, SLOT_SPEED));
    telemetry_set(&a, SLOT_SPEED, value_number(100.5));
    assert_false(telemetry_equal(&a, &b, SLOT_SPEED));
    telemetry_set(&a, SLOT_AXIS_Z, value_number(0.0));
    telemetry_set(&b, SLOT_AXIS_Z, value_number(-0.0));
    assert_true(telemetry_equal(&a, &b, SLOT_AXIS_Z));
    telemetry_set(&a, SLOT_AXIS_X, value_number(5));
    telemetry_clear(&a, SLOT_AXIS_X);
    assert_true(telemetry_equal(&a, &b, SLOT_AXIS_X));
    telemetry_set(&a, SLOT_STATE, value_word(STATE_IDLE));
    telemetry_set(&b, SLOT_STATE, value_word(STATE_IDLE));
    assert_true(telemetry_equal(&a, &b, SLOT_STATE));
    telemetry_set(&b, SLOT_STATE, value_word(STATE_BUSY));
    assert_false(telemetry_equal(&a, &b, SLOT_STATE));
    telemetry_set(&a, SLOT_JOB_SERIAL, value_truth(true));
    telemetry_set(&b, SLOT_JOB_SERIAL, value_truth(true));
    assert_true(telemetry_equal(&a, &b, SLOT_JOB_SERIAL));
    telemetry_set(&b, SLOT_JOB_SERIAL, value_truth(false));
    assert_false(telemetry_equal(&a, &b, SLOT_JOB_SERIAL));
    telemetry_release(&a);
    telemetry_release(&b);
}

static void offline_clears_what_only_the_printer_knows(void **state)
{
    struct telemetry t = {0};

    (void)state;
    telemetry_set(&t, SLOT_STATE, value_word(STATE_IDLE));
    telemetry_set(&t, field_slot(FIELD_STORAGE_FREE, 1), value_integer(5));
    telemetry_set(&t, field_slot(FIELD_CUSTOM, 31), value_integer(5));
    telemetry_set(&t, SLOT_POLL_FAILURES, value_integer(2));
    telemetry_set_text(&t, SLOT_INFO_SERIAL, "10589");
    telemetry_clear_life(&t, LIFE_LIVE);
    assert_false(telemetry_known(&t, SLOT_STATE));
    assert_false(telemetry_known(&t, field_slot(FIELD_STORAGE_FREE, 1)));
    assert_false(telemetry_known(&t, field_slot(FIELD_CUSTOM, 31)));
    assert_true(telemetry_known(&t, SLOT_POLL_FAILURES));
    assert_string_equal(telemetry_text(&t, SLOT_INFO_SERIAL), "10589");
    telemetry_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_at_first),
        cmocka_unit_test(values_come_back_as_they_were_set),
        cmocka_unit_test(texts_are_cleaned_and_empty_ones_absent),
        cmocka_unit_test(texts_have_at_most_255_characters),
        cmocka_unit_test(a_copy_stands_alone),
        cmocka_unit_test(a_copy_has_no_loose_texts),
        cmocka_unit_test(a_snapshot_is_as_long_as_what_was_known),
        cmocka_unit_test(a_copy_is_no_larger_than_the_original),
        cmocka_unit_test(what_differs_is_found),
        cmocka_unit_test(changing_texts_do_not_fill_the_arena),
        cmocka_unit_test(equal_is_kind_and_value),
        cmocka_unit_test(offline_clears_what_only_the_printer_knows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
