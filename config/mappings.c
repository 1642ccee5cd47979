/* `mapping`, `mappings` and the `mapping` of a printer: rules and wishes laid
 * one over the other. */
#include "config/names.h"
#include "config/sections.h"
#include "mapping/memory.h"
#include "mapping/template.h"
#include "mapping/text.h"

#define AT(member) offsetof(struct mapping, member)

/* Each takes some 15 kB. */
#define NAMED_MAX    256
#define MAPPINGS_MAX 4096 /* with those of single printers */

static bool check_rule(const char *text, struct error *err);
static bool check_command_rule(const char *text, struct error *err);
static void skip(struct reader *r, const struct row *row,
                 const struct node *node, void *base);

static const char *const absent_styles[] = {
    [ABSENT_NONE] = "none",
    [ABSENT_CLEAR] = "clear",
    NULL,
};

/* `use` is looked at before the others are read; only a printer has it. */
static const struct row rows[] = {
    {.key = "use",
     .kind = KIND_USE,
     .read = skip,
     .says = "Only in a printer's own mapping: the one from `mappings` that it "
             "changes, instead of `mapping`."},
    {.key = "topic",
     .kind = KIND_TEXT,
     .offset = AT(topic),
     .max = TOPIC_MAX,
     .flags = ROW_FILLED,
     .check = check_rule,
     .says = "The rule for the topics of all fields; "
             "`\"" MAPPING_TOPIC "\"` if not said."},
    {.key = "command_topic",
     .kind = KIND_TEXT,
     .offset = AT(command_topic),
     .max = TOPIC_MAX,
     .flags = ROW_FILLED,
     .check = check_command_rule,
     .says = "The rule for the topics orders come in on; "
             "`\"" MAPPING_COMMAND_TOPIC "\"` if not said."},
    {.key = "absent",
     .kind = KIND_CHOICE,
     .offset = AT(absent),
     .choices = absent_styles,
     .says = "What a value that is not known looks like: `none` is the text "
             "`None`, which Home Assistant understands (so it is, if not "
             "said); `clear` an empty retained message."},
    {.key = "fields",
     .kind = KIND_FIELDS,
     .offset = AT(fields),
     .section = &field_section,
     .read = fields_read,
     .says = "Wishes for single fields by their key: a topic, a map, or "
             "`off`."},
    {.key = "commands",
     .kind = KIND_ORDERS,
     .offset = AT(commands),
     .section = &order_section,
     .read = orders_read,
     .says = "Wishes for single commands by their name: a topic, a map, or "
             "`off`."},
    {.key = "custom",
     .kind = KIND_CUSTOM,
     .offset = AT(custom),
     .section = &custom_section,
     .read = custom_read,
     .says = "Fields that a firmware reports and the bridge does not know."},
    {0},
};

const struct section inline_mapping_section = {
    .name = "printer_mapping",
    .title = "printers.<id>.mapping",
    .rows = rows,
};

const struct section mapping_section = {
    .name = "mapping",
    .title = "mapping",
    .rows = rows + 1,
};

static bool check_rule(const char *text, struct error *err)
{
    static const struct template_values values = {
        .base = "", .printer = "", .field = ""};

    if (!template_check(text, &values, err))
        return false;
    if (!template_uses(text, "field"))
        return error_set(err, "the rule needs {field}, or all fields would "
                              "have one topic");
    return true;
}

static bool check_command_rule(const char *text, struct error *err)
{
    static const struct template_values values = {
        .base = "", .printer = "", .command = ""};

    if (!template_check(text, &values, err))
        return false;
    if (!template_uses(text, "command"))
        return error_set(err, "the rule needs {command}, or all commands would "
                              "have one topic");
    return true;
}

static void skip(struct reader *r, const struct row *row,
                 const struct node *node, void *base)
{
    (void)r;
    (void)row;
    (void)node;
    (void)base;
}

static size_t find(const struct config *config, const char *name, size_t count)
{
    size_t i;

    for (i = 1; i < count; i++)
        if (strcmp(config->mapping_names[i], name) == 0)
            return i;
    return 0;
}

