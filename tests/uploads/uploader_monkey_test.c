/* Uploads in random order: taken, cancelled, refused, the printer there or not,
 * the bridge stopped and started again at any moment. The seeds are fixed; what
 * the workers do meanwhile is not. Each order is answered once, or lies in the
 * spool at the end. */
#include "bridge/uploads/spool.h"
#include "bridge/uploads/uploader.h"
#include "mapping/memory.h"
#include "tests/bridge/http_world.h"
#include "tests/bridge/monkey.h"
#include "tests/unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SEEDS
#define SEEDS 12
#endif
#define TURNS  250
#define LIVES  3
#define ORDERS (LIVES * TURNS)

static struct far_side far;
static char place[64], folder[80], watched[80];
static struct spool spool;
static struct config_printer config;
static struct device device;
static struct world *world;
static struct fake_server *server;
static struct http_client *client;
static struct uploader *uploader;
static uint64_t last_id;
static int orders;
static int accepted[ORDERS], finished[ORDERS], kept[ORDERS];

/* ---- what the uploader tells ---- */

static void on_log(void *arg, enum log_level level, const char *printer,
                   const char *text)
{
    (void)arg, (void)level, (void)printer;
    assert_true(strlen(text) < 600);
}

static int number_of(const struct order *order)
{
    return (int)strtol(order->transaction, NULL, 10);
}

static void on_accepted(void *arg, const struct order *order, const char *text)
{
    (void)arg, (void)text;
    assert_int_equal(++accepted[number_of(order)], 1);
    assert_int_equal(finished[number_of(order)], 0);
}

static void on_finished(void *arg, struct order *order, enum order_code code,
                        int http_status, const char *text)
{
    (void)arg, (void)code, (void)http_status;
    assert_true(strlen(text) < 700);
    assert_int_equal(++finished[number_of(order)], 1);
    order_free(order);
}

/* As bridge/unit_uploads.c does: who is told looks what is next. */
static void on_moved(void *arg, const struct transfer *transfer)
{
    (void)arg;
    if (transfer)
        assert_true(strlen(transfer->path) > 0);
    if (uploader && !rarely(&far))
        uploader_ready(uploader, roll(&far, 4) > 0, &device);
}

static void on_stored(void *arg, const char *path, int64_t size,
                      const struct metadata *facts)
{
    (void)arg;
    assert_true(path[0] == '/' && size > 0 && facts);
}

/* ---- the other side ---- */

