/* The bridge: all printers, the broker and Home Assistant on one loop. */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include "config/config.h"

enum bridge_end {
    BRIDGE_STOPPED, /* a signal */
    BRIDGE_RESTART, /* bridge/request/restart */
    BRIDGE_REFUSED, /* could not start; the reason was logged */
};

/* Run until a signal or a request ends it. Borrows config. */
enum bridge_end bridge_run(const struct config *config);

#endif
