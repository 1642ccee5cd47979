/* The configuration as whole values: what a YAML file says, checked and with
 * every default filled in. Built in one go and never changed afterwards, so
 * that a later reload can build a second one and swap. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "mapping/buffer.h"
#include "mapping/mapping.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRINTER_ID_MAX 64

enum config_protocol {
    CONFIG_PROTOCOL_AUTO,
    CONFIG_PROTOCOL_3,
    CONFIG_PROTOCOL_5
};
enum config_auth {
    CONFIG_AUTH_AUTO,
    CONFIG_AUTH_DIGEST,
    CONFIG_AUTH_API_KEY,
    CONFIG_AUTH_TOKEN
};
enum config_log_level {
    CONFIG_LOG_ERROR,
    CONFIG_LOG_WARNING,
    CONFIG_LOG_INFO,
    CONFIG_LOG_DEBUG
};

struct config_mqtt {
    char *url;  /* as written, without credentials */
    char *host; /* name, address, or path of the socket */
    int port;   /* 0 = unix socket */
    bool tls;
    char *username; /* NULL = none */
    char *password;
    char *client_id; /* NULL = made by the bridge */
    char *ca_file, *cert_file, *key_file;
    bool insecure;
    enum config_protocol protocol;
    int keepalive_s;
    char *base_topic;
    int qos; /* of field topics, unless mapped */
};

struct config_homeassistant {
    bool enabled;
    char *discovery_prefix;
    char *status_topic;
    bool bridge_device;
};

/* Where files for a printer may come from. */
struct config_uploads {
    bool enabled;
    char *directory;     /* orders name files below it; NULL = none */
    char **origins;      /* http[s]://...; NULL-terminated; NULL = none */
    int64_t payload_max; /* bytes of a file that comes as a message; 0 = none */
    char *watch;         /* folder whose files are uploaded; NULL = none */
    char *path;          /* folder on the printer; NULL = its first storage */
    bool print;          /* what came through the watched folder */
    bool overwrite;
    int64_t max;        /* bytes of a file */
    int64_t timeout_ms; /* of fetching one from an origin */
};

struct config_printer {
    char id[PRINTER_ID_MAX + 1];
    char *url; /* http[s]://host[:port][/prefix], no final slash */
    bool enabled;
    char *driver; /* "auto" or a driver's name */
    enum config_auth auth;
    char *username;
    char *secret;    /* password, api_key or token; NULL = none */
    char *remote_id; /* NULL */
    char *unique_id; /* NULL = the serial */
    char *name;      /* for people; NULL = from the printer, else the id */
    char *model;     /* NULL = from the printer */
    char *area;      /* NULL */
    char **tags;     /* NULL-terminated; NULL = none */
    int64_t poll_printing_ms, poll_idle_ms, poll_offline_ms,
        poll_offline_max_ms;
    int64_t timeout_ms;
    int64_t change_warning_ms; /* before a filament change */
    bool read_only;
    bool thumbnails;      /* pictures of jobs are fetched */
    bool read_files;      /* filament of jobs is read from files */
    int64_t snapshots_ms; /* between those of a camera; 0 = never */
    struct config_uploads uploads;
    bool command_enabled[COMMAND_COUNT];
    bool command_disabled[COMMAND_COUNT];
    bool homeassistant;
    char *ca_file;
    bool insecure;
    const struct mapping *mapping; /* owned by the config, maybe shared */
    char *file;                    /* where it was defined, for messages */
    int line;
};

struct config {
    struct config_mqtt mqtt;
    struct config_homeassistant homeassistant;
    struct config_printer *printers;
    size_t printer_count;
    struct mapping **mappings; /* all that printers point to; the first is
                                  what `mapping` says */
    char **mapping_names;      /* of each; "" of the first */
    size_t mapping_count;
    enum config_log_level log_level;      /* stderr */
    enum config_log_level log_mqtt_level; /* bridge/log */
    char *state_dir;                      /* NULL = choose */
    bool json;                            /* the one-JSON-per-printer topic */
    char *instance;                       /* NULL */
};

/* What config cannot know by itself: which drivers there are. The endpoint
 * list is for `custom:` fields. Lists end with NULL. */
struct config_driver {
    const char *name;
    const char *const *endpoints;
};

struct config_problems {
    struct buffer text; /* one line each: file:line:column: sentence */
    int errors, warnings;
};

/* Read file and what it includes. Every problem of all files is reported in
 * one run; warnings do not fail. NULL if there were errors. Caller frees with
 * config_free(). drivers ends with a row whose name is NULL. */
struct config *config_load(const char *path,
                           const struct config_driver *drivers,
                           struct config_problems *problems);
/* Accepts NULL. Secrets are overwritten before their memory is freed. */
void config_free(struct config *config);

/* The first of -c FILE, $PRINTER2MQTT_CONFIG, ~/.config/printer2mqtt/
 * config.yaml, /etc/printer2mqtt/config.yaml; caller frees. NULL if option and
 * variable are not given and neither file exists (err says where it looked). */
char *config_find(const char *option, struct error *err);

/* JSON Schema of the file for editors; the whole effective mapping of a
 * config as YAML; the reference documentation as Markdown. All are written
 * from the same schema rows that validate. */
void config_schema(const struct config_driver *drivers, struct buffer *out);
void config_mapping(const struct config *config, struct buffer *out);
void config_reference(struct buffer *out);

#endif
