/* Log lines, as they reach stderr. */
#include "bridge/log.h"
#include "tests/unit.h"

#include <unistd.h>

static char written[16384];
static int real_stderr;
static FILE *file;

/* From here on stderr goes to a file. */
static void listen(void)
{
    file = tmpfile();
    assert_non_null(file);
    fflush(stderr);
    real_stderr = dup(STDERR_FILENO);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
}

/* What was written since listen(). */
static const char *heard(void)
{
    size_t len;

    fflush(stderr);
    (void)dup2(real_stderr, STDERR_FILENO);
    (void)close(real_stderr);
    rewind(file);
    len = fread(written, 1, sizeof written - 1, file);
    written[len] = '\0';
    (void)fclose(file);
    return written;
}

static int lines(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static int set_up(void **state)
{
    (void)state;
    (void)unsetenv("JOURNAL_STREAM");
    log_set_hook(NULL, NULL, LOG_LEVEL_ERROR);
    log_init(LOG_LEVEL_INFO);
    return 0;
}

static void a_line_says_when_how_bad_who_and_what(void **state)
{
    (void)state;
    listen();
    log_write(LOG_LEVEL_WARNING, "mk4", "offline: no answer");
    (void)heard();
    assert_int_equal(strspn(written, "0123456789:"), 8);
    assert_string_equal(written + 8, " warning mk4: offline: no answer\n");
}

static void the_bridge_itself_has_no_name(void **state)
{
    (void)state;
    listen();
    log_info("started %d", 1);
    assert_string_equal(heard() + 8, " info    started 1\n");
}

static void lines_below_the_level_are_silent(void **state)
{
    (void)state;
    listen();
    log_write(LOG_LEVEL_DEBUG, NULL, "traffic 1");
    log_set_level(LOG_LEVEL_ERROR);
    log_warning("degraded 1");
    log_error("broken 1");
    assert_int_equal(lines(heard()), 1);
    assert_non_null(strstr(written, "broken 1"));
    assert_int_equal(log_level(), LOG_LEVEL_ERROR);
}

static void repeats_are_counted(void **state)
{
    int i;

    (void)state;
    listen();
    for (i = 0; i < 100; i++)
        log_warning("the same again");
    log_warning("something else");
    assert_int_equal(lines(heard()), 3);
    assert_non_null(strstr(written, "99 more times"));
}

/* The count belongs to the line before, whose level it has: also to be silent.
 */
static void at_the_level_of_what_was_repeated(void **state)
{
    int i;

    (void)state;
    listen();
    for (i = 0; i < 3; i++)
        log_error("the same error again");
    log_info("something else again");
    assert_non_null(
        strstr(heard(), " error   (the line before came 2 more times)"));
}

static void what_comes_from_outside_stays_on_its_line(void **state)
{
    (void)state;
    listen();
    log_write(LOG_LEVEL_ERROR, "mk4",
              "said \"\n12:00:00 error all is lost\x1b[2J\xff\"");
    assert_int_equal(lines(heard()), 1);
    assert_null(strchr(written, '\x1b'));
    assert_null(strchr(written, '\xff'));
}

static void long_lines_are_cut(void **state)
{
    static char text[10000];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    listen();
    log_write(LOG_LEVEL_ERROR, "mk4", text);
    assert_int_equal(lines(heard()), 1);
    assert_true(strlen(written) < 600);
}

static void the_journal_gets_priorities(void **state)
{
    (void)state;
    (void)setenv("JOURNAL_STREAM", "8:1", 1);
    log_init(LOG_LEVEL_DEBUG);
    listen();
    log_error("e");
    log_warning("w");
    log_info("i");
    log_write(LOG_LEVEL_DEBUG, NULL, "d");
    assert_string_equal(heard(), "<3>e\n<4>w\n<6>i\n<7>d\n");
}

/* ---- the hook ---- */

struct hooked {
    int count;
    enum log_level level;
    char printer[32], text[128];
};

static void hook(void *arg, enum log_level level, const char *printer,
                 const char *text)
{
    struct hooked *h = arg;

    h->count++;
    h->level = level;
    (void)snprintf(h->printer, sizeof h->printer, "%s",
                   printer ? printer : "(bridge)");
    (void)snprintf(h->text, sizeof h->text, "%.100s", text);
}

static void a_hook_has_its_own_level(void **state)
{
    struct hooked h = {.count = 0};

    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    log_set_hook(hook, &h, LOG_LEVEL_WARNING);
    listen();
    log_write(LOG_LEVEL_WARNING, "mk4", "offline\n2");
    log_info("started 2");
    assert_string_equal(heard(), "");
    assert_int_equal(h.count, 1);
    assert_int_equal(h.level, LOG_LEVEL_WARNING);
    assert_string_equal(h.printer, "mk4");
    assert_string_equal(h.text, "offline 2");
}

static void levels_have_names(void **state)
{
    enum log_level level;

    (void)state;
    for (level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
        assert_int_equal(log_level_find(log_level_name(level)), level);
    assert_int_equal(log_level_find("loud"), LOG_LEVEL_DEBUG + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_line_says_when_how_bad_who_and_what, set_up),
        cmocka_unit_test_setup(the_bridge_itself_has_no_name, set_up),
        cmocka_unit_test_setup(lines_below_the_level_are_silent, set_up),
        cmocka_unit_test_setup(repeats_are_counted, set_up),
        cmocka_unit_test_setup(at_the_level_of_what_was_repeated, set_up),
        cmocka_unit_test_setup(what_comes_from_outside_stays_on_its_line,
                               set_up),
        cmocka_unit_test_setup(long_lines_are_cut, set_up),
        cmocka_unit_test_setup(the_journal_gets_priorities, set_up),
        cmocka_unit_test_setup(a_hook_has_its_own_level, set_up),
        cmocka_unit_test_setup(levels_have_names, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
