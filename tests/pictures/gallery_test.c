/* Pictures on the disk, and in memory where there is none. */
#include "bridge/pictures/gallery.h"
#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#define CALLS_MAX 16

struct room {
    uv_loop_t loop;
    char folder[64]; /* "" = in memory */
    struct gallery *gallery;
    struct error err;
    struct call {
        uint64_t tag;
        char bytes[64]; /* "-" = none */
    } calls[CALLS_MAX];
    int count;
};

static void enter(struct room *r, const struct gallery_limits *limits)
{
    r->gallery = gallery_new(&r->loop, r->folder, limits, &r->err);
}

static void on_disk(struct room *r)
{
    *r = (struct room){.folder = "/tmp/gallery-XXXXXX"};
    assert_non_null(mkdtemp(r->folder));
    assert_int_equal(uv_loop_init(&r->loop), 0);
}

static void run(struct room *r)
{
    (void)uv_run(&r->loop, UV_RUN_DEFAULT);
}

static void leave(struct room *r)
{
    char command[128];

    run(r);
    gallery_free(r->gallery);
    assert_int_equal(uv_loop_close(&r->loop), 0);
    if (!r->folder[0])
        return;
    (void)snprintf(command, sizeof command, "rm -rf %s", r->folder);
    assert_int_equal(system(command), 0);
}

static void done(void *arg, uint64_t tag, const char *bytes, size_t len)
{
    struct room *r = arg;
    struct call *call = &r->calls[r->count++];

    assert_true(r->count < CALLS_MAX && len < sizeof call->bytes);
    call->tag = tag;
    (void)snprintf(call->bytes, sizeof call->bytes, "%.*s",
                   bytes ? (int)len : 1, bytes ? bytes : "-");
}

static bool keep(struct room *r, const char *name, const char *bytes)
{
    return gallery_keep(r->gallery, name, bytes, strlen(bytes), done, r, 1);
}

static const char *look(struct room *r, const char *name)
{
    gallery_read(r->gallery, name, done, r, 2);
    run(r);
    return r->calls[r->count - 1].bytes;
}

/* Everything that holds wherever they are kept. */
static void kept_renamed_and_dropped(struct room *r)
{
    assert_true(keep(r, "mk4.job-1", "one"));
    assert_true(gallery_has(r->gallery, "mk4.job-1"));
    run(r);
    assert_int_equal(r->count, 1);
    assert_string_equal(r->calls[0].bytes, "one");
    assert_string_equal(look(r, "mk4.job-1"), "one");
    gallery_rename(r->gallery, "mk4.job-1", "mk4.last-1");
    assert_false(gallery_has(r->gallery, "mk4.job-1"));
    assert_string_equal(look(r, "mk4.last-1"), "one");
    assert_string_equal(look(r, "mk4.job-1"), "-");
    assert_true(keep(r, "mk4.last-1", "newer"));
    assert_string_equal(look(r, "mk4.last-1"), "newer");
    assert_int_equal(gallery_total(r->gallery), 5);
    assert_true(keep(r, "mk4.last-2", "two"));
    assert_true(keep(r, "mini.last-2", "mini"));
    gallery_drop_all(r->gallery, "mk4.", "mk4.last-2");
    assert_false(gallery_has(r->gallery, "mk4.last-1"));
    assert_string_equal(look(r, "mk4.last-2"), "two");
    assert_string_equal(look(r, "mini.last-2"), "mini");
    gallery_drop(r->gallery, "mini.last-2");
    assert_string_equal(look(r, "mini.last-2"), "-");
    assert_int_equal(gallery_total(r->gallery), 3);
}

static void pictures_are_kept_on_the_disk(void **state)
{
    struct room r;

    (void)state;
    on_disk(&r);
    enter(&r, NULL);
    kept_renamed_and_dropped(&r);
    leave(&r);
}

static void pictures_are_kept_in_memory_where_there_is_no_disk(void **state)
{
    struct room r = {.folder = ""};

    (void)state;
    assert_int_equal(uv_loop_init(&r.loop), 0);
    enter(&r, NULL);
    kept_renamed_and_dropped(&r);
    leave(&r);
}

static void they_are_found_again_and_rubbish_goes(void **state)
{
    char path[128];
    struct room r;
    int fd;

    (void)state;
    on_disk(&r);
    enter(&r, NULL);
    assert_true(keep(&r, "mk4.last-7", "seven"));
    run(&r);
    gallery_free(r.gallery);
    (void)snprintf(path, sizeof path, "%s/mk4.job-8.new", r.folder);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    enter(&r, NULL);
    assert_true(gallery_has(r.gallery, "mk4.last-7"));
    assert_false(gallery_has(r.gallery, "mk4.job-8.new"));
    assert_int_not_equal(access(path, F_OK), 0);
    assert_string_equal(look(&r, "mk4.last-7"), "seven");
    leave(&r);
}

