/* The event table: what can happen to a job or a printer. */
#ifndef MAPPING_EVENT_H
#define MAPPING_EVENT_H

enum event {
#define EVENT(id, ...) EVENT_##id,
#include "mapping/events.def"
#undef EVENT
    EVENT_COUNT
};

struct event_row {
    const char *name;
    const char *label;
};

const struct event_row *event_row(enum event event);

#endif