static struct fake_reply reply(struct fake_server *s, int n)
{
    static const struct fake_reply replies[] = {
        {.text = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"},
        {.text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"},
        {.text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nG28\n\n",
         .after = FAKE_CLOSE},
        {.text = "HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n"},
        {.text = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"},
        {.text = NULL},
        {.text = "", .after = FAKE_RESET},
        {.text = "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nhalf",
         .after = FAKE_CLOSE},
    };

    if (strncmp(s->request[n], "PUT", 3) == 0 && roll(&far, 4))
        return (struct fake_reply){
            .text = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"};
    return rarely(&far) ? PICK(&far, replies) : replies[roll(&far, 3)];
}

/* ---- what happens ---- */

static void write_file(const char *where, const char *name)
{
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", where, name);
    file = fopen(path, "we");
    assert_non_null(file);
    (void)fprintf(file, "G28 ; %d\n", (int)roll(&far, 100));
    (void)fclose(file);
}

static struct delivery *delivery(enum delivery_source source, const char *from)
{
    struct delivery *d = memory_zero(1, sizeof *d);
    char transaction[16];

    d->source = source;
    d->from = memory_text(from);
    d->print = roll(&far, 2);
    d->overwrite = roll(&far, 2);
    (void)snprintf(d->to, sizeof d->to, "/usb/%d.gcode", orders);
    if (source == DELIVERY_WATCHED)
        return d;
    (void)snprintf(transaction, sizeof transaction, "%d", orders++);
    d->order = memory_zero(1, sizeof *d->order);
    (void)snprintf(d->order->name, sizeof d->order->name, "upload");
    d->order->transaction = memory_text(transaction);
    d->order->expires = rarely(&far) ? 1 : INT64_MAX;
    d->order->expires_ms = INT64_MAX;
    return d;
}

static void take_watched(void)
{
    static int number;
    struct delivery *d;
    char name[32], path[128];
    int fd;

    (void)snprintf(name, sizeof name, "w%d.gcode", number++);
    d = delivery(DELIVERY_WATCHED, name);
    write_file(watched, name);
    (void)snprintf(path, sizeof path, "%s/%s", watched, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(http_stamp_of(fd, &d->stamp));
    (void)close(fd);
    uploader_take(uploader, d, NULL, 0);
    if (rarely(&far))
        (void)unlink(path);
}

static void take(void)
{
    static const char *const names[] = {"a.gcode", "none.gcode", "../a", "a/b"};
    char url[128];

    switch (roll(&far, 4)) {
    case 0:
        uploader_take(uploader, delivery(DELIVERY_PAYLOAD, NULL), "G28\n",
                      rarely(&far) ? 0 : 4);
        break;
    case 1:
        uploader_take(uploader,
                      delivery(DELIVERY_DIRECTORY,
                               rarely(&far) ? PICK(&far, names) : "a.gcode"),
                      NULL, 0);
        break;
    case 2:
        (void)snprintf(url, sizeof url, "%s/%s/box.gcode", server->url,
                       rarely(&far) ? "other" : "files");
        uploader_take(uploader, delivery(DELIVERY_URL, url), NULL, 0);
        break;
    default: take_watched();
    }
}

static void run(int turns)
{
    while (turns-- > 0)
        (void)uv_run(&world->loop, UV_RUN_NOWAIT);
}

static void turn(void)
{
    switch (roll(&far, 20)) {
    case 0:
    case 1: take(); break;
    case 2:
        if (rarely(&far))
            (void)uploader_cancel(uploader, "broken off");
        break;
    case 3: uploader_ready(uploader, roll(&far, 8) > 0, &device); break;
    case 4: usleep((unsigned)roll(&far, 4000)); break;
    case 5:
        if (rarely(&far))
            fake_server_drop(server);
        break;
    default: run((int)roll(&far, 20));
    }
}

/* ---- lives ---- */

static void resume(void *arg, struct delivery *d)
{
    (void)arg;
    assert_string_equal(d->printer, "mk4");
    uploader_resume(uploader, d);
}

static void begin(void)
{
    static const struct uploader_sink sink = {
        .log = on_log,
        .accepted = on_accepted,
        .finished = on_finished,
        .moved = on_moved,
        .stored = on_stored,
    };
    const struct http_target target = {.url = server->url};
    struct uploader_setup setup = {.loop = &world->loop,
                                   .http = world->http,
                                   .config = &config,
                                   .spool = &spool,
                                   .driver = driver_find("prusalink"),
                                   .last_id = &last_id};
    struct error err;

    setup.client = client = http_client_new(world->http, &target, &err);
    uploader = uploader_new(&setup, &sink, NULL);
    last_id = spool_load(&spool, resume, NULL);
}

static void end(void)
{
    struct uploader *u = uploader;

    uploader_stop(u);
    run((int)roll(&far, 4)); /* the last words go to the broker */
    uploader = NULL;
    uploader_free(u);
    http_client_free(client);
    run(2);
    while (world->loop.active_reqs.count > 0) /* in workers */
        (void)uv_run(&world->loop, UV_RUN_ONCE);
    run(2);
}

static void count_kept(void *arg, struct delivery *d)
{
    (void)arg;
    if (d->order)
        kept[number_of(d->order)]++;
    delivery_free(d);
}

static void prepare(uint64_t seed)
{
    static const uint64_t lucks[] = {8, 40, 200, 1000};
    static char origin[128];
    static char *origins[] = {origin, NULL};
    char path[128];
    struct error err;

    far = (struct far_side){.dice = seed * 2654435769u + 88172645463325252u,
                            .luck = lucks[seed % ROWS(lucks)]};
    (void)snprintf(place, sizeof place, "/tmp/p2m-monkey-XXXXXX");
    assert_non_null(mkdtemp(place));
    (void)snprintf(path, sizeof path, "%s/state.json", place);
    assert_true(spool_open(&spool, path, NULL, true, &err));
    (void)snprintf(folder, sizeof folder, "%s/in", place);
    (void)snprintf(watched, sizeof watched, "%s/watched", place);
    assert_int_equal(mkdir(folder, 0700) + mkdir(watched, 0700), 0);
    write_file(folder, "a.gcode");
    (void)snprintf(origin, sizeof origin, "%s/files", server->url);
    config = (struct config_printer){.read_files = true,
                                     .uploads = {.enabled = true,
                                                 .max = 1000,
                                                 .timeout_ms = 60000,
                                                 .directory = folder,
                                                 .origins = origins,
                                                 .watch = watched}};
    (void)snprintf(config.id, sizeof config.id, "mk4");
    orders = 0;
    memset(accepted, 0, sizeof accepted);
    memset(finished, 0, sizeof finished);
    memset(kept, 0, sizeof kept);
}

static void one(uint64_t seed)
{
    char command[128];
    void *state;
    int life, i;

    assert_int_equal(world_setup(&state), 0);
    world = state;
    server = world_server(world, reply);
    prepare(seed);
    for (life = 0; life < LIVES; life++) {
        begin();
        for (i = 0; i < TURNS && server->count < FAKE_REQUESTS - 20; i++)
            turn();
        end();
    }
    assert_int_equal(world_teardown(&state), 0);
    (void)spool_load(&spool, count_kept, NULL);
    for (i = 0; i < orders; i++)
        assert_int_equal(finished[i] + kept[i], 1);
    (void)snprintf(command, sizeof command, "rm -rf %s", place);
    assert_int_equal(system(command), 0);
}

static void whatever_happens(void **state)
{
    uint64_t seed;

    (void)state;
    for (seed = 1; seed <= SEEDS; seed++)
        one(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
