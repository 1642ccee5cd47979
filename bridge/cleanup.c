/* Retained topics of printers that left the configuration: subscribed to for a
 * moment, and each emptied. Only printers that this instance's own retained
 * list or state file names, so that nobody else's topics are touched. */
#include "bridge/bridge_internal.h"
#include "mapping/memory.h"

static const char *below_base(const struct bridge *b, const char *topic)
{
    return topic + strlen(b->config->mqtt.base_topic) + 1;
}

void cleanup_printer(struct bridge *b, const char *id)
{
    char filter[TOPIC_MAX + 1];
    size_t i;

    if (!*id ||
        strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(id) ||
        strlen(id) > PRINTER_ID_MAX || strncmp(id, "bridge", 6) == 0)
        return;
    for (i = 0; i < b->gone_count; i++)
        if (strcmp(below_base(b, b->gone[i]), id) == 0)
            return;
    log_info("%s is not configured any more; its retained topics are removed",
             id);
    (void)snprintf(filter, sizeof filter, "%s/%s", b->config->mqtt.base_topic,
                   id);
    b->gone = memory_grow(b->gone, b->gone_count + 1, sizeof *b->gone);
    b->gone[b->gone_count++] = memory_text(filter);
    (void)snprintf(filter, sizeof filter, "%s/%s/#", b->config->mqtt.base_topic,
                   id);
    (void)mqtt_subscribe(b->mqtt, filter, 0);
    store_forget(b->store, id);
    bridge_save_soon(b);
}

void cleanup_message(struct bridge *b, const struct mqtt_message *m)
{
    size_t i;

    if (!m->retain || m->len == 0)
        return;
    for (i = 0; i < b->gone_count; i++)
        if (topic_below(m->topic, b->gone[i])) {
            b->heard_ms = bridge_now(b).ms;
            (void)outlet_say(&b->outlet, m->topic, "", 0, true);
            return;
        }
}

void cleanup_end(struct bridge *b)
{
    char filter[TOPIC_MAX + 1];

    while (b->gone_count > 0) {
        char *topic = b->gone[--b->gone_count];

        (void)snprintf(filter, sizeof filter, "%s/#", topic);
        (void)mqtt_unsubscribe(b->mqtt, filter);
        free(topic);
    }
    free(b->gone);
    b->gone = NULL;
}
