#include "mapping/error.h"
#include "tests/unit.h"

static void setting_an_error_is_failing(void **state)
{
    struct error err;

    (void)state;
    assert_false(error_set(&err, "no field is called %s", "nozle"));
    assert_string_equal(err.text, "no field is called nozle");
}

static void nobody_has_to_listen(void **state)
{
    (void)state;
    assert_false(error_set(NULL, "%d", 1));
    assert_false(error_prefix(NULL, "%d", 1));
}

static void a_prefix_says_where(void **state)
{
    struct error err;

    (void)state;
    (void)error_set(&err, "is unknown");
    assert_false(error_prefix(&err, "%s:%d", "a.yaml", 3));
    assert_string_equal(err.text, "a.yaml:3: is unknown");
}

static void long_texts_are_cut(void **state)
{
    struct error err;
    char text[2000];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)error_set(&err, "%s", text);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    (void)error_prefix(&err, "%s", text);
    assert_true(strlen(err.text) < sizeof err.text);
    assert_non_null(strstr(err.text, "x: x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_an_error_is_failing),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(a_prefix_says_where),
        cmocka_unit_test(long_texts_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
