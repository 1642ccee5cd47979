#include "bridge/uploads/sender.h"

#include "mapping/memory.h"

#include <unistd.h>
#include <uv.h>

struct sender {
    struct http_client *client;
    struct upload *upload;
    struct http_file file;
    uv_timer_t timer; /* the next try */
    void (*done)(void *arg, const struct upload_result *result);
    void *arg;
    int64_t sent;
    bool streaming;
    bool ready;
    bool ended; /* done was called, or never will be */
};

static void step(struct sender *s);

static int64_t now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

static void on_timer(uv_timer_t *timer)
{
    step(timer->data);
}

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct sender *s = arg;

    s->streaming = false;
    upload_answered(s->upload, answer, now_ms());
    if (!s->ended)
        step(s);
}

static bool start(struct sender *s, enum upload_want want,
                  const struct request *request)
{
    const struct http_stream stream = {.file = &s->file};

    if (want == UPLOAD_SEND)
        return http_send(s->client, request, on_answer, s);
    s->file.tail = upload_tail(s->upload);
    s->sent = 0;
    s->streaming = http_stream(s->client, request, &stream, on_answer, s);
    return s->streaming;
}

static void wake_at(struct sender *s, int64_t when)
{
    int64_t wait = when - now_ms();

    if (when == INT64_MAX)
        (void)uv_timer_stop(&s->timer);
    else
        (void)uv_timer_start(&s->timer, on_timer,
                             (uint64_t)(wait > 1 ? wait : 1), 0);
}

static void end(struct sender *s)
{
    s->ended = true;
    (void)uv_timer_stop(&s->timer);
    s->done(s->arg, upload_result(s->upload));
}

/* Without a request in flight nothing to wait for means the end. */
static bool is_over(const struct sender *s)
{
    return upload_wake(s->upload) == INT64_MAX;
}

/* What comes next: a request, a pause, or the end. */
static void step(struct sender *s)
{
    struct request request;
    enum upload_want want;
    bool due;

    if (http_busy(s->client) || (!s->ready && !is_over(s)))
        return;
    due = http_login_due(s->client, upload_login_max(s->upload));
    want = upload_next(s->upload, due, now_ms(), &request);
    if (want == UPLOAD_END) {
        end(s);
        return;
    }
    if (want != UPLOAD_WAIT && !start(s, want, &request))
        upload_cancel(s->upload);
    wake_at(s, upload_wake(s->upload));
}

struct sender *sender_new(uv_loop_t *loop, struct http_client *client,
                          const struct upload_plan *plan, int fd,
                          void (*done)(void *arg,
                                       const struct upload_result *result),
                          void *arg)
{
    struct sender *s = memory_zero(1, sizeof *s);

    s->client = client;
    s->upload = upload_new(plan, now_ms());
    s->file = (struct http_file){.fd = fd, .stamp = plan->source};
    s->done = done;
    s->arg = arg;
    s->timer.data = s;
    (void)uv_timer_init(loop, &s->timer);
    (void)uv_timer_start(&s->timer, on_timer, 0, 0);
    return s;
}

static void on_closed(uv_handle_t *handle)
{
    struct sender *s = handle->data;

    upload_free(s->upload);
    (void)close(s->file.fd);
    free(s);
}

void sender_free(struct sender *s)
{
    if (!s)
        return;
    if (!s->ended) {
        s->ended = true;
        http_abort(s->client);
    }
    uv_close((uv_handle_t *)&s->timer, on_closed);
}

void sender_ready(struct sender *s, bool ready)
{
    bool news = ready && !s->ready;

    s->ready = ready;
    if (news)
        (void)uv_timer_start(&s->timer, on_timer, 0, 0);
}

void sender_cancel(struct sender *s)
{
    upload_cancel(s->upload);
    if (http_busy(s->client))
        http_abort(s->client);
    else
        (void)uv_timer_start(&s->timer, on_timer, 0, 0);
}

int64_t sender_sent(const struct sender *s)
{
    return s->streaming ? http_progress(s->client).sent : s->sent;
}
