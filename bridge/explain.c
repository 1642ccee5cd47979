#include "bridge/explain.h"

#include "bridge/drivers/driver.h"
#include "homeassistant/discovery.h"
#include "mapping/memory.h"
#include "mapping/routes.h"
#include "mapping/text.h"

#include <cjson/cJSON.h>

struct subject {
    const struct config *config;
    const struct config_printer *printer;
    const struct driver *driver;
    struct routes routes;
    /* what stands for all storages and cameras: an example, or what was asked
     * for */
    char storage[1][INSTANCE_NAME_MAX + 1];
    char camera[1][INSTANCE_NAME_MAX + 1];
    struct instances storages, cameras;
    struct roster roster;
};

static void name_instances(struct subject *s, const char *storage,
                           const char *camera)
{
    (void)snprintf(s->storage[0], sizeof s->storage[0], "%s", storage);
    (void)snprintf(s->camera[0], sizeof s->camera[0], "%s", camera);
    s->storages = (struct instances){s->storage, 1, false};
    s->cameras = (struct instances){s->camera, 1, false};
    s->roster = (struct roster){&s->storages, &s->cameras};
}

static bool find_printer(const struct config *config, const char *id,
                         struct subject *s, struct error *err)
{
    const char **ids = memory_zero(config->printer_count + 1, sizeof *ids);
    const char *nearest;
    size_t i;

    for (i = 0; i < config->printer_count; i++) {
        ids[i] = config->printers[i].id;
        if (strcmp(ids[i], id) == 0)
            s->printer = &config->printers[i];
    }
    nearest = text_nearest(id, ids);
    free(ids);
    if (!s->printer)
        return error_set(err,
                         "no printer is called %.40s%s%s%s; status shows all "
                         "there are",
                         id, nearest ? "; did you mean " : "",
                         nearest ? nearest : "", nearest ? "?" : "");
    s->config = config;
    s->driver = strcmp(s->printer->driver, "auto") == 0
                    ? drivers[0]
                    : driver_find(s->printer->driver);
    s->routes = (struct routes){
        .mapping = s->printer->mapping,
        .base = config->mqtt.base_topic,
        .printer = s->printer->id,
    };
    return true;
}

/* Why an order would be refused; NULL if the configuration allows it. */
static const char *forbidden(const struct subject *s, enum command command)
{
    unsigned flags = command_row(command)->flags;

    if (s->printer->read_only && !(flags & COMMAND_OFFLINE))
        return "no, it is read_only in the configuration";
    if (s->printer->command_disabled[command])
        return "no, it is disabled in the configuration";
    if (flags & COMMAND_DANGEROUS && !s->printer->command_enabled[command])
        return "not until commands: {enable: [...]} names it";
    if (command == COMMAND_UPLOAD && !s->printer->uploads.enabled)
        return "not until uploads says where files may come from";
    return NULL;
}

/* The document that Home Assistant would get if everything was reported. */
static cJSON *components_of(const struct subject *s)
{
    const struct discovery_bridge bridge = {
        .prefix = s->config->homeassistant.discovery_prefix,
        .base = s->config->mqtt.base_topic,
        .bridge_topic = "bridge",
        .id = "bridge",
        .name = "printer2mqtt",
        .version = "0",
    };
    struct discovery_printer printer = {
        .id = s->printer->id,
        .identity = s->printer->unique_id ? s->printer->unique_id : "SERIAL",
        .name = s->printer->id,
        .vendor = s->driver->vendor,
        .routes = &s->routes,
        .roster = &s->roster,
    };
    struct buffer text = {0};
    cJSON *root, *components;
    enum command c;

    memset(&printer.reported, 0xff, sizeof printer.reported);
    for (c = 0; c < COMMAND_COUNT; c++)
        printer.commands[c] = !forbidden(s, c);
    discovery_printer_document(&bridge, &printer, &text);
    root = cJSON_Parse(buffer_text(&text));
    buffer_release(&text);
    components = cJSON_DetachItemFromObjectCaseSensitive(root, "components");
    cJSON_Delete(root);
    return components;
}

