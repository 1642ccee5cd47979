#include "bridge/mqtt_internal.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

struct words {
    int code;
    enum mqtt_failure failure;
    const char *text;
};

/* CONNACK, in both numberings; 132 is also what libmosquitto makes of a 3.1.1
 * broker's answer 1. */
static const struct words CONNACKS[] = {
    {1, MQTT_FAILURE_VERSION, "the broker does not speak this MQTT version"},
    {2, MQTT_FAILURE_REFUSED, "the broker refused the client id"},
    {3, MQTT_FAILURE_REFUSED, "the broker is not available"},
    {4, MQTT_FAILURE_CREDENTIALS,
     "the broker refused the user name or password"},
    {5, MQTT_FAILURE_CREDENTIALS,
     "the broker refused the user name or password (not authorized)"},
    {130, MQTT_FAILURE_VERSION, "the broker calls MQTT 5 a protocol error"},
    {132, MQTT_FAILURE_VERSION, "the broker does not speak MQTT 5"},
    {133, MQTT_FAILURE_REFUSED, "the broker refused the client id"},
    {134, MQTT_FAILURE_CREDENTIALS,
     "the broker refused the user name or password"},
    {135, MQTT_FAILURE_CREDENTIALS,
     "the broker refused the user name or password (not authorized)"},
    {136, MQTT_FAILURE_REFUSED, "the broker is not available"},
    {137, MQTT_FAILURE_REFUSED, "the broker is busy"},
    {138, MQTT_FAILURE_REFUSED, "the broker has banned this client"},
    {144, MQTT_FAILURE_REFUSED, "the broker refused the topic of the will"},
    {149, MQTT_FAILURE_REFUSED, "the broker found the CONNECT too large"},
    {151, MQTT_FAILURE_REFUSED, "a quota of the broker is exceeded"},
    {154, MQTT_FAILURE_REFUSED, "the broker does not keep retained messages"},
    {155, MQTT_FAILURE_REFUSED, "the broker does not know QoS 1"},
    {156, MQTT_FAILURE_REFUSED, "the broker wants us to use another server"},
    {157, MQTT_FAILURE_REFUSED, "the broker has moved"},
    {159, MQTT_FAILURE_REFUSED, "the broker allows fewer connections a second"},
};

/* DISCONNECT from the broker. */
static const struct words DISCONNECTS[] = {
    {129, MQTT_FAILURE_BROKEN, "malformed packet"},
    {130, MQTT_FAILURE_BROKEN, "protocol error"},
    {135, MQTT_FAILURE_BROKEN, "not authorized"},
    {137, MQTT_FAILURE_BROKEN, "busy"},
    {139, MQTT_FAILURE_BROKEN, "shutting down"},
    {141, MQTT_FAILURE_BROKEN, "it heard nothing for too long"},
    {142, MQTT_FAILURE_TAKEN_OVER, "session taken over"},
    {143, MQTT_FAILURE_BROKEN, "invalid topic filter"},
    {144, MQTT_FAILURE_BROKEN, "invalid topic"},
    {147, MQTT_FAILURE_BROKEN, "too many unacknowledged messages"},
    {149, MQTT_FAILURE_BROKEN, "packet too large"},
    {150, MQTT_FAILURE_BROKEN, "too many messages"},
    {151, MQTT_FAILURE_BROKEN, "quota exceeded"},
    {152, MQTT_FAILURE_BROKEN, "administrative action"},
    {154, MQTT_FAILURE_BROKEN, "retained messages are not allowed"},
    {155, MQTT_FAILURE_BROKEN, "QoS 1 is not allowed"},
    {156, MQTT_FAILURE_BROKEN, "use another server"},
    {157, MQTT_FAILURE_BROKEN, "the server moved"},
    {159, MQTT_FAILURE_BROKEN, "too many connections a second"},
    {160, MQTT_FAILURE_BROKEN, "connected for too long"},
};

static const struct words ACKNOWLEDGEMENTS[] = {
    {128, MQTT_FAILURE_LOST, "unspecified error"},
    {131, MQTT_FAILURE_LOST, "refused"},
    {135, MQTT_FAILURE_LOST, "not authorized"},
    {144, MQTT_FAILURE_LOST, "invalid topic"},
    {149, MQTT_FAILURE_LOST, "too large"},
    {151, MQTT_FAILURE_LOST, "quota exceeded"},
    {153, MQTT_FAILURE_LOST, "invalid payload"},
};

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

static const struct words *find(const struct words *table, size_t count,
                                int code)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i].code == code)
            return &table[i];
    }
    return NULL;
}

const char *mqtt_reason_words(int code)
{
    const struct words *w =
        find(ACKNOWLEDGEMENTS, LENGTH(ACKNOWLEDGEMENTS), code);
    return w != NULL ? w->text : "refused";
}

const char *mqtt_where(const struct mqtt_options *options, char *out,
                       size_t size)
{
    if (options->port == 0)
        (void)snprintf(out, size, "the socket %s", options->host);
    else
        (void)snprintf(out, size, "%s port %d", options->host, options->port);
    return out;
}

static void explain_connack(struct mqtt_link *link)
{
    const struct mqtt_options *o = &link->mqtt->options;
    const struct words *w = find(CONNACKS, LENGTH(CONNACKS), link->connack);
    if (w == NULL)
        mqtt_link_lose(link, MQTT_FAILURE_REFUSED,
                       "the broker refused the connection (code %d)",
                       link->connack);
    else if (w->failure == MQTT_FAILURE_CREDENTIALS && o->username == NULL)
        mqtt_link_lose(link, w->failure,
                       "the broker wants a user name and a password");
    else
        mqtt_link_lose(link, w->failure, "%s", w->text);
}

