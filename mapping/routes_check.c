/* What no single key of a mapping can show: topics that meet. */
#include "mapping/memory.h"
#include "mapping/routes.h"

/* The fixed topics of a printer that no mapped one may take; orders belong
 * below command, fields do not. */
static const char *const fixed[] = {"", "availability", "event", NULL};
static const char *const fixed_below[] = {"response", "can", "has", "command",
                                          NULL};

struct entry {
    char *topic;
    char key[FIELD_KEY_MAX + 1];
};

struct entries {
    struct entry *rows;
    size_t count;
};

static void add(struct entries *list, const char *topic, const char *key)
{
    struct entry *row;

    list->rows = memory_grow(list->rows, list->count + 1, sizeof *list->rows);
    row = &list->rows[list->count++];
    row->topic = memory_text(topic);
    (void)snprintf(row->key, sizeof row->key, "%s", key);
}

static bool not_fixed(const struct routes *routes, const char *topic,
                      const char *key, bool order, struct error *err)
{
    char other[TOPIC_MAX + 1];
    int i;

    for (i = 0; fixed[i]; i++)
        if (routes_topic(routes, fixed[i], other, sizeof other) &&
            strcmp(topic, other) == 0)
            return error_set(err,
                             "%s: the topic %s is the bridge's own; "
                             "choose another",
                             key, topic);
    for (i = 0;
         fixed_below[i] && !(order && strcmp(fixed_below[i], "command") == 0);
         i++)
        if (routes_topic(routes, fixed_below[i], other, sizeof other) &&
            topic_below(topic, other))
            return error_set(err,
                             "%s: topics below %s are the bridge's own; "
                             "choose another",
                             key, other);
    return true;
}

static bool check_topic(const struct routes *routes, const char *topic,
                        const char *key, const char *prefix, struct error *err)
{
    char bridge[TOPIC_MAX + 1];

    if (!topic_check(topic, err))
        return error_prefix(err, "%s", key);
    if (prefix && topic_below(topic, prefix))
        return error_set(err,
                         "%s: topics below the discovery prefix %s "
                         "belong to Home Assistant",
                         key, prefix);
    (void)snprintf(bridge, sizeof bridge, "%s/bridge", routes->base);
    if (topic_below(topic, bridge))
        return error_set(err,
                         "%s: topics below %s are the bridge's own; "
                         "choose another",
                         key, bridge);
    return true;
}

static bool collect_fields(const struct routes *routes, const char *prefix,
                           struct entries *list, struct error *err)
{
    static char names[][INSTANCE_NAME_MAX + 1] = {"a", "b"};
    static const struct instances two = {names, 2, false};
    static const struct roster sample = {&two, &two};
    struct route route;
    enum field f;
    int i;

    for (f = 0; f < FIELD_COUNT; f++)
        for (i = 0; i < field_instances(f); i++) {
            if (!routes_field(routes, f, i, &sample, &route))
                continue;
            if (!check_topic(routes, route.topic, route.key, prefix, err) ||
                !not_fixed(routes, route.topic, route.key, false, err))
                return false;
            add(list, route.topic, route.key);
        }
    return true;
}

static bool collect_commands(const struct routes *routes, const char *prefix,
                             struct entries *list, struct error *err)
{
    char topic[TOPIC_MAX + 1], key[FIELD_KEY_MAX + 1];
    enum command c;

    for (c = 0; c < COMMAND_COUNT; c++) {
        if (!routes_command(routes, c, topic, sizeof topic))
            continue;
        (void)snprintf(key, sizeof key, "command %s", command_row(c)->name);
        if (!check_topic(routes, topic, key, prefix, err) ||
            !not_fixed(routes, topic, key, true, err))
            return false;
        add(list, topic, key);
    }
    return true;
}

static int by_topic(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->topic,
                  ((const struct entry *)b)->topic);
}

static bool all_different(struct entries *list, struct error *err)
{
    size_t i;

    qsort(list->rows, list->count, sizeof *list->rows, by_topic);
    for (i = 1; i < list->count; i++)
        if (by_topic(&list->rows[i - 1], &list->rows[i]) == 0)
            return error_set(err, "%s and %s have the same topic %s",
                             list->rows[i - 1].key, list->rows[i].key,
                             list->rows[i].topic);
    return true;
}

bool routes_check(const struct routes *routes, const char *discovery_prefix,
                  struct error *err)
{
    struct entries list = {memory_zero(1, sizeof(struct entry)), 0};
    bool ok = collect_fields(routes, discovery_prefix, &list, err) &&
              collect_commands(routes, discovery_prefix, &list, err) &&
              all_different(&list, err);
    size_t i;

    for (i = 0; i < list.count; i++)
        free(list.rows[i].topic);
    free(list.rows);
    return ok;
}
