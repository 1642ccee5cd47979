/* Where the picture and the file of a job are. Buddy names one for every file,
 * be there a preview in it or not (404 then); the Pi tells null for none, also
 * in the first moment of a print. */
#include "bridge/drivers/path.h"
#include "bridge/drivers/prusalink.h"
#include "bridge/drivers/reading.h"
#include "mapping/memory.h"

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
    char target[REQUEST_TARGET_MAX + 1];
    bool told = put_reference(json_text(json_path(root, "file.refs.thumbnail")),
                              device, target) ||
                put_reference(json_text(json_path(root, "file.refs.icon")),
                              device, target);

    memory_keep(&device->picture, told ? target : NULL);
}

/* A Pi tells what is in the file with the job. */
void prusalink_read_download(const struct json *root, struct reading *reading)
{
    struct device *device = reading->device;
    char target[REQUEST_TARGET_MAX + 1];
    const char *path = json_text(json_path(root, "file.refs.download"));

    bool told = device->variant == PRUSALINK_BUDDY &&
                put_reference(path, device, target);

    memory_keep(&device->download, told ? target : NULL);
}
