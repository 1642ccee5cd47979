/* What is no YAML, or too much of it: one problem each, where it is. */
#include "world.h"

#define AT "config.yaml:"

static void a_syntax_error_is_told_in_words_that_help(void **state)
{
    static const struct faulty rows[] = {
        {"mqtt:\n\turl: broker\n",
         AT "2:1: not valid YAML: there is a tab; YAML is indented with spaces "
            "only\n"},
        {"mqtt:\n  url: broker\n\tqos: 1\n",
         AT "3:1: not valid YAML: there is a tab; YAML is indented with spaces "
            "only\n"},
        {"mqtt:\n  url: broker\n qos: 1\n",
         AT "3:2: not valid YAML: this does not fit the lines before: check "
            "indentation and quotes, and put no key below a line with { }\n"},
        {"mqtt: {url: broker}\n  qos: 1\n",
         AT "2:3: not valid YAML: this does not fit the lines before: check "
            "indentation and quotes, and put no key below a line with { }\n"},
        {"mqtt:\n  url: broker\n  - a\n",
         AT "3:3: not valid YAML: this does not fit the lines before: check "
            "indentation and quotes, and put no key below a line with { }\n"},
        {"a:\n  - b\n  c: d\n",
         AT "3:3: not valid YAML: this does not fit the lines before: check "
            "indentation and quotes\n"},
        {"mqtt: url: broker\n",
         AT "1:10: not valid YAML: a ':' does not belong here: check the "
            "indentation, or quote the value\n"},
        {"mqtt:\n  username: \"bridge\n  qos: 1\n",
         AT "2:13: not valid YAML: this quote is never closed\n"},
        {"mqtt: {url: broker\n", AT
         "1:7: not valid YAML: a ',' is missing in this map, or the '}' that "
         "closes it\n"},
        {"a: [b, c\n",
         AT "1:4: not valid YAML: a ',' is missing in this list, or the ']' "
            "that closes it\n"},
        {"mqtt:\n  url: broker\nfoo\nprinters:\n",
         AT "3:1: not valid YAML: a ':' is missing in this line\n"},
        {"a: @b\n",
         AT "1:4: not valid YAML: a value that begins with @ must be quoted\n"},
        {"ä: %b\n",
         AT "1:4: not valid YAML: a value that begins with % must be quoted\n"},
        {"a: !x!y z\n",
         AT "1:4: not valid YAML: unknown tag; known are !secret, !env, "
            "!env_var and !file\n"},
        {"a: b\n...\nc: d\n",
         AT "3:1: not valid YAML: there is more text behind the end\n"},
        {"a: b\n---\nc: d\n",
         AT "2:1: a second document begins; a file holds one\n"},
        {"a: \"\\q\"\n",
         AT "1:5: not valid YAML: found unknown escape character\n"},
        {"{a: b}: c\n", AT "1:1: a key must be plain text\n"},
    };

    (void)state;
    WORLD_ROWS(rows);
}

static void an_unquoted_template_is_recognised(void **state)
{
    static const struct faulty rows[] = {
        {PLAIN "mapping:\n  topic: {base}/{printer}/{field}\n  absent: none\n",
         AT "4:10: quote the template: \"{base}/{printer}/{field}\"\n"},
        {PLAIN "mapping: {fields: {state: {base}/state, message: off}}\n",
         AT "3:27: quote the template: \"{base}/state\"\n"},
        {PLAIN "mapping:\n  fields:\n    message: {printer}/m # why\n",
         AT "5:14: quote the template: \"{printer}/m\"\n"},
        {PLAIN "mapping: {fields: {message: m/{printer}, flow: off}}\n",
         AT "3:29: quote the template: \"m/{printer}\"\n"},
        {PLAIN "mapping:\n  topic: {field}\n",
         AT "4:10: mapping.topic: quote the template: \"{field}\"\n"},
        {PLAIN "mapping: {fields: {state: {base}}}\n",
         AT "3:27: mapping.fields.state: quote the template: \"{base}\"\n"},
        {PLAIN "mapping:\n  - {base}/x\n",
         AT "4:5: quote the template: \"{base}/x\"\n"},
        /* not because of a comment */
        {"a: b: c # topic: {base}/x\n",
         AT "1:5: not valid YAML: a ':' does not belong here: check the "
            "indentation, or quote the value\n"},
    };

    (void)state;
    WORLD_ROWS(rows);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    static const struct faulty rows[] = {
        {"mqtt: \xff\n",
         AT "1:7: byte 0xff is not UTF-8; save the file as UTF-8\n"},
        {"ä: \xc3(\n",
         AT "1:4: byte 0xc3 is not UTF-8; save the file as UTF-8\n"},
        {"a: b\nc: \x01\n",
         AT "2:4: a control character (byte 0x01) is not allowed\n"},
        {"a: \x7f\n",
         AT "1:4: a control character (byte 0x7f) is not allowed\n"},
        {"\xff\xfem", AT "1:1: the file is UTF-16; save it as UTF-8\n"},
        {"a: \"\\0\"\n", AT "1:4: a value holds a NUL or no valid character\n"},
        /* a byte order mark is fine */
        {"\xef\xbb\xbf" PLAIN, ""},
    };
    FILE *file;

    (void)state;
    WORLD_ROWS(rows);
    file = fopen("config.yaml", "wb");
    assert_non_null(file);
    assert_int_equal(fwrite("mqtt:\n  a\0b\n", 1, 12, file), 12);
    assert_int_equal(fclose(file), 0);
    world_problems(AT "2:4: a NUL byte: this is not a text file\n");
}