static bool is_announced(const struct subject *s)
{
    return s->config->homeassistant.enabled && s->printer->homeassistant;
}

/* "sensor: Nozzle temperature (temperature, °C)" of the component `tail`. */
static void add_entity(const struct subject *s, const char *tail, cJSON *facts)
{
    cJSON *components = is_announced(s) ? components_of(s) : NULL;
    const cJSON *one = cJSON_GetObjectItemCaseSensitive(components, tail);
    const cJSON *platform = cJSON_GetObjectItemCaseSensitive(one, "platform");
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(one, "name");
    const cJSON *unit =
        cJSON_GetObjectItemCaseSensitive(one, "unit_of_measurement");
    const cJSON *enabled =
        cJSON_GetObjectItemCaseSensitive(one, "enabled_by_default");
    char text[200];

    if (cJSON_IsString(platform)) {
        (void)snprintf(
            text, sizeof text, "%s \"%s\"%s%s%s", platform->valuestring,
            cJSON_IsString(name) ? name->valuestring : s->printer->id,
            cJSON_IsString(unit) ? " in " : "",
            cJSON_IsString(unit) ? unit->valuestring : "",
            cJSON_IsFalse(enabled) ? ", disabled until you enable it" : "");
        cJSON_AddStringToObject(facts, "entity", text);
    }
    cJSON_Delete(components);
}

static void tail_of(const char *key, char *out, size_t size)
{
    char *p;

    (void)snprintf(out, size, "%s", key);
    for (p = out; *p; p++)
        if (*p == '/')
            *p = '_';
}

static const char *const payloads[] = {
    [VALUE_ABSENT] = "",
    [VALUE_TRUTH] = "true or false",
    [VALUE_INTEGER] = "a whole number",
    [VALUE_NUMBER] = "a number",
    [VALUE_TIME] = "a time, such as 2026-11-21T12:00:00+00:00",
    [VALUE_WORD] = "",
    [VALUE_TEXT] = "text, at most 255 characters",
};

static void add_payload(const struct route *route,
                        const struct mapping *mapping, cJSON *facts)
{
    const struct quantity_row *q = quantity_row(route->quantity);
    const char *const *word = quantity_words(route->quantity);
    char text[300] = "";
    size_t len = 0;

    for (; word && *word && len < sizeof text; word++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s",
                                len ? ", " : "", *word);
    if (route->quantity == QUANTITY_LIST)
        len = (size_t)snprintf(text, sizeof text, "a JSON list");
    else if (!len)
        len = (size_t)snprintf(text, sizeof text, "%s", payloads[q->kind]);
    if (q->kind == VALUE_NUMBER && len < sizeof text)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                " with %d decimal%s", route->decimals,
                                route->decimals == 1 ? "" : "s");
    if (len < sizeof text)
        (void)snprintf(text + len, sizeof text - len, "; absent: %s",
                       mapping->absent == ABSENT_CLEAR ? "an empty payload"
                                                       : "None");
    cJSON_AddStringToObject(facts, "payload", text);
    if (*q->unit)
        cJSON_AddStringToObject(facts, "unit", q->unit);
}

static void add_source(const struct subject *s, const struct route *route,
                       cJSON *facts)
{
    const struct driver_endpoint *e;
    const struct driver_field *row;
    struct request request;
    char text[REQUEST_TARGET_MAX + 64];
    int i;

    for (i = 0; (e = &s->driver->endpoints[i])->name; i++)
        for (row = e->fields; row && row->path; row++)
            if (row->field == route->field) {
                driver_read(s->driver, i, &request);
                (void)snprintf(text, sizeof text, "GET %s%s%s", request.target,
                               *row->path ? " " : "", row->path);
                cJSON_AddStringToObject(facts, "source", text);
                return;
            }
    cJSON_AddStringToObject(facts, "source",
                            route->field == FIELD_CUSTOM
                                ? "a custom field of the mapping"
                                : "worked out by the bridge");
}

