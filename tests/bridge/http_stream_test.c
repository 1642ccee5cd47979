/* Bodies that are read while they are sent, and answers that are handed on
 * while they come. */
/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "tests/bridge/http_world.h"
#include "tests/bridge/temp_file.h"

#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MADE "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
#define CONFLICT                                                               \
    "HTTP/1.1 409 Conflict\r\nContent-Length: 27\r\n"                          \
    "Connection: close\r\n\r\n409: Conflict\n\nFile is busy"
#define GIB ((int64_t)1 << 30)

static struct fake_reply made(struct fake_server *s, int n)
{
    (void)s;
    (void)n;
    return (struct fake_reply){.text = MADE};
}

static struct request put_request(void)
{
    struct request r = request_of(HTTP_PUT, "/api/v1/files/usb/box.gcode");

    r.content_type = "text/x.gcode";
    return r;
}

static struct outcome put_stream(struct world *w, struct http_client *c,
                                 const struct http_stream *stream)
{
    struct request r = put_request();
    struct outcome o = {.calls = 0};

    if (!http_stream(c, &r, stream, take_outcome, &o) || o.calls)
        abort();
    world_wait(w, &o);
    return o;
}

static struct outcome put_file(struct world *w, struct http_client *c,
                               const struct http_file *file)
{
    struct http_stream stream = {.file = file, .stall_ms = 60000};

    return put_stream(w, c, &stream);
}

/* ---- what goes over the wire ---- */

static const char *body_of(const struct fake_server *s, int n, size_t *len)
{
    const char *end = strstr(s->request[n], "\r\n\r\n") + 4;

    *len = s->size[n] - (size_t)(end - s->request[n]);
    return end;
}

static void a_file_is_written_byte_by_byte_as_it_is(void **state)
{
    static const size_t sizes[] = {1, 65536, 262144, 262145, 524288, 3000000};
    struct world *w = *state;
    struct fake_server *s = world_server(w, made);
    struct http_client *c = world_client(w, s, NULL);

    for (int i = 0; i < (int)(sizeof sizes / sizeof *sizes); i++) {
        struct http_file file = temp_file(sizes[i]);
        struct outcome o;
        const char *body;
        size_t len;

        file.tail = i % 2 ? "\n" : NULL;
        o = put_file(w, c, &file);
        assert_int_equal(o.answer.status, 201);
        assert_true(o.answer.sent_all);
        body = body_of(s, i, &len);
        assert_int_equal(len, sizes[i] + (file.tail ? 1 : 0));
        assert_true(temp_file_is(body, sizes[i], 0));
        if (file.tail)
            assert_int_equal(body[sizes[i]], '\n');
        (void)close(file.fd);
    }
    assert_int_equal(s->connections, 1);
    http_client_free(c);
}

static void the_head_of_an_upload_is_exactly_this(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, made);
    struct http_client *c = world_client(w, s, NULL);
    struct http_file file = temp_file(3);
    struct http_stream stream = {.file = &file};
    struct request r = put_request();
    struct outcome o = {.calls = 0};
    char head[512];

    r.headers[0] = "Print-After-Upload: ?1";
    r.headers[1] = "Overwrite: ?1";
    assert_true(http_stream(c, &r, &stream, take_outcome, &o));
    world_wait(w, &o);
    (void)snprintf(head, sizeof head,
                   "PUT /api/v1/files/usb/box.gcode HTTP/1.1\r\n"
                   "Host: 127.0.0.1:%d\r\n"
                   "User-Agent: printer2mqtt/" P2M_VERSION "\r\n"
                   "Accept: application/json\r\n"
                   "Content-Type: text/x.gcode\r\n"
                   "Print-After-Upload: ?1\r\n"
                   "Overwrite: ?1\r\n"
                   "Content-Length: 3\r\n\r\n",
                   s->port);
    assert_int_equal(strncmp(s->request[0], head, strlen(head)), 0);
    (void)close(file.fd);
    http_client_free(c);
}

