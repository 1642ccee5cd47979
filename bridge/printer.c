#include "bridge/printer_internal.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <stdarg.h>

#define AT_ONCE_MS 100 /* after an answer nothing else had its turn */
#define MINUTE_MS  60000
#define HOUR_MS    3600000
#define DAY_MS     INT64_C(86400000)
/* A printer that has not told its serial number is asked again (PrusaLink on a
 * Pi does not know it until the serial line is up). */
#define SERIAL_AGAIN_MS 10000
/* A poll that its timer began this much late does not make the next one late:
 * a printer polled once a second would fall behind, and each poll take two
 * wake-ups. */
#define LATE_MS 20

/* Thousands of printers share what is needed only while an answer is read. */
static struct telemetry scratch;
static size_t printers;

uint32_t printer_all_endpoints(const struct printer *p)
{
    uint32_t all = 0;
    int i;

    for (i = 0; p->driver->endpoints[i].name; i++)
        if (p->driver->endpoints[i].cadence != CADENCE_TRANSFER &&
            p->driver->endpoints[i].cadence != CADENCE_DAY)
            all |= endpoint_bit(i);
    return all;
}

static int endpoint_with(const struct driver *driver, enum cadence cadence)
{
    int i;

    for (i = 0; driver->endpoints[i].name; i++)
        if (driver->endpoints[i].cadence == cadence)
            return i;
    return -1;
}

/* The endpoint that tells the serial number, -1 if none does. */
static int endpoint_of_identity(const struct driver *driver)
{
    int i;
    const struct driver_field *row;

    for (i = 0; driver->endpoints[i].name; i++)
        for (row = driver->endpoints[i].fields; row && row->path; row++)
            if (row->field == FIELD_INFO_SERIAL)
                return i;
    return -1;
}

void printer_log(struct printer *p, enum log_level level, const char *format,
                 ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    p->sink->log(p->arg, level, p->config->id, text);
}

/* A restart of the bridge does not move the beginning of a print either. */
static struct job_start remembered_start(const struct job *job)
{
    return (struct job_start){
        .known = job->phase != JOB_NONE && job->now.started_at >= 0,
        .job = job->now.id,
        .at = job->now.started_at,
        .printing = job->now.duration,
    };
}

struct printer *printer_new(const struct config_printer *config,
                            const struct driver *driver,
                            const struct printer_memory *memory,
                            const struct printer_sink *sink, void *arg,
                            struct moment now, int64_t delay_ms)
{
    struct printer *p = memory_zero(1, sizeof *p);

    printers++;
    p->scratch = &scratch;
    p->config = config;
    p->driver = driver;
    p->sink = sink;
    p->arg = arg;
    if (memory)
        p->memory = *memory;
    instances_copy(&p->device.storages, &p->memory.storages);
    instances_copy(&p->device.cameras, &p->memory.cameras);
    p->roster = (struct roster){&p->device.storages, &p->device.cameras};
    p->saved_progress = p->memory.job.now.progress;
    p->start = remembered_start(&p->memory.job);
    job_fields(&p->memory.job, &p->telemetry);
    p->status_endpoint = endpoint_with(driver, CADENCE_POLL);
    p->job_endpoint = endpoint_with(driver, CADENCE_JOB);
    p->identity_endpoint = endpoint_of_identity(driver);
    p->next_poll_ms = now.ms + delay_ms;
    p->untried = printer_all_endpoints(p);
    p->since_ms = now.ms;
    p->clock = now.wall - now.ms / 1000;
    p->files = files_new(p);
    return p;
}

void printer_stop(struct printer *p, struct moment now)
{
    p->version++;
    orders_stop(p, now);
}

void printer_memory_release(struct printer_memory *memory)
{
    free(memory->name);
    free(memory->model);
    free(memory->firmware);
    instances_release(&memory->storages);
    instances_release(&memory->cameras);
    job_release(&memory->job);
    free(memory->selected);
    free(memory->selected_name);
    facts_release(&memory->facts);
    *memory = (struct printer_memory){.changed = false};
}