static cJSON *explain_field(const struct subject *s, enum field field,
                            int instance)
{
    cJSON *facts = cJSON_CreateObject();
    struct route route;
    char tail[FIELD_KEY_MAX + 1], number[32];

    if (!routes_field(&s->routes, field, instance, &s->roster, &route)) {
        cJSON_AddStringToObject(facts, "field", field_row(field)->key);
        cJSON_AddStringToObject(facts, "topic", "off in the mapping");
        return facts;
    }
    cJSON_AddStringToObject(facts, "field", route.key);
    cJSON_AddStringToObject(facts, "meaning",
                            route.name ? route.name : field_row(field)->label);
    cJSON_AddStringToObject(facts, "topic", route.topic);
    add_payload(&route, s->printer->mapping, facts);
    (void)snprintf(number, sizeof number, "%d, %s", route.qos,
                   route.retain ? "retained" : "not retained");
    cJSON_AddStringToObject(facts, "qos", number);
    if (route.deadband > 0) {
        (void)snprintf(number, sizeof number, "%g", route.deadband);
        cJSON_AddStringToObject(facts, "deadband", number);
    }
    tail_of(route.key, tail, sizeof tail);
    add_entity(s, tail, facts);
    add_source(s, &route, facts);
    return facts;
}

static void add_requests(const struct subject *s, enum command command,
                         cJSON *facts)
{
    const struct order_arguments arguments = {
        .path = "/usb/box.gcode", .number = 5, .job = 129};
    struct telemetry empty = {0};
    struct request request;
    struct error err;
    char text[REQUEST_TARGET_MAX + 16];

    if (command_row(command)->flags & COMMAND_OFFLINE) {
        cJSON_AddStringToObject(facts, "request",
                                "none, the bridge does it itself");
        return;
    }
    if (driver_encode(s->driver, command, 0, &arguments, &empty, NULL, &request,
                      &err) != ENCODE_SEND)
        return;
    (void)snprintf(text, sizeof text, "%s %s", http_method_name(request.method),
                   request.target);
    cJSON_AddStringToObject(facts, "request", text);
}

static const char *payload_of(enum command command)
{
    static const char *const arguments[] = {
        [ARGUMENT_NONE] = "PRESS",
        [ARGUMENT_PATH] = "the path of a file, such as /usb/box.gcode",
        [ARGUMENT_FOLDER] = "PRESS, or the path of a folder, such as /usb",
        [ARGUMENT_CHOICE] =
            "the path or the name of a file in files/list, or none",
        [ARGUMENT_SOURCE] =
            "a file below uploads.directory, or JSON with file or url",
        [ARGUMENT_CAMERA] = "PRESS for the first camera, or its name or id",
        [ARGUMENT_SECONDS] = "a number of seconds",
    };

    if (command == COMMAND_CAMERA_ORDER)
        return "JSON with cameras, a list of their names or ids";
    if (command == COMMAND_CAMERA_CREATE)
        return "JSON with camera, its id, and config, its settings";
    if (command == COMMAND_CAMERA_CHANGE)
        return "JSON with camera, its name or id, and config, what changes";
    return arguments[command_row(command)->argument];
}

static cJSON *explain_command(const struct subject *s, enum command command)
{
    const struct command_row *row = command_row(command);
    const char *refusal = forbidden(s, command);
    cJSON *facts = cJSON_CreateObject();
    char topic[TOPIC_MAX + 1], tail[64];

    cJSON_AddStringToObject(facts, "command", row->name);
    if (!routes_command(&s->routes, command, topic, sizeof topic)) {
        cJSON_AddStringToObject(facts, "topic", "off in the mapping");
        return facts;
    }
    cJSON_AddStringToObject(facts, "topic", topic);
    cJSON_AddStringToObject(facts, "payload", payload_of(command));
    if (refusal)
        cJSON_AddStringToObject(facts, "allowed", refusal);
    (void)snprintf(tail, sizeof tail, "response/%s", row->name);
    if (routes_topic(&s->routes, tail, topic, sizeof topic))
        cJSON_AddStringToObject(facts, "answers", topic);
    (void)snprintf(tail, sizeof tail, "can/%s", row->name);
    if (routes_topic(&s->routes, tail, topic, sizeof topic))
        cJSON_AddStringToObject(facts, "possible now", topic);
    (void)snprintf(tail, sizeof tail, "cmd_%s", row->name);
    add_entity(s, tail, facts);
    add_requests(s, command, facts);
    return facts;
}

