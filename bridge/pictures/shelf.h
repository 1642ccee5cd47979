/* A folder of pictures. Everything here blocks: it belongs in a worker, and
 * touches nothing but its arguments. */
#ifndef BRIDGE_PICTURES_SHELF_H
#define BRIDGE_PICTURES_SHELF_H

#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Can a file of ours be called so? */
bool shelf_is_name(const char *name);
/* Make the folder, remove what was half written, tell what is there. */
bool shelf_open(const char *directory,
                void (*each)(void *arg, const char *name, size_t size),
                void *arg, struct error *err);
/* Whole or not at all, also when the power is cut. */
bool shelf_write(const char *directory, const char *name, const char *bytes,
                 size_t len, struct error *err);
/* NULL if it is not there or no picture at all (too long, no regular file);
 * caller frees. */
char *shelf_read(const char *directory, const char *name, size_t *len,
                 struct error *err);
bool shelf_rename(const char *directory, const char *from, const char *to,
                  struct error *err);
void shelf_remove(const char *directory, const char *name);

#endif
