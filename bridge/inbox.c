/* What the broker brings, and whose it is. */
#include "bridge/bridge_internal.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <cjson/cJSON.h>

static int by_topic(const void *a, const void *b)
{
    return strcmp(((const struct moved_topic *)a)->topic,
                  ((const struct moved_topic *)b)->topic);
}

static void add_moved(struct bridge *b, struct unit *unit, enum command command)
{
    const struct routes *routes = publisher_routes(unit->publisher);
    char topic[TOPIC_MAX + 1], usual[TOPIC_MAX + 1], tail[80];

    (void)snprintf(tail, sizeof tail, "command/%s", command_row(command)->name);
    if (!routes_command(routes, command, topic, sizeof topic) ||
        !routes_topic(routes, tail, usual, sizeof usual) ||
        strcmp(topic, usual) == 0)
        return;
    b->moved = memory_grow(b->moved, b->moved_count + 1, sizeof *b->moved);
    b->moved[b->moved_count++] =
        (struct moved_topic){memory_text(topic), unit, command};
}

void inbox_prepare(struct bridge *b)
{
    enum command c;
    size_t i;

    for (i = 0; i < b->count; i++)
        for (c = 0; c < COMMAND_COUNT; c++)
            add_moved(b, &b->units[i], c);
    if (b->moved_count)
        qsort(b->moved, b->moved_count, sizeof *b->moved, by_topic);
}

void inbox_release(struct bridge *b)
{
    size_t i;

    for (i = 0; i < b->moved_count; i++)
        free(b->moved[i].topic);
    free(b->moved);
    b->moved = NULL;
    b->moved_count = 0;
}

/* What is after prefix/ in topic, NULL if topic is not below it. */
static const char *below(const char *topic, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(topic, prefix, len) == 0 && topic[len] == '/'
               ? topic + len + 1
               : NULL;
}

/* The unit and command name of <base>/<printer>/command/<name>. */
static struct unit *find_usual(struct bridge *b, const char *topic,
                               const char **name)
{
    const char *tail = below(topic, b->config->mqtt.base_topic);
    size_t len = tail ? strcspn(tail, "/") : 0;
    char id[PRINTER_ID_MAX + 1];

    if (!tail || len > PRINTER_ID_MAX)
        return NULL;
    memcpy(id, tail, len);
    id[len] = '\0';
    *name = below(tail + len + (tail[len] == '/'), "command");
    return *name && **name ? bridge_unit(b, id) : NULL;
}

static bool is_switched_off(const struct unit *unit, enum command command,
                            struct error *err)
{
    char mapped[TOPIC_MAX + 1];

    return !routes_command(publisher_routes(unit->publisher), command, mapped,
                           sizeof mapped) &&
           !error_set(err, "%s is switched off in the mapping",
                      command_row(command)->name);
}

/* An order on the usual topic of a command that is mapped elsewhere or off. */
static bool is_mapped_away(const struct unit *unit, const char *topic,
                           const char *name, struct error *err)
{
    char mapped[TOPIC_MAX + 1];
    enum command c = command_find(name);

    if (c == COMMAND_COUNT)
        return false;
    if (is_switched_off(unit, c, err))
        return true;
    (void)routes_command(publisher_routes(unit->publisher), c, mapped,
                         sizeof mapped);
    if (strcmp(mapped, topic) == 0)
        return false;
    return !error_set(err, "%s is mapped to the topic %.200s", name, mapped);
}

/* NULL: it was only the clearing of a retained message. */
static struct order *read_order(struct bridge *b, const char *name,
                                bool request, bool file,
                                const struct mqtt_message *m,
                                enum order_code *code, struct error *err)
{
    struct order_envelope envelope = {
        .name = name,
        .request = request,
        .file = file,
        .payload = m->payload,
        .len = m->len,
        .retained = m->retain,
        .expiry_s = m->expiry_s,
        .response_topic = m->response_topic,
        .correlation = m->correlation,
        .correlation_len = m->correlation_len,
    };
    struct order *order;

