/* Clients share libcurl's handles: nothing of a request may be seen in another
 * client's next one. */
/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "tests/bridge/http_world.h"
#include "tests/bridge/temp_file.h"

#include <unistd.h>

static struct fake_reply old(struct fake_server *s, int n)
{
    (void)s;
    (void)n;
    return (struct fake_reply){.text =
                                   "HTTP/1.0 200 OK\r\nETag: \"x\"\r\n\r\n{}",
                               .after = FAKE_CLOSE};
}

static struct fake_reply garbled(struct fake_server *s, int n)
{
    (void)s;
    (void)n;
    return (struct fake_reply){.text = "SSH-2.0\r\n\r\n", .after = FAKE_CLOSE};
}

/* ---- what the first client does ---- */

typedef struct fake_reply replies(struct fake_server *s, int n);

/* prefix: of all paths. */
static struct http_client *client_of(struct world *w, struct fake_server *s,
                                     const char *prefix, const char *key)
{
    struct http_target target = {.secret = key, .auth = HTTP_AUTH_API_KEY};
    char url[128];
    struct http_client *c;

    (void)snprintf(url, sizeof url, "%s%s", s->url, prefix);
    target.url = url;
    c = http_client_new(w->http, &target, NULL);
    assert_non_null(c);
    return c;
}

static struct http_client *odd_client(struct world *w, replies *reply)
{
    return client_of(w, world_server(w, reply), "/odd", "k3y");
}

static void sends(struct world *w, replies *reply,
                  const struct request *request)
{
    struct http_client *c = odd_client(w, reply);
    const struct fake_server *s = &w->servers[w->count - 1];

    (void)world_send(w, c, request);
    for (int i = 0; i < s->count; i++) {
        assert_true(fake_server_saw(s, i, " /odd/api/v1/status HTTP/1.1\r\n"));
        assert_true(fake_server_saw(s, i, "\r\nX-Api-Key: k3y\r\n"));
    }
    http_client_free(c);
}

static void posts(struct world *w)
{
    struct request r = request_of(HTTP_POST, "/api/v1/status");

    r.body_len = 2;
    memcpy(r.body, "xy", 2);
    r.content_type = "text/plain";
    r.headers[0] = "Overwrite: ?1";
    r.once = true;
    sends(w, fake_ok, &r);
}

static void posts_much(struct world *w)
{
    static char much[REQUEST_LONG_BODY_MAX];
    struct request r = request_of(HTTP_PATCH, "/api/v1/status");

    memset(much, 'x', sizeof much);
    r.long_body = much;
    r.body_len = sizeof much;
    sends(w, fake_ok, &r);
}

static void asks_oddly(struct world *w)
{
    struct request r = request_of(HTTP_GET, "/api/v1/status");

    r.accept = "image/png";
    r.condition = HTTP_IF_NONE_MATCH;
    (void)snprintf(r.validator, sizeof r.validator, "\"x\"");
    r.answer_max = 1;
    r.timeout_ms = 100;
    sends(w, fake_ok, &r);
}

static void heads(struct world *w)
{
    struct request r = request_of(HTTP_HEAD, "/api/v1/status");

    sends(w, fake_ok, &r);
    r.method = HTTP_DELETE;
    sends(w, fake_ok, &r);
}

static void is_refused(struct world *w)
{
    struct request r = request_of(HTTP_POST, "no path");

    r.body_len = 1;
    sends(w, fake_ok, &r);
}

static void meets_odd_servers(struct world *w)
{
    struct request r = request_of(HTTP_GET, "/api/v1/status");

    sends(w, old, &r);
    sends(w, garbled, &r);
}

static void is_aborted(struct world *w)
{
    struct http_client *c = odd_client(w, fake_silent);
    struct request r = request_of(HTTP_PUT, "/api/v1/status");
    struct outcome o = {.calls = 0};

    assert_true(http_send(c, &r, take_outcome, &o));
    http_client_free(c);
    assert_int_equal(o.calls, 1);
}

static enum http_more enough(void *arg, const char *bytes, size_t len)
{
    (void)arg;
    (void)bytes;
    (void)len;
    return HTTP_ENOUGH;
}

