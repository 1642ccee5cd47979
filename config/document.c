#include "config/document.h"

#include "config/syntax.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <yaml.h>

#define TAG_PREFIX      "tag:yaml.org,2002:"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct level {
    struct node *node;
    struct node *key; /* of a map: waits for its value */
};

struct anchor {
    char *name;
    struct node *node;
};

/* One run of the parser over one file. */
struct composer {
    struct document *document;
    struct file *file;
    const struct tag_reader *tags;
    struct problems *problems;
    struct level levels[DEPTH_MAX];
    int depth;
    struct anchor anchors[ANCHORS_MAX];
    int anchor_count;
    size_t nodes;
    int documents;
    bool done;
};

static void text_free(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void document_release(struct document *document)
{
    struct node *node, *next;

    for (node = document->all; node; node = next) {
        next = node->next;
        text_free(node->text);
        free(node->entries);
        free(node);
    }
    *document = (struct document){0};
}

struct node *document_node(struct document *document, enum node_kind kind,
                           struct place at)
{
    struct node *node = memory_zero(1, sizeof *node);

    node->kind = kind;
    node->at = at;
    node->weight = 1;
    node->next = document->all;
    document->all = node;
    return node;
}

static struct place place_of(const struct composer *c, yaml_mark_t mark)
{
    return (struct place){c->file, (int)mark.line + 1, (int)mark.column + 1};
}

/* Report what ends this file. */
static bool give_up(struct composer *c, yaml_mark_t mark, const char *sentence)
{
    problems_error(c->problems, place_of(c, mark), "%s", sentence);
    return false;
}

static struct node *node_new(struct composer *c, enum node_kind kind,
                             yaml_mark_t mark)
{
    c->nodes++;
    return document_node(c->document, kind, place_of(c, mark));
}

static bool weigh(struct composer *c, struct node *parent,
                  const struct node *child, yaml_mark_t mark)
{
    parent->weight += child->weight;
    if (parent->weight <= NODES_MAX && c->nodes <= NODES_MAX)
        return true;
    return give_up(c, mark,
                   "the file says more than 100000 things, its aliases "
                   "expanded");
}

/* Put a finished value (or a key) where it belongs. */
static bool place_node(struct composer *c, struct node *node, yaml_mark_t mark)
{
    struct level *level;

    if (c->depth == 0) {
        c->document->root = node;
        return true;
    }
    level = &c->levels[c->depth - 1];
    if (level->node->kind == NODE_MAP && !level->key) {
        if (node->kind != NODE_TEXT || node->hidden || node->broken) {
            problems_error(c->problems, node->at, "a key must be plain text");
            return false;
        }
        level->key = node;
        return weigh(c, level->node, node, mark);
    }
    node_append(level->node, (struct entry){.key = level->key, .value = node});
    level->key = NULL;
    return weigh(c, level->node, node, mark);
}

static bool remember(struct composer *c, const yaml_char_t *name,
                     struct node *node, yaml_mark_t mark)
{
    if (!name)
        return true;
    if (c->anchor_count == ANCHORS_MAX)
        return give_up(c, mark, "the file has more than 256 anchors");
    c->anchors[c->anchor_count++] =
        (struct anchor){memory_text((const char *)name), node};
    return true;
}

static bool is_open(const struct composer *c, const struct node *node)
{
    int i;

    for (i = 0; i < c->depth; i++)
        if (c->levels[i].node == node)
            return true;
    return false;
}

static bool take_alias(struct composer *c, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    int i = c->anchor_count;

    while (--i >= 0)
        if (strcmp(c->anchors[i].name, name) == 0)
            break;
    if (i < 0)
        return give_up(c, event->start_mark,
                       "the alias has no anchor (&name) before it");
    if (is_open(c, c->anchors[i].node))
        return give_up(c, event->start_mark, "the alias contains itself");
    return place_node(c, c->anchors[i].node, event->start_mark);
}

/* What a tag says; our own are looked up at once. */
static void take_tag(struct composer *c, struct node *node, const char *tag)
{
    struct error err = {""};

    if (!tag)
        return;
    node->plain = strncmp(tag, TAG_PREFIX, strlen(TAG_PREFIX)) == 0 &&
                  strcmp(tag, TAG_PREFIX "str") != 0;
    if (node->plain || strcmp(tag, TAG_PREFIX "str") == 0 ||
        strcmp(tag, "!") == 0)
        return;
    if (!c->tags)
        (void)error_set(&err, "tags have no meaning in this file");
    else if (c->tags->read(c->tags->arg, node, tag, &err))
        return;
    node->broken = true;
    if (*err.text)
        problems_error(c->problems, node->at, "%s", err.text);
}

static bool take_scalar(struct composer *c, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    struct node *node;

    if (len > SCALAR_MAX)
        return give_up(c, event->start_mark, "a value is longer than 64 KiB");
    if (!text_is_utf8(value, len))
        return give_up(c, event->start_mark,
                       "a value holds a NUL or no valid character");
    node = node_new(c, NODE_TEXT, event->start_mark);
    node->text = memory_copy(value, len);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    take_tag(c, node, (const char *)event->data.scalar.tag);
    return remember(c, event->data.scalar.anchor, node, event->start_mark) &&
           place_node(c, node, event->start_mark);
}

static bool take_start(struct composer *c, const yaml_event_t *event,
                       enum node_kind kind)
{
    const yaml_char_t *anchor = kind == NODE_MAP
                                    ? event->data.mapping_start.anchor
                                    : event->data.sequence_start.anchor;
    const yaml_char_t *tag = kind == NODE_MAP ? event->data.mapping_start.tag
                                              : event->data.sequence_start.tag;
    struct node *node;

    if (c->depth == DEPTH_MAX)
        return give_up(c, event->start_mark, "nested deeper than 32 levels");
    if (tag && strncmp((const char *)tag, TAG_PREFIX, strlen(TAG_PREFIX)) != 0)
        return give_up(c, event->start_mark, "a tag must stand before text");
    node = node_new(c, kind, event->start_mark);
    c->levels[c->depth++] = (struct level){.node = node};
    return remember(c, anchor, node, event->start_mark);
}

/* Entries of one map in the order they are to be compared. */
struct sorted {
    const struct entry *entry;
    size_t number;
};

static int by_key(const void *left, const void *right)
{
    const struct sorted *a = left, *b = right;
    int order = strcmp(a->entry->key->text, b->entry->key->text);

    if (order)
        return order;
    return a->number < b->number ? -1 : 1;
}

/* Sorted by key, an entry that equals the one before it is a duplicate, or was
 * merged and gives way. Marks what is to go by value NULL. */
static void judge_entries(struct composer *c, struct node *map)
{
    struct sorted *sorted = memory_zero(map->count, sizeof *sorted);
    size_t i, first = 0;

    for (i = 0; i < map->count; i++)
        sorted[i] = (struct sorted){&map->entries[i], i};
    qsort(sorted, map->count, sizeof *sorted, by_key);
    for (i = 1; i < map->count; i++) {
        const struct node *key = sorted[i].entry->key;
        const struct node *other = sorted[first].entry->key;

        if (strcmp(key->text, other->text) != 0) {
            first = i;
            continue;
        }
        map->entries[sorted[i].number].value = NULL;
        if (!sorted[i].entry->merged)
            problems_error(c->problems, key->at,
                           "duplicate key '%.*s'; it stands in line %d already",
                           node_key_shown(key->text), key->text,
                           other->at.line);
    }
    free(sorted);
}

static void sweep_entries(struct node *map)
{
    size_t i, kept = 0;

    for (i = 0; i < map->count; i++)
        if (map->entries[i].value)
            map->entries[kept++] = map->entries[i];
    map->count = kept;
}

/* Append the entries of one merged map. */
static bool merge_map(struct composer *c, struct node *map,
                      const struct node *from, yaml_mark_t mark)
{
    size_t i;

    if (from->kind != NODE_MAP)
        return give_up(c, mark, "<< must name a map, or a list of maps");
    for (i = 0; i < from->count; i++) {
        struct entry entry = from->entries[i];

        entry.merged = true;
        node_append(map, entry);
        if (!weigh(c, map, entry.value, mark))
            return false;
    }
    return true;
}

static bool merge_value(struct composer *c, struct node *map,
                        const struct node *value, yaml_mark_t mark)
{
    size_t i;

    if (value->kind != NODE_LIST)
        return merge_map(c, map, value, mark);
    for (i = 0; i < value->count; i++)
        if (!merge_map(c, map, value->entries[i].value, mark))
            return false;
    return true;
}

/* Replace `<<: *base` by what base holds and map does not. */
static bool merge(struct composer *c, struct node *map, yaml_mark_t mark)
{
    size_t own = map->count;
    size_t i;

    for (i = 0; i < own; i++) {
        struct entry entry = map->entries[i];

        if (!entry.key->plain || strcmp(entry.key->text, "<<") != 0)
            continue;
        map->entries[i].value = NULL;
        if (!merge_value(c, map, entry.value, mark))
            return false;
    }
    sweep_entries(map);
    return true;
}

static bool take_end(struct composer *c, const yaml_event_t *event)
{
    struct node *node = c->levels[c->depth - 1].node;

    if (node->kind == NODE_MAP) {
        if (!merge(c, node, event->start_mark))
            return false;
        judge_entries(c, node);
        sweep_entries(node);
    }
    c->depth--;
    return place_node(c, node, event->start_mark);
}

static bool take(struct composer *c, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT: return take_scalar(c, event);
    case YAML_ALIAS_EVENT: return take_alias(c, event);
    case YAML_MAPPING_START_EVENT: return take_start(c, event, NODE_MAP);
    case YAML_SEQUENCE_START_EVENT: return take_start(c, event, NODE_LIST);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT: return take_end(c, event);
    case YAML_STREAM_END_EVENT: c->done = true; return true;
    case YAML_DOCUMENT_START_EVENT:
        if (c->documents++ == 0)
            return true;
        return give_up(c, event->start_mark,
                       "a second document begins; a file holds one");
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT: break;
    }
    return true;
}

