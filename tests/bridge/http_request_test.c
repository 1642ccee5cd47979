/* What a request can ask for beside its target, what an answer brings beside
 * its body, and clients that share a login. */
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

/* ---- requests ---- */

static void a_request_can_bring_header_lines(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct request r = request_of(HTTP_GET, "/");

    r.accept = "image/*";
    r.headers[0] = "Force: ?1";
    r.headers[1] = "Create-Folder: ?1";
    r.headers[2] = "Range: bytes=0-99";
    r.headers[3] = "X-Four: 4";
    r.condition = HTTP_IF_NONE_MATCH;
    (void)snprintf(r.validator, sizeof r.validator, "W/\"123\"");
    assert_int_equal(world_send(w, c, &r).answer.status, 200);
    assert_true(fake_server_saw(s, 0,
                                "\r\nAccept: image/*\r\n"
                                "If-None-Match: W/\"123\"\r\n"
                                "Force: ?1\r\nCreate-Folder: ?1\r\n"
                                "Range: bytes=0-99\r\nX-Four: 4\r\n\r\n"));
    r.condition = HTTP_IF_MODIFIED_SINCE;
    (void)snprintf(r.validator, sizeof r.validator,
                   "Sat, 21 Nov 2026 12:00:00 GMT");
    assert_int_equal(world_send(w, c, &r).answer.status, 200);
    assert_true(fake_server_saw(
        s, 1, "\r\nIf-Modified-Since: Sat, 21 Nov 2026 12:00:00 GMT\r\n"));
    assert_false(fake_server_saw(s, 1, "If-None-Match"));
    http_client_free(c);
}

static void nothing_of_them_is_left_for_the_next_request(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct request r = request_of(HTTP_GET, "/");
    char wire[256];

    r.accept = "image/*";
    r.headers[0] = "Force: ?1";
    (void)world_send(w, c, &r);
    (void)world_get(w, c, "/");
    (void)snprintf(wire, sizeof wire,
                   "GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                   "User-Agent: printer2mqtt/" P2M_VERSION "\r\n"
                   "Accept: application/json\r\n\r\n",
                   s->port);
    assert_string_equal(s->request[1], wire);
    http_client_free(c);
}

static void a_validator_adds_no_lines_of_its_own(void **state)
{
    static const char *const validators[] = {"", "a\r\nX-Evil: 1", "a\nb",
                                             "a\x7f"};
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct request r = request_of(HTTP_GET, "/");

    r.condition = HTTP_IF_NONE_MATCH;
    for (int i = 0; i < 4; i++) {
        (void)snprintf(r.validator, sizeof r.validator, "%s", validators[i]);
        assert_int_equal(world_send(w, c, &r).answer.status, 200);
        assert_false(fake_server_saw(s, i, "If-None-Match"));
        assert_false(fake_server_saw(s, i, "Evil"));
    }
    http_client_free(c);
}

static void a_longer_body_lies_in_the_callers_memory(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, fake_ok);
    struct http_client *c = world_client(w, s, NULL);
    struct request r = request_of(HTTP_PUT, "/api/v1/cameras/1");
    struct outcome o = {.calls = 0};
    char *body = malloc(REQUEST_LONG_BODY_MAX + 1);
    char *copy = malloc(REQUEST_LONG_BODY_MAX + 1);

    memset(body, 'j', REQUEST_LONG_BODY_MAX + 1);
    memcpy(copy, body, REQUEST_LONG_BODY_MAX + 1);
    r.long_body = body;
    r.body_len = REQUEST_LONG_BODY_MAX;
    r.content_type = "application/json";
    assert_true(http_send(c, &r, take_outcome, &o));
    memset(body, 'x', REQUEST_LONG_BODY_MAX); /* not needed any more */
    world_wait(w, &o);
    assert_true(fake_server_saw(s, 0, "Content-Length: 16384\r\n"));
    assert_int_equal(memcmp(strstr(s->request[0], "\r\n\r\n") + 4, copy,
                            REQUEST_LONG_BODY_MAX),
                     0);
    /* one byte more is not cut but refused */
    r.body_len++;
    o = world_send(w, c, &r);
    assert_int_equal(o.answer.result, HTTP_BROKEN);
    assert_false(o.answer.sent);
    r.long_body = NULL;
    r.body_len = REQUEST_BODY_MAX + 1;
    assert_int_equal(world_send(w, c, &r).answer.result, HTTP_BROKEN);
    assert_int_equal(s->count, 1);
    free(body);
    free(copy);
    http_client_free(c);
}

