/* Files made to hurt: one clear problem, little memory, no crash, no hang. Each
 * is read in a process of its own. */
#include "world.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT     "config.yaml:"
#define MIB    ((size_t)1 << 20)
#define RSS_KB 30000
#define HANG_S 60 /* of a process that does not come to an end */

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* head, then unit until there are size bytes, then tail. */
struct hostile {
    const char *name;
    const char *head, *unit, *tail;
    size_t size;
    const char *line;
};

#define DEEP "nested deeper than 32 levels\n"
#define BIG  "a value is longer than 64 KiB\n"
#define MANY "the file says more than 100000 things, its aliases expanded\n"

static const struct hostile files[] = {
    {"a value of 10 MB", "a: ", "x", "\n", 10 * MIB,
     AT "1:1: cannot read the file: it is larger than 1024 KiB\n"},
    {"a value of 1 MB", "a: ", "x", "\n", MIB - 100, AT "1:4: " BIG},
    {"a quoted value of 1 MB", "a: \"", "\\n", "\"", MIB - 100, AT "1:4: " BIG},
    {"a folded value of 1 MB", "a: >\n", " x\n\n", "", MIB - 100,
     AT "1:4: " BIG},
    {"a key of 1 MB", "", "k", ": 1", MIB - 100,
     AT "1:1: a value is longer than 64 KiB\n"},
    {"an open quote of 1 MB", "a: '", "x\n", "", MIB - 100,
     AT "1:4: not valid YAML: this quote is never closed\n"},
    {"10,000 nested lists", "", "[", "", 10000, AT "1:33: " DEEP},
    {"a million nested lists", "", "[", "", MIB, AT "1:33: " DEEP},
    {"a million nested maps", "", "{", "", MIB, AT "1:33: " DEEP},
    {"nested maps with keys", "", "{a: ", "", MIB, AT "1:129: " DEEP},
    {"nested dashes", "", "- ", "", MIB, AT "1:65: " DEEP},
    {"nested question marks", "", "? ", "", MIB, AT "1:65: " DEEP},
    {"a list of a million", "a: [", "b,", "]", MIB - 100, AT "1:199999: " MANY},
    {"a map of empty lists", "a: [", "[],", "]", MIB - 100,
     AT "1:299997: " MANY},
    {"anchors without end", "", "- &a x\n", "", MIB,
     AT "257:3: the file has more than 256 anchors\n"},
    {"an anchor of 1 MB", PLAIN "x-a: &", "a", " 1\n", MIB - 100, ""},
    {"aliases without end", "a: &a x\nb:\n", "- *a\n", "", MIB - 100,
     AT "100002:3: " MANY},
    {"tags without end", PLAIN "defaults: {tags: [", "a,", "]}\n", 150000,
     AT "3:18: defaults.tags: a list of more than 32\n"},
    {"documents without end", "a: b\n", "---\n", "", MIB - 100,
     AT "2:1: a second document begins; a file holds one\n"},
    {"tabs", "", "\t", "", MIB,
     AT "1:1: not valid YAML: there is a tab; YAML is indented with spaces "
        "only\n"},
    {"bytes that are not UTF-8", "a: ", "\xff", "", MIB,
     AT "1:4: byte 0xff is not UTF-8; save the file as UTF-8\n"},
    {"half a character at the end", PLAIN "#", "x", "\xe2\x82", 1000,
     AT "3:942: byte 0xe2 is not UTF-8; save the file as UTF-8\n"},
    {"directives", "", "%a\n", "", MIB,
     AT "1:3: not valid YAML: found unknown directive name\n"},
    {"a comment of 1 MB", PLAIN "#", "#", "", MIB, ""},
    {"a million empty lines", PLAIN, "\n", "", MIB, ""},
};

static void fill(const struct hostile *h, struct buffer *out)
{
    buffer_text_add(out, h->head);
    while (out->len + strlen(h->unit) + strlen(h->tail) <= h->size)
        buffer_text_add(out, h->unit);
    buffer_text_add(out, h->tail);
}

/* Does config.yaml have exactly this problem? Says so on stderr if not. */
static int judge(const char *name, const char *line)
{
    struct config_problems problems = {.errors = 0};

    (void)alarm(HANG_S);
    config_free(config_load("config.yaml", drivers, &problems));
    if (strcmp(buffer_text(&problems.text), line) != 0) {
        (void)fprintf(stderr, "%s has:\n%.500sexpected:\n%s", name,
                      buffer_text(&problems.text), line);
        return 1;
    }
    buffer_release(&problems.text);
    return 0;
}