static void wipe_event(yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT && event->data.scalar.value)
        explicit_bzero(event->data.scalar.value, event->data.scalar.length);
    yaml_event_delete(event);
}

/* The parser's own buffers hold the text, with the secrets in it. */
static void wipe_parser(yaml_parser_t *parser)
{
    explicit_bzero(parser->raw_buffer.start,
                   (size_t)(parser->raw_buffer.end - parser->raw_buffer.start));
    explicit_bzero(parser->buffer.start,
                   (size_t)(parser->buffer.end - parser->buffer.start));
    yaml_parser_delete(parser);
}

static bool run(struct composer *c, yaml_parser_t *parser, const char *bytes,
                size_t len)
{
    struct place at = {c->file, 1, 1};
    struct error err;
    yaml_event_t event;
    bool ok = true;

    while (ok && !c->done) {
        if (!yaml_parser_parse(parser, &event)) {
            syntax_explain(parser, bytes, len, &at.line, &at.column, &err);
            problems_error(c->problems, at, "%s", err.text);
            return false;
        }
        ok = take(c, &event);
        wipe_event(&event);
    }
    return ok;
}

static bool compose(struct composer *c, const char *bytes, size_t len)
{
    yaml_parser_t parser;
    bool ok;

    if (!yaml_parser_initialize(&parser)) {
        fputs("printer2mqtt: out of memory\n", stderr);
        abort();
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
    ok = run(c, &parser, bytes, len);
    wipe_parser(&parser);
    while (c->anchor_count > 0)
        free(c->anchors[--c->anchor_count].name);
    return ok;
}

bool document_read(struct document *document, struct file *file,
                   const char *bytes, size_t len, const struct tag_reader *tags,
                   struct problems *problems)
{
    struct composer *c = memory_zero(1, sizeof *c);
    struct place at = {file, 1, 1};
    struct error err;
    bool ok;

    c->document = document;
    c->file = file;
    c->tags = tags;
    c->problems = problems;
    *document = (struct document){0};
    if (len >= 3 && memcmp(bytes, BYTE_ORDER_MARK, 3) == 0) {
        bytes += 3; /* libyaml would count it as indentation */
        len -= 3;
    }
    ok = syntax_check_bytes(bytes, len, &at.line, &at.column, &err);
    if (!ok)
        problems_error(problems, at, "%s", err.text);
    else
        ok = compose(c, bytes, len);
    if (!ok)
        document_release(document);
    free(c);
    return ok;
}
