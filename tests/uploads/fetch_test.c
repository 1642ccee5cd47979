/* A file from an address: whole in the spool, or not at all and said why. */
#include "bridge/uploads/fetch.h"
#include "mapping/memory.h"
#include "tests/bridge/http_world.h"
#include "tests/unit.h"

#include <sys/stat.h>
#include <unistd.h>

#define BIG (3 * 1024 * 1024 + 17)

static char place[64];
static struct spool spool;
static char *big; /* head and BIG bytes */
static size_t big_len;

static int enter(void **state)
{
    char path[128];
    struct error err;

    (void)snprintf(place, sizeof place, "/tmp/p2m-fetch-XXXXXX");
    if (!mkdtemp(place))
        return -1;
    (void)snprintf(path, sizeof path, "%s/state.json", place);
    return spool_open(&spool, path, NULL, true, &err) ? world_setup(state) : -1;
}

static int leave(void **state)
{
    char command[128];

    free(big);
    big = NULL;
    (void)snprintf(command, sizeof command, "rm -rf %s", place);
    return world_teardown(state) + system(command);
}

static struct fake_reply send_big(struct fake_server *s, int n)
{
    int head;
    size_t i;

    (void)s;
    (void)n;
    big = memory_zero(BIG + 200, 1);
    head = snprintf(big, 200, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
                    BIG);
    for (i = 0; i < BIG; i++)
        big[(size_t)head + i] = (char)(i * 7 % 251);
    big_len = (size_t)head + BIG;
    return (struct fake_reply){.text = big, .len = big_len};
}

static struct fake_reply cut(struct fake_server *s, int n)
{
    (void)s;
    (void)n;
    return (struct fake_reply){
        .text = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        .after = FAKE_CLOSE};
}

static struct fake_reply elsewhere(struct fake_server *s, int n)
{
    (void)s;
    (void)n;
    return (struct fake_reply){
        .text = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/x\r\n"
                "Content-Length: 0\r\n\r\n"};
}

