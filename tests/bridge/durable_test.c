/* Files that outlive a power cut. */
#include "bridge/durable.h"
#include "tests/unit.h"

#include <sys/stat.h>
#include <unistd.h>

static struct {
    int files, folders; /* that were brought to the disk */
    bool fails;
} disk;

/* In place of libc's. */
int fsync(int fd)
{
    struct stat found;

    assert_int_equal(fstat(fd, &found), 0);
    disk.folders += S_ISDIR(found.st_mode);
    disk.files += S_ISREG(found.st_mode);
    return disk.fails ? -1 : 0;
}

static void assert_holds(const char *path, const char *text)
{
    char found[64] = "";
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    assert_non_null(fgets(found, sizeof found, file));
    assert_int_equal(fclose(file), 0);
    assert_string_equal(found, text);
}

static void a_file_and_its_name_are_on_the_disk(void **state)
{
    char folder[] = "/tmp/p2m-durable-XXXXXX", path[64], fresh[72];
    struct error err = {""};

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/state", folder);
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    assert_true(durable_write(path, "old", 3, &err));
    assert_int_equal(disk.files, 1);
    assert_int_equal(disk.folders, 1);
    disk.fails = true;
    assert_false(durable_write(path, "new", 3, &err));
    assert_non_null(strstr(err.text, path));
    assert_holds(path, "old");
    assert_int_not_equal(access(fresh, F_OK), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    char path[5000];
    struct error err = {""};

    (void)state;
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_false(durable_write(path, "", 0, &err));
    assert_non_null(strstr(err.text, "cannot write"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_and_its_name_are_on_the_disk),
        cmocka_unit_test(a_path_that_is_too_long_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