/* The next request knows nothing of the upload before it. */
static void small_requests_follow_on_the_same_connection(void **state)
{
    static const enum http_method methods[] = {HTTP_GET, HTTP_POST, HTTP_HEAD,
                                               HTTP_DELETE, HTTP_PUT};
    struct world *w = *state;
    struct fake_server *s = world_server(w, made);
    struct http_client *c = world_client(w, s, NULL);
    struct http_file file = temp_file(100);

    for (int i = 0; i < (int)(sizeof methods / sizeof *methods); i++) {
        struct request r = request_of(methods[i], "/x");
        char line[32];

        assert_int_equal(put_file(w, c, &file).answer.status, 201);
        assert_int_equal(world_send(w, c, &r).answer.status, 201);
        (void)snprintf(line, sizeof line, "%s /x HTTP/1.1\r\n",
                       http_method_name(methods[i]));
        assert_true(fake_server_saw(s, 2 * i + 1, line));
        assert_int_equal(fake_server_saw(s, 2 * i + 1, "Content-Length: 0\r\n"),
                         methods[i] == HTTP_POST || methods[i] == HTTP_PUT);
        assert_false(fake_server_saw(s, 2 * i + 1, "chunked"));
        assert_false(fake_server_saw(s, 2 * i + 1, "Content-Type"));
    }
    assert_int_equal(s->body_bytes, 500);
    assert_int_equal(s->connections, 1);
    (void)close(file.fd);
    http_client_free(c);
}

/* ---- refusals while the body is sent ---- */

static bool refuse_at_once(struct fake_server *s, const char *head,
                           size_t so_far, struct fake_reply *reply)
{
    (void)head;
    if (so_far < (size_t)s->phase)
        return false;
    *reply = (struct fake_reply){.text = CONFLICT, .after = FAKE_HALF};
    return true;
}

static bool refuse_and_close(struct fake_server *s, const char *head,
                             size_t so_far, struct fake_reply *reply)
{
    if (!refuse_at_once(s, head, so_far, reply))
        return false;
    reply->after = FAKE_CLOSE; /* what is not read makes this a RST */
    return true;
}

static void an_early_refusal_is_the_answer(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct http_file file = temp_file(20000000);
    struct outcome o;

    s->early = refuse_at_once;
    o = put_file(w, c, &file);
    assert_int_equal(o.answer.result, HTTP_ANSWERED);
    assert_int_equal(o.answer.status, 409);
    assert_string_equal(o.body, "409: Conflict\n\nFile is busy");
    assert_false(o.answer.sent_all);
    assert_true(s->body_bytes < 20000000);
    assert_int_equal(world_get(w, c, "/").answer.status, 200);
    (void)close(file.fd);
    http_client_free(c);
}

/* The server's RST may come between libcurl's looking and its sending. */
static void a_refusal_is_read_although_sending_fails(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct http_file file = temp_file(20000000);

    s->early = refuse_and_close;
    for (int i = 0; i < 40; i++) {
        struct outcome o;

        s->phase = i * 50000;
        o = put_file(w, c, &file);
        assert_int_equal(o.answer.result, HTTP_ANSWERED);
        assert_int_equal(o.answer.status, 409);
        assert_string_equal(o.body, "409: Conflict\n\nFile is busy");
        assert_string_equal(o.answer.reason, "HTTP 409");
    }
    (void)close(file.fd);
    http_client_free(c);
}

/* What the server says between libcurl's looking and its sending, and then it
 * breaks the connection; NULL = it does not. */
static struct fake_server *breaking;
static const char *last_words;
static int sends_before;

/* This definition comes before the C library's, also for libcurl. */
ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    ssize_t (*real)(int, const void *, size_t, int) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "send");
    if (breaking && breaking->open && sends_before-- == 0) {
        fake_server_say(breaking, last_words, strlen(last_words));
        fake_server_break(breaking);
        breaking = NULL;
    }
    return real(fd, bytes, len, flags);
}

