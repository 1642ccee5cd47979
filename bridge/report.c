/* What the bridge says about itself: bridge/info, bridge/printers,
 * bridge/health and bridge/log. */
#include "bridge/bridge_internal.h"
#include "mapping/text.h"

#include <cjson/cJSON.h>
#include <malloc.h>
#include <math.h>

#define HEALTH_MS 60000
#define SLOWEST   10
/* bridge/printers and bridge/info are said at most so often while printers come
 * and go; the list of a farm more seldom: it holds all of them each time. */
#define PRINTERS_MS         1000
#define PRINTERS_MS_FOR_ONE 2

static const char *const protocols[] = {[0] = "", [4] = "3.1.1", [5] = "5"};

static bool say_json(struct bridge *b, const char *tail, cJSON *root, int qos,
                     bool retain)
{
    char *text = cJSON_PrintUnformatted(root);
    bool ok = text && bridge_say(b, tail, text, qos, retain);

    cJSON_free(text);
    cJSON_Delete(root);
    return ok;
}

/* Retained, with QoS 1, and only when it differs from what was said last. */
static bool say_news(struct bridge *b, const char *tail, cJSON *root,
                     uint64_t *said)
{
    char *text = cJSON_PrintUnformatted(root);
    uint64_t hash = text ? text_hash(text) : 0;
    bool ok = *said == hash || (text && bridge_say(b, tail, text, 1, true));

    if (ok)
        *said = hash;
    cJSON_free(text);
    cJSON_Delete(root);
    return ok;
}

static void add_time(cJSON *root, const char *key, int64_t seconds)
{
    char text[VALUE_FORMAT_MAX];

    value_format_time(seconds, text);
    cJSON_AddStringToObject(root, key, text);
}

static int count_online(const struct bridge *b)
{
    int online = 0;
    size_t i;

    for (i = 0; i < b->count; i++)
        online += printer_online(b->units[i].printer);
    return online;
}

void report_info(struct bridge *b)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *counts = cJSON_CreateObject();
    struct mqtt_statistics mqtt;

    mqtt_statistics(b->mqtt, &mqtt);
    cJSON_AddStringToObject(root, "version", P2M_VERSION);
    cJSON_AddStringToObject(root, "commit", P2M_COMMIT);
    add_time(root, "started", b->started);
    cJSON_AddStringToObject(root, "host", b->host);
    cJSON_AddStringToObject(root, "broker", b->config->mqtt.url);
    cJSON_AddStringToObject(root, "protocol", protocols[mqtt.protocol]);
    if (b->config->instance)
        cJSON_AddStringToObject(root, "instance", b->config->instance);
    else
        cJSON_AddNullToObject(root, "instance");
    cJSON_AddStringToObject(root, "log_level", log_level_name(log_level()));
    cJSON_AddNumberToObject(counts, "printers", (double)b->count);
    cJSON_AddNumberToObject(counts, "online", count_online(b));
    cJSON_AddItemToObject(root, "counts", counts);
    b->info_due = !say_news(b, "info", root, &b->info_hash);
}

static cJSON *capabilities_of(const struct unit *unit)
{
    cJSON *list = cJSON_CreateArray();
    enum command c;

    for (c = 0; c < COMMAND_COUNT; c++)
        if (printer_able(unit->printer, c))
            cJSON_AddItemToArray(list,
                                 cJSON_CreateString(command_row(c)->name));
    return list;
}

static void add_or_null(cJSON *row, const char *key, const char *text)
{
    if (text && *text)
        cJSON_AddStringToObject(row, key, text);
    else
        cJSON_AddNullToObject(row, key);
}

static cJSON *printer_row(const struct unit *unit)
{
    const struct printer_memory *memory = printer_memory(unit->printer);
    cJSON *row = cJSON_CreateObject();

    cJSON_AddStringToObject(row, "id", unit->config->id);
    cJSON_AddStringToObject(row, "driver", printer_driver(unit->printer)->name);
    add_or_null(row, "model",
                unit->config->model ? unit->config->model : memory->model);
    cJSON_AddStringToObject(row, "url", unit->config->url);
    cJSON_AddItemToObject(row, "capabilities", capabilities_of(unit));
    cJSON_AddBoolToObject(row, "online", printer_online(unit->printer));
    add_or_null(row, "error", printer_error(unit->printer));
    add_or_null(row, "remedy", printer_remedy(unit->printer));
    return row;
}

