/* What arrives goes to disk in blocks, by worker threads; while one is written
 * the next is collected, and then no more is taken. */
#include "bridge/uploads/fetch.h"

#include "bridge/task.h"
#include "mapping/memory.h"

#include <unistd.h>
#include <uv.h>

#define BLOCK ((size_t)512 << 10)

struct block {
    char *bytes; /* BLOCK of them */
    size_t len;
};

struct fetch {
    struct fetch_plan plan;
    struct spool spool;
    struct http_client *client;
    uv_timer_t timer; /* the time for all of it */
    void (*done)(void *arg, const struct fetch_result *result);
    void *arg;
    int fd;
    struct block filling, writing;
    bool working; /* a worker holds `writing`, or finishes the file */
    bool held;    /* the sink said "later" */
    bool late;    /* the time is over */
    bool ended;   /* the transfer */
    bool freed;   /* nobody waits any more */
    bool wrote;   /* what the worker has to say */
    struct error trouble;
    struct fetch_result result;
};

static bool fail(struct fetch *f, enum order_code code)
{
    f->result.ok = false;
    f->result.code = code;
    return false;
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *handle)
{
    struct fetch *f = handle->data;

    free(f->filling.bytes);
    free(f->writing.bytes);
    free(f);
}

static void finish(void *arg)
{
    struct fetch *f = arg;
    char path[SPOOL_PATH_MAX];

    if (f->result.ok && !spool_finish(f->fd, &f->result.stamp, &f->result.err))
        (void)fail(f, ORDER_TOO_BIG); /* the loop looks when it is told */
    else if (!f->result.ok && f->fd >= 0)
        (void)close(f->fd);
    spool_data_path(&f->spool, f->plan.id, path, sizeof path);
    if (!f->result.ok)
        (void)unlink(path);
}

static void on_finished(void *arg)
{
    struct fetch *f = arg;

    http_client_free(f->client);
    f->client = NULL;
    if (f->freed && f->result.ok) { /* nobody wants it any more */
        f->fd = -1;
        (void)fail(f, ORDER_SUPERSEDED);
        task_start(f->plan.loop, finish, on_finished, f);
        return;
    }
    if (!f->freed)
        f->done(f->arg, &f->result);
    uv_close((uv_handle_t *)&f->timer, on_closed);
}

/* ---- to disk ---- */

static void write_block(void *arg)
{
    struct fetch *f = arg;

    if (f->fd < 0)
        f->fd = spool_create(&f->spool, f->plan.id, &f->trouble);
    f->wrote = f->fd >= 0 && spool_write(f->fd, f->writing.bytes,
                                         f->writing.len, &f->trouble);
}

static void on_written(void *arg);

static void flush(struct fetch *f)
{
    struct block full = f->filling;

    f->filling = f->writing;
    f->filling.len = 0;
    f->writing = full;
    f->working = true;
    task_start(f->plan.loop, write_block, on_written, f);
}

static void conclude(struct fetch *f)
{
    if (f->result.ok && f->filling.len) {
        flush(f);
        return;
    }
    if (f->result.ok && f->fd < 0) {
        (void)error_set(&f->result.err, "the file is empty");
        (void)fail(f, ORDER_INVALID);
    }
    f->working = true;
    task_start(f->plan.loop, finish, on_finished, f);
}

static void on_written(void *arg)
{
    struct fetch *f = arg;

    f->working = false;
    if (!f->wrote && f->result.ok) {
        f->result.err = f->trouble;
        (void)fail(f, ORDER_TOO_BIG);
    }
    if (f->ended) {
        conclude(f);
    } else if (!f->result.ok) {
        http_abort(f->client);
    } else if (f->held) {
        f->held = false;
        http_resume(f->client);
    }
}

/* ---- from the server ---- */

static enum http_more on_bytes(void *arg, const char *bytes, size_t len)
{
    struct fetch *f = arg;

