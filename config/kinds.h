/* How the text of one value is read, by kind. */
#ifndef CONFIG_KINDS_H
#define CONFIG_KINDS_H

#include "config/schema.h"

/* One value as it stands in a file. */
struct scalar {
    const char *text;
    const char *shown; /* 'text', or "the value" when it is secret */
    struct file *file; /* NULL for a default */
};

/* What belongs there: "a duration". */
const char *kind_expected(enum kind kind);
/* Read a value into the member at target, freeing what it held. On false it is
 * unchanged and err is a sentence about the value. */
bool kind_read(struct reader *r, const struct row *row,
               const struct scalar *scalar, void *target, struct error *err);
/* The same for a node; reports by itself. */
void kind_read_node(struct reader *r, const struct row *row,
                    const struct node *node, void *target);
/* The part of it for kinds of one text. */
void kind_read_scalar(struct reader *r, const struct row *row,
                      const struct node *node, void *target);
/* Warn, once per file, of a secret that others can read, and of a tag that is
 * one because it stands in quotes. */
void kind_warn_plain(struct reader *r, const struct node *node);
/* For members that own texts; nothing for all others. */
void kind_copy(enum kind kind, void *target);
void kind_release(enum kind kind, void *target);

#endif
