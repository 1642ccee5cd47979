/* Every way an answer can be good or wrong. */
/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "tests/bridge/http_world.h"

#define HEAD_200 "HTTP/1.1 200 OK\r\n"

static const struct answer_case {
    const char *text;
    size_t len; /* 0: strlen */
    enum fake_after after;
    enum http_result result;
    int status;
    const char *says; /* the body of a good answer, else part of the reason */
} answers[] = {
    /* good ones */
    {HEAD_200 "Transfer-Encoding: chunked\r\n\r\n0004\r\n{\"a\"\r\n0003\r\n:1}"
              "\r\n0\r\n\r\n",
     0, FAKE_KEEP, HTTP_ANSWERED, 200, "{\"a\":1}"},
    {HEAD_200 "\r\n{}", 0, FAKE_CLOSE, HTTP_ANSWERED, 200, "{}"},
    {"HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\n" OK_TEXT, 0, FAKE_KEEP,
     HTTP_ANSWERED, 200, "{}"},
    {"HTTP/1.1 204 No Content\r\nContent-Type: text/plain\r\n"
     "Content-Length: 0\r\n\r\n",
     0, FAKE_KEEP, HTTP_ANSWERED, 204, ""},
    {"HTTP/1.1 503 Nope\r\nContent-Length: 5\r\n\r\nsorry", 0, FAKE_KEEP,
     HTTP_ANSWERED, 503, "sorry"},
    {HEAD_200 "Content-Length: 1000\r\n\r\n"
              "01234567890123456789012345678901234567890123456789"
              "01234567890123456789012345678901234567890123456789",
     0, FAKE_CLOSE, HTTP_BROKEN, 0, "in the middle of the answer"},
    /* cut, broken, foreign */
    {HEAD_200 "Transfer-Encoding: chunked\r\n\r\n0004\r\n{\"a\"\r\n00F3\r\n:1",
     0, FAKE_CLOSE, HTTP_BROKEN, 0, "in the middle of the answer"},
    {HEAD_200 "Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n", 0, FAKE_CLOSE,
     HTTP_BROKEN, 0, "garbled"},
    {HEAD_200 "Content-Length: 5\r\n\r\n{", 0, FAKE_RESET, HTTP_BROKEN, 0, ""},
    {HEAD_200 "Content-Length: -1\r\n\r\n{}", 0, FAKE_CLOSE, HTTP_BROKEN, 0,
     "not valid HTTP"},
    {NULL, 0, FAKE_CLOSE, HTTP_BROKEN, 0, "closed without an answer"},
    {NULL, 0, FAKE_RESET, HTTP_BROKEN, 0, "connection reset"},
    {"HTTP/1.1 408 Request Timeout\r\n\r\n\0", 33, FAKE_CLOSE, HTTP_BROKEN, 0,
     "HTTP 408"},
    {"{\"a\":1}", 0, FAKE_CLOSE, HTTP_BROKEN, 0, "not HTTP"},
    {"HTTP/1.1 banana\r\n\r\n", 0, FAKE_CLOSE, HTTP_BROKEN, 0, ""},
    {"HTTP/1.1 999 Far\r\nContent-Length: 0\r\n\r\n", 0, FAKE_KEEP, HTTP_BROKEN,
     0, "no valid status"},
    {"HTTP/1.1 000 Near\r\nContent-Length: 0\r\n\r\n", 0, FAKE_CLOSE,
     HTTP_BROKEN, 0, ""},
    {"HTTP/7.3 200 OK\r\nContent-Length: 0\r\n\r\n", 0, FAKE_KEEP, HTTP_BROKEN,
     0, "not HTTP"},
    {"\0\0\0\0\0\0\0\0", 8, FAKE_CLOSE, HTTP_BROKEN, 0, "not HTTP"},
    /* over answer_max, which is 1000 here: said, and not said */
    {HEAD_200 "Content-Length: 1001\r\n\r\n", 0, FAKE_KEEP, HTTP_TOO_BIG, 0,
     "over 1000 bytes"},
    {HEAD_200 "Content-Length: 99999999999999999999999\r\n\r\n", 0, FAKE_KEEP,
     HTTP_TOO_BIG, 0, "over 1000 bytes"},
    {HEAD_200 "Transfer-Encoding: chunked\r\n\r\n3e9\r\n%s", 0, FAKE_KEEP,
     HTTP_TOO_BIG, 0, "over 1000 bytes"},
    {HEAD_200 "\r\n%s", 0, FAKE_KEEP, HTTP_TOO_BIG, 0, "over 1000 bytes"},
    {HEAD_200 "Content-Length: 1000\r\n\r\n%.1000s", 0, FAKE_KEEP,
     HTTP_ANSWERED, 200, "xxxx"},
};

static const struct answer_case *current;

/* "%s" in a text stands for 1001 times "x". */
static struct fake_reply scripted(struct fake_server *s, int n)
{
    static char text[4096];
    char many[1002];
    const char *mark = current->text ? strchr(current->text, '%') : NULL;

    (void)s;
    (void)n;
    if (!mark)
        return (struct fake_reply){current->text, current->len, current->after};
    memset(many, 'x', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    (void)snprintf(text, sizeof text, "%.*s%.*s", (int)(mark - current->text),
                   current->text, mark[1] == '.' ? 1000 : 1001, many);
    return (struct fake_reply){text, 0, current->after};
}

static void every_answer_is_judged(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, scripted);

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct http_client *c = world_client(w, s, NULL);
        struct request r = request_of(HTTP_GET, "/");
        struct outcome o;

