#include "homeassistant/discovery.h"

#include "homeassistant/component.h"
#include "homeassistant/document.h"
#include "homeassistant/entity.h"
#include "homeassistant/events.h"
#include "homeassistant/images.h"

#include <ctype.h>

/* FNV-1a: tells identities apart that look the same once made safe. */
static uint32_t hash(const char *text)
{
    uint32_t h = 2166136261U;

    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 16777619U;
    return h;
}

bool discovery_topic(const char *prefix, const char *identity, char *out,
                     size_t size)
{
    struct buffer safe = {0};
    bool changed = false;
    const char *p;
    int len;

    for (p = identity; *p; p++) {
        unsigned char c = (unsigned char)*p;
        bool fit = c < 128 && (isalnum(c) || c == '_' || c == '-');

        changed = changed || !fit;
        (void)buffer_add(&safe, fit ? p : "_", 1);
    }
    if (changed)
        (void)buffer_format(&safe, "-%08x", hash(identity));
    len =
        snprintf(out, size, "%s/device/%s/config", prefix, buffer_text(&safe));
    buffer_release(&safe);
    return *identity && len > 0 && (size_t)len < size;
}

static const char *first_of(const char *a, const char *b)
{
    return a && *a ? a : b;
}

/* "chamber/temp_now" reads "Chamber temp now". */
static void name_from_key(const char *key, struct buffer *out)
{
    const char *p;

    for (p = key; *p; p++) {
        int c = *p == '/' || *p == '_' ? ' ' : (unsigned char)*p;

        (void)buffer_format(out, "%c", p == key ? toupper(c) : c);
    }
}

/* "usb" and "Free space" read "USB free space". */
static void name_of_instance(const char *instance, const char *label,
                             struct buffer *out)
{
    static const struct {
        const char *instance, *name;
    } known[] = {{"usb", "USB"}, {"sdcard", "SD card"}};
    size_t i;

    for (i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].instance, instance) == 0)
            break;
    if (i < sizeof known / sizeof *known)
        (void)buffer_text_add(out, known[i].name);
    else
        name_from_key(instance, out);
    (void)buffer_format(out, " %c%s", tolower((unsigned char)*label),
                        label + 1);
}

static void name_of_field(const struct place *place, const struct route *route,
                          int instance, struct buffer *out)
{
    const struct entity_row *row = entity_of_field(route->field);
    const char *label = row->name ? row->name : field_row(route->field)->label;

    if (route->name)
        (void)buffer_text_add(out, route->name);
    else if (route->field == FIELD_CUSTOM)
        name_from_key(route->key, out);
    else if (field_row(route->field)->scope == SCOPE_ONE)
        (void)buffer_text_add(out, label);
    else
        name_of_instance(roster_name(place->printer->roster,
                                     field_row(route->field)->scope, instance),
                         label, out);
}

/* The decimals a user asks for on the topic are the ones he wants to see, but
 * not where the number is shown in another unit. */
static int precision_of(const struct route *route, const struct look_row *look)
{
    bool asked = route->decimals != quantity_row(route->quantity)->decimals;

    return asked && look->precision >= 0 && !look->template ? route->decimals
                                                            : look->precision;
}

/* Where absent values are cleared, an empty payload has to become unknown:
 * left alone, Home Assistant ignores it and shows the old value for ever. */
static const char *template_of(const struct place *place,
                               const struct look_row *look)
{
    bool clears = place->printer->routes->mapping->absent == ABSENT_CLEAR;

    if (look->template)
        return look->template;
    return clears ? "{{ value or None }}" : NULL;
}

static void fill_field(const struct place *place, const struct route *route,
                       const struct look_row *look, cJSON *component)
{
    const char *const bridge_only[] = {place->bridge_state, NULL};
    const char *const *words = quantity_words(route->quantity);

    cJSON_AddStringToObject(component, "state_topic", route->topic);
    component_text(component, "value_template", template_of(place, look));
    if (quantity_row(route->quantity)->kind == VALUE_TRUTH) {
        cJSON_AddStringToObject(component, "payload_on", "true");
        cJSON_AddStringToObject(component, "payload_off", "false");
    }
    if (words)
        component_options(component, words);
    if (route->qos > 0)
        cJSON_AddNumberToObject(component, "qos", route->qos);
    if (field_row(route->field)->life == LIFE_KEPT)
        component_availability(component, bridge_only);
}

static void add_field(const struct place *place, const struct owner *owner,
                      const struct route *route, int instance)
{
    const struct entity_row *row = entity_of_field(route->field);
    const struct look_row *look =
        look_row(row->look ? row->look : look_of_quantity(route->quantity));
    struct buffer name = {0};
    char tail[FIELD_KEY_MAX + 1];
    char *p;

    if (look == look_row(LOOK_HIDDEN))
        return;
    memcpy(tail, route->key, sizeof tail);
    for (p = tail; *p; p++)
        if (*p == '/')
            *p = '_';
    name_of_field(place, route, instance, &name);
    fill_field(
        place, route, look,
        component_add(
            owner,
            &(struct face){
                .tail = tail,
                .look = look,
                .name = buffer_text(&name),
                .icon = first_of(route->icon, row->icon),
                .unit =
                    first_of(look->unit, quantity_row(route->quantity)->unit),
                .precision = precision_of(route, look),
                .category = row->category,
                .enabled = route->enabled < 0 ? row->enabled : route->enabled,
            }));
    buffer_release(&name);
}

