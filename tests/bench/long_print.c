/* What a print of ten hours costs Home Assistant's recorder: the bridge's own
 * printer and publisher, fed with simulated time. Every message on a topic of
 * an entity that is enabled by default counts as a row of each such entity;
 * Home Assistant itself would leave out those that only show what was there.
 *
 *   bench_long_print    prints {"rows": ..., "messages": ..., ...} */
#include "bridge/publisher.h"
#include "homeassistant/entity.h"
#include "mapping/memory.h"

#include <math.h>

#define HOURS      10
#define IDLE_S     300 /* before */
#define HEAT_S     240 /* heating and levelling */
#define PRINT_S    (HOURS * 3600)
#define COOL_S     3600 /* behind */
#define LAYER_S    90
#define FAN_S      300 /* the fan turns up so often */
#define TOPICS_MAX 200

/* The printer's own physics, as far as it shows. */
struct plant {
    double nozzle, nozzle_target, bed, bed_target;
    uint32_t noise;
};

struct tally {
    char topic[96];
    unsigned messages;
};

static struct {
    struct moment now;
    int64_t began_ms;
    struct plant plant;
    struct config config;
    struct config_printer printer_config;
    struct printer *printer;
    struct publisher *publisher;
    struct tally topics[TOPICS_MAX];
    size_t topic_count;
    unsigned messages, events, polls;
} w;

/* ---- the far side ---- */

/* Between -1 and 1. */
static double noise(struct plant *p)
{
    p->noise = p->noise * 1664525u + 1013904223u;
    return (double)(p->noise >> 8) / (1 << 23) - 1;
}

/* Of a sensor, nearly normal: 1 in 20 beyond twice the width. */
static double wobble(struct plant *p, double width)
{
    return width * (noise(p) + noise(p) + noise(p));
}

/* A regulated heater swings a little, and dips when the fan blows more. */
static double regulated(struct plant *p, double since_s, double swing)
{
    double since_fan = fmod(since_s, FAN_S);

    return swing * (sin(since_s / 6.5) - 4 * exp(-since_fan / 12)) +
           wobble(p, swing / 3);
}

static double approach(double is, double target, double step)
{
    return fabs(target - is) <= step ? target
                                     : is + (target > is ? step : -step);
}

/* A second later. */
static void tick(struct plant *p, double since_s)
{
    bool hot = since_s >= IDLE_S && since_s < IDLE_S + HEAT_S + PRINT_S;

    p->nozzle_target = hot ? 215 : 0;
    p->bed_target = hot ? 60 : 0;
    p->nozzle = approach(p->nozzle, hot ? 215 : 25, hot ? 1.5 : 0.3);
    p->bed = approach(p->bed, hot ? 60 : 25, hot ? 0.3 : 0.02);
}

static const char *state_at(double since_s)
{
    if (since_s < IDLE_S)
        return "IDLE";
    if (since_s < IDLE_S + HEAT_S + PRINT_S)
        return "PRINTING";
    return since_s < IDLE_S + HEAT_S + PRINT_S + 600 ? "FINISHED" : "IDLE";
}

/* The estimate is made again now and then, and is off by some minutes. */
static int remaining_at(double printed_s)
{
    double left = PRINT_S - printed_s;
    double off = 150 * sin(printed_s / 2000) + 60 * sin(printed_s / 310);

    return (int)(left + off * left / PRINT_S) / 60 * 60;
}

