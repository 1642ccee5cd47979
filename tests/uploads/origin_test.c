/* Files come only from where the owner allowed it. */
#include "bridge/uploads/origin.h"
#include "tests/unit.h"

static char *origins[] = {(char[]){"http://slicer.lan/files"},
                          (char[]){"https://box.lan:8443"},
                          (char[]){"http://[fe80::1]:8000/a b"},
                          (char[]){"http://[2001:db8::5]/x/"}, NULL};

static void what_lies_below_is_allowed(void **state)
{
    static const struct {
        const char *url, *server, *target, *name;
    } rows[] = {
        {"http://slicer.lan/files/box.gcode", "http://slicer.lan:80",
         "/files/box.gcode", "box.gcode"},
        {"HTTP://Slicer.LAN:80/f%69les/a%20b.gcode?token=1/../2",
         "http://slicer.lan:80", "/f%69les/a%20b.gcode?token=1/../2",
         "a b.gcode"},
        {"https://box.lan:8443/x/y.bgcode", "https://box.lan:8443",
         "/x/y.bgcode", "y.bgcode"},
        {"http://[2001:db8::5]/x/b%C3%A4r.gcode", "http://[2001:db8::5]:80",
         "/x/b%C3%A4r.gcode", "b\xc3\xa4r.gcode"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        struct origin_target target;
        struct error err = {""};

        if (!origin_allows(origins, rows[i].url, &target, &err))
            fail_msg("%s: %s", rows[i].url, err.text);
        assert_string_equal(target.server, rows[i].server);
        assert_string_equal(target.target, rows[i].target);
        assert_string_equal(target.name, rows[i].name);
    }
}

static void all_else_is_refused(void **state)
{
    static const char *const urls[] = {
        "http://slicer.lan/files",
        "http://slicer.lan/files/",
        "http://slicer.lan/filesystem/a.gcode",
        "http://slicer.lan/other/a.gcode",
        "https://slicer.lan/files/a.gcode",
        "http://slicer.lan:8080/files/a.gcode",
        "http://slicer.lan.evil/files/a.gcode",
        "http://evil/slicer.lan/files/a.gcode",
        "http://slicer.lan@evil/files/a.gcode",
        "http://slicer.lan/files/../secret",
        "http://slicer.lan/files/%2e%2e/secret",
        "http://slicer.lan/files/.%2E/secret",
        "http://slicer.lan/files/a%2f..%2fsecret",
        "http://slicer.lan/files/a%5c..%5csecret",
        "http://slicer.lan/files//a.gcode",
        "http://slicer.lan/files/./a.gcode",
        "http://slicer.lan/files/a.gcode#b",
        "http://slicer.lan/files/a%0d%0aHost:b",
        "http://slicer.lan/files/%zz",
        "http://slicer.lan/files/%",
        "http://slicer.lan/files/%ff.gcode",
        "http://user:pass@slicer.lan/files/a.gcode",
        "file:///etc/passwd",
        "ftp://slicer.lan/files/a.gcode",
        "slicer.lan/files/a.gcode",
        "http://slicer.lan?/files/a.gcode",
        "",
        "http://",
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(urls); i++) {
        struct origin_target target;
        struct error err = {""};

        if (origin_allows(origins, urls[i], &target, &err))
            fail_msg("%s: allowed", urls[i]);
        assert_true(err.text[0] != '\0');
        assert_null(strstr(err.text, "pass@"));
    }
}

static void without_origins_nothing_is_allowed(void **state)
{
    struct origin_target target;
    struct error err;

    (void)state;
    assert_false(
        origin_allows(NULL, "http://slicer.lan/files/a.gcode", &target, &err));
    assert_non_null(strstr(err.text, "uploads.origins"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_below_is_allowed),
        cmocka_unit_test(all_else_is_refused),
        cmocka_unit_test(without_origins_nothing_is_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