static void last_words_are_read_although_sending_fails(void **state)
{
    static const struct {
        const char *words;
        enum http_result result;
        int status;
        const char *says, *retry_after;
    } rows[] = {
        {CONFLICT, HTTP_ANSWERED, 409, "409: Conflict\n\nFile is busy", ""},
        {"HTTP/1.0 503 Busy\nRetry-After: 9\n\nlater", HTTP_ANSWERED, 503,
         "later", "9"},
        {"HTTP/1.1 507 Insufficient Storage\r\nConnec", HTTP_ANSWERED, 507, "",
         ""},
        {"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", HTTP_BROKEN, 0,
         "lost while sending", ""},
        {"HTTP/1.1 5o3 Busy\r\n\r\n", HTTP_BROKEN, 0, "lost while sending", ""},
        {"", HTTP_BROKEN, 0, "lost while sending", ""},
    };
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct http_file file = temp_file(20000000);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct outcome o;

        breaking = s;
        last_words = rows[i].words;
        sends_before = 2;
        o = put_file(w, c, &file);
        print_message("  %s\n    %d %s\n", last_words, o.answer.status,
                      o.answer.reason);
        assert_null(breaking);
        assert_int_equal(o.answer.result, rows[i].result);
        assert_int_equal(o.answer.status, rows[i].status);
        if (o.answer.result == HTTP_ANSWERED)
            assert_string_equal(o.body, rows[i].says);
        else
            assert_non_null(strstr(o.answer.reason, rows[i].says));
        assert_string_equal(o.answer.headers.retry_after, rows[i].retry_after);
        assert_false(o.answer.sent_all);
    }
    (void)close(file.fd);
    http_client_free(c);
}

static bool full_at_once(struct fake_server *s, const char *head, size_t so_far,
                         struct fake_reply *reply)
{
    (void)s;
    (void)so_far;
    assert_non_null(strstr(head, "\r\nContent-Length: 3221225473\r\n"));
    *reply = (struct fake_reply){.text = "HTTP/1.1 507 Insufficient Storage\r\n"
                                         "Content-Length: 0\r\n\r\n",
                                 .after = FAKE_HALF};
    return true;
}

static void three_gigabytes_and_a_byte_are_announced_as_that(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct http_file file = temp_file_sparse(3 * GIB);

    s->early = full_at_once;
    file.tail = "\n";
    assert_int_equal(put_file(w, c, &file).answer.status, 507);
    (void)close(file.fd);
    http_client_free(c);
}

static bool gives_up(struct fake_server *s, const char *head, size_t so_far,
                     struct fake_reply *reply)
{
    (void)s;
    (void)head;
    if (so_far < 100000)
        return false;
    *reply = (struct fake_reply){.text = "HTTP/1.1 408 Request Timeout\r\n\r\n",
                                 .len = 33, /* with the NUL, as Buddy does */
                                 .after = FAKE_CLOSE};
    return true;
}

static void a_raw_408_is_a_broken_upload(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct http_file file = temp_file(20000000);
    struct outcome o;

    s->early = gives_up;
    o = put_file(w, c, &file);
    assert_int_equal(o.answer.result, HTTP_BROKEN);
    assert_non_null(strstr(o.answer.reason, "408"));
    assert_true(o.answer.sent);
    (void)close(file.fd);
    http_client_free(c);
}

/* ---- connections that break, and ones that stand still ---- */

static bool resets(struct fake_server *s, const char *head, size_t so_far,
                   struct fake_reply *reply)
{
    (void)s;
    (void)head;
    if (so_far < 1000)
        return false;
    *reply = (struct fake_reply){.after = FAKE_RESET};
    return true;
}

static void a_cut_upload_is_not_sent_again(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct http_file file = temp_file(5000000);
    struct outcome o;

    assert_int_equal(world_get(w, c, "/").answer.status, 200);
    s->early = resets;
    o = put_file(w, c, &file);
    assert_int_equal(o.answer.result, HTTP_BROKEN);
    assert_true(o.answer.sent);
    assert_false(o.answer.sent_all);
    assert_int_equal(s->count, 2);
    s->early = NULL;
    assert_int_equal(put_file(w, c, &file).answer.status, 200);
    assert_int_equal(s->count, 3);
    (void)close(file.fd);
    http_client_free(c);
}

/* The connection dies with the upload as the first thing on it. */
static bool dies(struct fake_server *s, const char *head, size_t so_far,
                 struct fake_reply *reply)
{
    (void)head;
    (void)so_far;
    *reply = (struct fake_reply){.after = s->phase ? FAKE_RESET : FAKE_CLOSE};
    return true;
}

static void a_kept_connection_that_dies_costs_one_try(void **state)
{
    struct world *w = *state;

    for (int reset = 0; reset < 2; reset++) {
        struct fake_server *s = world_server(w, fake_ok);
        struct http_client *c = world_client(w, s, NULL);
        struct http_file file = temp_file(300000);
        struct outcome o;

        assert_int_equal(world_get(w, c, "/").answer.status, 200);
        s->phase = reset;
        s->early = dies;
        o = put_file(w, c, &file);
        assert_int_equal(o.answer.result, HTTP_BROKEN);
        assert_int_equal(s->count, 2);
        assert_int_equal(s->connections, 1);
        (void)close(file.fd);
        http_client_free(c);
    }
}