/* Hand a mapping over to the config, under a name that is not taken yet. */
static void add(struct config *config, struct mapping *mapping,
                const char *name)
{
    size_t n = config->mapping_count;
    char unique[PRINTER_ID_MAX + 32];
    int copies = 1;

    (void)snprintf(unique, sizeof unique, "%s", name);
    while (find(config, unique, n))
        (void)snprintf(unique, sizeof unique, "%s-%d", name, ++copies);
    config->mappings =
        memory_grow(config->mappings, n + 1, sizeof(struct mapping *));
    config->mapping_names = memory_grow(config->mapping_names, n + 1,
                                        sizeof *config->mapping_names);
    config->mappings[n] = mapping;
    config->mapping_names[n] = memory_text(unique);
    config->mapping_count = n + 1;
}

void mappings_begin(struct reader *r)
{
    add(r->config, mapping_new(), "");
    r->named_mappings = 1;
}

void mapping_read(struct reader *r, const struct row *row,
                  const struct node *node, void *base)
{
    (void)row;
    (void)base;
    section_read(r, &mapping_section, node, r->config->mappings[0], 0);
}

static bool is_name(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len <= PRINTER_ID_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789_-") == len;
}

static void read_named(struct reader *r, const struct entry *entry)
{
    struct mapping *mapping;
    size_t before;

    if (!is_name(entry->key->text)) {
        reader_error(r, entry->key,
                     "the name of a mapping is made of letters, "
                     "digits, _ and -");
        return;
    }
    mapping = mapping_copy(r->config->mappings[0]);
    before = reader_enter(r, entry->key->text);
    section_read(r, &mapping_section, entry->value, mapping, 0);
    reader_leave(r, before);
    add(r->config, mapping, entry->key->text);
    r->named_mappings = r->config->mapping_count;
}

void mappings_read(struct reader *r, const struct row *row,
                   const struct node *node, void *base)
{
    size_t i;

    (void)row;
    (void)base;
    if (node->kind != NODE_MAP && !node_is_nothing(node)) {
        reader_wrong(r, node, "a map");
        return;
    }
    if (node->count > NAMED_MAX) {
        reader_error(r, node, "there can be at most %d mappings", NAMED_MAX);
        return;
    }
    for (i = 0; i < node->count; i++)
        read_named(r, &node->entries[i]);
}

/* The mapping a text names; NULL after telling that there is none. */
static const struct mapping *by_name(struct reader *r, const struct node *node)
{
    const char *names[NAMES_MAX + 1];
    size_t i, n = 0;

    if (node->kind != NODE_TEXT || node_is_nothing(node)) {
        reader_wrong(r, node, "the name of a mapping");
        return NULL;
    }
    i = find(r->config, node->text, r->named_mappings);
    if (i > 0)
        return r->config->mappings[i];
    for (i = 1; i < r->named_mappings && n < NAMES_MAX; i++)
        names[n++] = r->config->mapping_names[i];
    names[n] = NULL;
    if (!r->incomplete)
        reader_unknown(r, node, "mapping", names);
    return NULL;
}

void mapping_choice_read(struct reader *r, const struct row *row,
                         const struct node *node, void *base)
{
    const struct config_printer *printer = base;
    const struct mapping **target =
        (const struct mapping **)((char *)base + row->offset);
    const struct node *use = node_get(node, "use");
    const struct mapping *parent = r->config->mappings[0];
    struct mapping *mapping;

    if (node->kind == NODE_TEXT && !node_is_nothing(node)) {
        *target = by_name(r, node);
        return;
    }
    if (r->config->mapping_count == MAPPINGS_MAX) {
        reader_error(r, node,
                     "more than %d mappings; let printers share them "
                     "through `mappings`",
                     MAPPINGS_MAX);
        return;
    }
    if (use && !use->broken)
        parent = by_name(r, use);
    if (!parent)
        parent = r->config->mappings[0];
    mapping = mapping_copy(parent);
    section_read(r, &inline_mapping_section, node, mapping, 0);
    add(r->config, mapping, *printer->id ? printer->id : "defaults");
    *target = mapping;
}
