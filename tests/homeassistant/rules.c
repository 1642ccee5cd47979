#include "rules.h"

#include <stdarg.h>
#include <stdbool.h>

#define ENABLED_MAX 20

/* What is being checked. */
struct check {
    const cJSON *rules;
    const char *key; /* of the component, "" outside of one */
    const cJSON *component;
    struct buffer *complaints;
};

static const cJSON *at(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *text(const cJSON *object, const char *key)
{
    const char *value = cJSON_GetStringValue(at(object, key));

    return value ? value : "";
}

static bool has_word(const cJSON *list, const char *word)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(item->valuestring, word) == 0)
            return true;
    }
    return false;
}

static bool is_entity(const struct check *c)
{
    const cJSON *rule =
        at(at(c->rules, "platforms"), text(c->component, "platform"));

    return !cJSON_IsFalse(at(rule, "entity"));
}

static void complain(const struct check *c, const char *what, const char *which)
{
    buffer_format(c->complaints, "%s: %s %s\n", c->key, what, which);
}

static void check_required(const struct check *c, const cJSON *object,
                           const cJSON *rule)
{
    const cJSON *key;

    cJSON_ArrayForEach(key, at(rule, "required"))
    {
        if (!at(object, key->valuestring))
            complain(c, "lacks", key->valuestring);
    }
}

/* Required keys are there, no key is unknown, nothing is null or "". */
static void check_keys(const struct check *c, const cJSON *object,
                       const cJSON *rule, const cJSON *more)
{
    const cJSON *item;

    check_required(c, object, rule);
    check_required(c, object, more);
    cJSON_ArrayForEach(item, object)
    {
        if (!has_word(at(rule, "keys"), item->string) &&
            !has_word(at(more, "keys"), item->string))
            complain(c, "has the unknown key", item->string);
        if (cJSON_IsNull(item) && strcmp(item->string, "name") != 0)
            complain(c, "has null at", item->string);
        if (cJSON_IsString(item) && !item->valuestring[0])
            complain(c, "has no text at", item->string);
    }
}

static void check_availability(const struct check *c, const cJSON *object)
{
    const cJSON *list = at(object, "availability");
    const cJSON *entry;

    cJSON_ArrayForEach(entry, list)
        check_keys(c, entry, at(c->rules, "availability"), NULL);
    if (list && strcmp(text(object, "availability_mode"), "all") != 0)
        complain(c, "must be available when all are, not", "latest");
}

static void check_topics(const struct check *c, const cJSON *object)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, object)
    {
        size_t len = strlen(item->string);

        if (len < 5 || strcmp(item->string + len - 5, "topic") != 0)
            continue;
        if (!cJSON_IsString(item) || !item->valuestring[0] ||
            strpbrk(item->valuestring, "+#"))
            complain(c, "has a bad topic at", item->string);
    }
}

/* A unit that does not fit its class costs the entity (2025.7). */
static void check_unit(const struct check *c)
{
    const char *class = text(c->component, "device_class");
    const char *unit = text(c->component, "unit_of_measurement");
    const cJSON *fitting = *class ? at(at(c->rules, "units"), class)
                                  : at(c->rules, "units_without_class");

    if (*class && !fitting)
        complain(c, "has the unknown class", class);
    if (*unit && !has_word(fitting, unit))
        complain(c, "has the unfit unit", unit);
    if (*class && !*unit && cJSON_GetArraySize(fitting) > 0)
        complain(c, "has no unit for", class);
}

static void check_sensor(const struct check *c)
{
    const char *class = text(c->component, "device_class");
    const char *state_class = text(c->component, "state_class");
    const cJSON *allowed =
        *class ? at(at(c->rules, "state_classes"), class)
               : at(c->rules, "state_class_without_device_class");
    bool number = *state_class || *text(c->component, "unit_of_measurement");
    bool precise = at(c->component, "suggested_display_precision");

    check_unit(c);
    if (*state_class && !has_word(allowed, state_class))
        complain(c, "has the unfit state class", state_class);
    if (number != precise)
        complain(c, "a number has a precision, and only a number:", class);
    if ((strcmp(class, "enum") == 0) !=
        (cJSON_GetArraySize(at(c->component, "options")) > 0))
        complain(c, "options belong to the class enum, not", class);
}

static void check_class(const struct check *c, const char *platform)
{
    const char *class = text(c->component, "device_class");
    const cJSON *known = at(at(c->rules, "classes"), platform);

    if (known && *class && !has_word(known, class))
        complain(c, "has the unknown class", class);
    /* An enum's own icon is an eye, like that of no class at all. */
    if ((!*class || strcmp(class, "enum") == 0) && !*text(c->component, "icon"))
        complain(c, "has no icon", "and no class that gives one");
    if (at(c->component, "icon") &&
        strncmp(text(c->component, "icon"), "mdi:", 4) != 0)
        complain(c, "has a bad icon", text(c->component, "icon"));
}

