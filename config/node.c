#include "config/node.h"

#include "mapping/memory.h"

void node_append(struct node *node, struct entry entry)
{
    if (node->count == node->room) {
        node->room = node->room ? node->room * 2 : 4;
        node->entries =
            memory_grow(node->entries, node->room, sizeof *node->entries);
    }
    node->entries[node->count++] = entry;
}

const struct entry *node_entry(const struct node *map, const char *key)
{
    size_t i;

    if (!map || map->kind != NODE_MAP)
        return NULL;
    for (i = 0; i < map->count; i++)
        if (strcmp(map->entries[i].key->text, key) == 0)
            return &map->entries[i];
    return NULL;
}

const struct node *node_get(const struct node *map, const char *key)
{
    const struct entry *entry = node_entry(map, key);

    return entry ? entry->value : NULL;
}

bool node_is_nothing(const struct node *node)
{
    return node->kind == NODE_TEXT && node->plain &&
           (!*node->text || strcmp(node->text, "~") == 0 ||
            strcmp(node->text, "null") == 0);
}

const char *node_kind_name(const struct node *node)
{
    switch (node->kind) {
    case NODE_TEXT: return "text";
    case NODE_LIST: return "a list";
    case NODE_MAP: return "a map";
    }
    return "";
}

int node_key_shown(const char *key)
{
    size_t len = strcspn(key, ":");

    return len > 64 ? 64 : (int)len;
}