static bool sticks(struct fake_server *s, const char *head, size_t so_far,
                   struct fake_reply *reply)
{
    (void)s;
    (void)head;
    *reply = (struct fake_reply){.after = FAKE_STUCK};
    return so_far > 0;
}

static void an_upload_that_stands_still_ends(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct http_file file = temp_file_sparse(100000000);
    struct http_stream stream = {.file = &file, .stall_ms = 80};
    struct outcome o;

    s->early = sticks;
    o = put_stream(w, c, &stream);
    assert_int_equal(o.answer.result, HTTP_TIMEOUT);
    assert_non_null(strstr(o.answer.reason, "stuck: nothing was taken for "));
    assert_non_null(strstr(o.answer.reason, "of 100000000 bytes"));
    fake_server_drop(s);
    s->early = NULL;
    assert_int_equal(world_get(w, c, "/").answer.status, 200);
    (void)close(file.fd);
    http_client_free(c);
}

/* What lies in this machine's socket has not arrived. */
static void progress_counts_what_arrived(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct http_file file = temp_file_sparse(1500000);
    struct http_stream stream = {.file = &file};
    struct request r = put_request();
    struct outcome o = {.calls = 0};
    struct http_progress p = http_progress(c);
    int64_t before = 0;

    assert_int_equal(p.send_total, 0);
    s->early = sticks;
    assert_true(http_stream(c, &r, &stream, take_outcome, &o));
    for (int turns = 0; turns < 300 || before == 0; turns++) {
        p = http_progress(c);
        assert_int_equal(p.send_total, 1500000);
        assert_true(p.sent >= before && p.sent < p.send_total);
        before = p.sent;
        uv_sleep(turns % 10 == 0);
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    }
    http_abort(c);
    assert_int_equal(o.answer.result, HTTP_ABORTED);
    assert_int_equal(http_progress(c).send_total, 0);
    (void)close(file.fd);
    http_client_free(c);
}

/* Pieces with pauses that add up to more than the time for standing still. */
struct dropper {
    uv_timer_t timer;
    struct fake_server *server;
    uint64_t last_ns, longest_ns; /* pause so far */
    bool closed;
};

static void note_pause(struct dropper *d)
{
    uint64_t now = uv_hrtime();

    if (now - d->last_ns > d->longest_ns)
        d->longest_ns = now - d->last_ns;
    d->last_ns = now;
}

static void on_piece(uv_timer_t *timer)
{
    struct dropper *d = timer->data;

    note_pause(d);
    fake_server_say(d->server, "x", 1);
    if (--d->server->phase == 0)
        (void)uv_timer_stop(timer);
}

static void on_dropper_closed(uv_handle_t *handle)
{
    ((struct dropper *)handle->data)->closed = true;
}

static bool says_nothing(struct fake_server *s, const char *head, size_t so_far,
                         struct fake_reply *reply)
{
    (void)s;
    (void)head;
    (void)so_far;
    (void)reply;
    return false;
}

