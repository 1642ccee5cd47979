#include "bridge/printer_internal.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <stdarg.h>

#define MINUTE_MS 60000
#define HOUR_MS   3600000
/* A printer that has not told its serial number is asked again (PrusaLink on a
 * Pi does not know it until the serial line is up). */
#define SERIAL_AGAIN_MS 10000
#define NO_SERIAL_MS    120000 /* then it is a trouble */
#define JOB_WAIT_MS     5000

static uint32_t bit(int endpoint)
{
    return endpoint < 0 ? 0 : 1u << endpoint;
}

uint32_t printer_all_endpoints(const struct printer *p)
{
    uint32_t all = 0;
    int i;

    for (i = 0; p->driver->endpoints[i].name; i++)
        if (p->driver->endpoints[i].cadence != CADENCE_TRANSFER)
            all |= bit(i);
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
    return p;
}

void printer_stop(struct printer *p, struct moment now)
{
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

static int64_t interval(const struct printer *p)
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
        return age >= (p->failed & bit(endpoint) ? MINUTE_MS : HOUR_MS);
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
            due |= bit(i);
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
           (p->failed & bit(endpoint) ? FAILED_GAP_MS : LEAST_GAP_MS);
}

static bool may_read(const struct printer *p, int endpoint, int64_t now_ms)
{
    return p->pending & bit(endpoint) && readable_ms(p, endpoint) <= now_ms;
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
    int64_t step = interval(p);

    printer_read_soon(p, p->contact ? due_with_poll(p, now.ms)
                                    : printer_all_endpoints(p));
    if (p->identity_read && (!p->serial_checked || !p->memory.serial[0]) &&
        now.ms - p->read_ms[p->identity_endpoint] >= SERIAL_AGAIN_MS)
        printer_read_soon(p, bit(p->identity_endpoint));
    p->next_poll_ms += step;
    if (p->next_poll_ms <= now.ms)
        p->next_poll_ms = now.ms + step;
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
    if (now.ms >= p->next_poll_ms)
        plan_poll(p, now);
    if (orders_want_status(p, now))
        printer_read_soon(p, bit(p->status_endpoint));
    endpoint = pick_endpoint(p, now.ms);
    if (endpoint < 0)
        return false;
    p->pending &= ~bit(endpoint);
    p->flight = FLIGHT_READ;
    p->reading = endpoint;
    p->sent_ms = now.ms;
    p->sent_count++;
    driver_read(p->driver, endpoint, request);
    return true;
}

int64_t printer_wake(const struct printer *p)
{
    int64_t wake = p->next_poll_ms;
    int64_t order = orders_wake(p);
    int i;

    if (p->flight != FLIGHT_NONE)
        return INT64_MAX;
    if (order < wake)
        wake = order;
    for (i = 0; p->driver->endpoints[i].name; i++)
        if (p->pending & bit(i) && readable_ms(p, i) < wake)
            wake = readable_ms(p, i);
    return wake;
}

static void note_reported(struct printer *p)
{
    int slot;

    for (slot = 0; slot < SLOT_COUNT; slot++)
        if (telemetry_known(&p->telemetry, slot) && !p->memory.reported[slot]) {
            p->memory.reported[slot] = true;
            p->memory.changed = true;
        }
    if (p->memory.storages.count != p->device.storages.count) {
        p->memory.storages = p->device.storages;
        p->memory.changed = true;
    }
}

/* True if the printer tells something else than what was remembered. */
static bool keep_text(struct printer *p, int slot, char memory[REMEMBERED_SIZE])
{
    const char *text = telemetry_text(&p->telemetry, slot);
    char old[REMEMBERED_SIZE];

    memcpy(old, memory, sizeof old);
    if (!*text)
        return false;
    (void)text_clean(text, REMEMBERED_SIZE / 4, memory, REMEMBERED_SIZE);
    if (strcmp(memory, old) == 0)
        return false;
    p->memory.changed = true;
    return old[0] != '\0';
}

