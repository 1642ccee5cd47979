#include "bridge/uploads/fetch.h"
#include "bridge/uploads/origin.h"
#include "bridge/uploads/parcel.h"
#include "bridge/uploads/sender.h"
#include "bridge/uploads/watch.h"
#include "mapping/memory.h"

#include <stdarg.h>
#include <time.h>

/* ---- saying ---- */

void uploader_say(struct uploader *u, enum log_level level, const char *format,
                  ...)
{
    char text[600];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    u->sink->log(u->arg, level, u->setup.config->id, text);
}

void uploader_release(struct uploader *u)
{
    if (!u->closing || u->held > 0)
        return;
    free(u->parcels);
    free(u);
}

/* ---- whose turn it is ---- */

/* The folder on the printer for a file that names none. */
static const char *target_folder(const struct uploader *u)
{
    const char *own = u->setup.config->uploads.path;

    return own ? own : driver_upload_folder(u->setup.driver, u->device);
}

static bool is_at_work(const struct uploader *u)
{
    size_t i;

    for (i = 0; i < u->count; i++)
        if (u->parcels[i]->stage != STAGE_AWAY)
            return true;
    return false;
}

static bool was_awaited(const struct uploader *u, const char *name,
                        const struct http_stamp *stamp)
{
    size_t i;

    for (i = 0; i < u->count; i++)
        if (parcel_is_back(u->parcels[i], name, stamp))
            return true;
    return false;
}

/* The next file of the watched folder, when nothing else waits. */
static void look_into_folder(struct uploader *u)
{
    struct http_stamp stamp;
    struct delivery *d;
    const char *name;

    if (!u->watch || is_at_work(u) || !u->ready)
        return;
    name = watch_next(u->watch, &stamp);
    if (!name || was_awaited(u, name, &stamp))
        return;
    d = memory_zero(1, sizeof *d);
    d->source = DELIVERY_WATCHED;
    d->from = memory_text(name);
    d->stamp = stamp;
    d->print = u->setup.config->uploads.print;
    d->overwrite = u->setup.config->uploads.overwrite;
    uploader_take(u, d, NULL, 0);
}

static bool is_expired(const struct parcel *p)
{
    const struct order *order = p->delivery->order;

    return !p->begun && order && order->expires <= (int64_t)time(NULL);
}

/* Also while the printer is off: whoever waits is told. */
static void drop_expired(struct uploader *u)
{
    size_t i;

    for (i = 0; i < u->count; i++) {
        struct parcel *p = u->parcels[i];

        if (p->stage == STAGE_WAITING && is_expired(p))
            parcel_finish(p, ORDER_EXPIRED, 0,
                          "the order expired while it waited");
        parcel_give_up(p);
    }
}

static void begin(struct parcel *p)
{
    struct uploader *u = p->uploader;

    if (p->delivery->source == DELIVERY_URL && !p->delivery->spooled) {
        parcel_fetch(p);
    } else if (u->ready) {
        u->current = p;
        parcel_open(p);
    }
}

/* What comes from a share that is away waits for it, and nobody for that. */
static bool may_begin(const struct parcel *p)
{
    const struct watch *watch = p->uploader->watch;

    return p->stage == STAGE_WAITING &&
           (p->delivery->source != DELIVERY_WATCHED || !watch ||
            watch_usable(watch));
}

void uploader_step(struct uploader *u)
{
    size_t i;

    if (u->closing)
        return;
    look_into_folder(u);
    drop_expired(u);
    for (i = 0; i < u->count && !u->current; i++)
        if (may_begin(u->parcels[i])) {
            begin(u->parcels[i]);
            break;
        }
}

void uploader_ready(struct uploader *u, bool ready, const struct device *device)
{
    bool news = ready && !u->ready;

    u->ready = ready;
    u->device = device;
    if (u->sender)
        sender_ready(u->sender, ready);
    if (news)
        uploader_step(u);
    else if (!u->closing)
        drop_expired(u);
}

/* ---- from outside ---- */

/* The path as it is, or a name in the folder for files that name none. False:
 * it is too long. */
