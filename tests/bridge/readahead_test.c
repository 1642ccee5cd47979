/* A file that is read while it is sent. */
/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "bridge/readahead.h"
#include "tests/bridge/http_world.h"
#include "tests/bridge/temp_file.h"

#include <fcntl.h>
#include <unistd.h>

#define BLOCK 262144

static void on_ready(void *arg)
{
    ++*(int *)arg;
    world_wake();
}

/* Everything in pieces of step bytes; returns how many came. */
static size_t take_all(struct world *w, struct readahead *r, size_t step,
                       enum readahead_state *end)
{
    static char bytes[70000];
    size_t at = 0, n = 0;

    while ((*end = readahead_take(r, bytes, step, &n)) < READAHEAD_END) {
        if (*end == READAHEAD_WAIT) {
            (void)uv_run(&w->loop, UV_RUN_ONCE);
            continue;
        }
        if ((int64_t)(at + n) == readahead_total(r) && bytes[n - 1] == '\n')
            assert_true(temp_file_is(bytes, n - 1, at));
        else
            assert_true(temp_file_is(bytes, n, at));
        at += n;
    }
    return at;
}

static void every_byte_comes_once_and_in_turn(void **state)
{
    static const size_t sizes[] = {
        1,       BLOCK - 1,     BLOCK,     BLOCK + 1,      2 * BLOCK,
        2000000, 3 * BLOCK + 1, 7 * BLOCK, 10 * BLOCK + 77};
    static const size_t steps[] = {65536, 16384, 70000, 999};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; k < 4; k++) {
            struct http_file file = temp_file(sizes[i]);
            enum readahead_state end;
            struct readahead *r;
            int calls = 0;

            /* with and without what the kernel has in memory */
            if (k % 2) {
                (void)fsync(file.fd);
                (void)posix_fadvise(file.fd, 0, 0, POSIX_FADV_DONTNEED);
            }
            file.tail = k == 2 ? "\n" : NULL;
            r = readahead_new(&w->loop, &file, on_ready, &calls);
            assert_int_equal(readahead_total(r), sizes[i] + (k == 2));
            assert_false(readahead_is_taken(r));
            assert_int_equal(take_all(w, r, steps[k], &end),
                             sizes[i] + (k == 2));
            assert_int_equal(end, READAHEAD_END);
            assert_true(readahead_is_taken(r));
            assert_true(calls > 0);
            assert_string_equal(readahead_trouble(r), "");
            readahead_free(r);
            (void)close(file.fd);
        }
}

/* What the sender closes meanwhile is not ours. */
static void it_keeps_the_file_for_itself(void **state)
{
    struct world *w = *state;
    struct http_file file = temp_file(3 * BLOCK);
    enum readahead_state end;
    int calls = 0;
    struct readahead *r = readahead_new(&w->loop, &file, on_ready, &calls);

    (void)close(file.fd);
    assert_int_equal(take_all(w, r, 65536, &end), 3 * BLOCK);
    assert_int_equal(end, READAHEAD_END);
    readahead_free(r);
}

static void it_can_be_freed_while_a_worker_reads(void **state)
{
    struct world *w = *state;
    struct http_file file = temp_file(3 * BLOCK);
    int calls = 0;

    for (int i = 0; i < 20; i++) {
        struct readahead *r = readahead_new(&w->loop, &file, on_ready, &calls);

        if (i % 2)
            (void)uv_run(&w->loop, UV_RUN_NOWAIT);
        readahead_free(r);
    }
    readahead_free(NULL);
    (void)close(file.fd);
    assert_true(calls <= 10);
}

static void what_is_no_regular_file_is_not_read(void **state)
{
    struct world *w = *state;
    struct http_file file = {.stamp = {.size = 10}};
    struct readahead *r;
    enum readahead_state end;
    int ends[2], calls = 0;

    assert_int_equal(pipe(ends), 0);
    file.fd = ends[0];
    assert_false(http_stamp_of(file.fd, &file.stamp));
    file.stamp.size = 10;
    r = readahead_new(&w->loop, &file, on_ready, &calls);
    assert_int_equal(take_all(w, r, 10, &end), 0);
    assert_int_equal(end, READAHEAD_FAILED);
    assert_string_equal(readahead_trouble(r),
                        "the file cannot be read any more");
    readahead_free(r);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(every_byte_comes_once_and_in_turn),
        WORLD_TEST(it_keeps_the_file_for_itself),
        WORLD_TEST(it_can_be_freed_while_a_worker_reads),
        WORLD_TEST(what_is_no_regular_file_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
