/* Logging in: how many requests it costs, and what is never sent twice. */
/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "tests/bridge/http_world.h"

/* The firmware's own vectors: maker, "password", GET /secret.html. */
#define NONCE_1    "aaaaaaaa00000000"
#define RESPONSE_1 "0cbf0ac5ca4c879c35a3b91430214a47"
#define NONCE_2    "dcd98b7102dd2f0e"
#define RESPONSE_2 "285b9c363d25d31c5867bca2bd4121af"

static struct fake_reply ok(void)
{
    return (struct fake_reply){.text = OK_TEXT};
}

/* 401; a NULL nonce stands for no challenge. */
static struct fake_reply challenge(const char *nonce, bool stale)
{
    static char text[512];
    char line[256] = "";

    if (nonce)
        (void)snprintf(line, sizeof line,
                       "WWW-Authenticate: Digest realm=\"Printer API\", "
                       "nonce=\"%s\", stale=%s\r\n",
                       nonce, stale ? "true" : "false");
    (void)snprintf(text, sizeof text,
                   "HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n%s\r\n"
                   "sorry",
                   line);
    return (struct fake_reply){.text = text};
}

/* Buddy; in phase 1 its first nonce has run out. */
static struct fake_reply buddy(struct fake_server *s, int n)
{
    if (fake_server_saw(s, n, s->phase ? RESPONSE_2 : RESPONSE_1))
        return ok();
    return challenge(s->phase ? NONCE_2 : NONCE_1, s->phase);
}

/* Nobody's password is right, and each refusal has a fresh nonce. */
static struct fake_reply stubborn(struct fake_server *s, int n)
{
    char nonce[32];

    (void)s;
    (void)snprintf(nonce, sizeof nonce, "%016d", n);
    return challenge(nonce, false);
}

/* The Pi's nonce stays the same for a minute. */
static struct fake_reply stubborn_pi(struct fake_server *s, int n)
{
    (void)s;
    (void)n;
    return challenge(NONCE_1, false);
}

/* MINI 4.4: the key only, and a refusal without a word. */
static struct fake_reply mini(struct fake_server *s, int n)
{
    if (fake_server_saw(s, n, "\r\nX-Api-Key: password\r\n"))
        return ok();
    return challenge(NULL, false);
}

/* Refuses everything, each time in another way. */
static struct fake_reply maze(struct fake_server *s, int n)
{
    if (fake_server_saw(s, n, "X-Api-Key"))
        return (struct fake_reply){
            .text = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"};
    return challenge(fake_server_saw(s, n, "Authorization") ? NULL : NONCE_1,
                     false);
}

/* Asks once, then believes everything. */
static struct fake_reply trusting(struct fake_server *s, int n)
{
    (void)s;
    return n == 0 ? challenge(NONCE_1, false) : ok();
}

static struct fake_reply open_door(struct fake_server *s, int n)
{
    (void)s;
    (void)n;
    return ok();
}

static void one_refusal_then_one_request_a_poll(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, buddy);
    struct http_client *c = world_client(w, s, "password");

    for (int i = 0; i < 5; i++)
        assert_int_equal(world_get(w, c, "/secret.html").answer.status, 200);
    assert_int_equal(s->count, 6);
    assert_int_equal(s->connections, 1);
    assert_false(fake_server_saw(s, 0, "Authorization"));
    assert_false(fake_server_saw(s, 1, "algorithm"));
    assert_false(fake_server_saw(s, 1, "password"));
    http_client_free(c);
}

static void a_stale_nonce_is_replaced_silently(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, buddy);
    struct http_client *c = world_client(w, s, "password");

    assert_int_equal(world_get(w, c, "/secret.html").answer.status, 200);
    s->phase = 1;
    assert_int_equal(world_get(w, c, "/secret.html").answer.status, 200);
    assert_int_equal(s->count, 4);
    assert_int_equal(s->connections, 1);
    http_client_free(c);
}

