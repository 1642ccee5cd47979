/* bridge/request/<name>: what can be asked of the bridge itself. */
#include "bridge/bridge_internal.h"

struct request_row {
    const char *name;
    /* Carry it out; false: err says why not. */
    bool (*run)(struct bridge *bridge, const char *value, struct error *err);
    const char *done;
    void (*then)(struct bridge *bridge); /* once the answer is out, or NULL */
};

static bool run_restart(struct bridge *b, const char *value, struct error *err)
{
    (void)b, (void)value, (void)err;
    return true;
}

static void restart(struct bridge *b)
{
    log_info("restarting, as requested");
    bridge_stop(b, BRIDGE_RESTART);
}

static bool run_republish(struct bridge *b, const char *value,
                          struct error *err)
{
    (void)value, (void)err;
    discover_again(b, 0);
    return true;
}

static bool run_log_level(struct bridge *b, const char *value,
                          struct error *err)
{
    enum log_level level = log_level_find(value);

    if (level > LOG_LEVEL_DEBUG)
        return error_set(err, "log_level needs error, warning, info or debug");
    log_set_level(level);
    log_set_hook(report_log, b,
                 level < LOG_LEVEL_DEBUG ? level : LOG_LEVEL_INFO);
    report_info(b);
    return true;
}

static bool run_health(struct bridge *b, const char *value, struct error *err)
{
    (void)value, (void)err;
    report_health(b);
    return true;
}

static bool run_printers(struct bridge *b, const char *value, struct error *err)
{
    (void)value, (void)err;
    b->printers_hash = 0;
    report_printers(b);
    return true;
}

static bool run_forget(struct bridge *b, const char *value, struct error *err)
{
    struct unit *unit = bridge_unit(b, value);

    if (!unit)
        return error_set(err,
                         "no printer is called \"%.40s\"; forget needs "
                         "the id of one, as in the configuration",
                         value);
    discover_forget(unit);
    printer_forget(unit->printer, bridge_now(b));
    unit_run(unit);
    return true;
}

static const struct request_row rows[] = {
    {"restart", run_restart, "the bridge restarts", restart},
    {"republish_discovery", run_republish, "discovery is sent again", NULL},
    {"log_level", run_log_level, "the log level is set", NULL},
    {"health", run_health, "see bridge/health", NULL},
    {"printers", run_printers, "see bridge/printers", NULL},
    {"forget", run_forget,
     "the printer's serial number is forgotten; whoever "
     "answers next is the printer",
     NULL},
};

static const struct request_row *find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static void say_answer(struct bridge *b, const struct order *order,
                       const struct order_answer *answer)
{
    struct buffer json = {0};
    char topic[TOPIC_MAX + 1];
    struct mqtt_message message = {
        .topic = topic,
        .qos = 1,
        .keep = true,
        .content_type = "application/json",
        .expiry_s = -1,
    };

    order_answer_json(order, answer, &json);
    (void)snprintf(topic, sizeof topic, "%s/response/%s", b->topic,
                   order->name);
    if (!topic_check(topic, NULL))
        (void)snprintf(topic, sizeof topic, "%s/response/unknown", b->topic);
    message.payload = buffer_text(&json);
    message.len = json.len;
    (void)mqtt_publish(b->mqtt, &message);
    if (order->response_topic) {
        message.topic = order->response_topic;
        message.correlation = order->correlation;
        message.correlation_len = order->correlation_len;
        (void)mqtt_publish(b->mqtt, &message);
    }
    buffer_release(&json);
}

static void carry_out(struct bridge *b, const struct order *order,
                      enum order_code code, const char *text)
{
    const struct request_row *row = find(order->name);
    struct order_answer answer = {
        .status = ORDER_ERROR,
        .code = code,
        .job = -1,
        .state_after = STATE_COUNT,
    };
    struct error err = {""};

    if (code == ORDER_OK && !row) {
        answer.code = ORDER_NOT_SUPPORTED;
        (void)error_set(&err, "the bridge knows no request %.40s", order->name);
        text = err.text;
    } else if (code == ORDER_OK && !row->run(b, order->arguments.path, &err)) {
        answer.code = ORDER_INVALID;
        text = err.text;
    } else if (code == ORDER_OK) {
        answer.status = ORDER_DONE;
        text = row->done;
    }
    (void)snprintf(answer.message, sizeof answer.message, "%.399s", text);
    if (answer.status == ORDER_ERROR)
        log_warning("request %s refused: %s", order->name, text);
    answer.took_ms = bridge_now(b).ms - order->arrived_ms;
    say_answer(b, order, &answer);
    if (answer.status == ORDER_DONE && row->then)
        row->then(b);
}

void requests_take(struct bridge *b, const char *name,
                   const struct mqtt_message *m)
{
    const bool bad_response =
        m->response_topic &&
        !order_response_topic_ok(m->response_topic, b->config->mqtt.base_topic,
                                 b->config->homeassistant.discovery_prefix);
    const struct order_envelope envelope = {
        .name = name,
        .request = true,
        .payload = m->payload,
        .len = m->len,
        .retained = m->retain,
        .expiry_s = m->expiry_s,
        .response_topic = bad_response ? NULL : m->response_topic,
        .correlation = m->correlation,
        .correlation_len = m->correlation_len,
    };
    enum order_code code;
    struct error err = {""};
    struct order *order;

    if (m->retain && m->len == 0)
        return;
    order = order_read(&envelope, bridge_now(b), &code, &err);
    if (bad_response && code == ORDER_OK) {
        code = ORDER_INVALID;
        (void)error_set(&err, "answers cannot go to this response topic");
    }
    carry_out(b, order, code, err.text);
    order_free(order);
}
