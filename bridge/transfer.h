/* The file that is on its way to a printer, as its transfer/ fields say it: the
 * bridge counts its own uploads itself; of others the printer tells, but for
 * their rate. Pure. */
#ifndef BRIDGE_TRANSFER_H
#define BRIDGE_TRANSFER_H

#include "mapping/telemetry.h"

#include <stdbool.h>
#include <stdint.h>

/* An upload of the bridge. */
struct transfer {
    char path[512]; /* on the printer: "/usb/parts/box.gcode" */
    int64_t size, sent;
    bool to_print;
};

/* How fast bytes go over; all-zero = nothing known. */
struct transfer_pace {
    int64_t bytes; /* when it was last looked at ... */
    int64_t ms;    /* ... then; 0 = never */
    double rate;   /* B/s, smoothed; 0 = not known yet */
};

/* bytes have gone over by now. Fewer than before: another transfer. */
void transfer_pace(struct transfer_pace *pace, int64_t bytes, int64_t now_ms);

/* Lay transfer over what the printer says of it; NULL: there is none any more,
 * as far as is known. */
void transfer_fields(const struct transfer *transfer,
                     const struct transfer_pace *pace, struct telemetry *t);
/* transfer/rate, and where the printer does not tell transfer/time_remaining,
 * from what it does tell. Clears both when there is no transfer. */
void transfer_derive(struct transfer_pace *pace, struct telemetry *t,
                     int64_t now_ms);

#endif