/* Learned capabilities only grow within one firmware version. */
static void note_identity(struct printer *p)
{
    (void)keep_text(p, SLOT_INFO_NAME, p->memory.name);
    (void)keep_text(p, SLOT_INFO_MODEL, p->memory.model);
    if (keep_text(p, SLOT_INFO_FIRMWARE, p->memory.firmware))
        memset(p->memory.learned, 0, sizeof p->memory.learned);
}

static void note_oddities(struct printer *p)
{
    if (p->device.unknown_state) {
        printer_log(p, LOG_LEVEL_WARNING,
                    "the state word \"%s\" is not known to this version; the "
                    "state is shown as unknown",
                    p->device.unknown_word);
        p->device.unknown_state = false;
    }
    if (p->device.storages.overflow && !p->overflow_told) {
        printer_log(p, LOG_LEVEL_WARNING,
                    "more than %d storages; the rest is left out",
                    INSTANCES_STORAGE);
        p->overflow_told = true;
    }
}

/* The job endpoint is read when id or state changed, until its id agrees. */
static void follow_job(struct printer *p, int endpoint,
                       const struct telemetry *before)
{
    const struct telemetry *t = &p->telemetry;

    if (p->job_endpoint < 0 || endpoint != p->status_endpoint)
        return;
    if (!telemetry_equal(before, t, SLOT_JOB_ID) ||
        !telemetry_equal(before, t, SLOT_STATE) ||
        !driver_job_agrees(t, &p->device))
        printer_read_soon(p, bit(p->job_endpoint));
}

/* The job as it is remembered must not be much older than it is. */
static bool worth_saving(struct printer *p)
{
    double progress = p->memory.job.now.progress;

    if (progress >= p->saved_progress && progress < p->saved_progress + 5 &&
        !(progress >= 99 && p->saved_progress < 99))
        return false;
    p->saved_progress = progress;
    return true;
}

void printer_follow_job(struct printer *p, struct moment now)
{
    struct job_event events[JOB_EVENTS_MAX];
    int count = job_step(&p->memory.job, &p->telemetry, p->online,
                         p->config->change_warning_ms / 1000, now.wall, events);
    int i;

    if (worth_saving(p) || count > 0)
        p->memory.job_changed = true;
    job_fields(&p->memory.job, &p->telemetry);
    for (i = 0; i < count; i++)
        p->sink->event(p->arg, p, &events[i]);
}

static void take_snapshot(struct printer *p, int endpoint, struct moment now)
{
    struct telemetry old = p->telemetry;

    if (p->driver->settle)
        p->driver->settle(&old, &p->scratch, &p->device);
    if (endpoint == p->status_endpoint)
        derive(&old, &p->scratch, &p->start, now.wall);
    p->telemetry = p->scratch;
    p->scratch = old;
    follow_job(p, endpoint, &p->scratch);
    note_reported(p);
    note_identity(p);
    note_oddities(p);
}

static void note_poll(struct printer *p, const struct http_answer *answer,
                      struct moment now)
{
    struct telemetry *t = &p->telemetry;

    p->polls_ok++;
    p->nameless = p->online && p->identity_endpoint >= 0 &&
                  !p->memory.serial[0] && !p->config->unique_id &&
                  now.ms - p->since_ms >= NO_SERIAL_MS;
    telemetry_set(t, SLOT_POLL_LATENCY, value_integer(answer->took_ms));
    telemetry_set(t, SLOT_POLL_LAST_SUCCESS, value_time(now.wall));
    telemetry_set(t, SLOT_POLL_INTERVAL,
                  value_integer((interval(p) + 500) / 1000));
    telemetry_set(t, SLOT_POLL_FAILURES, value_integer(0));
    if (p->trouble == TROUBLE_NONE)
        telemetry_clear(t, SLOT_POLL_ERROR);
}

/* A side endpoint that cannot answer now: what it owned is not known. Whether
 * the printer is there is said by the status. */
