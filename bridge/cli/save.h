/* A file that comes piece by piece: it has its name only when it is whole. */
#ifndef BRIDGE_CLI_SAVE_H
#define BRIDGE_CLI_SAVE_H

#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>

#define SAVE_PATH_MAX 4096

struct save {
    const char *name; /* as it was given */
    bool overwrite;
    bool begun;                    /* part is ours */
    int fd;                        /* -1 = closed */
    int error;                     /* errno of writing, 0 = none */
    char path[SAVE_PATH_MAX];      /* without links */
    char part[SAVE_PATH_MAX + 32]; /* beside it */
};

/* Begin; name is borrowed, a link is followed. False: it exists and overwrite
 * is not said, is no regular file, or cannot be written. */
bool save_open(struct save *save, const char *name, bool overwrite,
               struct error *err);
/* False: it cannot be stored; save_keep() says why. */
bool save_write(struct save *save, const void *bytes, size_t len);
/* It is whole. False: it could not be stored, or is there by now. */
bool save_keep(struct save *save, struct error *err);
/* Nothing is left that was not kept. Accepts {.fd = -1}. */
void save_close(struct save *save);

#endif
