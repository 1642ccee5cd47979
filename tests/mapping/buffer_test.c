#include "mapping/buffer.h"
#include "tests/unit.h"

static void an_empty_buffer_is_an_empty_text(void **state)
{
    struct buffer b = {0};

    (void)state;
    assert_string_equal(buffer_text(&b), "");
    buffer_release(&b);
    buffer_release(&b);
}

static void what_is_added_stands_one_behind_the_other(void **state)
{
    struct buffer b = {0};

    (void)state;
    assert_true(buffer_text_add(&b, "bed "));
    assert_true(buffer_format(&b, "%d.%d", 60, 5));
    assert_true(buffer_add(&b, "\0x", 2));
    assert_int_equal(b.len, 10);
    assert_memory_equal(b.bytes, "bed 60.5\0x\0", 11);
    buffer_release(&b);
}

static void it_grows(void **state)
{
    struct buffer b = {0};
    int i;

    (void)state;
    for (i = 0; i < 10000; i++)
        assert_true(buffer_format(&b, "%04d ", i));
    assert_int_equal(b.len, 50000);
    assert_memory_equal(b.bytes + 5 * 4711, "4711 ", 5);
    buffer_release(&b);
}

static void what_passes_the_limit_is_left_out_whole(void **state)
{
    struct buffer b;

    (void)state;
    buffer_init(&b, 5);
    assert_true(buffer_text_add(&b, "four"));
    assert_false(b.full);
    assert_false(buffer_text_add(&b, "xy"));
    assert_true(b.full);
    assert_false(buffer_format(&b, "%s", "xy"));
    assert_true(buffer_text_add(&b, "5"));
    assert_string_equal(buffer_text(&b), "four5");
    buffer_release(&b);
}

static void a_length_near_overflow_does_not_fit(void **state)
{
    struct buffer b = {0};

    (void)state;
    assert_true(buffer_text_add(&b, "a"));
    assert_false(buffer_add(&b, "b", SIZE_MAX));
    assert_false(buffer_add(&b, "b", SIZE_MAX - 1));
    assert_string_equal(buffer_text(&b), "a");
    buffer_release(&b);
}

static void reset_forgets_and_keeps_the_limit(void **state)
{
    struct buffer b;

    (void)state;
    buffer_init(&b, 3);
    assert_false(buffer_text_add(&b, "long"));
    buffer_reset(&b);
    assert_false(b.full);
    assert_string_equal(buffer_text(&b), "");
    assert_true(buffer_text_add(&b, "abc"));
    buffer_release(&b);
    assert_int_equal(b.max, 3);
    assert_null(b.bytes);
}

static void quotes_and_backslashes_are_escaped(void **state)
{
    static const struct {
        const char *text, *quoted;
    } rows[] = {
        {"", "\"\""},
        {"Box", "\"Box\""},
        {"b\u00f6x 1", "\"b\u00f6x 1\""},
        {"\"", "\"\\\"\""},
        {"\\\"a\"\\", "\"\\\\\\\"a\\\"\\\\\""},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer b;
        size_t len = strlen(rows[i].quoted);

        buffer_init(&b, len);
        assert_true(buffer_quote_add(&b, rows[i].text));
        assert_string_equal(buffer_text(&b), rows[i].quoted);
        buffer_release(&b);
        buffer_init(&b, len - 1);
        assert_false(buffer_quote_add(&b, rows[i].text));
        buffer_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_an_empty_text),
        cmocka_unit_test(what_is_added_stands_one_behind_the_other),
        cmocka_unit_test(it_grows),
        cmocka_unit_test(what_passes_the_limit_is_left_out_whole),
        cmocka_unit_test(a_length_near_overflow_does_not_fit),
        cmocka_unit_test(reset_forgets_and_keeps_the_limit),
        cmocka_unit_test(quotes_and_backslashes_are_escaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
