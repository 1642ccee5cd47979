/* What a device owns: texts of the size they have, and nothing for what most
 * printers lack. */
#include "bridge/drivers/driver.h"
#include "mapping/memory.h"

static void release_ids(char **ids)
{
    int i;

    for (i = 0; ids && i < INSTANCES_CAMERA; i++)
        free(ids[i]);
    free(ids);
}

void device_release(struct device *device)
{
    instances_release(&device->storages);
    instances_release(&device->cameras);
    release_ids(device->camera_ids);
    free(device->unknown_word);
    free(device->picture);
    free(device->download);
    *device = (struct device){0};
}

static char **copy_ids(char *const *from)
{
    char **ids = memory_zero(INSTANCES_CAMERA, sizeof *ids);
    int i;

    for (i = 0; i < INSTANCES_CAMERA; i++)
        ids[i] = memory_text(from[i]);
    return ids;
}

void device_copy(struct device *to, const struct device *from)
{
    *to = *from;
    to->storages = to->cameras = (struct instances){.count = 0};
    instances_copy(&to->storages, &from->storages);
    instances_copy(&to->cameras, &from->cameras);
    to->camera_ids = from->camera_ids ? copy_ids(from->camera_ids) : NULL;
    to->unknown_word = memory_text(from->unknown_word);
    to->picture = memory_text(from->picture);
    to->download = memory_text(from->download);
}

const char *device_camera_id(const struct device *device, int camera)
{
    return device->camera_ids && camera >= 0 && camera < INSTANCES_CAMERA
               ? device->camera_ids[camera]
               : NULL;
}
