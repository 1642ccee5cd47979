#include "bridge/mqtt_internal.h"
#include "mapping/memory.h"

static const char WILL[] = "offline";

/* CONNACK. */
static void on_connect(struct mosquitto *client, void *arg, int code, int flags,
                       const mosquitto_property *properties)
{
    (void)client;
    (void)flags;
    struct mqtt_link *link = arg;
    uint8_t max_qos = 2;
    (void)mosquitto_property_read_byte(properties, MQTT_PROP_MAXIMUM_QOS,
                                       &max_qos, false);
    link->connack = code;
    link->accepted = code == 0;
    link->max_qos = max_qos;
    link->accepted_ms = mqtt_now(link->mqtt);
}

/* Codes below 128 are libmosquitto's own and come back from the call too. */
static void on_disconnect(struct mosquitto *client, void *arg, int code,
                          const mosquitto_property *properties)
{
    (void)client;
    (void)properties;
    struct mqtt_link *link = arg;
    if (link->reason == 0 && code >= 128)
        link->reason = code;
}

/* PUBACK, but also QoS 0 written, whose message id can be that of a QoS 1
 * message in flight after 65,535 others: only the former comes while reading.
 */
static void on_publish(struct mosquitto *client, void *arg, int mid, int code,
                       const mosquitto_property *properties)
{
    (void)client;
    (void)properties;
    struct mqtt_link *link = arg;
    if (!link->reading)
        return;
    struct mqtt *mqtt = link->mqtt;
    struct mqtt_entry *entry = mqtt_queue_take(&mqtt->queue, mid);
    if (entry != NULL && code >= 128 && mqtt->events.rejected != NULL)
        mqtt->events.rejected(mqtt->arg, entry->message.topic,
                              mqtt_reason_words(code));
    mqtt_entry_free(entry);
}

static void on_subscribe(struct mosquitto *client, void *arg, int mid,
                         int count, const int *granted,
                         const mosquitto_property *properties)
{
    (void)client;
    (void)properties;
    struct mqtt_link *link = arg;
    struct mqtt_subscription **at = &link->subscriptions;
    while (*at != NULL && (*at)->mid != mid)
        at = &(*at)->next;
    struct mqtt_subscription *s = *at;
    if (s == NULL)
        return;
    *at = s->next;
    struct mqtt *mqtt = link->mqtt;
    if (count > 0 && granted[0] >= 128 && mqtt->events.refused != NULL)
        mqtt->events.refused(mqtt->arg, s->filter);
    free(s);
}

/* A property as an own copy, NULL when absent or longer than we care for. */
static char *read_text(const mosquitto_property *properties, int id)
{
    char *text = NULL;
    if (properties == NULL ||
        mosquitto_property_read_string(properties, id, &text, false) == NULL)
        return NULL;
    if (text != NULL && strlen(text) > MQTT_PROPERTY_MAX) {
        free(text);
        return NULL;
    }
    return text;
}

static void *read_bytes(const mosquitto_property *properties, int id,
                        size_t *len)
{
    void *bytes = NULL;
    uint16_t size = 0;
    *len = 0;
    if (properties == NULL || mosquitto_property_read_binary(
                                  properties, id, &bytes, &size, false) == NULL)
        return NULL;
    if (size > MQTT_PROPERTY_MAX) {
        free(bytes);
        return NULL;
    }
    *len = size;
    return bytes;
}

static int64_t read_expiry(const mosquitto_property *properties)
{
    uint32_t seconds = 0;
    if (properties == NULL || mosquitto_property_read_int32(
                                  properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
                                  &seconds, false) == NULL)
        return -1;
    return seconds;
}

static size_t read_user(const mosquitto_property *properties,
                        struct mqtt_user user[MQTT_USER_MAX])
{
    size_t n = 0;
    while (properties != NULL && n < MQTT_USER_MAX) {
        properties = mosquitto_property_read_string_pair(
            properties, MQTT_PROP_USER_PROPERTY, &user[n].name, &user[n].value,
            n > 0);
        n += properties != NULL;
    }
    return n;
}

static void release_user(struct mqtt_user *user, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(user[i].name);
        free(user[i].value);
    }
}

static bool is_acceptable(const struct mqtt *mqtt,
                          const struct mosquitto_message *m)
{
    size_t topic = m->topic != NULL ? strlen(m->topic) : 0;
    return topic > 0 && m->payloadlen >= 0 &&
           (size_t)m->payloadlen <= mqtt_payload_max(mqtt) &&
           mosquitto_validate_utf8(m->topic, (int)topic) == MOSQ_ERR_SUCCESS;
}

