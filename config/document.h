/* YAML text as a tree of nodes that remember where they stand.
 *
 * Aliases and merge keys (<<) share nodes instead of copying them, so that a
 * small file cannot grow; what they would expand to is counted against
 * NODES_MAX all the same. */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include "config/node.h"
#include "config/problems.h"
#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>

#define FILE_MAX    ((size_t)1 << 20)  /* bytes of one file */
#define SCALAR_MAX  ((size_t)64 << 10) /* bytes of one value */
#define NODES_MAX   100000             /* of one file, aliases expanded */
#define DEPTH_MAX   32
#define ANCHORS_MAX 256

/* Who knows what the tags mean. Sets node's text; on false err says why, or is
 * left empty when the reason was reported elsewhere. */
struct tag_reader {
    bool (*read)(void *arg, struct node *node, const char *tag,
                 struct error *err);
    void *arg;
};

/* {0} is empty; root is NULL while nothing was read or nothing stands there. */
struct document {
    struct node *root;
    struct node *all;
};

/* Read one file's bytes. False when the text is no YAML or over a limit: one
 * problem says where, and the document is empty. Duplicate keys and bad tags
 * are problems too, but the rest can still be looked at. */
bool document_read(struct document *document, struct file *file,
                   const char *bytes, size_t len, const struct tag_reader *tags,
                   struct problems *problems);
/* A new node, freed with the document. */
struct node *document_node(struct document *document, enum node_kind kind,
                           struct place at);
/* Overwrites all texts before they are freed: any of them may be a secret. */
void document_release(struct document *document);

#endif
