/* The HTTP edge against a server that does as it is told: what is written,
 * which connections it takes, and honesty about what was sent. */
/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "tests/bridge/http_world.h"

#include <sys/resource.h>
#include <unistd.h>

/* ---- what goes over the wire ---- */

static const struct {
    enum http_method method;
    const char *target;
    const char *body;
    const char *type;
    const char *wire;
} wires[] = {
    {HTTP_GET, "/api/../%2fx//y?a=%20&b", "", NULL,
     "GET /1/api/../%2fx//y?a=%20&b HTTP/1.1\r\n"
     "Host: 127.0.0.1:@\r\n"
     "User-Agent: printer2mqtt/" P2M_VERSION "\r\n"
     "Accept: application/json\r\n\r\n"},
    {HTTP_PUT, "/api/v1/job/7/pause", "", "text/plain",
     "PUT /1/api/v1/job/7/pause HTTP/1.1\r\n"
     "Host: 127.0.0.1:@\r\n"
     "User-Agent: printer2mqtt/" P2M_VERSION "\r\n"
     "Accept: application/json\r\n"
     "Content-Length: 0\r\n\r\n"},
    {HTTP_POST, "/api/job", "{\"command\":\"pause\"}", "application/json",
     "POST /1/api/job HTTP/1.1\r\n"
     "Host: 127.0.0.1:@\r\n"
     "User-Agent: printer2mqtt/" P2M_VERSION "\r\n"
     "Accept: application/json\r\n"
     "Content-Type: application/json\r\n"
     "Content-Length: 19\r\n\r\n"
     "{\"command\":\"pause\"}"},
    {HTTP_DELETE, "/api/v1/job/7", "", NULL,
     "DELETE /1/api/v1/job/7 HTTP/1.1\r\n"
     "Host: 127.0.0.1:@\r\n"
     "User-Agent: printer2mqtt/" P2M_VERSION "\r\n"
     "Accept: application/json\r\n\r\n"},
    {HTTP_HEAD, "/", "", NULL,
     "HEAD /1/ HTTP/1.1\r\n"
     "Host: 127.0.0.1:@\r\n"
     "User-Agent: printer2mqtt/" P2M_VERSION "\r\n"
     "Accept: application/json\r\n\r\n"},
    /* nothing is left over from the ones before */
    {HTTP_GET, "/", "", NULL,
     "GET /1/ HTTP/1.1\r\n"
     "Host: 127.0.0.1:@\r\n"
     "User-Agent: printer2mqtt/" P2M_VERSION "\r\n"
     "Accept: application/json\r\n\r\n"},
};

static void requests_are_written_byte_by_byte_as_meant(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    char url[80];
    struct http_target target = {.url = url};
    struct http_client *c;

    (void)snprintf(url, sizeof url, "%s/1/", s->url);
    c = http_client_new(w->http, &target, NULL);
    for (int i = 0; i < (int)(sizeof wires / sizeof *wires); i++) {
        struct request r = request_of(wires[i].method, wires[i].target);
        const char *port = strchr(wires[i].wire, '@');
        char wire[1024];

        (void)snprintf(wire, sizeof wire, "%.*s%d%s",
                       (int)(port - wires[i].wire), wires[i].wire, s->port,
                       port + 1);
        (void)snprintf(r.body, sizeof r.body, "%s", wires[i].body);
        r.body_len = strlen(r.body);
        r.content_type = wires[i].type;
        assert_int_equal(world_send(w, c, &r).answer.status, 200);
        assert_string_equal(s->request[i], wire);
    }
    http_client_free(c);
}

static void targets_that_could_forge_a_header_are_not_sent(void **state)
{
    static const char *const targets[] = {"",           "api",       "/a b",
                                          "/a\r\nX: y", "/a\x01",    "/a#b",
                                          "/a\"b",      "/\xc3\xa9", "/a\x7f"};
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct outcome o = world_get(w, c, targets[i]);

        assert_int_equal(o.answer.result, HTTP_BROKEN);
        assert_false(o.answer.sent);
        assert_non_null(strstr(o.answer.reason, "not sent"));
    }
    assert_int_equal(s->connections, 0);
    assert_int_equal(world_get(w, c, "/").answer.status, 200);
    http_client_free(c);
}

