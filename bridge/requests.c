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
    album_forget(unit->album);
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
    answer_say(b, b->topic, order, &answer);
    if (answer.status == ORDER_DONE && row && row->then)
        row->then(b);
}

void requests_take(struct bridge *b, struct order *order, enum order_code code,
                   const struct error *err)
{
    carry_out(b, order, code, err->text);
    order_free(order);
}