static void add_fields(const struct place *place, const struct owner *owner)
{
    const struct discovery_printer *printer = place->printer;
    struct route route;
    enum field f;
    int i;

    for (f = 0; f < FIELD_COUNT; f++)
        for (i = 0; i < field_instances(f); i++)
            if (slot_set_has(&printer->reported, field_slot(f, i)) &&
                routes_field(printer->routes, f, i, printer->roster, &route))
                add_field(place, owner, &route, i);
}

static void fill_command(const struct place *place, enum command command,
                         const char *topic, cJSON *component)
{
    const struct command_row *what = command_row(command);
    const char *topics[4] = {place->bridge_state};
    char can[TOPIC_MAX + 1], tail[64];

    cJSON_AddStringToObject(component, "command_topic", topic);
    switch (what->argument) {
    case ARGUMENT_FOLDER:
    case ARGUMENT_CAMERA:
    case ARGUMENT_NONE:
        cJSON_AddStringToObject(component, "payload_press", "PRESS");
        break;
    case ARGUMENT_PATH:
        cJSON_AddNumberToObject(component, "min", 1);
        cJSON_AddNumberToObject(component, "max", TELEMETRY_FIELD_MAX);
        break;
    case ARGUMENT_SOURCE:
    case ARGUMENT_CHOICE: break; /* its row knows from what */
    case ARGUMENT_SECONDS:
        cJSON_AddNumberToObject(component, "min", what->min);
        cJSON_AddNumberToObject(component, "max", what->max);
        cJSON_AddNumberToObject(component, "step", 1);
        cJSON_AddStringToObject(component, "mode", "box");
        break;
    }
    (void)snprintf(tail, sizeof tail, "can/%s", what->name);
    if (!(what->flags & COMMAND_OFFLINE) &&
        routes_topic(place->printer->routes, tail, can, sizeof can)) {
        topics[1] = place->availability;
        topics[2] = can;
    }
    component_availability(component, topics);
}

static void add_command(const struct place *place, const struct owner *owner,
                        enum command command, const char *topic)
{
    const struct command_wish *wish =
        &place->printer->routes->mapping->commands[command];
    const struct command_row *what = command_row(command);
    const struct entity_row *row = entity_of_command(command);
    const struct look_row *look =
        look_row(row->look ? row->look : look_of_argument(what->argument));
    char tail[64];
    cJSON *component;

    if (row->look == LOOK_HIDDEN)
        return;
    (void)snprintf(tail, sizeof tail, "cmd_%s", what->name);
    component = component_add(
        owner,
        &(struct face){
            .tail = tail,
            .id = what->name,
            .look = look,
            .name = first_of(wish->name, first_of(row->name, what->label)),
            .icon = first_of(wish->icon, row->icon),
            .unit = look->unit,
            .precision = look->precision,
            .category = row->category,
            .enabled = wish->enabled < 0 ? row->enabled : wish->enabled,
        });
    fill_command(place, command, topic, component);
    if (row->fill)
        (void)row->fill(place, row, component);
}

static void add_commands(const struct place *place, const struct owner *owner)
{
    char topic[TOPIC_MAX + 1];
    enum command c;

    for (c = 0; c < COMMAND_COUNT; c++)
        if (place->printer->commands[c] &&
            routes_command(place->printer->routes, c, topic, sizeof topic))
            add_command(place, owner, c, topic);
}

static void add_derived(const struct place *place, const struct owner *owner,
                        const struct entity_row *row)
{
    const char *const bridge_only[] = {place->bridge_state, NULL};
    const struct look_row *look = look_row(row->look);
    cJSON *component = component_add(owner, &(struct face){
                                                .tail = row->tail,
                                                .look = look,
                                                .name = row->name,
                                                .icon = row->icon,
                                                .unit = look->unit,
                                                .precision = look->precision,
                                                .category = row->category,
                                                .enabled = row->enabled,
                                            });

    if (row->needs == NEEDS_BRIDGE)
        component_availability(component, bridge_only);
    if (!row->fill(place, row, component))
        cJSON_Delete(cJSON_DetachItemViaPointer(owner->components, component));
}

static cJSON *begin(const struct place *place)
{
    const struct discovery_bridge *bridge = place->bridge;
    const struct discovery_printer *printer = place->printer;

    return document_new(
        bridge,
        &(struct document_device){
            .identity = printer->identity,
            .name = first_of(printer->name, printer->id),
            .manufacturer = printer->vendor,
            .model = printer->model,
            .serial = printer->serial,
            .firmware = printer->firmware,
            .area = printer->area,
            .url = printer->url,
            .via = bridge->bridge_device ? bridge->id : NULL,
        },
        (const char *const[]){place->bridge_state, place->availability, NULL});
}

void discovery_printer_document(const struct discovery_bridge *bridge,
                                const struct discovery_printer *printer,
                                struct buffer *out)
{
    struct place place = {.bridge = bridge, .printer = printer};
    struct owner owner = {printer->identity, printer->id, NULL};
    cJSON *document;
    size_t i;

    (void)snprintf(place.bridge_state, sizeof place.bridge_state, "%s/state",
                   bridge->bridge_topic);
    (void)routes_topic(printer->routes, "availability", place.availability,
                       sizeof place.availability);
    document = begin(&place);
    owner.components = document_components(document);
    /* Fields last: the user's own ones give way when a key is taken. */
    for (i = 0; entity_derived(i); i++)
        add_derived(&place, &owner, entity_derived(i));
    add_commands(&place, &owner);
    images_add(&place, &owner);
    update_add(&place, &owner);
    events_add_triggers(&place, owner.components);
    add_fields(&place, &owner);
    document_write(document, out);
}
