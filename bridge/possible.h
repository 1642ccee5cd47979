/* The fields that printers of one driver can have: what their answers tell and
 * what the bridge fills itself. */
#ifndef BRIDGE_POSSIBLE_H
#define BRIDGE_POSSIBLE_H

#include "bridge/drivers/driver.h"

struct possible {
    const struct driver *driver;
    struct possible *next; /* of another driver */
    int count;
    unsigned char field[FIELD_COUNT]; /* enum field, in its order */
    short slot[FIELD_COUNT];          /* of each; -1 = it has a scope */
};

/* Found by a walk through the driver's tables when first asked for, and kept:
 * thousands of printers share it. Only for the loop's thread. */
const struct possible *possible_fields(const struct driver *driver);

#endif