void printer_free(struct printer *p)
{
    if (!p)
        return;
    orders_release(p);
    files_free(p->files);
    printer_memory_release(&p->memory);
    device_release(&p->device);
    free(p->error);
    telemetry_release(&p->telemetry);
    if (--printers == 0)
        telemetry_release(&scratch);
    free(p);
}

void printer_read_soon(struct printer *p, uint32_t endpoints)
{
    p->pending |= endpoints & ~p->missing;
}

bool printer_busy_with_job(const struct printer *p)
{
    switch (telemetry_state(&p->telemetry)) {
    case STATE_PRINTING:
    case STATE_PAUSED:
    case STATE_ATTENTION:
    case STATE_BUSY: return true;
    case STATE_IDLE:
    case STATE_READY:
    case STATE_FINISHED:
    case STATE_STOPPED:
    case STATE_ERROR:
    case STATE_CONNECTING:
    case STATE_COUNT: break;
    }
    return telemetry_integer(&p->telemetry, SLOT_TRANSFER_ACTIVE, 0) == 1;
}

int64_t printer_interval(const struct printer *p)
{
    int64_t interval = printer_busy_with_job(p) ? p->config->poll_printing_ms
                                                : p->config->poll_idle_ms;

    if (p->interval_ms)
        interval = p->interval_ms;
    if (p->transfer && interval < UPLOAD_POLL_MS)
        return UPLOAD_POLL_MS;
    return interval;
}

void printer_transfer(struct printer *p, const struct transfer *transfer,
                      struct moment now)
{
    bool ended = p->transfer && !transfer;

    if (!p->transfer)
        p->pace = (struct transfer_pace){.bytes = 0};
    p->transfer = transfer;
    if (!p->online || (!transfer && !ended))
        return;
    if (transfer)
        transfer_pace(&p->pace, transfer->sent, now.ms);
    transfer_fields(transfer, &p->pace, &p->telemetry);
    if (ended)
        printer_read_soon(p, endpoint_bit(p->status_endpoint));
    p->version++;
}

static bool is_due(const struct printer *p, int endpoint, int64_t now_ms)
{
    int64_t age = now_ms - p->read_ms[endpoint];

    switch (p->driver->endpoints[endpoint].cadence) {
    case CADENCE_POLL: return true;
    case CADENCE_MINUTE: return age >= MINUTE_MS;
    case CADENCE_CONTACT:
        return age >=
               (p->failed & endpoint_bit(endpoint) ? MINUTE_MS : HOUR_MS);
    case CADENCE_TRANSFER:
        return telemetry_integer(&p->telemetry, SLOT_TRANSFER_ACTIVE, 0) ||
               telemetry_known(&p->telemetry, SLOT_TRANSFER_NAME);
    case CADENCE_DAY:
        return p->settled && !printer_busy_with_job(p) &&
               now_ms >= p->next_day_ms && now_ms - p->since_ms >= MINUTE_MS;
    case CADENCE_JOB: break;
    }
    return false;
}

/* Endpoints whose time has come with a status poll. */
static uint32_t due_with_poll(const struct printer *p, int64_t now_ms)
{
    uint32_t due = 0;
    int i;

    for (i = 0; p->driver->endpoints[i].name; i++)
        if (is_due(p, i, now_ms))
            due |= endpoint_bit(i);
    return due & ~p->missing;
}

/* When a pending endpoint may be read: no more often than once a second,
 * except at a new contact and around an order. */
static int64_t readable_ms(const struct printer *p, int endpoint)
{
    if (!p->contact || !p->read_ms[endpoint] ||
        (endpoint == p->identity_endpoint && !p->identity_read) ||
        (endpoint == p->status_endpoint && p->orders.active))
        return 0;
    return p->read_ms[endpoint] +
           (p->failed & endpoint_bit(endpoint) ? FAILED_GAP_MS : LEAST_GAP_MS) -
           LATE_MS;
}

static bool may_read(const struct printer *p, int endpoint, int64_t now_ms)
{
    return p->pending & endpoint_bit(endpoint) &&
           readable_ms(p, endpoint) <= now_ms;
}

