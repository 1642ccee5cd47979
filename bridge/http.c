/* One request: what goes into libcurl, what comes out, and the second try.
 *
 * An easy handle is never reset and has most options set once: to set them all
 * for each request would cost more than the request. */
#include "bridge/http.h"

#include "bridge/http_internal.h"
#include "mapping/memory.h"

#define ANSWER_MAX ((size_t)1 << 20)

/* Of an answer that is no success to a request with a sink. */
#define REFUSAL_MAX ((size_t)64 << 10)

/* A body or its absence: PUT, POST and PATCH without one say so with
 * Content-Length: 0, as servers expect of them. */
static bool is_bodied(const struct http_flight *f)
{
    return f->body_len || f->method == HTTP_POST || f->method == HTTP_PUT ||
           f->method == HTTP_PATCH;
}

static void set_method(struct http_flight *f)
{
    CURL *easy = f->easy;
    const char *custom = http_method_name(f->method);
    bool plain = f->method == HTTP_GET && !is_bodied(f);
    unsigned bad = 0;

    if (plain && f->plain)
        return; /* mostly */
    f->plain = plain;
    if (f->method == HTTP_HEAD) {
        bad |= curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        custom = NULL;
    } else if (is_bodied(f)) {
        bad |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
        bad |=
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, f->body ? f->body : "");
        bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)f->body_len);
    } else {
        bad |= curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        if (f->method == HTTP_GET)
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

static void set_target(struct http_flight *f, const char *target)
{
    const char *prefix = f->client->prefix;
    size_t len = strlen(prefix);

    if (f->uri.len > len && !memcmp(f->uri.bytes, prefix, len) &&
        !strcmp(f->uri.bytes + len, target))
        return;
    buffer_reset(&f->uri);
    (void)buffer_text_add(&f->uri, prefix);
    (void)buffer_text_add(&f->uri, target);
    http_must_be_set(curl_easy_setopt(f->easy, CURLOPT_REQUEST_TARGET,
                                      buffer_text(&f->uri)));
}

/* ---- one request ---- */

/* Time is limited by what moves, not by how long it takes. */
static long attempt_ms(const struct http_flight *f)
{
    int64_t left_ms = f->started_ms + f->limit_ms - http_now_ms();

    if (f->streaming)
        return 0;
    return (long)(left_ms > 0 ? left_ms : 1);
}

static void attempt(struct http_flight *f)
{
    curl_off_t most = (curl_off_t)f->answer.max;
    unsigned bad = 0;

    if (f->method == HTTP_HEAD || f->streaming)
        most = 0;
    buffer_reset(&f->login_line);
    f->used = LOGIN_NONE;
    if (!f->anew)
        f->used = http_login_line(f->client->login, http_method_name(f->method),
                                  buffer_text(&f->uri), &f->login_line);
    f->tries.nonce = f->client->login->nonce;
    f->anew = false;
    http_head_set(f);
    bad |= curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS, attempt_ms(f));
    if (most != f->most)
        bad |= curl_easy_setopt(f->easy, CURLOPT_MAXFILESIZE_LARGE, most);
    f->most = most;
    http_must_be_set(bad);
    buffer_reset(&f->answer);
    http_forget_headers(f);
    f->header_bytes = 0;
    f->trouble[0] = '\0';
    http_shard_start(f->client->shard, f->easy);
}

/* False: too long. */
static bool take_body(struct http_flight *f, const struct request *request)
{
    size_t max = request->long_body ? REQUEST_LONG_BODY_MAX : REQUEST_BODY_MAX;

    f->body_len = request->body_len <= max ? request->body_len : 0;
    if (f->body_len)
        f->body =
            memory_copy(request->long_body ? request->long_body : request->body,
                        f->body_len);
    return request->body_len <= max;
}

static void take_request(struct http_flight *f, const struct request *request)
{
    f->method = request->method;
    f->once = request->once;
    f->issued = f->repeat_stopped = f->headers_too_big = false;
    f->socket_errno = 0;
    f->tries = (struct login_tries){.key = false};
    f->started_ms = http_now_ms();
    f->limit_ms =
        request->timeout_ms > 0 ? request->timeout_ms : f->client->timeout_ms;
    f->anew = !f->once && request->login_max_ms > 0 &&
              http_login_old(f->client->login, request->login_max_ms);
    if (take_body(f, request) && http_target_ok(request->target))
        set_target(f, request->target);
    else
        http_flight_refuse(f);
}

