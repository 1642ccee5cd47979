#include "bridge/mqtt_internal.h"
#include "mapping/memory.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

/* What one poll says takes half of it. */
#define CORKED_MOST_NS UINT64_C(100000)

static const struct mqtt_limits DEFAULT_LIMITS = {
    .connack_ms = 10000,
    .address_ms = 3000,
    .puback_ms = 30000,
    .tick_ms = 1000,
    .unacknowledged = 20,
    .backlog_bytes = (size_t)1 << 20,
    .queue = {.kept = 1000,
              .kept_bytes = (size_t)8 << 20,
              .lively = 1000,
              .lively_bytes = (size_t)1 << 20,
              .expiry_ms = 600000},
    .policy = {.first_ms = 1000,
               .max_ms = 30000,
               .switch_ms = 100,
               .credentials_ms = 30000,
               .takeover_ms = 60000,
               .steady_ms = 10000},
};

static size_t text_size(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

static const char *keep_text(char **at, const char *text)
{
    size_t size = text_size(text);
    if (size == 0)
        return NULL;
    char *copy = *at;
    memcpy(copy, text, size);
    *at += size;
    return copy;
}

static void copy_options(struct mqtt *mqtt, const struct mqtt_options *from)
{
    struct mqtt_options *to = &mqtt->options;
    *to = *from;
    const char **texts[] = {&to->host,      &to->ca_file,   &to->cert_file,
                            &to->key_file,  &to->username,  &to->password,
                            &to->client_id, &to->will_topic};
    size_t count = sizeof texts / sizeof texts[0];

    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += text_size(*texts[i]);
    mqtt->texts_size = size;
    mqtt->texts = memory_zero(size + 1, 1);
    char *at = mqtt->texts;
    for (size_t i = 0; i < count; i++)
        *texts[i] = keep_text(&at, *texts[i]);

    if (to->keepalive_s <= 0)
        to->keepalive_s = 30;
    /* What libmosquitto accepts. */
    if (to->keepalive_s < 5)
        to->keepalive_s = 5;
    if (to->keepalive_s > UINT16_MAX)
        to->keepalive_s = UINT16_MAX;
}

static bool check_options(const struct mqtt_options *o, struct error *err)
{
    struct sockaddr_un unix_address;
    if (o->host == NULL || o->host[0] == '\0')
        return error_set(err, "the MQTT broker has no host name");
    if (o->port < 0 || o->port > UINT16_MAX)
        return error_set(err, "%d is not a port number", o->port);
    if (o->port == 0 && strlen(o->host) >= sizeof unix_address.sun_path)
        return error_set(err, "the path of the MQTT socket is too long: %s",
                         o->host);
    if (o->client_id == NULL || o->client_id[0] == '\0')
        return error_set(err, "the MQTT client id is empty");
    if (o->will_topic != NULL &&
        mosquitto_pub_topic_check(o->will_topic) != MOSQ_ERR_SUCCESS)
        return error_set(err, "%s cannot be a topic", o->will_topic);
    return !o->tls || mqtt_tls_check(o, err);
}

static bool initialise(struct error *err)
{
    static bool done;
    if (done)
        return true;
    if (mosquitto_lib_init() != MOSQ_ERR_SUCCESS)
        return error_set(err, "libmosquitto cannot be initialised");
    /* libmosquitto did so itself up to 2.0.11; OpenSSL writes without
     * MSG_NOSIGNAL. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return error_set(err, "SIGPIPE cannot be ignored");
    done = true;
    return true;
}

struct mqtt *mqtt_new(struct uv_loop_s *loop,
                      const struct mqtt_options *options,
                      const struct mqtt_events *events, void *arg,
                      struct error *err)
{
    if (!initialise(err))
        return NULL;
    if (!check_options(options, err))
        return NULL;

    struct mqtt *mqtt = memory_zero(1, sizeof *mqtt);
    mqtt->loop = loop;
    mqtt->events = *events;
    mqtt->arg = arg;
    mqtt->limits = DEFAULT_LIMITS;
    mqtt->corked = -1;
    copy_options(mqtt, options);
    (void)uv_timer_init(loop, &mqtt->timer);
    (void)uv_timer_init(loop, &mqtt->tick);
    (void)uv_prepare_init(loop, &mqtt->turn);
    mqtt->timer.data = mqtt->tick.data = mqtt->turn.data = mqtt;
    mqtt->handles = 3;
    mqtt_queue_init(&mqtt->queue, &mqtt->limits.queue);
    return mqtt;
}

struct mqtt_limits *mqtt_limits(struct mqtt *mqtt)
{
    return &mqtt->limits;
}

int64_t mqtt_now(const struct mqtt *mqtt)
{
    return (int64_t)uv_now(mqtt->loop);
}

void mqtt_start(struct mqtt *mqtt)
{
    if (mqtt->state != MQTT_IDLE)
        return;
    mqtt->queue.limits = mqtt->limits.queue;
    mqtt_policy_init(&mqtt->policy, mqtt->options.protocol,
                     &mqtt->limits.policy, uv_hrtime() ^ (uint64_t)getpid());
    mqtt_begin(mqtt);
}

void mqtt_stop(struct mqtt *mqtt, int64_t timeout_ms, void (*done)(void *arg),
               void *arg)
{
    if (mqtt->state == MQTT_STOPPING || mqtt->state == MQTT_STOPPED)
        return;
    mqtt->done = done;
    mqtt->done_arg = arg;
    mqtt_end(mqtt, timeout_ms);
}

void mqtt_free(struct mqtt *mqtt)
{
    if (mqtt == NULL)
        return;
    mqtt_queue_release(&mqtt->queue);
    /* The password is among them. */
    explicit_bzero(mqtt->texts, mqtt->texts_size);
    mqtt_dispose(mqtt);
}

/* Publishing */

enum outcome { HANDED_OVER, BROKEN, IMPOSSIBLE, TOO_LARGE };

static bool add_properties(mosquitto_property **list,
                           const struct mqtt_message *m)
{
    int failed = 0;
    if (m->content_type != NULL)
        failed |= mosquitto_property_add_string(list, MQTT_PROP_CONTENT_TYPE,
                                                m->content_type);
    if (m->response_topic != NULL)
        failed |= mosquitto_property_add_string(list, MQTT_PROP_RESPONSE_TOPIC,
                                                m->response_topic);
    if (m->correlation_len > 0)
        failed |= mosquitto_property_add_binary(
            list, MQTT_PROP_CORRELATION_DATA, m->correlation,
            (uint16_t)m->correlation_len);
    if (m->expiry_s > 0)
        failed |= mosquitto_property_add_int32(
            list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
            m->expiry_s < UINT32_MAX ? (uint32_t)m->expiry_s : UINT32_MAX);
    return failed == MOSQ_ERR_SUCCESS;
}

static enum outcome outcome_of(int code)
{
    switch (code) {
    case MOSQ_ERR_SUCCESS: return HANDED_OVER;
    case MOSQ_ERR_INVAL:
    case MOSQ_ERR_MALFORMED_UTF8:
    case MOSQ_ERR_PAYLOAD_SIZE:
    case MOSQ_ERR_DUPLICATE_PROPERTY:
    case MOSQ_ERR_NOT_SUPPORTED: return IMPOSSIBLE;
    case MOSQ_ERR_OVERSIZE_PACKET: return TOO_LARGE;
    default: return BROKEN;
    }
}

static size_t wire_size(const struct mqtt_message *m)
{
    return strlen(m->topic) + m->len + 16;
}

/* What is said in one turn of the loop leaves together, in as few packets of
 * the network as it fits in: most of what a message costs is waking the broker.
 * In a long turn what was said first leaves when more is said a while later.
 * Another socket has no cork, be it that the number is the same. */
static void uncork(uv_prepare_t *turn)
{
    struct mqtt *mqtt = turn->data;
    int zero = 0;
    if (mqtt->link != NULL &&
        mosquitto_socket(mqtt->link->client) == mqtt->corked)
        (void)setsockopt(mqtt->corked, IPPROTO_TCP, TCP_CORK, &zero,
                         sizeof zero);
    mqtt->corked = -1;
    (void)uv_prepare_stop(turn);
}

static void cork(struct mqtt *mqtt)
{
    int one = 1;
    int fd = mosquitto_socket(mqtt->link->client);
    if (mqtt->corked >= 0 && uv_hrtime() - mqtt->corked_ns > CORKED_MOST_NS)
        uncork(&mqtt->turn);
    if (mqtt->corked >= 0 || mqtt->options.port == 0 || fd < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_CORK, &one, sizeof one) != 0)
        return;
    mqtt->corked = fd;
    mqtt->corked_ns = uv_hrtime();
    (void)uv_prepare_start(&mqtt->turn, uncork);
}