    if (!f->result.ok || len > BLOCK)
        return HTTP_STOP;
    if (f->filling.len + len > BLOCK) {
        if (f->working) {
            f->held = true;
            return HTTP_LATER;
        }
        flush(f);
    }
    memcpy(f->filling.bytes + f->filling.len, bytes, len);
    f->filling.len += len;
    return HTTP_MORE;
}

static bool judge_status(struct fetch *f, int status)
{
    if (status == 200)
        return true;
    if (status >= 300 && status < 400)
        (void)error_set(&f->result.err,
                        "the server redirects elsewhere (HTTP %d), and "
                        "redirects are not followed; name the final address",
                        status);
    else
        (void)error_set(&f->result.err, "the server answered HTTP %d", status);
    return fail(f, status == 404 ? ORDER_NOT_FOUND : ORDER_INVALID);
}

static void judge(struct fetch *f, const struct http_answer *answer)
{
    struct fetch_result *r = &f->result;

    if (!r->ok) /* a worker said why */
        return;
    if (f->late) {
        (void)error_set(&r->err, "the file did not come within %lld s",
                        (long long)(f->plan.timeout_ms / 1000));
        (void)fail(f, ORDER_TIMEOUT);
    } else if (answer->result == HTTP_TOO_BIG) {
        (void)error_set(&r->err,
                        "the file is larger than %lld bytes; see "
                        "uploads.max in the configuration",
                        (long long)f->plan.max);
        (void)fail(f, ORDER_TOO_BIG);
    } else if (answer->result != HTTP_ANSWERED) {
        (void)error_set(&r->err, "the file cannot be fetched: %s",
                        answer->reason);
        (void)fail(f, answer->result == HTTP_TIMEOUT ? ORDER_TIMEOUT
                                                     : ORDER_NOT_FOUND);
    } else {
        (void)judge_status(f, answer->status);
    }
}

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct fetch *f = arg;

    f->ended = true;
    (void)uv_timer_stop(&f->timer);
    judge(f, answer);
    if (!f->working)
        conclude(f);
}

static void on_time(uv_timer_t *timer)
{
    struct fetch *f = timer->data;

    f->late = true;
    http_abort(f->client);
}

static void begin(struct fetch *f)
{
    struct request request = {
        .method = HTTP_GET,
        .accept = "*/*",
        .headers = {"Accept-Encoding: identity"},
        .answer_max = (size_t)f->plan.max,
    };
    const struct http_stream stream = {.sink = on_bytes, .arg = f};

    memcpy(request.target, f->plan.from->target, sizeof request.target);
    (void)uv_timer_start(&f->timer, on_time, (uint64_t)f->plan.timeout_ms, 0);
    (void)http_stream(f->client, &request, &stream, on_answer, f);
}

struct fetch *fetch_new(const struct fetch_plan *plan,
                        void (*done)(void *arg, const struct fetch_result *),
                        void *arg)
{
    const struct http_target target = {.url = plan->from->server};
    struct fetch *f = memory_zero(1, sizeof *f);

    f->plan = *plan;
    f->spool = *plan->spool;
    f->done = done;
    f->arg = arg;
    f->fd = -1;
    f->result.ok = true;
    f->filling.bytes = memory_zero(BLOCK, 1);
    f->writing.bytes = memory_zero(BLOCK, 1);
    f->timer.data = f;
    (void)uv_timer_init(plan->loop, &f->timer);
    f->client = http_client_new(plan->http, &target, &f->result.err);
    if (f->client) {
        begin(f);
        return f;
    }
    f->ended = true;
    (void)fail(f, ORDER_INVALID);
    conclude(f);
    return f;
}

void fetch_free(struct fetch *f)
{
    if (!f)
        return;
    f->freed = true;
    http_client_free(f->client); /* ends what is not ended yet */
    f->client = NULL;
}

void fetch_progress(const struct fetch *f, int64_t *bytes, int64_t *total)
{
    struct http_progress progress = {.receive_total = -1};

    if (f->client && !f->ended)
        progress = http_progress(f->client);
    *bytes = progress.received;
    *total = progress.receive_total;
}
