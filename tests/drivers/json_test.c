#include "bridge/drivers/json.h"
#include "check.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct json *parse(const char *text)
{
    return json_parse(text, strlen(text), NULL);
}

static void refused(const char *text, size_t len, const char *sentence)
{
    struct error err = {0};

    assert_null(json_parse(text, len, &err));
    assert_memory_equal(err.text, sentence, strlen(sentence));
}

static double number_at(const struct json *root, const char *path)
{
    double number = -1;

    assert_true(json_number(json_path(root, path), &number));
    return number;
}

static void paths_go_down_objects(void **state)
{
    const struct json *root =
        parse("{\"a\":{\"b c [g]\":{\"d\":1}},\"ab\":2,\"\":3}");

    (void)state;
    assert_true(number_at(root, "a.b c [g].d") == 1);
    assert_true(number_at(root, "ab") == 2);
    assert_null(json_path(root, "a.x.d"));
    assert_null(json_path(root, "ab.c"));
    assert_null(json_path(root, "abc"));
    assert_null(json_path(NULL, "a"));
    assert_true(json_is_object(json_path(root, "a")));
    json_free(root);
}

static void null_is_missing_and_first_key_wins(void **state)
{
    const struct json *root = parse("{\"a\":null,\"b\":1,\"b\":2}");

    (void)state;
    assert_null(json_path(root, "a"));
    assert_null(json_pointer(root, "/a"));
    assert_true(number_at(root, "b") == 1);
    json_free(root);
}

static void pointers_follow_rfc_6901(void **state)
{
    const struct json *root = parse(
        "{\"foo\":[\"bar\",{\"x\":7}],\"\":0,\"a/b\":1,\"c%d\":2,\"m~n\":8,"
        "\"0\":9}");
    static const struct {
        const char *pointer;
        double number;
    } rows[] = {
        {"/foo/1/x", 7}, {"/", 0},     {"/a~1b", 1},
        {"/c%d", 2},     {"/m~0n", 8}, {"/0", 9},
    };
    static const char *const nothing[] = {
        "foo",    "/foo/2", "/foo/01", "/foo/-", "/foo/-1",
        "/foo/x", "/foo/",  "/a/b",    "/x",     "/foo/0/y",
    };
    double number;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(json_number(json_pointer(root, rows[i].pointer), &number));
        assert_true(number == rows[i].number);
    }
    for (i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
        assert_null(json_pointer(root, nothing[i]));
    assert_string_equal(json_text(json_pointer(root, "/foo/0")), "bar");
    assert_ptr_equal(json_pointer(root, ""), root);
    json_free(root);
}

static void bare_words_become_null(void **state)
{
    static const char *const words[] = {
        "nan", "NaN", "-nan", "inf", "-inf", "+inf", "Infinity", "-INFINITY",
    };
    char text[96];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        const struct json *root;

        (void)snprintf(text, sizeof text,
                       "{\"a\":%s,\"b\":\"%s \\\" inf\",\"c\":[%s,1]}",
                       words[i], words[i], words[i]);
        root = parse(text);
        assert_non_null(root);
        assert_null(json_path(root, "a"));
        assert_memory_equal(json_text(json_path(root, "b")), words[i],
                            strlen(words[i]));
        assert_non_null(json_pointer(root, "/c/1"));
        json_free(root);
    }
}

static void only_finite_numbers_are_numbers(void **state)
{
    const struct json *root =
        parse("{\"a\":1e999,\"b\":\"5\",\"c\":true,\"d\":-0.5e1}");
    double number;

    (void)state;
    assert_false(json_number(json_path(root, "a"), &number));
    assert_false(json_number(json_path(root, "b"), &number));
    assert_false(json_number(json_path(root, "c"), &number));
    assert_true(number_at(root, "d") == -5);
    json_free(root);
}