/* ---- answers ---- */

static struct fake_reply picture(struct fake_server *s, int n)
{
    (void)n;
    if (s->phase == 1)
        return (struct fake_reply){
            .text = "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n"};
    if (s->phase == 2)
        return (struct fake_reply){
            .text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                    "ETag: \"a\x01b\"\r\n"
                    "Update-Available: 0123456789abcdef\r\n\r\n"};
    return (struct fake_reply){
        .text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                "etag:  \"1234567\" \r\n"
                "Last-Modified: Sat, 21 Nov 2026 12:00:00 GMT\r\n"
                "Content-Type: image/png\r\n"
                "Update-Available: True\r\n"
                "ETag-Not: x\r\n\r\nPN"};
}

static void an_answer_brings_the_headers_that_count(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, picture);
    struct http_client *c = world_client(w, s, NULL);
    struct outcome o = world_get(w, c, "/");

    assert_string_equal(o.answer.headers.etag, "\"1234567\"");
    assert_string_equal(o.answer.headers.last_modified,
                        "Sat, 21 Nov 2026 12:00:00 GMT");
    assert_string_equal(o.answer.headers.content_type, "image/png");
    assert_string_equal(o.answer.headers.update_available, "True");
    s->phase = 1;
    o = world_get(w, c, "/");
    assert_int_equal(o.answer.status, 304);
    assert_string_equal(o.answer.headers.etag, "\"1\"");
    assert_string_equal(o.answer.headers.content_type, "");
    s->phase = 2; /* control bytes, too long */
    o = world_get(w, c, "/");
    assert_string_equal(o.answer.headers.etag, "");
    assert_string_equal(o.answer.headers.update_available, "");
    http_client_free(c);
}

/* ---- clients of one printer ---- */

/* Asks until it is given its newest nonce, "%016d" with phase in it. */
static struct fake_reply asks(struct fake_server *s, int n)
{
    static char text[512];
    char nonce[32];

    (void)snprintf(nonce, sizeof nonce, "nonce=\"%016d\"", s->phase);
    if (fake_server_saw(s, n, nonce))
        return (struct fake_reply){.text = OK_TEXT};
    (void)snprintf(text, sizeof text,
                   "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
                   "WWW-Authenticate: Digest realm=\"Printer API\", %s, "
                   "stale=%s\r\n\r\n",
                   nonce, s->phase ? "true" : "false");
    return (struct fake_reply){.text = text};
}

static void siblings_share_the_nonce(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, asks);
    struct http_client *a = world_client(w, s, "secret");
    struct http_client *b = http_client_sibling(a);

    assert_int_equal(world_get(w, a, "/").answer.status, 200);
    assert_int_equal(s->count, 2);
    assert_int_equal(world_get(w, b, "/").answer.status, 200);
    assert_int_equal(s->count, 3);
    /* what one learns the other knows, also when the first is gone */
    s->phase = 1;
    assert_int_equal(world_get(w, b, "/").answer.status, 200);
    assert_int_equal(s->count, 5);
    http_client_free(b);
    assert_int_equal(world_get(w, a, "/").answer.status, 200);
    assert_int_equal(s->count, 6);
    b = http_client_sibling(a);
    http_client_free(a);
    assert_int_equal(world_get(w, b, "/").answer.status, 200);
    assert_int_equal(s->count, 7);
    http_client_free(b);
}

static void siblings_work_side_by_side(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, asks);
    struct http_client *a = world_client(w, s, "secret");
    struct http_client *b = http_client_sibling(a);
    struct request r = request_of(HTTP_GET, "/");
    struct outcome first = {.calls = 0}, second = {.calls = 0};

    /* both are asked, neither takes the other's answer for its own refusal */
    assert_true(http_send(a, &r, take_outcome, &first));
    assert_true(http_send(b, &r, take_outcome, &second));
    while (!first.calls || !second.calls)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(first.answer.status, 200);
    assert_int_equal(second.answer.status, 200);
    http_client_free(a);
    http_client_free(b);
}

static void a_login_is_due_until_there_is_one_and_when_it_is_old(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, asks);
    struct http_client *c = world_client(w, s, "secret");
    struct http_client *open = world_client(w, s, NULL);

    assert_false(http_login_due(open, 0));
    assert_true(http_login_due(c, 240000));
    (void)world_get(w, c, "/");
    assert_false(http_login_due(c, 240000));
    uv_sleep(2);
    assert_true(http_login_due(c, 1));
    http_client_free(open);
    http_client_free(c);
}