static void on_message(struct mosquitto *client, void *arg,
                       const struct mosquitto_message *m,
                       const mosquitto_property *properties)
{
    (void)client;
    struct mqtt_link *link = arg;
    struct mqtt *mqtt = link->mqtt;
    if (!is_acceptable(mqtt, m)) {
        mqtt->ignored++;
        return;
    }
    mqtt->messages_in++;
    if (mqtt->events.message == NULL)
        return;

    size_t correlation_len = 0;
    struct mqtt_user user[MQTT_USER_MAX];
    size_t user_count = read_user(properties, user);
    char *type = read_text(properties, MQTT_PROP_CONTENT_TYPE);
    char *response = read_text(properties, MQTT_PROP_RESPONSE_TOPIC);
    void *correlation =
        read_bytes(properties, MQTT_PROP_CORRELATION_DATA, &correlation_len);
    mqtt->events.message(
        mqtt->arg,
        &(struct mqtt_message){
            .topic = m->topic,
            .payload = m->payloadlen > 0 ? m->payload : (const void *)"",
            .len = (size_t)m->payloadlen,
            .qos = m->qos,
            .retain = m->retain,
            .content_type = type,
            .response_topic = response,
            .correlation = correlation,
            .correlation_len = correlation_len,
            .expiry_s = read_expiry(properties),
            .user = user,
            .user_count = user_count,
        });
    release_user(user, user_count);
    free(type);
    free(response);
    free(correlation);
}

/* libmosquitto tells the reason of a TLS failure only here, possibly in the
 * worker: "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify
 * failed". The first line is the cause. */
static void on_log(struct mosquitto *client, void *arg, int level,
                   const char *text)
{
    (void)client;
    struct mqtt_link *link = arg;
    if (level != MOSQ_LOG_ERR || link->note[0] != '\0')
        return;
    const char *colon = strrchr(text, ':');
    bool openssl = strncmp(text, "OpenSSL", 7) == 0;
    const char *start = openssl && colon != NULL ? colon + 1 : text;
    if (strncmp(start, "Error: ", 7) == 0)
        start += 7;
    (void)snprintf(link->note, sizeof link->note, "%s", start);
}

/* There is no asynchronous connect with properties, but the blocking one stores
 * them in the client before it looks at the host; without a host it ends there
 * (so in 2.0.11, 2.0.21 and 2.1.2). */
static void set_connect_properties(struct mosquitto *client,
                                   const struct mqtt *mqtt)
{
    mosquitto_property *list = NULL;
    (void)mosquitto_property_add_int16(&list, MQTT_PROP_RECEIVE_MAXIMUM,
                                       MQTT_RECEIVE_MAX);
    (void)mosquitto_property_add_int32(
        &list, MQTT_PROP_MAXIMUM_PACKET_SIZE,
        (uint32_t)(mqtt_payload_max(mqtt) + MQTT_PACKET_REST));
    (void)mosquitto_connect_bind_v5(client, NULL, -1, 0, NULL, list);
    mosquitto_property_free_all(&list);
}

static void set_callbacks(struct mosquitto *client, bool tls)
{
    mosquitto_connect_v5_callback_set(client, on_connect);
    mosquitto_disconnect_v5_callback_set(client, on_disconnect);
    mosquitto_publish_v5_callback_set(client, on_publish);
    mosquitto_subscribe_v5_callback_set(client, on_subscribe);
    mosquitto_message_v5_callback_set(client, on_message);
    /* Formats every packet: removed once connected. */
    if (tls)
        mosquitto_log_callback_set(client, on_log);
}

static int set_options(struct mosquitto *client, const struct mqtt_link *link)
{
    const struct mqtt *mqtt = link->mqtt;
    const struct mqtt_options *o = &mqtt->options;
    int failed =
        mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, link->protocol);
    if (o->port != 0)
        failed |= mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    failed |= mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM,
                                   (int)mqtt->limits.unacknowledged);
    if (o->username != NULL)
        failed |= mosquitto_username_pw_set(client, o->username, o->password);
    if (o->will_topic != NULL)
        failed |= mosquitto_will_set(client, o->will_topic, sizeof WILL - 1,
                                     WILL, 1, true);
    return failed;
}

struct mosquitto *mqtt_client_new(struct mqtt_link *link, struct error *err)
{
    const struct mqtt_options *o = &link->mqtt->options;
    struct mosquitto *client = mosquitto_new(o->client_id, true, link);
    if (client == NULL) {
        (void)error_set(err, "libmosquitto refuses the client id %s",
                        o->client_id);
        return NULL;
    }
    if (set_options(client, link) != 0) {
        (void)error_set(err, "libmosquitto refuses the user name or the will");
        mosquitto_destroy(client);
        return NULL;
    }
    if (o->tls && !mqtt_tls_apply(client, o, err)) {
        mosquitto_destroy(client);
        return NULL;
    }
    set_callbacks(client, o->tls);
    if (link->protocol == 5)
        set_connect_properties(client, link->mqtt);
    return client;
}