static enum outcome hand_over(struct mqtt *mqtt, const struct mqtt_message *m,
                              int *mid)
{
    struct mqtt_link *link = mqtt->link;
    mosquitto_property *properties = NULL;
    if (link->protocol == 5 && !add_properties(&properties, m)) {
        mosquitto_property_free_all(&properties);
        return IMPOSSIBLE;
    }
    int qos = m->qos < link->max_qos ? m->qos : link->max_qos;
    cork(mqtt);
    int code = mosquitto_publish_v5(link->client, mid, m->topic, (int)m->len,
                                    m->payload, qos, m->retain, properties);
    mosquitto_property_free_all(&properties);

    enum outcome outcome = outcome_of(code);
    if (outcome == HANDED_OVER) {
        mqtt->messages_out++;
        mqtt->bytes_out += m->len;
        mqtt->backlog += wire_size(m);
    } else if (outcome == BROKEN && !mqtt_link_check(link, code)) {
        mqtt_kick(mqtt);
    } else if (outcome == TOO_LARGE && mqtt->events.rejected != NULL) {
        mqtt->events.rejected(mqtt->arg, m->topic,
                              "the message is larger than the broker takes");
    }
    return outcome;
}

static bool is_open(const struct mqtt *mqtt)
{
    return mqtt->link != NULL && mqtt->link->announced && !mqtt->link->lost;
}