static void each_target_and_method_has_its_own_response(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, trusting);
    struct http_client *c = world_client(w, s, "password");

    (void)world_get(w, c, "/secret.html");
    assert_true(fake_server_saw(s, 1, RESPONSE_1));
    (void)world_get(w, c, "/secret.htm");
    assert_true(fake_server_saw(s, 2, "uri=\"/secret.htm\""));
    assert_false(fake_server_saw(s, 2, RESPONSE_1));
    (void)world_order(w, c, "/secret.html");
    assert_false(fake_server_saw(s, 3, RESPONSE_1));
    (void)world_get(w, c, "/secret.html");
    (void)world_get(w, c, "/secret.html");
    assert_true(fake_server_saw(s, 5, RESPONSE_1));
    http_client_free(c);
}

static void a_wrong_password_costs_two_requests(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, stubborn);
    struct http_client *c = world_client(w, s, "wrong");
    struct outcome o = world_get(w, c, "/secret.html");

    assert_int_equal(o.answer.result, HTTP_ANSWERED);
    assert_int_equal(o.answer.status, 401);
    assert_string_equal(o.answer.reason, "HTTP 401");
    assert_string_equal(o.body, "sorry");
    assert_int_equal(s->count, 2);
    assert_int_equal(world_get(w, c, "/secret.html").answer.status, 401);
    assert_int_equal(s->count, 4);
    http_client_free(c);
}

static void the_same_nonce_again_is_a_wrong_password(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, stubborn_pi);
    struct http_client *c = world_client(w, s, "wrong");

    assert_int_equal(world_get(w, c, "/secret.html").answer.status, 401);
    assert_int_equal(s->count, 2);
    assert_int_equal(world_get(w, c, "/secret.html").answer.status, 401);
    assert_int_equal(s->count, 3);
    http_client_free(c);
}

static void an_order_is_not_repeated_for_a_challenge(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, buddy);
    struct http_client *c = world_client(w, s, "password");
    struct outcome o = world_order(w, c, "/secret.html");

    assert_int_equal(o.answer.status, 401);
    assert_true(o.answer.sent);
    assert_int_equal(s->count, 1);
    /* but the challenge is kept */
    assert_int_equal(world_get(w, c, "/secret.html").answer.status, 200);
    assert_int_equal(s->count, 2);
    http_client_free(c);
}

static void the_key_is_used_where_no_digest_is_offered(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, mini);
    struct http_client *c = world_client(w, s, "password");

    assert_int_equal(world_get(w, c, "/api/version").answer.status, 200);
    assert_int_equal(world_get(w, c, "/api/version").answer.status, 200);
    assert_int_equal(s->count, 3);
    assert_false(fake_server_saw(s, 0, "X-Api-Key"));
    http_client_free(c);
}

static void digest_takes_over_from_a_learnt_key(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, mini);
    struct http_client *c = world_client(w, s, "password");

    assert_int_equal(world_get(w, c, "/secret.html").answer.status, 200);
    s->reply = buddy; /* a firmware update */
    assert_int_equal(world_get(w, c, "/secret.html").answer.status, 200);
    assert_int_equal(s->count, 4);
    assert_true(fake_server_saw(s, 3, RESPONSE_1));
    http_client_free(c);
}

static void a_refused_key_is_forgotten(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, mini);
    struct http_client *c = world_client(w, s, "wrong");

    assert_int_equal(world_get(w, c, "/api/version").answer.status, 401);
    assert_int_equal(s->count, 2);
    assert_int_equal(world_get(w, c, "/api/version").answer.status, 401);
    assert_int_equal(s->count, 4);
    assert_false(fake_server_saw(s, 2, "X-Api-Key"));
    http_client_free(c);
}

static void three_requests_are_the_most(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, maze);
    struct http_client *c = world_client(w, s, "password");

    assert_int_equal(world_get(w, c, "/secret.html").answer.status, 403);
    assert_int_equal(s->count, 3);
    assert_int_equal(world_get(w, c, "/secret.html").answer.status, 403);
    assert_int_equal(s->count, 6);
    http_client_free(c);
}