/* When the next poll is due and may be sent. */
static int64_t poll_ms(const struct printer *p)
{
    int64_t readable_from = readable_ms(p, p->status_endpoint);

    return p->next_poll_ms > readable_from ? p->next_poll_ms : readable_from;
}

/* A printer that is slower than its polls does something else between two of
 * them: else it would do nothing else. */
static bool status_yields(const struct printer *p, int64_t now_ms)
{
    return now_ms - p->answered_ms < AT_ONCE_MS && p->contact &&
           p->status_number == p->sent_count && !orders_hurry(p);
}

/* What is due with each poll lets what is seldom due go first. */
static bool may_wait(const struct printer *p, int endpoint, int64_t now_ms)
{
    enum cadence cadence = p->driver->endpoints[endpoint].cadence;

    return (cadence == CADENCE_POLL || cadence == CADENCE_TRANSFER) &&
           status_yields(p, now_ms);
}

/* Who it is comes first, then how it is, then the rest. */
static int pick_endpoint(const struct printer *p, int64_t now_ms)
{
    bool status = may_read(p, p->status_endpoint, now_ms);
    int i;

    if (p->identity_endpoint >= 0 && !p->identity_read)
        return may_read(p, p->identity_endpoint, now_ms) ? p->identity_endpoint
                                                         : -1;
    for (i = 0;
         (!status || status_yields(p, now_ms)) && p->driver->endpoints[i].name;
         i++)
        if (i != p->status_endpoint && may_read(p, i, now_ms))
            return i;
    return status ? p->status_endpoint : -1;
}

static void plan_poll(struct printer *p, struct moment now)
{
    int64_t step = printer_interval(p);

    p->doubted = false;
    printer_read_soon(p, p->contact ? due_with_poll(p, now.ms)
                                    : printer_all_endpoints(p));
    if (p->identity_read && (!p->serial_checked || !p->memory.serial[0]) &&
        now.ms - p->read_ms[p->identity_endpoint] >= SERIAL_AGAIN_MS)
        printer_read_soon(p, endpoint_bit(p->identity_endpoint));
    /* by whole steps: after a standstill printers must not fall into step */
    p->next_poll_ms += ((now.ms - p->next_poll_ms) / step + 1) * step;
}

bool printer_next(struct printer *p, struct moment now, struct request *request)
{
    int endpoint;

    if (p->flight != FLIGHT_NONE)
        return false;
    orders_step(p, now);
    if (orders_next(p, now, request)) {
        p->flight = FLIGHT_ORDER;
        p->sent_ms = now.ms;
        p->sent_count++;
        return true;
    }
    if (now.ms >= poll_ms(p))
        plan_poll(p, now);
    if (orders_want_status(p, now))
        printer_read_soon(p, endpoint_bit(p->status_endpoint));
    endpoint = pick_endpoint(p, now.ms);
    if ((endpoint < 0 || may_wait(p, endpoint, now.ms)) &&
        errands_next(p, now, request))
        return true;
    if (endpoint < 0)
        return false;
    p->pending &= ~endpoint_bit(endpoint);
    /* whatever comes of it: it is a burden for the printer */
    if (p->driver->endpoints[endpoint].cadence == CADENCE_DAY)
        p->next_day_ms = now.ms + DAY_MS;
    p->flight = FLIGHT_READ;
    p->reading = endpoint;
    p->sent_ms = now.ms;
    p->sent_count++;
    driver_read(p->driver, endpoint, request);
    return true;
}

/* When one of the pending endpoints may be read; nothing before who it is. */
static int64_t pending_ms(const struct printer *p)
{
    bool known = p->identity_endpoint < 0 || p->identity_read;
    int64_t soonest = INT64_MAX;
    int i;

    for (i = 0; p->driver->endpoints[i].name; i++)
        if (p->pending & endpoint_bit(i) &&
            (known || i == p->identity_endpoint) && readable_ms(p, i) < soonest)
            soonest = readable_ms(p, i);
    return soonest;
}

static int64_t due_ms(const struct printer *p)
{
    const int64_t due[] = {poll_ms(p), orders_wake(p), errands_wake(p),
                           pending_ms(p)};
    int64_t wake = due[0];
    size_t i;

    for (i = 1; i < sizeof due / sizeof *due; i++)
        if (due[i] < wake)
            wake = due[i];
    return wake;
}

