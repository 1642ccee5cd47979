/* Whole files, read with a limit and wiped after use. */
#ifndef CONFIG_DISK_H
#define CONFIG_DISK_H

#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* Read a file of at most max bytes; NUL-terminated behind len. Anything but a
 * regular file is refused unless special is set (a pipe given as -c). NULL: err
 * says why, without the path. Free with disk_free(). */
char *disk_read(const char *path, size_t max, bool special, size_t *len,
                struct stat *st, struct error *err);
/* Accepts NULL. */
void disk_free(char *bytes, size_t len);

/* path as seen from the folder of the file at base; caller frees. */
char *disk_beside(const char *base, const char *path);

#endif
