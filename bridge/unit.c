#include "bridge/bridge_internal.h"
#include "bridge/files_page.h"
#include "bridge/task.h"
#include "mapping/memory.h"
#include "mapping/text.h"

static bool take_snapshot(void *arg, struct printer *printer, int camera,
                          const char *bytes, size_t len)
{
    const struct unit *unit = arg;

    (void)printer;
    return album_add_snapshot(unit->album, camera, bytes, len);
}

/* The JSON waits so long for the next poll: to wake up for it alone costs more
 * than to make it. */
#define JSON_PATIENCE_MS 1000

static const struct printer_sink sink = {
    .snapshot = take_snapshot,
    .log = unit_log,
    .answer = unit_answer,
    .event = unit_event,
    .upload = unit_upload,
    .cancel_upload = unit_cancel_upload,
    .work = unit_work,
};

void unit_log(void *arg, enum log_level level, const char *printer,
              const char *text)
{
    (void)arg;
    log_write(level, printer, text);
}

void unit_answer(void *arg, struct printer *printer, const struct order *order,
                 const struct order_answer *answer)
{
    struct unit *unit = arg;
    char tree[TOPIC_MAX + 1];

    (void)printer;
    /* who is told that it is done finds it done */
    if (answer->status == ORDER_DONE)
        (void)unit_sync(unit);
    if (routes_topic(publisher_routes(unit->publisher), "", tree, sizeof tree))
        answer_say(unit->bridge, tree, order, answer);
}

void unit_event(void *arg, struct printer *printer,
                const struct job_event *event)
{
    struct unit *unit = arg;
    struct bridge *b = unit->bridge;

    (void)printer;
    log_info("%s: %s%s%s", unit->config->id, event_row(event->event)->label,
             event->job.name ? ": " : "",
             event->job.name ? event->job.name : "");
    if (b->stood_back) /* the copy that lives says so */
        return;
    events_add(b->events, publisher_routes(unit->publisher),
               discover_name(unit), event, saver_at_once(&b->saver));
}

/* A large listing, read where it does not hold up the loop. */
struct reading {
    struct unit *unit;
    struct files_page *page;
};

static void read_page(void *arg)
{
    files_page_read(((struct reading *)arg)->page);
}

static void page_read(void *arg)
{
    struct reading *reading = arg;
    struct unit *unit = reading->unit;

    if (unit->printer) {
        printer_paged(unit->printer, reading->page, bridge_now(unit->bridge));
        unit_run(unit);
    } else {
        files_page_free(reading->page);
    }
    free(reading);
}

void unit_work(void *arg, struct printer *printer, struct files_page *page)
{
    struct unit *unit = arg;
    struct reading *reading = memory_zero(1, sizeof *reading);

    (void)printer;
    *reading = (struct reading){unit, page};
    task_start(&unit->bridge->loop, read_page, page_read, reading);
}

static void on_timer(uv_timer_t *timer)
{
    unit_run(timer->data);
}

static void schedule(struct unit *unit, struct moment now)
{
    int64_t wake = printer_wake(unit->printer);
    int64_t json = publisher_wake(unit->publisher);

    if (unit->bridge->session == SESSION_LIVE && json != INT64_MAX &&
        json + JSON_PATIENCE_MS < wake)
        wake = json + JSON_PATIENCE_MS;
    if (wake == INT64_MAX) {
        (void)uv_timer_stop(&unit->timer);
        return;
    }
    /* not 0: libuv 1.44 runs a timer that restarts itself for now at once,
     * again and again, before it looks at a socket */
    wake = wake > now.ms ? wake - now.ms : 1;
    (void)uv_timer_start(&unit->timer, on_timer, (uint64_t)wake, 0);
}

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct unit *unit = arg;
    struct moment now = bridge_now(unit->bridge);

    printer_answered(unit->printer, answer, now);
    if (unit->bridge->stopping)
        return;
    album_step(unit->album, now); /* or its picture would be taken back */
    (void)unit_sync(unit);        /* what is new goes before what is next */
    unit_run(unit);
}

/* All names stand in the bridge's own document. */
static void note_name(struct unit *unit)
{
    const char *name = discover_name(unit);
    uint64_t hash = text_hash(name);

    if (hash != unit->name_hash)
        unit->bridge->bridge_announced = false;
    unit->name_hash = hash;
}

