#include "bridge/job.h"

#include "mapping/memory.h"

#define GAP_S       60   /* not seen for longer: when it ended is not known */
#define ALMOST_DONE 99.0 /* an end not seen at this progress was the end */

struct step {
    struct job *job;
    const struct telemetry *t;
    int64_t wall;
    struct job_event *events;
    int count;
};

static void clear_record(struct job_record *r)
{
    free(r->name);
    free(r->path);
    *r = (struct job_record){
        .id = -1,
        .started_at = -1,
        .ended_at = -1,
        .duration = -1,
        .progress = -1,
        .weight = -1,
        .result = RESULT_COUNT,
    };
}

void job_release(struct job *job)
{
    clear_record(&job->now);
    clear_record(&job->last);
    *job = (struct job){0};
}

static void tell(struct step *s, enum event event,
                 const struct job_record *record, const char *reason)
{
    struct job_event *e;

    if (s->count == JOB_EVENTS_MAX)
        return;
    e = &s->events[s->count++];
    *e = (struct job_event){.event = event, .time = s->wall, .job = *record};
    (void)snprintf(e->reason, sizeof e->reason, "%s", reason);
}

static void take_text(const struct telemetry *t, int slot, char **text)
{
    const char *now = telemetry_text(t, slot);

    if (!*now || (*text && strcmp(*text, now) == 0))
        return;
    free(*text);
    *text = memory_text(now);
}

static void take_number(const struct telemetry *t, int slot, double *number)
{
    struct value v = telemetry_get(t, slot);

    if (v.kind == VALUE_NUMBER)
        *number = v.number;
}

/* What the snapshot says of the current job; what it lacks stays. */
static void note(struct step *s)
{
    struct job_record *r = &s->job->now;

    take_text(s->t, SLOT_JOB_NAME, &r->name);
    take_text(s->t, SLOT_JOB_PATH, &r->path);
    take_number(s->t, SLOT_JOB_PROGRESS, &r->progress);
    take_number(s->t, SLOT_JOB_WEIGHT, &r->weight);
    r->started_at = telemetry_integer(s->t, SLOT_JOB_STARTED_AT, r->started_at);
    r->duration = telemetry_integer(s->t, SLOT_JOB_TIME_PRINTING, r->duration);
    s->job->seen_at = s->wall;
}

static enum job_phase phase_of(enum state state, enum job_phase before)
{
    switch (state) {
    case STATE_PRINTING: return JOB_PRINTING;
    case STATE_PAUSED: return JOB_PAUSED;
    case STATE_ATTENTION: return JOB_ATTENTION;
    case STATE_IDLE:
    case STATE_READY:
    case STATE_BUSY:
    case STATE_FINISHED:
    case STATE_STOPPED:
    case STATE_ERROR:
    case STATE_CONNECTING:
    case STATE_COUNT: break;
    }
    return before;
}

/* Who pauses has printed, and who asks in the middle of a print. */
static bool has_printed(const struct job_record *r, enum job_phase phase)
{
    return phase == JOB_PAUSED || phase == JOB_PRINTING ||
           (phase == JOB_ATTENTION && (r->progress > 0 || r->duration > 0));
}

/* The current job went from one phase to another. */
static void change_phase(struct step *s, enum job_phase to)
{
    struct job *j = s->job;

    if (to != JOB_PRINTING && !j->printed && has_printed(&j->now, to))
        tell(s, EVENT_STARTED, &j->now, "");
    j->phase = to;
    if (to == JOB_PRINTING && !j->printed)
        tell(s, EVENT_STARTED, &j->now, "");
    else if (to == JOB_PRINTING)
        tell(s, EVENT_RESUMED, &j->now, "");
    else if (to == JOB_PAUSED)
        tell(s, EVENT_PAUSED, &j->now, "");
    else if (to == JOB_ATTENTION)
        tell(s, EVENT_ATTENTION, &j->now, telemetry_text(s->t, SLOT_MESSAGE));
    j->printed = j->printed || has_printed(&j->now, to);
}

static void warn_of_change(struct step *s, int64_t soon_s)
{
    struct job *j = s->job;
    int64_t in = telemetry_integer(s->t, SLOT_JOB_CHANGE_IN, -1);

    if (in > soon_s)
        j->change_told = false;
    if (in < 0 || in > soon_s || j->change_told || j->phase != JOB_PRINTING)
        return;
    j->change_told = true;
    tell(s, EVENT_FILAMENT_CHANGE_SOON, &j->now, "");
}