static void explain_disconnect(struct mqtt_link *link)
{
    const struct words *w =
        find(DISCONNECTS, LENGTH(DISCONNECTS), link->reason);
    enum mqtt_failure failure = w != NULL ? w->failure : MQTT_FAILURE_BROKEN;
    if (!link->accepted)
        failure = MQTT_FAILURE_REFUSED;
    if (w != NULL)
        mqtt_link_lose(link, failure, "the broker closed the connection: %s",
                       w->text);
    else
        mqtt_link_lose(link, failure,
                       "the broker closed the connection (code %d)",
                       link->reason);
}

static void explain_tls(struct mqtt_link *link)
{
    enum mqtt_failure failure =
        link->accepted ? MQTT_FAILURE_BROKEN : MQTT_FAILURE_NETWORK;
    if (strstr(link->note, "certificate verify failed") != NULL ||
        strstr(link->note, "host name verification") != NULL)
        mqtt_link_lose(link, failure,
                       "certificate verify failed: the broker's certificate "
                       "must be signed by %s, valid today and issued for %s",
                       link->mqtt->options.ca_file != NULL
                           ? link->mqtt->options.ca_file
                           : "an authority this system trusts",
                       link->mqtt->options.host);
    else
        mqtt_link_lose(
            link, failure, "TLS with the broker failed: %s%s", link->note,
            !link->heard || strstr(link->note, "wrong version number") != NULL
                ? "; is this the broker's TLS port?"
                : "");
}

static void explain_loss(struct mqtt_link *link, int code, int system_error)
{
    switch (code) {
    case MOSQ_ERR_KEEPALIVE:
        mqtt_link_lose(link, MQTT_FAILURE_BROKEN,
                       "the broker does not answer any more");
        break;
    case MOSQ_ERR_PROTOCOL:
    case MOSQ_ERR_MALFORMED_PACKET:
    case MOSQ_ERR_MALFORMED_UTF8:
    case MOSQ_ERR_DUPLICATE_PROPERTY:
        mqtt_link_lose(link, MQTT_FAILURE_BROKEN,
                       "the broker sent something that is not MQTT");
        break;
    case MOSQ_ERR_ERRNO:
        mqtt_link_lose(link, MQTT_FAILURE_LOST,
                       "the connection to the broker broke: %s",
                       strerror(system_error));
        break;
    default:
        mqtt_link_lose(link, MQTT_FAILURE_LOST,
                       "the broker closed the connection");
        break;
    }
}

/* 2.1 forgets why connect() failed at once; ask again. */
static int socket_problem(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    int problem = connect(fd, (struct sockaddr *)&address, sizeof address) != 0
                      ? errno
                      : 0;
    (void)close(fd);
    return problem;
}

/* In words; libmosquitto sometimes took the error and left only "no peer". */
static const char *connect_words(int problem)
{
    switch (problem) {
    case 0:
    case EBADF: return "no connection";
    case ENOTCONN: return "the connection was refused or closed at once";
    default: return strerror(problem);
    }
}

static void explain_connect(struct mqtt_link *link, int problem)
{
    const struct mqtt_options *o = &link->mqtt->options;
    if (o->port == 0)
        problem = socket_problem(o->host);
    /* libmosquitto's word for any error of OpenSSL. */
    if (problem == EPROTO)
        problem = ENOTCONN;
    char where[300];
    mqtt_link_lose(link, MQTT_FAILURE_NETWORK, "cannot connect to %s: %s%s",
                   mqtt_where(o, where, sizeof where), connect_words(problem),
                   o->tls && problem == ENOTCONN
                       ? "; is this the broker's TLS port?"
                       : "");
}

/* Before the CONNACK. 2.0.21 calls a 3.1.1 broker's CONNACK to a CONNECT of
 * MQTT 5 malformed and does not say more. */
static void explain_attempt(struct mqtt_link *link, int code, int system_error)
{
    char where[300];
    (void)mqtt_where(&link->mqtt->options, where, sizeof where);
    if (code == MOSQ_ERR_EAI)
        mqtt_link_lose(link, MQTT_FAILURE_NETWORK, "name not known: %s",
                       link->mqtt->options.host);
    else if (code == MOSQ_ERR_PROTOCOL || code == MOSQ_ERR_MALFORMED_PACKET)
        mqtt_link_lose(link, MQTT_FAILURE_VERSION,
                       "what answers at %s does not speak MQTT %s", where,
                       link->protocol == 5 ? "5" : "3.1.1");
    else if (!link->reached)
        explain_connect(link, system_error);
    else if (link->tls && !link->heard)
        mqtt_link_lose(link, MQTT_FAILURE_NETWORK,
                       "%s closed the connection instead of talking TLS; is "
                       "this the broker's TLS port?",
                       where);
    else
        mqtt_link_lose(link, MQTT_FAILURE_CLOSED,
                       "the broker closed the connection without an answer");
}

void mqtt_explain(struct mqtt_link *link, int code, int system_error)
{
    if (link->connack > 0)
        explain_connack(link);
    else if (link->reason != 0)
        explain_disconnect(link);
    else if (link->note[0] != '\0')
        explain_tls(link);
    else if (link->accepted)
        explain_loss(link, code, system_error);
    else
        explain_attempt(link, code, system_error);
}
