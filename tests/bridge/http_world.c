#include "tests/bridge/http_world.h"

#include "mapping/memory.h"

#define PATIENCE_MS 100000

/* Of the test that runs. */
static uv_loop_t *loop;

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    fputs("the test waited too long for an answer\n", stderr);
    abort();
}

int world_setup(void **state)
{
    struct world *w = memory_zero(1, sizeof *w);

    if (uv_loop_init(&w->loop) < 0)
        return -1;
    (void)uv_timer_init(&w->loop, &w->watchdog);
    (void)uv_timer_start(&w->watchdog, on_watchdog, PATIENCE_MS, 0);
    w->http = http_new(&w->loop, 1);
    loop = &w->loop;
    *state = w;
    return 0;
}

int world_teardown(void **state)
{
    struct world *w = *state;
    int left;

    http_free(w->http);
    for (int i = 0; i < w->count; i++)
        fake_server_stop(&w->servers[i]);
    uv_close((uv_handle_t *)&w->watchdog, NULL);
    while (uv_run(&w->loop, UV_RUN_DEFAULT))
        ; /* woken up too early */
    left = uv_loop_close(&w->loop);
    free(w);
    return left;
}

struct fake_server *
world_server(struct world *w,
             struct fake_reply (*reply)(struct fake_server *, int))
{
    struct fake_server *s = &w->servers[w->count++];

    fake_server_start(s, &w->loop, reply);
    return s;
}

struct http_client *world_client(struct world *w, const struct fake_server *s,
                                 const char *secret)
{
    struct http_target target = {.url = s->url, .secret = secret};
    struct error err = {""};
    struct http_client *c = http_client_new(w->http, &target, &err);

    if (!c) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return c;
}

struct request request_of(enum http_method method, const char *target)
{
    struct request request = {.method = method};

    (void)snprintf(request.target, sizeof request.target, "%s", target);
    return request;
}

void take_outcome(void *arg, const struct http_answer *answer)
{
    struct outcome *o = arg;

    o->calls++;
    o->answer = *answer;
    if (answer->len < sizeof o->body)
        memcpy(o->body, answer->body, answer->len + 1);
    o->answer.body = NULL; /* was borrowed */
    world_wake();
}

/* uv_run(ONCE) runs what is due and then waits for something else. */
void world_wake(void)
{
    uv_stop(loop);
}

void world_wait(struct world *w, const struct outcome *o)
{
    int before = o->calls;

    while (o->calls == before)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
}

struct outcome world_send(struct world *w, struct http_client *c,
                          const struct request *request)
{
    struct outcome o = {.calls = 0};

    if (!http_send(c, request, take_outcome, &o) || o.calls)
        abort();
    world_wait(w, &o);
    return o;
}

struct outcome world_get(struct world *w, struct http_client *c,
                         const char *target)
{
    struct request request = request_of(HTTP_GET, target);

    return world_send(w, c, &request);
}

struct outcome world_order(struct world *w, struct http_client *c,
                           const char *target)
{
    struct request request = request_of(HTTP_POST, target);

    request.once = true;
    return world_send(w, c, &request);
}