/* "<platform>.<slug>": without the domain it becomes "unnamed_device". */
static void check_entity_id(const struct check *c, const char *platform)
{
    const char *id = text(c->component, "default_entity_id");
    size_t len = strlen(platform);
    const char *slug = id + len + 1;

    if (strncmp(id, platform, len) != 0 || id[len] != '.' || !*slug ||
        slug[strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789_")])
        complain(c, "has a bad entity id", id);
}

static void check_category(const struct check *c, const char *platform)
{
    const char *category = text(c->component, "entity_category");

    if (*category &&
        !has_word(at(at(c->rules, "categories"), platform), category))
        complain(c, "cannot have the category", category);
}

static void check_number(const struct check *c)
{
    const cJSON *min = at(c->component, "min"), *max = at(c->component, "max");

    check_unit(c);
    if (!cJSON_IsNumber(min) || !cJSON_IsNumber(max) ||
        min->valuedouble >= max->valuedouble)
        complain(c, "needs min below", "max");
}

/* An event of another type is not heard, and costs a warning each. */
static void check_event(const struct check *c)
{
    const cJSON *types = at(c->component, "event_types");
    const cJSON *type, *other;

    if (cJSON_GetArraySize(types) < 1)
        complain(c, "needs", "event_types");
    cJSON_ArrayForEach(type, types)
    {
        for (other = type->next; other; other = other->next)
            if (strcmp(type->valuestring, other->valuestring) == 0)
                complain(c, "has twice the event", type->valuestring);
    }
}

/* Without a payload it would fire at every message of a shared topic. */
static void check_trigger(const struct check *c)
{
    if (strcmp(text(c->component, "automation_type"), "trigger") != 0)
        complain(c, "must have the automation type", "trigger");
    if (!*text(c->component, "payload"))
        complain(c, "needs a", "payload");
}

static void check_component(const struct check *c)
{
    const char *platform = text(c->component, "platform");
    const cJSON *rule = at(at(c->rules, "platforms"), platform);

    if (!rule) {
        complain(c, "has the unknown platform", platform);
        return;
    }
    check_topics(c, c->component);
    if (!is_entity(c)) {
        check_keys(c, c->component, rule, NULL);
        check_trigger(c);
        return;
    }
    check_keys(c, c->component, at(c->rules, "component"), rule);
    check_availability(c, c->component);
    check_entity_id(c, platform);
    check_category(c, platform);
    check_class(c, platform);
    if (strcmp(platform, "sensor") == 0)
        check_sensor(c);
    if (strcmp(platform, "number") == 0)
        check_number(c);
    if (strcmp(platform, "event") == 0)
        check_event(c);
}

/* A trigger is known by type and subtype: of two alike one is refused. */
static void check_trigger_alone(const struct check *c)
{
    const cJSON *other;

    for (other = c->component->next; other; other = other->next)
        if (strcmp(text(c->component, "type"), text(other, "type")) == 0 &&
            strcmp(text(c->component, "subtype"), text(other, "subtype")) == 0)
            complain(c, "is the same trigger as", other->string);
}

/* Keys, unique ids and entity ids: no two alike; one main entity at most. */
static void check_alone(const struct check *c, const cJSON *components)
{
    static const char *const unique[] = {"unique_id", "default_entity_id"};
    const cJSON *other;
    size_t i;

    if (!is_entity(c))
        check_trigger_alone(c);
    for (other = c->component->next; other && is_entity(c);
         other = other->next) {
        for (i = 0; i < sizeof unique / sizeof *unique; i++)
            if (strcmp(text(c->component, unique[i]), text(other, unique[i])) ==
                0)
                complain(c, "is not alone with", unique[i]);
        if (cJSON_IsNull(at(c->component, "name")) &&
            cJSON_IsNull(at(other, "name")))
            complain(c, "is a second main entity beside", other->string);
        if (*text(c->component, "name") &&
            strcmp(text(c->component, "name"), text(other, "name")) == 0)
            complain(c, "has the same name as", other->string);
    }
    if (at(components, c->key) != c->component)
        complain(c, "is there", "twice");
}

static void check_device(const struct check *c, const cJSON *device)
{
    const cJSON *own = cJSON_GetArrayItem(at(device, "identifiers"), 0);
    const char *identity = cJSON_GetStringValue(own);

    check_keys(c, device, at(c->rules, "device"), NULL);
    if (!identity || !*identity)
        complain(c, "needs", "identifiers");
    else if (strcmp(text(device, "via_device"), identity) == 0)
        complain(c, "is reached through", "itself");
}

static bool is_enabled(const struct check *c)
{
    return is_entity(c) &&
           !cJSON_IsFalse(at(c->component, "enabled_by_default"));
}

void rules_check(const cJSON *rules, const cJSON *document,
                 struct buffer *complaints)
{
    struct check c = {rules, "document", NULL, complaints};
    const cJSON *components = at(document, "components");
    int enabled = 0;

    check_keys(&c, document, at(rules, "root"), NULL);
    check_device(&c, at(document, "device"));
    check_keys(&c, at(document, "origin"), at(rules, "origin"), NULL);
    check_availability(&c, document);
    if (cJSON_GetArraySize(at(document, "availability")) < 1)
        complain(&c, "needs", "availability");
    cJSON_ArrayForEach(c.component, components)
    {
        c.key = c.component->string;
        check_component(&c);
        check_alone(&c, components);
        enabled += is_enabled(&c);
    }
    c.key = "document";
    if (enabled > ENABLED_MAX)
        complain(&c, "enables too many", "entities");
}
