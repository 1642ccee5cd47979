#include "bridge/printer_internal.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <stdarg.h>

#define MINUTE_MS 60000
#define HOUR_MS   3600000
/* A printer that has not told its serial number is asked again (PrusaLink on a
 * Pi does not know it until the serial line is up). */
#define SERIAL_AGAIN_MS 10000
/* A poll that its timer began this much late does not make the next one late:
 * a printer polled once a second would fall behind, and each poll take two
 * wake-ups. */
#define LATE_MS 20

uint32_t printer_all_endpoints(const struct printer *p)
{
    uint32_t all = 0;
    int i;

    for (i = 0; p->driver->endpoints[i].name; i++)
        if (p->driver->endpoints[i].cadence != CADENCE_TRANSFER)
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

struct printer *printer_new(const struct config_printer *config,
                            const struct driver *driver,
                            const struct printer_memory *memory,
                            const struct printer_sink *sink, void *arg,
                            struct moment now, int64_t delay_ms)
{
    struct printer *p = memory_zero(1, sizeof *p);

    p->config = config;
    p->driver = driver;
    p->sink = sink;
    p->arg = arg;
    if (memory)
        p->memory = *memory;
    p->device.storages = p->memory.storages;
    p->saved_progress = p->memory.job.now.progress;
    job_fields(&p->memory.job, &p->telemetry);
    p->status_endpoint = endpoint_with(driver, CADENCE_POLL);
    p->job_endpoint = endpoint_with(driver, CADENCE_JOB);
    p->identity_endpoint = endpoint_of_identity(driver);
    p->next_poll_ms = now.ms + delay_ms;
    p->untried = printer_all_endpoints(p);
    p->since_ms = now.ms;
    p->clock = now.wall - now.ms / 1000;
    return p;
}

void printer_stop(struct printer *p, struct moment now)
{
    p->version++;
    orders_offline(p, true, now);
}

void printer_free(struct printer *p)
{
    if (!p)
        return;
    orders_release(p);
    job_release(&p->memory.job);
    telemetry_release(&p->telemetry);
    telemetry_release(&p->scratch);
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
    if (p->interval_ms)
        return p->interval_ms;
    return printer_busy_with_job(p) ? p->config->poll_printing_ms
                                    : p->config->poll_idle_ms;
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

/* Who it is comes first, then how it is, then the rest. */
static int pick_endpoint(const struct printer *p, int64_t now_ms)
{
    int i;

    if (p->identity_endpoint >= 0 && !p->identity_read)
        return may_read(p, p->identity_endpoint, now_ms) ? p->identity_endpoint
                                                         : -1;
    if (may_read(p, p->status_endpoint, now_ms))
        return p->status_endpoint;
    for (i = 0; p->driver->endpoints[i].name; i++)
        if (may_read(p, i, now_ms))
            return i;
    return -1;
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
    if (endpoint < 0)
        return false;
    p->pending &= ~endpoint_bit(endpoint);
    p->flight = FLIGHT_READ;
    p->reading = endpoint;
    p->sent_ms = now.ms;
    p->sent_count++;
    driver_read(p->driver, endpoint, request);
    return true;
}

int64_t printer_wake(const struct printer *p)
{
    int64_t wake = poll_ms(p);
    int64_t order = orders_wake(p);
    int i;

    if (p->flight != FLIGHT_NONE)
        return INT64_MAX;
    if (order < wake)
        wake = order;
    for (i = 0; p->driver->endpoints[i].name; i++)
        if (p->pending & endpoint_bit(i) && readable_ms(p, i) < wake)
            wake = readable_ms(p, i);
    return wake;
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
    if (answer->result == HTTP_ABORTED)
        return;
    if (flight == FLIGHT_ORDER)
        orders_answered(p, answer, now);
    else if (flight == FLIGHT_READ)
        snapshot_answered(p, answer, now);
    note_settled(p);
    orders_step(p, now);
    p->version++;
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

struct printer_memory *printer_memory(struct printer *p)
{
    return &p->memory;
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
