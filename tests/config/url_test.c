/* Addresses, numbers and durations by themselves. */
#include "config/numbers.h"
#include "config/url.h"
#include "world.h"

static void a_printers_address_is_made_uniform(void **state)
{
    static const struct {
        const char *written, *url; /* NULL = refused */
    } rows[] = {
        {"192.168.1.50", "http://192.168.1.50"},
        {"MK4.lan:8080", "http://mk4.lan:8080"},
        {"http://h:80/", "http://h"},
        {"HTTPS://h:443", "https://h"},
        {"https://h:80", "https://h:80"},
        {"h/octoprint/", "http://h/octoprint"},
        {"http://h//", "http://h"},
        {"[::1]", "http://[::1]"},
        {"http://[2001:DB8::5]:81/x", "http://[2001:db8::5]:81/x"},
        {"[fe80::1%eth0]", "http://[fe80::1%25eth0]"},
        {"[fe80::1%25eth0]:80", "http://[fe80::1%25eth0]"},
        {"my_printer-2.local.", "http://my_printer-2.local."},
        {"", NULL},
        {"http://", NULL},
        {":80", NULL},
        {"h:", NULL},
        {"h:0", NULL},
        {"h:65536", NULL},
        {"h:99999999999999999999", NULL},
        {"h:8x", NULL},
        {"::1", NULL},
        {"[::1", NULL},
        {"[::g]", NULL},
        {"[fe80::1%]", NULL},
        {"[fe80::1%a/b]", NULL},
        {"[::1]x", NULL},
        {"mqtt://h", NULL},
        {"h?q=1", NULL},
        {"h/#x", NULL},
        {"u@h", NULL},
        {"http://u:p@h", NULL},
        {"a b", NULL},
        {"h\xc3\xa4", NULL},
        {"h\n", NULL},
        {"http://h/a b", NULL},
        {"a,b", NULL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        struct error err = {""};
        char *url = url_printer(rows[i].written, &err);

        if (!url != !rows[i].url || (url && strcmp(url, rows[i].url) != 0))
            fail_msg("%s: %s %s", rows[i].written, url ? url : "(refused)",
                     err.text);
        assert_int_equal(*err.text != '\0', url == NULL);
        free(url);
    }
}

static void the_parts_of_an_address(void **state)
{
    struct url url;

    (void)state;
    assert_true(url_parse("A+b://u%20x:p%3a@Host:1/p?q", &url, NULL));
    assert_string_equal(url.scheme, "a+b");
    assert_string_equal(url.username, "u x");
    assert_string_equal(url.password, "p:");
    assert_string_equal(url.host, "host");
    assert_int_equal(url.port, 1);
    assert_string_equal(url.path, "/p?q");
    url_release(&url);
    assert_true(url_parse("u:a@b@h", &url, NULL));
    assert_string_equal(url.password, "a@b");
    url_release(&url);
    assert_false(url_parse("u:%0a@h", &url, NULL));
    assert_null(url.username);
    assert_false(url_parse("u:%@h", &url, NULL));
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        double ms; /* -1 = refused */
    } rows[] = {
        {"500ms", 500}, {"5s", 5000},   {"2min", 120000}, {"1h", 3600000},
        {"7", 7000},    {"1.5s", 1500}, {"0.1", 100},     {"0", 0},
        {"", -1},       {"s", -1},      {"5 s", -1},      {"5m", -1},
        {"-5s", -1},    {"5s ", -1},    {"1e3", -1},      {"0x10", -1},
        {"nan", -1},    {"1.s", -1},    {".5s", -1},      {"5S", -1},
    };
    char text[32];
    double ms;
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        bool ok = duration_parse(rows[i].text, &ms);

        assert_int_equal(ok, rows[i].ms >= 0);
        if (ok)
            assert_near(ms, rows[i].ms, 1e-9);
    }
    for (i = 0; i < 4; i++) {
        duration_write((int64_t)rows[i].ms, text, sizeof text);
        assert_string_equal(text, rows[i].text);
    }
    duration_write(0, text, sizeof text);
    assert_string_equal(text, "0s");
    duration_write(90000, text, sizeof text);
    assert_string_equal(text, "90s");
}

static void truth(void **state)
{
    static const char *const yes[] = {"true", "on", "yes", "TRUE", "Yes"};
    static const char *const no[] = {"false", "off", "no", "False", "OFF"};
    static const char *const neither[] = {"", "1", "0", "y", "truth", " on"};
    bool is;
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(yes); i++)
        assert_true(truth_parse(yes[i], &is) && is);
    for (i = 0; i < ROWS(no); i++)
        assert_true(truth_parse(no[i], &is) && !is);
    for (i = 0; i < ROWS(neither); i++)
        assert_false(truth_parse(neither[i], &is));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_printers_address_is_made_uniform),
        cmocka_unit_test(the_parts_of_an_address),
        cmocka_unit_test(durations),
        cmocka_unit_test(truth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