static struct fake_reply begins(struct fake_server *s, int n)
{
    (void)s;
    (void)n;
    return (struct fake_reply){
        .text = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"};
}

static enum http_more count_bytes(void *arg, const char *bytes, size_t len)
{
    (void)bytes;
    *(size_t *)arg += len;
    return HTTP_MORE;
}

#define STILL_MS 1000

/* False: this machine stood still for so long itself. */
static bool hears_pieces(struct world *w)
{
    struct fake_server *s = world_server(w, begins);
    struct http_client *c = world_client(w, s, NULL);
    size_t got = 0;
    struct http_stream stream = {
        .sink = count_bytes, .arg = &got, .stall_ms = STILL_MS};
    struct request r = request_of(HTTP_GET, "/usb/box.gcode");
    struct outcome o = {.calls = 0};
    struct dropper d = {.server = s, .last_ns = uv_hrtime()};

    (void)uv_timer_init(&w->loop, &d.timer);
    d.timer.data = &d;
    s->phase = 10;
    s->early = says_nothing;
    r.timeout_ms = 10; /* counts for small requests only */
    assert_true(http_stream(c, &r, &stream, take_outcome, &o));
    (void)uv_timer_start(&d.timer, on_piece, 110, 110);
    world_wait(w, &o);
    note_pause(&d);
    uv_close((uv_handle_t *)&d.timer, on_dropper_closed);
    while (!d.closed)
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    http_client_free(c);
    if (o.answer.status != 200 &&
        d.longest_ns >= (uint64_t)STILL_MS * 9 / 10 * 1000000)
        return false;
    assert_int_equal(o.answer.status, 200);
    assert_int_equal(got, 10);
    return true;
}

static void slow_is_not_still(void **state)
{
    int tries = 0;

    while (!hears_pieces(*state))
        assert_true(++tries < WORLD_SERVERS);
}

static void what_takes_too_long_ends(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, begins);
    struct http_client *c = world_client(w, s, NULL);
    size_t got = 0;
    struct http_stream stream = {
        .sink = count_bytes, .arg = &got, .stall_ms = 60000, .limit_ms = 80};
    struct request r = request_of(HTTP_GET, "/usb/box.gcode");
    struct outcome o = {.calls = 0};

    s->early = says_nothing;
    assert_true(http_stream(c, &r, &stream, take_outcome, &o));
    world_wait(w, &o);
    assert_int_equal(o.answer.result, HTTP_TIMEOUT);
    assert_string_equal(o.answer.reason, "too slow: not done in 80 ms");
    http_client_free(c);
}

/* ---- the file ---- */

static int file_fd; /* of the test that runs */

static bool shrinks(struct fake_server *s, const char *head, size_t so_far,
                    struct fake_reply *reply)
{
    (void)head;
    (void)so_far;
    (void)reply;
    if (!s->phase++)
        assert_int_equal(ftruncate(file_fd, 1000), 0);
    return false;
}

static bool is_touched(struct fake_server *s, const char *head, size_t so_far,
                       struct fake_reply *reply)
{
    static const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

    (void)head;
    (void)so_far;
    (void)reply;
    if (!s->phase++)
        assert_int_equal(futimens(file_fd, times), 0);
    return false;
}

static void a_file_that_shrinks_is_said(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct http_file file = temp_file(5000000);
    struct outcome o;

    file_fd = file.fd;
    s->early = shrinks;
    o = put_file(w, c, &file);
    assert_int_equal(o.answer.result, HTTP_LOCAL);
    assert_string_equal(o.answer.reason,
                        "the file became shorter while it was sent");
    assert_int_equal(s->count, 0);
    (void)close(file.fd);
    http_client_free(c);
}

/* The printer must not take half of the old and half of the new file for a
 * whole one. */
static void the_end_of_a_changed_file_is_not_sent(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct http_file file = temp_file(5000000);
    struct outcome o;

    file_fd = file.fd;
    s->early = is_touched;
    o = put_file(w, c, &file);
    assert_int_equal(o.answer.result, HTTP_LOCAL);
    assert_string_equal(o.answer.reason,
                        "the file was changed while it was sent");
    assert_int_equal(s->count, 0);
    (void)close(file.fd);
    http_client_free(c);
}

static void a_file_that_changed_before_is_not_sent_at_all(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct http_file file = temp_file(5000);
    struct outcome o;

    file.stamp.inode++;
    o = put_file(w, c, &file);
    assert_int_equal(o.answer.result, HTTP_LOCAL);
    assert_int_equal(s->body_bytes, 0);
    assert_int_equal(s->count, 0);
    (void)close(file.fd);
    file.fd = -1;
    assert_int_equal(put_file(w, c, &file).answer.result, HTTP_LOCAL);
    http_client_free(c);
}

/* ---- abort ---- */

static void an_upload_can_be_aborted_at_any_moment(void **state)
{
    struct world *w = *state;
    struct http_file file = temp_file(4000000);

    for (int turns = 0; turns < 30; turns++) {
        struct fake_server *s =
            turns % 10 ? &w->servers[turns / 10] : world_server(w, fake_ok);
        struct http_client *c = world_client(w, s, NULL);
        struct http_stream stream = {.file = &file};
        struct request r = put_request();
        struct outcome o = {.calls = 0};

        assert_true(http_stream(c, &r, &stream, take_outcome, &o));
        for (int i = 0; i < turns && !o.calls; i++)
            (void)uv_run(&w->loop, UV_RUN_NOWAIT);
        if (turns % 2)
            http_abort(c);
        http_client_free(c);
        assert_int_equal(o.calls, 1);
        assert_true(o.answer.result == HTTP_ABORTED || o.answer.status == 200);
    }
    (void)close(file.fd);
}

