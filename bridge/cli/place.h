/* Paths on a printer as people write them. Pure. */
#ifndef BRIDGE_CLI_PLACE_H
#define BRIDGE_CLI_PLACE_H

#include "mapping/error.h"
#include "mapping/telemetry.h"

#include <stdbool.h>
#include <stddef.h>

/* "/usb/box.gcode" stays; "box.gcode" lies on the first storage that is there
 * and can be written; NULL is that storage itself. False: it is empty (so is a
 * variable of a script that is not set) or does not fit, or there is no such
 * storage. */
bool place_complete(const char *path, const struct telemetry *t,
                    const struct instances *storages, char *out, size_t size,
                    struct error *err);
/* The last part of a path: "box.gcode"; "" behind a final slash. */
const char *place_name(const char *path);
/* folder + "/" + name; false if it does not fit. */
bool place_join(const char *folder, const char *name, char *out, size_t size);

#endif