/* As strtod reads them, whichever way is taken. */
static void numbers_are_exact(void **state)
{
    static const char *const rows[] = {
        "0",
        "-0",
        "7",
        "-7.25",
        "215.0",
        "0.1",
        "01",
        "1.",
        "-.5",
        "1e3",
        "1E-7",
        "2.5e+2",
        "123456789012345",
        "1234567890123456",
        "0.000000000000001",
        "9007199254740993",
        "3.14159265358979",
        "2.2250738585072011e-308",
        "179769313486231570000000000000",
    };
    char text[64];
    double number = 0;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct json *root;

        (void)snprintf(text, sizeof text, "[%s]", rows[i]);
        root = parse(text);
        assert_non_null(root);
        assert_true(json_number(json_first(root), &number));
        assert_true(number == strtod(rows[i], NULL));
        json_free(root);
    }
}

static void texts_lose_their_escapes(void **state)
{
    static const struct {
        const char *json, *text;
    } rows[] = {
        {"\"\"", ""},
        {"\"plain\"", "plain"},
        {"\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", "a\"\\/\b\f\n\r\tz"},
        {"\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac"},
        {"\"\\ud83d\\ude00!\"", "\xf0\x9f\x98\x80!"},
        {"\"\xc3\xa9\"", "\xc3\xa9"},
    };
    static const char *const bad[] = {
        "\"\\x\"",           "\"\\u12\"",   "\"\\u12g4\"",
        "\"\\ud83d\"",       "\"\\ude00\"", "\"\\ud83d\\u0041\"",
        "\"\\ud83d\\ude0\"", "\"open",      "\"\\\"",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct json *root = parse(rows[i].json);

        assert_non_null(root);
        assert_string_equal(json_text(root), rows[i].text);
        json_free(root);
    }
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_null(parse(bad[i]));
}

static void names_lose_their_escapes(void **state)
{
    const struct json *root = parse("{\"a\\u0062\" : 1 , \"a\\tb\":{} }");

    (void)state;
    assert_true(number_at(root, "ab") == 1);
    assert_true(json_is_object(json_path(root, "a\tb")));
    json_free(root);
}

static void commas_and_colons_are_where_they_belong(void **state)
{
    static const char *const bad[] = {
        "[1,]",      "[,1]",      "[1 2]",  "{\"a\":1,}", "{\"a\" 1}",
        "{a:1}",     "{\"a\":}",  "{,}",    "[}",         "{]",
        "[1",        "+1",        "tru",    "-",          "nul",
        "{\"a\":1]", "[\"a\":1]", "\"a\",", "--1",        "1-",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_null(parse(bad[i]));
    json_free(parse(" [ ] "));
    json_free(parse("\xef\xbb\xbf{ }"));
}

static void digits_are_whole_decimal_numbers(void **state)
{
    static const char *const good[] = {"\"123456\"", "\"-1.5\"", "123456"};
    static const char *const bad[] = {
        "\"\"",
        "\"12 \"",
        "\" 12\"",
        "\"0x12\"",
        "\"1e5\"",
        "\"nan\"",
        "\"inf\"",
        "\"1.2.3\"",
        "true",
        "\"-\"",
        "\"000000000000000000000000000000000\"",
    };
    double number;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        const struct json *root = parse(good[i]);

        assert_true(json_digits(root, &number));
        json_free(root);
    }
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct json *root = parse(bad[i]);

        assert_non_null(root);
        assert_false(json_digits(root, &number));
        json_free(root);
    }
}

static void what_is_no_json_is_refused(void **state)
{
    (void)state;
    refused("", 0, "not JSON: it is empty");
    refused("{} x", 4, "not JSON: something follows it at byte 4");
    refused("{}\0", 3, "not JSON: something follows it at byte 3");
    refused("{}{}", 4, "not JSON: something follows it at byte 3");
    refused("<html>", 6, "not JSON: wrong at byte");
    refused("{\"a\":1", 6, "not JSON: wrong at byte");
    refused("{\"a\":\"x", 7, "not JSON: wrong at byte");
    refused("{\"a\":banana}", 12, "not JSON: wrong at byte");
    refused("{\"a", 3, "not JSON: wrong at byte");
    refused("\"\\", 2, "not JSON: wrong at byte");
}

static void whitespace_may_follow(void **state)
{
    const struct json *root = parse("{\"a\":1} \r\n\t\n");

    (void)state;
    assert_non_null(root);
    json_free(root);
}

