/* A file on its way to a printer, and who waits to hear of it. What of it must
 * survive a restart is a small JSON text (spool.h keeps it). Pure. */
#ifndef BRIDGE_UPLOADS_DELIVERY_H
#define BRIDGE_UPLOADS_DELIVERY_H

#include "bridge/http.h"
#include "bridge/order.h"
#include "config/config.h"
#include "mapping/error.h"

#include <stdbool.h>
#include <stdint.h>

#define DELIVERY_FROM_MAX 2048 /* bytes of a path or an address */

enum delivery_source {
    DELIVERY_DIRECTORY, /* from: a path below uploads.directory */
    DELIVERY_URL,       /* from: an address below one of the origins */
    DELIVERY_PAYLOAD,   /* it came as a message */
    DELIVERY_WATCHED,   /* from: a name in the watched folder */
    DELIVERY_SOURCES
};

struct delivery {
    uint64_t id; /* grows; also over restarts */
    char printer[PRINTER_ID_MAX + 1];
    enum delivery_source source;
    char *from; /* NULL = nothing */
    char to[512];
    bool print;
    bool overwrite;
    bool spooled; /* all of it lies in the spool */
    /* Its body may have reached the printer: before it is sent again, and
     * before it is printed, must be looked what is there. */
    bool started;
    int64_t started_at;      /* wall seconds; 0 = not started */
    struct http_stamp stamp; /* of what was accepted; size -1 = not known */
    struct order *order;     /* owned; NULL = nobody waits for an answer */
};

/* Last part of a path or address; borrowed. */
const char *delivery_name(const struct delivery *delivery);
/* Accepts NULL. */
void delivery_free(struct delivery *delivery);

/* What must survive; caller frees. */
char *delivery_text(const struct delivery *delivery);
/* NULL and a sentence in err for anything but what delivery_text() wrote. */
struct delivery *delivery_read(const char *text, size_t len, struct error *err);

#endif
