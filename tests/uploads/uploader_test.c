/* All uploads of a printer: each is answered once, whatever happens. */
#include "bridge/task.h"
#include "bridge/uploads/uploader.h"
#include "mapping/memory.h"
#include "tests/bridge/http_world.h"
#include "tests/unit.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 4 /* libuv's threads, if not said otherwise */

static char place[64], watched[80];
static struct spool spool;
static struct config_printer config;
static struct http_client *client;
static struct uploader *uploader;
static uint64_t last_id;
static int accepted, finished, failures, troubles;
static enum order_code code;
static char said[640];

static void on_log(void *arg, enum log_level level, const char *printer,
                   const char *text)
{
    (void)arg;
    (void)level;
    (void)printer;
    failures += strncmp(text, "upload of", 9) == 0 && strstr(text, "failed");
    troubles += strncmp(text, "watched folder", 14) == 0;
}

static void on_accepted(void *arg, const struct order *order, const char *text)
{
    (void)arg;
    (void)text;
    assert_non_null(order);
    accepted++;
}

static void on_finished(void *arg, struct order *order, enum order_code how,
                        int http_status, const char *text)
{
    (void)arg;
    (void)http_status;
    code = how;
    (void)snprintf(said, sizeof said, "%s", text);
    order_free(order);
    finished++;
}

static void on_moved(void *arg, const struct transfer *transfer)
{
    (void)arg;
    (void)transfer;
}

static void on_stored(void *arg, const char *path, int64_t size,
                      const struct metadata *facts)
{
    (void)arg;
    (void)path;
    (void)size;
    (void)facts;
}

static int enter(void **state)
{
    static const struct uploader_sink sink = {
        .log = on_log,
        .accepted = on_accepted,
        .finished = on_finished,
        .moved = on_moved,
        .stored = on_stored,
    };
    const struct http_target target = {.url = "http://127.0.0.1:9"};
    struct uploader_setup setup = {.config = &config,
                                   .spool = &spool,
                                   .driver = driver_find("prusalink"),
                                   .last_id = &last_id};
    struct world *w;
    char path[128];
    struct error err;

    (void)snprintf(place, sizeof place, "/tmp/p2m-uploader-XXXXXX");
    if (!mkdtemp(place) || world_setup(state) < 0)
        return -1;
    (void)snprintf(path, sizeof path, "%s/state.json", place);
    accepted = finished = failures = troubles = 0;
    config = (struct config_printer){.uploads = {.enabled = true, .max = 1000}};
    (void)snprintf(config.id, sizeof config.id, "mk4");
    (void)snprintf(watched, sizeof watched, "%s/watched", place);
    config.uploads.watch = watched;
    w = *state;
    setup.loop = &w->loop;
    setup.http = w->http;
    setup.client = client = http_client_new(w->http, &target, &err);
    uploader = uploader_new(&setup, &sink, NULL);
    return spool_open(&spool, path, NULL, true, &err) ? 0 : -1;
}

static int leave(void **state)
{
    char command[128];

    uploader_free(uploader);
    http_client_free(client);
    (void)snprintf(command, sizeof command, "rm -rf %s", place);
    return world_teardown(state) + system(command);
}

static struct delivery *delivery_of(enum delivery_source source,
                                    const char *from)
{
    struct delivery *d = memory_zero(1, sizeof *d);

    d->source = source;
    d->from = memory_text(from);
    (void)snprintf(d->to, sizeof d->to, "/usb/box.gcode");
    d->order = memory_zero(1, sizeof *d->order);
    (void)snprintf(d->order->name, sizeof d->order->name, "upload");
    d->order->transaction = memory_text("\"a transaction\"");
    return d;
}

static uv_sem_t gate;

static void wait_at_gate(void *arg)
{
    (void)arg;
    uv_sem_wait(&gate);
}

static void nothing(void *arg)
{
    (void)arg;
}

/* All of libuv's workers are busy until the gate opens. */
static void hold_workers(struct world *w)
{
    int i;

    (void)uv_sem_init(&gate, 0);
    for (i = 0; i < WORKERS; i++)
        task_start(&w->loop, wait_at_gate, nothing, NULL);
}

static void release_workers(void)
{
    int i;

    for (i = 0; i < WORKERS; i++)
        uv_sem_post(&gate);
}

static void the_end_answers_what_is_just_being_kept(void **state)
{
    hold_workers(*state);
    uploader_take(uploader, delivery_of(DELIVERY_PAYLOAD, NULL), "G28\n", 4);
    uploader_stop(uploader); /* before a worker writes its record */
    release_workers();
    assert_int_equal(finished, 1);
    assert_int_equal(code, ORDER_OFFLINE);
    assert_int_equal(accepted, 0);
}

