/* What slicers write into a file's metadata, as converters for drivers' rows.
 * It was made for people and for one tool, and for several only later. */
#ifndef BRIDGE_DRIVERS_SLICER_H
#define BRIDGE_DRIVERS_SLICER_H

#include "bridge/drivers/driver.h"

/* Filament of all tools together: a number, "1.20, 3.40" or a list of either.
 * 0 is absent: slicers write 0.00 when they do not know. For job/filament_*. */
void slicer_used(const struct json *node, int slot, struct reading *reading);
/* ["PLA", "PLA", "PETG"] -> "PLA, PETG" */
void slicer_materials(const struct json *node, int slot,
                      struct reading *reading);
/* "1d 2h 3m 4s", "7h16m" -> seconds */
void slicer_duration(const struct json *node, int slot,
                     struct reading *reading);

#endif
