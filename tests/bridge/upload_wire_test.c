/* An upload over HTTP: the machine and the edge together. */
/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "bridge/upload.h"
#include "tests/bridge/http_world.h"
#include "tests/bridge/temp_file.h"

#include <unistd.h>

#define SIZE 1500000
#define MADE "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
#define NONE "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
#define THERE                                                                  \
    "HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n"                            \
    "{\"name\":\"BOX.GCO\",\"ro\":false,\"type\":\"PRINT_FILE\","              \
    "\"size\":1500000}"

/* Phase: how often its nonce has changed. */
static struct fake_reply challenge(const struct fake_server *s)
{
    static char text[256];

    (void)snprintf(text, sizeof text,
                   "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
                   "WWW-Authenticate: Digest realm=\"Printer API\", "
                   "nonce=\"%016d\", stale=%s\r\n\r\n",
                   s->phase, s->phase ? "true" : "false");
    return (struct fake_reply){.text = text};
}

static bool knows(const struct fake_server *s, const char *head)
{
    char nonce[40];

    (void)snprintf(nonce, sizeof nonce, "nonce=\"%016d\"", s->phase);
    return strstr(head, nonce) != NULL;
}

static struct fake_reply printer(struct fake_server *s, int n)
{
    if (!knows(s, s->request[n]))
        return challenge(s);
    return (struct fake_reply){
        .text = strncmp(s->request[n], "PUT", 3) == 0 ? MADE : NONE};
}

/* As Buddy does: refuses a body without reading it. */
static bool guard(struct fake_server *s, const char *head, size_t so_far,
                  struct fake_reply *reply)
{
    (void)so_far;
    if (knows(s, head))
        return false;
    *reply = challenge(s);
    reply->after = FAKE_HALF;
    return true;
}

struct run {
    struct world *world;
    struct http_client *client;
    struct http_file file;
    struct upload *upload;
    int64_t now_ms; /* pauses take no time here */
};

static void on_done(void *arg, const struct http_answer *answer)
{
    struct run *run = arg;

    upload_answered(run->upload, answer, run->now_ms);
    world_wake();
}

static void go(struct run *run)
{
    const struct http_stream stream = {.file = &run->file, .stall_ms = 60000};
    struct request r;

    for (;;) {
        bool due = http_login_due(run->client, upload_login_max(run->upload));

        switch (upload_next(run->upload, due, run->now_ms, &r)) {
        case UPLOAD_SEND:
            assert_true(http_send(run->client, &r, on_done, run));
            break;
        case UPLOAD_STREAM:
            run->file.tail = upload_tail(run->upload);
            assert_true(http_stream(run->client, &r, &stream, on_done, run));
            break;
        case UPLOAD_WAIT:
            if (upload_wake(run->upload) != INT64_MAX)
                run->now_ms = upload_wake(run->upload);
            else
                (void)uv_run(&run->world->loop, UV_RUN_ONCE);
            break;
        case UPLOAD_END: return;
        }
    }
}

static void begin(struct run *run, struct world *w, struct http_client *client)
{
    struct upload_plan plan = {.driver = driver_find("prusalink"),
                               .path = "/usb/box.gcode"};

    *run = (struct run){.world = w, .client = client, .file = temp_file(SIZE)};
    plan.source = run->file.stamp;
    run->upload = upload_new(&plan, 0);
}

static struct upload_result finish(struct run *run)
{
    struct upload_result result;

    go(run);
    result = *upload_result(run->upload);
    upload_free(run->upload);
    (void)close(run->file.fd);
    return result;
}

static void the_body_goes_out_once_whatever_the_nonce(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, printer);
    struct http_client *polls = world_client(w, s, "secret");
    struct http_client *c = http_client_sibling(polls);
    struct run run;

    s->early = guard;
    for (int i = 1; i <= 3; i++) { /* none yet, a good one, a stale one */
        begin(&run, w, c);
        s->phase = i == 3;
        assert_int_equal(finish(&run).code, ORDER_OK);
        assert_int_equal(s->body_bytes, i * SIZE);
    }
    assert_int_equal(s->connections, 1);
    assert_int_equal(s->count, 3 + 2 + 3);
    http_client_free(c);
    http_client_free(polls);
}