static void unusable_urls_are_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *url;
        const char *says;
    } cases[] = {
        {"192.168.1.50", "not a URL"},
        {"", "not a URL"},
        {"http://", "not a URL"},
        {"http://a b/", "not a URL"},
        {"http://a\r\nb/", "not a URL"},
        {"ftp://printer", "http://"},
        {"file:///etc/passwd", "http://"},
        {"http://maker:s3cret@printer", "user name"},
        {"http://s3cret@printer", "user name"},
        {"http://printer:0", "port"},
        {"http://printer:99999", "port"},
        {"http://printer/?a=s3cret", "'?'"},
        {"http://printer/#a", "'#'"},
        {"http://printer/\xc3\xa9", "percent-encoded"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_target target = {.url = cases[i].url};
        struct error err = {""};

        print_message("  %s\n", cases[i].url);
        assert_null(http_client_new(w->http, &target, &err));
        assert_non_null(strstr(err.text, cases[i].says));
        assert_null(strstr(err.text, "s3cret"));
    }
}

/* ---- connections ---- */

/* Ten printers, so that libcurl's default cache (4 for each running transfer)
 * would not do. */
static void paced_polls_keep_their_connections(void **state)
{
    struct world *w = *state;
    struct http_client *clients[WORLD_SERVERS];

    for (int i = 0; i < WORLD_SERVERS; i++)
        clients[i] = world_client(w, world_server(w, fake_ok), NULL);
    for (int round = 0; round < 4; round++)
        for (int i = 0; i < WORLD_SERVERS; i++)
            assert_int_equal(world_get(w, clients[i], "/").answer.status, 200);
    for (int i = 0; i < WORLD_SERVERS; i++) {
        assert_int_equal(w->servers[i].count, 4);
        assert_int_equal(w->servers[i].connections, 1);
        http_client_free(clients[i]);
    }
}

static void ten_requests_run_at_once(void **state)
{
    struct world *w = *state;
    struct http_client *clients[WORLD_SERVERS];
    struct outcome outcomes[WORLD_SERVERS] = {{0}};
    struct request r = request_of(HTTP_GET, "/");
    int answered = 0;

    for (int i = 0; i < WORLD_SERVERS; i++) {
        clients[i] = world_client(w, world_server(w, fake_ok), NULL);
        assert_true(http_send(clients[i], &r, take_outcome, &outcomes[i]));
        assert_true(http_busy(clients[i]));
        assert_false(http_send(clients[i], &r, take_outcome, &outcomes[i]));
    }
    for (int i = 0; i < WORLD_SERVERS; i++) {
        if (!outcomes[i].calls)
            world_wait(w, &outcomes[i]);
        answered += outcomes[i].answer.status == 200;
        assert_false(http_busy(clients[i]));
        http_client_free(clients[i]);
    }
    assert_int_equal(answered, WORLD_SERVERS);
}

static struct fake_reply old_server(struct fake_server *s, int n)
{
    (void)s;
    (void)n;
    return (struct fake_reply){.text = "HTTP/1.0 200 OK\r\n\r\n{\"a\":1}",
                               .after = FAKE_CLOSE};
}

static void servers_that_close_each_time_are_fine(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, old_server);
    struct http_client *c = world_client(w, s, NULL);

    for (int i = 0; i < 3; i++)
        assert_string_equal(world_get(w, c, "/").body, "{\"a\":1}");
    assert_int_equal(s->connections, 3);
    http_client_free(c);
}

static void the_proxy_environment_is_ignored(void **state)
{
    struct world *w = *state;
    struct fake_server *proxy = world_server(w, fake_ok);
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);

    assert_int_equal(setenv("http_proxy", proxy->url, 1), 0);
    assert_int_equal(setenv("all_proxy", proxy->url, 1), 0);
    assert_int_equal(world_get(w, c, "/").answer.status, 200);
    assert_int_equal(proxy->connections, 0);
    assert_int_equal(s->count, 1);
    assert_int_equal(unsetenv("http_proxy"), 0);
    assert_int_equal(unsetenv("all_proxy"), 0);
    http_client_free(c);
}

