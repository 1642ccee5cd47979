/* Cameras of a printer as requests name them. */
#include "bridge/drivers/path.h"

bool driver_camera_target(const char *pattern, int camera,
                          const struct device *device, struct request *request)
{
    struct target target = {.text = request->target};
    const char *open = strstr(pattern, "{camera}");

    if (!open || camera < 0 || camera >= device->cameras.count ||
        !device->camera_id[camera][0])
        return false;
    target_put(&target, pattern, (size_t)(open - pattern));
    target_put_part(&target, device->camera_id[camera]);
    target_put(&target, open + strlen("{camera}"),
               strlen(open + strlen("{camera}")));
    return target.len <= REQUEST_TARGET_MAX;
}