/* NULL when the client cannot send now. */
static struct http_flight *begin(struct http_client *client,
                                 const struct request *request, http_done *done,
                                 void *arg)
{
    struct http_flight *f;

    if (client->flight || client->closing)
        return NULL;
    f = http_flight_take(client);
    client->flight = f;
    f->done = done;
    f->arg = arg;
    take_request(f, request);
    return f;
}

bool http_send(struct http_client *client, const struct request *request,
               http_done *done, void *arg)
{
    struct http_flight *f = begin(client, request, done, arg);

    if (!f)
        return false;
    buffer_init(&f->answer,
                request->answer_max ? request->answer_max : ANSWER_MAX);
    http_head_take(f, request, is_bodied(f), f->body_len > 0);
    set_method(f);
    attempt(f);
    return true;
}

bool http_stream(struct http_client *client, const struct request *request,
                 const struct http_stream *stream, http_done *done, void *arg)
{
    struct http_flight *f = begin(client, request, done, arg);
    bool file = stream->file != NULL;

    if (!f)
        return false;
    f->once = f->once || file;
    f->anew = f->anew && !f->once;
    f->limit_ms = INT64_MAX / 2;
    buffer_init(&f->answer, REFUSAL_MAX);
    http_head_take(f, request, file || is_bodied(f), file || f->body_len > 0);
    set_method(f);
    http_streaming_begin(f, stream, request->answer_max);
    attempt(f);
    return true;
}

/* Hand the answer over. The callback may send again or free the client, so the
 * body leaves the flight first and nothing is touched afterwards. */
static void deliver(struct http_flight *f, struct http_answer *answer)
{
    struct buffer body = f->answer;
    http_done *done = f->done;
    void *arg = f->arg;

    buffer_init(&f->answer, 0);
    answer->sent = f->issued;
    answer->sent_all = f->issued && http_streaming_sent_all(f);
    http_streaming_end(f);
    answer->challenged = f->tries.challenge || f->tries.key;
    answer->took_ms = http_now_ms() - f->started_ms;
    answer->body = "";
    if (answer->result == HTTP_ANSWERED) {
        answer->body = buffer_text(&body);
        answer->len = body.len;
        answer->headers = f->headers;
    }
    if (answer->result != HTTP_ANSWERED)
        f->buffer_other = true; /* perhaps */
    f->client->flight = NULL;
    http_flight_leave(f);
    done(arg, answer);
    buffer_release(&body);
}

/* A refused login: learn from it, and send the request again if that may help
 * and is allowed. */
static bool again(struct http_flight *f, struct http_answer *answer)
{
    bool offers = f->offered && f->offered->nonce[0];
    struct error err = {""};
    bool helps;

    if (answer->result != HTTP_ANSWERED ||
        (answer->status != 401 && answer->status != 403))
        return false;
    helps = http_login_learn(f->client->login, &f->tries, f->used,
                             answer->status, offers ? f->offered : NULL, &err);
    if (err.text[0])
        (void)snprintf(answer->reason, sizeof answer->reason, "%.159s",
                       err.text);
    if (!helps || f->once || http_now_ms() - f->started_ms >= f->limit_ms)
        return false;
    attempt(f);
    return true;
}

void http_flight_ended(struct http_flight *flight, CURLcode code)
{
    struct http_answer answer = {.result = HTTP_BROKEN};

    http_explain(flight, code, &answer);
    if (!again(flight, &answer))
        deliver(flight, &answer);
}

void http_abort(struct http_client *client)
{
    struct http_answer answer = {.result = HTTP_ABORTED, .reason = "aborted"};
    struct http_flight *flight = client->flight;

    if (!flight)
        return;
    http_shard_stop(client->shard, flight->easy);
    deliver(flight, &answer);
}

bool http_login_due(const struct http_client *client, int64_t max_age_ms)
{
    return http_login_old(client->login, max_age_ms);
}

bool http_busy(const struct http_client *client)
{
    return client->flight != NULL;
}