/* ---- orders ---- */

/* A kept connection that takes the second request and dies. */
static struct fake_reply dies_at_the_second(struct fake_server *s, int n)
{
    if (n != 1)
        return fake_ok(s, n);
    return (struct fake_reply){.after = s->phase ? FAKE_RESET : FAKE_CLOSE};
}

static void an_order_is_written_once_on_a_dying_connection(void **state)
{
    struct world *w = *state;

    for (int reset = 0; reset < 2; reset++) {
        struct fake_server *s = world_server(w, dies_at_the_second);
        struct http_client *c = world_client(w, s, NULL);
        struct outcome o;

        s->phase = reset;
        (void)world_get(w, c, "/");
        o = world_order(w, c, "/api/job");
        assert_int_equal(o.answer.result, HTTP_BROKEN);
        assert_true(o.answer.sent);
        assert_string_equal(o.answer.reason,
                            "connection closed without an answer");
        assert_int_equal(s->count, 2);
        /* the client is as good as new */
        assert_int_equal(world_order(w, c, "/api/job").answer.status, 200);
        assert_int_equal(s->count, 3);
        assert_int_equal(s->connections, 2);
        http_client_free(c);
    }
}

/* Requests 0 and 1 open two connections; the order's dies. */
static struct fake_reply dies_at_the_third(struct fake_server *s, int n)
{
    return n == 2 ? (struct fake_reply){.after = FAKE_CLOSE} : fake_ok(s, n);
}

static void an_order_does_not_move_to_another_kept_connection(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, dies_at_the_third);
    struct http_client *a = world_client(w, s, NULL);
    struct http_client *b = world_client(w, s, NULL);
    struct request r = request_of(HTTP_GET, "/");
    struct outcome first = {0}, second = {0};

    assert_true(http_send(a, &r, take_outcome, &first));
    assert_true(http_send(b, &r, take_outcome, &second));
    while (!first.calls || !second.calls)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(s->connections, 2);
    assert_int_equal(world_order(w, a, "/api/job").answer.result, HTTP_BROKEN);
    assert_int_equal(world_get(w, b, "/").answer.status, 200);
    assert_int_equal(s->count, 4);
    http_client_free(a);
    http_client_free(b);
}

static void a_poll_is_written_again_on_a_dying_connection(void **state)
{
    struct world *w = *state;

    for (int reset = 0; reset < 2; reset++) {
        struct fake_server *s = world_server(w, dies_at_the_second);
        struct http_client *c = world_client(w, s, NULL);

        s->phase = reset;
        (void)world_get(w, c, "/");
        assert_int_equal(world_get(w, c, "/").answer.status, 200);
        assert_int_equal(s->count, 3);
        assert_int_equal(s->connections, 2);
        http_client_free(c);
    }
}

static void a_connection_that_was_closed_meanwhile_is_replaced(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);

    (void)world_get(w, c, "/");
    fake_server_drop(s);
    (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    assert_int_equal(world_order(w, c, "/api/job").answer.status, 200);
    fake_server_drop(s); /* not looked at before the next request */
    assert_int_equal(world_get(w, c, "/").answer.status, 200);
    assert_int_equal(s->count, 3);
    assert_int_equal(s->connections, 3);
    http_client_free(c);
}

/* A hundred share what libcurl walks through: their connections are apart. */
static void hundreds_of_clients_are_spread(void **state)
{
    enum { MANY = 250 };
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *clients[MANY];

    for (int i = 0; i < MANY; i++)
        clients[i] = world_client(w, s, NULL);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(world_get(w, clients[i], "/").answer.status, 200);
    assert_int_equal(s->connections, 3);
    for (int i = 0; i < MANY; i++)
        http_client_free(clients[i]);
}

