#include "bridge/cli/client.h"

#include "mapping/memory.h"
#include "mapping/text.h"

#include <signal.h>
#include <time.h>
#include <uv.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

#define SIGNALS (sizeof signals / sizeof *signals)

struct desk {
    uv_loop_t loop;
    struct http *http;
    struct client **clients;
    size_t count;
    size_t busy; /* clients with a plan */
    uv_signal_t signals[SIGNALS];
    bool catching, signalled;
    uv_timer_t alarm; /* ends a turn of the loop */
};

/* ---- the loop ---- */

struct desk *desk_new(size_t printers)
{
    struct desk *desk = memory_zero(1, sizeof *desk);

    (void)uv_loop_init(&desk->loop);
    (void)uv_timer_init(&desk->loop, &desk->alarm);
    desk->http = http_new(&desk->loop, printers);
    return desk;
}

void desk_free(struct desk *desk)
{
    size_t i;

    if (!desk)
        return;
    for (i = 0; i < desk->count; i++) {
        http_client_free(desk->clients[i]->http);
        telemetry_release(&desk->clients[i]->t);
        device_release(&desk->clients[i]->device);
        free(desk->clients[i]);
    }
    http_free(desk->http);
    uv_close((uv_handle_t *)&desk->alarm, NULL);
    for (i = 0; desk->catching && i < SIGNALS; i++)
        uv_close((uv_handle_t *)&desk->signals[i], NULL);
    do
        (void)uv_run(&desk->loop, UV_RUN_DEFAULT);
    while (uv_loop_alive(&desk->loop));
    (void)uv_loop_close(&desk->loop);
    free(desk->clients);
    free(desk);
}

struct http *desk_http(struct desk *desk)
{
    return desk->http;
}

struct uv_loop_s *desk_loop(struct desk *desk)
{
    return &desk->loop;
}

struct moment desk_now(struct desk *desk)
{
    uv_update_time(&desk->loop);
    return (struct moment){
        .ms = (int64_t)uv_now(&desk->loop),
        .wall = (int64_t)time(NULL),
    };
}

/* What happens before the loop sleeps (an answer that came at once) must keep
 * it from sleeping. */
void desk_wake(struct desk *desk)
{
    uv_stop(&desk->loop);
}

void desk_turn(struct desk *desk)
{
    (void)uv_run(&desk->loop, UV_RUN_ONCE);
}

static void on_alarm(uv_timer_t *timer)
{
    (void)timer;
}

void desk_turn_for(struct desk *desk, int64_t ms)
{
    uv_update_time(&desk->loop);
    (void)uv_timer_start(&desk->alarm, on_alarm, ms > 0 ? (uint64_t)ms : 1, 0);
    desk_turn(desk);
    (void)uv_timer_stop(&desk->alarm);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct desk *desk = signal->data;

    (void)number;
    desk->signalled = true;
    desk_wake(desk);
}

void desk_catch_signals(struct desk *desk)
{
    size_t i;

    for (i = 0; i < SIGNALS; i++) {
        struct sigaction now;

        (void)uv_signal_init(&desk->loop, &desk->signals[i]);
        desk->signals[i].data = desk;
        if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            (void)uv_signal_start(&desk->signals[i], on_signal, signals[i]);
    }
    desk->catching = true;
}

bool desk_signalled(const struct desk *desk)
{
    return desk->signalled;
}

/* ---- one printer ---- */

struct http_target client_target(const struct config_printer *config)
{
    return (struct http_target){
        .url = config->url,
        .auth = (enum http_auth)config->auth,
        .username = config->username,
        .secret = config->secret,
        .ca_file = config->ca_file,
        .insecure = config->insecure,
        .timeout_ms = config->timeout_ms,
    };
}

const struct driver *client_driver(const struct config_printer *config)
{
    return strcmp(config->driver, "auto") == 0 ? drivers[0]
                                               : driver_find(config->driver);
}

struct client *desk_add(struct desk *desk, const struct config_printer *config)
{
    const struct http_target target = client_target(config);
    struct client *client = memory_zero(1, sizeof *client);