static void anchors_aliases_and_merge_keys_work(void **state)
{
    struct config *config = world_load(
        "x-common: &common {password: p, poll: &poll {idle: 9s}, area: A}\n"
        "x-more: &more {name: N, area: B}\n" BROKER "printers:\n"
        "  a: {<<: *common, url: h1, name: own}\n"
        "  b: {<<: [*more, *common], url: h2}\n"
        "  c: {url: h3, poll: *poll}\n");

    (void)state;
    assert_int_equal(config->printer_count, 3);
    assert_string_equal(config->printers[0].name, "own");
    assert_string_equal(config->printers[0].secret, "p");
    assert_int_equal(config->printers[0].poll_idle_ms, 9000);
    assert_string_equal(config->printers[1].area, "B");
    assert_string_equal(config->printers[1].name, "N");
    assert_string_equal(config->printers[1].secret, "p");
    assert_int_equal(config->printers[2].poll_idle_ms, 9000);
    assert_null(config->printers[2].secret);
    config_free(config);
}

static void aliases_that_lead_nowhere_are_refused(void **state)
{
    static const struct faulty rows[] = {
        {"a: *b\n", AT "1:4: the alias has no anchor (&name) before it\n"},
        {"a: &a [*a]\n", AT "1:8: the alias contains itself\n"},
        {"a: &a {b: {<<: *a}}\n", AT "1:16: the alias contains itself\n"},
        {"a: {<<: b}\n", AT "1:10: << must name a map, or a list of maps\n"},
        {"a: {<<: [b]}\n", AT "1:12: << must name a map, or a list of maps\n"},
    };

    (void)state;
    WORLD_ROWS(rows);
}

static void duplicate_keys_name_both_lines(void **state)
{
    static const struct faulty rows[] = {
        {"mqtt:\n  url: a\n  qos: 1\n  url: b\n" PRINTER "mqtt: {url: c}\n",
         AT "4:3: duplicate key 'url'; it stands in line 2 already\n" AT
            "6:1: duplicate key 'mqtt'; it stands in line 1 already\n"},
        {BROKER "printers: {a: {url: x}, a: {url: y}, a: {url: z}}\n",
         AT "2:25: duplicate key 'a'; it stands in line 2 already\n" AT
            "2:38: duplicate key 'a'; it stands in line 2 already\n"},
    };

    (void)state;
    WORLD_ROWS(rows);
}

static void all_problems_of_a_file_come_in_one_run_by_position(void **state)
{
    static const struct faulty rows[] = {
        {"printers:\n  mk4:\n    passwrod: x\n    timeout: 1\n"
         "    timeout: long\nmqqt:\n  url: x\nlog: loud\n",
         AT "1:1: the required key 'mqtt' is missing\n" AT
            "3:5: unknown key 'passwrod' in printers.mk4; did you mean "
            "'password'?\n" AT
            "3:5: printers.mk4: the required key 'url' is missing\n" AT
            "5:5: duplicate key 'timeout'; it stands in line 4 already\n" AT
            "6:1: unknown key 'mqqt'; did you mean 'mqtt'?\n" AT
            "8:6: log.level: 'loud' is none of error, warning, info, debug\n"},
    };

    (void)state;
    WORLD_ROWS(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_syntax_error_is_told_in_words_that_help),
        WORLD_TEST(an_unquoted_template_is_recognised),
        WORLD_TEST(bytes_that_are_no_text_are_refused),
        WORLD_TEST(anchors_aliases_and_merge_keys_work),
        WORLD_TEST(aliases_that_lead_nowhere_are_refused),
        WORLD_TEST(duplicate_keys_name_both_lines),
        WORLD_TEST(all_problems_of_a_file_come_in_one_run_by_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