    if (m->retain && m->len == 0)
        return NULL;
    if (m->response_topic &&
        !order_response_topic_ok(m->response_topic, b->config->mqtt.base_topic,
                                 b->config->homeassistant.discovery_prefix))
        envelope.response_topic = NULL;
    order = order_read(&envelope, bridge_now(b), code, err);
    if (m->response_topic && !envelope.response_topic && *code == ORDER_OK) {
        *code = ORDER_INVALID;
        (void)error_set(
            err,
            "answers cannot go to the response topic "
            "%.100s: no wildcards, no empty level, not $..., and nothing of "
            "the bridge's own",
            m->response_topic);
    }
    return order;
}

/* command/upload/usb/parts/box.gcode: the payload is the file. */
static const char *file_path(const char *name, bool *print)
{
    *print = below(name, "upload_and_print") != NULL;
    return *print                  ? name + strlen("upload_and_print")
           : below(name, "upload") ? name + strlen("upload")
                                   : NULL;
}

/* "true", "1", "on", "?1": yes. */
static bool is_yes(const char *text)
{
    return strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0 ||
           strcasecmp(text, "on") == 0 || strcmp(text, "?1") == 0;
}

static void read_options(const struct mqtt_message *m, struct order *order)
{
    size_t i;

    for (i = 0; i < m->user_count; i++)
        if (strcmp(m->user[i].name, "print") == 0)
            order->source.print = is_yes(m->user[i].value);
        else if (strcmp(m->user[i].name, "overwrite") == 0)
            order->source.overwrite = is_yes(m->user[i].value);
}

static enum order_code check_file(const struct unit *unit,
                                  const struct mqtt_message *m,
                                  const char *path, struct error *err)
{
    int64_t max = unit->config->uploads.payload_max;

    if (m->len == 0 || !path[1]) {
        (void)error_set(err, "an upload needs a path behind the command's name "
                             "and the file as payload");
        return ORDER_INVALID;
    }
    if (unit->config->uploads.enabled && (int64_t)m->len > max) {
        (void)error_set(err,
                        "the file has %zu bytes, and uploads.payload of the "
                        "configuration allows %lld in a message",
                        m->len, (long long)max);
        return ORDER_TOO_BIG;
    }
    return ORDER_OK;
}

static void take_file(struct unit *unit, const char *path, bool print,
                      const struct mqtt_message *m)
{
    struct bridge *b = unit->bridge;
    enum order_code code;
    struct error err = {""};
    struct order *order = read_order(b, "upload", false, true, m, &code, &err);

    if (!order)
        return;
    order->source.print = print;
    read_options(m, order);
    if (code == ORDER_OK && is_switched_off(unit, COMMAND_UPLOAD, &err))
        code = ORDER_NOT_SUPPORTED;
    if (code == ORDER_OK)
        code = check_file(unit, m, path, &err);
    if (code == ORDER_OK && strlen(path) >= sizeof order->arguments.path) {
        code = ORDER_INVALID;
        (void)error_set(&err, "the path is too long");
    }
    (void)snprintf(order->arguments.path, sizeof order->arguments.path, "%s",
                   path);
    unit->payload = m->payload;
    unit->payload_len = m->len;
    printer_order(unit->printer, order, code, &err, bridge_now(b));
    unit->payload = NULL;
    unit_run(unit);
}

static void take_order(struct unit *unit, const char *name,
                       const struct mqtt_message *m)
{
    struct bridge *b = unit->bridge;
    enum order_code code;
    struct error err = {""};
    bool print;
    const char *path = file_path(name, &print);
    struct order *order;

    if (path) {
        take_file(unit, path, print, m);
        return;
    }
    order = read_order(b, name, false, false, m, &code, &err);
    if (!order)
        return;
    if (code != ORDER_RETAINED && is_mapped_away(unit, m->topic, name, &err))
        code = ORDER_NOT_SUPPORTED;
    printer_order(unit->printer, order, code, &err, bridge_now(b));
    if (printer_is_held_up(unit->printer))
        http_abort(unit->http);
    unit_run(unit);
}

