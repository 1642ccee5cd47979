#include "bridge/metadata/metadata.h"
#include "tests/metadata/build.h"
#include "tests/unit.h"

static const struct metadata_image *best(const struct metadata_image *images,
                                         size_t count, size_t max)
{
    static struct metadata m;

    memcpy(m.images, images, count * sizeof *images);
    m.image_count = count;
    return metadata_image_best(&m, max);
}

static void the_largest_that_fits_is_best(void **state)
{
    static const struct metadata_image images[] = {
        {METADATA_PNG, 16, 16, .bytes = 500},
        {METADATA_JPG, 313, 173, .bytes = 20000},
        {METADATA_PNG, 220, 124, .bytes = 9000},
        {METADATA_QOI, 640, 480, .bytes = 100},
    };

    (void)state;
    assert_int_equal(best(images, 4, 1 << 20)->width, 313);
    assert_int_equal(best(images, 4, 10000)->width, 220);
    assert_int_equal(best(images, 4, 500)->width, 16);
    assert_null(best(images, 4, 400));
    assert_null(best(images, 0, 400));
}

/* Read the first picture of b. */
static bool read_first(const struct buffer *b, size_t max, struct buffer *out,
                       struct error *err)
{
    struct metadata_source source = build_source(b);
    struct metadata m;

    buffer_init(out, max);
    return metadata_read(&source, METADATA_PICTURES, &m, err) &&
           m.image_count == 1 &&
           metadata_image_read(&source, &m.images[0], out, err);
}

static void a_raw_picture_is_checked(void **state)
{
    struct buffer b = {0}, out = {0};
    struct error err;

    (void)state;
    build_whole(&b);
    assert_true(read_first(&b, 0, &out, &err));
    assert_memory_equal(out.bytes, "\x89PNG", 4);
    buffer_release(&out);
    assert_false(read_first(&b, 10, &out, &err));
    assert_non_null(strstr(err.text, "too large"));
    assert_int_equal(out.len, 0);
    buffer_release(&out);
    memcpy(memmem(b.bytes, b.len, "not much", 8), "too", 3);
    assert_false(read_first(&b, 0, &out, &err));
    assert_string_equal(err.text, "the checksum of a picture is wrong");
    assert_int_equal(out.len, 0);
    buffer_release(&out);
    buffer_release(&b);
}

#define BEGIN(format, len) "; thumbnail" format " begin 1x1 " #len "\n; /9j/"
#define END(format)        "\n; thumbnail" format " end\n"

static const struct {
    const char *text;
    const char *bytes; /* behind ff d8 ff; NULL: refused */
    const char *error;
} coded[] = {
    {BEGIN("_JPG", 8) "QUJD" END("_JPG"), "ABC", ""},
    {BEGIN("_JPG", 8) "QUI=" END("_JPG"), "AB", ""},
    {BEGIN("_JPG", 8) "QQ==" END("_JPG"), "A", ""},
    {BEGIN("_JPG", 7) "QUI" END("_JPG"), "AB", ""},
    {BEGIN("_JPG", 8) "QU\n; JD" END("_JPG"), "ABC", ""},
    {BEGIN("_JPG", 8) "QU\r\n;JD\r" END("_JPG"), "ABC", ""},
    {BEGIN("_JPG", 8) "QU JD" END("_JPG"), NULL, "damaged"},
    {BEGIN("_JPG", 8) "QU;JD" END("_JPG"), NULL, "damaged"},
    {BEGIN("_JPG", 8) "Q!JD" END("_JPG"), NULL, "damaged"},
    {BEGIN("_JPG", 8) "QQ==QUJD" END("_JPG"), NULL, "damaged"},
    {BEGIN("", 8) "QUJD" END(""), NULL, "no image/png"},
};

static void base64_is_undone(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(coded); i++) {
        struct buffer b = {0}, out = {0};
        struct error err = {""};
        bool good;

        (void)buffer_text_add(&b, coded[i].text);
        good = read_first(&b, 0, &out, &err);
        if (good != (coded[i].bytes != NULL))
            ROW(coded[i].text);
        assert_int_equal(good, coded[i].bytes != NULL);
        assert_non_null(strstr(err.text, coded[i].error));
        if (good)
            assert_string_equal(out.bytes + 3, coded[i].bytes);
        buffer_release(&b);
        buffer_release(&out);
    }
}

static void a_file_that_shrank_is_told(void **state)
{
    struct buffer b = {0}, out = {0};
    struct metadata_source source;
    struct metadata m;
    struct error err;

    (void)state;
    (void)buffer_text_add(&b, coded[0].text);
    source = build_source(&b);
    assert_true(metadata_read(&source, METADATA_PICTURES, &m, &err));
    (void)buffer_text_add(&out, "before");
    b.len = 30;
    assert_false(metadata_image_read(&source, &m.images[0], &out, &err));
    assert_string_equal(err.text, "the file ends within a picture");
    assert_string_equal(buffer_text(&out), "before");
    buffer_release(&b);
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_that_fits_is_best),
        cmocka_unit_test(a_raw_picture_is_checked),
        cmocka_unit_test(base64_is_undone),
        cmocka_unit_test(a_file_that_shrank_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
