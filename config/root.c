/* The top level of a configuration, and its sections that are nothing but
 * rows. */
#include "config/sections.h"
#include "mapping/template.h"

#define AT(member) offsetof(struct config, member)
#define HA(member) offsetof(struct config_homeassistant, member)

static bool check_instance(const char *text, struct error *err);
static void skip(struct reader *r, const struct row *row,
                 const struct node *node, void *base);

static const char *const levels[] = {
    [CONFIG_LOG_ERROR] = "error",
    [CONFIG_LOG_WARNING] = "warning",
    [CONFIG_LOG_INFO] = "info",
    [CONFIG_LOG_DEBUG] = "debug",
    NULL,
};

static const struct row homeassistant_rows[] = {
    {.key = "enabled",
     .kind = KIND_TRUTH,
     .offset = HA(enabled),
     .fallback = "true",
     .says = "Announce printers to Home Assistant; `homeassistant: false` is "
             "short for it."},
    {.key = "discovery_prefix",
     .kind = KIND_TEXT,
     .offset = HA(discovery_prefix),
     .fallback = "homeassistant",
     .max = 128,
     .flags = ROW_FILLED,
     .check = topic_check,
     .says = "Where Home Assistant looks for devices."},
    {.key = "status_topic",
     .kind = KIND_TEXT,
     .offset = HA(status_topic),
     .fallback = "homeassistant/status",
     .flags = ROW_FILLED,
     .check = topic_check,
     .says = "Where Home Assistant says that it has started."},
    {.key = "bridge_device",
     .kind = KIND_TRUTH,
     .offset = HA(bridge_device),
     .fallback = "true",
     .says = "Announce the bridge itself as a device, too."},
    {0},
};

const struct section homeassistant_section = {
    .name = "homeassistant",
    .title = "homeassistant",
    .rows = homeassistant_rows,
    .shorthand = "enabled",
};

static const struct row log_rows[] = {
    {.key = "level",
     .kind = KIND_CHOICE,
     .offset = AT(log_level),
     .fallback = "info",
     .choices = levels,
     .says = "What is written to stderr; `log: debug` is short for it."},
    {.key = "mqtt",
     .kind = KIND_CHOICE,
     .offset = AT(log_mqtt_level),
     .fallback = "warning",
     .choices = levels,
     .says = "What is published on `bridge/log`."},
    {0},
};

const struct section log_section = {
    .name = "log",
    .title = "log",
    .rows = log_rows,
    .shorthand = "level",
};

/* Read in this order, whatever the order in the file: printers need defaults,
 * and all need the mappings. */
static const struct row root_rows[] = {
    {.key = "mqtt",
     .kind = KIND_SECTION,
     .offset = AT(mqtt),
     .section = &mqtt_section,
     .flags = ROW_REQUIRED,
     .says = "The MQTT broker."},
    {.key = "homeassistant",
     .kind = KIND_SECTION,
     .offset = AT(homeassistant),
     .section = &homeassistant_section,
     .says = "Home Assistant, or `false`."},
    {.key = "mapping",
     .kind = KIND_SECTION,
     .section = &mapping_section,
     .read = mapping_read,
     .says = "Which topics fields and commands have, for all printers."},
    {.key = "mappings",
     .kind = KIND_ENTRIES,
     .section = &mapping_section,
     .read = mappings_read,
     .says = "Mappings with names, each changing `mapping`, for printers that "
             "choose one."},
    {.key = "defaults",
     .kind = KIND_DEFAULTS,
     .section = &printer_section,
     .read = defaults_read,
     .says = "Keys of all printers that do not say otherwise."},
    {.key = "printers",
     .kind = KIND_PRINTERS,
     .section = &printer_section,
     .read = printers_read,
     .says = "The printers, by an id that becomes part of their topics."},
    {.key = "state_dir",
     .kind = KIND_PATH,
     .offset = AT(state_dir),
     .says = "Where the bridge remembers what must outlive it; "
             "`$STATE_DIRECTORY`, else `/var/lib/printer2mqtt`, else "
             "`~/.local/state/printer2mqtt` if not said."},
    {.key = "json",
     .kind = KIND_TRUTH,
     .offset = AT(json),
     .fallback = "true",
     .says = "Publish one JSON with all fields of a printer, too."},
    {.key = "instance",
     .kind = KIND_TEXT,
     .offset = AT(instance),
     .check = check_instance,
     .says = "Name of this bridge where several share one base topic."},
    {.key = "log",
     .kind = KIND_SECTION,
     .section = &log_section,
     .says = "How much is logged, or just a level."},
    {.key = "include",
     .kind = KIND_INCLUDE,
     .read = skip,
     .says = "More files with the same sections; patterns such as "
             "`printers/*.yaml` are fine."},
    {0},
};

const struct section root_section = {
    .name = "config",
    .title = "The file",
    .rows = root_rows,
};

const struct section *const sections[] = {
    &root_section,           &mqtt_section,    &homeassistant_section,
    &printer_section,        &poll_section,    &cameras_section,
    &commands_section,       &uploads_section, &mapping_section,
    &inline_mapping_section, &field_section,   &order_section,
    &custom_section,         &log_section,     NULL,
};

static bool check_instance(const char *text, struct error *err)
{
    static const char valid[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t len = strlen(text);

    if (len > 32 || text[strspn(text, valid)])
        return error_set(err, "an instance is named with at most 32 of a-z, "
                              "0-9, _ and -");
    return true;
}

/* Files are joined before anything is read. */
static void skip(struct reader *r, const struct row *row,
                 const struct node *node, void *base)
{
    (void)r;
    (void)row;
    (void)node;
    (void)base;
}