static struct fake_reply forbidden(struct fake_server *s, int n)
{
    (void)s;
    (void)n;
    return (struct fake_reply){
        .text = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"};
}

static void forbidden_is_no_reason_to_show_the_key(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, forbidden);
    struct http_client *c = world_client(w, s, "password");

    assert_int_equal(world_get(w, c, "/").answer.status, 403);
    assert_int_equal(s->count, 1);
    http_client_free(c);
}

static void without_a_secret_nothing_is_sent(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, buddy);
    struct http_client *c = world_client(w, s, NULL);

    assert_int_equal(world_get(w, c, "/secret.html").answer.status, 401);
    assert_int_equal(s->count, 1);
    http_client_free(c);
}

static void fixed_credentials_go_with_every_request(void **state)
{
    static const struct {
        enum http_auth auth;
        const char *line;
    } cases[] = {
        {HTTP_AUTH_API_KEY, "\r\nX-Api-Key: s3cret\r\n"},
        {HTTP_AUTH_TOKEN, "\r\nAuthorization: Token s3cret\r\n"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < 2; i++) {
        struct fake_server *s = world_server(w, open_door);
        struct http_target target = {
            .url = s->url, .auth = cases[i].auth, .secret = "s3cret"};
        struct http_client *c = http_client_new(w->http, &target, NULL);

        (void)world_get(w, c, "/a");
        assert_true(fake_server_saw(s, 0, cases[i].line));
        s->reply = buddy; /* no other way is tried */
        assert_int_equal(world_get(w, c, "/a").answer.status, 401);
        assert_int_equal(s->count, 2);
        http_client_free(c);
    }
}

static struct fake_reply elsewhere(struct fake_server *s, int n)
{
    static char text[256];

    if (!fake_server_saw(s, n, "Authorization"))
        return challenge(NONCE_1, false);
    (void)snprintf(text, sizeof text,
                   "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
                   "http://127.0.0.1:%d/secret.html\r\n\r\n",
                   s->phase);
    return (struct fake_reply){.text = text};
}

static void a_redirect_gets_neither_request_nor_secret(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, elsewhere);
    struct fake_server *thief = world_server(w, open_door);
    struct http_client *c = world_client(w, s, "password");

    s->phase = thief->port;
    assert_int_equal(world_get(w, c, "/secret.html").answer.status, 302);
    assert_int_equal(thief->connections, 0);
    http_client_free(c);
}

static void secrets_that_break_headers_are_refused(void **state)
{
    static const struct http_target targets[] = {
        {.url = "http://h", .secret = "s3cret\n"},
        {.url = "http://h", .secret = "s3cret\r\nX: y"},
        {.url = "http://h", .secret = "s3cret\x7f"},
        {.url = "http://h", .secret = "s3cret", .username = "a\tb"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct error err = {""};

        assert_null(http_client_new(w->http, &targets[i], &err));
        assert_non_null(strstr(err.text, "control character"));
        assert_null(strstr(err.text, "s3cret"));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(one_refusal_then_one_request_a_poll),
        WORLD_TEST(a_stale_nonce_is_replaced_silently),
        WORLD_TEST(each_target_and_method_has_its_own_response),
        WORLD_TEST(a_wrong_password_costs_two_requests),
        WORLD_TEST(the_same_nonce_again_is_a_wrong_password),
        WORLD_TEST(an_order_is_not_repeated_for_a_challenge),
        WORLD_TEST(the_key_is_used_where_no_digest_is_offered),
        WORLD_TEST(digest_takes_over_from_a_learnt_key),
        WORLD_TEST(a_refused_key_is_forgotten),
        WORLD_TEST(three_requests_are_the_most),
        WORLD_TEST(forbidden_is_no_reason_to_show_the_key),
        WORLD_TEST(without_a_secret_nothing_is_sent),
        WORLD_TEST(fixed_credentials_go_with_every_request),
        WORLD_TEST(a_redirect_gets_neither_request_nor_secret),
        WORLD_TEST(secrets_that_break_headers_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