/* Its printer may be off for days. */
static void an_order_expires_while_its_printer_is_off(void **state)
{
    struct delivery *d = delivery_of(DELIVERY_PAYLOAD, NULL);
    struct order *order = d->order;

    order->expires = INT64_MAX;
    uploader_take(uploader, d, "G28\n", 4);
    while (!accepted)
        (void)uv_run(&((struct world *)*state)->loop, UV_RUN_ONCE);
    uploader_ready(uploader, false, NULL);
    assert_int_equal(finished, 0);
    order->expires = 1;
    uploader_ready(uploader, false, NULL);
    assert_int_equal(finished, 1);
    assert_int_equal(code, ORDER_EXPIRED);
    uploader_ready(uploader, false, NULL);
    assert_int_equal(finished, 1);
}

/* A network share comes and goes; what came from there waits for it. */
static void without_its_folder_a_watched_file_waits(void **state)
{
    struct world *w = *state;
    struct delivery *d = delivery_of(DELIVERY_WATCHED, "box.gcode");

    order_free(d->order);
    d->order = NULL;
    d->id = ++last_id;
    d->started = true;
    assert_int_equal(close(creat(watched, 0600)), 0); /* no folder */
    uploader_resume(uploader, d);
    uploader_ready(uploader, true, NULL);
    while (!troubles || w->loop.active_reqs.count > 0)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(failures, 0);
    uploader_take(uploader, delivery_of(DELIVERY_PAYLOAD, NULL), "G28\n", 4);
    while (!accepted || w->loop.active_reqs.count > 0)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    (void)uploader_cancel(uploader, "that which runs");
    while (!finished) /* others do not wait for it */
        (void)uv_run(&w->loop, UV_RUN_ONCE);
}

/* A share that is not mounted is an empty folder. */
static void a_file_that_is_not_there_is_waited_for(void **state)
{
    struct world *w = *state;
    struct delivery *d = delivery_of(DELIVERY_WATCHED, "box.gcode");
    char record[128];

    order_free(d->order);
    d->order = NULL;
    d->id = ++last_id;
    d->started = true;
    d->started_at = (int64_t)time(NULL);
    (void)snprintf(record, sizeof record, "%s/uploads/%012d.json", place,
                   (int)d->id);
    assert_int_equal(close(creat(record, 0600)), 0);
    uploader_resume(uploader, d);
    uploader_ready(uploader, true, NULL);
    while (!troubles || w->loop.active_reqs.count > 0)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(troubles, 1);
    assert_int_equal(failures, 0);
    assert_false(uploader_cancel(uploader, "nothing runs"));
    assert_int_equal(access(record, F_OK), 0);
}

static void a_file_that_is_not_there_for_a_week_is_given_up(void **state)
{
    struct world *w = *state;
    struct delivery *d = delivery_of(DELIVERY_WATCHED, "box.gcode");

    order_free(d->order);
    d->order = NULL;
    d->id = ++last_id;
    d->started = true;
    d->started_at = (int64_t)time(NULL) - (int64_t)8 * 24 * 3600;
    uploader_resume(uploader, d);
    uploader_ready(uploader, true, NULL);
    while (!failures || w->loop.active_reqs.count > 0)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(troubles, 0);
}

static void nor_is_it_waited_for_longer_while_the_bridge_runs(void **state)
{
    struct world *w = *state;
    struct delivery *d = delivery_of(DELIVERY_WATCHED, "box.gcode");

    order_free(d->order);
    d->order = NULL;
    d->id = ++last_id;
    d->started = true;
    d->started_at = (int64_t)time(NULL);
    uploader_resume(uploader, d);
    uploader_ready(uploader, true, NULL);
    while (!troubles || w->loop.active_reqs.count > 0)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    uploader_ready(uploader, false, NULL);
    assert_int_equal(failures, 0);
    d->started_at -= (int64_t)8 * 24 * 3600;
    uploader_ready(uploader, true, NULL);
    assert_int_equal(failures, 1);
    while (w->loop.active_reqs.count > 0)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(troubles, 1);
}

#define UPLOADER_TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UPLOADER_TEST(the_end_answers_what_is_just_being_kept),
        UPLOADER_TEST(without_its_folder_a_watched_file_waits),
        UPLOADER_TEST(a_file_that_is_not_there_is_waited_for),
        UPLOADER_TEST(a_file_that_is_not_there_for_a_week_is_given_up),
        UPLOADER_TEST(nor_is_it_waited_for_longer_while_the_bridge_runs),
        UPLOADER_TEST(an_order_expires_while_its_printer_is_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
