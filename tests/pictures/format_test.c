/* A picture is what its first bytes say. */
#include "bridge/pictures/format.h"
#include "check.h"

#define PNG  "\x89PNG\r\n\x1a\n"
#define JPEG "\xff\xd8\xff"

static void first_bytes_decide(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum picture_format format;
    } rows[] = {
        {PNG "x", 9, PICTURE_PNG},        {JPEG "\xe0", 4, PICTURE_JPEG},
        {JPEG "\xdb", 4, PICTURE_JPEG},   {"qoif....", 8, PICTURE_UNKNOWN},
        {"GIF89a..", 8, PICTURE_UNKNOWN}, {"<html>", 6, PICTURE_UNKNOWN},
        {PNG, 8, PICTURE_UNKNOWN}, /* nothing behind it */
        {PNG "x", 5, PICTURE_UNKNOWN},    {JPEG, 2, PICTURE_UNKNOWN},
        {"", 0, PICTURE_UNKNOWN},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(picture_format(rows[i].bytes, rows[i].len),
                         rows[i].format);
}

static void each_has_a_content_type(void **state)
{
    (void)state;
    assert_string_equal(picture_content_type(PICTURE_PNG), "image/png");
    assert_string_equal(picture_content_type(PICTURE_JPEG), "image/jpeg");
    assert_null(picture_content_type(PICTURE_UNKNOWN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_bytes_decide),
        cmocka_unit_test(each_has_a_content_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
