#include "bridge/publisher.h"

#include "bridge/possible.h"
#include "bridge/said.h"
#include "mapping/memory.h"
#include "mapping/routes.h"
#include "mapping/text.h"

#define JSON_GAP_MS   5000
#define JSON_PHASE_MS 1000

struct publisher {
    const struct config *config;
    const struct outlet *outlet;
    struct routes routes;
    struct said said;               /* what the broker has */
    int64_t said_job;               /* whose fields were all said; -1 = none */
    int availability;               /* 0, 1; -1 = not said */
    signed char can[COMMAND_COUNT]; /* 0, 1; -1 = not said */
    bool can_said;                  /* all of it, of this: */
    unsigned situation;
    int64_t json_phase_ms; /* where in each second it comes */
    int64_t json_due_ms;   /* not before, unless the state changes; 0 = never
                              said */
    int64_t json_wake_ms;  /* it waits until then; INT64_MAX = no */
    enum state json_state;
    int64_t json_job;
    bool json_stale;    /* something in it may have changed */
    uint64_t json_hash; /* as last said */
    uint64_t version;   /* of the printer, as it was said; 0 = not all was */
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
    pub->json_phase_ms = (int64_t)(text_hash(printer->id) % JSON_PHASE_MS);
    publisher_again(pub);
    return pub;
}

