/* `fields` and `commands` of a mapping: what is wished for each of them. */
#include "config/wishes.h"

#include "config/kinds.h"
#include "config/names.h"
#include "config/numbers.h"
#include "config/sections.h"
#include "mapping/memory.h"

#define INSTANCE_WISHES_MAX 64

#define AT(member)    offsetof(struct field_wish, member)
#define ORDER(member) offsetof(struct command_wish, member)

/* The key `off` says the opposite of the member `on`. */
static void read_off(struct reader *r, const struct row *row,
                     const struct node *node, void *base);
static bool check_order_topic(const char *text, struct error *err);

static const struct row field_rows[] = {
    {.key = "off",
     .kind = KIND_SWITCH,
     .offset = AT(on),
     .read = read_off,
     .says = "Leave this field out; the same as `off` instead of a map."},
    WISH_ROWS(0),
    {0},
};

const struct section field_section = {
    .name = "field",
    .title = "mapping.fields.<field>",
    .rows = field_rows,
    .shorthand = "topic",
};

static const struct row order_rows[] = {
    {.key = "off",
     .kind = KIND_SWITCH,
     .offset = ORDER(on),
     .read = read_off,
     .says = "Take no orders for this command; the same as `off` instead of a "
             "map."},
    {.key = "topic",
     .kind = KIND_TEXT,
     .offset = ORDER(topic),
     .max = TOPIC_MAX,
     .flags = ROW_FILLED,
     .check = check_order_topic,
     .says = "Topic template its orders come in on; may hold `{base}`, "
             "`{printer}` and `{command}`."},
    {.key = "name",
     .kind = KIND_TEXT,
     .offset = ORDER(name),
     .says = "Its name in Home Assistant."},
    {.key = "icon",
     .kind = KIND_TEXT,
     .offset = ORDER(icon),
     .check = wish_check_icon,
     .says = "Its icon in Home Assistant: `mdi:pause`."},
    {.key = "enabled",
     .kind = KIND_SWITCH,
     .offset = ORDER(enabled),
     .says = "Is it enabled in Home Assistant from the start?"},
    {0},
};

const struct section order_section = {
    .name = "command",
    .title = "mapping.commands.<command>",
    .rows = order_rows,
    .shorthand = "topic",
};

bool wish_check_topic(const char *text, struct error *err)
{
    static const struct template_values values = {
        .base = "", .printer = "", .field = "", .instance = ""};

    return template_check(text, &values, err);
}

static bool check_order_topic(const char *text, struct error *err)
{
    static const struct template_values values = {
        .base = "", .printer = "", .command = ""};

    return template_check(text, &values, err);
}

bool wish_check_icon(const char *text, struct error *err)
{
    size_t set = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    const char *icon = text + set + 1;

    if (set == 0 || text[set] != ':' || !*icon ||
        icon[strspn(icon, "abcdefghijklmnopqrstuvwxyz0123456789_-")])
        return error_set(err, "an icon is written as mdi:printer-3d");
    return true;
}

static void read_off(struct reader *r, const struct row *row,
                     const struct node *node, void *base)
{
    int *on = (int *)((char *)base + row->offset);
    int off = -1;

    kind_read_node(r, row, node, &off);
    if (off >= 0)
        *on = !off;
}

/* `state: off`; true if the value is one of those words. */
static bool take_word(const struct node *node, int *on)
{
    bool truth;

    if (node->kind != NODE_TEXT || !node->plain ||
        !truth_parse(node->text, &truth))
        return false;
    *on = truth;
    return true;
}

/* What is said about one field or command. Saying anything of one that was
 * switched off switches it on again. */
static void read_wish(struct reader *r, const struct section *section,
                      const struct node *node, void *wish, int *on)
{
    if (node->broken || take_word(node, on))
        return;
    if (node->kind == NODE_LIST || node_is_nothing(node)) {
        reader_wrong(r, node, "a topic, a map or off");
        return;
    }
    *on = 1;
    section_read(r, section, node, wish, 0);
}

