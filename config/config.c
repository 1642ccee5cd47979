#include "config/config.h"

#include "config/sections.h"
#include "config/sources.h"
#include "mapping/memory.h"
#include "mapping/template.h"

#include <unistd.h>

#define SYSTEM_FILE "/etc/printer2mqtt/config.yaml"
#define USER_FILE   ".config/printer2mqtt/config.yaml"

/* Keys beginning so are for anchors that are used elsewhere. */
#define EXTENSION "x-"

static void read_keys(struct reader *r, const struct row *row,
                      const struct node *root)
{
    size_t i;

    for (i = 0; i < root->count; i++)
        if (strcmp(root->entries[i].key->text, row->key) == 0)
            row_read(r, row, root->entries[i].value, r->config);
}

static void check_keys(struct reader *r, const struct node *root)
{
    size_t i;

    for (i = 0; i < root->count; i++) {
        const struct node *key = root->entries[i].key;

        if (!section_row(&root_section, key->text) &&
            strncmp(key->text, EXTENSION, strlen(EXTENSION)) != 0)
            section_unknown(r, &root_section, key, 0);
    }
}

static void check_printers(struct reader *r, const struct node *root)
{
    const struct node *printers = node_get(root, "printers");
    bool none = !printers || node_is_nothing(printers) ||
                (printers->kind != NODE_TEXT && printers->count == 0);

    if (r->config->printer_count == 0 && none && !r->incomplete)
        reader_error(r, printers ? printers : root,
                     "there are no printers; add one, for example "
                     "printers: {mk4: {url: 192.168.1.50, password: ...}}");
}

/* The bridge would take its own topics for devices of Home Assistant. */
static void check_prefix(struct reader *r, const struct node *root)
{
    const struct config *config = r->config;
    const struct node *base = node_get(node_get(root, "mqtt"), "base_topic");
    const struct node *prefix =
        node_get(node_get(root, "homeassistant"), "discovery_prefix");

    if (config->homeassistant.enabled &&
        topic_below(config->mqtt.base_topic,
                    config->homeassistant.discovery_prefix))
        reader_error(r,
                     base     ? base
                     : prefix ? prefix
                              : root,
                     "mqtt.base_topic '%s' lies below Home Assistant's "
                     "discovery_prefix '%s'; choose another",
                     config->mqtt.base_topic,
                     config->homeassistant.discovery_prefix);
    else
        topics_check(r);
}

/* A QoS that no mapping gives is the broker's. */
static void set_qos(struct config *config)
{
    size_t m;
    int i;

    for (m = 0; m < config->mapping_count; m++) {
        struct mapping *mapping = config->mappings[m];

        for (i = 0; i < FIELD_COUNT; i++)
            if (mapping->fields[i].qos < 0)
                mapping->fields[i].qos = config->mqtt.qos;
        for (i = 0; i < mapping->custom_count; i++)
            if (mapping->custom[i].wish.qos < 0)
                mapping->custom[i].wish.qos = config->mqtt.qos;
    }
}

static void read_all(struct reader *r, const struct node *root)
{
    const struct row *row;
    const struct node *mqtt = node_get(root, "mqtt");

    check_keys(r, root);
    for (row = root_section.rows; row->key; row++)
        read_keys(r, row, root);
    section_check(r, &root_section, root, 0);
    if (mqtt)
        mqtt_check(r, mqtt);
    check_printers(r, root);
    twins_check(r);
    check_prefix(r, root);
    set_qos(r->config);
}

struct config *config_load(const char *path,
                           const struct config_driver *drivers,
                           struct config_problems *out)
{
    struct problems *problems = memory_zero(1, sizeof *problems);
    struct config *config = memory_zero(1, sizeof *config);
    struct reader reader = {
        .problems = problems, .drivers = drivers, .config = config};
    struct sources *sources = sources_read(path, problems);
    const struct node *root = sources_join(sources);
    bool failed;

    reader.incomplete = sources_incomplete(sources);
    section_defaults(&root_section, config);
    mappings_begin(&reader);
    read_all(&reader, root);
    failed = problems->errors > 0;
    problems_write(problems, out);
    sources_free(sources);
    draft_free(reader.defaults);
    free(reader.places);
    free(problems);
    if (!failed)
        return config;
    config_free(config);
    return NULL;
}

void config_free(struct config *config)
{
    size_t i;

    if (!config)
        return;
    for (i = 0; i < config->printer_count; i++)
        printer_release(&config->printers[i]);
    for (i = 0; i < config->mapping_count; i++) {
        mapping_free(config->mappings[i]);
        free(config->mapping_names[i]);
    }
    section_release(&root_section, config);
    free(config->mqtt.host);
    free(config->printers);
    free(config->mappings);
    free(config->mapping_names);
    free(config);
}

static char *user_file(void)
{
    const char *home = getenv("HOME");
    struct buffer path = {0};

    if (!home || !*home)
        return NULL;
    buffer_format(&path, "%s/%s", home, USER_FILE);
    return path.bytes;
}

char *config_find(const char *option, struct error *err)
{
    const char *variable = getenv("PRINTER2MQTT_CONFIG");
    char *user;

    if (option)
        return memory_text(option);
    if (variable && *variable)
        return memory_text(variable);
    user = user_file();
    if (user && access(user, F_OK) == 0)
        return user;
    if (access(SYSTEM_FILE, F_OK) == 0) {
        free(user);
        return memory_text(SYSTEM_FILE);
    }
    (void)error_set(err,
                    "there is no configuration: no %s%s%s, and none given by "
                    "-c FILE or $PRINTER2MQTT_CONFIG; --help shows one",
                    user ? user : "", user ? ", no " : "", SYSTEM_FILE);
    free(user);
    return NULL;
}