/* ---- long answers ---- */

#define PAGE 300000

static struct fake_reply big_file(struct fake_server *s, int n)
{
    static char text[PAGE + 200];
    int head =
        snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n",
                 s->phase ? "404 Not Found" : "200 OK", PAGE);

    (void)n;
    memset(text + head, 'a', PAGE);
    return (struct fake_reply){.text = text, .len = (size_t)head + PAGE};
}

struct basin {
    size_t taken, pieces, enough;
    enum http_more then;
};

static enum http_more take_some(void *arg, const char *bytes, size_t len)
{
    struct basin *b = arg;

    assert_int_equal(bytes[0], 'a');
    b->taken += len;
    b->pieces++;
    return b->enough && b->taken >= b->enough ? b->then : HTTP_MORE;
}

static struct outcome get_stream(struct world *w, struct http_client *c,
                                 struct basin *basin, size_t answer_max)
{
    struct http_stream stream = {.sink = take_some, .arg = basin};
    struct request r = request_of(HTTP_GET, "/usb/box.gcode");
    struct outcome o = {.calls = 0};

    r.answer_max = answer_max;
    assert_true(http_stream(c, &r, &stream, take_outcome, &o));
    world_wait(w, &o);
    return o;
}

static void a_sink_is_given_all_of_a_long_answer(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, big_file);
    struct http_client *c = world_client(w, s, NULL);
    struct basin basin = {.taken = 0};
    struct outcome o = get_stream(w, c, &basin, 0);

    assert_int_equal(o.answer.status, 200);
    assert_int_equal(basin.taken, PAGE);
    assert_true(basin.pieces > 1);
    assert_int_equal(o.answer.len, 0);
    assert_false(o.answer.enough);
    http_client_free(c);
}

static void a_sink_may_have_enough(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, big_file);
    struct http_client *c = world_client(w, s, NULL);
    struct basin basin = {.enough = 1000, .then = HTTP_ENOUGH};
    struct outcome o = get_stream(w, c, &basin, 0);

    assert_int_equal(o.answer.result, HTTP_ANSWERED);
    assert_int_equal(o.answer.status, 200);
    assert_true(o.answer.enough);
    assert_true(basin.taken >= 1000 && basin.taken < PAGE);
    /* and the next one gets all, on a new connection */
    basin = (struct basin){.taken = 0};
    assert_int_equal(get_stream(w, c, &basin, 0).answer.status, 200);
    assert_int_equal(basin.taken, PAGE);
    assert_int_equal(s->connections, 2);
    http_client_free(c);
}

static void a_sink_may_give_up(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, big_file);
    struct http_client *c = world_client(w, s, NULL);
    struct basin basin = {.enough = 1000, .then = HTTP_STOP};
    struct outcome o = get_stream(w, c, &basin, 0);

    assert_int_equal(o.answer.result, HTTP_LOCAL);
    assert_string_equal(o.answer.reason, "the answer could not be stored");
    http_client_free(c);
}

/* Asks to be given the first piece later, and answers then when it is. */
struct hold {
    int calls;
    enum http_more then;
    size_t answer_max;
};

static enum http_more hold_once(void *arg, const char *bytes, size_t len)
{
    struct hold *h = arg;

    (void)bytes;
    (void)len;
    world_wake();
    return ++h->calls == 1 ? HTTP_LATER : h->then;
}

static struct outcome hold_and_resume(struct world *w, struct hold *hold)
{
    struct http_client *c = world_client(w, world_server(w, big_file), NULL);
    struct http_stream stream = {.sink = hold_once, .arg = hold};
    struct request r = request_of(HTTP_GET, "/usb/box.gcode");
    struct outcome o = {.calls = 0};

    r.answer_max = hold->answer_max;
    stream.stall_ms = 60000;
    assert_true(http_stream(c, &r, &stream, take_outcome, &o));
    while (hold->calls == 0)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    http_resume(c);
    assert_int_equal(o.calls, 0); /* never from inside */
    world_wait(w, &o);
    http_client_free(c);
    return o;
}

