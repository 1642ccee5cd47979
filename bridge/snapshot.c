/* From an answer to the next snapshot of a printer: what is read is settled,
 * completed and noted; what could not be read is not known any more. */
#include "bridge/printer_internal.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#define NO_SERIAL_MS 120000 /* without one: then it is a trouble */
#define JOB_WAIT_MS  5000
#define HALT_MS      180000 /* no abort takes longer */
#define CLOCK_STEP_S 30     /* less is slewing and rounding */

static void note_reported(struct printer *p)
{
    int slot;

    for (slot = 0; slot < p->telemetry.count; slot++)
        if (telemetry_known(&p->telemetry, slot) &&
            slot_set_add(&p->memory.reported, slot))
            p->memory.changed = true;
    if (p->memory.storages.count != p->device.storages.count ||
        p->memory.cameras.count != p->device.cameras.count) {
        instances_copy(&p->memory.storages, &p->device.storages);
        instances_copy(&p->memory.cameras, &p->device.cameras);
        p->memory.changed = true;
    }
}

/* True if the printer tells something else than what was remembered. */
static bool keep_text(struct printer *p, int slot, char **kept)
{
    const char *text = telemetry_text(&p->telemetry, slot);
    char clean[REMEMBERED_SIZE];
    bool known = *kept != NULL;

    if (!*text || (known && strcmp(text, *kept) == 0))
        return false;
    (void)text_clean(text, REMEMBERED_SIZE / 4, clean, sizeof clean);
    if (strcmp(clean, known ? *kept : "") == 0)
        return false;
    memory_keep(kept, clean);
    p->memory.changed = true;
    return known;
}

/* Learned capabilities only grow within one firmware version. */
static void note_identity(struct printer *p)
{
    (void)keep_text(p, SLOT_INFO_NAME, &p->memory.name);
    (void)keep_text(p, SLOT_INFO_MODEL, &p->memory.model);
    if (keep_text(p, SLOT_INFO_FIRMWARE, &p->memory.firmware))
        p->memory.learned = 0;
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
        printer_read_soon(p, endpoint_bit(p->job_endpoint));
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

/* The clock was set (a Raspberry Pi has none of its own): the job began that
 * much later or earlier. */
static void follow_clock(struct printer *p, struct moment now)
{
    int64_t clock = now.wall - now.ms / 1000;
    int64_t step = clock - p->clock;

    if (step > CLOCK_STEP_S || step < -CLOCK_STEP_S)
        p->start.at += step;
    p->clock = clock;
}

static void take_snapshot(struct printer *p, int endpoint, struct moment now)
{
    struct telemetry old = p->telemetry;

    follow_clock(p, now);
    if (p->driver->settle)
        p->driver->settle(&old, p->scratch, &p->device);
    facts_complete_job(p, p->scratch);
    if (endpoint == p->status_endpoint)
        derive(&old, p->scratch, &p->start, now.wall);
    if (p->transfer)
        transfer_fields(p->transfer, &p->pace, p->scratch);
    else
        transfer_derive(&p->pace, p->scratch, now.ms);
    p->telemetry = *p->scratch;
    *p->scratch = old;
    follow_job(p, endpoint, p->scratch);
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
                  value_integer((printer_interval(p) + 500) / 1000));
    telemetry_set(t, SLOT_POLL_FAILURES, value_integer(0));
    if (p->trouble == TROUBLE_NONE)
        telemetry_clear(t, SLOT_POLL_ERROR);
}

/* What this model does not have is not asked for. */
static void note_missing(struct printer *p)
{
    int i;

    for (i = 0; p->driver->endpoints[i].name; i++)
        if (!driver_has(p->driver, i, &p->device))
            p->missing |= endpoint_bit(i);
    p->pending &= ~p->missing;
}

/* A side endpoint that cannot answer now: what it owned is not known. Whether
 * the printer is there is said by the status. */
static void endpoint_failed(struct printer *p, int endpoint,
                            const struct error *err, struct moment now)
{
    const struct driver_endpoint *row = &p->driver->endpoints[endpoint];

    printer_log(p, LOG_LEVEL_DEBUG, "%s", err->text);
    p->untried &= ~endpoint_bit(endpoint);
    p->failed |= endpoint_bit(endpoint);
    telemetry_copy(p->scratch, &p->telemetry);
    driver_forget(p->driver, endpoint, p->config->mapping, p->scratch,
                  &p->device);
    if (row->cadence == CADENCE_JOB)
        printer_read_soon(p, endpoint_bit(endpoint));
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
 * once more when it has told its serial number; once for each poll, since some
 * ask each time (Buddy before 5.2 after 5 s). */
static bool is_doubtful(const struct printer *p,
                        const struct http_answer *answer, int endpoint)
{
    return answer->challenged && !p->doubted && p->memory.serial[0] &&
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
        p->parted_ms = 0;
        return true;
    }
    if (!p->parted_ms)
        p->parted_ms = now.ms;
    return now.ms - p->parted_ms > JOB_WAIT_MS;
}

/* Not before its name is there, nor while nobody knows whether it goes on. */
static void note_job(struct printer *p, struct moment now)
{
    if (!p->device.halted)
        p->halted_ms = 0;
    else if (!p->halted_ms)
        p->halted_ms = now.ms;
    if (p->contact && p->halted_ms && now.ms - p->halted_ms < HALT_MS)
        p->memory.job.seen_at = now.wall;
    else if (p->contact && job_is_whole(p, now))
        printer_follow_job(p, now);
}

/* A look that an order wanted does not put off the next poll: printers that are
 * polled together stay so. */
static void note_read(struct printer *p, int endpoint)
{
    if (endpoint != p->status_endpoint || !p->orders.active)
        p->read_ms[endpoint] = p->sent_ms;
}

void snapshot_answered(struct printer *p, const struct http_answer *answer,
                       struct moment now)
{
    int endpoint = p->reading;
    struct error err;

    note_read(p, endpoint);
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
        p->doubted = true;
        p->read_ms[endpoint] = 0;
        p->pending |= endpoint_bit(endpoint);
        return;
    }
    telemetry_copy(p->scratch, &p->telemetry);
    if (!driver_decode(p->driver, endpoint, answer->status, answer->body,
                       answer->len, p->config->mapping, p->scratch, &p->device,
                       &err)) {
        if (endpoint == p->status_endpoint)
            contact_missed(p, TROUBLE_ANSWER, err.text, now);
        else
            endpoint_failed(p, endpoint, &err, now);
        return;
    }
    p->untried &= ~endpoint_bit(endpoint);
    p->failed &= ~endpoint_bit(endpoint);
    if (answer->status == 404)
        p->missing |= endpoint_bit(endpoint);
    note_missing(p);
    if (!contact_answered(p, endpoint, now))
        return;
    take_snapshot(p, endpoint, now);
    if (endpoint == p->status_endpoint)
        status_answered(p, answer, now);
    note_job(p, now);
}

bool snapshot_fold(struct printer *p, int endpoint,
                   const struct http_answer *answer, struct moment now)
{
    if (endpoint < 0)
        return false;
    telemetry_copy(p->scratch, &p->telemetry);
    if (!driver_decode(p->driver, endpoint, answer->status, answer->body,
                       answer->len, p->config->mapping, p->scratch, &p->device,
                       NULL))
        return false;
    take_snapshot(p, endpoint, now);
    return true;
}