static void a_server_teaches_how_long_its_logins_live(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, asks);
    struct http_client *c = world_client(w, s, "secret");

    (void)world_get(w, c, "/");
    uv_sleep(20);
    assert_false(http_login_due(c, 240000));
    s->phase = 1;
    (void)world_get(w, c, "/"); /* stale, at 20 ms or more */
    for (int i = 0; i < 1000 && !http_login_due(c, 240000); i++)
        uv_sleep(10);
    assert_true(http_login_due(c, 240000));
    http_client_free(c);
}

static void an_old_login_is_renewed_before_it_is_needed(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, asks);
    struct http_client *c = world_client(w, s, "secret");
    struct request r = request_of(HTTP_GET, "/");

    (void)world_get(w, c, "/");
    assert_int_equal(s->count, 2);
    r.login_max_ms = 240000;
    assert_int_equal(world_send(w, c, &r).answer.status, 200);
    assert_int_equal(s->count, 3); /* young enough */
    uv_sleep(3);
    r.login_max_ms = 1;
    assert_int_equal(world_send(w, c, &r).answer.status, 200);
    assert_int_equal(s->count, 5);
    assert_false(fake_server_saw(s, 3, "Authorization"));
    assert_false(http_login_due(c, 240000));
    http_client_free(c);
}

/* The whole point: what the server thinks of the nonce is found out before the
 * body goes out. */
static void a_body_goes_out_once_also_with_a_stale_nonce(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, asks);
    struct http_client *polls = world_client(w, s, "secret");
    struct http_client *c = http_client_sibling(polls);
    struct http_file file = temp_file(1000000);
    struct http_stream stream = {.file = &file};
    struct request r = request_of(HTTP_PUT, "/api/v1/files/usb/box.gcode");
    struct outcome o = {.calls = 0};

    (void)world_get(w, polls, "/");
    s->phase = 1;
    (void)world_get(w, c, "/api/version");
    assert_int_equal(s->count, 4);
    assert_true(http_stream(c, &r, &stream, take_outcome, &o));
    world_wait(w, &o);
    assert_int_equal(o.answer.status, 200);
    assert_int_equal(s->count, 5);
    assert_int_equal(s->body_bytes, 1000000);
    (void)close(file.fd);
    http_client_free(c);
    http_client_free(polls);
}

static bool ask_early(struct fake_server *s, const char *head, size_t so_far,
                      struct fake_reply *reply)
{
    (void)head;
    (void)so_far;
    *reply = asks(s, s->count);
    reply->after = FAKE_HALF;
    return true;
}

/* Without that the upload is refused; what was learned serves the next try. */
static void a_refused_upload_is_not_sent_again_but_learned_from(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, asks);
    struct http_client *c = world_client(w, s, "secret");
    struct http_file file = temp_file(20000000);
    struct http_stream stream = {.file = &file};
    struct request r = request_of(HTTP_PUT, "/api/v1/files/usb/box.gcode");
    struct outcome o = {.calls = 0};

    s->early = ask_early;
    assert_true(http_stream(c, &r, &stream, take_outcome, &o));
    world_wait(w, &o);
    assert_int_equal(o.answer.status, 401);
    assert_int_equal(s->count, 1);
    assert_false(http_login_due(c, 240000));
    s->early = NULL;
    assert_true(http_stream(c, &r, &stream, take_outcome, &o));
    world_wait(w, &o);
    assert_int_equal(o.answer.status, 200);
    assert_int_equal(s->count, 2);
    (void)close(file.fd);
    http_client_free(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(a_request_can_bring_header_lines),
        WORLD_TEST(nothing_of_them_is_left_for_the_next_request),
        WORLD_TEST(a_validator_adds_no_lines_of_its_own),
        WORLD_TEST(a_longer_body_lies_in_the_callers_memory),
        WORLD_TEST(an_answer_brings_the_headers_that_count),
        WORLD_TEST(siblings_share_the_nonce),
        WORLD_TEST(siblings_work_side_by_side),
        WORLD_TEST(a_login_is_due_until_there_is_one_and_when_it_is_old),
        WORLD_TEST(a_server_teaches_how_long_its_logins_live),
        WORLD_TEST(an_old_login_is_renewed_before_it_is_needed),
        WORLD_TEST(a_body_goes_out_once_also_with_a_stale_nonce),
        WORLD_TEST(a_refused_upload_is_not_sent_again_but_learned_from),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
