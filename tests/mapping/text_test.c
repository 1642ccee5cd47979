#include "mapping/text.h"
#include "tests/unit.h"

#define LOST "\xef\xbf\xbd" /* U+FFFD */

static const struct {
    const char *name, *text;
    size_t characters;
    const char *clean;
} texts[] = {
    {"plain", "Benchy", 255, "Benchy"},
    {"umlauts stay",
     "Gr\xc3\xbc\xc3\x9f"
     "e \xe2\x82\xac \xf0\x9f\x96\xa8",
     255,
     "Gr\xc3\xbc\xc3\x9f"
     "e \xe2\x82\xac \xf0\x9f\x96\xa8"},
    {"control characters become spaces",
     "a\tb\nc\x7f"
     "d",
     255, "a b c d"},
    {"C1 controls too", "a\xc2\x85z", 255, "a z"},
    {"ends are trimmed", " \n two words \t", 255, "two words"},
    {"only spaces are nothing", " \r\n ", 255, ""},
    {"a lone byte is lost", "caf\xe9", 255, "caf" LOST},
    {"a name cut inside a sequence", "Gr\xc3", 255, "Gr" LOST},
    {"overlong slash", "\xc0\xaf", 255, LOST LOST},
    {"overlong of three", "\xe0\x80\xaf", 255, LOST LOST LOST},
    {"surrogate", "\xed\xa0\x80", 255, LOST LOST LOST},
    {"U+FFFE", "\xef\xbf\xbe", 255, LOST LOST LOST},
    {"U+FDD0", "\xef\xb7\x90", 255, LOST LOST LOST},
    {"U+1FFFF", "\xf0\x9f\xbf\xbf", 255, LOST LOST LOST LOST},
    {"above U+10FFFF", "\xf4\x90\x80\x80", 255, LOST LOST LOST LOST},
    {"at most so many characters", "\xc3\xbc\xc3\xbc\xc3\xbc", 2,
     "\xc3\xbc\xc3\xbc"},
    {"leading spaces do not count", "   abc", 3, "abc"},
    {"a cut leaves no space at the end", "ab cd", 3, "ab"},
    {"none wanted", "abc", 0, ""},
};

static void text_becomes_clean(void **state)
{
    char out[4 * 255 + 1];
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(texts); i++) {
        size_t size = 4 * texts[i].characters + 1;

        ROW(texts[i].name);
        assert_int_equal(
            text_clean(texts[i].text, texts[i].characters, out, size),
            strlen(texts[i].clean));
        assert_string_equal(out, texts[i].clean);
        assert_true(text_is_utf8(out, strlen(out)));
    }
}

static void four_byte_characters_fill_the_room_exactly(void **state)
{
    char out[4 * 2 + 1];

    (void)state;
    assert_int_equal(
        text_clean("\xf0\x9f\x96\xa8\xf0\x9f\x96\xa8", 2, out, sizeof out), 8);
}

static void sequences_are_measured(void **state)
{
    (void)state;
    assert_int_equal(text_utf8("a", 1), 1);
    assert_int_equal(text_utf8("\xc3\xbc!", 3), 2);
    assert_int_equal(text_utf8("\xe2\x82\xac", 3), 3);
    assert_int_equal(text_utf8("\xf0\x9f\x96\xa8", 4), 4);
    assert_int_equal(text_utf8("\xf0\x9f\x96\xa8", 3), 0);
    assert_int_equal(text_utf8("\x80", 1), 0);
    assert_int_equal(text_utf8("", 0), 0);
}

static void a_nul_is_no_text(void **state)
{
    (void)state;
    assert_true(text_is_utf8("", 0));
    assert_true(text_is_utf8("ab", 2));
    assert_false(text_is_utf8("a\0b", 3));
    assert_false(text_is_utf8("a\xff", 2));
}

static const char *const keys[] = {"nozzle/temperature", "nozzle/target",
                                   "bed/target", "state", NULL};

static const struct {
    const char *word, *meant; /* NULL = nothing near */
} words[] = {
    {"nozle/temperature", "nozzle/temperature"},
    {"nozzle/taget", "nozzle/target"},
    {"stat", "state"},
    {"sttae", "state"},
    {"State", "state"},
    {"STATE", "state"},
    {"nozzle/temp", "nozzle/temperature"},
    {"be", "bed/target"},
    {"nozzle/", NULL}, /* two begin like that */
    {"rate", NULL},    /* as far away as it is alike */
    {"weather", NULL},
    {"", NULL},
    {"x", NULL},
};

static void the_nearest_word_is_meant(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(words); i++) {
        const char *nearest = text_nearest(words[i].word, keys);

        ROW(words[i].word);
        if (words[i].meant) {
            assert_non_null(nearest);
            assert_string_equal(nearest, words[i].meant);
        } else {
            assert_null(nearest);
        }
    }
}

static void endless_words_are_not_compared(void **state)
{
    static char word[10000];
    const char *const candidates[] = {word, "state", NULL};

    (void)state;
    memset(word, 'a', sizeof word - 1);
    assert_null(text_nearest(word, candidates));
    assert_string_equal(text_nearest("stat", candidates), "state");
}

static void a_place_is_found_or_would_be(void **state)
{
    static const struct row {
        const char *name;
        int other;
    } rows[] = {{"ab", 1}, {"b", 2}, {"ba", 3}, {"c", 4}};
    static const struct {
        const char *text;
        size_t at[5]; /* among the first 0, 1, ... rows */
    } places[] = {
        {"", {0, 0, 0, 0, 0}},    {"ab", {0, 0, 0, 0, 0}},
        {"abc", {0, 1, 1, 1, 1}}, {"b", {0, 1, 1, 1, 1}},
        {"ba", {0, 1, 2, 2, 2}},  {"bb", {0, 1, 2, 3, 3}},
        {"c", {0, 1, 2, 3, 3}},   {"\xc3\xa4", {0, 1, 2, 3, 4}},
    };
    size_t i, n;

    (void)state;
    for (i = 0; i < ROWS(places); i++)
        for (n = 0; n <= ROWS(rows); n++)
            assert_int_equal(text_place(rows, n, sizeof *rows, places[i].text),
                             places[i].at[n]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_clean),
        cmocka_unit_test(four_byte_characters_fill_the_room_exactly),
        cmocka_unit_test(sequences_are_measured),
        cmocka_unit_test(a_nul_is_no_text),
        cmocka_unit_test(the_nearest_word_is_meant),
        cmocka_unit_test(endless_words_are_not_compared),
        cmocka_unit_test(a_place_is_found_or_would_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
