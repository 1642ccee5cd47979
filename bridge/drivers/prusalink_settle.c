/* What one answer of PrusaLink alone cannot say.
 *
 * All of it may run any number of times on one snapshot: what is not trusted
 * is cleared, and nothing new comes before the next status. */
#include "bridge/drivers/prusalink.h"

/* transfer/active is in every snapshot that holds a status. */
static bool has_status(const struct telemetry *t)
{
    return telemetry_known(t, SLOT_TRANSFER_ACTIVE);
}

static struct job_mark current_job(const struct telemetry *t)
{
    int64_t id = telemetry_integer(t, SLOT_JOB_ID, -1);

    return (struct job_mark){
        .known = id >= 0 || telemetry_known(t, SLOT_JOB_PROGRESS), .id = id};
}

static bool same_job(struct job_mark a, struct job_mark b)
{
    return a.known && b.known && a.id == b.id;
}

/* 0 when it is not known. */
static double progress_of(const struct telemetry *t)
{
    struct value v = telemetry_get(t, SLOT_JOB_PROGRESS);

    return v.kind == VALUE_NUMBER ? v.number : 0;
}

/* While a Pi asks for attention, progress is 0 and the times are gone; they
 * come back with PRINTING. */
static bool is_mute(const struct telemetry *t, const struct device *device)
{
    return device->variant == PRUSALINK_PI &&
           telemetry_state(t) == STATE_ATTENTION;
}

static bool holds_any(const struct telemetry *t,
                      const struct driver_field *rows)
{
    while (rows->path && !telemetry_known(t, field_slot(rows->field, 0)))
        rows++;
    return rows->path != NULL;
}

static void clear_rows(struct telemetry *t, const struct driver_field *rows)
{
    for (; rows->path; rows++)
        telemetry_clear(t, field_slot(rows->field, 0));
}

/* Status and job are read one after the other: a job may end between them. The
 * transfer is not read any more once the status says that there is none. */
static void drop_strangers(struct telemetry *t, struct device *device,
                           struct job_mark job)
{
    if (!same_job(device->answered, job) ||
        !holds_any(t, prusalink_job_fields)) /* they went with the contact */
        device->answered.known = false;
    if (!device->answered.known)
        clear_rows(t, prusalink_job_fields);
    if (telemetry_integer(t, SLOT_TRANSFER_ACTIVE, 0) == 0)
        clear_rows(t, prusalink_transfer_fields);
}

static bool is_running(const struct telemetry *t)
{
    enum state state = telemetry_state(t);

    return state == STATE_PRINTING || state == STATE_PAUSED ||
           progress_of(t) > 0;
}

/* The first status after a start or a gap is believed, with one exception:
 * Buddy shows the time of the job before during the questions of a start. */
static void meet(struct telemetry *t, struct device *device,
                 struct job_mark job)
{
    device->seen = job;
    device->ran = (struct job_mark){job.known && is_running(t), job.id};
    device->doubted = 0;
    if (!device->ran.known)
        telemetry_clear(t, SLOT_JOB_TIME_PRINTING);
}

/* On a Pi the first readings of a new job carry the progress of the one
 * before, with its times: the value is the printer's last M73. Whatever a new
 * id begins with, unless it is 0, is doubted until it changes. */
static void doubt_progress(struct telemetry *t, struct device *device)
{
    double progress = progress_of(t);

    if (device->doubted <= 0)
        return;
    if (telemetry_known(t, SLOT_JOB_PROGRESS) &&
        !(is_mute(t, device) && progress <= 0) &&
        (progress < device->doubted || progress > device->doubted)) {
        device->doubted = 0;
        return;
    }
    telemetry_clear(t, SLOT_JOB_PROGRESS);
    telemetry_clear(t, SLOT_JOB_TIME_REMAINING);
    telemetry_clear(t, SLOT_JOB_TIME_PRINTING);
    telemetry_clear(t, SLOT_JOB_CHANGE_IN);
}

/* Buddy's time_printing is the old job's until the new one runs, and maybe in
 * the first reading that shows it running. */
static void doubt_time(struct telemetry *t, struct device *device,
                       struct job_mark job)
{
    if (same_job(device->ran, job))
        return;
    if (is_running(t))
        device->ran = job;
    telemetry_clear(t, SLOT_JOB_TIME_PRINTING);
}

/* A job that comes back with the same id after it was gone for a while (BUSY in
 * the middle of a print) is no new one. */
static void follow(struct telemetry *t, struct device *device,
                   struct job_mark job)
{
    bool named = device->seen.known && device->seen.id < 0;

    if (!job.known)
        return;
    if (!same_job(device->seen, job)) {
        device->doubted = named ? 0 : progress_of(t);
        if (named && device->ran.known && device->ran.id < 0)
            device->ran = job;
        device->seen = job;
    }
    doubt_progress(t, device);
    doubt_time(t, device, job);
}

/* What a Pi does not tell in ATTENTION is what it told of the same job before;
 * where that is not known, 0 is not known either. */
static void keep_in_attention(const struct telemetry *prev,
                              struct telemetry *next,
                              const struct device *device)
{
    static const int slots[] = {SLOT_JOB_PROGRESS, SLOT_JOB_TIME_REMAINING,
                                SLOT_JOB_TIME_PRINTING, SLOT_JOB_UNRELIABLE};
    struct job_mark job = current_job(next);
    size_t i;

    if (!job.known || !is_mute(next, device))
        return;
    if (progress_of(next) <= 0)
        telemetry_clear(next, SLOT_JOB_PROGRESS);
    if (!has_status(prev) || !same_job(current_job(prev), job))
        return;
    for (i = 0; i < sizeof slots / sizeof slots[0]; i++)
        if (!telemetry_known(next, slots[i]))
            telemetry_set(next, slots[i], telemetry_get(prev, slots[i]));
}

/* A Buddy says PRINTING, too, while it aborts what was paused or asked. */
static void watch_halt(const struct telemetry *next, struct device *device,
                       struct job_mark job)
{
    enum state state = telemetry_state(next);
    int64_t time = telemetry_integer(next, SLOT_JOB_TIME_PRINTING, -1);
    bool same = same_job(device->halt.job, job);

    if (state == STATE_PAUSED || state == STATE_ATTENTION) {
        device->halt.time = time >= 0 || !same ? time : device->halt.time;
        device->halt.progress = progress_of(next);
        device->halt.job = job;
        device->halted = false;
        return;
    }
    if (device->variant == PRUSALINK_PI || state != STATE_PRINTING || !same ||
        (time >= 0 && time != device->halt.time) ||
        progress_of(next) > device->halt.progress)
        device->halt.job.known = false;
    device->halted = device->halt.job.known;
}

void prusalink_settle(const struct telemetry *prev, struct telemetry *next,
                      struct device *device)
{
    struct job_mark job = current_job(next);

    if (!has_status(next))
        return;
    drop_strangers(next, device, job);
    if (!has_status(prev))
        device->halt.job.known = false;
    watch_halt(next, device, job);
    if (has_status(prev))
        follow(next, device, job);
    else
        meet(next, device, job);
    keep_in_attention(prev, next, device);
}
