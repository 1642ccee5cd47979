/* The entity table: what the fields, the commands and the facts derived from
 * them are in Home Assistant.
 *
 * Every field and command has an entity without being named here: its look
 * comes from its quantity or argument, its name from its label, and it is
 * disabled by default. A row says what is better for one of them. */
#ifndef HOMEASSISTANT_ENTITY_H
#define HOMEASSISTANT_ENTITY_H

#include "homeassistant/component.h"
#include "homeassistant/discovery.h"

#include <stdbool.h>
#include <stddef.h>

/* Who it is all about, and the topics many components need. */
struct place {
    const struct discovery_bridge *bridge;
    const struct discovery_printer *printer;
    char bridge_state[TOPIC_MAX + 1];
    char availability[TOPIC_MAX + 1]; /* the printer's */
};

enum entity_needs {
    NEEDS_PRINTER, /* the bridge and the printer: what the document says */
    NEEDS_BRIDGE,  /* stays while the printer is off */
};

struct entity_row {
    const char *tail; /* of derived entities; the others have their key */
    enum look look;
    const char *name; /* NULL = the label; "" = the device's own */
    const char *icon; /* NULL = the look's */
    enum category category;
    bool enabled;            /* by default */
    enum entity_needs needs; /* of derived entities; the others know theirs */
    unsigned states;         /* on in these: STATE_BIT(), for derive_states() */
    /* What is special about this one (NULL = nothing): adds to the component.
     * False if the printer cannot have it; then it is left out. */
    bool (*fill)(const struct place *place, const struct entity_row *row,
                 cJSON *component);
};

const struct entity_row *entity_of_field(enum field field);
const struct entity_row *entity_of_command(enum command command);
/* Entities made of no field of their own; NULL behind the last. */
const struct entity_row *entity_derived(size_t index);

/* The route of a field's first instance, if it is announced. */
bool place_route(const struct place *place, enum field field,
                 struct route *route);

#endif