    client->desk = desk;
    client->config = config;
    client->driver = client_driver(config);
    client->http = http_client_new(desk->http, &target, &client->err);
    client->failed = !client->http;
    desk->clients =
        memory_grow(desk->clients, desk->count + 1, sizeof(struct client *));
    desk->clients[desk->count++] = client;
    return client;
}

const char *client_login_remedy(const struct config_printer *config)
{
    if (!config->secret && !config->file)
        return "it wants a password; give it with --password-file FILE, or in "
               "the environment as PRUSA_PASSWORD (on the printer: Settings, "
               "Network, PrusaLink)";
    if (!config->secret)
        return "it wants a password; the configuration has none for it";
    if (config->auth == CONFIG_AUTH_API_KEY ||
        config->auth == CONFIG_AUTH_TOKEN)
        return "it refused the key; check it";
    return "it refused user name or password; check both (on the printer: "
           "Settings, Network, PrusaLink)";
}

static bool refuses_login(const struct http_answer *answer)
{
    return answer->result == HTTP_ANSWERED &&
           (answer->status == 401 || answer->status == 403);
}

bool client_explain(const struct config_printer *config,
                    const struct http_answer *answer, struct error *err)
{
    char reason[4 * sizeof answer->reason + 1];

    (void)text_clean(answer->reason, sizeof answer->reason, reason,
                     sizeof reason);
    if (refuses_login(answer))
        return error_set(err, "%s", client_login_remedy(config));
    if (answer->result == HTTP_ANSWERED)
        return error_set(err, "it answered HTTP %d", answer->status);
    if (answer->untrusted)
        return error_set(err,
                         "%s; name it, or who signed it, as ca_file of the "
                         "printer in the configuration",
                         reason);
    if (answer->result == HTTP_UNREACHABLE)
        return error_set(err,
                         "%s; is the printer switched on and in the network, "
                         "and is its address right?",
                         reason);
    if (answer->result == HTTP_TIMEOUT)
        return error_set(err, "no answer in time (%s); is it switched on?",
                         reason);
    return error_set(err, "%s; is this the address of a PrusaLink?", reason);
}

/* ---- plans ---- */

static void step(struct client *client);

static void end_plan(struct client *client)
{
    if (client->plan)
        client->desk->busy--;
    client->plan = NULL;
}

static bool may_fail(const char *name)
{
    return *name == '?';
}

static int endpoint_of(const struct client *client, const char *name)
{
    return driver_endpoint_find(client->driver, name + may_fail(name));
}

/* The status said that there is nothing to be read. */
static bool is_idle(const struct client *client, int endpoint)
{
    enum cadence cadence = client->driver->endpoints[endpoint].cadence;

    if (!telemetry_known(&client->t, SLOT_STATE))
        return false;
    if (cadence == CADENCE_JOB)
        return !telemetry_known(&client->t, SLOT_JOB_ID);
    return cadence == CADENCE_TRANSFER &&
           !telemetry_integer(&client->t, SLOT_TRANSFER_ACTIVE, 0);
}

static bool is_no_printer(struct client *client)
{
    const struct error why = client->err;

    return error_set(&client->err,
                     "%.280s; is this the address of a PrusaLink with a recent "
                     "firmware (4.7 or later)?",
                     why.text);
}

/* True if the plan goes on. */
static bool take(struct client *client, const struct http_answer *answer)
{
    const char *name = *client->plan;
    int endpoint = endpoint_of(client, name);

    if (answer->result != HTTP_ANSWERED || refuses_login(answer))
        return client_explain(client->config, answer, &client->err);
    if (driver_decode(client->driver, endpoint, answer->status, answer->body,
                      answer->len, client->config->mapping, &client->t,
                      &client->device, &client->err))
        return true;
    if (!may_fail(name))
        return is_no_printer(client);
    driver_forget(client->driver, endpoint, client->config->mapping, &client->t,
                  &client->device);
    return true;
}

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct client *client = arg;

    desk_wake(client->desk);
    client->failed = !take(client, answer);
    if (client->failed) {
        end_plan(client);
        return;
    }
    client->plan++;
    step(client);
}

