#include "bridge/saver.h"

#include "bridge/durable.h"
#include "bridge/log.h"
#include "bridge/task.h"
#include "mapping/memory.h"

#define GATHER_MS 1000  /* changes are gathered for so long */
#define GAP_MS    250   /* also by those that somebody waits for */
#define AGAIN_MS  30000 /* after one that failed */

struct save {
    struct saver *saver;
    uint64_t number;
    char *path, *text;
    struct error err;
    bool ok;
};

static void on_time(uv_timer_t *timer);

static int64_t now_ms(const struct saver *s)
{
    uv_update_time(s->timer.loop);
    return (int64_t)uv_now(s->timer.loop);
}

/* While one is being written the next one waits. */
static void arm(struct saver *s)
{
    int64_t left = s->due_ms - now_ms(s);

    if (s->due && !s->running)
        (void)uv_timer_start(&s->timer, on_time, left > 0 ? (uint64_t)left : 0,
                             0);
}

/* Not later than at_ms. */
static void want(struct saver *s, int64_t at_ms)
{
    if (s->due && s->due_ms <= at_ms)
        return;
    s->due = true;
    s->due_ms = at_ms;
    arm(s);
}

static void work(void *arg)
{
    struct save *save = arg;

    save->ok =
        durable_write(save->path, save->text, strlen(save->text), &save->err);
}

static void on_written(void *arg)
{
    struct save *save = arg;
    struct saver *s = save->saver;

    if (!save->ok && !s->failed)
        log_warning("%s; serial numbers and learned capabilities may be "
                    "forgotten at the next restart",
                    save->err.text);
    s->failed = !save->ok;
    s->running = false;
    s->done(s->arg, save->number);
    free(save->path);
    free(save->text);
    free(save);
    if (s->failed)
        want(s, now_ms(s) + s->again_ms);
    arm(s);
}

static void on_time(uv_timer_t *timer)
{
    struct saver *s = timer->data;
    struct save *save;

    s->due = false;
    s->began_ms = now_ms(s);
    s->number++;
    if (!*store_path(s->store)) {
        s->done(s->arg, s->number);
        return;
    }
    save = memory_zero(1, sizeof *save);
    save->saver = s;
    save->number = s->number;
    save->path = memory_text(store_path(s->store));
    save->text = store_text(s->store);
    s->running = true;
    task_start(timer->loop, work, on_written, save);
}

void saver_init(struct saver *saver, uv_loop_t *loop, const struct store *store,
                saver_done *done, void *arg)
{
    *saver = (struct saver){
        .store = store,
        .done = done,
        .arg = arg,
        .again_ms = AGAIN_MS,
    };
    (void)uv_timer_init(loop, &saver->timer);
    saver->timer.data = saver;
}

void saver_soon(struct saver *saver)
{
    if (!saver->due) /* else it is due soon, or failed a moment ago */
        want(saver, now_ms(saver) + GATHER_MS);
}

uint64_t saver_at_once(struct saver *saver)
{
    int64_t now = now_ms(saver), free_ms = saver->began_ms + GAP_MS;

    want(saver, now > free_ms ? now : free_ms);
    return saver->number + 1;
}

void saver_close(struct saver *saver)
{
    uv_close((uv_handle_t *)&saver->timer, NULL);
}

void saver_finish(struct saver *saver)
{
    struct error err;
    char *text;

    if (!saver->due || !*store_path(saver->store))
        return;
    text = store_text(saver->store);
    if (!durable_write(store_path(saver->store), text, strlen(text), &err))
        log_warning("%s", err.text);
    free(text);
}