static void streams(struct world *w)
{
    struct http_client *c = odd_client(w, fake_ok);
    struct http_file file = temp_file(6);
    struct http_stream stream = {.file = &file};
    struct request r = request_of(HTTP_PUT, "/api/v1/status");
    struct outcome o = {.calls = 0};

    assert_true(http_stream(c, &r, &stream, take_outcome, &o));
    world_wait(w, &o);
    assert_int_equal(o.answer.status, 200);
    r.method = HTTP_GET;
    stream = (struct http_stream){.sink = enough};
    assert_true(http_stream(c, &r, &stream, take_outcome, &o));
    world_wait(w, &o);
    assert_true(o.answer.enough);
    http_client_free(c);
    (void)close(file.fd);
}

/* ---- what is seen of it ---- */

static void the_next_request_is_as_if_it_were_the_first(void **state)
{
    static void (*const before[])(struct world * w) = {
        posts,      posts_much,        asks_oddly, heads,
        is_refused, meets_odd_servers, is_aborted, streams,
    };
    static const struct http_headers none;

    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        void *fresh = NULL;
        struct world *w;
        struct fake_server *s;
        struct http_client *c;
        struct outcome o;

        (void)state;
        assert_int_equal(world_setup(&fresh), 0);
        w = fresh;
        s = world_server(w, fake_ok);
        c = client_of(w, s, "/own", NULL);
        (void)world_get(w, c, "/api/v1/status");
        before[i](w);
        o = world_get(w, c, "/api/v1/status");
        print_message("  %zu\n", i);
        assert_int_equal(o.answer.status, 200);
        assert_string_equal(o.body, "{}");
        assert_memory_equal(&o.answer.headers, &none, sizeof none);
        assert_int_equal(s->count, 2);
        assert_true(fake_server_saw(s, 0, "GET /own/api/v1/status HTTP/1.1"));
        assert_string_equal(s->request[1], s->request[0]);
        assert_int_equal(s->connections, 1);
        http_client_free(c);
        assert_int_equal(world_teardown(&fresh), 0);
    }
}

/* More at once than are kept for later. */
#define MANY 70

static void many_at_once_keep_their_connections(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_silent);
    struct request r = request_of(HTTP_GET, "/api/v1/status");
    struct http_client *c[MANY];
    struct outcome o[MANY];

    for (int i = 0; i < MANY; i++)
        c[i] = world_client(w, s, NULL);
    memset(o, 0, sizeof o);
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < MANY; i++)
            assert_true(http_send(c[i], &r, take_outcome, &o[i]));
        while (s->count < round * MANY)
            (void)uv_run(&w->loop, UV_RUN_ONCE);
        fake_server_say(s, OK_TEXT, strlen(OK_TEXT));
        for (int i = 0; i < MANY; i++)
            while (o[i].calls < round)
                (void)uv_run(&w->loop, UV_RUN_ONCE);
    }
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(o[i].answer.status, 200);
        http_client_free(c[i]);
    }
    assert_int_equal(s->connections, MANY);
}

/* libcurl 7.88 keeps its buffer then, and takes no other size for it. */
static void a_name_that_cannot_be_one_spoils_nothing(void **state)
{
    struct world *w = *state;
    struct http_target target = {.url = "http://\xff\xfe"};
    struct http_client *bad = http_client_new(w->http, &target, NULL);
    struct http_client *good = world_client(w, world_server(w, fake_ok), NULL);
    struct http_stream stream = {.sink = enough};
    struct request r = request_of(HTTP_GET, "/api/v1/status");
    struct outcome o = {.calls = 0};

    assert_non_null(bad);
    assert_int_not_equal(world_get(w, bad, "/").answer.result, HTTP_ANSWERED);
    assert_true(http_stream(good, &r, &stream, take_outcome, &o));
    world_wait(w, &o);
    assert_true(o.answer.enough);
    assert_true(http_stream(bad, &r, &stream, take_outcome, &o));
    world_wait(w, &o);
    assert_int_not_equal(o.answer.result, HTTP_ANSWERED);
    assert_true(http_stream(bad, &r, &stream, take_outcome, &o));
    http_client_free(bad);
    assert_int_equal(world_get(w, good, "/").answer.status, 200);
    http_client_free(good);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_request_is_as_if_it_were_the_first),
        WORLD_TEST(many_at_once_keep_their_connections),
        WORLD_TEST(a_name_that_cannot_be_one_spoils_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
