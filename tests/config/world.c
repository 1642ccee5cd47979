#include "world.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const prusalink[] = {"version", "info",    "status",
                                        "job",     "storage", NULL};
static const char *const octoprint[] = {"status", "printer", NULL};

const struct config_driver drivers[] = {
    {"prusalink", prusalink},
    {"octoprint", octoprint},
    {0},
};

static char home[4096];

int world_enter(void **state)
{
    char folder[] = "/tmp/printer2mqtt-config-XXXXXX";

    assert_non_null(getcwd(home, sizeof home));
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    *state = strdup(folder);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

int world_leave(void **state)
{
    assert_int_equal(chdir(home), 0);
    assert_int_equal(nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(*state);
    return 0;
}

void world_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    world_mode(path, 0600);
}

void world_mode(const char *path, unsigned mode)
{
    assert_int_equal(chmod(path, (mode_t)mode), 0);
}

struct config *world_load(const char *yaml)
{
    struct config_problems problems = {.errors = 0};
    struct config *config;

    world_write("config.yaml", yaml);
    config = config_load("config.yaml", drivers, &problems);
    if (!config)
        fail_msg("%s", buffer_text(&problems.text));
    assert_int_equal(problems.errors, 0);
    buffer_release(&problems.text);
    return config;
}

static int count_errors(const char *lines)
{
    int count = 0;

    for (; *lines; lines += strcspn(lines, "\n") + 1)
        count += strncmp(lines + strcspn(lines, " "), " warning: ", 10) != 0;
    return count;
}

static void compare(const char *yaml, const char *lines)
{
    struct config_problems problems = {.errors = 0};
    struct config *config = config_load("config.yaml", drivers, &problems);

    if (strcmp(buffer_text(&problems.text), lines) != 0)
        fail_msg("\n%s\nhas:\n%sexpected:\n%s", yaml,
                 buffer_text(&problems.text), lines);
    assert_int_equal(problems.errors, count_errors(lines));
    assert_int_equal(config != NULL, problems.errors == 0);
    config_free(config);
    buffer_release(&problems.text);
}

void world_problems(const char *lines)
{
    compare("config.yaml", lines);
}

void world_rows(const struct faulty *rows, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        world_write("config.yaml", rows[i].yaml);
        compare(rows[i].yaml, rows[i].lines);
    }
}
