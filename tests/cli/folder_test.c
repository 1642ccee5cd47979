/* A folder here that cannot be read to its end. */
#include "bridge/cli/folder.h"
#include "tests/cli/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct client client;
static struct tree tree;
static struct error err;
static char folder[] = "/tmp/folder_test.XXXXXX";
static size_t at, fails_at; /* entry */

/* Instead of the C library's. */
struct dirent *readdir(DIR *dir)
{
    static const char *const names[] = {".", "a.gcode", "b.gcode"};
    static struct dirent entry;

    (void)dir;
    if (at == fails_at) {
        errno = EIO;
        return NULL;
    }
    if (at == sizeof names / sizeof *names)
        return NULL;
    (void)snprintf(entry.d_name, sizeof entry.d_name, "%s", names[at++]);
    return &entry;
}

static void create(const char *name)
{
    char path[64];
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
}

static void test_half_a_folder_is_a_failure(void **state)
{
    size_t skipped;

    (void)state;
    fails_at = 99;
    assert_true(folder_here(folder, &client, &tree, &skipped, &err));
    assert_int_equal(tree.count, 2);
    tree_release(&tree);
    at = 0;
    fails_at = 2;
    assert_false(folder_here(folder, &client, &tree, &skipped, &err));
    assert_non_null(strstr(err.text, "cannot read"));
    tree_release(&tree);
}

static int set_up(void **state)
{
    (void)state;
    client.driver = drivers[0];
    assert_non_null(mkdtemp(folder));
    create("a.gcode");
    create("b.gcode");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (chdir(folder) != 0 || unlink("a.gcode") != 0 || unlink("b.gcode") != 0)
        return -1;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half_a_folder_is_a_failure),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
