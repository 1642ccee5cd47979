#include "bridge/events.h"

#include "mapping/memory.h"
#include "mapping/routes.h"

#include <cjson/cJSON.h>

struct waiting {
    char *topic;
    char *json;
    uint64_t save;
};

struct events {
    const struct outlet *outlet;
    struct waiting rows[EVENTS_MAX]; /* a ring */
    size_t first, count;
};

struct events *events_new(const struct outlet *outlet)
{
    struct events *e = memory_zero(1, sizeof *e);

    e->outlet = outlet;
    return e;
}

static void drop_first(struct events *e)
{
    free(e->rows[e->first].topic);
    free(e->rows[e->first].json);
    e->first = (e->first + 1) % EVENTS_MAX;
    e->count--;
}

void events_forget(struct events *e)
{
    while (e->count > 0)
        drop_first(e);
}

void events_free(struct events *e)
{
    if (!e)
        return;
    events_forget(e);
    free(e);
}

static void add_number(cJSON *row, const char *key, double number)
{
    if (number >= 0)
        cJSON_AddNumberToObject(row, key, number);
}

static void add_text(cJSON *row, const char *key, const char *text)
{
    if (text && *text)
        cJSON_AddStringToObject(row, key, text);
}

static char *event_json(const char *printer, const char *name,
                        const struct job_event *event)
{
    const struct job_record *job = &event->job;
    cJSON *row = cJSON_CreateObject();
    char time[VALUE_FORMAT_MAX];
    char *text, *copy;

    value_format_time(event->time, time);
    add_text(row, "event_type", event_row(event->event)->name);
    add_text(row, "time", time);
    add_text(row, "printer", printer);
    add_text(row, "name", name);
    add_number(row, "job_id", (double)job->id);
    add_text(row, "file", job->name);
    add_number(row, "progress", job->progress);
    add_number(row, "duration", (double)job->duration);
    add_number(row, "filament_weight", job->weight);
    add_text(row, "reason", event->reason);
    text = cJSON_PrintUnformatted(row);
    copy = memory_text(text ? text : "{}");
    cJSON_free(text);
    cJSON_Delete(row);
    return copy;
}

void events_add(struct events *e, const struct routes *routes, const char *name,
                const struct job_event *event, uint64_t save)
{
    char topic[TOPIC_MAX + 1];

    if (!routes_topic(routes, "event", topic, sizeof topic))
        return;
    if (e->count == EVENTS_MAX)
        drop_first(e);
    e->rows[(e->first + e->count++) % EVENTS_MAX] = (struct waiting){
        memory_text(topic), event_json(routes->printer, name, event), save};
}

/* Never retained: Home Assistant would fire it again at its next start. */
static void say(struct events *e, const struct waiting *row)
{
    const struct mqtt_message message = {
        .topic = row->topic,
        .payload = row->json,
        .len = strlen(row->json),
        .qos = 1,
        .keep = true,
        .content_type = "application/json",
        .expiry_s = -1,
    };

    (void)e->outlet->publish(e->outlet->arg, &message);
}

void events_saved(struct events *e, uint64_t save)
{
    while (e->count > 0 && e->rows[e->first].save <= save) {
        say(e, &e->rows[e->first]);
        drop_first(e);
    }
}
