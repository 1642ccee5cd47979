/* What Home Assistant is told, and when. */
#include "bridge/bridge_internal.h"
#include "mapping/memory.h"

#include <malloc.h>

#define SWEEP_MS  60000 /* then a printer that left is surely gone */
#define FOUND_MAX ((size_t)512 << 10)
#define ROWS_MAX  500 /* printers with a sensor on the page of the bridge */

const char *discover_identity(const struct unit *unit)
{
    const char *serial = printer_memory(unit->printer)->serial;

    if (unit->config->unique_id)
        return unit->config->unique_id;
    return *serial ? serial : NULL;
}

static struct discovery_bridge describe_bridge(const struct bridge *b)
{
    return (struct discovery_bridge){
        .prefix = b->config->homeassistant.discovery_prefix,
        .base = b->config->mqtt.base_topic,
        .bridge_topic = b->topic,
        .id = b->device_id,
        .name = b->device_name,
        .version = P2M_VERSION,
        .bridge_device = b->config->homeassistant.bridge_device,
    };
}

const char *discover_name(const struct unit *unit)
{
    const char *told = printer_memory(unit->printer)->name;

    if (unit->config->name)
        return unit->config->name;
    return told ? told : unit->config->id;
}

static void describe(const struct unit *unit, struct discovery_printer *out)
{
    const struct printer_memory *memory = printer_memory(unit->printer);
    enum command c;

    *out = (struct discovery_printer){
        .id = unit->config->id,
        .identity = discover_identity(unit),
        .name = discover_name(unit),
        .model = unit->config->model ? unit->config->model : memory->model,
        .vendor = printer_driver(unit->printer)->vendor,
        .serial = *memory->serial ? memory->serial : NULL,
        .firmware = memory->firmware,
        .area = unit->config->area,
        .url = unit->config->url,
        .routes = publisher_routes(unit->publisher),
        .roster = printer_roster(unit->printer),
        .reported = memory->reported,
        .file_selected = memory->selected_name,
    };
    out->pictures =
        printer_driver(unit->printer)->pictures && unit->config->thumbnails;
    for (c = 0; c < COMMAND_COUNT; c++)
        out->commands[c] = printer_able(unit->printer, c);
}

/* Of those with one identity the first has it by right: the one that had it
 * before, else the first in the file. */
static int by_right(const void *a, const void *b)
{
    const struct unit *x = *(struct unit *const *)a;
    const struct unit *y = *(struct unit *const *)b;
    int order = strcmp(discover_identity(x), discover_identity(y));

    if (order)
        return order;
    if (x->remembered != y->remembered)
        return x->remembered ? -1 : 1;
    return x->config < y->config ? -1 : 1;
}

static void set_duplicate(struct unit *unit, bool duplicate)
{
    if (unit->duplicate == duplicate)
        return;
    unit->duplicate = duplicate;
    unit->announced = false; /* the document was another's, or is now */
    printer_set_trouble(unit->printer,
                        duplicate ? TROUBLE_SAME_SERIAL : TROUBLE_NONE);
}

static void judge_identities(struct bridge *b)
{
    struct unit **list = memory_zero(b->count, sizeof *list);
    size_t i, n = 0;

    b->identities_due = false;
    for (i = 0; i < b->count; i++)
        if (discover_identity(&b->units[i]))
            list[n++] = &b->units[i];
        else
            set_duplicate(&b->units[i], false);
    qsort(list, n, sizeof(struct unit *), by_right);
    for (i = 0; i < n; i++)
        set_duplicate(list[i],
                      i > 0 && strcmp(discover_identity(list[i]),
                                      discover_identity(list[i - 1])) == 0);
    free(list);
}

/* One reached now, with its files, or in an earlier life. What comes all at
 * once is announced once. */
static bool is_known(const struct unit *unit)
{
    const struct printer *printer = unit->printer;

    if (unit->announced_once)
        return true;
    if (printer_settled(printer))
        return printer_files_settled(printer);
    return unit->remembered && printer_judged(printer) &&
           !printer_online(printer);
}

/* With an identity that is its own. */
static bool is_announced(const struct unit *unit, const char *identity)
{
    return unit->bridge->config->homeassistant.enabled &&
           unit->config->homeassistant && identity && !unit->duplicate &&
           is_known(unit);
}

static const char *const *list_files(const struct unit *unit,
                                     const char *labels[FILES_KEPT + 1])
{
    const struct kept_view *view = printer_files(unit->printer);
    int i = 0;

    for (; view && i < view->count; i++)
        labels[i] = view->files[i]->label;
    labels[i] = NULL;
    return labels;
}

static char *unit_document(const struct unit *unit)
{
    const struct discovery_bridge bridge = describe_bridge(unit->bridge);
    const char *labels[FILES_KEPT + 1];
    struct discovery_printer printer;
    struct buffer json = {0};

    describe(unit, &printer);
    printer.files = list_files(unit, labels);
    discovery_printer_document(&bridge, &printer, &json);
    return json.bytes ? json.bytes : memory_text("");
}

