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
    telemetry_set_text(&t, SLOT_JOB_NAME, "box.gcode");
    assert_int_equal(telemetry_integer(&t, SLOT_JOB_ID, -1), 129);
    assert_int_equal(telemetry_state(&t), STATE_PAUSED);
    assert_int_equal(telemetry_integer(&t, SLOT_JOB_SERIAL, -1), 1);
    assert_int_equal(telemetry_integer(&t, SLOT_JOB_NAME, -1), -1);
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
    assert_true(t.texts.len < TELEMETRY_TEXT_MAX / 8);
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
        cmocka_unit_test(changing_texts_do_not_fill_the_arena),
        cmocka_unit_test(equal_is_kind_and_value),
        cmocka_unit_test(offline_clears_what_only_the_printer_knows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