static bool is_congested(const struct mqtt *mqtt)
{
    return mqtt->backlog >= mqtt->limits.backlog_bytes;
}

/* False when nothing more can go out now. */
static bool send_one(struct mqtt *mqtt)
{
    int64_t now = mqtt_now(mqtt);
    struct mqtt_entry *entry =
        mqtt_queue_next(&mqtt->queue, !mqtt->announcing, now);
    if (entry == NULL)
        return false;
    if (entry->message.qos > mqtt->link->max_qos)
        entry->message.qos = mqtt->link->max_qos;
    if (entry->message.qos > 0 &&
        mqtt->queue.flight.count >= mqtt->limits.unacknowledged)
        return false;

    struct mqtt_message message = entry->message;
    if (message.expiry_s > 0)
        message.expiry_s = mqtt_entry_expiry_s(entry, now);
    int mid = 0;
    switch (hand_over(mqtt, &message, &mid)) {
    case HANDED_OVER: mqtt_queue_sent(&mqtt->queue, entry, mid); return true;
    case IMPOSSIBLE:
    case TOO_LARGE: mqtt_queue_drop(&mqtt->queue, entry); return true;
    case BROKEN: break;
    }
    return false;
}

void mqtt_pump(struct mqtt *mqtt)
{
    while (is_open(mqtt) && !is_congested(mqtt) && send_one(mqtt))
        mqtt_watch(mqtt);
}

static bool is_sendable(const struct mqtt_message *m)
{
    return m->topic != NULL && m->topic[0] != '\0' &&
           m->len <= MQTT_MAX_PAYLOAD && m->qos >= 0 && m->qos <= 1 &&
           m->correlation_len <= MQTT_PROPERTY_MAX &&
           text_size(m->content_type) <= MQTT_PROPERTY_MAX &&
           text_size(m->response_topic) <= MQTT_PROPERTY_MAX;
}

