#include "mapping/event.h"

static const struct event_row rows[] = {
#define EVENT(id, name, label) [EVENT_##id] = {name, label},
#include "mapping/events.def"
#undef EVENT
};

const struct event_row *event_row(enum event event)
{
    return &rows[event];
}
