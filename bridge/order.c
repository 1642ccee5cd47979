#include "bridge/order_internal.h"
#include "mapping/memory.h"
#include "mapping/template.h"
#include "mapping/text.h"

#include <cjson/cJSON.h>
#include <strings.h>
#include <time.h>

void order_free(struct order *order)
{
    if (!order)
        return;
    free(order->source.from);
    free(order->transaction);
    free(order->key);
    free(order->response_topic);
    free(order->correlation);
    free(order);
}

bool order_response_topic_ok(const char *topic, const char *base,
                             const char *discovery_prefix)
{
    char response[] = "/response/";
    const char *tail;

    if (!topic_check(topic, NULL) || topic_below(topic, discovery_prefix))
        return false;
    if (!topic_below(topic, base))
        return true;
    tail = topic + strlen(base);
    tail = *tail ? strchr(tail + 1, '/') : NULL;
    return tail && strncmp(tail, response, sizeof response - 1) == 0;
}

/* -1 if text does not begin with two digits. */
static int two_digits(const char *text)
{
    if (strspn(text, "0123456789") < 2)
        return -1;
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* "+01:00", "-0530" or "Z" to seconds east of UTC. */
static bool parse_zone(const char *text, long *offset)
{
    int hours, minutes;
    const char *rest;

    *offset = 0;
    if (strcasecmp(text, "Z") == 0)
        return true;
    if (*text != '+' && *text != '-')
        return false;
    hours = two_digits(text + 1);
    if (hours < 0 || hours > 14)
        return false;
    rest = text + 3 + (text[3] == ':');
    minutes = two_digits(rest);
    if (minutes < 0 || minutes > 59 || rest[2])
        return false;
    *offset = (hours * 60L + minutes) * 60L * (*text == '-' ? -1 : 1);
    return true;
}

bool order_parse_time(const char *text, int64_t *seconds)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    long offset;

    if (!rest)
        rest = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
    if (!rest)
        return false;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    if (!parse_zone(rest, &offset))
        return false;
    *seconds = (int64_t)timegm(&tm) - offset;
    return true;
}

bool order_expired(const struct order *order, struct moment now)
{
    return order->expires <= now.wall || order->expires_ms <= now.ms;
}

static enum order_code judge(struct order *order, enum order_code code,
                             const struct order_envelope *envelope,
                             struct moment now, struct error *err)
{
    if (envelope->retained)
        return order_say(
            err, ORDER_RETAINED,
            "retained orders are never carried out, they would act "
            "again at each reconnect; send it without retain and "
            "clear the topic");
    if (!order->request && order->command == COMMAND_COUNT) {
        (void)error_set(err, "no command is called %.40s", order->name);
        return ORDER_NOT_SUPPORTED;
    }
    if (code == ORDER_OK && order_expired(order, now))
        return order_say(err, ORDER_EXPIRED, "the order had expired");
    return code;
}

struct order *order_read(const struct order_envelope *envelope,
                         struct moment now, enum order_code *code,
                         struct error *err)
{
    struct order *order = memory_zero(1, sizeof *order);

    text_clean(envelope->name, ORDER_NAME_MAX, order->name, sizeof order->name);
    order->request = envelope->request;
    order->command =
        order->request ? COMMAND_COUNT : command_find(envelope->name);
    order->arguments.job = -1;
    order->arrived_ms = now.ms;
    order->expires = order->expires_ms = INT64_MAX;
    order->state_before = STATE_COUNT;
    if (envelope->response_topic)
        order->response_topic = memory_text(envelope->response_topic);
    order->correlation =
        memory_copy(envelope->correlation, envelope->correlation_len);
    order->correlation_len = envelope->correlation_len;
    *code =
        envelope->file ? ORDER_OK : order_read_payload(order, envelope, err);
    if (envelope->expiry_s >= 0)
        order->expires_ms = now.ms + envelope->expiry_s * 1000;
    *code = judge(order, *code, envelope, now, err);
    return order;
}

static const char *const statuses[] = {
    [ORDER_ACCEPTED] = "accepted",
    [ORDER_DONE] = "done",
    [ORDER_ERROR] = "error",
};

static void add_state(cJSON *root, const char *key, enum state state)
{
    if (state < STATE_COUNT)
        cJSON_AddStringToObject(root, key,
                                quantity_words(QUANTITY_STATE)[state]);
}

void order_answer_json(const struct order *order,
                       const struct order_answer *answer, struct buffer *out)
{
    cJSON *root = cJSON_CreateObject();
    char message[4 * sizeof answer->message + 1];
    char *text;

    /* it may quote what came from outside, cut anywhere */
    (void)text_clean(answer->message, sizeof answer->message, message,
                     sizeof message);
    cJSON_AddStringToObject(root, "command", order->name);
    cJSON_AddStringToObject(root, "status", statuses[answer->status]);
    cJSON_AddBoolToObject(root, "final", answer->status != ORDER_ACCEPTED);
    cJSON_AddStringToObject(root, "message", message);
    if (answer->code != ORDER_OK)
        cJSON_AddStringToObject(root, "code", order_code_name(answer->code));
    if (answer->http_status)
        cJSON_AddNumberToObject(root, "http_status", answer->http_status);
    if (answer->job >= 0)
        cJSON_AddNumberToObject(root, "job_id", (double)answer->job);
    add_state(root, "state_before", order->state_before);
    add_state(root, "state_after", answer->state_after);
    cJSON_AddNumberToObject(root, "took_ms", (double)answer->took_ms);
    if (answer->value)
        cJSON_AddRawToObject(root, "value", answer->value);
    if (order->transaction)
        cJSON_AddRawToObject(root, "transaction", order->transaction);
    text = cJSON_PrintUnformatted(root);
    if (text)
        buffer_text_add(out, text);
    cJSON_free(text);
    cJSON_Delete(root);
}
