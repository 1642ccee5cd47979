/* What a callback may do with its client: send again, abort, free. */
/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "tests/bridge/http_world.h"

/* A callback that does something with its client. */
struct actor {
    struct http_client *client;
    int calls;
    enum http_result last;
    int sends_left;
    int refusals;
    bool frees;
};

static void on_actor(void *arg, const struct http_answer *answer)
{
    struct actor *a = arg;
    struct request r = request_of(HTTP_GET, "/");

    world_wake();
    a->calls++;
    a->last = answer->result;
    if (a->sends_left-- > 0)
        a->refusals += !http_send(a->client, &r, on_actor, a);
    if (a->frees)
        http_client_free(a->client);
    /* the answer is still there */
    if (answer->result == HTTP_ANSWERED)
        assert_string_equal(answer->body, "{}");
}

static void actor_run(struct world *w, struct actor *a, int calls)
{
    struct request r = request_of(HTTP_GET, "/");

    assert_true(http_send(a->client, &r, on_actor, a));
    assert_int_equal(a->calls, 0);
    while (a->calls < calls)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
}

static void a_callback_may_send_again(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct actor a = {.client = world_client(w, s, NULL), .sends_left = 5};

    actor_run(w, &a, 6);
    assert_int_equal(s->count, 6);
    assert_int_equal(s->connections, 1);
    http_client_free(a.client);
}

static void a_callback_may_free_its_client(void **state)
{
    struct world *w = *state;
    struct actor a = {.client = world_client(w, world_server(w, fake_ok), NULL),
                      .frees = true};

    actor_run(w, &a, 1);
    assert_int_equal(a.last, HTTP_ANSWERED);
}

static void an_abort_calls_back_before_it_returns(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_silent);
    struct http_client *c = world_client(w, s, NULL);
    struct request r = request_of(HTTP_GET, "/");
    struct outcome o = {0};

    http_abort(c); /* nothing to abort */
    assert_true(http_send(c, &r, take_outcome, &o));
    http_abort(c);
    assert_int_equal(o.calls, 1);
    assert_int_equal(o.answer.result, HTTP_ABORTED);
    assert_false(o.answer.sent);
    assert_true(http_send(c, &r, take_outcome, &o));
    while (!s->count)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    http_abort(c);
    assert_int_equal(o.calls, 2);
    assert_true(o.answer.sent);
    s->reply = fake_ok;
    assert_int_equal(world_get(w, c, "/").answer.status, 200);
    http_client_free(c);
}

static void an_aborted_callback_may_send_or_free(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_silent);
    struct request r = request_of(HTTP_GET, "/");
    struct actor a = {.client = world_client(w, s, NULL), .sends_left = 1};

    assert_true(http_send(a.client, &r, on_actor, &a));
    http_abort(a.client);
    assert_int_equal(a.calls, 1);
    assert_true(http_busy(a.client));
    a.frees = true;
    http_abort(a.client);
    assert_int_equal(a.calls, 2);
}

static void freeing_a_busy_client_aborts_its_request(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_silent);
    struct request r = request_of(HTTP_GET, "/");
    /* its callback sends again, which is refused, and frees once more */
    struct actor a = {
        .client = world_client(w, s, NULL), .sends_left = 9, .frees = true};

    assert_true(http_send(a.client, &r, on_actor, &a));
    http_client_free(a.client);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.refusals, 1);
    assert_int_equal(a.last, HTTP_ABORTED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(a_callback_may_send_again),
        WORLD_TEST(a_callback_may_free_its_client),
        WORLD_TEST(an_abort_calls_back_before_it_returns),
        WORLD_TEST(an_aborted_callback_may_send_or_free),
        WORLD_TEST(freeing_a_busy_client_aborts_its_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