/* Lines of problems, at most `most`. */
static int judge_many(const char *name, int most)
{
    struct config_problems problems = {.errors = 0};
    const char *at;
    int lines = 0;

    (void)alarm(HANG_S);
    config_free(config_load("config.yaml", drivers, &problems));
    for (at = buffer_text(&problems.text); (at = strchr(at, '\n')); at++)
        lines++;
    if (lines <= most && problems.errors > most)
        return 0;
    (void)fprintf(stderr, "%s: %d errors in %d lines\n", name, problems.errors,
                  lines);
    return 1;
}

/* line NULL: many problems, of which 100 are told. */
static void run(const char *name, const char *line)
{
    struct rusage usage;
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(line ? judge(name, line) : judge_many(name, 101));
    assert_int_equal(wait4(child, &status, 0, &usage), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("%s: status %d", name, status);
    if (!SANITIZED && usage.ru_maxrss > RSS_KB)
        fail_msg("%s: %ld kB", name, usage.ru_maxrss);
}

static void write_file(const struct buffer *text)
{
    FILE *file = fopen("config.yaml", "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text->bytes, 1, text->len, file), text->len);
    assert_int_equal(fclose(file), 0);
    world_mode("config.yaml", 0600);
}

static void hostile_files_have_one_problem(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(files); i++) {
        struct buffer text = {0};

        fill(&files[i], &text);
        write_file(&text);
        buffer_release(&text);
        run(files[i].name, files[i].line);
    }
}

static void a_billion_laughs_are_not_funny(void **state)
{
    struct buffer text = {0};
    int i, j;

    (void)state;
    buffer_text_add(&text, "a0: &a0 [lol, lol]\n");
    for (i = 1; i < 30; i++) {
        buffer_format(&text, "a%d: &a%d [", i, i);
        for (j = 0; j < 9; j++)
            buffer_format(&text, "%s*a%d", j ? "," : "", i - 1);
        buffer_text_add(&text, "]\n");
    }
    write_file(&text);
    buffer_release(&text);
    run("laughs", AT "6:26: " MANY);
}

static void merge_keys_do_not_multiply(void **state)
{
    struct buffer text = {0};
    int i;

    (void)state;
    buffer_text_add(&text, "x-a: &a {");
    for (i = 0; i < 9000; i++)
        buffer_format(&text, "k%d: 1, ", i);
    buffer_text_add(&text, "}\nx-b: {");
    for (i = 0; i < 30000; i++)
        buffer_format(&text, "m%d: {<<: *a}, ", i);
    buffer_text_add(&text, "}\n");
    write_file(&text);
    buffer_release(&text);
    run("merge", AT "2:60: " MANY);
}

static void levels_of_indentation_end(void **state)
{
    struct buffer text = {0};
    int i;

    (void)state;
    for (i = 0; i < 1400; i++)
        buffer_format(&text, "%*sa:\n", i, "");
    write_file(&text);
    buffer_release(&text);
    run("indentation", AT "33:33: " DEEP);
}

/* Many faults: the first hundred are told, and how many more there are. */
static const struct {
    const char *name, *head, *unit, *tail;
    int count;
} floods[] = {
    {"unknown keys", "", "key%d: 1\n", "", 49000},
    {"unknown fields", "mapping: {fields: {", "nozle/tmp%d: 1,", "}}\n", 49000},
    {"instances", "mapping: {fields: {", "storage/x%d/free: off,", "}}\n",
     30000},
    {"custom fields", "mapping: {custom: [", "{key: a%d},", "]}\n", 24000},
    {"printers", "printers: {", "p%d: {},", "}\n", 9000},
    {"duplicates", "mqtt: {", "a: %d, ", "}\n", 49000},
    {"secrets", "mqtt:\n", "  a%d: !secret b\n", "", 30000},
    {"environment", "mqtt:\n", "  a%d: !env b\n", "", 30000},
};

static void a_flood_of_problems_is_cut(void **state)
{
    size_t i;
    int n;

    (void)state;
    world_write("secrets.yaml", "bb: c\n");
    for (i = 0; i < ROWS(floods); i++) {
        struct buffer text = {0};
        char *at;

        buffer_text_add(&text, floods[i].head);
        for (n = 0; n < floods[i].count; n++) {
            at = strchr(floods[i].unit, '%');
            buffer_format(&text, "%.*s%d%s", (int)(at - floods[i].unit),
                          floods[i].unit, n, at + 2);
        }
        buffer_text_add(&text, floods[i].tail);
        write_file(&text);
        buffer_release(&text);
        run(floods[i].name, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(hostile_files_have_one_problem),
        WORLD_TEST(a_billion_laughs_are_not_funny),
        WORLD_TEST(merge_keys_do_not_multiply),
        WORLD_TEST(levels_of_indentation_end),
        WORLD_TEST(a_flood_of_problems_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