static void nothing_is_sent_where_nobody_listens(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct outcome o;

    fake_server_stop(s);
    (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    o = world_order(w, c, "/");
    assert_int_equal(o.answer.result, HTTP_UNREACHABLE);
    assert_false(o.answer.sent);
    assert_string_equal(o.answer.reason, "connection refused");
    http_client_free(c);
}

static void too_many_open_files_are_said(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct rlimit before, none;
    struct outcome o;
    int spare[64], count = 0;

    (void)uv_run(&w->loop, UV_RUN_NOWAIT); /* it opens some, too */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 64;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    while (count < 64 && (spare[count] = dup(STDERR_FILENO)) >= 0)
        count++;
    o = world_get(w, c, "/");
    while (count > 0)
        (void)close(spare[--count]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(o.answer.result, HTTP_UNREACHABLE);
    assert_string_equal(o.answer.reason,
                        "too many open connections in this program");
    assert_int_equal(world_get(w, c, "/").answer.status, 200);
    http_client_free(c);
}

static void an_unknown_name_is_said(void **state)
{
    /* A label over 63 characters: no resolver needs to be asked. */
    static const char url[] = "http://x123456789012345678901234567890123456789"
                              "012345678901234567890123456789.invalid";
    struct world *w = *state;
    struct http_target target = {.url = url};
    struct http_client *c = http_client_new(w->http, &target, NULL);
    struct outcome o = world_get(w, c, "/");

    assert_int_equal(o.answer.result, HTTP_UNREACHABLE);
    assert_non_null(strstr(o.answer.reason, "name not known: x123"));
    assert_false(o.answer.sent);
    http_client_free(c);
}

static void tls_is_not_spoken_to_a_plain_server(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, old_server);
    struct http_target target = {.url = s->url};
    struct request r = request_of(HTTP_GET, "/");
    struct http_client *c;
    struct outcome o;

    (void)snprintf(s->url, sizeof s->url, "https://127.0.0.1:%d", s->port);
    c = http_client_new(w->http, &target, NULL);
    (void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", s->port);
    r.timeout_ms = 50; /* the fake waits for a request that never comes */
    o = world_send(w, c, &r);
    assert_int_equal(o.answer.result, HTTP_TIMEOUT);
    assert_false(o.answer.sent);
    assert_string_equal(o.answer.reason, "no connection within 50 ms");
    http_client_free(c);
}

static void silence_is_a_timeout(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_silent);
    struct http_client *c = world_client(w, s, NULL);
    struct request r = request_of(HTTP_GET, "/");
    struct outcome o;

    r.timeout_ms = 500; /* until it is sent, too */
    o = world_send(w, c, &r);
    assert_int_equal(o.answer.result, HTTP_TIMEOUT);
    assert_true(o.answer.sent);
    assert_string_equal(o.answer.reason, "no answer within 500 ms");
    assert_true(o.answer.took_ms >= 40);
    http_client_free(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(requests_are_written_byte_by_byte_as_meant),
        WORLD_TEST(targets_that_could_forge_a_header_are_not_sent),
        WORLD_TEST(unusable_urls_are_refused_with_a_sentence),
        WORLD_TEST(paced_polls_keep_their_connections),
        WORLD_TEST(ten_requests_run_at_once),
        WORLD_TEST(servers_that_close_each_time_are_fine),
        WORLD_TEST(the_proxy_environment_is_ignored),
        WORLD_TEST(an_order_is_written_once_on_a_dying_connection),
        WORLD_TEST(an_order_does_not_move_to_another_kept_connection),
        WORLD_TEST(a_poll_is_written_again_on_a_dying_connection),
        WORLD_TEST(a_connection_that_was_closed_meanwhile_is_replaced),
        WORLD_TEST(nothing_is_sent_where_nobody_listens),
        WORLD_TEST(hundreds_of_clients_are_spread),
        WORLD_TEST(too_many_open_files_are_said),
        WORLD_TEST(an_unknown_name_is_said),
        WORLD_TEST(tls_is_not_spoken_to_a_plain_server),
        WORLD_TEST(silence_is_a_timeout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