static bool complete_path(const struct uploader *u, struct delivery *d,
                          const char *name)
{
    const char *wish = d->to[0] ? d->to : name;
    char whole[sizeof d->to];
    int len;

    if (d->to[0] == '/')
        return true;
    len = snprintf(whole, sizeof whole, "%s/%s", target_folder(u), wish);
    if (len < 0 || (size_t)len >= sizeof whole)
        return false;
    memcpy(d->to, whole, (size_t)len + 1);
    return true;
}

/* May it come from there, and what is it called? */
static bool find_source(const struct uploader *u, struct delivery *d,
                        struct origin_target *from, struct error *err)
{
    const char *slash = d->from ? strrchr(d->from, '/') : NULL;

    if (d->source == DELIVERY_URL)
        return origin_allows(u->setup.config->uploads.origins, d->from, from,
                             err);
    if (d->source == DELIVERY_WATCHED && !u->watch)
        return error_set(err, "no folder is watched any more");
    if (d->source == DELIVERY_DIRECTORY && !u->setup.config->uploads.directory)
        return error_set(err, "no directory is open to orders; name one in "
                              "uploads.directory of the configuration");
    (void)snprintf(from->name, sizeof from->name, "%s",
                   slash ? slash + 1 : (d->from ? d->from : ""));
    return true;
}

/* What comes from elsewhere lies in a folder of the bridge until it is sent. */
static bool may_lie(const struct uploader *u, const struct delivery *d,
                    struct error *err)
{
    if (u->setup.spool->folder[0] ||
        (d->source != DELIVERY_PAYLOAD && d->source != DELIVERY_URL))
        return true;
    return error_set(err, "the bridge has no folder to keep the file in until "
                          "it is sent; its log says why");
}

static void spool_payload(struct parcel *p, const void *bytes, size_t len)
{
    const struct spool *spool = p->uploader->setup.spool;

    p->fd = spool_create(spool, p->delivery->id, &p->err);
    p->delivery->spooled = true;
    p->delivery->stamp.size = (int64_t)len;
    if (p->fd < 0 || !spool_write(p->fd, bytes, len, &p->err))
        parcel_finish(p, ORDER_TOO_BIG, 0, p->err.text);
    else if (parcel_is_possible(p))
        parcel_keep(p);
}

/* Do too many wait, the newest one among them? */
static bool is_full(const struct uploader *u)
{
    size_t i, waiting = 0;

    for (i = 0; i < u->count; i++)
        waiting += u->parcels[i] != u->current &&
                   u->parcels[i]->stage != STAGE_REMOVING &&
                   u->parcels[i]->stage != STAGE_AWAY;
    return waiting > UPLOADS_MAX;
}

void uploader_take(struct uploader *u, struct delivery *d, const void *bytes,
                   size_t len)
{
    struct origin_target from = {.name = ""};
    struct error err = {""};
    struct parcel *p;

    d->id = ++*u->setup.last_id;
    (void)snprintf(d->printer, sizeof d->printer, "%s", u->setup.config->id);
    p = parcel_new(u, d);
    if (!find_source(u, d, &from, &err)) {
        parcel_finish(p, ORDER_NOT_ALLOWED, 0, err.text);
        return;
    }
    if (!may_lie(u, d, &err)) {
        parcel_finish(p, ORDER_NOT_SUPPORTED, 0, err.text);
        return;
    }
    if (!complete_path(u, d, from.name)) {
        parcel_finish(p, ORDER_INVALID, 0, "the path is too long");
        return;
    }
    if (d->order && is_full(u)) {
        parcel_finish(p, ORDER_QUEUE_FULL, 0,
                      "eight uploads wait already; try again when they are "
                      "done");
        return;
    }
    switch (d->source) {
    case DELIVERY_PAYLOAD: spool_payload(p, bytes, len); break;
    case DELIVERY_URL:
        d->stamp.size = -1;
        if (parcel_is_possible(p))
            parcel_keep(p);
        break;
    case DELIVERY_DIRECTORY:
    case DELIVERY_WATCHED:
    case DELIVERY_SOURCES: parcel_check(p); break;
    }
}