/* libmosquitto checks this too, but a queued message has nobody to tell. */
static bool enqueue(struct mqtt *mqtt, const struct mqtt_message *m)
{
    return mosquitto_pub_topic_check(m->topic) == MOSQ_ERR_SUCCESS &&
           mosquitto_validate_utf8(m->topic, (int)strlen(m->topic)) ==
               MOSQ_ERR_SUCCESS &&
           mqtt_queue_add(&mqtt->queue, m, mqtt_now(mqtt));
}

static bool publish_now(struct mqtt *mqtt, const struct mqtt_message *message)
{
    /* The usual case, without a copy: nothing waits that has to go first. */
    if (message->qos == 0 && mqtt->queue.lively.count == 0) {
        enum outcome outcome = hand_over(mqtt, message, NULL);
        mqtt_watch(mqtt);
        return outcome == HANDED_OVER || outcome == TOO_LARGE;
    }
    bool added = enqueue(mqtt, message);
    mqtt->refused |= !added;
    mqtt_pump(mqtt);
    return added;
}

bool mqtt_publish(struct mqtt *mqtt, const struct mqtt_message *message)
{
    if (mqtt->state == MQTT_STOPPING || mqtt->state == MQTT_STOPPED ||
        !is_sendable(message))
        return false;
    if (message->keep) {
        bool added = enqueue(mqtt, message);
        mqtt_pump(mqtt);
        return added;
    }
    if (!is_open(mqtt))
        return false;
    if (is_congested(mqtt)) {
        mqtt->refused = true;
        return false;
    }
    return publish_now(mqtt, message);
}

/* Subscribing */

static void remember(struct mqtt_link *link, const char *filter, int mid)
{
    size_t size = strlen(filter) + 1;
    struct mqtt_subscription *s = memory_zero(1, sizeof *s + size);
    memcpy(s->filter, filter, size);
    s->mid = mid;
    s->next = link->subscriptions;
    link->subscriptions = s;
}

static bool concluded(struct mqtt *mqtt, const char *filter, int code)
{
    if (code == MOSQ_ERR_SUCCESS)
        mqtt->backlog += strlen(filter) + 16;
    else if (outcome_of(code) == BROKEN && !mqtt_link_check(mqtt->link, code))
        mqtt_kick(mqtt);
    mqtt_watch(mqtt);
    return code == MOSQ_ERR_SUCCESS;
}

bool mqtt_subscribe(struct mqtt *mqtt, const char *filter, int qos)
{
    if (!is_open(mqtt))
        return false;
    int mid = 0;
    int code = mosquitto_subscribe_v5(mqtt->link->client, &mid, filter, qos,
                                      MQTT_SUB_OPT_RETAIN_AS_PUBLISHED, NULL);
    if (code == MOSQ_ERR_SUCCESS)
        remember(mqtt->link, filter, mid);
    return concluded(mqtt, filter, code);
}

bool mqtt_unsubscribe(struct mqtt *mqtt, const char *filter)
{
    if (!is_open(mqtt))
        return false;
    return concluded(mqtt, filter,
                     mosquitto_unsubscribe(mqtt->link->client, NULL, filter));
}

bool mqtt_subscribed(const struct mqtt *mqtt)
{
    return mqtt->link == NULL || mqtt->link->subscriptions == NULL;
}

void mqtt_statistics(const struct mqtt *mqtt, struct mqtt_statistics *out)
{
    bool open = is_open(mqtt);
    *out = (struct mqtt_statistics){
        .messages_out = mqtt->messages_out,
        .bytes_out = mqtt->bytes_out,
        .messages_in = mqtt->messages_in,
        .ignored = mqtt->ignored,
        .dropped = mqtt->queue.dropped,
        .queued = mqtt->queue.lively.count + mqtt->queue.kept.count +
                  mqtt->queue.flight.count,
        .protocol = open ? mqtt->link->protocol : 0,
        .connected = open,
    };
}

bool mqtt_sees_retain(const struct mqtt *mqtt)
{
    return is_open(mqtt) && mqtt->link->protocol == 5;
}
