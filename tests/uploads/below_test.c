/* Nothing leads out of the folder that is open to orders. */
#include "bridge/uploads/below.h"
#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char place[64];

static int enter(void **state)
{
    (void)state;
    (void)snprintf(place, sizeof place, "/tmp/p2m-below-XXXXXX");
    if (!mkdtemp(place) || chdir(place) < 0 || mkdir("in", 0700) < 0 ||
        mkdir("in/sub", 0700) < 0)
        return -1;
    return system("echo secret >out.gcode; echo box >in/sub/box.gcode; "
                  "ln -s ../out.gcode in/link.gcode; ln -s sub in/way; "
                  "mkfifo in/fifo.gcode; ln -s /etc/passwd in/passwd");
}

static int leave(void **state)
{
    char command[128];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf %s", place);
    return chdir("/") < 0 || system(command) != 0;
}

static void a_file_below_opens(void **state)
{
    char whole[96], folder[80];
    const char *const paths[] = {"sub/box.gcode", "/sub/box.gcode", whole,
                                 "sub/../sub/box.gcode"};
    size_t i;

    (void)state;
    (void)snprintf(folder, sizeof folder, "%s/in/", place);
    (void)snprintf(whole, sizeof whole, "%ssub/box.gcode", folder);
    for (i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct http_stamp stamp;
        struct error err = {""};
        int fd = below_open(folder, paths[i], &stamp, &err);

        assert_string_equal(err.text, "");
        assert_true(fd >= 0);
        assert_int_equal(stamp.size, 4);
        assert_true(stamp.mtime_ns > 0 && stamp.inode > 0);
        (void)close(fd);
    }
}

static void nothing_leads_out(void **state)
{
    static const struct {
        const char *path, *sentence;
    } rows[] = {
        {"../out.gcode", "leads out"},
        {"/../out.gcode", "leads out"},
        {"sub/../../out.gcode", "leads out"},
        {"link.gcode", "symbolic link"},
        {"passwd", "symbolic link"},
        {"way/box.gcode", "symbolic link"},
        {"fifo.gcode", "not a regular file"},
        {"sub", "not a regular file"},
        {"", "no file"},
        {"none.gcode", "no file"},
        {"/etc/passwd", "no file"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_stamp stamp;
        struct error err = {""};

        assert_int_equal(below_open("in", rows[i].path, &stamp, &err), -1);
        if (!strstr(err.text, rows[i].sentence))
            fail_msg("%s: %s", rows[i].path, err.text);
    }
}

static void what_else_is_wrong_is_said_too(void **state)
{
    char name[300];
    struct http_stamp stamp;
    struct error err = {""};

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(below_open("in", name, &stamp, &err), -1);
    assert_non_null(strstr(err.text, "cannot be opened: File name too long"));
}

static void a_missing_folder_is_said(void **state)
{
    struct http_stamp stamp;
    struct error err;

    (void)state;
    assert_int_equal(below_open("nowhere", "a", &stamp, &err), -1);
    assert_non_null(strstr(err.text, "uploads directory nowhere"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_below_opens, enter, leave),
        cmocka_unit_test_setup_teardown(nothing_leads_out, enter, leave),
        cmocka_unit_test_setup_teardown(what_else_is_wrong_is_said_too, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(a_missing_folder_is_said, enter, leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
