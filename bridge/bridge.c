#include "bridge/bridge_internal.h"
#include "bridge/notify.h"
#include "mapping/memory.h"

#include <ctype.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SECOND_MS   1000
#define WAKE_MS     50   /* while something is read back or announced */
#define FLUSH_MS    2000 /* for the last messages at the end */
#define PATIENCE_MS 2000 /* with what still runs in a worker at the end */
#define SPREAD_MS   2000 /* first polls are spread over at most so long, */
#define STEP_MS     20   /* and so much for each printer */
#define BURST       64   /* printers polled a millisecond after each other */

struct moment bridge_now(const struct bridge *b)
{
    uv_update_time((uv_loop_t *)(uintptr_t)&b->loop);
    return (struct moment){
        .ms = (int64_t)uv_now(&b->loop),
        .wall = (int64_t)time(NULL),
    };
}

static bool publish(void *arg, const struct mqtt_message *message)
{
    struct bridge *b = arg;

    return b->mqtt && mqtt_publish(b->mqtt, message);
}

bool bridge_say(struct bridge *b, const char *tail, const char *payload,
                int qos, bool retain)
{
    char topic[TOPIC_MAX + 1];

    (void)snprintf(topic, sizeof topic, "%s/%s", b->topic, tail);
    return outlet_say(&b->outlet, topic, payload, qos, retain);
}

/* uv handles cannot move, so an index is sorted instead of the units. */
static int by_id(const void *a, const void *b)
{
    return strcmp((*(struct unit *const *)a)->config->id,
                  (*(struct unit *const *)b)->config->id);
}

static int id_of(const void *id, const void *unit)
{
    return strcmp(id, (*(struct unit *const *)unit)->config->id);
}

struct unit *bridge_unit(struct bridge *b, const char *id)
{
    struct unit **found =
        bsearch(id, b->index, b->count, sizeof *b->index, id_of);

    return found ? *found : NULL;
}

bool bridge_configures(const struct bridge *b, const char *id)
{
    size_t i = 0;

    while (i < b->config->printer_count &&
           strcmp(b->config->printers[i].id, id) != 0)
        i++;
    return i < b->config->printer_count;
}

static void on_saved(void *arg, uint64_t number)
{
    struct bridge *b = arg;

    events_saved(b->events, number);
}

/* --- timers ------------------------------------------------------------ */

static void on_wake(uv_timer_t *timer);

/* The short timer runs only while there is something to wait for. */
void bridge_wake_soon(struct bridge *b)
{
    bool busy = b->session == SESSION_LISTEN ||
                (b->session == SESSION_LIVE &&
                 (b->reading_back || b->say_online || b->state_after_birth ||
                  (!b->announce_stuck &&
                   announce_wake(b->announce) <= bridge_now(b).ms)));

    if (busy && !uv_is_active((const uv_handle_t *)&b->wake))
        (void)uv_timer_start(&b->wake, on_wake, WAKE_MS, WAKE_MS);
    if (!busy)
        (void)uv_timer_stop(&b->wake);
}

static void on_wake(uv_timer_t *timer)
{
    struct bridge *b = timer->data;

    session_tick(b);
    discover_tick(b);
    report_tick(b);
    bridge_wake_soon(b);
}

static void feed_watchdog(struct bridge *b, int64_t now_ms)
{
    int64_t every = notify_watchdog_ms();

    if (every && now_ms >= b->watchdog_ms) {
        b->watchdog_ms = now_ms + every;
        notify("WATCHDOG=1");
    }
}

static void on_second(uv_timer_t *timer)
{
    struct bridge *b = timer->data;
    int64_t now = bridge_now(b).ms;
    size_t i;

    for (i = 0; i < b->count; i++)
        if (b->units[i].unsaid)
            (void)unit_sync(&b->units[i]);
    feed_watchdog(b, now);
    on_wake(&b->wake);
}

/* From one sleep to the next others wait. What came is handled inside the poll,
 * between the two callbacks: all of it that was not idle counts. */
static void on_check(uv_check_t *check)
{
    struct bridge *b = check->data;
    uint64_t now = uv_hrtime();
    uint64_t idle = uv_metrics_idle_time(&b->loop) - b->idle_before_ns;

    b->turn_began_ns = b->poll_began_ns ? b->poll_began_ns + idle : now;
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct bridge *b = prepare->data;
    uint64_t now = uv_hrtime();

    if (b->turn_began_ns && (now - b->turn_began_ns) / 1000 > b->lag_max_us)
        b->lag_max_us = (now - b->turn_began_ns) / 1000;
    b->poll_began_ns = now;
    b->idle_before_ns = uv_metrics_idle_time(&b->loop);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct bridge *b = signal->data;

    if (b->stopping) {
        log_warning("stopping at once");
        _exit(1);
    }
    log_info("%s: stopping", number == SIGINT ? "interrupted" : "terminated");
    bridge_stop(b, BRIDGE_STOPPED);
}

