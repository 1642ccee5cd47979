/* Paths on a printer ("/usb/SUB/BOX~1.GCO"): which may go into a request, and
 * how. Nobody outside of the drivers includes it. */
#ifndef BRIDGE_DRIVERS_PATH_H
#define BRIDGE_DRIVERS_PATH_H

#include "bridge/drivers/driver.h"

/* A request target as it grows. text holds REQUEST_TARGET_MAX + 1 bytes. */
struct target {
    char *text;
    size_t len; /* what it would be, also past the limit */
};

void target_put(struct target *target, const char *bytes, size_t len);
/* Everything but unreserved bytes and '/' is encoded: Buddy takes '+' for a
 * space also in paths. Doubled slashes become one, the last one goes. */
void target_put_path(struct target *target, const char *path);

/* One part of a path: its slashes are encoded, too. */
void target_put_part(struct target *target, const char *part);

/* Does this printer take a target so long? */
bool target_fits(const struct target *target, const struct driver *driver,
                 const struct device *device, struct error *err);

enum path_kind {
    PATH_FILE, /* in a storage */
    PATH_ANY,  /* a storage itself, too */
};

/* No control characters, valid UTF-8, no part that is "." or ".."; a name alone
 * may be asked, too. False: err says what is wrong and what to do. */
bool path_check_text(const char *path, struct error *err);
/* The same, and it begins with one slash and something behind it. */
bool path_check_form(const char *path, struct error *err);
/* Its form, and that it lies on a storage the printer told of. False: err says
 * what is wrong and what to do. */
bool path_check(const char *path, enum path_kind kind,
                const struct device *device, struct error *err);

/* Can row's printers make a file or folder called that: its lengths and its
 * characters. The firmware would cut or refuse it, some of them only at the
 * end of the body. */
bool path_check_new(const struct driver_upload *row, const char *path,
                    struct error *err);

/* cameras.c: put a camera of this device, by its name or id; a new one. */
bool camera_put(struct target *target, const char *camera,
                const struct device *device, struct error *err);
bool camera_put_new(struct target *target, const char *camera,
                    struct error *err);
/* The body of a step. */
bool camera_body(const char *pattern, const struct order_arguments *arguments,
                 const struct device *device, struct request *request,
                 struct error *err);

#endif