        current = &answers[i];
        r.answer_max = 1000;
        r.timeout_ms = 60000; /* nothing is waited for that need not come */
        o = world_send(w, c, &r);
        print_message("  %s\n    %d %d %s\n",
                      current->text ? current->text : "-", o.answer.result,
                      o.answer.status, o.answer.reason);
        assert_int_equal(o.answer.result, current->result);
        assert_int_equal(o.answer.status, current->status);
        assert_int_equal(o.answer.len, strlen(o.body));
        assert_non_null(
            strstr(o.answer.result == HTTP_ANSWERED ? o.body : o.answer.reason,
                   current->says));
        http_client_free(c);
    }
}

static void bytes_behind_the_answer_do_not_become_the_next_one(void **state)
{
    static const struct answer_case two = {.text = OK_TEXT
                                           "HTTP/1.1 500 No\r\n"
                                           "Content-Length: 0\r\n\r\n"};
    struct world *w = *state;
    struct fake_server *s = world_server(w, scripted);
    struct http_client *c = world_client(w, s, NULL);

    current = &two;
    assert_int_equal(world_get(w, c, "/").answer.status, 200);
    assert_int_equal(world_get(w, c, "/").answer.status, 200);
    assert_int_equal(s->connections, 2);
    http_client_free(c);
}

/* More than libcurl reads at once, and an RST right behind it. */
static struct fake_reply long_then_reset(struct fake_server *s, int n)
{
    static char text[70000];
    int len = snprintf(text, sizeof text,
                       HEAD_200 "Content-Length: 60000\r\n\r\n%060000d", 1);

    (void)s;
    (void)n;
    return (struct fake_reply){text, (size_t)len, FAKE_RESET};
}

static void an_answer_before_a_reset_is_read_to_its_end(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, long_then_reset);
    struct http_client *c = world_client(w, s, NULL);
    struct outcome o = world_get(w, c, "/");

    assert_string_equal(o.answer.reason, "HTTP 200");
    assert_int_equal(o.answer.len, 60000);
    http_client_free(c);
}

static struct fake_reply many_headers(struct fake_server *s, int n)
{
    static char text[256 * 1024];
    size_t len = (size_t)snprintf(text, sizeof text, HEAD_200);

    (void)n;
    while (len < 70000)
        len += (size_t)snprintf(text + len, sizeof text - len, "A: %0*d\r\n",
                                s->phase, 0);
    (void)snprintf(text + len, sizeof text - len, "Content-Length: 0\r\n\r\n");
    return (struct fake_reply){.text = text};
}

static void headers_without_end_are_too_big(void **state)
{
    static const int lengths[] = {1, 1000, 69000, 101 * 1024};
    struct world *w = *state;
    struct fake_server *s = world_server(w, many_headers);
    struct http_client *c = world_client(w, s, NULL);

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct outcome o;

        s->phase = lengths[i];
        o = world_get(w, c, "/");
        assert_int_equal(o.answer.result, HTTP_TOO_BIG);
        assert_non_null(strstr(o.answer.reason, "header"));
    }
    http_client_free(c);
}

static struct fake_reply busy(struct fake_server *s, int n)
{
    static const char *const texts[] = {
        "HTTP/1.1 503 x\r\nretry-after:  120 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 503 x\r\nRetry-After: "
        "123456789012345678901234567890123456\r\n"
        "Content-Length: 0\r\n\r\n",
        ("HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\n" OK_TEXT),
    };

    (void)s;
    return (struct fake_reply){.text = texts[n]};
}

static void retry_after_is_handed_on(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, busy);
    struct http_client *c = world_client(w, s, NULL);
    struct outcome o = world_get(w, c, "/");

    assert_string_equal(o.answer.reason, "HTTP 503");
    assert_string_equal(o.answer.headers.retry_after, "120");
    for (int i = 0; i < 2; i++) {
        o = world_get(w, c, "/");
        assert_string_equal(o.answer.headers.retry_after, "");
    }
    http_client_free(c);
}

static struct fake_reply with_length_only(struct fake_server *s, int n)
{
    (void)s;
    (void)n;
    return (struct fake_reply){.text =
                                   HEAD_200 "Content-Length: 5000000\r\n\r\n"};
}

static void a_head_answer_may_name_any_length(void **state)
{
    struct world *w = *state;
    struct fake_server *s = world_server(w, with_length_only);
    struct http_client *c = world_client(w, s, NULL);
    struct request r = request_of(HTTP_HEAD, "/");

    assert_int_equal(world_send(w, c, &r).answer.status, 200);
    assert_int_equal(world_get(w, c, "/").answer.result, HTTP_TOO_BIG);
    http_client_free(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD_TEST(every_answer_is_judged),
        WORLD_TEST(bytes_behind_the_answer_do_not_become_the_next_one),
        WORLD_TEST(an_answer_before_a_reset_is_read_to_its_end),
        WORLD_TEST(headers_without_end_are_too_big),
        WORLD_TEST(retry_after_is_handed_on),
        WORLD_TEST(a_head_answer_may_name_any_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
