/* Retained topics of printers that left the configuration: subscribed to for a
 * moment, and each emptied. Only printers that this instance's own retained
 * list or state file names, so that nobody else's topics are touched, and none
 * that another instance lists as its own by now; not before it is sure that no
 * other copy lives, whose list it might be; and not before Home Assistant has
 * dropped their devices, as it would log a warning for an empty state of each
 * entity. */
#include "bridge/bridge_internal.h"
#include "mapping/memory.h"

#include <cjson/cJSON.h>

#define STALE_MAX 10000 /* topics that wait to be emptied */

static void append(char ***list, size_t *count, const char *text)
{
    *list = memory_grow(*list, *count + 1, sizeof **list);
    (*list)[(*count)++] = memory_text(text);
}

static void release(char ***list, size_t *count)
{
    while (*count > 0)
        free((*list)[--*count]);
    free(*list);
    *list = NULL;
}

static bool is_printer_id(const char *id)
{
    size_t len = strlen(id);

    return len > 0 && len <= PRINTER_ID_MAX &&
           strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len &&
           strcmp(id, "bridge") != 0 && strncmp(id, "bridge-", 7) != 0;
}

static bool is_gone(const struct bridge *b, const char *tree)
{
    size_t i = 0;

    while (i < b->gone_count && strcmp(b->gone[i], tree) != 0)
        i++;
    return i < b->gone_count;
}

/* The lists of all instances of this base topic. */
static void name_lists(const struct bridge *b, char *out, size_t size)
{
    (void)snprintf(out, size, "%s/+/printers", b->config->mqtt.base_topic);
}

static void ask_for_lists(struct bridge *b)
{
    char filter[TOPIC_MAX + 1];

    name_lists(b, filter, sizeof filter);
    if (b->gone_count > 0)
        (void)mqtt_subscribe(b->mqtt, filter, 0);
}

static void ask_for(struct bridge *b, const char *tree)
{
    char filter[TOPIC_MAX + 3];

    (void)snprintf(filter, sizeof filter, "%s/#", tree);
    (void)mqtt_subscribe(b->mqtt, filter, 0);
}

/* One that is only switched off is remembered, but says nothing. */
static void clean_up(struct bridge *b, const char *id)
{
    char tree[TOPIC_MAX + 1];

    (void)snprintf(tree, sizeof tree, "%s/%s", b->config->mqtt.base_topic, id);
    if (bridge_unit(b, id) || !is_printer_id(id) || is_gone(b, tree))
        return;
    append(&b->gone, &b->gone_count, tree);
    ask_for(b, tree);
    if (!bridge_configures(b, id))
        log_info("%s is not configured any more; its retained topics are "
                 "removed",
                 id);
}

static void note_id(void *arg, const char *id)
{
    struct bridge *b = arg;

    if (!bridge_configures(b, id))
        append(&b->leaving, &b->leaving_count, id);
}

static void clean_up_leaving(struct bridge *b)
{
    size_t i;

    store_each(b->store, note_id, b);
    for (i = 0; i < b->leaving_count; i++)
        clean_up(b, b->leaving[i]);
    release(&b->leaving, &b->leaving_count);
    ask_for_lists(b);
}

void cleanup_begin(struct bridge *b)
{
    size_t i;

    /* what an earlier connection asked for comes once more */
    release(&b->stale, &b->stale_count);
    for (i = 0; i < b->gone_count; i++)
        ask_for(b, b->gone[i]);
    clean_up_leaving(b);
}

static void each_listed(struct bridge *b, const struct mqtt_message *m,
                        void (*take)(struct bridge *b, const char *id))
{
    cJSON *root = cJSON_ParseWithLength(m->payload, m->len);
    const cJSON *row;

    cJSON_ArrayForEach(row, root)
    {
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(row, "id");

        if (cJSON_IsString(id))
            take(b, id->valuestring);
    }
    cJSON_Delete(root);
}

static void note_leaving(struct bridge *b, const char *id)
{
    if (!bridge_unit(b, id))
        append(&b->leaving, &b->leaving_count, id);
}

