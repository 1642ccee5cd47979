/* One connection to the broker: subscribe, listen whether another copy of us
 * lives, say everything, read back what we said in an earlier life. */
#include "bridge/bridge_internal.h"
#include "mapping/text.h"

#include <stdarg.h>

/* From when the broker, which may be far, has answered: */
#define LISTEN_MS    150   /* is there another copy? */
#define SILENCE_MS   300   /* reading back ends after so much silence, */
#define READ_BACK_MS 2000  /* or after so long */
#define ANSWER_MS    10000 /* who did not answer by then never will */
/* a little longer than a copy that lives is silent (bridge/health) */
#define STANDBACK_MS 65000

static void subscribe(struct bridge *b, int qos, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void subscribe(struct bridge *b, int qos, const char *format, ...)
{
    char filter[TOPIC_MAX + 1];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(filter, sizeof filter, format, args);
    va_end(args);
    if (!mqtt_subscribe(b->mqtt, filter, qos))
        log_error("cannot subscribe to %s", filter);
}

/* Then it comes in with all other orders, and a broker would bring it once for
 * each filter that fits. */
static bool is_below_command(const struct bridge *b,
                             const struct moved_topic *moved)
{
    char tree[TOPIC_MAX + 1];
    int len = snprintf(tree, sizeof tree, "%s/%s/command",
                       b->config->mqtt.base_topic, moved->unit->config->id);

    return len > 0 && (size_t)len < sizeof tree &&
           topic_below(moved->topic, tree);
}

static void subscribe_orders(struct bridge *b)
{
    size_t i;

    for (i = 0; i < b->count; i++)
        subscribe(b, 1, "%s/%s/command/#", b->config->mqtt.base_topic,
                  b->units[i].config->id);
    for (i = 0; i < b->moved_count; i++)
        if (!is_below_command(b, &b->moved[i]))
            subscribe(b, 1, "%s", b->moved[i].topic);
    subscribe(b, 1, "%s/request/+", b->topic);
    subscribe(b, 0, "%s", b->config->homeassistant.status_topic);
}

/* Own retained topics come back with QoS 0: mosquitto's defaults drop all but
 * about 1,000 retained messages for a QoS 1 subscriber. */
static void subscribe_own(struct bridge *b)
{
    subscribe(b, 0, "%s/state", b->topic);
    subscribe(b, 0, "%s/info", b->topic);
    subscribe(b, 0, "%s/health", b->topic);
    subscribe(b, 0, "%s/printers", b->topic);
    subscribe(b, 0, "%s/device/+/config",
              b->config->homeassistant.discovery_prefix);
}

/* All but bridge/state: whoever says that we are offline is corrected. */
static void unsubscribe_own(struct bridge *b)
{
    static const char *const tails[] = {"info", "health", "printers"};
    char filter[TOPIC_MAX + 1];
    size_t i;

    for (i = 0; i < sizeof tails / sizeof *tails; i++) {
        (void)snprintf(filter, sizeof filter, "%s/%s", b->topic, tails[i]);
        (void)mqtt_unsubscribe(b->mqtt, filter);
    }
    (void)snprintf(filter, sizeof filter, "%s/device/+/config",
                   b->config->homeassistant.discovery_prefix);
    (void)mqtt_unsubscribe(b->mqtt, filter);
}

/* At a start every printer is said to be offline before the bridge is online:
 * what the broker kept from an earlier life is not true now. */
static bool say_start(struct bridge *b)
{
    bool all = true;
    size_t i;

    for (i = 0; i < b->count && all; i++)
        all = publisher_start(b->units[i].publisher);
    if (all && bridge_say(b, "state", "online", 1, true))
        b->say_online = b->say_start = false;
    return !b->say_start;
}

/* After a reconnect: all fields and availabilities, then the bridge. */
static bool say_all(struct bridge *b)
{
    bool all = !b->say_start || say_start(b);
    size_t i;

    for (i = 0; i < b->count && all; i++)
        all = unit_sync(&b->units[i]);
    if (all && b->say_online)
        b->say_online = !bridge_say(b, "state", "online", 1, true);
    return all;
}

static void publish_again(struct unit *unit)
{
    publisher_again(unit->publisher);
    album_again(unit->album);
}

static void go_live(struct bridge *b)
{
    size_t i;

    b->session = SESSION_LIVE;
    b->stood_back = false;
    subscribe_orders(b);
    cleanup_begin(b);
    pictures_connected(&b->pictures);
    for (i = 0; i < b->count; i++)
        publish_again(&b->units[i]);
    b->say_online = true;
    b->say_start = !b->was_live;
    (void)say_all(b);
    mqtt_hold(b->mqtt, false);
    b->info_hash = b->printers_hash = 0;
    report_info(b);
    report_health(b);
    b->printers_due = true;
    b->was_live = true;
}

static void stand_back(struct bridge *b)
{
    if (!b->stood_back)
        log_error("another printer2mqtt runs on the host %s with the same "
                  "topics (%s); give one of them an `instance:` name. Looking "
                  "again each minute",
                  b->other_name, b->topic);
    b->stood_back = true;
    unsubscribe_own(b);
    b->session = SESSION_STANDBACK;
    b->session_ms = bridge_now(b).ms;
    b->other_health_before = b->other_health;
    b->reading_back = false;
    /* the other copy has told what happened meanwhile */
    events_forget(b->events);
    mqtt_forget(b->mqtt, "/event");
    mqtt_hold(b->mqtt, false);
}

void session_connected(void *arg)
{
    struct bridge *b = arg;
    struct mqtt_statistics mqtt;

    mqtt_statistics(b->mqtt, &mqtt);
    log_info("connected to the broker %s with MQTT %s", b->config->mqtt.url,
             mqtt.protocol == 5 ? "5" : "3.1.1");
    b->reason_hash = 0;
    b->rejected[0] = '\0';
    b->rejected_told = false;
    b->session_ms = b->asked_ms = b->heard_ms = bridge_now(b).ms;
    b->other_online = b->other_host = b->found_printers = false;
    b->other_health_before = 0;
    b->reading_back = true;
    announce_connected(b->announce);
    subscribe_own(b);
    b->session = SESSION_LISTEN;
    mqtt_hold(b->mqtt, true);
    bridge_wake_soon(b);
}

void session_disconnected(void *arg, const char *reason, int64_t retry_ms)
{
    struct bridge *b = arg;

    uint64_t hash = text_hash(reason);

    pictures_lost(&b->pictures, bridge_now(b).ms);
    b->session = SESSION_DOWN;
    b->reading_back = false;
    bridge_wake_soon(b);
    if (hash == b->reason_hash) /* said already: a broker may be off for days */
        return;
    b->reason_hash = hash;
    log_error("no connection to the broker %s: %s; next try in %lld s, then "
              "ever more seldom",
              b->config->mqtt.url, reason,
              (long long)((retry_ms + 999) / 1000));
}

void session_drained(void *arg)
{
    struct bridge *b = arg;

    if (b->session != SESSION_LIVE)
        return;
    b->pictures.stuck = false;
    (void)say_all(b);
    cleanup_tick(b);
    discover_tick(b);
}

void session_refused(void *arg, const char *filter)
{
    (void)arg;
    log_error("the broker refused the subscription to %s; check its access "
              "rules for this user",
              filter);
}

/* A picture that is larger than the broker takes is none. */
static void note_refused(struct bridge *b, const char *topic)
{
    size_t base = strlen(b->config->mqtt.base_topic);
    char id[PRINTER_ID_MAX + 1];
    struct unit *unit;

    if (strncmp(topic, b->config->mqtt.base_topic, base) != 0 ||
        topic[base] != '/')
        return;
    (void)snprintf(id, sizeof id, "%.*s", (int)strcspn(topic + base + 1, "/"),
                   topic + base + 1);
    unit = bridge_unit(b, id);
    if (unit && album_refused(unit->album, topic))
        unit->unsaid = true;
}

/* Told by the next tick: a line in the log may be a message, too. */
void session_rejected(void *arg, const char *topic, const char *reason)
{
    struct bridge *b = arg;

    note_refused(b, topic);
    if (b->rejected_told || b->rejected[0])
        return;
    (void)snprintf(b->rejected, sizeof b->rejected, "%s: %s", topic, reason);
    bridge_wake_soon(b);
}

/* Normally the broker does not take a whole kind of messages: the first one is
 * told. */
static void tell_rejected(struct bridge *b)
{
    if (!b->rejected[0])
        return;
    b->rejected_told = true;
    log_warning("the broker does not take %s (there may be more; told once for "
                "each connection)",
                b->rejected);
    b->rejected[0] = '\0';
}

static void end_reading_back(struct bridge *b)
{
    b->reading_back = false;
    unsubscribe_own(b);
    cleanup_end(b);
    announce_ready(b->announce, b->was_live && !b->found_printers);
}

/* Standing back: does the other copy still say new things about itself? */
static void look_again(struct bridge *b)
{
    b->session = SESSION_LISTEN;
    b->session_ms = b->asked_ms = b->heard_ms = bridge_now(b).ms;
    b->other_online = b->other_host = b->found_printers = false;
    b->reading_back = true;
    subscribe_own(b);
}

/* On a long line the broker is silent because it has not heard us yet. */
static void wait_for_broker(struct bridge *b, int64_t now)
{
    if (b->reading_back && !mqtt_subscribed(b->mqtt) &&
        now - b->session_ms < ANSWER_MS)
        b->asked_ms = b->heard_ms = now;
}

static void end_listening(struct bridge *b)
{
    bool alive = b->other_online && b->other_host &&
                 b->other_health != b->other_health_before;

    if (alive)
        stand_back(b);
    else
        go_live(b);
}

void session_tick(struct bridge *b)
{
    int64_t now = bridge_now(b).ms;

    tell_rejected(b);
    wait_for_broker(b, now);
    if (b->session == SESSION_LISTEN && now - b->asked_ms >= LISTEN_MS)
        end_listening(b);
    if (b->session == SESSION_STANDBACK && now - b->session_ms >= STANDBACK_MS)
        look_again(b);
    if (b->session == SESSION_LIVE && b->reading_back &&
        (now - b->heard_ms >= SILENCE_MS || now - b->asked_ms >= READ_BACK_MS))
        end_reading_back(b);
    if (b->session == SESSION_LIVE && b->say_online)
        (void)say_all(b);
    if (b->session == SESSION_LIVE)
        cleanup_tick(b);
}

/* The largest file that may come as a message. */
static size_t payload_max(const struct bridge *b)
{
    int64_t max = 0;
    size_t i;

    for (i = 0; i < b->config->printer_count; i++) {
        const struct config_uploads *uploads = &b->config->printers[i].uploads;

        if (uploads->enabled && uploads->payload_max > max)
            max = uploads->payload_max;
    }
    return (size_t)max;
}

bool session_open(struct bridge *b, struct error *err)
{
    static const struct mqtt_events events = {
        .connected = session_connected,
        .disconnected = session_disconnected,
        .message = inbox_message,
        .refused = session_refused,
        .rejected = session_rejected,
        .drained = session_drained,
    };
    const struct config_mqtt *c = &b->config->mqtt;
    char will[TOPIC_MAX + 1];
    const struct mqtt_options options = {
        .host = c->host,
        .port = c->port,
        .tls = c->tls,
        .ca_file = c->ca_file,
        .cert_file = c->cert_file,
        .key_file = c->key_file,
        .insecure = c->insecure,
        .username = c->username,
        .password = c->password,
        .client_id = c->client_id ? c->client_id : b->client_id,
        .protocol = (enum mqtt_protocol)c->protocol,
        .keepalive_s = c->keepalive_s,
        .will_topic = will,
        .payload_max = payload_max(b),
    };

    (void)snprintf(will, sizeof will, "%s/state", b->topic);
    b->mqtt = mqtt_new(&b->loop, &options, &events, b, err);
    if (b->mqtt)
        mqtt_start(b->mqtt);
    return b->mqtt != NULL;
}
