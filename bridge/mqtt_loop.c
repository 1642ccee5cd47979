#include "bridge/mqtt_internal.h"

#include <errno.h>
#include <sys/socket.h>

/* Packets read from a socket that failed, before it is given up: the broker's
 * last words may say why. */
#define LAST_WORDS_MAX 100

static void on_timer(uv_timer_t *timer);
static void on_tick(uv_timer_t *timer);

static void arm(struct mqtt *mqtt, int64_t after_ms)
{
    (void)uv_timer_start(&mqtt->timer, on_timer,
                         after_ms > 0 ? (uint64_t)after_ms : 0, 0);
}

void mqtt_kick(struct mqtt *mqtt)
{
    (void)uv_timer_start(&mqtt->tick, on_tick, 0,
                         (uint64_t)mqtt->limits.tick_ms);
}

void mqtt_begin(struct mqtt *mqtt)
{
    mqtt->state = MQTT_WAITING;
    arm(mqtt, 0);
    mqtt_kick(mqtt);
}

/* The next attempt. One whose worker still hangs is taken up again instead. */
static void attempt(struct mqtt *mqtt)
{
    mqtt->state = MQTT_OPENING;
    arm(mqtt, mqtt->limits.connack_ms);
    if (mqtt->hung != NULL) {
        mqtt->link = mqtt->hung;
        mqtt->hung = NULL;
    } else {
        mqtt->link = mqtt_link_new(mqtt);
        mqtt_link_open(mqtt->link);
    }
    mqtt_settle(mqtt);
}

/* Stopping */

static void finish(struct mqtt *mqtt)
{
    if (mqtt->link != NULL)
        mqtt_link_close(mqtt->link);
    mqtt->link = NULL;
    mqtt->state = MQTT_STOPPED;
    (void)uv_timer_stop(&mqtt->timer);
    (void)uv_timer_stop(&mqtt->tick);
    if (mqtt->done != NULL)
        mqtt->done(mqtt->done_arg);
}

void mqtt_end(struct mqtt *mqtt, int64_t timeout_ms)
{
    bool open = mqtt->state == MQTT_ONLINE;
    mqtt->state = MQTT_STOPPING;
    mqtt->held = false;
    arm(mqtt, open ? timeout_ms : 0);
    if (open)
        mqtt_kick(mqtt);
}

/* DISCONNECT, so that the broker does not publish the will. libmosquitto closes
 * the socket at once, 2.1 only when the broker does. */
static void say_goodbye(struct mqtt_link *link)
{
    if (link->leaving)
        return;
    link->leaving = true;
    if (mosquitto_disconnect(link->client) != MOSQ_ERR_SUCCESS ||
        mosquitto_socket(link->client) < 0)
        link->lost = true;
}

static bool is_flushed(const struct mqtt *mqtt)
{
    return mqtt->queue.lively.count == 0 && mqtt->queue.kept.count == 0 &&
           mqtt->queue.flight.count == 0 &&
           !mosquitto_want_write(mqtt->link->client);
}

/* Losses */

static void take_over_hint(const struct mqtt *mqtt, enum mqtt_failure failure,
                           struct error *why)
{
    const char *id = mqtt->options.client_id;
    if (failure == MQTT_FAILURE_TAKEN_OVER)
        (void)error_set(why,
                        "another printer2mqtt with the client id %s took over "
                        "the connection; standing back",
                        id);
    else
        (void)error_set(why,
                        "the broker closes the connection again and again: "
                        "another program probably uses the client id %s; "
                        "standing back",
                        id);
}

static void fall_back_hint(struct error *why)
{
    const struct error no = *why;
    (void)error_set(why, "%s; trying MQTT 3.1.1", no.text);
}

static void drop(struct mqtt *mqtt)
{
    struct mqtt_link *link = mqtt->link;
    struct error why = link->why;
    enum mqtt_failure failure = link->failure;
    int protocol = link->protocol;
    bool reached = link->reached;
    int64_t lasted_ms = link->accepted ? mqtt_now(mqtt) - link->accepted_ms : 0;
    if (mqtt->state == MQTT_STOPPING) {
        finish(mqtt);
        return;
    }
    mqtt->link = NULL;
    mqtt_link_close(link);
    mqtt_queue_lost(&mqtt->queue);
    mqtt->backlog = 0;
    mqtt->refused = false;
    mqtt->state = MQTT_WAITING;
    /* libmosquitto tries only the first address of a name with TLS. That can
     * be the IPv6 one of a broker that listens on IPv4 only (localhost). */
    if (mqtt->options.tls && !reached)
        mqtt->ipv4_only = !mqtt->ipv4_only;

    int64_t retry_ms =
        mqtt_policy_failed(&mqtt->policy, protocol, failure, lasted_ms);
    if (mqtt->policy.stood_back)
        take_over_hint(mqtt, failure, &why);
    else if (protocol == 5 && mqtt->policy.protocol == 4)
        fall_back_hint(&why);
    arm(mqtt, retry_ms);
    if (mqtt->events.disconnected != NULL)
        mqtt->events.disconnected(mqtt->arg, why.text, retry_ms);
}

