#include "bridge/uploads/parcel.h"

#include "bridge/task.h"
#include "bridge/uploads/folder.h"
#include "bridge/uploads/watch.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <time.h>
#include <unistd.h>

#define AWAY_MAX_S ((int64_t)7 * 24 * 3600)

struct parcel *parcel_new(struct uploader *u, struct delivery *d)
{
    struct parcel *p = memory_zero(1, sizeof *p);

    p->uploader = u;
    p->delivery = d;
    p->fd = -1;
    p->accepted = !d->order;
    u->parcels = memory_grow(u->parcels, u->count + 1, sizeof(struct parcel *));
    u->parcels[u->count++] = p;
    return p;
}

void parcel_name(const struct parcel *p, char out[4 * PARCEL_NAME_MAX + 1])
{
    (void)text_clean(delivery_name(p->delivery), PARCEL_NAME_MAX, out,
                     4 * PARCEL_NAME_MAX + 1);
}

void parcel_free(struct parcel *p)
{
    struct uploader *u = p->uploader;
    size_t i;

    for (i = 0; i < u->count && u->parcels[i] != p; i++)
        ;
    if (i < u->count) {
        u->count--;
        memmove(u->parcels + i, u->parcels + i + 1,
                (u->count - i) * sizeof(struct parcel *));
    }
    if (u->current == p)
        u->current = NULL;
    if (p->fd >= 0)
        (void)close(p->fd);
    delivery_free(p->delivery);
    free(p->text);
    free(p);
}

void parcel_work(struct parcel *p, enum stage stage, void (*run)(void *arg),
                 void (*done)(void *arg))
{
    p->stage = stage;
    p->err.text[0] = '\0';
    p->uploader->held++;
    task_start(p->uploader->setup.loop, run, done, p);
}

bool parcel_worked(struct parcel *p)
{
    struct uploader *u = p->uploader;

    u->held--;
    if (!u->closing)
        return true;
    if (!p->accepted) /* its sender was told that it is refused */
        spool_remove(u->setup.spool, p->delivery->id);
    parcel_free(p);
    uploader_release(u);
    return false;
}

/* ---- a file that is away ---- */

static void tidy(struct parcel *p);

bool parcel_may_come_back(const struct parcel *p)
{
    const struct delivery *d = p->delivery;

    return d->source == DELIVERY_WATCHED && d->started &&
           (int64_t)time(NULL) - d->started_at < AWAY_MAX_S;
}

void parcel_wait_for_file(struct parcel *p, const char *why)
{
    struct uploader *u = p->uploader;
    char name[4 * PARCEL_NAME_MAX + 1];

    parcel_name(p, name);
    if (!p->away)
        uploader_say(u, LOG_LEVEL_WARNING,
                     "watched folder: %s waits for its file to be back: %s",
                     name, why);
    p->away = true;
    p->stage = STAGE_AWAY;
    if (u->current == p)
        u->current = NULL;
    if (u->watch)
        watch_lost(u->watch, p->delivery->from);
    uploader_step(u);
}

bool parcel_is_back(struct parcel *p, const char *name,
                    const struct http_stamp *stamp)
{
    struct delivery *d = p->delivery;

    if (p->stage != STAGE_AWAY || strcmp(d->from, name) != 0 ||
        !parcel_same_file(&d->stamp, stamp))
        return false;
    d->stamp = *stamp;
    if (p->over)
        tidy(p);
    else
        p->stage = STAGE_WAITING;
    return true;
}

/* ---- the end of a parcel ---- */

/* Nothing of it was sent, since its whole folder is away, as it seems: it will
 * be new when the folder is back. */
static bool was_lost(const struct parcel *p)
{
    return p->delivery->source == DELIVERY_WATCHED && p->unread && !p->begun &&
           p->err.text[0];
}

/* The record goes last: a file that still lies in the watched folder, be it
 * because of a crash, would be new to the bridge without one. */
static void tidy_up(void *arg)
{
    struct parcel *p = arg;
    const struct delivery *d = p->delivery;
    const struct uploader_setup *setup = &p->uploader->setup;
    const char *folder = setup->config->uploads.watch;
    bool gone = false;

    p->stuck =
        d->source == DELIVERY_WATCHED && folder &&
        !folder_settle(folder, d->from, &d->stamp, p->text, &gone, &p->err) &&
        !was_lost(p);
    p->gone = gone && parcel_may_come_back(p);
    if (!p->stuck && !p->gone)
        spool_remove(setup->spool, d->id);
}

static void on_removed(void *arg)
{
    struct parcel *p = arg;
    struct uploader *u = p->uploader;

    if (!parcel_worked(p))
        return;
    if (p->err.text[0])
        uploader_say(u, LOG_LEVEL_WARNING, "watched folder: %s", p->err.text);
    if (p->gone) {
        parcel_wait_for_file(p, "it is not there to be moved away");
        return;
    }
    if (was_lost(p) && u->watch)
        watch_lost(u->watch, p->delivery->from);
    else if (p->delivery->source == DELIVERY_WATCHED && u->watch)
        watch_told(u->watch, p->delivery->from, &p->delivery->stamp);
    if (p->stuck && parcel_may_come_back(p))
        p->stage = STAGE_AWAY; /* a share that comes back shows it anew */
    else
        parcel_free(p);
    uploader_step(u);
}

static void tidy(struct parcel *p)
{
    parcel_work(p, STAGE_REMOVING, tidy_up, on_removed);
}

static void stop_showing(struct uploader *u)
{
    (void)uv_timer_stop(&u->tick);
    u->sink->moved(u->arg, NULL);
}

void parcel_finish(struct parcel *p, enum order_code code, int http_status,
                   const char *text)
{
    struct uploader *u = p->uploader;
    struct delivery *d = p->delivery;
    char name[4 * PARCEL_NAME_MAX + 1];
    char *reason;

    parcel_name(p, name);
    if (u->current == p) {
        u->current = NULL;
        stop_showing(u);
    }
    if (!d->order && code == ORDER_OK)
        uploader_say(u, LOG_LEVEL_INFO, "upload of %s done: %s", name, text);
    else if (!d->order)
        uploader_say(u, LOG_LEVEL_WARNING, "upload of %s failed: %s", name,
                     text);
    if (d->order)
        u->sink->finished(u->arg, d->order, code, http_status, text);
    d->order = NULL;
    if (p->fd >= 0)
        (void)close(p->fd);
    p->fd = -1;
    reason = memory_text(code == ORDER_OK ? NULL : text);
    free(p->text);
    p->text = reason;
    p->over = true;
    tidy(p);
}

void parcel_give_up(struct parcel *p)
{
    if (p->stage != STAGE_AWAY || parcel_may_come_back(p))
        return;
    if (p->over)
        tidy(p);
    else
        parcel_finish(p, ORDER_NOT_FOUND, 0, "its file did not come back");
}

bool parcel_was_cancelled(struct parcel *p)
{
    if (p->cancelled)
        parcel_finish(p, ORDER_SUPERSEDED, 0, p->why);
    return p->cancelled;
}
