/* One request: what goes into libcurl, what comes out, and the second try.
 *
 * Two decisions a reader may question. The easy handle is never reset and has
 * most options set once: connections survive only so. And the header lines are
 * a curl_slist of our own making, which saves building and freeing a list for
 * each poll; libcurl only reads it. */
#include "bridge/http.h"

#include "bridge/http_internal.h"

#define ANSWER_MAX ((size_t)1 << 20)

/* libcurl takes its lists as char *, but does not write to them. Buddy sends
 * its errors as JSON only when the first media type is exactly this. */
static char accept_line[] = "Accept: application/json";
/* The Pi's nonce is bound to the User-Agent: never vary it. As a line of ours
 * libcurl formats it once for each request, not twice. */
static char agent_line[] = "User-Agent: printer2mqtt/" P2M_VERSION;
static char expect_line[] = "Expect:";
static char no_type_line[] = "Content-Type:";

/* A body or its absence: PUT, POST and PATCH without one say so with
 * Content-Length: 0, as servers expect of them. */
static bool is_bodied(const struct http_client *c)
{
    return c->body_len || c->method == HTTP_POST || c->method == HTTP_PUT ||
           c->method == HTTP_PATCH;
}

static void set_method(struct http_client *c)
{
    CURL *easy = c->easy;
    const char *custom = http_method_name(c->method);
    unsigned bad = 0;

    if (c->method == HTTP_HEAD) {
        bad |= curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        custom = NULL;
    } else if (is_bodied(c)) {
        bad |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
        bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, c->body);
        bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)c->body_len);
    } else {
        bad |= curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        if (c->method == HTTP_GET)
            custom = NULL;
    }
    bad |= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, custom);
    http_must_be_set(bad);
}

bool http_target_ok(const char *target)
{
    if (target[0] != '/' || strlen(target) > REQUEST_TARGET_MAX)
        return false;
    for (; *target; target++)
        if (*target <= ' ' || *target >= 0x7f || strchr("\"#\\", *target))
            return false;
    return true;
}

static void set_target(struct http_client *c, const char *target)
{
    size_t prefix = strlen(c->prefix);

    if (c->uri.len > prefix && !strcmp(c->uri.bytes + prefix, target))
        return;
    buffer_reset(&c->uri);
    (void)buffer_text_add(&c->uri, c->prefix);
    (void)buffer_text_add(&c->uri, target);
    http_must_be_set(curl_easy_setopt(c->easy, CURLOPT_REQUEST_TARGET,
                                      buffer_text(&c->uri)));
}

static void set_content_type(struct http_client *c, const char *type)
{
    buffer_reset(&c->type_line);
    if (type && c->body_len)
        (void)buffer_format(&c->type_line, "Content-Type: %s", type);
}

static void add_line(struct http_client *c, enum http_line line, char *text)
{
    c->lines[line].data = text;
    c->lines[line].next = NULL;
    if (line > 0)
        c->last_line->next = &c->lines[line];
    c->last_line = &c->lines[line];
}

/* Chain the lines that this attempt has; libcurl looks through all of them
 * again and again. */
static void set_lines(struct http_client *c)
{
    add_line(c, LINE_AGENT, agent_line);
    add_line(c, LINE_ACCEPT, accept_line);
    if (c->login_line.len)
        add_line(c, LINE_LOGIN, c->login_line.bytes);
    if (is_bodied(c)) {
        add_line(c, LINE_EXPECT, expect_line);
        add_line(c, LINE_TYPE,
                 c->type_line.len ? c->type_line.bytes : no_type_line);
    }
    http_must_be_set(curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->lines));
}

/* ---- one request ---- */