int64_t printer_wake(const struct printer *p)
{
    return p->flight != FLIGHT_NONE ? INT64_MAX : due_ms(p);
}

/* The first reads of a contact are complete once all were tried. */
static void note_settled(struct printer *p)
{
    p->settled = p->contact && (p->settled || !(p->untried & ~p->missing));
}

void printer_answered(struct printer *p, const struct http_answer *answer,
                      struct moment now)
{
    enum flight flight = p->flight;

    p->version++; /* for those who are told something on the way */
    p->flight = FLIGHT_NONE;
    p->answered_ms = now.ms;
    if (flight == FLIGHT_ERRAND)
        errands_answered(p, answer, now);
    if (answer->result == HTTP_ABORTED)
        return;
    if (flight == FLIGHT_ORDER)
        orders_answered(p, answer, now);
    else if (flight == FLIGHT_READ)
        snapshot_answered(p, answer, now);
    note_settled(p);
    files_step(p->files, now);
    orders_step(p, now);
    p->version++;
}

void printer_watch_files(struct printer *p)
{
    files_watch(p->files);
}

void printer_files_changed(struct printer *p, struct moment now)
{
    files_changed(p->files, now);
}

void printer_paged(struct printer *p, struct files_page *page,
                   struct moment now)
{
    files_paged(p->files, page, now);
    orders_step(p, now);
}

const struct kept_view *printer_files(const struct printer *p)
{
    return files_view(p->files);
}

uint64_t printer_files_version(const struct printer *p)
{
    return files_version(p->files);
}

bool printer_files_settled(const struct printer *p)
{
    return files_settled(p->files);
}

const char *printer_picture(const struct printer *p)
{
    return p->device.picture && p->online &&
                   driver_job_agrees(&p->telemetry, &p->device)
               ? p->device.picture
               : "";
}

bool printer_snapshot_target(const struct printer *p, int camera,
                             struct request *request)
{
    return p->driver->snapshot &&
           driver_camera_target(p->driver->snapshot, camera, &p->device,
                                request);
}

void printer_note_snapshot(struct printer *p, int camera, struct moment now)
{
    int slot = field_slot(FIELD_CAMERA_SNAPSHOT_AT, camera);

    p->version++;
    telemetry_set(&p->telemetry, slot, value_time(now.wall));
    if (slot_set_add(&p->memory.reported, slot))
        p->memory.changed = true;
}

bool printer_is_held_up(const struct printer *p)
{
    return p->flight == FLIGHT_READ &&
           p->driver->endpoints[p->reading].cadence == CADENCE_DAY &&
           (p->orders.active || p->orders.count > 0);
}

void printer_read_job(struct printer *p)
{
    if (p->job_endpoint >= 0)
        printer_read_soon(p, endpoint_bit(p->job_endpoint));
}

const struct config_printer *printer_config(const struct printer *p)
{
    return p->config;
}

const struct driver *printer_driver(const struct printer *p)
{
    return p->driver;
}

const struct telemetry *printer_telemetry(const struct printer *p)
{
    return &p->telemetry;
}

uint64_t printer_version(const struct printer *p)
{
    return p->version;
}

const struct instances *printer_instances(const struct printer *p)
{
    return &p->device.storages;
}

const struct roster *printer_roster(const struct printer *p)
{
    return &p->roster;
}

struct printer_memory *printer_memory(struct printer *p)
{
    return &p->memory;
}

bool printer_sure(const struct printer *p)
{
    return p->online && p->contact &&
           (p->serial_checked || p->identity_endpoint < 0);
}

const struct device *printer_device(const struct printer *p)
{
    return &p->device;
}

bool printer_judged(const struct printer *p)
{
    return p->judged;
}

bool printer_online(const struct printer *p)
{
    return p->online;
}

bool printer_settled(const struct printer *p)
{
    return p->settled;
}

uint64_t printer_polls_ok(const struct printer *p)
{
    return p->polls_ok;
}

uint64_t printer_polls_failed(const struct printer *p)
{
    return p->polls_failed;
}