static void begin(struct step *s, int64_t id, bool silently)
{
    struct job *j = s->job;
    enum job_phase phase = phase_of(telemetry_state(s->t), JOB_BEGINNING);

    clear_record(&j->now);
    j->now.id = id;
    j->printed = j->change_told = false;
    j->phase = JOB_BEGINNING;
    note(s);
    if (silently) {
        j->phase = phase;
        j->printed = has_printed(&j->now, phase);
    } else if (phase != JOB_BEGINNING) {
        change_phase(s, phase);
    }
}

/* sign: 1, or -1 for one that should not have been counted. */
static void count(struct job *j, const struct job_record *r, int64_t sign)
{
    j->finished += sign * (r->result == RESULT_FINISHED);
    j->cancelled += sign * (r->result == RESULT_CANCELLED);
    j->failed += sign * (r->result == RESULT_FAILED);
    if (r->duration > 0)
        j->time_printing += sign * r->duration;
    if (r->weight > 0)
        j->weight += (double)sign * r->weight;
}

/* The last seconds were printed too, if somebody was looking. */
static void complete(struct step *s, enum result result)
{
    struct job *j = s->job;
    struct job_record *r = &j->now;
    int64_t unseen = s->wall - j->seen_at;
    bool gap = unseen < 0 || unseen > GAP_S;

    r->result = result;
    r->ended_at = gap ? -1 : s->wall;
    if (r->duration >= 0 && !gap && j->phase == JOB_PRINTING)
        r->duration += unseen;
    if (result == RESULT_FINISHED)
        r->progress = 100;
    else if (r->weight >= 0 && r->progress >= 0)
        r->weight = r->weight * r->progress / 100;
}

static void end(struct step *s, enum result result, const char *reason)
{
    static const enum event events[] = {
        [RESULT_FINISHED] = EVENT_FINISHED,
        [RESULT_CANCELLED] = EVENT_CANCELLED,
        [RESULT_FAILED] = EVENT_FAILED,
        [RESULT_UNKNOWN] = EVENT_ENDED,
    };
    struct job *j = s->job;
    bool printed = j->printed;

    complete(s, result);
    j->phase = JOB_NONE;
    if (!printed) { /* given up at the questions: nothing was printed */
        clear_record(&j->now);
        return;
    }
    if (j->last.result == RESULT_COUNT) /* an end that was none */
        count(j, &j->last, -1);
    clear_record(&j->last);
    j->last = j->now;
    j->now = (struct job_record){0};
    clear_record(&j->now);
    count(j, &j->last, 1);
    tell(s, events[result], &j->last, reason);
}

static bool almost_done(const struct job *j)
{
    return j->now.progress >= ALMOST_DONE;
}

/* The current job is not there any more. In states that may come in the middle
 * of a print (BUSY in a crash recovery, a dialog) it can come back. */
static void vanish(struct step *s)
{
    switch (telemetry_state(s->t)) {
    case STATE_FINISHED: end(s, RESULT_FINISHED, ""); break;
    case STATE_STOPPED: end(s, RESULT_CANCELLED, ""); break;
    case STATE_ERROR:
        end(s, RESULT_FAILED, telemetry_text(s->t, SLOT_MESSAGE));
        break;
    case STATE_IDLE:
    case STATE_READY:
        if (almost_done(s->job))
            end(s, RESULT_FINISHED, "");
        else
            end(s, RESULT_UNKNOWN, "the end was not seen");
        break;
    case STATE_BUSY:
    case STATE_PRINTING:
    case STATE_PAUSED:
    case STATE_ATTENTION:
    case STATE_CONNECTING:
    case STATE_COUNT: break;
    }
}

static void go_on(struct step *s, int64_t soon_s)
{
    struct job *j = s->job;
    enum job_phase phase = phase_of(telemetry_state(s->t), j->phase);

    note(s);
    if (phase != j->phase)
        change_phase(s, phase);
    warn_of_change(s, soon_s);
}

/* The end that was told was none: power was cut, say, and a Buddy is idle for a
 * moment before it goes on. */
static void take_back_end(struct step *s)
{
    struct job *j = s->job;
    enum job_phase phase;

    j->last.result = RESULT_COUNT;
    begin(s, j->last.id, true);
    phase = j->phase;
    j->phase = JOB_BEGINNING;
    j->printed = true;
    if (phase != JOB_BEGINNING)
        change_phase(s, phase);
}