/* A name can have several addresses: true when another one is being tried. */
static bool redial(struct mqtt *mqtt)
{
    struct mqtt_link *link = mqtt->link;
    return mqtt->state == MQTT_OPENING && !link->reached && !link->working &&
           mqtt_link_next(link);
}

void mqtt_arm_attempt(struct mqtt *mqtt)
{
    arm(mqtt, mqtt_link_has_next(mqtt->link) ? mqtt->limits.address_ms
                                             : mqtt->limits.connack_ms);
}

/* Settling */

static void announce(struct mqtt *mqtt)
{
    struct mqtt_link *link = mqtt->link;
    link->announced = true;
    mqtt_policy_accepted(&mqtt->policy, link->protocol);
    mosquitto_log_callback_set(link->client, NULL);
    link->note[0] = '\0';
    /* Asked to stop meanwhile: only say goodbye. */
    if (mqtt->state != MQTT_OPENING)
        return;
    (void)uv_timer_stop(&mqtt->timer);
    mqtt->state = MQTT_ONLINE;
    mqtt->announcing = true;
    if (mqtt->events.connected != NULL)
        mqtt->events.connected(mqtt->arg);
    mqtt->announcing = false;
}

static void tell_drained(struct mqtt *mqtt)
{
    if (!mqtt->refused || mqtt->state != MQTT_ONLINE || mqtt->backlog > 0 ||
        mqtt->queue.lively.count > mqtt->limits.queue.lively / 2)
        return;
    mqtt->refused = false;
    if (mqtt->events.drained != NULL)
        mqtt->events.drained(mqtt->arg);
}

void mqtt_watch(struct mqtt *mqtt)
{
    struct mqtt_link *link = mqtt->link;
    if (link == NULL || link->poll == NULL)
        return;
    bool pending = mosquitto_want_write(link->client);
    if (!pending && link->announced) {
        mqtt->backlog = 0;
        mqtt_queue_flushed(&mqtt->queue, mqtt_now(mqtt));
    }
    /* 2.0.11 wants to write during the whole TLS handshake, 2.1 for ever after
     * DISCONNECT. */
    bool handshake = link->tls && link->reached && !link->accepted;
    int events = UV_READABLE;
    if (!link->reached || (pending && !handshake && !link->leaving))
        events |= UV_WRITABLE;
    if (events == link->watched)
        return;
    link->watched = events;
    (void)uv_poll_start(link->poll, events, mqtt_link_ready);
}

void mqtt_settle(struct mqtt *mqtt)
{
    struct mqtt_link *link = mqtt->link;
    if (link == NULL)
        return;
    if (link->lost && !redial(mqtt)) {
        drop(mqtt);
        return;
    }
    if (link->accepted && !link->announced)
        announce(mqtt);
    mqtt_pump(mqtt);
    tell_drained(mqtt);
    if (link->announced && mqtt->state == MQTT_STOPPING && is_flushed(mqtt))
        say_goodbye(link);
    if (link->lost) {
        drop(mqtt);
        return;
    }
    mqtt_watch(mqtt);
}

/* Socket events */

static bool read_some(struct mqtt_link *link)
{
    link->reading = true;
    errno = 0;
    int code = mosquitto_loop_read(link->client, 1);
    link->reading = false;
    return mqtt_link_check(link, code);
}

static bool write_some(struct mqtt_link *link)
{
    if (!mosquitto_want_write(link->client))
        return true;
    errno = 0;
    return mqtt_link_check(link, mosquitto_loop_write(link->client, 1));
}

static bool has_bytes(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* The transport's own verdict on connect(), 0 = connected. libmosquitto may
 * have taken the socket's error already; then only its peer is missing. */
static int connect_result(int fd)
{
    int problem = 0;
    socklen_t size = sizeof problem;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) != 0)
        return errno;
    struct sockaddr_storage peer;
    size = sizeof peer;
    if (problem == 0 && getpeername(fd, (struct sockaddr *)&peer, &size) != 0)
        return ENOTCONN;
    return problem;
}

static bool reach(struct mqtt_link *link)
{
    int problem = connect_result(mosquitto_socket(link->client));
    /* Reset: connected, and closed before we looked. */
    link->reached = problem == 0 || problem == ECONNRESET || problem == EPIPE;
    if (problem == 0) {
        if (link->mqtt->state == MQTT_OPENING)
            arm(link->mqtt, link->mqtt->limits.connack_ms);
        return true;
    }
    mqtt_explain(link, link->reached ? MOSQ_ERR_CONN_LOST : MOSQ_ERR_ERRNO,
                 problem);
    return false;
}