static int write_status(double since_s, char *out, size_t size)
{
    struct plant *p = &w.plant;
    double printed = since_s - IDLE_S - HEAT_S;
    bool job = strcmp(state_at(since_s), "PRINTING") == 0;
    char text[200] = "";
    int layer;

    if (printed < 0)
        printed = 0;
    layer = (int)(printed / LAYER_S);
    if (job)
        (void)snprintf(text, sizeof text,
                       "\"job\":{\"id\":77,\"progress\":%d.00,"
                       "\"time_remaining\":%d,\"time_printing\":%d},",
                       (int)(printed * 100 / PRINT_S), remaining_at(printed),
                       (int)(since_s - IDLE_S));
    return snprintf(
        out, size,
        "{%s\"storage\":{\"path\":\"/usb/\",\"name\":\"usb\","
        "\"read_only\":false},\"printer\":{\"state\":\"%s\","
        "\"temp_bed\":%.1f,\"target_bed\":%.1f,\"temp_nozzle\":%.1f,"
        "\"target_nozzle\":%.1f,\"axis_z\":%.1f,\"flow\":100,\"speed\":100,"
        "\"fan_hotend\":%d,\"fan_print\":%d,"
        "\"status_printer\":{\"ok\":true,\"message\":\"OK\"},"
        "\"status_connect\":{\"ok\":true,\"message\":\"OK\"}}}",
        text, state_at(since_s), p->bed + regulated(p, since_s, 0.1),
        p->bed_target, p->nozzle + regulated(p, since_s, 0.3), p->nozzle_target,
        job ? 0.2 * layer + (noise(p) > 0.9 ? 0.4 : 0) : 20.0,
        job ? (int)(4000 + 60 * noise(p)) : 0,
        job ? (int)(4000 + 1200 * sin(layer) + 90 * noise(p)) : 0);
}

static int read_target(const char *target, double since_s, char *out,
                       size_t size)
{
    bool job = strcmp(state_at(since_s), "PRINTING") == 0;

    if (strcmp(target, "/api/v1/status") == 0)
        (void)write_status(since_s, out, size);
    else if (strcmp(target, "/api/v1/job") == 0 && job)
        (void)snprintf(out, size,
                       "{\"id\":77,\"state\":\"PRINTING\",\"file\":{\"name\":"
                       "\"BENCHY~1.BGC\",\"display_name\":\"benchy.bgcode\","
                       "\"path\":\"/usb\",\"size\":1234567}}");
    else if (strcmp(target, "/api/v1/job") == 0)
        return 204;
    else if (strcmp(target, "/api/v1/storage") == 0)
        (void)snprintf(out, size,
                       "{\"storage_list\":[{\"path\":\"/usb/\",\"name\":"
                       "\"usb\",\"read_only\":false,\"available\":true}]}");
    else if (strcmp(target, "/api/printer") == 0)
        (void)snprintf(out, size, "{\"telemetry\":{\"material\":\"PLA\"}}");
    else if (strcmp(target, "/api/v1/info") == 0)
        (void)snprintf(out, size,
                       "{\"serial\":\"10589-3742001234567890\",\"mmu\":false,"
                       "\"nozzle_diameter\":0.40}");
    else if (strcmp(target, "/api/version") == 0)
        (void)snprintf(out, size, "{\"firmware\":\"6.4.0\",\"api\":\"2.0.0\"}");
    else
        return 404;
    return 200;
}

static void answer(const struct request *request)
{
    double since_s = (double)(w.now.ms - w.began_ms) / 1000;
    char body[2048] = "";
    struct http_answer a = {
        .result = HTTP_ANSWERED, .body = body, .sent = true, .took_ms = 20};

    a.status = read_target(request->target, since_s, body, sizeof body);
    a.len = strlen(body);
    w.polls += strcmp(request->target, "/api/v1/status") == 0;
    printer_answered(w.printer, &a, w.now);
}

/* ---- the near side ---- */

static bool take(void *arg, const struct mqtt_message *message)
{
    size_t i = 0;

    (void)arg;
    w.messages++;
    while (i < w.topic_count && strcmp(w.topics[i].topic, message->topic) != 0)
        i++;
    if (i == TOPICS_MAX)
        abort();
    if (i == w.topic_count)
        (void)snprintf(w.topics[w.topic_count++].topic,
                       sizeof w.topics[0].topic, "%s", message->topic);
    w.topics[i].messages++;
    return true;
}

static void on_log(void *arg, enum log_level level, const char *printer,
                   const char *text)
{
    (void)arg;
    (void)level;
    (void)printer;
    (void)text;
}

static void on_answer(void *arg, struct printer *printer,
                      const struct order *order,
                      const struct order_answer *order_answer)
{
    (void)arg;
    (void)printer;
    (void)order;
    (void)order_answer;
}

static void on_event(void *arg, struct printer *printer,
                     const struct job_event *event)
{
    (void)arg;
    (void)printer;
    (void)event;
    w.events++;
}

