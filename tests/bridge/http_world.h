/* What the tests of the HTTP edge share: a loop, the edge, fake servers, and
 * requests that are waited for. */
#ifndef TESTS_BRIDGE_HTTP_WORLD_H
#define TESTS_BRIDGE_HTTP_WORLD_H

#include "bridge/http.h"
#include "tests/bridge/fake_server.h"

#define WORLD_SERVERS 10

struct world {
    uv_loop_t loop;
    uv_timer_t watchdog;
    struct http *http;
    struct fake_server servers[WORLD_SERVERS];
    int count;
};

/* An answer that outlives its callback. */
struct outcome {
    int calls;
    struct http_answer answer;
    char body[8192];
};

/* cmocka's setup and teardown; the teardown checks that nothing is left on the
 * loop. */
int world_setup(void **state);
int world_teardown(void **state);
#define WORLD_TEST(name)                                                       \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

struct fake_server *
world_server(struct world *w,
             struct fake_reply (*reply)(struct fake_server *, int));
/* A client of that server: HTTP_AUTH_AUTO, maker, secret (NULL = none). */
struct http_client *world_client(struct world *w, const struct fake_server *s,
                                 const char *secret);

struct request request_of(enum http_method method, const char *target);
/* The done callback that fills a struct outcome. */
http_done take_outcome;
/* To be called in a callback that is waited for with uv_run(ONCE). */
void world_wake(void);
void world_wait(struct world *w, const struct outcome *o);
/* Send and wait. */
struct outcome world_send(struct world *w, struct http_client *c,
                          const struct request *request);
struct outcome world_get(struct world *w, struct http_client *c,
                         const char *target);
/* A POST that must not be written twice. */
struct outcome world_order(struct world *w, struct http_client *c,
                           const char *target);

#endif