void unit_remember(struct unit *unit)
{
    struct bridge *bridge = unit->bridge;
    struct printer_memory *memory = printer_memory(unit->printer);

    if (!memory->changed && !memory->files_changed && !memory->job_changed)
        return;
    if (memory->changed) {
        unit->announced = false;
        bridge->printers_due = bridge->identities_due = true;
        note_name(unit);
    }
    if (memory->changed || memory->files_changed)
        store_remember(bridge->store, unit->config->id, memory,
                       unit->config->mapping);
    else
        store_remember_job(bridge->store, unit->config->id, &memory->job);
    memory->changed = memory->files_changed = memory->job_changed = false;
    saver_soon(&bridge->saver);
}

/* A printer that changed what others are told about it. */
static void note_changes(struct unit *unit)
{
    struct bridge *bridge = unit->bridge;

    unit_remember(unit);
    if (unit->files_version != printer_files_version(unit->printer)) {
        unit->files_version = printer_files_version(unit->printer);
        unit->announced = false; /* a person chooses from them */
    }
    if (unit->listed_online != printer_online(unit->printer) ||
        unit->listed_trouble != printer_trouble(unit->printer)) {
        unit->listed_online = printer_online(unit->printer);
        unit->listed_trouble = printer_trouble(unit->printer);
        bridge->printers_due = bridge->info_due = true;
    }
}

bool unit_sync(struct unit *unit)
{
    if (unit->bridge->session != SESSION_LIVE)
        return true;
    unit->unsaid = !publisher_sync(unit->publisher, unit->printer,
                                   bridge_now(unit->bridge)) ||
                   !album_sync(unit->album, bridge_now(unit->bridge));
    return !unit->unsaid;
}

static void send_request(struct unit *unit, const struct request *request)
{
    static const struct http_answer none = {
        .result = HTTP_BROKEN,
        .body = "",
        .reason = "the request could not be made",
    };

    const struct http_stream *stream = printer_stream(unit->printer);
    bool sent = stream
                    ? http_stream(unit->http, request, stream, on_answer, unit)
                    : http_send(unit->http, request, on_answer, unit);

    if (!sent)
        printer_answered(unit->printer, &none, bridge_now(unit->bridge));
}

void unit_run(struct unit *unit)
{
    struct bridge *bridge = unit->bridge;
    struct moment now = bridge_now(bridge);
    struct request request;

    if (unit->running || bridge->stopping)
        return;
    unit->running = true;
    album_step(unit->album, now);
    if (printer_next(unit->printer, now, &request))
        send_request(unit, &request);
    unit_run_uploads(unit);
    note_changes(unit);
    (void)unit_sync(unit);
    if (bridge->printers_due || bridge->info_due)
        report_tick(bridge);
    schedule(unit, now);
    unit->running = false;
}

bool unit_open(struct unit *unit, struct bridge *bridge,
               const struct config_printer *config, int64_t delay_ms,
               struct error *err)
{
    const struct driver *driver = strcmp(config->driver, "auto") == 0
                                      ? drivers[0]
                                      : driver_find(config->driver);
    const struct http_target target = {
        .url = config->url,
        .auth = (enum http_auth)config->auth,
        .username = config->username,
        .secret = config->secret,
        .ca_file = config->ca_file,
        .insecure = config->insecure,
        .timeout_ms = config->timeout_ms,
    };
    struct printer_memory memory;

    unit->bridge = bridge;
    unit->config = config;
    unit->http = http_client_new(bridge->http, &target, err);
    if (!unit->http)
        return error_prefix(err, "%s", config->id);
    store_recall(bridge->store, config->id, config->mapping, &memory);
    unit->remembered =
        memory.serial[0] != '\0' || slot_set_has(&memory.reported, SLOT_STATE);
    unit->publisher = publisher_new(bridge->config, config, &bridge->outlet);
    unit->printer = printer_new(config, driver, &memory, &sink, unit,
                                bridge_now(bridge), delay_ms);
    unit->album = album_new(&bridge->pictures,
                            publisher_routes(unit->publisher), unit->printer);
    printer_watch_files(unit->printer);
    facts_errand_init(&unit->facts, unit->printer);
    unit_open_uploads(unit, driver);
    note_name(unit);
    (void)uv_timer_init(&bridge->loop, &unit->timer);
    unit->timer.data = unit;
    (void)uv_timer_start(&unit->timer, on_timer, (uint64_t)delay_ms, 0);
    return true;
}

void unit_close(struct unit *unit)
{
    if (!unit->printer)
        return;
    uv_close((uv_handle_t *)&unit->timer, NULL);
    uploader_free(unit->uploader);
    http_client_free(unit->http);
    printer_free(unit->printer);
    publisher_free(unit->publisher); /* the album is freed at the very end */
    unit->printer = NULL;
}
