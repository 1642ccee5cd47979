#include "bridge/uploads/watch.h"

#include "bridge/task.h"
#include "bridge/uploads/folder.h"
#include "mapping/memory.h"

#include <uv.h>

#define LOOK_MS  30000 /* also when nothing was told */
#define CALM_MS  200   /* after a change: more will follow */
#define LEAST_MS 50

struct watch {
    uv_loop_t *loop;
    char *folder;
    const struct watch_sink *sink;
    void *arg;
    uv_timer_t timer;
    uv_fs_event_t events;
    int handles;    /* that the loop still holds */
    bool listening; /* events runs */
    bool closing;
    bool looking; /* a worker reads the folder */
    bool usable;  /* the last look */
    struct folder_files files;
    struct error trouble; /* as it was last told; "" = none */
};

/* One reading of the folder, in a worker. */
struct look {
    struct watch *watch;
    char *folder;
    struct folder_files files;
    struct error err;
    bool ok;
};

static void look_soon(struct watch *w, int64_t delay_ms);

static int64_t now_ms(const struct watch *w)
{
    return (int64_t)uv_now(w->loop);
}

static void release(struct watch *w)
{
    if (!w->closing || w->handles > 0)
        return;
    folder_release(&w->files);
    free(w->folder);
    free(w);
}

static void tell(struct watch *w, const struct error *err)
{
    if (strcmp(w->trouble.text, err->text) == 0)
        return;
    w->trouble = *err;
    if (*err->text)
        w->sink->trouble(w->arg, err->text);
}

static void on_event(uv_fs_event_t *events, const char *name, int what,
                     int status)
{
    struct watch *w = events->data;

    (void)name;
    (void)what;
    (void)status;
    look_soon(w, CALM_MS);
}

static void listen_to(struct watch *w)
{
    if (!w->listening)
        w->listening =
            uv_fs_event_start(&w->events, on_event, w->folder, 0) == 0;
}

static void read_folder(void *arg)
{
    struct look *look = arg;

    look->ok = folder_read(look->folder, &look->files, &look->err);
}

static int64_t next_look(const struct watch *w)
{
    int64_t wake = folder_wake(&w->files, now_ms(w));
    int64_t wait = wake == INT64_MAX ? LOOK_MS : wake - now_ms(w);

    return wait > LEAST_MS ? wait : LEAST_MS;
}

static void on_read(void *arg)
{
    struct look *look = arg;
    struct watch *w = look->watch;

    w->handles--;
    w->looking = false;
    w->usable = look->ok;
    if (look->ok && !w->closing) {
        folder_update(&w->files, &look->files, now_ms(w));
        listen_to(w);
    }
    if (!w->closing) {
        tell(w, &look->err);
        look_soon(w, look->ok ? next_look(w) : LOOK_MS);
        w->sink->news(w->arg);
    }
    folder_release(&look->files);
    free(look->folder);
    free(look);
    release(w);
}

static void look_now(uv_timer_t *timer)
{
    struct watch *w = timer->data;
    struct look *look;

    if (w->looking) {
        look_soon(w, CALM_MS);
        return;
    }
    look = memory_zero(1, sizeof *look);
    look->watch = w;
    look->folder = memory_text(w->folder);
    w->looking = true;
    w->handles++;
    task_start(w->loop, read_folder, on_read, look);
}

static void look_soon(struct watch *w, int64_t delay_ms)
{
    if (!w->closing)
        (void)uv_timer_start(&w->timer, look_now, (uint64_t)delay_ms, 0);
}

struct watch *watch_new(uv_loop_t *loop, const char *folder,
                        const struct watch_sink *sink, void *arg)
{
    struct watch *w = memory_zero(1, sizeof *w);

    w->loop = loop;
    w->folder = memory_text(folder);
    w->sink = sink;
    w->arg = arg;
    (void)uv_timer_init(loop, &w->timer);
    (void)uv_fs_event_init(loop, &w->events);
    w->timer.data = w->events.data = w;
    w->handles = 2;
    look_soon(w, 0);
    return w;
}

static void on_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;

    w->handles--;
    release(w);
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    w->closing = true;
    uv_close((uv_handle_t *)&w->timer, on_closed);
    uv_close((uv_handle_t *)&w->events, on_closed);
}

const char *watch_next(struct watch *w, struct http_stamp *stamp)
{
    const struct folder_file *file =
        w->usable ? folder_next(&w->files, now_ms(w)) : NULL;

    if (!file)
        return NULL;
    *stamp = file->stamp;
    return file->name;
}

void watch_told(struct watch *w, const char *name,
                const struct http_stamp *stamp)
{
    folder_tell(&w->files, name, stamp);
}

bool watch_usable(const struct watch *w)
{
    return w->usable;
}

void watch_lost(struct watch *w, const char *name)
{
    folder_forget(&w->files, name);
    w->usable = false;
    look_soon(w, LOOK_MS);
}
