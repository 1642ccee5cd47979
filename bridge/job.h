/* What happened to a printer's jobs, worked out from snapshots. Pure.
 *
 * PrusaLink drops the job the moment a print ends, and shows FINISHED for 11 s
 * only on a Raspberry Pi: an end is often seen as something that is not there
 * any more. Each event is told once: the first snapshot of a printer of which
 * nothing is remembered tells none, and after a restart or an offline gap the
 * snapshot is compared with the remembered job. */
#ifndef BRIDGE_JOB_H
#define BRIDGE_JOB_H

#include "mapping/event.h"
#include "mapping/telemetry.h"

#include <stdbool.h>
#include <stdint.h>

/* One print, current or ended. Numbers that are not known are -1. */
struct job_record {
    int64_t id;
    char *name; /* NULL = not known */
    char *path;
    int64_t started_at, ended_at; /* seconds since 1970 */
    int64_t duration;             /* s of printing */
    double progress;              /* % */
    double weight; /* g of filament: planned, or used when ended */
    enum result result;
};

enum job_phase {
    JOB_NONE,      /* no job is current */
    JOB_BEGINNING, /* it is there but never printed: questions at the start */
    JOB_PRINTING,
    JOB_PAUSED,
    JOB_ATTENTION,
};

/* Outlives the program. All-zero: nothing is remembered. */
struct job {
    bool known;  /* there was a snapshot */
    bool online; /* as last told */
    enum job_phase phase;
    bool printed;           /* the current job was seen printing */
    bool change_told;       /* filament_change_soon, for the next change */
    int64_t seen_at;        /* when the current job was last seen */
    struct job_record now;  /* the current job */
    struct job_record last; /* its result is RESULT_COUNT: it goes on after all,
                             * and is counted again when it ends */
    int64_t finished, cancelled, failed; /* totals */
    int64_t time_printing;
    double weight;
};

struct job_event {
    enum event event;
    int64_t time;
    struct job_record job; /* borrows its texts from the struct job */
    char reason[64];       /* "" = none */
};

#define JOB_EVENTS_MAX 4

/* Compare a snapshot with what is remembered. online: as the printer is said
 * to be. change_soon_s: how long before a filament change to tell. Fills
 * events (their texts are valid until the next step) and returns how many. */
int job_step(struct job *job, const struct telemetry *t, bool online,
             int64_t change_soon_s, int64_t wall,
             struct job_event events[JOB_EVENTS_MAX]);
/* Set last_job and total fields of t. */
void job_fields(const struct job *job, struct telemetry *t);
void job_release(struct job *job);

#endif
