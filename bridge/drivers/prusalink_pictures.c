/* Where the picture of a job is. Buddy names one for every file, be there a
 * preview in it or not (404 then); the Pi tells null for none, also in the
 * first moment of a print. */
#include "bridge/drivers/path.h"
#include "bridge/drivers/prusalink.h"
#include "bridge/drivers/reading.h"

/* Both tell the path raw: with spaces on the Pi, never percent-encoded. An
 * address with a host is not taken: pictures come from the printer alone. */
static bool put_reference(const char *path, const struct device *device,
                          char *out)
{
    struct target target = {.text = out};

    if (!path || path[0] != '/' || path[1] == '/' ||
        !path_check_text(path, NULL))
        return false;
    target_put_path(&target, path);
    return target_fits(&target, &prusalink_driver, device, NULL);
}

void prusalink_read_picture(const struct json *root, struct reading *reading)
{
    struct device *device = reading->device;

    if (!put_reference(json_text(json_path(root, "file.refs.thumbnail")),
                       device, device->picture) &&
        !put_reference(json_text(json_path(root, "file.refs.icon")), device,
                       device->picture))
        device->picture[0] = '\0';
}