static void attempt(struct http_client *c)
{
    int64_t left_ms = c->started_ms + c->limit_ms - http_now_ms();
    curl_off_t most = c->method == HTTP_HEAD ? 0 : (curl_off_t)c->answer.max;
    unsigned bad = 0;

    c->used = http_login_line(&c->login, http_method_name(c->method),
                              buffer_text(&c->uri), &c->login_line);
    set_lines(c);
    bad |= curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS,
                            (long)(left_ms > 0 ? left_ms : 1));
    bad |= curl_easy_setopt(c->easy, CURLOPT_MAXFILESIZE_LARGE, most);
    http_must_be_set(bad);
    buffer_reset(&c->answer);
    http_forget_headers(c);
    c->header_bytes = 0;
    c->trouble[0] = '\0';
    http_shard_start(c->shard, c->easy);
}

static void take_request(struct http_client *c, const struct request *request)
{
    size_t len = request->body_len;

    c->method = request->method;
    c->once = request->once;
    c->issued = c->repeat_stopped = c->headers_too_big = false;
    c->socket_errno = 0;
    c->tries = (struct login_tries){.key = false};
    c->started_ms = http_now_ms();
    c->limit_ms = request->timeout_ms > 0 ? request->timeout_ms : c->timeout_ms;
    c->body_len = len < sizeof c->body ? len : sizeof c->body - 1;
    memcpy(c->body, request->body, c->body_len);
    buffer_init(&c->answer,
                request->answer_max ? request->answer_max : ANSWER_MAX);
    set_content_type(c, request->content_type);
    set_method(c);
    c->refused = !http_target_ok(request->target);
    if (c->refused)
        /* Without a URL libcurl ends the transfer by itself, later. */
        http_must_be_set(http_easy_set_url(c, NULL));
    else
        set_target(c, request->target);
}

bool http_send(struct http_client *client, const struct request *request,
               http_done *done, void *arg)
{
    if (client->done || client->closing)
        return false;
    if (!client->easy)
        http_easy_open(client);
    client->done = done;
    client->arg = arg;
    take_request(client, request);
    attempt(client);
    return true;
}

/* Hand the answer over. The callback may send again or free the client, so the
 * body leaves the client first and nothing is touched afterwards. */
static void deliver(struct http_client *c, struct http_answer *answer)
{
    struct buffer body = c->answer;
    http_done *done = c->done;

    if (c->refused)
        http_must_be_set(http_easy_set_url(c, c->url));
    buffer_init(&c->answer, 0);
    c->done = NULL;
    answer->sent = c->issued;
    answer->challenged = c->tries.challenge || c->tries.key;
    answer->took_ms = http_now_ms() - c->started_ms;
    answer->body = "";
    if (answer->result == HTTP_ANSWERED) {
        answer->body = buffer_text(&body);
        answer->len = body.len;
        memcpy(answer->retry_after, c->retry_after, sizeof c->retry_after);
    }
    http_forget_headers(c);
    done(c->arg, answer);
    buffer_release(&body);
}

/* A refused login: learn from it, and send the request again if that may help
 * and is allowed. */
static bool again(struct http_client *c, struct http_answer *answer)
{
    bool offers = c->offered && c->offered->nonce[0];
    struct error err = {""};
    bool helps;

    if (answer->result != HTTP_ANSWERED ||
        (answer->status != 401 && answer->status != 403))
        return false;
    helps = http_login_learn(&c->login, &c->tries, c->used, answer->status,
                             offers ? c->offered : NULL, &err);
    if (err.text[0])
        (void)snprintf(answer->reason, sizeof answer->reason, "%.159s",
                       err.text);
    if (!helps || c->once || http_now_ms() - c->started_ms >= c->limit_ms)
        return false;
    attempt(c);
    return true;
}

void http_client_ended(struct http_client *client, CURLcode code)
{
    struct http_answer answer = {.result = HTTP_BROKEN};

    http_explain(client, code, &answer);
    if (!again(client, &answer))
        deliver(client, &answer);
}

void http_abort(struct http_client *client)
{
    struct http_answer answer = {.result = HTTP_ABORTED, .reason = "aborted"};

    if (!client->done)
        return;
    http_shard_stop(client->shard, client->easy);
    deliver(client, &answer);
}

bool http_busy(const struct http_client *client)
{
    return client->done != NULL;
}
