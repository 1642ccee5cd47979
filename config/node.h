/* The nodes of a YAML tree: text, list or map, and where they stand. */
#ifndef CONFIG_NODE_H
#define CONFIG_NODE_H

#include "config/problems.h"

#include <stdbool.h>
#include <stddef.h>

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAP };

struct node;

struct entry {
    struct node *key; /* NULL in a list */
    struct node *value;
    bool merged; /* came by <<; gives way to the map's own keys */
};

struct node {
    enum node_kind kind;
    struct place at;
    bool plain;            /* without quotes and tag: may mean "nothing" */
    bool hidden;           /* came by !secret and the like: never shown */
    bool broken;           /* complained about already: say no more */
    char *text;            /* NODE_TEXT; valid UTF-8 without NUL */
    struct entry *entries; /* NODE_LIST, NODE_MAP */
    size_t count, room;
    size_t weight;     /* nodes in it, aliases expanded */
    struct node *next; /* of all nodes of the document */
};

/* Add one to a list or map. */
void node_append(struct node *node, struct entry entry);

/* The value of key in a map, the entry itself; NULL if there is none or map is
 * NULL or no map. */
const struct node *node_get(const struct node *map, const char *key);
const struct entry *node_entry(const struct node *map, const char *key);
/* Does the node say nothing: `key:`, `key: ~` or `key: null`? */
bool node_is_nothing(const struct node *node);
/* "a map", "a list", "text" */
const char *node_kind_name(const struct node *node);

/* How much of a key may be shown: not what follows a colon, where a secret may
 * stand that lacks a blank ("{password:hunter2}" is one key for YAML). For
 * "%.*s". */
int node_key_shown(const char *key);

#endif
