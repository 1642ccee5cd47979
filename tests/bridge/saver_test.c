/* When the state is written, and what follows when it could not be. */
#include "bridge/log.h"
#include "bridge/saver.h"
#include "tests/unit.h"

#include <sys/stat.h>
#include <unistd.h>

struct world {
    char directory[64], file[96], in_the_way[128];
    uv_loop_t loop;
    struct store *store;
    struct saver saver;
    uv_work_t held; /* the only worker, while it waits at the gate */
    uv_sem_t gate;
    uint64_t done; /* the last save that was over */
    int dones, warnings;
    char warning[256];
};

static void on_done(void *arg, uint64_t number)
{
    struct world *w = arg;

    w->done = number;
    w->dones++;
}

static void on_log(void *arg, enum log_level level, const char *printer,
                   const char *text)
{
    struct world *w = arg;

    assert_int_equal(level, LOG_LEVEL_WARNING);
    assert_null(printer);
    w->warnings++;
    (void)snprintf(w->warning, sizeof w->warning, "%s", text);
}

static int set_up(void **state)
{
    static struct world world;
    struct world *w = &world;
    struct error err;

    *w = (struct world){.directory = "/tmp/saver_testXXXXXX"};
    assert_non_null(mkdtemp(w->directory));
    (void)snprintf(w->file, sizeof w->file, "%s/state.json", w->directory);
    (void)snprintf(w->in_the_way, sizeof w->in_the_way, "%s.new", w->file);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    w->store = store_open(w->directory, NULL, &err);
    assert_non_null(w->store);
    saver_init(&w->saver, &w->loop, w->store, on_done, w);
    log_set_hook(on_log, w, LOG_LEVEL_WARNING);
    *state = w;
    return 0;
}

static void close_loop(struct world *w)
{
    if (!uv_is_closing((uv_handle_t *)&w->saver.timer))
        saver_close(&w->saver);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
}

static int tear_down(void **state)
{
    struct world *w = *state;
    char lock[96];

    close_loop(w);
    log_set_hook(NULL, NULL, LOG_LEVEL_ERROR);
    store_close(w->store);
    (void)snprintf(lock, sizeof lock, "%s/lock", w->directory);
    (void)rmdir(w->in_the_way);
    (void)unlink(w->file);
    (void)unlink(lock);
    assert_int_equal(rmdir(w->directory), 0);
    return uv_loop_close(&w->loop);
}

/* Also root cannot write to a directory: as good as a full disk. */
static void break_disk(const struct world *w)
{
    assert_int_equal(mkdir(w->in_the_way, 0700), 0);
}

static void mend_disk(const struct world *w)
{
    assert_int_equal(rmdir(w->in_the_way), 0);
}

static bool is_written(const struct world *w)
{
    return access(w->file, R_OK) == 0;
}

static void turn(struct world *w)
{
    assert_true(uv_loop_alive(&w->loop));
    (void)uv_run(&w->loop, UV_RUN_ONCE);
}

/* Until so many saves are over. */
static void run(struct world *w, int dones)
{
    while (w->dones < dones)
        turn(w);
}

static void run_until_all_is_written(struct world *w)
{
    while (w->saver.due || w->saver.running)
        turn(w);
}

/* The time until the next save. */
static uint64_t due_in(struct world *w)
{
    uv_update_time(&w->loop);
    assert_true(uv_is_active((uv_handle_t *)&w->saver.timer));
    return uv_timer_get_due_in(&w->saver.timer);
}

static void wait_at_gate(uv_work_t *work)
{
    uv_sem_wait(work->data);
}

/* From here on a save is begun and does not get on, until it may. */
static void hold_worker(struct world *w)
{
    assert_int_equal(uv_sem_init(&w->gate, 0), 0);
    w->held.data = &w->gate;
    assert_int_equal(uv_queue_work(&w->loop, &w->held, wait_at_gate, NULL), 0);
}

static void begin_save(struct world *w)
{
    (void)saver_at_once(&w->saver);
    while (!w->saver.running)
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    assert_int_equal(w->dones, 0);
}

static void fail_once(struct world *w)
{
    break_disk(w);
    assert_int_equal(saver_at_once(&w->saver), 1);
    run(w, 1);
    assert_int_equal(w->done, 1);
    assert_false(is_written(w));
}

static void changes_are_gathered_for_a_second(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 3; i++)
        saver_soon(&w->saver);
    assert_in_range(due_in(w), 1, 1000);
    run(w, 1);
    assert_true(is_written(w));
    assert_false(uv_is_active((uv_handle_t *)&w->saver.timer));
    assert_int_equal(w->warnings, 0);
}

static void what_somebody_waits_for_is_written_at_once(void **state)
{
    struct world *w = *state;

    saver_soon(&w->saver);
    assert_int_equal(saver_at_once(&w->saver), 1);
    assert_int_equal(saver_at_once(&w->saver), 1);
    assert_int_equal(due_in(w), 0);
    run(w, 1);
    assert_true(is_written(w));
    /* many that wait do not have the file written for each of them */
    assert_int_equal(saver_at_once(&w->saver), 2);
    assert_in_range(w->saver.due_ms - w->saver.began_ms, 250, 250);
}