void report_printers(struct bridge *b)
{
    cJSON *root = cJSON_CreateArray();
    size_t i;

    for (i = 0; i < b->count; i++)
        cJSON_AddItemToArray(root, printer_row(&b->units[i]));
    b->printers_due = !say_news(b, "printers", root, &b->printers_hash);
    b->printers_ms = bridge_now(b).ms;
}

static int64_t latency_of(const struct unit *unit)
{
    return telemetry_integer(printer_telemetry(unit->printer),
                             SLOT_POLL_LATENCY, -1);
}

/* The ten slowest, by repeated insertion into a short sorted list. */
static cJSON *slowest(const struct bridge *b)
{
    const struct unit *list[SLOWEST + 1];
    cJSON *rows = cJSON_CreateArray();
    int count = 0, j;
    size_t i;

    for (i = 0; i < b->count; i++) {
        if (latency_of(&b->units[i]) < 0)
            continue;
        for (j = count;
             j > 0 && latency_of(list[j - 1]) < latency_of(&b->units[i]); j--)
            list[j] = list[j - 1];
        list[j] = &b->units[i];
        count += count < SLOWEST;
    }
    for (j = 0; j < count; j++) {
        cJSON *row = cJSON_CreateObject();

        cJSON_AddStringToObject(row, "id", list[j]->config->id);
        cJSON_AddNumberToObject(row, "latency_ms", (double)latency_of(list[j]));
        cJSON_AddItemToArray(rows, row);
    }
    return rows;
}

/* Our resident memory in bytes, from /proc. */
static double resident(void)
{
    size_t bytes = 0;

    return uv_resident_set_memory(&bytes) == 0 ? (double)bytes : 0;
}

void report_health(struct bridge *b)
{
    cJSON *root = cJSON_CreateObject();
    struct mqtt_statistics mqtt;
    uint64_t ok = 0, failed = 0;
    size_t i;

    for (i = 0; i < b->count; i++) {
        ok += printer_polls_ok(b->units[i].printer);
        failed += printer_polls_failed(b->units[i].printer);
    }
    mqtt_statistics(b->mqtt, &mqtt);
    cJSON_AddNumberToObject(
        root, "uptime",
        floor((double)(bridge_now(b).ms - b->started_ms) / 1000));
    cJSON_AddNumberToObject(root, "rss", resident());
    cJSON_AddNumberToObject(root, "loop_lag_max",
                            floor((double)b->lag_max_us / 100) / 10);
    cJSON_AddNumberToObject(root, "messages_out", (double)mqtt.messages_out);
    cJSON_AddNumberToObject(root, "bytes_out", (double)mqtt.bytes_out);
    cJSON_AddNumberToObject(root, "messages_dropped", (double)mqtt.dropped);
    cJSON_AddNumberToObject(root, "polls_ok", (double)ok);
    cJSON_AddNumberToObject(root, "polls_failed", (double)failed);
    cJSON_AddItemToObject(root, "slowest", slowest(b));
    b->lag_max_us = 0;
    b->health_ms = bridge_now(b).ms;
    (void)say_json(b, "health", root, 0, true);
}

void report_log(void *arg, enum log_level level, const char *printer,
                const char *text)
{
    struct bridge *b = arg;
    cJSON *root;

    if (b->session != SESSION_LIVE)
        return;
    root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "level", log_level_name(level));
    add_or_null(root, "printer", printer);
    cJSON_AddStringToObject(root, "message", text);
    (void)say_json(b, "log", root, 0, false);
}

void report_tick(struct bridge *b)
{
    int64_t now = bridge_now(b).ms;

    if (b->session != SESSION_LIVE)
        return;
    if (now - b->printers_ms >=
        PRINTERS_MS + PRINTERS_MS_FOR_ONE * (int64_t)b->count) {
        /* while it is read back, our retained list must stay what it was */
        if (b->printers_due && !b->reading_back)
            report_printers(b);
        if (b->info_due)
            report_info(b);
    }
    if (now - b->health_ms >= HEALTH_MS)
        report_health(b);
}