static void step(struct client *client)
{
    struct request request;
    int endpoint = -1;

    while (*client->plan) {
        endpoint = endpoint_of(client, *client->plan);
        if (endpoint >= 0 && !is_idle(client, endpoint) &&
            driver_has(client->driver, endpoint, &client->device))
            break;
        client->plan++;
    }
    if (!*client->plan) {
        end_plan(client);
        return;
    }
    driver_read(client->driver, endpoint, &request);
    if (http_send(client->http, &request, on_answer, client))
        return;
    client->failed = true;
    (void)error_set(&client->err, "the request could not be made");
    end_plan(client);
}

/* What one answer alone cannot say. */
static void settle(struct client *client, int64_t wall)
{
    static const struct telemetry nothing;
    struct job_start start = {0};

    if (client->driver->settle)
        client->driver->settle(&nothing, &client->t, &client->device);
    derive(&nothing, &client->t, &start, wall);
}

void desk_read(struct desk *desk, const char *const *plan)
{
    size_t i;

    for (i = 0; i < desk->count; i++)
        if (desk->clients[i]->http) {
            desk->clients[i]->plan = plan;
            desk->busy++;
            step(desk->clients[i]);
        }
    while (desk->busy > 0)
        desk_turn(desk);
    for (i = 0; i < desk->count; i++)
        if (!desk->clients[i]->failed)
            settle(desk->clients[i], desk_now(desk).wall);
}

/* ---- one request ---- */

struct asked {
    struct client *client;
    struct reply *reply;
};

static void on_reply(void *arg, const struct http_answer *answer)
{
    struct asked *asked = arg;
    struct reply *reply = asked->reply;

    desk_wake(asked->client->desk);
    reply->answer = *answer;
    (void)buffer_add(&reply->bytes, answer->body, answer->len);
    reply->answer.body = buffer_text(&reply->bytes);
}

void reply_release(struct reply *reply)
{
    buffer_release(&reply->bytes);
}

bool client_ask(struct client *client, const struct request *request,
                struct reply *reply, struct error *err)
{
    struct asked asked = {client, reply};

    *reply = (struct reply){.answer = {.body = ""}};
    if (!client->http)
        return error_set(err, "%s", client->err.text);
    if (!http_send(client->http, request, on_reply, &asked))
        return error_set(err, "the request could not be made");
    while (http_busy(client->http))
        if (desk_signalled(client->desk))
            http_abort(client->http);
        else
            desk_turn(client->desk);
    if (reply->answer.result == HTTP_ABORTED)
        return error_set(err, "interrupted");
    /* 403 may also be a path that the printer does not show. */
    if (reply->answer.result == HTTP_ANSWERED && reply->answer.status != 401)
        return true;
    return client_explain(client->config, &reply->answer, err);
}

/* A 401 was certainly not carried out, and has taught a new login. */
static bool ask_order(struct client *client, const struct request *request,
                      struct reply *reply, struct error *err)
{
    if (client_ask(client, request, reply, err))
        return true;
    if (reply->answer.result != HTTP_ANSWERED)
        return false;
    reply_release(reply);
    return client_ask(client, request, reply, err);
}

bool client_allows(const struct client *client, enum command command,
                   struct error *err)
{
    if (client->config->read_only)
        return error_set(err, "it is read_only in the configuration");
    return !client->config->command_disabled[command] ||
           error_set(err, "%s is disabled in the configuration",
                     command_row(command)->name);
}

bool client_order(struct client *client, enum command command,
                  const struct order_arguments *arguments, struct error *err)
{
    struct request request;
    struct reply reply = {0};
    char message[320];
    bool ok;

    if (!client_allows(client, command, err) ||
        driver_encode(client->driver, command, 0, arguments, &client->t,
                      &client->device, &request, err) != ENCODE_SEND)
        return false;
    ok = ask_order(client, &request, &reply, err);
    if (ok && driver_judge(client->driver, command, reply.answer.status,
                           reply.answer.body, reply.answer.len, message,
                           sizeof message) != ORDER_OK)
        ok = error_set(err, "%s", message);
    reply_release(&reply);
    return ok;
}