/* The job that ended last is there. Its end may be seen late; only how far it
 * is tells whether it goes on, or is another one with the same number (a
 * printer that was reset counts anew). One that asks whether it shall go on
 * after a power cut may not know how far it was. */
static void meet_last(struct step *s)
{
    const struct job_record *last = &s->job->last;
    bool unknown = last->result == RESULT_UNKNOWN;
    double is = -1;

    take_number(s->t, SLOT_JOB_PROGRESS, &is);
    if (is < 0)
        return;
    if (is < last->progress / 2) {
        if (!unknown || telemetry_state(s->t) != STATE_ATTENTION)
            begin(s, last->id, false);
    } else if (unknown) {
        take_back_end(s);
    }
}

static void follow(struct step *s, int64_t soon_s)
{
    struct job *j = s->job;
    int64_t id = telemetry_integer(s->t, SLOT_JOB_ID, -1);

    if (j->phase != JOB_NONE && id == j->now.id) {
        go_on(s, soon_s);
        return;
    }
    if (j->phase != JOB_NONE && id < 0) {
        vanish(s);
        return;
    }
    if (j->phase != JOB_NONE)
        end(s, almost_done(j) ? RESULT_FINISHED : RESULT_UNKNOWN,
            "the next print began");
    if (id >= 0 && id == j->last.id)
        meet_last(s);
    else if (id >= 0)
        begin(s, id, false);
}

int job_step(struct job *j, const struct telemetry *t, bool online,
             int64_t change_soon_s, int64_t wall,
             struct job_event events[JOB_EVENTS_MAX])
{
    struct step s = {j, t, wall, events, 0};
    bool first = !j->known;
    bool told = online && telemetry_state(t) != STATE_COUNT;
    bool turned;

    if (first && !told)
        return 0;
    if (first) {
        clear_record(&j->now);
        clear_record(&j->last);
        j->known = true;
        j->online = online;
    }
    turned = j->online != online;
    if (turned) {
        j->online = online;
        tell(&s, online ? EVENT_PRINTER_ONLINE : EVENT_PRINTER_OFFLINE, &j->now,
             telemetry_text(t, SLOT_POLL_ERROR));
    }
    if (!told)
        return s.count;
    if (first && telemetry_known(t, SLOT_JOB_ID))
        begin(&s, telemetry_integer(t, SLOT_JOB_ID, -1), true);
    else
        follow(&s, change_soon_s);
    /* the job it told of, whose texts it borrows, may be gone by now */
    if (turned)
        events[0].job = j->now;
    return s.count;
}

static void set_integer(struct telemetry *t, int slot, int64_t number)
{
    if (number >= 0)
        telemetry_set(t, slot, value_integer(number));
    else
        telemetry_clear(t, slot);
}

static void set_time(struct telemetry *t, int slot, int64_t seconds)
{
    if (seconds >= 0)
        telemetry_set(t, slot, value_time(seconds));
    else
        telemetry_clear(t, slot);
}

static void set_number(struct telemetry *t, int slot, double number)
{
    if (number >= 0)
        telemetry_set(t, slot, value_number(number));
    else
        telemetry_clear(t, slot);
}

void job_fields(const struct job *j, struct telemetry *t)
{
    const struct job_record *r = &j->last;

    if (!j->known)
        return;
    set_integer(t, SLOT_LAST_ID, r->id);
    telemetry_set_text(t, SLOT_LAST_NAME, r->name ? r->name : "");
    telemetry_set_text(t, SLOT_LAST_PATH, r->path ? r->path : "");
    if (r->result < RESULT_COUNT)
        telemetry_set(t, SLOT_LAST_RESULT, value_word((int)r->result));
    else
        telemetry_clear(t, SLOT_LAST_RESULT);
    set_time(t, SLOT_LAST_STARTED_AT, r->started_at);
    set_time(t, SLOT_LAST_ENDED_AT, r->ended_at);
    set_integer(t, SLOT_LAST_DURATION, r->duration);
    set_number(t, SLOT_LAST_PROGRESS, r->progress);
    set_number(t, SLOT_LAST_WEIGHT, r->weight);
    set_integer(t, SLOT_TOTAL_FINISHED, j->finished);
    set_integer(t, SLOT_TOTAL_CANCELLED, j->cancelled);
    set_integer(t, SLOT_TOTAL_FAILED, j->failed);
    set_integer(t, SLOT_TOTAL_TIME, j->time_printing);
    set_number(t, SLOT_TOTAL_WEIGHT, j->weight);
}