static void a_change_meanwhile_is_written_next(void **state)
{
    struct world *w = *state;

    hold_worker(w);
    begin_save(w);
    assert_int_equal(saver_at_once(&w->saver), 2);
    assert_false(uv_is_active((uv_handle_t *)&w->saver.timer));
    uv_sem_post(&w->gate);
    run(w, 1);
    assert_int_equal(w->done, 1);
    assert_int_equal(unlink(w->file), 0);
    run(w, 2);
    assert_int_equal(w->done, 2);
    assert_true(is_written(w));
}

static void one_that_failed_is_tried_again_after_30_s(void **state)
{
    struct world *w = *state;

    fail_once(w);
    assert_in_range(due_in(w), 25000, 30000);
    saver_soon(&w->saver); /* another change does not make it sooner, */
    assert_in_range(due_in(w), 25000, 30000);
    assert_int_equal(saver_at_once(&w->saver), 2); /* but who waits for it */
    assert_in_range(due_in(w), 0, 250);
}

static void it_is_tried_until_it_works(void **state)
{
    struct world *w = *state;

    w->saver.again_ms = 1;
    fail_once(w);
    run(w, 3);
    assert_false(is_written(w));
    mend_disk(w);
    run_until_all_is_written(w);
    assert_true(is_written(w));
    assert_false(uv_is_active((uv_handle_t *)&w->saver.timer));
}

/* The log folds what it says again, so the disk breaks in two ways. */
static void the_first_failure_of_a_row_is_said(void **state)
{
    struct world *w = *state;

    fail_once(w);
    assert_int_equal(w->warnings, 1);
    assert_non_null(strstr(w->warning, w->in_the_way));
    assert_non_null(strstr(w->warning, "Is a directory"));
    assert_non_null(strstr(w->warning, "may be forgotten"));
    for (int failures = 0; failures < 2; failures++) {
        mend_disk(w);
        w->dones = 0;
        assert_int_equal(mkdir(w->file, 0700), 0);
        (void)saver_at_once(&w->saver);
        run(w, 1);
        assert_int_equal(w->warnings, 1 + failures);
        assert_int_equal(rmdir(w->file), 0);
        (void)saver_at_once(&w->saver);
        run_until_all_is_written(w);
        assert_int_equal(unlink(w->file), 0);
        break_disk(w);
    }
}

static void what_failed_is_written_at_the_end(void **state)
{
    struct world *w = *state;

    fail_once(w);
    mend_disk(w);
    close_loop(w);
    assert_false(is_written(w));
    saver_finish(&w->saver);
    assert_true(is_written(w));
}

static void what_fails_while_all_ends_is_written_too(void **state)
{
    struct world *w = *state;

    break_disk(w);
    hold_worker(w);
    begin_save(w);
    saver_close(&w->saver);
    uv_sem_post(&w->gate);
    close_loop(w);
    assert_int_equal(w->dones, 1);
    mend_disk(w);
    saver_finish(&w->saver);
    assert_true(is_written(w));
}

static void a_last_write_that_fails_is_said(void **state)
{
    struct world *w = *state;

    break_disk(w);
    saver_soon(&w->saver);
    close_loop(w);
    saver_finish(&w->saver);
    assert_int_equal(w->warnings, 1);
    assert_non_null(strstr(w->warning, w->in_the_way));
}

static void nothing_is_written_without_a_change(void **state)
{
    struct world *w = *state;

    (void)saver_at_once(&w->saver);
    run(w, 1);
    assert_int_equal(unlink(w->file), 0);
    close_loop(w);
    saver_finish(&w->saver);
    assert_false(is_written(w));
}

static void without_a_file_nobody_waits(void **state)
{
    struct world *w = *state;
    struct error err;

    saver_close(&w->saver);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    store_close(w->store);
    w->store = store_open("/dev/null/x", NULL, &err);
    assert_string_equal(store_path(w->store), "");
    saver_init(&w->saver, &w->loop, w->store, on_done, w);
    assert_int_equal(saver_at_once(&w->saver), 1);
    run(w, 1);
    assert_int_equal(w->done, 1);
    saver_soon(&w->saver);
    saver_finish(&w->saver);
    assert_int_equal(w->warnings, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(changes_are_gathered_for_a_second),
        TEST(what_somebody_waits_for_is_written_at_once),
        TEST(a_change_meanwhile_is_written_next),
        TEST(one_that_failed_is_tried_again_after_30_s),
        TEST(it_is_tried_until_it_works),
        TEST(the_first_failure_of_a_row_is_said),
        TEST(what_failed_is_written_at_the_end),
        TEST(what_fails_while_all_ends_is_written_too),
        TEST(a_last_write_that_fails_is_said),
        TEST(nothing_is_written_without_a_change),
        TEST(without_a_file_nobody_waits),
    };

    (void)setenv("UV_THREADPOOL_SIZE", "1", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
