#include "bridge/publisher.h"

#include "mapping/memory.h"
#include "mapping/routes.h"

#include <cjson/cJSON.h>

#define JSON_GAP_MS 5000

struct publisher {
    const struct config *config;
    const struct outlet *outlet;
    struct routes routes;
    struct telemetry said;          /* what the broker has */
    int64_t said_ms[SLOT_COUNT];    /* 0 = never in this session */
    int64_t said_job;               /* whose fields were all said; -1 = none */
    int availability;               /* 0, 1; -1 = not said */
    signed char can[COMMAND_COUNT]; /* 0, 1; -1 = not said */
    int64_t json_ms;                /* when the JSON was said; 0 = never */
    int64_t json_wake_ms;           /* it waits until then; INT64_MAX = no */
    enum state json_state;
    int64_t json_job;
    struct buffer json; /* as last said */
};

struct publisher *publisher_new(const struct config *config,
                                const struct config_printer *printer,
                                const struct outlet *outlet)
{
    struct publisher *pub = memory_zero(1, sizeof *pub);

    pub->config = config;
    pub->outlet = outlet;
    pub->routes = (struct routes){
        .mapping = printer->mapping,
        .base = config->mqtt.base_topic,
        .printer = printer->id,
    };
    publisher_again(pub);
    return pub;
}

void publisher_free(struct publisher *pub)
{
    if (!pub)
        return;
    telemetry_release(&pub->said);
    buffer_release(&pub->json);
    free(pub);
}

const struct routes *publisher_routes(const struct publisher *pub)
{
    return &pub->routes;
}

void publisher_again(struct publisher *pub)
{
    pub->availability = -1;
    memset(pub->can, -1, sizeof pub->can);
    memset(pub->said_ms, 0, sizeof pub->said_ms);
    pub->json_ms = 0;
    pub->json_wake_ms = INT64_MAX;
    buffer_reset(&pub->json);
}

bool outlet_say(const struct outlet *outlet, const char *topic,
                const char *payload, int qos, bool retain)
{
    const struct mqtt_message message = {
        .topic = topic,
        .payload = payload,
        .len = strlen(payload),
        .qos = qos,
        .retain = retain,
        .expiry_s = -1,
    };

    return outlet->publish(outlet->arg, &message);
}

static bool say_fixed(struct publisher *pub, const char *tail,
                      const char *payload)
{
    char topic[TOPIC_MAX + 1];

    return routes_topic(&pub->routes, tail, topic, sizeof topic) &&
           outlet_say(pub->outlet, topic, payload, 1, true);
}

static const char *const onoff[] = {"offline", "online"};

static bool say_availability(struct publisher *pub, bool online)
{
    if (pub->availability == online)
        return true;
    if (!say_fixed(pub, "availability", onoff[online]))
        return false;
    pub->availability = online;
    return true;
}

bool publisher_start(struct publisher *pub)
{
    return say_availability(pub, false);
}

static bool say_can(struct publisher *pub, const struct printer *printer)
{
    char tail[64], topic[TOPIC_MAX + 1];
    enum command c;

    for (c = 0; c < COMMAND_COUNT; c++) {
        bool can = printer_can(printer, c);

        if (pub->can[c] == can ||
            !routes_command(&pub->routes, c, topic, sizeof topic) ||
            (!driver_command(printer_driver(printer), c) &&
             !(command_row(c)->flags & COMMAND_OFFLINE)))
            continue;
        (void)snprintf(tail, sizeof tail, "can/%s", command_row(c)->name);
        if (!say_fixed(pub, tail, onoff[can]))
            return false;
        pub->can[c] = (signed char)can;
    }
    return true;
}

static bool begins_with(const char *key, const char *prefix)
{
    return strncmp(key, prefix, strlen(prefix)) == 0;
}

