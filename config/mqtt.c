/* `mqtt:` where the broker is and how to reach it. */
#include "config/kinds.h"
#include "config/schema.h"
#include "config/sections.h"
#include "config/url.h"
#include "mapping/memory.h"
#include "mapping/template.h"

#include <sys/un.h>

#define AT(member) offsetof(struct config_mqtt, member)

static void read_url(struct reader *r, const struct row *row,
                     const struct node *node, void *base);

static const char *const protocols[] = {
    [CONFIG_PROTOCOL_AUTO] = "auto",
    [CONFIG_PROTOCOL_3] = "3.1.1",
    [CONFIG_PROTOCOL_5] = "5",
    NULL,
};

static const struct row rows[] = {
    {.key = "url",
     .kind = KIND_TEXT,
     .offset = AT(url),
     .flags = ROW_REQUIRED,
     .read = read_url,
     .says = "The broker: `mqtt://host`, `mqtts://host` (TLS), a bare host, or "
             "`unix:///run/mosquitto.sock`; ports default to 1883 and 8883."},
    {.key = "username",
     .kind = KIND_TEXT,
     .offset = AT(username),
     .says = "User at the broker."},
    {.key = "password",
     .kind = KIND_SECRET,
     .offset = AT(password),
     .says = "Password at the broker; best as `!secret name`."},
    {.key = "client_id",
     .kind = KIND_TEXT,
     .offset = AT(client_id),
     .says = "MQTT client id; made from base topic and host name if not "
             "given."},
    {.key = "ca_file",
     .kind = KIND_PATH,
     .offset = AT(ca_file),
     .flags = ROW_EXISTS,
     .says = "Certificates to trust with `mqtts://`, instead of the "
             "system's."},
    {.key = "cert_file",
     .kind = KIND_PATH,
     .offset = AT(cert_file),
     .flags = ROW_EXISTS,
     .says = "Client certificate, together with `key_file`."},
    {.key = "key_file",
     .kind = KIND_PATH,
     .offset = AT(key_file),
     .flags = ROW_EXISTS,
     .says = "Private key of the client certificate."},
    {.key = "insecure",
     .kind = KIND_TRUTH,
     .offset = AT(insecure),
     .fallback = "false",
     .says = "Do not check the broker's certificate."},
    {.key = "protocol",
     .kind = KIND_CHOICE,
     .offset = AT(protocol),
     .fallback = "auto",
     .choices = protocols,
     .says = "MQTT version; `auto` takes 5, and 3.1.1 where the broker "
             "refuses 5."},
    {.key = "keepalive",
     .kind = KIND_SECONDS,
     .offset = AT(keepalive_s),
     .fallback = "30s",
     .min = 5000,
     .max = 3600000,
     .says = "How long the line may be silent before it is tested."},
    {.key = "base_topic",
     .kind = KIND_TEXT,
     .offset = AT(base_topic),
     .fallback = "printer2mqtt",
     .max = 128,
     .flags = ROW_FILLED,
     .check = topic_check,
     .says = "First part of every topic of the bridge."},
    {.key = "qos",
     .kind = KIND_INTEGER,
     .offset = AT(qos),
     .fallback = "0",
     .max = 2,
     .says = "QoS of field topics that the mapping gives none."},
    {0},
};

const struct section mqtt_section = {
    .name = "mqtt",
    .title = "mqtt",
    .rows = rows,
};

/* What a scheme means. */
static const struct scheme {
    const char *name;
    int port; /* 0 = a socket in the file system */
    bool tls;
} schemes[] = {
    {"mqtt", 1883, false},
    {"mqtts", 8883, true},
    {"tcp", 1883, false},
    {"unix", 0, false},
};

static const struct scheme *find_scheme(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strcmp(schemes[i].name, name) == 0)
            return &schemes[i];
    return NULL;
}

static bool check_socket(const struct url *url, struct error *err)
{
    const char *path = url->path;
    struct sockaddr_un address;

    if (*path != '/' || (url->host && *url->host))
        return error_set(err, "a socket is given as unix:///path/to/it");
    if (strlen(path) >= sizeof address.sun_path)
        return error_set(err, "the path of a socket is at most %zu bytes long",
                         sizeof address.sun_path - 1);
    return true;
}