/* Is {name} where it must be, and only there? A topic where it is not is
 * dropped. */
static void check_name(struct reader *r, const struct node *node,
                       struct field_wish *wish, enum field field,
                       const char *instance)
{
    const struct node *topic =
        node->kind == NODE_MAP ? node_get(node, "topic") : node;
    bool many = field_instances(field) > 1;
    const char *fault = NULL;

    if (!topic || !wish->topic)
        return;
    if (!many && template_uses(wish->topic, "name"))
        fault = "there is only one of this field, so {name} has no meaning in "
                "its topic";
    if (many && !*instance && !template_uses(wish->topic, "name") &&
        !template_uses(wish->topic, "field"))
        fault = "there may be several of this field: put {name} into its topic";
    if (!fault)
        return;
    reader_error(r, topic, "%s", fault);
    free(wish->topic);
    wish->topic = NULL;
}

/* The wish for one instance, a new one if there is none yet; NULL if there are
 * too many. */
static struct field_wish *instance_wish(struct mapping *mapping,
                                        enum field field, const char *instance)
{
    struct instance_wish *wish;
    int i;

    for (i = 0; i < mapping->instance_count; i++) {
        wish = &mapping->instances[i];
        if (wish->field == field && strcmp(wish->instance, instance) == 0)
            return &wish->wish;
    }
    if (mapping->instance_count == INSTANCE_WISHES_MAX)
        return NULL;
    mapping->instances =
        memory_grow(mapping->instances, (size_t)mapping->instance_count + 1,
                    sizeof *mapping->instances);
    wish = &mapping->instances[mapping->instance_count++];
    *wish = (struct instance_wish){.field = field};
    (void)snprintf(wish->instance, sizeof wish->instance, "%s", instance);
    field_wish_init(&wish->wish);
    return &wish->wish;
}

static void read_field(struct reader *r, const struct entry *entry,
                       struct mapping *mapping)
{
    const char *names[NAMES_MAX + 1];
    char instance[INSTANCE_NAME_MAX + 1];
    enum field field = field_find(entry->key->text, instance);
    struct field_wish *wish;
    size_t before;

    if (field == FIELD_COUNT) {
        names_of_fields(names);
        reader_unknown(r, entry->key, "field", names);
        return;
    }
    wish = *instance ? instance_wish(mapping, field, instance)
                     : &mapping->fields[field];
    if (!wish) {
        problems_error(r->problems, entry->key->at,
                       "more than %d fields are mapped for one instance each",
                       INSTANCE_WISHES_MAX);
        return;
    }
    before = reader_enter(r, entry->key->text);
    read_wish(r, &field_section, entry->value, wish, &wish->on);
    check_name(r, entry->value, wish, field, instance);
    reader_leave(r, before);
}

static bool is_map(struct reader *r, const struct node *node)
{
    if (node->kind != NODE_MAP && !node_is_nothing(node))
        reader_wrong(r, node, "a map");
    return node->kind == NODE_MAP;
}

void fields_read(struct reader *r, const struct row *row,
                 const struct node *node, void *base)
{
    size_t i;

    (void)row;
    if (!is_map(r, node))
        return;
    for (i = 0; i < node->count; i++)
        read_field(r, &node->entries[i], base);
}

static void read_order(struct reader *r, const struct entry *entry,
                       struct mapping *mapping)
{
    const char *names[NAMES_MAX + 1];
    enum command command = command_find(entry->key->text);
    struct command_wish *wish;
    size_t before;

    if (command == COMMAND_COUNT) {
        names_of_commands(names);
        reader_unknown(r, entry->key, "command", names);
        return;
    }
    wish = &mapping->commands[command];
    before = reader_enter(r, entry->key->text);
    read_wish(r, &order_section, entry->value, wish, &wish->on);
    reader_leave(r, before);
}

void orders_read(struct reader *r, const struct row *row,
                 const struct node *node, void *base)
{
    size_t i;

    (void)row;
    if (!is_map(r, node))
        return;
    for (i = 0; i < node->count; i++)
        read_order(r, &node->entries[i], base);
}
