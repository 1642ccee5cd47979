#include "bridge/mqtt_internal.h"
#include "mapping/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>

struct mqtt_link *mqtt_link_new(struct mqtt *mqtt)
{
    const struct mqtt_options *o = &mqtt->options;
    struct mqtt_link *link = memory_zero(1, sizeof *link);
    link->mqtt = mqtt;
    link->protocol = mqtt->policy.protocol;
    link->host = memory_text(o->host);
    link->port = o->port;
    link->keepalive_s = o->keepalive_s;
    link->tls = o->tls;
    link->ipv4_only = mqtt->ipv4_only;
    link->connack = -1;
    link->max_qos = 2;
    link->work.data = link;
    return link;
}

void mqtt_link_lose(struct mqtt_link *link, enum mqtt_failure failure,
                    const char *format, ...)
{
    if (link->lost)
        return;
    link->lost = true;
    link->failure = failure;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(link->why.text, sizeof link->why.text, format, args);
    va_end(args);
}

bool mqtt_link_check(struct mqtt_link *link, int code)
{
    int system_error = errno;
    if (code == MOSQ_ERR_SUCCESS && mosquitto_socket(link->client) >= 0)
        return true;
    if (!link->lost)
        mqtt_explain(link, code, system_error);
    return false;
}

static void poll_closed(uv_handle_t *handle)
{
    free(handle);
}

/* Let go of socket and client, but keep the addresses. */
static void hang_up(struct mqtt_link *link)
{
    if (link->poll != NULL) {
        link->poll->data = NULL;
        uv_close((uv_handle_t *)link->poll, poll_closed);
        link->poll = NULL;
    }
    mosquitto_destroy(link->client);
    link->client = NULL;
    link->watched = 0;
}

static void link_free(struct mqtt_link *link)
{
    hang_up(link);
    while (link->subscriptions != NULL) {
        struct mqtt_subscription *next = link->subscriptions->next;
        free(link->subscriptions);
        link->subscriptions = next;
    }
    if (link->addresses != NULL)
        freeaddrinfo(link->addresses);
    free(link->host);
    free(link);
}

void mqtt_link_close(struct mqtt_link *link)
{
    if (!link->working) {
        link_free(link);
        return;
    }
    /* A worker that has not begun can be called back; one that hangs in the
     * resolver cannot, and no second one is started beside it. */
    (void)uv_cancel((uv_req_t *)&link->work);
    link->lost = false;
    link->mqtt->hung = link;
}

static bool prepare_client(struct mqtt_link *link)
{
    struct error err;
    link->client = mqtt_client_new(link, &err);
    if (link->client != NULL)
        return true;
    mqtt_link_lose(link, MQTT_FAILURE_NETWORK, "%s", err.text);
    return false;
}

/* The connection was begun: hand its socket to the loop. */
static void attach(struct mqtt_link *link, int code)
{
    if (!mqtt_link_check(link, code))
        return;
    link->poll = memory_zero(1, sizeof *link->poll);
    int status = uv_poll_init(link->mqtt->loop, link->poll,
                              mosquitto_socket(link->client));
    if (status != 0) {
        free(link->poll);
        link->poll = NULL;
        mqtt_link_lose(link, MQTT_FAILURE_NETWORK,
                       "the connection cannot be watched: %s",
                       uv_strerror(status));
        return;
    }
    link->poll->data = link;
}

static void dial(struct mqtt_link *link, const char *address)
{
    if (!prepare_client(link))
        return;
    errno = 0;
    attach(link, mosquitto_connect_async(link->client, address, link->port,
                                         link->keepalive_s));
}

bool mqtt_link_has_next(const struct mqtt_link *link)
{
    return link->next != NULL;
}

bool mqtt_link_next(struct mqtt_link *link)
{
    while (link->next != NULL) {
        const struct addrinfo *a = link->next;
        link->next = a->ai_next;
        char address[INET6_ADDRSTRLEN + 32];
        if (getnameinfo(a->ai_addr, a->ai_addrlen, address, sizeof address,
                        NULL, 0, NI_NUMERICHOST) != 0)
            continue;
        hang_up(link);
        link->lost = false;
        link->reached = false;
        dial(link, address);
        if (!link->lost) {
            mqtt_arm_attempt(link->mqtt);
            return true;
        }
    }
    return false;
}

static bool is_numeric(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, address) == 1 ||
           inet_pton(AF_INET6, host, address) == 1;
}

/* In a worker thread. With TLS libmosquitto has to know the name (SNI, check
 * of the certificate), so it resolves; it also reads the CA files here. */
static void worker(uv_work_t *work)
{
    struct mqtt_link *link = work->data;
    if (link->tls) {
        errno = 0;
        link->work_code = mosquitto_connect_bind_async(
            link->client, link->host, link->port, link->keepalive_s,
            link->ipv4_only ? "0.0.0.0" : NULL);
        link->work_errno = errno;
        mqtt_tls_leave_thread();
        return;
    }
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM};
    link->work_code = getaddrinfo(link->host, NULL, &hints, &link->addresses);
}

static void resolved(struct mqtt_link *link)
{
    if (link->tls) {
        errno = link->work_errno;
        attach(link, link->work_code);
        return;
    }
    if (link->work_code != 0) {
        mqtt_link_lose(link, MQTT_FAILURE_NETWORK, "name not known: %s (%s)",
                       link->host, gai_strerror(link->work_code));
        return;
    }
    link->next = link->addresses;
    if (!mqtt_link_next(link))
        mqtt_link_lose(link, MQTT_FAILURE_NETWORK,
                       "name not known: %s has no address", link->host);
}

static void worked(uv_work_t *work, int status)
{
    struct mqtt_link *link = work->data;
    struct mqtt *mqtt = link->mqtt;
    link->working = false;
    if (mqtt == NULL || mqtt->link != link) {
        if (mqtt != NULL)
            mqtt->hung = NULL;
        link_free(link);
        return;
    }
    if (status != 0)
        mqtt_link_lose(link, MQTT_FAILURE_NETWORK,
                       "the name %s was not resolved: all workers are busy",
                       link->host);
    else
        resolved(link);
    mqtt_settle(mqtt);
}

void mqtt_link_open(struct mqtt_link *link)
{
    if (!link->tls && (link->port == 0 || is_numeric(link->host))) {
        dial(link, link->host);
        return;
    }
    if (link->tls && !prepare_client(link))
        return;
    link->working = true;
    int status = uv_queue_work(link->mqtt->loop, &link->work, worker, worked);
    if (status != 0) {
        link->working = false;
        mqtt_link_lose(link, MQTT_FAILURE_NETWORK, "%s", uv_strerror(status));
    }
}
