/* The configuration file and all it includes, joined into one tree. */
#ifndef CONFIG_SOURCES_H
#define CONFIG_SOURCES_H

#include "config/node.h"

struct sources;

/* Read path and what it includes; what cannot be read is a problem. Free with
 * sources_free(), but problems first: they name its files. */
struct sources *sources_read(const char *path, struct problems *problems);
/* Accepts NULL. */
void sources_free(struct sources *sources);
/* Could some file not be read or parsed? */
bool sources_incomplete(const struct sources *sources);

/* All files as one map. A section that stands in several files is joined key
 * by key; a key that is set twice is a problem. `printers` is not joined but
 * stands there once for each file: see printers.c. Owned by sources. */
const struct node *sources_join(struct sources *sources);

#endif