static struct fake_reply none(struct fake_server *s, int n)
{
    (void)s;
    (void)n;
    return (struct fake_reply){
        .text = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"};
}

static struct fake_reply empty(struct fake_server *s, int n)
{
    (void)s;
    (void)n;
    return (struct fake_reply){
        .text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
}

static struct fake_reply compressed(struct fake_server *s, int n)
{
    assert_true(fake_server_saw(s, n, "\r\nAccept-Encoding: identity\r\n"));
    return (struct fake_reply){
        .text = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                "Content-Length: 4\r\n\r\n\x1f\x8b\x08\x01"};
}

struct told {
    int calls;
    struct fetch_result result;
};

static void on_done(void *arg, const struct fetch_result *result)
{
    struct told *told = arg;

    told->calls++;
    told->result = *result;
}

static struct fetch *start(struct world *w, const struct fake_server *s,
                           int64_t max, int64_t timeout_ms, struct told *told)
{
    struct origin_target from = {.target = "/a.gcode"};
    const struct fetch_plan plan = {
        .loop = &w->loop,
        .http = w->http,
        .spool = &spool,
        .id = 1,
        .from = &from,
        .max = max,
        .timeout_ms = timeout_ms,
    };

    (void)snprintf(from.server, sizeof from.server, "%s", s->url);
    *told = (struct told){.calls = 0};
    return fetch_new(&plan, on_done, told);
}

static struct fetch_result
fetch(struct world *w, struct fake_reply (*reply)(struct fake_server *, int),
      int64_t max, int64_t timeout_ms)
{
    struct fake_server *s = world_server(w, reply);
    struct told told;

    (void)start(w, s, max, timeout_ms, &told);
    while (!told.calls)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(told.calls, 1);
    return told.result;
}

static bool kept(void)
{
    char path[SPOOL_PATH_MAX];

    spool_data_path(&spool, 1, path, sizeof path);
    return access(path, F_OK) == 0;
}

static void a_large_file_arrives_byte_by_byte(void **state)
{
    struct fetch_result result = fetch(*state, send_big, 1 << 30, 20000);
    struct error err = {""};
    struct http_stamp stamp;
    char *bytes = memory_zero(BIG, 1);
    int fd;

    if (!result.ok)
        fail_msg("%s", result.err.text);
    assert_int_equal(result.stamp.size, BIG);
    fd = spool_read(&spool, 1, &stamp, &err);
    assert_int_equal(read(fd, bytes, BIG), BIG);
    assert_memory_equal(bytes, big + big_len - BIG, BIG);
    assert_memory_equal(&stamp, &result.stamp, sizeof stamp);
    (void)close(fd);
    free(bytes);
}

static void whatever_fails_is_said_and_leaves_nothing(void **state)
{
    static const struct {
        struct fake_reply (*reply)(struct fake_server *, int);
        int64_t max, timeout_ms;
        enum order_code code;
        const char *sentence;
    } rows[] = {
        {cut, 1 << 30, 20000, ORDER_NOT_FOUND, "cannot be fetched"},
        {elsewhere, 1 << 30, 20000, ORDER_INVALID, "redirects are not"},
        {none, 1 << 30, 20000, ORDER_NOT_FOUND, "HTTP 404"},
        {empty, 1 << 30, 20000, ORDER_INVALID, "empty"},
        {compressed, 1 << 30, 20000, ORDER_NOT_FOUND, "is compressed"},
        {fake_silent, 1 << 30, 100, ORDER_TIMEOUT, "within 0 s"},
        {send_big, 1000000, 20000, ORDER_TOO_BIG, "larger than 1000000 bytes"},
    };
    size_t i;

    for (i = 0; i < ROWS(rows); i++) {
        struct fetch_result r =
            fetch(*state, rows[i].reply, rows[i].max, rows[i].timeout_ms);

        ROW(rows[i].sentence);
        assert_false(r.ok);
        if (r.code != rows[i].code || !strstr(r.err.text, rows[i].sentence))
            fail_msg("%s (%s)", r.err.text, order_code_name(r.code));
        assert_false(kept());
    }
}

static void a_spool_that_takes_nothing_is_said(void **state)
{
    struct fetch_result r;

    (void)snprintf(spool.folder, sizeof spool.folder, "/proc/nothing");
    r = fetch(*state, send_big, 1 << 30, 20000);
    assert_false(r.ok);
    assert_int_equal(r.code, ORDER_TOO_BIG);
    assert_non_null(strstr(r.err.text, "cannot make"));
}

static void one_that_nobody_waits_for_leaves_nothing(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, send_big);
    struct told told;
    struct fetch *f = start(w, s, 1 << 30, 20000, &told);
    int64_t bytes = 0, total;

    while (bytes < 600000) {
        (void)uv_run(&w->loop, UV_RUN_ONCE);
        fetch_progress(f, &bytes, &total);
    }
    assert_int_equal(total, BIG);
    fetch_free(f);
    for (int i = 0; i < 1000 && kept(); i++)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_false(kept());
    assert_int_equal(told.calls, 0);
}

/* The edge may be gone before the worker is done. */
static void one_that_is_broken_off_needs_the_edge_no_more(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, send_big);
    struct told told;

    fetch_free(start(w, s, 1 << 30, 20000, &told));
    http_free(w->http);
    w->http = NULL;
    assert_int_equal(told.calls, 0);
}

static struct fake_reply small(struct fake_server *s, int n)
{
    (void)s;
    (void)n;
    return (struct fake_reply){
        .text = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nG28\n"};
}

/* All of it came, a worker is to write it. */
static void one_that_is_given_up_at_its_end_leaves_nothing(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, small);
    struct told told;
    struct fetch *f = start(w, s, 1 << 30, 20000, &told);

    while (!kept())
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    fetch_free(f);
    for (int i = 0; i < 60000 && kept(); i++) {
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
        (void)usleep(1000);
    }
    assert_false(kept());
    assert_int_equal(told.calls, 0);
}

#define FETCH_TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FETCH_TEST(a_large_file_arrives_byte_by_byte),
        FETCH_TEST(whatever_fails_is_said_and_leaves_nothing),
        FETCH_TEST(a_spool_that_takes_nothing_is_said),
        FETCH_TEST(one_that_nobody_waits_for_leaves_nothing),
        FETCH_TEST(one_that_is_broken_off_needs_the_edge_no_more),
        FETCH_TEST(one_that_is_given_up_at_its_end_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