/* Takes it all and dies; when asked, has it. */
static struct fake_reply forgetful(struct fake_server *s, int n)
{
    (void)n;
    if (s->count == 2)
        return (struct fake_reply){.after = FAKE_RESET};
    return (struct fake_reply){.text = s->count > 2 ? THERE : NONE};
}

static void a_lost_answer_is_not_a_second_upload(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, forgetful);
    struct http_client *c = world_client(w, s, NULL);
    struct upload_result result;
    struct run run;

    begin(&run, w, c);
    result = finish(&run);
    assert_int_equal(result.code, ORDER_OK);
    assert_int_equal(result.tries, 1);
    assert_int_equal(s->count, 3);
    assert_int_equal(s->body_bytes, SIZE);
    http_client_free(c);
}

/* Breaks twice in the middle. */
static bool breaks(struct fake_server *s, const char *head, size_t so_far,
                   struct fake_reply *reply)
{
    (void)head;
    if (s->phase == 2 || so_far < 100000)
        return false;
    s->phase++;
    *reply = (struct fake_reply){.after = FAKE_RESET};
    return true;
}

static struct fake_reply open_printer(struct fake_server *s, int n)
{
    return (struct fake_reply){
        .text = strncmp(s->request[n], "PUT", 3) == 0 ? MADE : NONE};
}

static void what_breaks_is_sent_again(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, open_printer);
    struct http_client *c = world_client(w, s, NULL);
    struct upload_result result;
    struct run run;

    s->early = breaks;
    begin(&run, w, c);
    result = finish(&run);
    assert_int_equal(result.code, ORDER_OK);
    assert_int_equal(result.tries, 3);
    assert_int_equal(run.now_ms, 2000 + 5000);
    assert_int_equal(s->size[s->count - 1] > SIZE, true);
    http_client_free(c);
}

static bool refuses(struct fake_server *s, const char *head, size_t so_far,
                    struct fake_reply *reply)
{
    (void)s;
    (void)head;
    (void)so_far;
    *reply =
        (struct fake_reply){.text = "HTTP/1.1 507 Insufficient Storage\r\n"
                                    "Content-Length: 14\r\n\r\nUSB drive full",
                            .after = FAKE_HALF};
    return true;
}

static void a_refusal_ends_it_with_the_printers_words(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, open_printer);
    struct http_client *c = world_client(w, s, NULL);
    struct upload_result result;
    struct run run;

    s->early = refuses;
    begin(&run, w, c);
    result = finish(&run);
    assert_int_equal(result.code, ORDER_PRINTER_ERROR);
    assert_int_equal(result.http_status, 507);
    assert_string_equal(result.message,
                        "the printer's USB drive is full or cannot be "
                        "written; delete files on it (it says: \"USB drive "
                        "full\")");
    assert_int_equal(result.tries, 1);
    http_client_free(c);
}

static void a_cancelled_upload_ends_at_once(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, open_printer);
    struct http_client *c = world_client(w, s, NULL);
    struct run run;

    for (int turns = 0; turns < 12; turns++) {
        const struct http_stream stream = {.file = &run.file};
        struct request r;

        begin(&run, w, c);
        assert_int_equal(upload_next(run.upload, false, 0, &r), UPLOAD_SEND);
        assert_true(http_send(c, &r, on_done, &run));
        while (http_busy(c))
            (void)uv_run(&w->loop, UV_RUN_ONCE);
        assert_int_equal(upload_next(run.upload, false, 0, &r), UPLOAD_STREAM);
        assert_true(http_stream(c, &r, &stream, on_done, &run));
        for (int i = 0; i < turns && http_busy(c); i++)
            (void)uv_run(&w->loop, UV_RUN_NOWAIT);
        upload_cancel(run.upload);
        http_abort(c);
        assert_false(http_busy(c));
        assert_int_equal(upload_next(run.upload, false, 0, &r), UPLOAD_END);
        (void)finish(&run);
    }
    http_client_free(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(the_body_goes_out_once_whatever_the_nonce),
        WORLD_TEST(a_lost_answer_is_not_a_second_upload),
        WORLD_TEST(what_breaks_is_sent_again),
        WORLD_TEST(a_refusal_ends_it_with_the_printers_words),
        WORLD_TEST(a_cancelled_upload_ends_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
