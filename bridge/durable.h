#ifndef BRIDGE_DURABLE_H
#define BRIDGE_DURABLE_H

/* Files that outlive a power cut. */

#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Replace the file as a whole: whoever looks sees the old bytes or the new
 * ones. True: they are on the disk, and so is their name. Written beside it as
 * "<path>.new", with mode 0600. Blocks: not for the loop while it polls. */
bool durable_write(const char *path, const char *bytes, size_t len,
                   struct error *err);

#endif