void cleanup_list(struct bridge *b, const struct mqtt_message *m)
{
    if (b->found_printers) /* comes once more with those of the others */
        return;
    b->found_printers = true;
    release(&b->leaving, &b->leaving_count);
    each_listed(b, m, note_leaving);
    if (b->session == SESSION_LIVE)
        clean_up_leaving(b);
}

static void forget(struct bridge *b, const char *id)
{
    if (bridge_configures(b, id))
        return;
    store_forget(b->store, id);
    pictures_drop(&b->pictures, id);
    saver_soon(&b->saver);
}

/* Take those in tree out of a list. */
static void leave_out(char **list, size_t *count, const char *tree)
{
    size_t i, kept = 0;

    for (i = 0; i < *count; i++)
        if (topic_below(list[i], tree))
            free(list[i]);
        else
            list[kept++] = list[i];
    *count = kept;
}

/* It moved to another instance: what is there now is not ours. */
static void leave_to_other(struct bridge *b, const char *id)
{
    char tree[TOPIC_MAX + 1];

    (void)snprintf(tree, sizeof tree, "%s/%s", b->config->mqtt.base_topic, id);
    if (!is_gone(b, tree))
        return;
    log_info("%s belongs to another instance now; its topics stay", id);
    leave_out(b->stale, &b->stale_count, tree);
    leave_out(b->gone, &b->gone_count, tree);
    forget(b, id);
}

static bool is_list(const struct bridge *b, const char *topic)
{
    const char *tail = topic + strlen(b->config->mqtt.base_topic);

    return topic_below(topic, b->config->mqtt.base_topic) &&
           (strncmp(tail, "/bridge/", 8) == 0 ||
            strncmp(tail, "/bridge-", 8) == 0) &&
           strcmp(tail + 1 + strcspn(tail + 1, "/"), "/printers") == 0;
}

void cleanup_message(struct bridge *b, const struct mqtt_message *m)
{
    size_t i;

    if (is_list(b, m->topic)) {
        each_listed(b, m, leave_to_other);
        return;
    }
    if (!m->retain || m->len == 0 || b->stale_count == STALE_MAX)
        return;
    for (i = 0; i < b->gone_count; i++)
        if (topic_below(m->topic, b->gone[i])) {
            b->heard_ms = bridge_now(b).ms;
            append(&b->stale, &b->stale_count, m->topic);
            return;
        }
}

/* Not earlier: a bridge that ends in between shall know them at its next
 * start. */
static void forget_gone(struct bridge *b)
{
    size_t base = strlen(b->config->mqtt.base_topic) + 1, i;
    char lists[TOPIC_MAX + 1];

    for (i = 0; i < b->gone_count; i++)
        forget(b, b->gone[i] + base);
    release(&b->gone, &b->gone_count);
    name_lists(b, lists, sizeof lists);
    (void)mqtt_unsubscribe(b->mqtt, lists);
}

void cleanup_tick(struct bridge *b)
{
    if (b->gone_count == 0 || b->reading_back || !b->swept ||
        !announce_settled(b->announce, bridge_now(b).ms))
        return;
    while (b->stale_count > 0 &&
           outlet_say(&b->outlet, b->stale[b->stale_count - 1], "", 0, true))
        free(b->stale[--b->stale_count]);
    if (b->stale_count > 0)
        return;
    release(&b->stale, &b->stale_count);
    forget_gone(b);
}

void cleanup_end(struct bridge *b)
{
    char filter[TOPIC_MAX + 3];
    size_t i;

    for (i = 0; i < b->gone_count; i++) {
        (void)snprintf(filter, sizeof filter, "%s/#", b->gone[i]);
        (void)mqtt_unsubscribe(b->mqtt, filter);
    }
}

void cleanup_release(struct bridge *b)
{
    release(&b->leaving, &b->leaving_count);
    release(&b->stale, &b->stale_count);
    release(&b->gone, &b->gone_count);
}