/* Filled by the bridge itself, for printers of every driver. */
static bool is_derived(enum field field)
{
    static const char *const prefixes[] = {
        "poll/",          "last_job/",       "total/",
        "job/started_at", "job/finishes_at", "job/filament_change_at",
    };
    size_t i;

    for (i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (begins_with(field_row(field)->key, prefixes[i]))
            return true;
    return false;
}

/* The payload of a slot; borrowed until t changes or out goes. */
static const char *payload_of(const struct publisher *pub,
                              const struct route *route,
                              const struct telemetry *t, int slot, char *out)
{
    struct value v = telemetry_get(t, slot);

    if (v.kind == VALUE_ABSENT)
        return pub->routes.mapping->absent == ABSENT_CLEAR ? "" : "None";
    if (v.kind == VALUE_TEXT)
        return telemetry_text(t, slot);
    value_format(v, route->quantity, route->decimals, out);
    return out;
}

/* Is the value of a slot to be said now? route is filled if so. */
static bool is_due(struct publisher *pub, const struct printer *printer,
                   enum field field, int instance, bool new_job,
                   struct moment now, struct route *route)
{
    const struct telemetry *t = printer_telemetry(printer);
    enum field target = field_target(field);
    int slot = field_slot(field, instance);
    struct value was, is, near = {0};

    if (pub->said_ms[slot] && telemetry_equal(&pub->said, t, slot))
        return false;
    if (!driver_reports(printer_driver(printer), field) && !is_derived(field) &&
        field != FIELD_CUSTOM)
        return false;
    if (!routes_field(&pub->routes, field, instance, printer_instances(printer),
                      route))
        return false;
    if (!pub->said_ms[slot])
        return true;
    was = telemetry_get(&pub->said, slot);
    is = telemetry_get(t, slot);
    if (target != FIELD_COUNT)
        near = telemetry_get(t, field_slot(target, instance));
    return route_due(route, &was, &is, &near, now.ms - pub->said_ms[slot],
                     new_job && begins_with(route->key, "job/"));
}

static bool say_field(struct publisher *pub, const struct printer *printer,
                      const struct route *route, int slot, struct moment now)
{
    const struct telemetry *t = printer_telemetry(printer);
    struct value v = telemetry_get(t, slot);
    char text[VALUE_FORMAT_MAX];

    if (!outlet_say(pub->outlet, route->topic,
                    payload_of(pub, route, t, slot, text), route->qos,
                    route->retain))
        return false;
    if (v.kind == VALUE_TEXT)
        telemetry_set_text(&pub->said, slot, telemetry_text(t, slot));
    else
        telemetry_set(&pub->said, slot, v);
    pub->said_ms[slot] = now.ms ? now.ms : 1;
    return true;
}

static bool say_fields(struct publisher *pub, const struct printer *printer,
                       struct moment now)
{
    int64_t job =
        telemetry_integer(printer_telemetry(printer), SLOT_JOB_ID, -1);
    struct route route;
    enum field f;
    int i;

    for (f = 0; f < FIELD_COUNT; f++)
        for (i = 0; i < field_instances(f); i++)
            if (is_due(pub, printer, f, i, job != pub->said_job, now, &route) &&
                !say_field(pub, printer, &route, field_slot(f, i), now))
                return false;
    pub->said_job = job;
    return true;
}

/* The object that a key's last part goes into, made on the way. */
static cJSON *json_parent(cJSON *root, char *key, char **last)
{
    char *part = key, *slash;

    while ((slash = strchr(part, '/'))) {
        cJSON *child;

        *slash = '\0';
        child = cJSON_GetObjectItemCaseSensitive(root, part);
        root = child ? child : cJSON_AddObjectToObject(root, part);
        part = slash + 1;
    }
    *last = part;
    return root;
}

static void json_add(cJSON *root, const struct route *route,
                     const struct telemetry *t, int slot)
{
    struct value v = telemetry_get(t, slot);
    char key[FIELD_KEY_MAX + 1], text[VALUE_FORMAT_MAX];
    cJSON *parent;
    char *last;

    memcpy(key, route->key, sizeof key);
    parent = json_parent(root, key, &last);
    if (v.kind == VALUE_TEXT) {
        cJSON_AddStringToObject(parent, last, telemetry_text(t, slot));
        return;
    }
    value_format(v, route->quantity, route->decimals, text);
    if (v.kind == VALUE_TIME || v.kind == VALUE_WORD)
        cJSON_AddStringToObject(parent, last, text);
    else
        cJSON_AddRawToObject(parent, last, text);
}

void publisher_json(const struct routes *routes, const struct telemetry *t,
                    const struct instances *instances, struct buffer *out)
{
    cJSON *root = cJSON_CreateObject();
    struct route route;
    enum field f;
    char *text;
    int i;

    for (f = 0; f < FIELD_COUNT; f++)
        for (i = 0; i < field_instances(f); i++)
            if (telemetry_known(t, field_slot(f, i)) &&
                !begins_with(field_row(f)->key, "poll/") &&
                routes_field(routes, f, i, instances, &route))
                json_add(root, &route, t, field_slot(f, i));
    text = cJSON_PrintUnformatted(root);
    if (text)
        buffer_text_add(out, text);
    cJSON_free(text);
    cJSON_Delete(root);
}

/* At most every 5 s, at once when the state or the job changed. */
static bool say_json(struct publisher *pub, const struct printer *printer,
                     struct moment now)
{
    const struct telemetry *t = printer_telemetry(printer);
    enum state state = telemetry_state(t);
    int64_t job = telemetry_integer(t, SLOT_JOB_ID, -1);
    struct buffer text = {0};

    pub->json_wake_ms = INT64_MAX;
    if (!pub->config->json ||
        (printer_online(printer) && !printer_settled(printer)))
        return true;
    if (pub->json_ms && now.ms - pub->json_ms < JSON_GAP_MS &&
        state == pub->json_state && job == pub->json_job) {
        pub->json_wake_ms = pub->json_ms + JSON_GAP_MS;
        return true;
    }
    publisher_json(&pub->routes, t, printer_instances(printer), &text);
    if (pub->json_ms &&
        strcmp(buffer_text(&text), buffer_text(&pub->json)) == 0) {
        buffer_release(&text);
        return true;
    }
    if (!say_fixed(pub, "", buffer_text(&text))) {
        buffer_release(&text);
        return false;
    }
    pub->json_ms = now.ms ? now.ms : 1;
    pub->json_state = state;
    pub->json_job = job;
    buffer_release(&pub->json);
    pub->json = text;
    return true;
}

bool publisher_sync(struct publisher *pub, const struct printer *printer,
                    struct moment now)
{
    bool online = printer_online(printer);

    if (!printer_judged(printer))
        return say_availability(pub, false);
    if (!online && !say_availability(pub, false))
        return false;
    if (!say_fields(pub, printer, now) || !say_can(pub, printer) ||
        !say_json(pub, printer, now))
        return false;
    return !online || say_availability(pub, true);
}

int64_t publisher_wake(const struct publisher *pub)
{
    return pub->json_wake_ms;
}
