/* A watched folder: what is whole is told once, and moved away afterwards. */
#include "bridge/uploads/folder.h"
#include "tests/unit.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static char place[64];
static struct folder_files files;

static bool flags_unknown;

int __real_renameat2(int from_folder, const char *from, int to_folder,
                     const char *to, unsigned flags);
int __wrap_renameat2(int from_folder, const char *from, int to_folder,
                     const char *to, unsigned flags);

int __wrap_renameat2(int from_folder, const char *from, int to_folder,
                     const char *to, unsigned flags)
{
    if (!flags_unknown)
        return __real_renameat2(from_folder, from, to_folder, to, flags);
    errno = EINVAL;
    return -1;
}

static int enter(void **state)
{
    (void)state;
    (void)snprintf(place, sizeof place, "/tmp/p2m-folder-XXXXXX");
    files = (struct folder_files){NULL, 0};
    return mkdtemp(place) ? 0 : -1;
}

static int leave(void **state)
{
    char command[128];

    (void)state;
    folder_release(&files);
    (void)snprintf(command, sizeof command, "rm -rf %s", place);
    return system(command);
}

static void write_file(const char *name, const char *text)
{
    char path[200];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", place, name);
    file = fopen(path, "a");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static bool exists(const char *name)
{
    char path[200];

    (void)snprintf(path, sizeof path, "%s/%s", place, name);
    return access(path, F_OK) == 0;
}

static void look(int64_t now_ms)
{
    struct folder_files fresh;
    struct error err = {""};

    if (!folder_read(place, &fresh, &err))
        fail_msg("%s", err.text);
    folder_update(&files, &fresh, now_ms);
}

static void a_file_is_told_once_when_it_is_whole(void **state)
{
    (void)state;
    write_file("box.gcode", "G28\n");
    look(1000);
    assert_null(folder_next(&files, 2999));
    assert_int_equal(folder_wake(&files, 1000), 3000);
    write_file("box.gcode", "G29\n");
    look(2500); /* still growing */
    assert_null(folder_next(&files, 4499));
    look(4500);
    assert_string_equal(folder_next(&files, 4500)->name, "box.gcode");
    assert_null(folder_next(&files, 4500));
    look(9000);
    assert_null(folder_next(&files, 20000));
    assert_true(folder_wake(&files, 20000) == INT64_MAX);
    folder_forget(&files, "box.gcode");
    assert_non_null(folder_next(&files, 20000));
    assert_null(folder_next(&files, 20000));
    write_file("box.gcode", "G30\n");
    look(21000);
    assert_non_null(folder_next(&files, 23000)); /* another file by now */
}

/* While a printer is off, or busy with another upload, the folder is not looked
 * at again and again for a file that has its turn later. */
static void what_is_whole_and_waits_wakes_nobody(void **state)
{
    (void)state;
    write_file("box.gcode", "G28\n");
    look(1000);
    assert_int_equal(folder_wake(&files, 2999), 3000);
    look(3000);
    assert_true(folder_wake(&files, 3000) == INT64_MAX);
    assert_non_null(folder_next(&files, 60000));
}

static void only_real_and_whole_files_count(void **state)
{
    char command[300];

    (void)state;
    write_file(".hidden.gcode", "x");
    write_file("a.gcode.part", "x");
    write_file("b.gcode~", "x");
    (void)snprintf(command, sizeof command,
                   "cd %s && ln -s /etc/passwd link.gcode && mkfifo f.gcode && "
                   "mkdir d.gcode",
                   place);
    assert_int_equal(system(command), 0);
    look(0);
    assert_int_equal(files.count, 0);
    assert_true(exists("done") && exists("failed"));
}

static void settle(const char *name, const char *reason)
{
    struct error err = {""};
    bool gone;
    size_t i;

    look(0);
    for (i = 0; i < files.count; i++)
        if (strcmp(files.files[i].name, name) == 0 &&
            folder_settle(place, name, &files.files[i].stamp, reason, &gone,
                          &err))
            return;
    fail_msg("%s: %s", name, err.text);
}

static void it_moves_to_done_or_failed(void **state)
{
    int i;

    (void)state;
    look(0);
    for (i = 0; i < 2; i++) {
        write_file("box.gcode", "x");
        settle("box.gcode", NULL);
        write_file("bad.gcode", "x");
        settle("bad.gcode", "it was no good");
    }
    assert_true(exists("done/box.gcode") && exists("done/box-2.gcode"));
    assert_true(exists("failed/bad.gcode") && exists("failed/bad.gcode.txt"));
    assert_true(exists("failed/bad-2.gcode.txt"));
    assert_false(exists("box.gcode"));
}

/* Some network shares know no flags of a rename. */
static void it_moves_without_flags_as_well(void **state)
{
    int i;

    (void)state;
    flags_unknown = true;
    for (i = 0; i < 2; i++) {
        write_file("box.gcode", i ? "second" : "first");
        settle("box.gcode", NULL);
        write_file("bad.gcode", "x");
        settle("bad.gcode", "it was no good");
    }
    flags_unknown = false;
    assert_true(exists("done/box.gcode") && exists("done/box-2.gcode"));
    assert_true(exists("failed/bad.gcode.txt"));
    assert_true(exists("failed/bad-2.gcode.txt"));
}

static void another_file_by_now_stays(void **state)
{
    struct http_stamp stamp;
    struct error err = {""};
    bool gone;

    (void)state;
    write_file("box.gcode", "G28\n");
    look(0);
    stamp = files.files[0].stamp;
    write_file("box.gcode", "G29\n");
    assert_true(folder_settle(place, "box.gcode", &stamp, NULL, &gone, &err));
    assert_false(gone);
    assert_true(exists("box.gcode") && !exists("done/box.gcode"));
    assert_true(folder_settle(place, "none.gcode", &stamp, NULL, &gone, &err));
    assert_true(gone);
    look(1);
    folder_tell(&files, "box.gcode", &stamp);
    assert_non_null(folder_next(&files, 5000));
}

/* A share that cannot be looked at just now: its file is there again tomorrow,
 * and would be new to the bridge. */
static void what_cannot_be_looked_at_is_not_gone(void **state)
{
    struct http_stamp stamp = {.size = 4};
    struct error err = {""};
    char folder[100];
    bool gone;

    (void)state;
    write_file("no-folder", "x");
    (void)snprintf(folder, sizeof folder, "%s/no-folder", place);
    assert_false(folder_settle(folder, "box.gcode", &stamp, NULL, &gone, &err));
    assert_false(gone);
    assert_non_null(strstr(err.text, "box.gcode"));
}

static void what_was_dealt_with_is_not_told(void **state)
{
    (void)state;
    write_file("box.gcode", "G28\n");
    look(0);
    folder_tell(&files, "box.gcode", &files.files[0].stamp);
    assert_null(folder_next(&files, 5000));
}

/* What cannot be moved away would be uploaded again after each restart. */
static void without_a_place_for_what_is_done_nothing_is(void **state)
{
    struct folder_files fresh;
    struct error err;

    (void)state;
    write_file("done", "a file");
    assert_false(folder_read(place, &fresh, &err));
    assert_non_null(strstr(err.text, "done/"));
}

static void a_folder_that_cannot_be_is_said(void **state)
{
    struct folder_files fresh;
    struct error err;

    (void)state;
    assert_false(folder_read("/proc/nothing/here", &fresh, &err));
    assert_non_null(strstr(err.text, "cannot make"));
}

#define FOLDER_TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FOLDER_TEST(a_file_is_told_once_when_it_is_whole),
        FOLDER_TEST(what_is_whole_and_waits_wakes_nobody),
        FOLDER_TEST(only_real_and_whole_files_count),
        FOLDER_TEST(it_moves_to_done_or_failed),
        FOLDER_TEST(it_moves_without_flags_as_well),
        FOLDER_TEST(another_file_by_now_stays),
        FOLDER_TEST(what_cannot_be_looked_at_is_not_gone),
        FOLDER_TEST(what_was_dealt_with_is_not_told),
        FOLDER_TEST(without_a_place_for_what_is_done_nothing_is),
        FOLDER_TEST(a_folder_that_cannot_be_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
