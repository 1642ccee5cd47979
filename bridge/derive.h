/* Points in time that no API tells: when a job began, when it will end, when
 * filament must be changed. Held still unless they move by more than 2 min. */
#ifndef BRIDGE_DERIVE_H
#define BRIDGE_DERIVE_H

#include "mapping/telemetry.h"

#include <stdint.h>

/* The beginning of the last job seen: outlives an offline gap, so that a pause
 * before the gap does not move it. All-zero = none. */
struct job_start {
    bool known;
    int64_t job;
    int64_t at;       /* seconds since 1970 */
    int64_t printing; /* time_printing it was last compared with */
};

/* Set job/started_at, job/finishes_at and job/filament_change_at of next from
 * its durations and from what prev said. wall: seconds since 1970 of the
 * answer. Times of the end exist only while PRINTING or PAUSED: in ATTENTION
 * they would drift (home-assistant/core#180086). */
void derive(const struct telemetry *prev, struct telemetry *next,
            struct job_start *start, int64_t wall);

#endif
