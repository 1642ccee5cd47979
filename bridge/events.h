/* Job events on <base>/<printer>/event. What happened is written to the state
 * file before it is told, so that a crash in between cannot tell it twice. */
#ifndef BRIDGE_EVENTS_H
#define BRIDGE_EVENTS_H

#include "bridge/job.h"
#include "bridge/publisher.h"

#include <stddef.h>
#include <stdint.h>

#define EVENTS_MAX                                                             \
    1000 /* that wait for the state file; then the oldest goes                 \
          */

struct events;

struct events *events_new(const struct outlet *outlet);
/* Accepts NULL. */
void events_free(struct events *events);

/* An event of a printer; it goes out when the save with this number (or a
 * later one) is done. name: the printer's, for people. */
void events_add(struct events *events, const struct routes *routes,
                const char *name, const struct job_event *event, uint64_t save);
/* The save with this number is done: tell what waited for it. */
void events_saved(struct events *events, uint64_t save);
/* Those that still wait are never told. */
void events_forget(struct events *events);

#endif