static char *repeated(const char *head, const char *part, size_t times)
{
    size_t len = strlen(head), each = strlen(part), i;
    char *text = malloc(len + each * times + 1);

    assert_non_null(text);
    memcpy(text, head, len);
    for (i = 0; i < times; i++)
        memcpy(text + len + i * each, part, each);
    text[len + each * times] = '\0';
    return text;
}

static void deep_nesting_is_refused(void **state)
{
    char *text = repeated("", "[", 200000);
    const struct json *root;

    (void)state;
    assert_null(parse(text));
    free(text);
    text = repeated("", "[", 2000);
    memset(text + 1000, ']', 1000);
    root = parse(text);
    assert_non_null(root);
    json_free(root);
    free(text);
    text = repeated("", "{\"a\":", 200000);
    assert_null(parse(text));
    free(text);
}

static long peak_kib(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

static long resident_kib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    char line[128] = "", *resident;

    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    (void)fclose(file);
    resident = strchr(line, ' ');
    assert_non_null(resident);
    return strtol(resident, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Without the cap it would take 16 MB. */
static void a_tree_over_the_cap_is_refused_and_costs_nothing(void **state)
{
    char *text = repeated("[1", ",1", 500000);
    long before = resident_kib(), peak = peak_kib();

    (void)state;
    refused(text, strlen(text), "not JSON: it takes more than 4 MiB");
    assert_true(peak_kib() - peak < 12 << 10);
    assert_true(resident_kib() - before < 1 << 10);
    free(text);
    text = repeated("{\"a\":[nan", ",nan", 500000);
    refused(text, strlen(text), "not JSON: it takes more than 4 MiB");
    free(text);
}

static void a_big_tree_that_fits_is_given_back(void **state)
{
    char *text = repeated("[1", ",1", 50000);
    long before;
    int i;

    (void)state;
    text = realloc(text, strlen(text) + 2);
    memcpy(text + strlen(text), "]", 2);
    before = resident_kib();
    for (i = 0; i < 20; i++) {
        const struct json *root = parse(text), *each;
        size_t count = 0;

        assert_non_null(root);
        for (each = json_first(root); each; each = json_next(each))
            count++;
        assert_int_equal(count, 50001);
        json_free(root);
    }
    assert_true(resident_kib() - before < 1 << 10);
    free(text);
}

struct neighbour {
    pthread_barrier_t barrier;
    bool good;
};

static void *parse_while_the_other_holds_a_tree(void *arg)
{
    struct neighbour *n = arg;
    const struct json *root = parse("{\"b\":[5,6,7,8]}");
    double number = 0;

    (void)pthread_barrier_wait(&n->barrier);
    n->good = json_number(json_pointer(root, "/b/0"), &number) && number > 4.5;
    json_free(root);
    return NULL;
}

static void threads_do_not_share_a_tree(void **state)
{
    const struct json *root = parse("{\"a\":1,\"b\":[1,2,3]}");
    struct neighbour n = {.good = false};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_barrier_init(&n.barrier, NULL, 2), 0);
    assert_int_equal(
        pthread_create(&thread, NULL, parse_while_the_other_holds_a_tree, &n),
        0);
    (void)pthread_barrier_wait(&n.barrier);
    assert_true(number_at(root, "a") == 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(n.good);
    json_free(root);
    (void)pthread_barrier_destroy(&n.barrier);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_go_down_objects),
        cmocka_unit_test(null_is_missing_and_first_key_wins),
        cmocka_unit_test(pointers_follow_rfc_6901),
        cmocka_unit_test(bare_words_become_null),
        cmocka_unit_test(only_finite_numbers_are_numbers),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(texts_lose_their_escapes),
        cmocka_unit_test(names_lose_their_escapes),
        cmocka_unit_test(commas_and_colons_are_where_they_belong),
        cmocka_unit_test(digits_are_whole_decimal_numbers),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(whitespace_may_follow),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(a_tree_over_the_cap_is_refused_and_costs_nothing),
        cmocka_unit_test(a_big_tree_that_fits_is_given_back),
        cmocka_unit_test(threads_do_not_share_a_tree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
