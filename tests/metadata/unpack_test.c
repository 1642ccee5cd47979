#include "bridge/metadata/unpack.h"
#include "mapping/buffer.h"
#include "mapping/memory.h"
#include "tests/unit.h"

static void collect(void *context, const char *bytes, size_t len)
{
    (void)buffer_add(context, bytes, len);
}

/* Unpack piece bytes at a time. */
static bool unpack(enum compression compression, const void *packed, size_t len,
                   size_t piece, size_t size, struct buffer *out,
                   struct error *err)
{
    struct unpack u = {.sink = collect, .context = out};
    const unsigned char *bytes = packed;
    bool good = unpack_start(&u, compression, size, err);

    buffer_reset(out);
    for (; good && len > 0; bytes += piece, len -= piece) {
        if (piece > len)
            piece = len;
        good = unpack_feed(&u, bytes, piece, err);
    }
    good = good && unpack_end(&u, err);
    unpack_release(&u);
    return good;
}

/* Heatshrink by hand: 1 and a byte, or 0, how far back less 1, how many less 1;
 * zeros fill the last byte. */
static const struct {
    enum compression compression;
    const char *packed;
    size_t len, size;
    const char *out;
} shrunk[] = {
    {COMPRESSION_HEATSHRINK_11_4, "\xb0\x80\x01\x80", 4, 5, "aaaaa"},
    {COMPRESSION_HEATSHRINK_12_4, "\xb0\x80\x00\xc0", 4, 5, "aaaaa"},
    {COMPRESSION_HEATSHRINK_11_4, "\xb0\xd8\x80\x04\x40", 5, 4, "abab"},
    {COMPRESSION_HEATSHRINK_11_4, "\xb0\x80", 2, 1, "a"},
    {COMPRESSION_HEATSHRINK_11_4, "", 0, 0, ""},
    /* before the first byte there are zeros */
    {COMPRESSION_HEATSHRINK_11_4, "\x7f\xf1", 2, 2, "\0\0"},
    {COMPRESSION_NONE, "as it is", 8, 8, "as it is"},
};

static void what_was_packed_comes_out(void **state)
{
    struct buffer out = {0};
    struct error err;
    size_t i, piece;

    (void)state;
    for (i = 0; i < ROWS(shrunk); i++)
        for (piece = 1; piece < 6; piece++) {
            assert_true(unpack(shrunk[i].compression, shrunk[i].packed,
                               shrunk[i].len, piece, shrunk[i].size, &out,
                               &err));
            assert_int_equal(out.len, shrunk[i].size);
            assert_memory_equal(buffer_text(&out), shrunk[i].out, out.len);
        }
    buffer_release(&out);
}

static void deflate_comes_out_in_pieces(void **state)
{
    char text[20000];
    unsigned char packed[1000];
    uLongf len = sizeof packed;
    struct buffer out = {0};
    struct error err;
    size_t piece;

    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(compress(packed, &len, (Bytef *)text, sizeof text), Z_OK);
    for (piece = 1; piece < 100; piece += 7) {
        assert_true(unpack(COMPRESSION_DEFLATE, packed, len, piece, sizeof text,
                           &out, &err));
        assert_int_equal(out.len, sizeof text);
        assert_memory_equal(out.bytes, text, out.len);
    }
    buffer_release(&out);
}

static void sizes_must_be_true(void **state)
{
    static const unsigned char stored[] = "12345";
    char text[20000];
    unsigned char packed[1000];
    uLongf len = sizeof packed;
    struct buffer out = {0};
    struct error err;

    (void)state;
    memset(text, 'x', sizeof text);
    (void)compress(packed, &len, (Bytef *)text, sizeof text);
    assert_false(
        unpack(COMPRESSION_DEFLATE, packed, len, 99, 19999, &out, &err));
    assert_string_equal(err.text, "more comes out of a block than it says");
    assert_true(out.len <= 19999);
    assert_false(
        unpack(COMPRESSION_DEFLATE, packed, len, 99, 20001, &out, &err));
    assert_string_equal(err.text, "a block gives less than it says");
    assert_false(
        unpack(COMPRESSION_DEFLATE, packed, len - 6, 99, 20000, &out, &err));
    assert_false(unpack(COMPRESSION_HEATSHRINK_11_4, "\xb0\x80\x01\x80", 4, 1,
                        4, &out, &err));
    assert_false(unpack(COMPRESSION_NONE, stored, 5, 1, 4, &out, &err));
    assert_false(unpack(COMPRESSION_NONE, stored, 4, 1, 5, &out, &err));
    buffer_release(&out);
}

static void damage_is_told(void **state)
{
    struct buffer out = {0};
    struct error err = {""};

    (void)state;
    assert_false(
        unpack(COMPRESSION_DEFLATE, "not zlib", 8, 3, 100, &out, &err));
    assert_non_null(strstr(err.text, "a deflated block is damaged"));
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_comes_out),
        cmocka_unit_test(deflate_comes_out_in_pieces),
        cmocka_unit_test(sizes_must_be_true),
        cmocka_unit_test(damage_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