static void last_words(struct mqtt_link *link)
{
    for (int i = 0; i < LAST_WORDS_MAX; i++) {
        if (!has_bytes(mosquitto_socket(link->client)) || !read_some(link))
            break;
    }
    if (!link->lost)
        mqtt_explain(link, MOSQ_ERR_CONN_LOST, 0);
}

/* Before the CONNACK: a TLS handshake goes on by reading, whoever waits. */
static void open_further(struct mqtt_link *link, int events)
{
    if (!link->reached && ((events & UV_WRITABLE) == 0 || !reach(link)))
        return;
    link->heard |= has_bytes(mosquitto_socket(link->client));
    if ((link->tls || (events & UV_READABLE) != 0) && !read_some(link))
        return;
    (void)write_some(link);
}

static void handle(struct mqtt_link *link, int status, int events)
{
    if (status < 0) {
        if (link->reached || reach(link))
            last_words(link);
    } else if (!link->accepted) {
        open_further(link, events);
    } else if ((events & UV_READABLE) == 0 || read_some(link)) {
        /* Also what was published while reading. */
        (void)write_some(link);
    }
}

void mqtt_link_ready(uv_poll_t *poll, int status, int events)
{
    struct mqtt_link *link = poll->data;
    if (link == NULL || link->lost)
        return;
    struct mqtt *mqtt = link->mqtt;
    handle(link, status, events);
    mqtt_settle(mqtt);
}

/* Timers */

static void expire_attempt(struct mqtt *mqtt)
{
    struct mqtt_link *link = mqtt->link;
    char where[300];
    (void)mqtt_where(&mqtt->options, where, sizeof where);
    if (link->working)
        mqtt_link_lose(link, MQTT_FAILURE_NETWORK,
                       "the resolver does not answer for the name %s",
                       mqtt->options.host);
    else if (!link->reached)
        mqtt_link_lose(link, MQTT_FAILURE_NETWORK,
                       "cannot connect to %s: no answer", where);
    else
        mqtt_link_lose(link, MQTT_FAILURE_NETWORK,
                       "%s is connected but does not answer", where);
    if (!redial(mqtt))
        drop(mqtt);
    mqtt_watch(mqtt);
}

static void on_timer(uv_timer_t *timer)
{
    struct mqtt *mqtt = timer->data;
    switch (mqtt->state) {
    case MQTT_WAITING: attempt(mqtt); break;
    case MQTT_OPENING: expire_attempt(mqtt); break;
    case MQTT_STOPPING:
        if (mqtt->link != NULL && mqtt->link->announced)
            say_goodbye(mqtt->link);
        finish(mqtt);
        break;
    case MQTT_IDLE:
    case MQTT_ONLINE:
    case MQTT_STOPPED: break;
    }
}

static void check_answers(struct mqtt *mqtt)
{
    int64_t since = mqtt_queue_unanswered_since(&mqtt->queue);
    if (since >= 0 && mqtt_now(mqtt) - since >= mqtt->limits.puback_ms)
        mqtt_link_lose(mqtt->link, MQTT_FAILURE_BROKEN,
                       "no answer to PUBLISH for %lld s",
                       (long long)(mqtt->limits.puback_ms / 1000));
}

static void on_tick(uv_timer_t *timer)
{
    struct mqtt *mqtt = timer->data;
    struct mqtt_link *link = mqtt->link;
    mqtt_queue_expire(&mqtt->queue, mqtt_now(mqtt));
    if (link == NULL || link->poll == NULL)
        return;
    errno = 0;
    if (!link->lost && link->accepted &&
        mqtt_link_check(link, mosquitto_loop_misc(link->client)))
        check_answers(mqtt);
    else if (!link->lost && link->reached)
        open_further(link, 0);
    mqtt_settle(mqtt);
}

static void handle_closed(uv_handle_t *handle)
{
    struct mqtt *mqtt = handle->data;
    if (--mqtt->handles > 0)
        return;
    free(mqtt->texts);
    free(mqtt);
}

void mqtt_dispose(struct mqtt *mqtt)
{
    if (mqtt->link != NULL)
        mqtt_link_close(mqtt->link);
    if (mqtt->hung != NULL)
        mqtt->hung->mqtt = NULL;
    mqtt->link = mqtt->hung = NULL;
    uv_close((uv_handle_t *)&mqtt->timer, handle_closed);
    uv_close((uv_handle_t *)&mqtt->tick, handle_closed);
    uv_close((uv_handle_t *)&mqtt->turn, handle_closed);
}
