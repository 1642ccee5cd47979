#include "bridge/metadata/words.h"
#include "tests/unit.h"

static const struct {
    const char *text;
    bool good;
    double sum;
    size_t count;
} lists[] = {
    {"12.34", true, 12.34, 1},
    {"1.20, 3.40", true, 4.6, 2},
    {"1.2;3.4", true, 4.6, 2},
    {"[1.5, 0, 2]", true, 3.5, 3},
    {"0.00", true, 0, 1},
    {".5", true, 0.5, 1},
    {"5.", true, 5, 1},
    {"999999999", true, 999999999, 1},
    {"", false, 0, 0},
    {" , ", false, 0, 0},
    {".", false, 0, 0},
    {"-1", false, 0, 0},
    {"1, -1", false, 0, 0},
    {"nan", false, 0, 0},
    {"inf", false, 0, 0},
    {"1e3", false, 0, 0},
    {"0x10", false, 0, 0},
    {"1.2.3", false, 0, 0},
    {"1.2g", false, 0, 0},
    {"2000000000", false, 0, 0},
    {"99999999999999999999999999999999999999999", false, 0, 0},
    {"1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", false,
     0, 0},
};

static void lists_of_numbers_are_read(void **state)
{
    struct words_numbers numbers;
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(lists); i++) {
        bool good = words_numbers(lists[i].text, &numbers);

        if (good != lists[i].good)
            ROW(lists[i].text);
        assert_int_equal(good, lists[i].good);
        if (!good)
            continue;
        assert_near(words_sum(&numbers), lists[i].sum, 1e-9);
        assert_int_equal(numbers.count, lists[i].count);
    }
}

static const struct {
    const char *text;
    double seconds; /* 0: refused */
} durations[] = {
    {"1d 2h 3m 4s", 93784},
    {"7h16m", 26160},
    {"29m 14s", 1754},
    {"45s", 45},
    {"1 hour 23 minutes", 4980},
    {"2 hours 1 min 5 sec", 7265},
    {"12.5 minutes", 750},
    {"", 0},
    {"0s", 0},
    {"12", 0},
    {"m", 0},
    {"-5m", 0},
    {"5 parsecs", 0},
    {"1h 2x", 0},
    {"1e9h", 0},
    {"0x1h", 0},
    {"1h;2m", 0},
};

static void durations_are_read(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(durations); i++) {
        double seconds = 0;
        bool good = words_seconds(durations[i].text, &seconds);

        if (good != (durations[i].seconds > 0))
            ROW(durations[i].text);
        assert_int_equal(good, durations[i].seconds > 0);
        if (good)
            assert_near(seconds, durations[i].seconds, 1e-9);
    }
}

static void each_material_is_named_once(void **state)
{
    char out[24] = "";

    (void)state;
    words_join(out, sizeof out, "PLA+");
    words_join(out, sizeof out, "PLA");
    words_join(out, sizeof out, "LA");
    words_join(out, sizeof out, "");
    words_join(out, sizeof out, "PLA");
    words_join(out, sizeof out, "PLA+");
    assert_string_equal(out, "PLA+, PLA, LA");
    words_join(out, sizeof out, "a long name");
    assert_string_equal(out, "PLA+, PLA, LA");
    words_join(out, sizeof out, "PETG");
    assert_string_equal(out, "PLA+, PLA, LA, PETG");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_numbers_are_read),
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(each_material_is_named_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
