/* Topics of different printers that meet. Each printer's own tree,
 * <base>/<id>/, belongs to it alone; topics anywhere else are compared. */
#include "config/sections.h"
#include "mapping/memory.h"
#include "mapping/routes.h"

struct claim {
    char *topic;
    size_t printer;
};

/* What earlier printers showed of a mapping. */
struct judged {
    bool checked;
    bool good;
    bool local; /* all topics lie in the printer's own tree */
};

struct claims {
    struct claim *rows;
    size_t count, room;
    const char **ids;      /* of all printers, sorted */
    struct judged *judged; /* by mapping */
    const char *prefix;    /* of discovery; NULL = none */
};

/* One printer while its topics are looked at. */
struct visit {
    struct reader *r;
    struct claims *claims;
    struct routes routes;
    size_t printer;
    char tree[TOPIC_MAX + 1]; /* <base>/<id> */
    bool told;                /* one problem for each printer is enough */
};

static void tell(struct visit *v, const char *format, const char *topic,
                 const char *other)
{
    struct buffer sentence = {0};

    (void)buffer_format(&sentence, "printers.%s: the topic %s %s %s",
                        v->routes.printer, topic, format, other);
    problems_error(v->r->problems, v->r->places[v->printer], "%s",
                   sentence.bytes);
    buffer_release(&sentence);
    v->told = true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whose tree below the base topic a topic lies in: name becomes an id, or what
 * else the first level there is. False if it does not lie there. */
static bool tree_of(const struct visit *v, const char *topic, char *name,
                    size_t size)
{
    const char *base = v->r->config->mqtt.base_topic;
    size_t len;

    if (!topic_below(topic, base) || !topic[strlen(base)])
        return false;
    topic += strlen(base) + 1;
    len = strcspn(topic, "/");
    (void)snprintf(name, size, "%.*s", (int)len, topic);
    return len < size;
}

static bool is_printer(const struct visit *v, const char *name)
{
    return bsearch(&name, v->claims->ids, v->r->config->printer_count,
                   sizeof *v->claims->ids, by_name) != NULL;
}

static void add_claim(struct claims *claims, const char *topic, size_t printer)
{
    if (claims->count == claims->room) {
        claims->room = claims->room ? claims->room * 2 : 64;
        claims->rows =
            memory_grow(claims->rows, claims->room, sizeof *claims->rows);
    }
    claims->rows[claims->count++] = (struct claim){memory_text(topic), printer};
}

static void claim(struct visit *v, const char *topic)
{
    const struct claims *c = v->claims;
    const char *status = v->r->config->homeassistant.status_topic;
    char name[PRINTER_ID_MAX + 1];

    if (v->told || topic_below(topic, v->tree))
        return;
    if (tree_of(v, topic, name, sizeof name) &&
        strncmp(name, "bridge-", 7) == 0)
        tell(v, "belongs to the bridge", topic, name);
    else if (tree_of(v, topic, name, sizeof name) && is_printer(v, name))
        tell(v, "belongs to the printer", topic, name);
    else if (c->prefix && topic_below(topic, c->prefix))
        tell(v, "lies below the discovery prefix", topic, c->prefix);
    else if (c->prefix && strcmp(topic, status) == 0)
        tell(v, "is the one on which Home Assistant says", topic, "its status");
    else
        add_claim(v->claims, topic, v->printer);
}

/* Every instance a mapping names, and one that stands for all others. */
static void sample_instances(const struct mapping *mapping,
                             struct instances *instances)
{
    int i;

    *instances = (struct instances){.count = 0};
    (void)instances_learn(instances, "usb", 0);
    for (i = 0; i < mapping->instance_count; i++)
        (void)instances_learn(instances, mapping->instances[i].instance, 0);
}

static void claim_all(struct visit *v)
{
    struct instances instances;
    const struct roster roster = {&instances, &instances};
    struct route route;
    char topic[TOPIC_MAX + 1];
    enum field f;
    enum command c;
    int i;

    sample_instances(v->routes.mapping, &instances);
    for (f = 0; f < FIELD_COUNT; f++)
        for (i = 0; i < field_instances(f); i++)
            if (routes_field(&v->routes, f, i, &roster, &route))
                claim(v, route.topic);
    for (c = 0; c < COMMAND_COUNT; c++)
        if (routes_command(&v->routes, c, topic, sizeof topic))
            claim(v, topic);
    instances_release(&instances);
}

static size_t mapping_index(const struct config *config, size_t printer)
{
    size_t i = 0;

    while (i < config->mapping_count &&
           config->mappings[i] != config->printers[printer].mapping)
        i++;
    return i;
}

static bool is_local(const char *topic)
{
    static const char tree[] = "{base}/{printer}/";

    return !topic || strncmp(topic, tree, sizeof tree - 1) == 0;
}

static bool all_local(const struct mapping *mapping)
{
    bool local = is_local(mapping->topic) && is_local(mapping->command_topic);
    int i;

    for (i = 0; local && i < FIELD_COUNT; i++)
        local = is_local(mapping->fields[i].topic);
    for (i = 0; local && i < COMMAND_COUNT; i++)
        local = is_local(mapping->commands[i].topic);
    for (i = 0; local && i < mapping->instance_count; i++)
        local = is_local(mapping->instances[i].wish.topic);
    for (i = 0; local && i < mapping->custom_count; i++)
        local = is_local(mapping->custom[i].wish.topic);
    return local;
}

/* What one mapping does by itself is the same for every printer. */
static bool check_mapping(struct visit *v, struct judged *judged)
{
    struct error err;

    if (judged->checked)
        return judged->good;
    judged->checked = true;
    judged->local = all_local(v->routes.mapping);
    judged->good = routes_check(&v->routes, v->claims->prefix, &err);
    if (!judged->good)
        problems_error(v->r->problems, v->r->places[v->printer],
                       "printers.%s: %s", v->routes.printer, err.text);
    return judged->good;
}

static void visit(struct reader *r, struct claims *claims, size_t printer)
{
    const struct config_printer *p = &r->config->printers[printer];
    struct visit v = {
        .r = r,
        .claims = claims,
        .routes = {p->mapping, r->config->mqtt.base_topic, p->id},
        .printer = printer,
    };
    struct judged *judged = &claims->judged[mapping_index(r->config, printer)];

    (void)routes_topic(&v.routes, "", v.tree, sizeof v.tree);
    if (p->enabled && check_mapping(&v, judged) && !judged->local)
        claim_all(&v);
}

static int by_topic(const void *left, const void *right)
{
    const struct claim *a = left, *b = right;
    int order = strcmp(a->topic, b->topic);

    return order ? order
                 : (a->printer > b->printer) - (a->printer < b->printer);
}

static void compare(struct reader *r, struct claims *claims)
{
    const struct config_printer *printers = r->config->printers;
    bool *told = memory_zero(r->config->printer_count, sizeof *told);
    size_t i;

    qsort(claims->rows, claims->count, sizeof *claims->rows, by_topic);
    for (i = 1; i < claims->count; i++) {
        const struct claim *a = &claims->rows[i - 1], *b = &claims->rows[i];

        if (strcmp(a->topic, b->topic) != 0 || told[b->printer])
            continue;
        told[b->printer] = true;
        problems_error(r->problems, r->places[b->printer],
                       "printers.%s: the topic %s is one of %s, too; put "
                       "{printer} into the mapping's topics",
                       printers[b->printer].id, b->topic,
                       printers[a->printer].id);
    }
    free(told);
}

void topics_check(struct reader *r)
{
    const struct config *config = r->config;
    struct claims claims = {.rows = NULL};
    size_t i;

    if (config->printer_count == 0)
        return;
    if (config->homeassistant.enabled)
        claims.prefix = config->homeassistant.discovery_prefix;
    claims.ids = memory_zero(config->printer_count, sizeof *claims.ids);
    claims.judged = memory_zero(config->mapping_count, sizeof *claims.judged);
    for (i = 0; i < config->printer_count; i++)
        claims.ids[i] = config->printers[i].id;
    qsort(claims.ids, config->printer_count, sizeof *claims.ids, by_name);
    for (i = 0; i < config->printer_count; i++)
        visit(r, &claims, i);
    if (claims.count > 0)
        compare(r, &claims);
    for (i = 0; i < claims.count; i++)
        free(claims.rows[i].topic);
    free(claims.rows);
    free(claims.ids);
    free(claims.judged);
}