static bool unknown(const struct subject *s, const char *what,
                    struct error *err)
{
    const char *names[(int)FIELD_COUNT + (int)COMMAND_COUNT + 1] = {0};
    const char *nearest;
    int i, n = 0;

    for (i = 0; i < FIELD_CUSTOM; i++)
        names[n++] = field_row((enum field)i)->key;
    for (i = 0; i < COMMAND_COUNT; i++)
        names[n++] = command_row((enum command)i)->name;
    nearest = text_nearest(what, names);
    return error_set(err,
                     "no field or command is called %.60s%s%s%s; `printer2mqtt "
                     "explain %s` lists them all",
                     what, nearest ? "; did you mean " : "",
                     nearest ? nearest : "", nearest ? "?" : "",
                     s->printer->id);
}

static cJSON *explain_one(struct subject *s, const char *what)
{
    char instance[INSTANCE_NAME_MAX + 1] = "";
    enum field field = field_find(what, instance);
    enum command command = command_find(what);
    int i;

    if (field != FIELD_COUNT && *instance)
        name_instances(s, instance, instance);
    if (field != FIELD_COUNT)
        return explain_field(s, field, 0);
    if (command != COMMAND_COUNT)
        return explain_command(s, command);
    for (i = 0; i < s->printer->mapping->custom_count; i++)
        if (strcmp(s->printer->mapping->custom[i].key, what) == 0)
            return explain_field(s, FIELD_CUSTOM, i);
    return NULL;
}

static cJSON *overview(const struct subject *s)
{
    cJSON *list = cJSON_CreateObject();
    char topic[TOPIC_MAX + 1];
    struct route route;
    enum command c;
    enum field f;
    int i;

    for (f = 0; f < FIELD_COUNT; f++)
        for (i = 0; i < field_instances(f); i++)
            if ((f == FIELD_CUSTOM || i == 0) &&
                routes_field(&s->routes, f, i, &s->roster, &route))
                cJSON_AddStringToObject(list, route.key, route.topic);
    for (c = 0; c < COMMAND_COUNT; c++)
        if (routes_command(&s->routes, c, topic, sizeof topic))
            cJSON_AddStringToObject(list, command_row(c)->name, topic);
    return list;
}

/* "key    value" lines, or the JSON itself. */
static void print(cJSON *facts, bool json, struct buffer *out)
{
    const cJSON *item;
    size_t width = 0;
    char *text;

    if (json) {
        text = cJSON_Print(facts);
        buffer_format(out, "%s\n", text ? text : "{}");
        cJSON_free(text);
        return;
    }
    cJSON_ArrayForEach(item, facts) if (strlen(item->string) > width) width =
        strlen(item->string);
    cJSON_ArrayForEach(item, facts) buffer_format(
        out, "%-*s  %s\n", (int)width, item->string, item->valuestring);
}

bool explain(const struct config *config, const char *printer, const char *what,
             bool json, struct buffer *out, struct error *err)
{
    struct subject subject = {0};
    cJSON *facts;

    if (!find_printer(config, printer, &subject, err))
        return false;
    name_instances(&subject, "usb", "front");
    facts = what ? explain_one(&subject, what) : overview(&subject);
    if (!facts)
        return unknown(&subject, what, err);
    print(facts, json, out);
    cJSON_Delete(facts);
    return true;
}
