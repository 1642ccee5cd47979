/* Answers to orders and requests: on the topic that is always the same, and
 * where their sender asked for them. */
#include "bridge/bridge_internal.h"

/* The name may be a stranger's. */
static void topic_of(const char *tree, const char *name, char *out, size_t size)
{
    int len = snprintf(out, size, "%s/response/%s", tree, name);

    if (len < 0 || (size_t)len >= size || !topic_check(out, NULL))
        (void)snprintf(out, size, "%s/response/unknown", tree);
}

void answer_say(struct bridge *b, const char *tree, const struct order *order,
                const struct order_answer *answer)
{
    struct buffer json = {0};
    char topic[TOPIC_MAX + 1];
    struct mqtt_message message = {
        .topic = topic,
        .qos = 1,
        .keep = answer->status != ORDER_ACCEPTED,
        .content_type = "application/json",
        .expiry_s = -1,
    };

    order_answer_json(order, answer, &json);
    topic_of(tree, order->name, topic, sizeof topic);
    message.payload = buffer_text(&json);
    message.len = json.len;
    if (!order->response_topic || strcmp(order->response_topic, topic) != 0)
        (void)mqtt_publish(b->mqtt, &message);
    if (order->response_topic) {
        message.topic = order->response_topic;
        message.correlation = order->correlation;
        message.correlation_len = order->correlation_len;
        (void)mqtt_publish(b->mqtt, &message);
    }
    buffer_release(&json);
}