void publisher_free(struct publisher *pub)
{
    if (!pub)
        return;
    said_release(&pub->said);
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
    pub->can_said = false;
    said_again(&pub->said);
    pub->version = 0;
    pub->json_due_ms = 0;
    pub->json_wake_ms = INT64_MAX;
    pub->json_stale = true;
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

static bool say_below(struct publisher *pub, const char *tail,
                      const char *payload, int qos)
{
    char topic[TOPIC_MAX + 1];

    return routes_topic(&pub->routes, tail, topic, sizeof topic) &&
           outlet_say(pub->outlet, topic, payload, qos, true);
}

static bool say_fixed(struct publisher *pub, const char *tail,
                      const char *payload)
{
    return say_below(pub, tail, payload, 1);
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
    unsigned situation = printer_situation(printer);
    uint64_t all;
    enum command c;

    if (pub->can_said && situation == pub->situation)
        return true; /* mostly, at each poll */
    all = printer_can(printer);
    pub->can_said = false;
    for (c = 0; c < COMMAND_COUNT; c++) {
        bool can = all >> c & 1;

        if (pub->can[c] == can || !printer_supports(printer, c) ||
            !routes_command(&pub->routes, c, topic, sizeof topic))
            continue;
        (void)snprintf(tail, sizeof tail, "can/%s", command_row(c)->name);
        if (!say_fixed(pub, tail, onoff[can]))
            return false;
        pub->can[c] = (signed char)can;
    }
    pub->can_said = true;
    pub->situation = situation;
    return true;
}

static bool begins_with(const char *key, const char *prefix)
{
    return strncmp(key, prefix, strlen(prefix)) == 0;
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

static int count_instances(const struct publisher *pub, enum field field,
                           const struct roster *roster)
{
    switch (field_row(field)->scope) {
    case SCOPE_STORAGE:
    case SCOPE_CAMERA: return roster_count(roster, field_row(field)->scope);
    case SCOPE_CUSTOM: return pub->routes.mapping->custom_count;
    case SCOPE_ONE:
    case SCOPE_COUNT: break;
    }
    return 1;
}

/* Is the change of a slot worth a message now? Of one that is switched off it
 * is: that ends the asking. */
static bool is_worth_it(const struct publisher *pub,
                        const struct printer *printer, enum field field,
                        int instance, bool new_job, struct moment now)
{
    const struct telemetry *t = printer_telemetry(printer);
    enum field target = field_target(field);
    int slot = field_slot(field, instance);
    struct value was = telemetry_get(&pub->said.values, slot);
    struct value is = telemetry_get(t, slot), near = {0};
    struct route rule;

    if (!routes_rule(&pub->routes, field, instance, printer_roster(printer),
                     &rule))
        return true;
    if (target != FIELD_COUNT)
        near = telemetry_get(t, field_slot(target, instance));
    return route_due(&rule, &was, &is, &near,
                     said_since(&pub->said, slot, now.ms),
                     new_job && begins_with(rule.key, "job/"));
}

/* What goes out for a slot. A list is not in the snapshot, only its version. */
static bool say_value(const struct publisher *pub,
                      const struct printer *printer, const struct route *route,
                      int slot)
{
    const struct telemetry *t = printer_telemetry(printer);
    const struct kept_view *files = printer_files(printer);
    char text[VALUE_FORMAT_MAX];
    struct buffer list = {0};
    const char *payload = payload_of(pub, route, t, slot, text);
    bool ok;

    if (route->quantity == QUANTITY_LIST && telemetry_known(t, slot) && files) {
        view_json(files, &list);
        payload = buffer_text(&list);
    }
    ok = outlet_say(pub->outlet, route->topic, payload, route->qos,
                    route->retain);
    buffer_release(&list);
    return ok;
}

/* Say the value of a slot if it is due. False: it could not go out. */
static bool say_field(struct publisher *pub, const struct printer *printer,
                      enum field field, int instance, bool new_job,
                      struct moment now)
{
    const struct telemetry *t = printer_telemetry(printer);
    int slot = field_slot(field, instance);
    struct route route;

    if (said_so(&pub->said, t, slot))
        return true;
    pub->json_stale =
        pub->json_stale || !begins_with(field_row(field)->key, "poll/");
    if (said_ever(&pub->said, slot) &&
        !is_worth_it(pub, printer, field, instance, new_job, now))
        return true;
    /* one that is switched off counts as said */
    if (routes_field(&pub->routes, field, instance, printer_roster(printer),
                     &route) &&
        !say_value(pub, printer, &route, slot))
        return false;
    said_note(&pub->said, t, slot, now.ms);
    return true;
}

static bool say_fields(struct publisher *pub, const struct printer *printer,
                       struct moment now)
{
    const struct possible *all = possible_fields(printer_driver(printer));
    const struct roster *roster = printer_roster(printer);
    const struct telemetry *t = printer_telemetry(printer);
    int64_t job = telemetry_integer(t, SLOT_JOB_ID, -1);
    bool new_job = job != pub->said_job;
    int n = 0, i;

    /* of most there is nothing to say, at each poll */
    while ((n = said_next(&pub->said, t, all->slot, n, all->count)) <
           all->count) {
        enum field f = all->field[n++];
        int count = count_instances(pub, f, roster);

        for (i = 0; i < count; i++)
            if (!say_field(pub, printer, f, i, new_job, now))
                return false;
    }
    pub->said.whole = true;
    pub->said_job = job;
    return true;
}

/* Printers are polled a millisecond after each other: were their documents due
 * at those moments too, the last ones would wait for all of them. */
static int64_t next_json_ms(const struct publisher *pub, int64_t now_ms)
{
    int64_t ms = now_ms + JSON_GAP_MS;

    return ms + (pub->json_phase_ms + JSON_PHASE_MS - ms % JSON_PHASE_MS) %
                    JSON_PHASE_MS;
}

/* True unless it could not go out. */
static bool say_json_text(struct publisher *pub, const char *text,
                          struct moment now)
{
    uint64_t hash = text_hash(text);

    if (pub->json_due_ms && hash == pub->json_hash)
        return true;
    if (!say_below(pub, "", text, 0))
        return false;
    pub->json_due_ms = next_json_ms(pub, now.ms);
    pub->json_hash = hash;
    return true;
}

/* Every 5 s (6 s the first time), at once when the state or the job changed. */
static bool say_json(struct publisher *pub, const struct printer *printer,
                     struct moment now)
{
    const struct telemetry *t = printer_telemetry(printer);
    enum state state = telemetry_state(t);
    int64_t job = telemetry_integer(t, SLOT_JOB_ID, -1);
    struct buffer text = {0};
    bool ok;

    if (!pub->config->json || !pub->json_stale ||
        (printer_online(printer) && !printer_settled(printer)))
        return true;
    if (now.ms < pub->json_due_ms && state == pub->json_state &&
        job == pub->json_job) {
        pub->json_wake_ms = pub->json_due_ms;
        return true;
    }
    publisher_json(&pub->routes, t, printer_roster(printer), &text);
    ok = say_json_text(pub, buffer_text(&text), now);
    buffer_release(&text);
    if (!ok)
        return false;
    pub->json_state = state;
    pub->json_job = job;
    pub->json_stale = false;
    return true;
}

/* All but the JSON, whose time may come without news. What a deadband or an
 * interval holds back is looked at again with the next news: each poll. */
static bool say_news(struct publisher *pub, const struct printer *printer,
                     struct moment now)
{
    uint64_t version = printer_version(printer);

    if (version && version == pub->version)
        return true;
    pub->version = 0;
    if (!say_fields(pub, printer, now) || !say_can(pub, printer))
        return false;
    pub->version = version;
    return true;
}

bool publisher_sync(struct publisher *pub, const struct printer *printer,
                    struct moment now)
{
    bool online = printer_online(printer);

    pub->json_wake_ms = INT64_MAX; /* also when we do not come to the JSON */
    if (!printer_judged(printer))
        return say_availability(pub, false);
    if (!online && !say_availability(pub, false))
        return false;
    if (!say_news(pub, printer, now) || !say_json(pub, printer, now))
        return false;
    return !online || say_availability(pub, true);
}

int64_t publisher_wake(const struct publisher *pub)
{
    return pub->json_wake_ms;
}
