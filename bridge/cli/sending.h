/* One file from here to a printer: bridge/upload.h on the desk's loop. */
#ifndef BRIDGE_CLI_SENDING_H
#define BRIDGE_CLI_SENDING_H

#include "bridge/cli/client.h"
#include "bridge/upload.h"

struct sending {
    const char *file; /* here */
    const char *path; /* there: "/usb/parts/box.gcode" */
    bool print, overwrite;
    bool live; /* draw a bar on stderr */

    /* What came of it. */
    struct upload_result result;
    int64_t size;
    int64_t took_ms;
};

/* Blocks until it ended; signals must be caught (desk_catch_signals), they
 * cancel it. False: err says why; result tells what is on the printer then. */
bool sending_run(struct sending *sending, struct client *client,
                 struct error *err);

#endif
