#include "bridge/uploads/fetch.h"
#include "bridge/uploads/origin.h"
#include "bridge/uploads/parcel.h"
#include "bridge/uploads/sender.h"

#define TICK_MS 1000 /* between two looks at how far it is */

/* ---- fetching ---- */

static void on_fetched(void *arg, const struct fetch_result *result)
{
    struct parcel *p = arg;
    struct uploader *u = p->uploader;

    u->fetch = NULL;
    u->current = NULL;
    if (!result->ok) {
        parcel_finish(p, result->code, 0, result->err.text);
        return;
    }
    p->delivery->stamp = result->stamp;
    p->delivery->spooled = true;
    parcel_keep(p); /* the printer may not be known yet */
}

void parcel_fetch(struct parcel *p)
{
    struct uploader *u = p->uploader;
    const struct config_uploads *config = &u->setup.config->uploads;
    struct origin_target from;
    struct error err;
    const struct fetch_plan plan = {
        .loop = u->setup.loop,
        .http = u->setup.http,
        .spool = u->setup.spool,
        .id = p->delivery->id,
        .from = &from,
        .max = config->max,
        .timeout_ms = config->timeout_ms,
    };

    if (!origin_allows(config->origins, p->delivery->from, &from, &err)) {
        parcel_finish(p, ORDER_NOT_ALLOWED, 0, err.text);
        return;
    }
    u->current = p;
    p->stage = STAGE_FETCHING;
    u->fetch = fetch_new(&plan, on_fetched, p);
}

/* ---- sending ---- */

static void on_tick(uv_timer_t *tick)
{
    struct uploader *u = tick->data;

    if (!u->sender)
        return;
    u->transfer.sent = sender_sent(u->sender);
    u->sink->moved(u->arg, &u->transfer);
}

static void show(struct uploader *u, const struct delivery *d)
{
    u->transfer =
        (struct transfer){.size = d->stamp.size, .to_print = d->print};
    (void)snprintf(u->transfer.path, sizeof u->transfer.path, "%s", d->to);
    u->sink->moved(u->arg, &u->transfer);
    (void)uv_timer_start(&u->tick, on_tick, TICK_MS, TICK_MS);
}

static void on_sent(void *arg, const struct upload_result *result)
{
    struct parcel *p = arg;
    struct uploader *u = p->uploader;
    char text[640];

    sender_free(u->sender);
    u->sender = NULL;
    if (result->stored)
        u->sink->stored(u->arg, p->delivery->to, p->delivery->stamp.size,
                        &p->facts);
    if (result->code == ORDER_OK)
        (void)snprintf(text, sizeof text, "stored as %s%s", p->delivery->to,
                       result->printed ? ", and it is being printed" : "");
    else
        (void)snprintf(text, sizeof text, "%s",
                       p->cancelled && !result->unsure ? p->why
                                                       : result->message);
    parcel_finish(p, result->code, result->http_status, text);
}

void parcel_send(struct parcel *p)
{
    struct uploader *u = p->uploader;
    struct upload_plan plan;
    char name[4 * PARCEL_NAME_MAX + 1];

    parcel_name(p, name);
    uploader_say(u, LOG_LEVEL_INFO, "upload of %s (%lld bytes) begins", name,
                 (long long)p->delivery->stamp.size);
    p->stage = STAGE_SENDING;
    show(u, p->delivery);
    parcel_plan(p, &plan);
    u->sender = sender_new(u->setup.loop, u->client, &plan, p->fd, on_sent, p);
    p->fd = -1;
    sender_ready(u->sender, u->ready);
}
