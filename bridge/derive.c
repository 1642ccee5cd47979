#include "bridge/derive.h"

#define STILL_S 120

static bool same_job(const struct telemetry *prev, const struct telemetry *next)
{
    return telemetry_known(next, SLOT_JOB_ID) &&
           telemetry_equal(prev, next, SLOT_JOB_ID);
}

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

/* now + duration of slot, the old point while it is near. */
static void derive_end(const struct telemetry *prev, struct telemetry *next,
                       int duration, int point, int64_t wall)
{
    int64_t end, old = telemetry_integer(prev, point, 0);

    if (!telemetry_known(next, duration)) {
        telemetry_clear(next, point);
        return;
    }
    end = wall + telemetry_integer(next, duration, 0);
    if (same_job(prev, next) && telemetry_known(prev, point) &&
        distance(end, old) <= STILL_S)
        end = old;
    telemetry_set(next, point, value_time(end));
}

/* The beginning is worked out once per job. Pauses make now - time_printing
 * later, so only an earlier one is believed, or one after time_printing was
 * corrected downwards. */
static void derive_start(struct telemetry *next, struct job_start *start,
                         int64_t wall)
{
    int64_t printing = telemetry_integer(next, SLOT_JOB_TIME_PRINTING, -1);
    int64_t job = telemetry_integer(next, SLOT_JOB_ID, 0);

    telemetry_clear(next, SLOT_JOB_STARTED_AT);
    if (!telemetry_known(next, SLOT_JOB_ID))
        return;
    if (!start->known || start->job != job)
        *start = (struct job_start){.job = job};
    if (printing >= 0 &&
        (!start->known || printing < start->printing - STILL_S ||
         wall - printing < start->at - STILL_S)) {
        start->known = true;
        start->at = wall - printing;
    }
    if (printing >= 0)
        start->printing = printing;
    /* Before 1970: the clock has not been set yet. */
    if (start->known && start->at >= 0)
        telemetry_set(next, SLOT_JOB_STARTED_AT, value_time(start->at));
}

void derive(const struct telemetry *prev, struct telemetry *next,
            struct job_start *start, int64_t wall)
{
    enum state state = telemetry_state(next);

    derive_start(next, start, wall);
    if (state == STATE_PRINTING || state == STATE_PAUSED) {
        derive_end(prev, next, SLOT_JOB_TIME_REMAINING, SLOT_JOB_FINISHES_AT,
                   wall);
        derive_end(prev, next, SLOT_JOB_CHANGE_IN, SLOT_JOB_CHANGE_AT, wall);
        return;
    }
    telemetry_clear(next, SLOT_JOB_FINISHES_AT);
    telemetry_clear(next, SLOT_JOB_CHANGE_AT);
}