/* --- the end ----------------------------------------------------------- */

static void on_out_of_patience(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void close_handles(void *arg)
{
    struct bridge *b = arg;
    size_t i;

    for (i = 0; i < b->count; i++)
        unit_close(&b->units[i]);
    uv_close((uv_handle_t *)&b->second, NULL);
    uv_close((uv_handle_t *)&b->wake, NULL);
    saver_close(&b->saver);
    uv_close((uv_handle_t *)&b->prepare, NULL);
    uv_close((uv_handle_t *)&b->check, NULL);
    for (i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&b->signals[i], NULL);
    mqtt_free(b->mqtt);
    b->mqtt = NULL;
    http_free(b->http);
    b->http = NULL;
    (void)uv_timer_start(&b->patience, on_out_of_patience, PATIENCE_MS, 0);
    uv_unref((uv_handle_t *)&b->patience);
}

/* What the broker kept of us may be "online": it is ours to take back, unless
 * another copy says it. */
static bool has_the_word(const struct bridge *b)
{
    return b->session == SESSION_LIVE ||
           (b->session == SESSION_LISTEN && b->was_live && !b->stood_back);
}

/* keep: it must not be refused because a lot is on its way. */
static void say_last(struct bridge *b)
{
    static const char offline[] = "offline";
    char topic[TOPIC_MAX + 1];
    const struct mqtt_message message = {
        .topic = topic,
        .payload = offline,
        .len = sizeof offline - 1,
        .qos = 1,
        .retain = true,
        .keep = true,
        .expiry_s = -1,
    };

    (void)snprintf(topic, sizeof topic, "%s/state", b->topic);
    (void)mqtt_publish(b->mqtt, &message);
}

/* Whoever waits for an answer gets one; then the bridge says it is offline,
 * since a clean DISCONNECT sends no will. */
void bridge_stop(struct bridge *b, enum bridge_end end)
{
    size_t i;

    if (b->stopping)
        return;
    b->stopping = true;
    b->end = end;
    notify("STOPPING=1");
    log_set_hook(NULL, NULL, LOG_LEVEL_ERROR);
    for (i = 0; i < b->count; i++) {
        if (b->units[i].uploader)
            uploader_stop(b->units[i].uploader);
        printer_stop(b->units[i].printer, bridge_now(b));
        unit_remember(&b->units[i]);
    }
    events_saved(b->events, UINT64_MAX);
    b->pictures.closed = true;
    if (has_the_word(b))
        say_last(b);
    mqtt_stop(b->mqtt, FLUSH_MS, close_handles, b);
}

/* --- the beginning ----------------------------------------------------- */

static void name_ourselves(struct bridge *b)
{
    const struct config *c = b->config;
    const char *who = c->instance ? c->instance : b->host;
    char *p;

    if (gethostname(b->host, sizeof b->host - 1) < 0)
        (void)snprintf(b->host, sizeof b->host, "localhost");
    (void)snprintf(b->topic, sizeof b->topic, "%s/bridge%s%s",
                   c->mqtt.base_topic, c->instance ? "-" : "",
                   c->instance ? c->instance : "");
    (void)snprintf(b->client_id, sizeof b->client_id, "%s-%s",
                   c->mqtt.base_topic, who);
    (void)snprintf(b->device_id, sizeof b->device_id, "%s_bridge%s%s",
                   c->mqtt.base_topic, c->instance ? "_" : "",
                   c->instance ? c->instance : "");
    for (p = b->device_id; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '-')
            *p = '_';
    (void)snprintf(b->device_name, sizeof b->device_name, "%s%s%s",
                   "printer2mqtt", c->instance ? " " : "",
                   c->instance ? c->instance : "");
}

static void open_loop(struct bridge *b)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    int i;

    (void)uv_loop_init(&b->loop);
    (void)uv_loop_configure(&b->loop, UV_METRICS_IDLE_TIME);
    (void)uv_timer_init(&b->loop, &b->second);
    (void)uv_timer_init(&b->loop, &b->wake);
    saver_init(&b->saver, &b->loop, b->store, on_saved, b);
    (void)uv_timer_init(&b->loop, &b->patience);
    (void)uv_prepare_init(&b->loop, &b->prepare);
    (void)uv_check_init(&b->loop, &b->check);
    b->second.data = b->wake.data = b;
    b->prepare.data = b->check.data = b;
    (void)uv_timer_start(&b->second, on_second, SECOND_MS, SECOND_MS);
    (void)uv_prepare_start(&b->prepare, on_prepare);
    (void)uv_check_start(&b->check, on_check);
    for (i = 0; i < 2; i++) {
        (void)uv_signal_init(&b->loop, &b->signals[i]);
        b->signals[i].data = b;
        (void)uv_signal_start(&b->signals[i], on_signal, numbers[i]);
    }
    b->started = bridge_now(b).wall;
    b->started_ms = bridge_now(b).ms;
}

