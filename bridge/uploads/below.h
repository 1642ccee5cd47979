/* Files below a folder that an owner opened to orders: neither "..", nor a
 * link, nor a device leads out of it. Blocks: for worker threads. */
#ifndef BRIDGE_UPLOADS_BELOW_H
#define BRIDGE_UPLOADS_BELOW_H

#include "bridge/http.h"
#include "mapping/error.h"

/* Open a regular file for reading; path is relative to folder and may begin
 * with it. Returns a descriptor and fills stamp; -1 with a sentence in err.
 * The kernel keeps watch (openat2, Linux 5.6); where it cannot, all is refused.
 */
int below_open(const char *folder, const char *path, struct http_stamp *stamp,
               struct error *err);

#endif
