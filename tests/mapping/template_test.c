#include "mapping/template.h"
#include "tests/unit.h"

static const struct template_values of_field = {
    .base = "printer2mqtt",
    .printer = "mk4",
    .field = "storage/usb/free",
    .instance = "usb",
};

static const struct {
    const char *text;
    const char *topic; /* NULL = refused */
    const char *why;   /* part of the sentence */
} templates[] = {
    {"{base}/{printer}/{field}", "printer2mqtt/mk4/storage/usb/free", NULL},
    {"home/{printer}/disk_{name}", "home/mk4/disk_usb", NULL},
    {"plain/topic", "plain/topic", NULL},
    {"{printer}{printer}", "mk4mk4", NULL},
    {"gr\xc3\xbc\xc3\x9f"
     "e/{printer}",
     "gr\xc3\xbc\xc3\x9f"
     "e/mk4",
     NULL},
    {"", NULL, "empty"},
    {"{base}/{command}", NULL, "{command} is not known here"},
    {"{base}/{colour}", NULL, "{colour} is not known here"},
    {"{}", NULL, "{} is not known here"},
    {"{base", NULL, "not closed"},
    {"a{b{base}", NULL, "not closed"},
    {"base}/x", NULL, "without a {"},
    {"{base}/+/x", NULL, "wildcards"},
    {"{base}/#", NULL, "wildcards"},
    {"$SYS/{printer}", NULL, "begin with $"},
    {"/{printer}", NULL, "begin or end with /"},
    {"{printer}/", NULL, "begin or end with /"},
    {"{base}//{printer}", NULL, "empty level"},
    {"a\tb", NULL, "control characters"},
    {"a\xff", NULL, "UTF-8"},
};

static void templates_are_checked_and_expanded(void **state)
{
    char topic[TOPIC_MAX + 1];
    struct error err;
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(templates); i++) {
        ROW(templates[i].text);
        if (templates[i].topic) {
            assert_true(template_check(templates[i].text, &of_field, &err));
            assert_true(template_expand(templates[i].text, &of_field, topic,
                                        sizeof topic));
            assert_string_equal(topic, templates[i].topic);
        } else {
            assert_false(template_check(templates[i].text, &of_field, &err));
            assert_non_null(strstr(err.text, templates[i].why));
        }
    }
}

static void a_topic_that_does_not_fit_is_refused(void **state)
{
    static char text[2 * TOPIC_MAX];
    char topic[17];

    (void)state;
    assert_true(template_expand("{base}/mk4", &of_field, topic, 17));
    assert_false(template_expand("{base}/mk4", &of_field, topic, 16));
    assert_false(template_expand("{base}/{field}", &of_field, topic, 16));
    assert_true(strlen(topic) < sizeof topic);
    memset(text, 'a', TOPIC_MAX);
    assert_true(template_check(text, &of_field, NULL));
    text[TOPIC_MAX] = 'a';
    assert_false(template_check(text, &of_field, NULL));
}

static void a_broken_template_does_not_expand(void **state)
{
    char topic[64];

    (void)state;
    assert_false(template_expand("{base", &of_field, topic, sizeof topic));
    assert_false(template_expand("base}", &of_field, topic, sizeof topic));
    assert_false(template_expand("{command}", &of_field, topic, sizeof topic));
}

static void names_are_seen_in_braces_only(void **state)
{
    (void)state;
    assert_true(template_uses("{base}/{name}", "name"));
    assert_true(template_uses("{{name}", "name"));
    assert_false(template_uses("{base}/name", "name"));
    assert_false(template_uses("{names}", "name"));
    assert_false(template_uses("{nam}", "name"));
}

static void below_ends_at_a_slash(void **state)
{
    (void)state;
    assert_true(topic_below("homeassistant", "homeassistant"));
    assert_true(topic_below("homeassistant/device/x", "homeassistant"));
    assert_false(topic_below("homeassistants/device", "homeassistant"));
    assert_false(topic_below("home", "homeassistant"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_are_checked_and_expanded),
        cmocka_unit_test(a_topic_that_does_not_fit_is_refused),
        cmocka_unit_test(a_broken_template_does_not_expand),
        cmocka_unit_test(names_are_seen_in_braces_only),
        cmocka_unit_test(below_ends_at_a_slash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