static void a_sink_may_end_it_when_it_is_resumed(void **state)
{
    struct hold stop = {.then = HTTP_STOP}, enough = {.then = HTTP_ENOUGH};
    struct outcome o = hold_and_resume(*state, &stop);

    assert_string_equal(o.answer.reason, "the answer could not be stored");
    assert_int_equal(o.answer.result, HTTP_LOCAL);
    assert_int_equal(stop.calls, 2);
    o = hold_and_resume(*state, &enough);
    assert_int_equal(o.answer.result, HTTP_ANSWERED);
    assert_true(o.answer.enough);
    assert_int_equal(enough.calls, 2);
}

static void a_sink_goes_on_when_it_is_resumed(void **state)
{
    struct hold hold = {.then = HTTP_MORE};
    struct outcome o = hold_and_resume(*state, &hold);

    assert_int_equal(o.answer.status, 200);
    assert_true(hold.calls > 2);
}

static void a_sink_gets_no_more_when_it_is_resumed(void **state)
{
    /* more than the piece that was held, less than what was kept with it */
    struct hold hold = {.then = HTTP_MORE, .answer_max = 20000};
    struct outcome o = hold_and_resume(*state, &hold);

    assert_int_equal(o.answer.result, HTTP_TOO_BIG);
    assert_string_equal(o.answer.reason, "the answer is over 20000 bytes");
}

static void a_sink_gets_no_more_than_was_agreed(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, big_file);
    struct http_client *c = world_client(w, s, NULL);
    struct basin basin = {.taken = 0};
    struct outcome o = get_stream(w, c, &basin, 100000);

    assert_int_equal(o.answer.result, HTTP_TOO_BIG);
    assert_true(basin.taken <= 100000);
    basin = (struct basin){.taken = 0};
    assert_int_equal(get_stream(w, c, &basin, PAGE).answer.status, 200);
    http_client_free(c);
}

static void a_refusal_is_not_for_the_sink(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, big_file);
    struct http_client *c = world_client(w, s, NULL);
    struct basin basin = {.taken = 0};
    struct outcome o;

    s->phase = 1;
    o = get_stream(w, c, &basin, 0);
    assert_int_equal(o.answer.result, HTTP_TOO_BIG); /* over 64 kB of it */
    assert_int_equal(basin.taken, 0);
    http_client_free(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(a_file_is_written_byte_by_byte_as_it_is),
        WORLD_TEST(the_head_of_an_upload_is_exactly_this),
        WORLD_TEST(small_requests_follow_on_the_same_connection),
        WORLD_TEST(an_early_refusal_is_the_answer),
        WORLD_TEST(a_refusal_is_read_although_sending_fails),
        WORLD_TEST(last_words_are_read_although_sending_fails),
        WORLD_TEST(three_gigabytes_and_a_byte_are_announced_as_that),
        WORLD_TEST(a_raw_408_is_a_broken_upload),
        WORLD_TEST(a_cut_upload_is_not_sent_again),
        WORLD_TEST(a_kept_connection_that_dies_costs_one_try),
        WORLD_TEST(an_upload_that_stands_still_ends),
        WORLD_TEST(progress_counts_what_arrived),
        WORLD_TEST(slow_is_not_still),
        WORLD_TEST(what_takes_too_long_ends),
        WORLD_TEST(a_file_that_shrinks_is_said),
        WORLD_TEST(the_end_of_a_changed_file_is_not_sent),
        WORLD_TEST(a_file_that_changed_before_is_not_sent_at_all),
        WORLD_TEST(an_upload_can_be_aborted_at_any_moment),
        WORLD_TEST(a_sink_is_given_all_of_a_long_answer),
        WORLD_TEST(a_sink_may_have_enough),
        WORLD_TEST(a_sink_may_give_up),
        WORLD_TEST(a_sink_may_end_it_when_it_is_resumed),
        WORLD_TEST(a_sink_goes_on_when_it_is_resumed),
        WORLD_TEST(a_sink_gets_no_more_when_it_is_resumed),
        WORLD_TEST(a_sink_gets_no_more_than_was_agreed),
        WORLD_TEST(a_refusal_is_not_for_the_sink),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