/* Nobody looks at thousands of sensors of one device, and a document that large
 * cannot be read back; `trouble` and the counts are there all the same. */
static char *bridge_document(const struct bridge *b)
{
    const struct discovery_bridge bridge = describe_bridge(b);
    size_t i, count = b->count <= ROWS_MAX ? b->count : 0;
    struct discovery_row *rows = memory_zero(count, sizeof *rows);
    struct buffer json = {0};

    for (i = 0; i < count; i++)
        rows[i] = (struct discovery_row){b->units[i].config->id,
                                         discover_name(&b->units[i])};
    discovery_bridge_document(&bridge, rows, count, &json);
    free(rows);
    return json.bytes ? json.bytes : memory_text("");
}

char *discover_document(void *subject)
{
    const struct subject *s = subject;

    return s->unit ? unit_document(s->unit) : bridge_document(s->bridge);
}

static void announce_unit(struct unit *unit, const char *identity)
{
    struct bridge *b = unit->bridge;
    char topic[TOPIC_MAX + 1];

    if (!discovery_topic(b->config->homeassistant.discovery_prefix, identity,
                         topic, sizeof topic))
        return;
    unit->subject = (struct subject){b, unit};
    announce_want(b->announce, topic, &unit->subject);
    unit->announced = unit->announced_once = true;
}

static void announce_bridge(struct bridge *b)
{
    char topic[TOPIC_MAX + 1];

    if (!b->config->homeassistant.enabled ||
        !b->config->homeassistant.bridge_device ||
        !discovery_topic(b->config->homeassistant.discovery_prefix,
                         b->device_id, topic, sizeof topic))
        return;
    b->subject = (struct subject){b, NULL};
    announce_want(b->announce, topic, &b->subject);
}

/* A document of ours is nobody's when its printer left the file, or is not to
 * be announced any more. */
static bool is_gone(void *arg, const char *id)
{
    struct bridge *b = arg;
    struct unit *unit = *id ? bridge_unit(b, id) : NULL;

    if (!b->config->homeassistant.enabled)
        return true;
    if (!*id)
        return !b->config->homeassistant.bridge_device;
    return unit ? !unit->config->homeassistant : !bridge_configures(b, id);
}

static bool all_reached(const struct bridge *b)
{
    size_t i;

    for (i = 0; i < b->count; i++)
        if (!printer_settled(b->units[i].printer))
            return false;
    return true;
}

static void sweep(struct bridge *b)
{
    if (b->swept || b->reading_back ||
        (!all_reached(b) && bridge_now(b).ms - b->started_ms < SWEEP_MS))
        return;
    b->swept = true;
    announce_sweep(b->announce, is_gone, b);
}

/* Starting and announcing leave a heap with large holes behind, which nobody
 * needs again soon: the kernel gets them back. Once, for with thousands of
 * printers it takes a while. */
static void give_back_memory(struct bridge *b)
{
    if (b->trimmed || !b->swept ||
        !announce_settled(b->announce, bridge_now(b).ms))
        return;
    b->trimmed = true;
    (void)malloc_trim(0);
}

void discover_tick(struct bridge *b)
{
    size_t i;

    if (b->session != SESSION_LIVE)
        return;
    if (b->identities_due)
        judge_identities(b);
    for (i = 0; i < b->count; i++) {
        struct unit *unit = &b->units[i];
        const char *identity = discover_identity(unit);

        if (!unit->announced && is_announced(unit, identity))
            announce_unit(unit, identity);
    }
    if (!b->bridge_announced) {
        b->bridge_announced = true;
        announce_bridge(b);
    }
    sweep(b);
    b->announce_stuck = !announce_step(b->announce, bridge_now(b).ms);
    if (b->state_after_birth && announce_idle(b->announce)) {
        b->state_after_birth = false;
        for (i = 0; i < b->count; i++) {
            publisher_again(b->units[i].publisher);
            (void)unit_sync(&b->units[i]);
        }
    }
    give_back_memory(b);
}

void discover_message(struct bridge *b, const struct mqtt_message *m)
{
    char id[PRINTER_ID_MAX + 1];

    b->heard_ms = bridge_now(b).ms;
    if (m->len == 0 || m->len > FOUND_MAX ||
        !discovery_is_ours(m->payload, m->len, b->topic,
                           b->config->mqtt.base_topic, id, sizeof id))
        return;
    announce_found(b->announce, m->topic, m->payload, m->len, id);
    b->swept = b->swept && b->reading_back; /* one that came late counts */
}

void discover_again(struct bridge *b, int64_t delay_ms)
{
    announce_birth(b->announce, bridge_now(b).ms + delay_ms);
    b->state_after_birth = true;
}

void discover_forget(struct unit *unit)
{
    struct bridge *b = unit->bridge;
    const char *identity = discover_identity(unit);
    char topic[TOPIC_MAX + 1];

    if (identity && !unit->duplicate && !unit->config->unique_id &&
        discovery_topic(b->config->homeassistant.discovery_prefix, identity,
                        topic, sizeof topic))
        announce_unwant(b->announce, topic);
    unit->announced = unit->announced_once = unit->remembered = false;
}