/* ---- rows ---- */

static unsigned enabled_count(void)
{
    unsigned n = 0;
    enum field f;

    for (f = 0; f < FIELD_CUSTOM; f++)
        n += entity_of_field(f)->enabled;
    return n;
}

/* Entities that show states by name, such as "needs attention". */
static unsigned derived_of_state(void)
{
    unsigned n = 0;
    size_t i;

    for (i = 0; entity_derived(i); i++)
        n += entity_derived(i)->enabled && entity_derived(i)->states;
    return n;
}

/* Entities that get a row by a message with this topic below the printer's. */
static unsigned entities_of(const char *tail)
{
    enum field f;

    if (strcmp(tail, "availability") == 0)
        return enabled_count() + derived_of_state() + 1;
    if (strncmp(tail, "can/", 4) == 0)
        return entity_of_command(command_find(tail + 4))->enabled;
    f = field_find(tail, NULL);
    if (f == FIELD_COUNT)
        return 0;
    return entity_of_field(f)->enabled +
           (f == FIELD_STATE ? derived_of_state() : 0);
}

static void print_result(void)
{
    static const char prefix[] = "p/mk4/";
    unsigned rows = w.events, entities;
    const char *comma = "";
    size_t i;

    printf("{\"topics\":{");
    for (i = 0; i < w.topic_count; i++) {
        if (strncmp(w.topics[i].topic, prefix, sizeof prefix - 1) != 0)
            continue;
        entities = entities_of(w.topics[i].topic + sizeof prefix - 1);
        rows += entities * w.topics[i].messages;
        if (entities)
            printf("%s\"%s\":%u", comma, w.topics[i].topic,
                   entities * w.topics[i].messages);
        comma = entities ? "," : comma;
    }
    printf("},\"rows\":%u,\"messages\":%u,\"polls\":%u,\"events\":%u}\n", rows,
           w.messages, w.polls, w.events);
}

/* ---- the program ---- */

static void open_all(void)
{
    static const struct printer_sink sink = {on_log, on_answer, on_event};
    static const struct outlet outlet = {take, NULL};

    w.now = (struct moment){.ms = 1000, .wall = 1795262400};
    w.began_ms = w.now.ms;
    w.plant = (struct plant){.nozzle = 25, .bed = 25, .noise = 1};
    w.printer_config = (struct config_printer){
        .id = "mk4",
        .url = memory_text("http://192.168.1.50"),
        .driver = memory_text("prusalink"),
        .poll_printing_ms = 2000,
        .poll_idle_ms = 5000,
        .poll_offline_ms = 5000,
        .poll_offline_max_ms = 60000,
        .change_warning_ms = 300000,
        .timeout_ms = 5000,
        .mapping = mapping_new(),
    };
    w.config.mqtt.base_topic = memory_text("p");
    w.config.json = true;
    w.printer = printer_new(&w.printer_config, driver_find("prusalink"), NULL,
                            &sink, NULL, w.now, 0);
    w.publisher = publisher_new(&w.config, &w.printer_config, &outlet);
    (void)publisher_start(w.publisher);
}

static void close_all(void)
{
    printer_free(w.printer);
    publisher_free(w.publisher);
    mapping_free((struct mapping *)(uintptr_t)w.printer_config.mapping);
    free(w.printer_config.url);
    free(w.printer_config.driver);
    free(w.config.mqtt.base_topic);
}

int main(void)
{
    const int64_t length_s = IDLE_S + HEAT_S + PRINT_S + COOL_S;
    struct request request;
    int64_t ms;

    open_all();
    for (ms = 0; ms < length_s * 1000; ms += 100) {
        w.now.ms = w.began_ms + ms;
        w.now.wall = 1795262400 + ms / 1000;
        if (ms % 1000 == 0)
            tick(&w.plant, (double)ms / 1000);
        if (printer_wake(w.printer) > w.now.ms &&
            publisher_wake(w.publisher) > w.now.ms)
            continue;
        while (printer_next(w.printer, w.now, &request))
            answer(&request);
        if (!publisher_sync(w.publisher, w.printer, w.now))
            abort();
    }
    print_result();
    close_all();
    return 0;
}
