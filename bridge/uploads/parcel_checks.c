#include "bridge/uploads/below.h"
#include "bridge/uploads/parcel.h"

#include <time.h>
#include <unistd.h>

/* ---- checking and keeping ---- */

void parcel_plan(const struct parcel *p, struct upload_plan *plan)
{
    const struct delivery *d = p->delivery;

    *plan = (struct upload_plan){
        .driver = p->uploader->setup.driver,
        .device = p->uploader->device,
        .source = d->stamp,
        .print = d->print,
        .overwrite = d->overwrite,
        .resumed = p->begun,
    };
    (void)snprintf(plan->path, sizeof plan->path, "%s", d->to);
}

bool parcel_is_possible(struct parcel *p)
{
    const struct config_uploads *config = &p->uploader->setup.config->uploads;
    struct upload_plan plan;
    enum order_code code;
    struct error err = {""};

    parcel_plan(p, &plan);
    if (plan.source.size < 0)
        plan.source.size = 1; /* comes later */
    if (plan.source.size > config->max) {
        (void)error_set(&err,
                        "the file has %lld bytes and uploads.max allows %lld",
                        (long long)plan.source.size, (long long)config->max);
        code = ORDER_TOO_BIG;
    } else {
        code = upload_check(&plan, &err);
    }
    if (code != ORDER_OK)
        parcel_finish(p, code, 0, err.text);
    return code == ORDER_OK;
}

/* Open what the parcel is made of; -1 and p->err. */
static int open_source(struct parcel *p)
{
    const struct config_uploads *config = &p->uploader->setup.config->uploads;
    const struct delivery *d = p->delivery;

    if (d->spooled)
        return spool_read(p->uploader->setup.spool, d->id, &p->stamp, &p->err);
    return below_open(d->source == DELIVERY_WATCHED ? config->watch
                                                    : config->directory,
                      d->from, &p->stamp, &p->err);
}

static void check_file(void *arg)
{
    struct parcel *p = arg;
    int fd = open_source(p);

    if (fd >= 0)
        (void)close(fd);
}

static void on_checked(void *arg)
{
    struct parcel *p = arg;

    if (!parcel_worked(p) || parcel_was_cancelled(p))
        return;
    if (p->err.text[0]) {
        p->unread = true;
        parcel_finish(p, ORDER_NOT_FOUND, 0, p->err.text);
        return;
    }
    p->delivery->stamp = p->stamp;
    if (parcel_is_possible(p))
        parcel_keep(p);
}

void parcel_check(struct parcel *p)
{
    parcel_work(p, STAGE_CHECKING, check_file, on_checked);
}

/* Without a state directory only what needs none is taken. */
static bool needs_record(const struct parcel *p)
{
    return p->uploader->setup.spool->folder[0] || p->delivery->spooled ||
           p->delivery->source == DELIVERY_URL;
}

static void keep_record(void *arg)
{
    struct parcel *p = arg;
    const struct spool *spool = p->uploader->setup.spool;

    if (p->fd >= 0) { /* a payload: its bytes must be on disk, too */
        bool ok = spool_finish(p->fd, &p->stamp, &p->err);

        p->fd = -1;
        if (!ok)
            return;
    }
    (void)spool_keep(spool, p->delivery->id, p->text, &p->err);
}

static void admit(struct parcel *p)
{
    struct uploader *u = p->uploader;
    char text[100];
    size_t i, before = 0;

    p->stage = STAGE_WAITING;
    if (p->accepted)
        return;
    p->accepted = true;
    for (i = 0; i < u->count && u->parcels[i] != p; i++)
        before += u->parcels[i]->stage != STAGE_AWAY;
    if (before)
        (void)snprintf(text, sizeof text,
                       "the file will be uploaded after %zu other%s", before,
                       before == 1 ? "" : "s");
    else
        (void)snprintf(text, sizeof text, "the file will be uploaded");
    if (p->delivery->order)
        u->sink->accepted(u->arg, p->delivery->order, text);
}

static void on_kept(void *arg)
{
    struct parcel *p = arg;
    struct uploader *u = p->uploader;

    if (!parcel_worked(p) || parcel_was_cancelled(p))
        return;
    if (p->err.text[0]) {
        parcel_finish(p, ORDER_TOO_BIG, 0, p->err.text);
        return;
    }
    admit(p);
    uploader_step(u);
}

void parcel_keep(struct parcel *p)
{
    if (needs_record(p)) {
        /* not in the worker: at the bridge's end the order is answered */
        free(p->text);
        p->text = delivery_text(p->delivery);
        parcel_work(p, STAGE_KEEPING, keep_record, on_kept);
        return;
    }
    admit(p);
    uploader_step(p->uploader);
}

/* ---- opening ---- */

bool parcel_same_file(const struct http_stamp *a, const struct http_stamp *b)
{
    return a->size == b->size && a->mtime_ns == b->mtime_ns &&
           a->inode == b->inode;
}

/* While it is at hand: a printer may not tell it later. What is damaged or
 * cannot be read is the printer's affair, and the upload's. */
static void look_into(struct parcel *p)
{
    const struct metadata_source source =
        metadata_source_fd(p->fd, p->stamp.size);

    if (p->uploader->setup.config->read_files)
        (void)metadata_read(&source, METADATA_FACTS, &p->facts, NULL);
}

/* Before the first byte goes out the record says that it may have. */
static void open_file(void *arg)
{
    struct parcel *p = arg;
    struct delivery *d = p->delivery;

    p->fd = open_source(p);
    if (p->fd < 0)
        return;
    if ((p->begun || d->source == DELIVERY_WATCHED) &&
        !parcel_same_file(&p->stamp, &d->stamp)) {
        (void)error_set(&p->err, "the file has changed since it was %s",
                        p->begun ? "sent" : "found");
        return;
    }
    look_into(p);
    d->stamp = p->stamp;
    d->started = true;
    d->started_at = (int64_t)time(NULL);
    if (!needs_record(p))
        return;
    free(p->text);
    p->text = delivery_text(d);
    (void)spool_keep(p->uploader->setup.spool, d->id, p->text, &p->err);
}

static void on_opened(void *arg)
{
    struct parcel *p = arg;

    if (!parcel_worked(p) || parcel_was_cancelled(p))
        return;
    p->unread = p->fd < 0;
    if (p->unread && p->begun && parcel_may_come_back(p))
        parcel_wait_for_file(p, p->err.text);
    else if (p->err.text[0])
        parcel_finish(p, p->fd < 0 ? ORDER_NOT_FOUND : ORDER_CONFLICT, 0,
                      p->err.text);
    else if (parcel_is_possible(p))
        parcel_send(p);
}

void parcel_open(struct parcel *p)
{
    parcel_work(p, STAGE_OPENING, open_file, on_opened);
}
