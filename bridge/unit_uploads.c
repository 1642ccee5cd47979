/* Uploads of one printer on the loop: from orders to the uploader, and what it
 * says back to whom it concerns. */
#include "bridge/bridge_internal.h"
#include "bridge/uploads/uploader.h"
#include "mapping/memory.h"

static void on_accepted(void *arg, const struct order *order, const char *text)
{
    struct unit *unit = arg;

    printer_accept(unit->printer, order, text, bridge_now(unit->bridge));
}

static void on_finished(void *arg, struct order *order, enum order_code code,
                        int http_status, const char *text)
{
    struct unit *unit = arg;

    printer_carried_out(unit->printer, order, code, http_status, text,
                        bridge_now(unit->bridge));
}

static void on_moved(void *arg, const struct transfer *transfer)
{
    struct unit *unit = arg;

    printer_transfer(unit->printer, transfer, bridge_now(unit->bridge));
    unit_run(unit);
}

static void on_stored(void *arg, const char *path, int64_t size,
                      const struct metadata *facts)
{
    struct unit *unit = arg;
    const char *slash = strrchr(path, '/');
    const struct file_mark file = {path, slash ? slash + 1 : path, size};

    printer_file_read(unit->printer, &file, facts);
    printer_files_changed(unit->printer, bridge_now(unit->bridge));
}

static const struct uploader_sink sink = {
    .log = unit_log,
    .accepted = on_accepted,
    .finished = on_finished,
    .moved = on_moved,
    .stored = on_stored,
};

void unit_open_uploads(struct unit *unit, const struct driver *driver)
{
    struct bridge *b = unit->bridge;
    const struct uploader_setup setup = {
        .loop = &b->loop,
        .http = b->http,
        .client = unit->http,
        .config = unit->config,
        .driver = driver,
        .spool = &b->spool,
        .last_id = &b->last_upload,
    };

    if (!unit->config->uploads.enabled || !driver->uploads)
        return;
    if (!unit->config->read_only)
        unit->uploader = uploader_new(&setup, &sink, unit);
    else if (unit->config->uploads.watch)
        log_warning("%s is read_only: nothing is uploaded from the folder %s",
                    unit->config->id, unit->config->uploads.watch);
}

void unit_run_uploads(struct unit *unit)
{
    if (unit->uploader)
        uploader_ready(unit->uploader, printer_sure(unit->printer),
                       printer_device(unit->printer));
}

/* By the wall's clock alone: that one goes on over a restart. */
static void set_expiry(struct order *order, struct moment now)
{
    int64_t wall;

    if (order->expires_ms == INT64_MAX)
        return;
    wall = now.wall + (order->expires_ms - now.ms) / 1000;
    if (wall < order->expires)
        order->expires = wall;
}

void unit_upload(void *arg, struct printer *printer, struct order *order)
{
    struct unit *unit = arg;
    struct delivery *d = memory_zero(1, sizeof *d);

    (void)printer;
    set_expiry(order, bridge_now(unit->bridge));
    d->source = unit->payload       ? DELIVERY_PAYLOAD
                : order->source.url ? DELIVERY_URL
                                    : DELIVERY_DIRECTORY;
    d->from = memory_text(order->source.from);
    (void)snprintf(d->to, sizeof d->to, "%s", order->arguments.path);
    d->print = order->source.print;
    d->overwrite = order->source.overwrite;
    d->order = order;
    uploader_take(unit->uploader, d, unit->payload, unit->payload_len);
}

bool unit_cancel_upload(void *arg, struct printer *printer)
{
    struct unit *unit = arg;

    (void)printer;
    return unit->uploader &&
           uploader_cancel(unit->uploader, "broken off by cancel_transfer");
}

/* ---- after a start ---- */

/* The printer has left the configuration; its sender still waits. */
static void answer_for_gone(struct bridge *b, const struct delivery *d,
                            const char *why)
{
    struct order_answer answer = {.status = ORDER_ERROR,
                                  .code = ORDER_NOT_ALLOWED,
                                  .job = -1,
                                  .state_after = STATE_COUNT};
    char tree[TOPIC_MAX + 1];

    (void)snprintf(tree, sizeof tree, "%s/%s", b->config->mqtt.base_topic,
                   d->printer);
    (void)snprintf(answer.message, sizeof answer.message, "%s", why);
    answer_say(b, tree, d->order, &answer);
}

static void give_up(struct bridge *b, struct unit *unit, struct delivery *d)
{
    static const char why[] = "the configuration does not allow it any more";

    log_warning("an upload of %s to %s is given up: %s", delivery_name(d),
                d->printer, why);
    if (unit && d->order) {
        printer_carried_out(unit->printer, d->order, ORDER_NOT_ALLOWED, 0, why,
                            bridge_now(b));
        d->order = NULL;
    } else if (d->order) {
        answer_for_gone(b, d, why);
    }
    spool_remove(&b->spool, d->id);
    delivery_free(d);
}

static void resume(void *arg, struct delivery *d)
{
    struct bridge *b = arg;
    struct unit *unit = bridge_unit(b, d->printer);

    if (!unit || !unit->uploader ||
        (d->order && unit->config->command_disabled[COMMAND_UPLOAD])) {
        give_up(b, unit, d);
        return;
    }
    log_info("%s: the upload of %s goes on", d->printer, delivery_name(d));
    if (d->order)
        printer_adopt(unit->printer, d->order, bridge_now(b));
    uploader_resume(unit->uploader, d);
}

void uploads_open(struct bridge *b)
{
    struct error err;
    size_t i;

    for (i = 0; i < b->count && !b->units[i].uploader; i++)
        ;
    if (spool_open(&b->spool, store_path(b->store), b->config->instance,
                   i < b->count, &err))
        b->last_upload = spool_load(&b->spool, resume, b);
    else if (i < b->count)
        log_warning("%s; uploads from addresses and messages are refused",
                    err.text);
}
