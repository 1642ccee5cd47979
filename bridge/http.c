/* One request: what goes into libcurl, what comes out, and the second try.
 *
 * The easy handle is never reset and has most options set once: connections
 * survive only so. */
#include "bridge/http.h"

#include "bridge/http_internal.h"
#include "mapping/memory.h"

#define ANSWER_MAX ((size_t)1 << 20)

/* Of an answer that is no success to a request with a sink. */
#define REFUSAL_MAX ((size_t)64 << 10)

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
        bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                                c->long_body ? c->long_body : c->body);
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

/* ---- one request ---- */

/* Time is limited by what moves, not by how long it takes. */
static long attempt_ms(const struct http_client *c)
{
    int64_t left_ms = c->started_ms + c->limit_ms - http_now_ms();

    if (c->streaming)
        return 0;
    return (long)(left_ms > 0 ? left_ms : 1);
}

static void attempt(struct http_client *c)
{
    curl_off_t most = (curl_off_t)c->answer.max;
    unsigned bad = 0;

    if (c->method == HTTP_HEAD || c->streaming)
        most = 0;
    buffer_reset(&c->login_line);
    c->used = LOGIN_NONE;
    if (!c->anew)
        c->used = http_login_line(c->login, http_method_name(c->method),
                                  buffer_text(&c->uri), &c->login_line);
    c->tries.nonce = c->login->nonce;
    c->anew = false;
    http_head_set(c);
    bad |= curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, attempt_ms(c));
    bad |= curl_easy_setopt(c->easy, CURLOPT_MAXFILESIZE_LARGE, most);
    http_must_be_set(bad);
    buffer_reset(&c->answer);
    http_forget_headers(c);
    c->header_bytes = 0;
    c->trouble[0] = '\0';
    http_shard_start(c->shard, c->easy);
}

/* False: too long. */
static bool take_body(struct http_client *c, const struct request *request)
{
    size_t max = request->long_body ? REQUEST_LONG_BODY_MAX : REQUEST_BODY_MAX;

    c->body_len = request->body_len <= max ? request->body_len : 0;
    if (request->long_body)
        c->long_body = memory_copy(request->long_body, c->body_len);
    else
        memcpy(c->body, request->body, c->body_len);
    return request->body_len <= max;
}

static void take_request(struct http_client *c, const struct request *request)
{
    c->method = request->method;
    c->once = request->once;
    c->issued = c->repeat_stopped = c->headers_too_big = false;
    c->socket_errno = 0;
    c->tries = (struct login_tries){.key = false};
    c->started_ms = http_now_ms();
    c->limit_ms = request->timeout_ms > 0 ? request->timeout_ms : c->timeout_ms;
    c->anew = !c->once && request->login_max_ms > 0 &&
              http_login_old(c->login, request->login_max_ms);
    c->refused = !http_target_ok(request->target);
    if (!take_body(c, request))
        c->refused = true;
    if (c->refused)
        /* Without a URL libcurl ends the transfer by itself, later. */
        http_must_be_set(http_easy_set_url(c, NULL));
    else
        set_target(c, request->target);
}

static bool ready_to_send(struct http_client *c, http_done *done, void *arg)
{
    if (c->done || c->closing)
        return false;
    if (!c->easy)
        http_easy_open(c);
    c->done = done;
    c->arg = arg;
    return true;
}

bool http_send(struct http_client *client, const struct request *request,
               http_done *done, void *arg)
{
    if (!ready_to_send(client, done, arg))
        return false;
    take_request(client, request);
    buffer_init(&client->answer,
                request->answer_max ? request->answer_max : ANSWER_MAX);
    http_head_take(client, request, is_bodied(client), client->body_len > 0);
    set_method(client);
    attempt(client);
    return true;
}

bool http_stream(struct http_client *client, const struct request *request,
                 const struct http_stream *stream, http_done *done, void *arg)
{
    bool file = stream->file != NULL;

    if (!ready_to_send(client, done, arg))
        return false;
    take_request(client, request);
    client->once = client->once || file;
    client->anew = client->anew && !client->once;
    client->limit_ms = INT64_MAX / 2;
    buffer_init(&client->answer, REFUSAL_MAX);
    http_head_take(client, request, file || is_bodied(client),
                   file || client->body_len > 0);
    set_method(client);
    http_streaming_begin(client, stream, request->answer_max);
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
    answer->sent_all = c->issued && http_streaming_sent_all(c);
    http_streaming_end(c);
    free(c->long_body);
    c->long_body = NULL;
    answer->challenged = c->tries.challenge || c->tries.key;
    answer->took_ms = http_now_ms() - c->started_ms;
    answer->body = "";
    if (answer->result == HTTP_ANSWERED) {
        answer->body = buffer_text(&body);
        answer->len = body.len;
        answer->headers = c->headers;
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
    helps = http_login_learn(c->login, &c->tries, c->used, answer->status,
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

bool http_login_due(const struct http_client *client, int64_t max_age_ms)
{
    return http_login_old(client->login, max_age_ms);
}

bool http_busy(const struct http_client *client)
{
    return client->done != NULL;
}