static void take_request(struct bridge *b, const char *name,
                         const struct mqtt_message *m)
{
    enum order_code code;
    struct error err = {""};
    struct order *order = read_order(b, name, true, false, m, &code, &err);

    if (order)
        requests_take(b, order, code, &err);
}

/* Only whoever lives says "online": while we do, anything else is the will of
 * a copy that stood back, or a mistake. */
static void read_state(struct bridge *b, const struct mqtt_message *m)
{
    b->other_online = m->len == 6 && memcmp(m->payload, "online", 6) == 0;
    if (b->other_online || b->session != SESSION_LIVE)
        return;
    b->say_online = true;
    bridge_wake_soon(b);
}

static void read_info(struct bridge *b, const struct mqtt_message *m)
{
    cJSON *root = cJSON_ParseWithLength(m->payload, m->len);
    const cJSON *host = cJSON_GetObjectItemCaseSensitive(root, "host");

    if (cJSON_IsString(host)) {
        b->other_host = strcmp(host->valuestring, b->host) != 0;
        (void)snprintf(b->other_name, sizeof b->other_name, "%s",
                       host->valuestring);
    }
    cJSON_Delete(root);
}

/* Our own retained topics, read back once per connection; of bridge/state also
 * what is said later. */
static void read_own(struct bridge *b, const char *tail,
                     const struct mqtt_message *m)
{
    b->heard_ms = bridge_now(b).ms;
    if (strcmp(tail, "state") == 0)
        read_state(b, m);
    else if (strcmp(tail, "info") == 0)
        read_info(b, m);
    else if (strcmp(tail, "health") == 0)
        b->other_health = text_hash_bytes(m->payload, m->len);
    else if (strcmp(tail, "printers") == 0 && m->len > 0)
        cleanup_list(b, m);
}

static void take_birth(struct bridge *b, const struct mqtt_message *m)
{
    static const char online[] = "online";
    unsigned char delay = 0;

    if (m->len != sizeof online - 1 || memcmp(m->payload, online, m->len) != 0)
        return;
    /* the last one, which the broker kept, is not a new one; with MQTT 5 also
     * a new one can say that it was retained */
    if (m->retain && (b->reading_back || !mqtt_sees_retain(b->mqtt)))
        return;
    (void)uv_random(NULL, NULL, &delay, sizeof delay, 0, NULL);
    log_info("Home Assistant is back; it is told everything again");
    discover_again(b, 1000 + delay * 4000 / 255);
}

/* Orders, and what we said ourselves. False: it is none of it. */
static bool take_ours(struct bridge *b, const struct mqtt_message *m)
{
    const struct moved_topic key = {.topic = memory_text(m->topic)};
    const struct moved_topic *moved =
        b->moved_count ? bsearch(&key, b->moved, b->moved_count,
                                 sizeof *b->moved, by_topic)
                       : NULL;
    const char *name;
    const char *tail;
    struct unit *unit;

    free(key.topic);
    if (moved)
        take_order(moved->unit, command_row(moved->command)->name, m);
    else if ((tail = below(m->topic, b->topic)) && below(tail, "request"))
        take_request(b, below(tail, "request"), m);
    else if (tail)
        read_own(b, tail, m);
    else if ((unit = find_usual(b, m->topic, &name)))
        take_order(unit, name, m);
    else
        return false;
    return true;
}

/* Ours comes first: where there is no Home Assistant, its topics may be. */
void inbox_message(void *arg, const struct mqtt_message *m)
{
    struct bridge *b = arg;
    bool listening = b->session != SESSION_STANDBACK;

    if (b->stopping || (listening && take_ours(b, m)))
        return;
    if (strcmp(m->topic, b->config->homeassistant.status_topic) == 0)
        take_birth(b, m);
    else if (below(m->topic, b->config->homeassistant.discovery_prefix))
        discover_message(b, m);
    else if (listening)
        cleanup_message(b, m);
}
