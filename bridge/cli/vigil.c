#include "bridge/cli/vigil.h"

#include "mapping/memory.h"

#include <uv.h>

struct vigil {
    struct desk *desk;
    const struct config_printer *config;
    const struct vigil_watch *watch;
    void *arg;
    struct http_client *http;
    struct printer *printer;
    uv_timer_t *timer; /* wakes the printer; freed when it is closed */
    bool running;
    struct error err; /* of vigil_view() */
};

static void run(struct vigil *vigil);

static void on_log(void *arg, enum log_level level, const char *printer,
                   const char *text)
{
    (void)arg, (void)level, (void)printer, (void)text;
}

static void on_order_answer(void *arg, struct printer *printer,
                            const struct order *order,
                            const struct order_answer *answer)
{
    struct vigil *vigil = arg;

    (void)printer;
    if (vigil->watch && vigil->watch->answer)
        vigil->watch->answer(vigil->arg, order, answer);
}

static void on_event(void *arg, struct printer *printer,
                     const struct job_event *event)
{
    struct vigil *vigil = arg;

    (void)printer;
    if (vigil->watch && vigil->watch->event)
        vigil->watch->event(vigil->arg, event);
}

static const struct printer_sink sink = {
    .log = on_log,
    .answer = on_order_answer,
    .event = on_event,
};

static void on_timer(uv_timer_t *timer)
{
    struct vigil *vigil = timer->data;

    desk_wake(vigil->desk);
    run(vigil);
}

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct vigil *vigil = arg;

    desk_wake(vigil->desk);
    printer_answered(vigil->printer, answer, desk_now(vigil->desk));
    run(vigil);
}

static void schedule(struct vigil *vigil)
{
    struct moment now = desk_now(vigil->desk);
    int64_t wake = printer_wake(vigil->printer);

    if (wake == INT64_MAX) {
        (void)uv_timer_stop(vigil->timer);
        return;
    }
    wake = wake > now.ms ? wake - now.ms : 1;
    (void)uv_timer_start(vigil->timer, on_timer, (uint64_t)wake, 0);
}

static void run(struct vigil *vigil)
{
    static const struct http_answer none = {
        .result = HTTP_BROKEN,
        .body = "",
        .reason = "the request could not be made",
    };
    struct request request;

    if (vigil->running || !vigil->http)
        return;
    vigil->running = true;
    if (printer_next(vigil->printer, desk_now(vigil->desk), &request) &&
        !http_send(vigil->http, &request, on_answer, vigil))
        printer_answered(vigil->printer, &none, desk_now(vigil->desk));
    schedule(vigil);
    vigil->running = false;
}

static uv_timer_t *new_timer(struct vigil *vigil)
{
    uv_timer_t *timer = memory_zero(1, sizeof *timer);

    (void)uv_timer_init(desk_loop(vigil->desk), timer);
    timer->data = vigil;
    return timer;
}

static void on_close(uv_handle_t *handle)
{
    free(handle);
}

struct vigil *vigil_new(struct desk *desk, const struct config_printer *config,
                        const struct vigil_watch *watch, void *arg,
                        struct error *err)
{
    const struct http_target target = client_target(config);
    struct http_client *http = http_client_new(desk_http(desk), &target, err);
    struct vigil *vigil;

    if (!http)
        return NULL;
    vigil = memory_zero(1, sizeof *vigil);
    vigil->desk = desk;
    vigil->config = config;
    vigil->watch = watch;
    vigil->arg = arg;
    vigil->http = http;
    vigil->printer = printer_new(config, client_driver(config), NULL, &sink,
                                 vigil, desk_now(desk), 0);
    vigil->timer = new_timer(vigil);
    run(vigil);
    return vigil;
}

void vigil_free(struct vigil *vigil)
{
    struct http_client *http;

    if (!vigil)
        return;
    http = vigil->http;
    vigil->http = NULL; /* what is aborted now sends nothing more */
    http_client_free(http);
    uv_close((uv_handle_t *)vigil->timer, on_close);
    printer_free(vigil->printer);
    free(vigil);
}

struct printer *vigil_printer(struct vigil *vigil)
{
    return vigil->printer;
}

/* What is wrong, and what to do about it. */
static void put_error(const struct vigil *vigil, struct error *err)
{
    const char *remedy = printer_remedy(vigil->printer);

    if (printer_trouble(vigil->printer) == TROUBLE_AUTH)
        (void)error_set(err, "%s", client_login_remedy(vigil->config));
    else
        (void)error_set(err, "%s%s%s", printer_error(vigil->printer),
                        *remedy ? ". " : "", remedy);
}

bool vigil_meet(struct vigil *vigil, struct error *err)
{
    const struct printer *p = vigil->printer;

    while (!desk_signalled(vigil->desk)) {
        if (printer_settled(p) && printer_online(p))
            return true;
        if (printer_judged(p) && !printer_online(p)) {
            put_error(vigil, err);
            return false;
        }
        desk_turn(vigil->desk);
    }
    return error_set(err, "interrupted");
}

void vigil_order(struct vigil *vigil, enum command command,
                 const struct order_arguments *arguments)
{
    struct moment now = desk_now(vigil->desk);
    struct order *order = memory_zero(1, sizeof *order);

    (void)snprintf(order->name, sizeof order->name, "%s",
                   command_row(command)->name);
    order->arguments = *arguments;
    order->command = command;
    order->expires = order->expires_ms = INT64_MAX;
    order->arrived_ms = now.ms;
    printer_order(vigil->printer, order, ORDER_OK, NULL, now);
    run(vigil);
}

void vigil_send(struct vigil *vigil, const char *name, const char *payload)
{
    const struct order_envelope envelope = {
        .name = name,
        .payload = payload,
        .len = strlen(payload),
        .expiry_s = -1,
    };
    struct moment now = desk_now(vigil->desk);
    enum order_code code = ORDER_OK;
    struct error err = {""};
    struct order *order = order_read(&envelope, now, &code, &err);

    printer_order(vigil->printer, order, code, &err, now);
    run(vigil);
}

struct view vigil_view(struct vigil *vigil)
{
    const struct printer *p = vigil->printer;

    vigil->err.text[0] = '\0';
    if (printer_judged(p) && !printer_online(p))
        put_error(vigil, &vigil->err);
    return (struct view){
        .config = vigil->config,
        .t = printer_telemetry(p),
        .roster = *printer_roster(p),
        .waiting = !printer_judged(p),
        .online = printer_online(p),
        .error = vigil->err.text,
        .now = desk_now(vigil->desk).wall,
    };
}
