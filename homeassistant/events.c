#include "homeassistant/events.h"

#include "mapping/event.h"

/* The bridge publishes events with QoS 1; a subscriber decides for itself. */
#define QOS 1

/* Quiet about what is no event: an empty payload (somebody clears a retained
 * message) would otherwise be an error in the log for each trigger. */
#define EVENT_TYPE "{{ (value_json | default({})).event_type | default }}"

/* Home Assistant writes '"<subtype>" <type>' in its list of triggers, and both
 * into the user's automations: once released they never change. Without a row
 * it is the event's name, of a "print". */
static const struct {
    const char *type, *subtype;
} triggers[EVENT_COUNT] = {
    [EVENT_ATTENTION] = {"needs attention", "printer"},
    [EVENT_FILAMENT_CHANGE_SOON] = {"soon", "filament change"},
    [EVENT_PRINTER_ONLINE] = {"online", "printer"},
    [EVENT_PRINTER_OFFLINE] = {"offline", "printer"},
};

static bool event_topic(const struct place *place, char *out, size_t size)
{
    return routes_topic(place->printer->routes, "event", out, size);
}

bool events_fill(const struct place *place, const struct entity_row *row,
                 cJSON *component)
{
    char topic[TOPIC_MAX + 1];
    enum event e;
    cJSON *types;

    (void)row;
    if (!event_topic(place, topic, sizeof topic))
        return false;
    cJSON_AddStringToObject(component, "state_topic", topic);
    cJSON_AddNumberToObject(component, "qos", QOS);
    types = cJSON_AddArrayToObject(component, "event_types");
    for (e = 0; e < EVENT_COUNT; e++)
        cJSON_AddItemToArray(types, cJSON_CreateString(event_row(e)->name));
    return true;
}

static void add_trigger(cJSON *components, enum event event, const char *topic)
{
    const char *name = event_row(event)->name;
    const char *type = triggers[event].type;
    const char *subtype = triggers[event].subtype;
    char key[64];
    cJSON *trigger;

    (void)snprintf(key, sizeof key, "trigger_%s", name);
    trigger = cJSON_AddObjectToObject(components, key);
    cJSON_AddStringToObject(trigger, "platform", "device_automation");
    cJSON_AddStringToObject(trigger, "automation_type", "trigger");
    cJSON_AddStringToObject(trigger, "type", type ? type : name);
    cJSON_AddStringToObject(trigger, "subtype", subtype ? subtype : "print");
    cJSON_AddStringToObject(trigger, "topic", topic);
    cJSON_AddNumberToObject(trigger, "qos", QOS);
    cJSON_AddStringToObject(trigger, "value_template", EVENT_TYPE);
    cJSON_AddStringToObject(trigger, "payload", name);
}

void events_add_triggers(const struct place *place, cJSON *components)
{
    char topic[TOPIC_MAX + 1];
    enum event e;

    if (!event_topic(place, topic, sizeof topic))
        return;
    for (e = 0; e < EVENT_COUNT; e++)
        add_trigger(components, e, topic);
}
