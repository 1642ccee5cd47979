/* What happens to a printer, for automations: one event entity that hears all
 * events, and one device trigger per event.
 *
 * Both read <base>/<printer>/event, a JSON object with "event_type". It is not
 * retained: Home Assistant would fire a retained one when it is published and
 * ignore it ever after. Announced always: no event has to happen first. */
#ifndef HOMEASSISTANT_EVENTS_H
#define HOMEASSISTANT_EVENTS_H

#include "homeassistant/entity.h"

/* Fills the event entity. */
bool events_fill(const struct place *place, const struct entity_row *row,
                 cJSON *component);
/* Add the device triggers. Their keys are "trigger_<event>". */
void events_add_triggers(const struct place *place, cJSON *components);

#endif
