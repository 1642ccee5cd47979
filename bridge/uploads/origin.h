/* Which addresses files may be fetched from. Pure. */
#ifndef BRIDGE_UPLOADS_ORIGIN_H
#define BRIDGE_UPLOADS_ORIGIN_H

#include "bridge/request.h"
#include "mapping/error.h"

#include <stdbool.h>

/* An address taken apart for the HTTP edge. */
struct origin_target {
    char server[300];                    /* "https://slicer.lan:8443" */
    char target[REQUEST_TARGET_MAX + 1]; /* "/files/box.gcode?v=2" */
    char name[256]; /* last part of the path, decoded; "" = none */
};

/* Does url lie below one of origins (NULL-ended; NULL = none)? Scheme, host and
 * port must be equal and the path below, part by part; no user, no fragment, no
 * part that could lead out ("..", encoded or not). False: err says which rule
 * it breaks, without a password that may be in it. */
bool origin_allows(char *const *origins, const char *url,
                   struct origin_target *out, struct error *err);

#endif