static bool check_broker(const struct url *url, const struct scheme *scheme,
                         struct error *err)
{
    if (!scheme)
        return error_set(err, "a broker's address begins with mqtt://, "
                              "mqtts:// or unix://, or is just its host");
    if (scheme->port == 0)
        return check_socket(url, err);
    if (url->path[strspn(url->path, "/")])
        return error_set(err, "nothing can follow the host and port of a "
                              "broker");
    return true;
}

static void write_url(const struct url *url, const struct scheme *scheme,
                      struct config_mqtt *mqtt)
{
    struct buffer b = {0};

    buffer_format(&b, "%s://", scheme->name);
    if (scheme->port == 0)
        buffer_text_add(&b, url->path);
    else
        buffer_format(&b, url->ipv6 ? "[%s]" : "%s", url->host);
    if (url->port)
        buffer_format(&b, ":%d", url->port);
    free(mqtt->url);
    mqtt->url = b.bytes;
}

/* Texts move from url to mqtt. */
static void fill(struct url *url, const struct scheme *scheme,
                 struct config_mqtt *mqtt)
{
    write_url(url, scheme, mqtt);
    free(mqtt->host);
    mqtt->host = scheme->port == 0 ? url->path : url->host;
    *(scheme->port == 0 ? &url->path : &url->host) = NULL;
    mqtt->port = url->port ? url->port : scheme->port;
    mqtt->tls = scheme->tls;
    if (!url->username)
        return;
    free(mqtt->username);
    mqtt->username = url->username;
    kind_release(KIND_SECRET, &mqtt->password);
    mqtt->password = url->password;
    url->username = url->password = NULL;
}

static void read_url(struct reader *r, const struct row *row,
                     const struct node *node, void *base)
{
    struct config_mqtt *mqtt = base;
    const struct scheme *scheme;
    struct url url;
    struct error err;

    (void)row;
    if (node->kind != NODE_TEXT || node_is_nothing(node)) {
        reader_wrong(r, node, "the address of the broker");
        return;
    }
    if (*node->text == '/') { /* a bare path is a socket */
        url = (struct url){.path = memory_text(node->text)};
        url.scheme = memory_text("unix");
    } else if (!url_parse(node->text, &url, &err)) {
        reader_error(r, node, "%s", err.text);
        return;
    }
    scheme = find_scheme(url.scheme ? url.scheme : "mqtt");
    if (!check_broker(&url, scheme, &err)) {
        reader_error(r, node, "%s", err.text);
    } else {
        if (url.password)
            kind_warn_plain(r, node);
        fill(&url, scheme, mqtt);
    }
    url_release(&url);
}

/* Warn of a setting that weakens or does nothing. */
static void warn_tls(struct reader *r, const struct config_mqtt *mqtt,
                     const struct node *node)
{
    static const char *const tls_only[] = {"ca_file", "cert_file", "key_file"};
    const struct node *value;
    size_t i;

    for (i = 0; i < sizeof tls_only / sizeof *tls_only; i++) {
        value = node_get(node, tls_only[i]);
        if (value && !mqtt->tls && mqtt->url)
            reader_warning(r, value, "%s has no effect without mqtts://",
                           tls_only[i]);
    }
    value = node_get(node, "insecure");
    if (value && mqtt->tls && mqtt->insecure)
        reader_warning(r, value,
                       "the broker's certificate is not checked: "
                       "anyone on the way can read and change what "
                       "is sent");
    value = node_get(node, "qos");
    if (value && mqtt->qos == 2)
        reader_warning(r, value,
                       "QoS 2 costs four packets for every value; "
                       "1 is enough");
}

void mqtt_check(struct reader *r, const struct node *node)
{
    const struct config_mqtt *mqtt = &r->config->mqtt;
    const struct node *url = node_get(node, "url");
    size_t before = reader_enter(r, "mqtt");

    if (url && url->kind == NODE_TEXT && strchr(url->text, '@') &&
        (node_get(node, "username") || node_get(node, "password")))
        reader_error(r, url,
                     "user and password stand in the address and as "
                     "keys; give them once");
    if (!mqtt->cert_file != !mqtt->key_file)
        reader_error(r, node, "cert_file and key_file belong together");
    if (mqtt->password && !mqtt->username)
        reader_error(r, node, "the password needs a username");
    warn_tls(r, mqtt, node);
    reader_leave(r, before);
}
