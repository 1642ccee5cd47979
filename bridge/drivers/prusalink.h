/* What the two halves of the PrusaLink driver share. */
#ifndef BRIDGE_DRIVERS_PRUSALINK_H
#define BRIDGE_DRIVERS_PRUSALINK_H

#include "bridge/drivers/driver.h"

enum prusalink_variant { PRUSALINK_UNKNOWN, PRUSALINK_BUDDY, PRUSALINK_PI };

extern const struct driver prusalink_driver;

/* What the job and the transfer endpoint own. */
extern const struct driver_field prusalink_job_fields[];
extern const struct driver_field prusalink_transfer_fields[];
extern const struct driver_files prusalink_files;

/* prusalink_upload.c */
extern const struct driver_upload prusalink_uploads[];

/* prusalink_cameras.c: what only a Pi has. */
extern const struct driver_field prusalink_camera_fields[];
extern const struct driver_field prusalink_update_fields[];
void prusalink_read_cameras(const struct json *root, struct reading *reading);
void prusalink_read_update(const struct json *root, struct reading *reading);
void prusalink_note_server(struct reading *reading);
bool prusalink_is_no_buddy(const struct device *device);

/* Of a job answer: fill device.picture and device.download. root may be NULL.
 */
void prusalink_read_picture(const struct json *root, struct reading *reading);
void prusalink_read_download(const struct json *root, struct reading *reading);

void prusalink_settle(const struct telemetry *prev, struct telemetry *next,
                      struct device *device);

#endif
