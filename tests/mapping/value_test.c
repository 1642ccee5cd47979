#include "mapping/value.h"
#include "tests/unit.h"

#include <math.h>

static const struct {
    const char *name;
    struct value value;
    enum quantity quantity;
    int decimals;
    const char *payload;
} payloads[] = {
    {"fixed decimals",
     {VALUE_NUMBER, {.number = 214.96}},
     QUANTITY_HEAT,
     1,
     "215.0"},
    {"no decimals",
     {VALUE_NUMBER, {.number = 42.4}},
     QUANTITY_PROGRESS,
     0,
     "42"},
    {"negative",
     {VALUE_NUMBER, {.number = -0.25}},
     QUANTITY_LENGTH,
     2,
     "-0.25"},
    {"negative zero",
     {VALUE_NUMBER, {.number = -0.0}},
     QUANTITY_HEAT,
     1,
     "0.0"},
    {"rounded to zero",
     {VALUE_NUMBER, {.number = -0.04}},
     QUANTITY_HEAT,
     1,
     "0.0"},
    {"rounded to zero, whole",
     {VALUE_NUMBER, {.number = -0.4}},
     QUANTITY_FAN,
     0,
     "0"},
    {"truth", {VALUE_TRUTH, {.integer = 1}}, QUANTITY_FLAG, 0, "true"},
    {"untruth", {VALUE_TRUTH, {.integer = 0}}, QUANTITY_FLAG, 0, "false"},
    {"big file",
     {VALUE_INTEGER, {.integer = INT64_C(9007199254740993)}},
     QUANTITY_SIZE,
     0,
     "9007199254740993"},
    {"smallest",
     {VALUE_INTEGER, {.integer = INT64_MIN}},
     QUANTITY_SIZE,
     0,
     "-9223372036854775808"},
    {"time",
     {VALUE_TIME, {.integer = 1795262400}},
     QUANTITY_TIMESTAMP,
     0,
     "2026-11-21T12:00:00+00:00"},
    {"time before 1970",
     {VALUE_TIME, {.integer = -1}},
     QUANTITY_TIMESTAMP,
     0,
     "1969-12-31T23:59:59+00:00"},
    {"word",
     {VALUE_WORD, {.integer = STATE_ATTENTION}},
     QUANTITY_STATE,
     0,
     "attention"},
    {"absent", {VALUE_ABSENT, {.integer = 5}}, QUANTITY_SIZE, 0, ""},
};

static void values_have_one_payload(void **state)
{
    char out[VALUE_FORMAT_MAX];
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(payloads); i++) {
        ROW(payloads[i].name);
        assert_int_equal(value_format(payloads[i].value, payloads[i].quantity,
                                      payloads[i].decimals, out),
                         strlen(payloads[i].payload));
        assert_string_equal(out, payloads[i].payload);
    }
}

static void the_largest_numbers_fit(void **state)
{
    char out[VALUE_FORMAT_MAX];

    (void)state;
    assert_true(value_format(value_number(-1.7e308), QUANTITY_LENGTH, 9, out) <
                VALUE_FORMAT_MAX);
    assert_near(strtod(out, NULL), -1.7e308, 1e300);
    assert_true(value_format(value_time(INT64_MAX), QUANTITY_TIMESTAMP, 0,
                             out) < VALUE_FORMAT_MAX);
}

/* Halves that are exact, halves that only look so, and everything around. */
static void numbers_are_rounded_as_printf_does(void **state)
{
    static const double bases[] = {0,       0.5,        1.005, 214.95,
                                   4095.25, 1234567890, 3e14,  8e15};
    char ours[VALUE_FORMAT_MAX], theirs[VALUE_FORMAT_MAX];
    size_t base;
    int step, decimals;

    (void)state;
    for (base = 0; base < ROWS(bases); base++)
        for (step = 1; step < 2000; step++)
            for (decimals = 0; decimals < 5; decimals++) {
                double number =
                    (bases[base] + step * 0.0125) * (step % 2 ? 1 : -1);
                bool zero;

                value_format(value_number(number), QUANTITY_LENGTH, decimals,
                             ours);
                (void)snprintf(theirs, sizeof theirs, "%.*f", decimals, number);
                zero = theirs[0] == '-' && !strpbrk(theirs, "123456789");
                assert_string_equal(ours, theirs + zero);
            }
}

static void the_ends_of_integers_are_written(void **state)
{
    char out[VALUE_FORMAT_MAX];

    (void)state;
    value_format(value_integer(INT64_MIN), QUANTITY_SIZE, 0, out);
    assert_string_equal(out, "-9223372036854775808");
    value_format(value_integer(INT64_MAX), QUANTITY_SIZE, 0, out);
    assert_string_equal(out, "9223372036854775807");
    value_format(value_integer(0), QUANTITY_SIZE, 0, out);
    assert_string_equal(out, "0");
}

static void what_is_no_number_is_absent(void **state)
{
    (void)state;
    assert_int_equal(value_number((double)NAN).kind, VALUE_ABSENT);
    assert_int_equal(value_number((double)INFINITY).kind, VALUE_ABSENT);
    assert_int_equal(value_number((double)-INFINITY).kind, VALUE_ABSENT);
    assert_int_equal(value_number(0).kind, VALUE_NUMBER);
}

static void zeroed_means_absent(void **state)
{
    struct value v = {0};

    (void)state;
    assert_int_equal(v.kind, VALUE_ABSENT);
}

static void quantities_are_found_by_their_names(void **state)
{
    enum quantity q;

    (void)state;
    for (q = 0; q < QUANTITY_COUNT; q++)
        assert_int_equal(quantity_find(quantity_row(q)->name), q);
    assert_int_equal(quantity_find("weather"), QUANTITY_COUNT);
    assert_int_equal(quantity_find(""), QUANTITY_COUNT);
}

static void only_words_have_words(void **state)
{
    const char *const *words = quantity_words(QUANTITY_STATE);
    int count = 0;

    (void)state;
    while (words[count])
        count++;
    assert_int_equal(count, STATE_COUNT);
    assert_string_equal(words[STATE_IDLE], "idle");
    assert_null(quantity_words(QUANTITY_HEAT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_one_payload),
        cmocka_unit_test(the_largest_numbers_fit),
        cmocka_unit_test(numbers_are_rounded_as_printf_does),
        cmocka_unit_test(the_ends_of_integers_are_written),
        cmocka_unit_test(what_is_no_number_is_absent),
        cmocka_unit_test(zeroed_means_absent),
        cmocka_unit_test(quantities_are_found_by_their_names),
        cmocka_unit_test(only_words_have_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
