/* The bridge's own device: what it is doing, and one connectivity sensor per
 * configured printer that is there before the printer was ever reached, so
 * that a wrong password is seen in Home Assistant and not only in a log. */
#include "homeassistant/component.h"
#include "homeassistant/discovery.h"
#include "homeassistant/document.h"

#define DIAGNOSTIC CATEGORY_DIAGNOSTIC
#define CONFIG     CATEGORY_CONFIG
#define PRIMARY    CATEGORY_NONE

/* A key that an older or newer bridge does not publish is unknown. */
#define KEY(key) "{{ value_json." key " | default(none) }}"
#define IN(object, key)                                                        \
    "{{ (value_json." object " | default({}))." key " | default(none) }}"

/* The first printer that has one, with its remedy: attributes do not show on
 * the device page. */
#define TROUBLE                                                                \
    "{% set bad = value_json | selectattr('error', 'string') | first | "       \
    "default(none) %}{{ (bad.id ~ ': ' ~ bad.error ~ '. ' ~ "                  \
    "(bad.remedy or ''))[:255] if bad else 'none' }}"

struct bridge_row {
    const char *tail;
    enum look look;
    const char *name;
    const char *icon;
    enum category category;
    bool enabled;
    const char *state; /* topic below the bridge's; NULL = none */
    const char *template;
    const char *command; /* topic below the bridge's; NULL = none */
};

static const char *const log_levels[] = {"error", "warning", "info", "debug",
                                         NULL};

/* clang-format off */
static const struct bridge_row rows[] = {
    {"connection", LOOK_CONNECTIVITY, "Connection", NULL, DIAGNOSTIC, true, "state"},
    {"version", LOOK_TEXT, "Version", "mdi:tag-outline", DIAGNOSTIC, true, "info", KEY("version")},
    {"started", LOOK_TIMESTAMP, "Started", "mdi:clock-start", DIAGNOSTIC, true, "info", KEY("started")},
    {"printers_online", LOOK_TALLY, "Printers online", "mdi:printer-3d", PRIMARY, true, "info", IN("counts", "online")},
    {"trouble", LOOK_TEXT, "Trouble", "mdi:alert-circle-outline", PRIMARY, true, "printers", TROUBLE},
    {"printers_total", LOOK_TALLY, "Printers total", "mdi:printer-3d", DIAGNOSTIC, true, "info", IN("counts", "printers")},
    {"messages_published", LOOK_COUNTER, "Messages published", "mdi:email-arrow-right-outline", DIAGNOSTIC, false, "health", KEY("messages_out")},
    {"log_level", LOOK_CHOICE, "Log level", "mdi:text-box-outline", CONFIG, true, "info", KEY("log_level"), "request/log_level"},
    {"restart", LOOK_RESTART, "Restart", NULL, CONFIG, true, .command = "request/restart"},
    {"republish_discovery", LOOK_BUTTON, "Republish discovery", "mdi:home-import-outline", CONFIG, true, .command = "request/republish_discovery"},
};
/* clang-format on */

static void add_topic(cJSON *component, const char *key,
                      const struct discovery_bridge *bridge, const char *tail)
{
    struct buffer topic = {0};

    if (!tail)
        return;
    (void)buffer_format(&topic, "%s/%s", bridge->bridge_topic, tail);
    cJSON_AddStringToObject(component, key, buffer_text(&topic));
    buffer_release(&topic);
}

/* The connection shows what availability is made of, so it has none: it must
 * say "disconnected" and not be gone when the bridge is. */
static void fill_connection(cJSON *component)
{
    const char *const always[] = {NULL};

    cJSON_AddStringToObject(component, "payload_on", "online");
    cJSON_AddStringToObject(component, "payload_off", "offline");
    component_availability(component, always);
}

static void add_row(const struct discovery_bridge *bridge,
                    const struct owner *owner, const struct bridge_row *row)
{
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

    add_topic(component, "state_topic", bridge, row->state);
    component_text(component, "value_template", row->template);
    add_topic(component, "command_topic", bridge, row->command);
    if (row->look == LOOK_CONNECTIVITY)
        fill_connection(component);
    if (row->look == LOOK_CHOICE)
        component_options(component, log_levels);
    if (row->command && !row->state)
        cJSON_AddStringToObject(component, "payload_press", "PRESS");
}

/* Its row in the list of bridge/printers is picked by id, which is made of
 * [a-z0-9_-] and so needs no quoting; a printer that is not in the list is
 * unknown. */
static void fill_printer(cJSON *component, const char *id)
{
    struct buffer text = {0};

    (void)buffer_format(&text,
                        "{{ value_json | selectattr('id', 'eq', '%s') | "
                        "map(attribute='online') | first | default(none) }}",
                        id);
    cJSON_AddStringToObject(component, "value_template", buffer_text(&text));
    cJSON_AddStringToObject(component, "payload_on", "True");
    cJSON_AddStringToObject(component, "payload_off", "False");
    buffer_reset(&text);
    (void)buffer_format(&text,
                        "{%% set row = value_json | "
                        "selectattr('id', 'eq', '%s') | first | default({}) %%}"
                        "{{ {'error': row.get('error'), "
                        "'remedy': row.get('remedy')} | to_json }}",
                        id);
    cJSON_AddStringToObject(component, "json_attributes_template",
                            buffer_text(&text));
    buffer_release(&text);
}

static void add_printer(const struct discovery_bridge *bridge,
                        const struct owner *owner,
                        const struct discovery_row *printer)
{
    const char *name =
        printer->name && *printer->name ? printer->name : printer->id;
    struct buffer tail = {0};
    cJSON *component;

    (void)buffer_format(&tail, "printer_%s", printer->id);
    component = component_add(owner, &(struct face){
                                         .tail = buffer_text(&tail),
                                         .look = look_row(LOOK_CONNECTIVITY),
                                         .name = name,
                                         .precision = -1,
                                         .enabled = true,
                                         .unlike_others = true,
                                     });
    add_topic(component, "state_topic", bridge, "printers");
    add_topic(component, "json_attributes_topic", bridge, "printers");
    fill_printer(component, printer->id);
    buffer_release(&tail);
}

void discovery_bridge_document(const struct discovery_bridge *bridge,
                               const struct discovery_row *printers,
                               size_t count, struct buffer *out)
{
    struct owner owner = {bridge->id, bridge->id, NULL};
    char state[TOPIC_MAX + 1];
    cJSON *document;
    size_t i;

    (void)snprintf(state, sizeof state, "%s/state", bridge->bridge_topic);
    document = document_new(bridge,
                            &(struct document_device){
                                .identity = bridge->id,
                                .name = bridge->name,
                                .manufacturer = DOCUMENT_ORIGIN,
                                .model = "Bridge",
                                .firmware = bridge->version,
                            },
                            (const char *const[]){state, NULL});
    owner.components = document_components(document);
    for (i = 0; i < count; i++)
        add_printer(bridge, &owner, &printers[i]);
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        add_row(bridge, &owner, &rows[i]);
    document_write(document, out);
}