static void endpoint_failed(struct printer *p, int endpoint,
                            const struct error *err, struct moment now)
{
    const struct driver_endpoint *row = &p->driver->endpoints[endpoint];

    printer_log(p, LOG_LEVEL_DEBUG, "%s", err->text);
    p->untried &= ~bit(endpoint);
    p->failed |= bit(endpoint);
    telemetry_copy(&p->scratch, &p->telemetry);
    driver_forget(p->driver, endpoint, p->config->mapping, &p->scratch,
                  &p->device);
    if (row->cadence == CADENCE_JOB)
        printer_read_soon(p, bit(endpoint));
    if (contact_answered(p, endpoint, now))
        take_snapshot(p, endpoint, now);
}

static bool is_side(const struct printer *p, int endpoint)
{
    return p->contact && endpoint != p->status_endpoint &&
           endpoint != p->identity_endpoint;
}

/* No answer where only a part of the values comes from: it counts as missed
 * until the status, asked at once, says that the printer is there. */
static void side_missed(struct printer *p, int endpoint,
                        const struct http_answer *answer, struct moment now)
{
    struct error err;

    (void)error_set(&err, "%s: %s", p->driver->endpoints[endpoint].name,
                    answer->reason);
    p->misses = 1;
    p->next_poll_ms = now.ms;
    endpoint_failed(p, endpoint, &err, now);
}

/* Whoever asks anew who we are may be another printer: what it says is read
 * once more when it has told its serial number. */
static bool is_doubtful(const struct printer *p,
                        const struct http_answer *answer, int endpoint)
{
    return answer->challenged && p->memory.serial[0] &&
           p->identity_endpoint >= 0 && endpoint != p->identity_endpoint;
}

static void status_answered(struct printer *p, const struct http_answer *answer,
                            struct moment now)
{
    p->status_sent_ms = p->sent_ms;
    p->status_number = p->sent_count;
    note_poll(p, answer, now);
    contact_established(p, now);
}

/* Does the snapshot hold the name that belongs to the job? A printer that never
 * tells it is not waited for. */
static bool job_is_whole(struct printer *p, struct moment now)
{
    if (p->job_endpoint < 0 || driver_job_agrees(&p->telemetry, &p->device)) {
        p->parted_ms = now.ms;
        return true;
    }
    return now.ms - p->parted_ms > JOB_WAIT_MS;
}

static void read_answered(struct printer *p, const struct http_answer *answer,
                          struct moment now)
{
    int endpoint = p->reading;
    struct error err;

    p->read_ms[endpoint] = now.ms;
    if (answer->result != HTTP_ANSWERED || answer->status == 401 ||
        answer->status == 403 || answer->status == 408) {
        if (is_side(p, endpoint))
            side_missed(p, endpoint, answer, now);
        else
            contact_failed(p, answer, now);
        return;
    }
    if (is_doubtful(p, answer, endpoint)) {
        contact_doubt(p);
        p->read_ms[endpoint] = 0;
        p->pending |= bit(endpoint);
        return;
    }
    telemetry_copy(&p->scratch, &p->telemetry);
    if (!driver_decode(p->driver, endpoint, answer->status, answer->body,
                       answer->len, p->config->mapping, &p->scratch, &p->device,
                       &err)) {
        if (endpoint == p->status_endpoint)
            contact_missed(p, TROUBLE_ANSWER, err.text, now);
        else
            endpoint_failed(p, endpoint, &err, now);
        return;
    }
    p->untried &= ~bit(endpoint);
    p->failed &= ~bit(endpoint);
    if (answer->status == 404)
        p->missing |= bit(endpoint);
    if (!contact_answered(p, endpoint, now))
        return;
    take_snapshot(p, endpoint, now);
    if (endpoint == p->status_endpoint)
        status_answered(p, answer, now);
    if (p->contact && job_is_whole(p, now))
        printer_follow_job(p, now);
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

    p->flight = FLIGHT_NONE;
    if (answer->result == HTTP_ABORTED)
        return;
    if (flight == FLIGHT_ORDER)
        orders_answered(p, answer, now);
    else if (flight == FLIGHT_READ)
        read_answered(p, answer, now);
    note_settled(p);
    orders_step(p, now);
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