static void links_and_pipes_are_no_pictures(void **state)
{
    char path[128];
    struct room r;

    (void)state;
    on_disk(&r);
    (void)snprintf(path, sizeof path, "%s/mk4.last-1", r.folder);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    (void)snprintf(path, sizeof path, "%s/mk4.last-2", r.folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    enter(&r, NULL);
    assert_false(gallery_has(r.gallery, "mk4.last-1"));
    assert_string_equal(look(&r, "mk4.last-1"), "-");
    assert_string_equal(look(&r, "mk4.last-2"), "-");
    leave(&r);
}

static void there_is_an_end_to_it(void **state)
{
    static const struct gallery_limits limits = {.total = 10, .queued = 8};
    struct room r;

    (void)state;
    on_disk(&r);
    enter(&r, &limits);
    assert_true(keep(&r, "a", "12345"));
    assert_false(keep(&r, "b", "1234")); /* too much waits */
    run(&r);
    assert_true(keep(&r, "b", "1234"));
    run(&r);
    assert_false(keep(&r, "c", "12")); /* too much is there */
    assert_true(keep(&r, "a", "123456"));
    run(&r);
    assert_int_equal(gallery_total(r.gallery), 10);
    leave(&r);
}

static void a_folder_that_is_too_full_takes_no_more(void **state)
{
    static const struct gallery_limits limits = {.total = 4, .queued = 8};
    struct room r;

    (void)state;
    on_disk(&r);
    enter(&r, NULL);
    assert_true(keep(&r, "a", "12345"));
    run(&r);
    gallery_free(r.gallery);
    enter(&r, &limits);
    assert_false(keep(&r, "b", "1"));
    assert_false(keep(&r, "a", "12345"));
    assert_true(keep(&r, "a", "1234"));
    leave(&r);
}

/* Names that are each other's beginning, and neighbours of a prefix. */
static void each_of_many_is_found(void **state)
{
    static const char *const others[] = {"p", "p.", "p.a", "p0", "p-1"};
    char name[32];
    struct room r;
    int i;

    (void)state;
    on_disk(&r);
    enter(&r, NULL);
    for (i = 0; i < 100; i++) { /* in no order: 37 and 100 share no factor */
        (void)snprintf(name, sizeof name, "p.%d", i * 37 % 100);
        assert_true(gallery_keep(r.gallery, name, "x", 1, NULL, NULL, 0));
    }
    for (i = 0; i < 5; i++)
        assert_true(gallery_keep(r.gallery, others[i], "x", 1, NULL, NULL, 0));
    run(&r);
    gallery_free(r.gallery);
    enter(&r, NULL); /* as the folder tells them */
    for (i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "p.%d", i);
        assert_true(gallery_has(r.gallery, name));
    }
    assert_false(gallery_has(r.gallery, "p.999"));
    gallery_drop_all(r.gallery, "p.1", "p.17");
    for (i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "p.%d", i);
        assert_int_equal(gallery_has(r.gallery, name),
                         name[2] != '1' || i == 17);
    }
    for (i = 0; i < 5; i++)
        assert_true(gallery_has(r.gallery, others[i]));
    gallery_drop_all(r.gallery, "p.", NULL);
    assert_int_equal(gallery_total(r.gallery), 3); /* p, p0, p-1 */
    leave(&r);
}

static void names_from_elsewhere_are_refused(void **state)
{
    static const char *const names[] = {"",  ".",  "..",       "../x", "a/b",
                                        "A", ".x", "\xc3\xa4", "a\nb", "a\x01"};
    char longest[GALLERY_NAME_MAX + 2] = "";
    struct room r;
    size_t i;

    (void)state;
    on_disk(&r);
    enter(&r, NULL);
    for (i = 0; i < sizeof names / sizeof *names; i++)
        assert_false(keep(&r, names[i], "x"));
    memset(longest, 'a', sizeof longest - 1);
    assert_false(keep(&r, longest, "x"));
    assert_string_equal(look(&r, "../../../etc/passwd"), "-");
    leave(&r);
}

static void a_disk_that_fails_loses_no_picture_on_its_way(void **state)
{
    char command[128];
    struct room r;

    (void)state;
    on_disk(&r);
    enter(&r, NULL);
    (void)snprintf(command, sizeof command, "rmdir %s", r.folder);
    assert_int_equal(system(command), 0);
    assert_true(keep(&r, "mk4.job-1", "one"));
    run(&r);
    assert_string_equal(r.calls[0].bytes, "one");
    assert_false(gallery_has(r.gallery, "mk4.job-1"));
    leave(&r);
}

static void a_folder_that_cannot_be_made_means_memory(void **state)
{
    struct room r = {.folder = "/proc/no/pictures"};

    (void)state;
    assert_int_equal(uv_loop_init(&r.loop), 0);
    enter(&r, NULL);
    assert_true(strstr(r.err.text, "/proc/no/pictures") != NULL);
    r.folder[0] = '\0';
    assert_true(keep(&r, "mk4.job-1", "one"));
    assert_string_equal(look(&r, "mk4.job-1"), "one");
    leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_kept_on_the_disk),
        cmocka_unit_test(pictures_are_kept_in_memory_where_there_is_no_disk),
        cmocka_unit_test(they_are_found_again_and_rubbish_goes),
        cmocka_unit_test(links_and_pipes_are_no_pictures),
        cmocka_unit_test(there_is_an_end_to_it),
        cmocka_unit_test(a_folder_that_is_too_full_takes_no_more),
        cmocka_unit_test(each_of_many_is_found),
        cmocka_unit_test(names_from_elsewhere_are_refused),
        cmocka_unit_test(a_disk_that_fails_loses_no_picture_on_its_way),
        cmocka_unit_test(a_folder_that_cannot_be_made_means_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