void uploader_resume(struct uploader *u, struct delivery *d)
{
    struct parcel *p = parcel_new(u, d);
    struct origin_target from;
    struct error err;

    p->begun = d->started;
    p->accepted = true;
    p->stage = STAGE_WAITING;
    if (find_source(u, d, &from, &err))
        uploader_step(u);
    else
        parcel_finish(p, ORDER_NOT_ALLOWED, 0, err.text);
}

static void cancel(struct parcel *p, const char *why)
{
    struct uploader *u = p->uploader;

    p->cancelled = true;
    (void)snprintf(p->why, sizeof p->why, "%s", why);
    switch (p->stage) {
    case STAGE_FETCHING:
        fetch_free(u->fetch);
        u->fetch = NULL;
        (void)parcel_was_cancelled(p);
        break;
    case STAGE_WAITING: (void)parcel_was_cancelled(p); break;
    case STAGE_SENDING: sender_cancel(u->sender); break;
    case STAGE_CHECKING:
    case STAGE_KEEPING:
    case STAGE_OPENING:
    case STAGE_AWAY:
    case STAGE_REMOVING: break; /* when the worker is done */
    }
}

/* The one that runs, else the first. */
static struct parcel *foremost(const struct uploader *u)
{
    size_t i;

    if (u->current)
        return u->current;
    for (i = 0; i < u->count; i++)
        if (u->parcels[i]->stage != STAGE_REMOVING &&
            u->parcels[i]->stage != STAGE_AWAY && !u->parcels[i]->cancelled)
            return u->parcels[i];
    return NULL;
}

bool uploader_cancel(struct uploader *u, const char *why)
{
    struct parcel *p = foremost(u);

    if (p && !p->cancelled)
        cancel(p, why);
    return p != NULL;
}

/* ---- begin and end ---- */

static void on_news(void *arg)
{
    uploader_step(arg);
}

static void on_trouble(void *arg, const char *text)
{
    struct uploader *u = arg;

    uploader_say(u, LOG_LEVEL_WARNING, "watched folder: %s", text);
}

struct uploader *uploader_new(const struct uploader_setup *setup,
                              const struct uploader_sink *sink, void *arg)
{
    static const struct watch_sink watching = {on_news, on_trouble};
    struct uploader *u = memory_zero(1, sizeof *u);

    u->setup = *setup;
    u->sink = sink;
    u->arg = arg;
    u->client = http_client_sibling(setup->client);
    u->tick.data = u;
    u->held = 1; /* the timer */
    (void)uv_timer_init(setup->loop, &u->tick);
    if (setup->config->uploads.watch)
        u->watch =
            watch_new(setup->loop, setup->config->uploads.watch, &watching, u);
    return u;
}

void uploader_stop(struct uploader *u)
{
    size_t i;

    u->closing = true;
    sender_free(u->sender);
    u->sender = NULL;
    fetch_free(u->fetch);
    u->fetch = NULL;
    for (i = 0; i < u->count; i++) {
        struct parcel *p = u->parcels[i];

        if (p->accepted || !p->delivery->order)
            continue;
        u->sink->finished(u->arg, p->delivery->order, ORDER_OFFLINE, 0,
                          "the bridge stops");
        p->delivery->order = NULL;
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct uploader *u = handle->data;

    u->held--;
    uploader_release(u);
}

/* Those that no worker holds. */
static void free_idle(struct uploader *u)
{
    size_t i = u->count;

    while (i-- > 0)
        if (u->parcels[i]->stage == STAGE_WAITING ||
            u->parcels[i]->stage == STAGE_FETCHING ||
            u->parcels[i]->stage == STAGE_AWAY ||
            u->parcels[i]->stage == STAGE_SENDING)
            parcel_free(u->parcels[i]);
}

void uploader_free(struct uploader *u)
{
    if (!u)
        return;
    if (!u->closing)
        uploader_stop(u);
    watch_free(u->watch);
    http_client_free(u->client);
    free_idle(u);
    uv_close((uv_handle_t *)&u->tick, on_closed);
}