static size_t count_enabled(const struct config *config)
{
    size_t i, n = 0;

    for (i = 0; i < config->printer_count; i++)
        n += config->printers[i].enabled;
    return n;
}

/* Polls come in bursts, one each millisecond: what the first one brings into
 * the processor's caches serves the others, which saves nearly half of what a
 * poll costs, and nobody waits for another. The bursts begin at multiples of
 * the golden ratio: whatever the interval becomes, they stay apart, as long as
 * there are no more than some two hundred polls a second. */
static int64_t first_poll_ms(size_t index, size_t count)
{
    size_t spread = count * STEP_MS < SPREAD_MS ? count * STEP_MS : SPREAD_MS;
    uint32_t turn = (uint32_t)(index / BURST) * 2654435769u; /* of 2^32 */

    return (int64_t)((uint64_t)turn * spread >> 32) + (int64_t)(index % BURST);
}

static bool open_units(struct bridge *b, struct error *err)
{
    size_t i, n = 0, count = count_enabled(b->config);

    b->units = memory_zero(count, sizeof *b->units);
    for (i = 0; i < b->config->printer_count; i++) {
        if (!b->config->printers[i].enabled)
            continue;
        if (!unit_open(&b->units[n], b, &b->config->printers[i],
                       first_poll_ms(n, count), err))
            return false;
        b->count = ++n;
    }
    b->index = memory_zero(n, sizeof *b->index);
    for (i = 0; i < n; i++)
        b->index[i] = &b->units[i];
    qsort(b->index, n, sizeof *b->index, by_id);
    b->identities_due = true;
    return true;
}

static bool open_store(struct bridge *b)
{
    struct error err;

    b->store = store_open(b->config->state_dir, b->config->instance, &err);
    if (!b->store)
        log_error("%s", err.text);
    else if (err.text[0])
        log_warning("%s", err.text);
    return b->store != NULL;
}

static void release(struct bridge *b)
{
    size_t i;

    for (i = 0; i < b->count; i++)
        album_free(b->units[i].album);
    pictures_close(&b->pictures);
    saver_finish(&b->saver);
    inbox_release(b);
    cleanup_release(b);
    announce_free(b->announce);
    events_free(b->events);
    store_close(b->store);
    free(b->index);
    free(b->units);
}

/* "state-NAME.json" has "pictures-NAME" beside it. */
static void open_pictures(struct bridge *b)
{
    const char *path = store_path(b->store);
    const char *name = strrchr(path, '/');
    char directory[4200] = "";
    struct error err;

    if (name)
        (void)snprintf(directory, sizeof directory, "%.*s/pictures%.*s",
                       (int)(name - path), path,
                       (int)(strlen(name) - strlen("/state.json")),
                       name + strlen("/state"));
    pictures_open(&b->pictures, &b->loop, directory, &b->outlet, &err);
    if (err.text[0])
        log_warning("%s; pictures are kept in memory", err.text);
}

static void open_all(struct bridge *b, struct error *err)
{
    open_pictures(b);
    b->http = http_new(&b->loop, count_enabled(b->config));
    b->events = events_new(&b->outlet);
    b->announce = announce_new(&b->outlet, discover_document);
    if (!open_units(b, err)) {
        b->end = BRIDGE_REFUSED;
        return;
    }
    inbox_prepare(b);
    if (session_open(b, err))
        uploads_open(b);
    else
        b->end = BRIDGE_REFUSED;
}

/* A connection per printer: the usual soft limit of 1,024 files is too low for
 * a farm, the hard limit is what the administrator meant. */
static void allow_many_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

enum bridge_end bridge_run(const struct config *config)
{
    struct bridge *b = memory_zero(1, sizeof *b);
    struct error err = {""};
    enum bridge_end end;

    b->config = config;
    b->outlet = (struct outlet){publish, b};
    log_init((enum log_level)config->log_level);
    if (!open_store(b)) {
        free(b);
        return BRIDGE_REFUSED;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes: as a full disk */
    allow_many_files();
    open_loop(b);
    name_ourselves(b);
    open_all(b, &err);
    if (b->end == BRIDGE_REFUSED) {
        log_error("%s", err.text);
        close_handles(b);
    } else {
        log_set_hook(report_log, b, (enum log_level)config->log_mqtt_level);
        log_info("printer2mqtt %s: %zu printer%s, broker %s", P2M_VERSION,
                 b->count, b->count == 1 ? "" : "s", config->mqtt.url);
        notify("READY=1");
    }
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    end = b->end;
    if (uv_loop_alive(&b->loop)) {
        /* a resolver hangs in a worker, and exit() would wait for it */
        saver_finish(&b->saver);
        if (end != BRIDGE_RESTART)
            _exit(end == BRIDGE_REFUSED ? 2 : 0);
        return end;
    }
    uv_close((uv_handle_t *)&b->patience, NULL);
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&b->loop);
    release(b);
    free(b);
    return end;
}
