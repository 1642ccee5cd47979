/* What only PrusaLink on a Raspberry Pi has beside the print: cameras, and
 * updates of itself. Its cameras are an object with a list in it (the
 * specification says a bare list; 0.8.1), and `registered` is what the
 * specification calls `linked`. */
#include "bridge/drivers/path.h"
#include "bridge/drivers/prusalink.h"
#include "bridge/drivers/reading.h"
#include "mapping/memory.h"

#define CAMERAS_MAX 16 /* entries of the list that are looked at */

bool prusalink_is_no_buddy(const struct device *device)
{
    return device->variant != PRUSALINK_BUDDY;
}

static const struct driver_field camera_item[] = {
    {"config.name", FIELD_CAMERA_NAME},
    {"config.resolution", FIELD_CAMERA_RESOLUTION},
    {"connected", FIELD_CAMERA_CONNECTED},
    {"registered", FIELD_CAMERA_REGISTERED},
    {"linked", FIELD_CAMERA_REGISTERED},
    {NULL},
};

/* A camera's name is learned once and for all; its id is the API's. */
static int learn_camera(struct device *device, const char *id,
                        const bool used[INSTANCES_CAMERA])
{
    int at, occurrence = 0;

    do
        at = instances_learn(&device->cameras, id, occurrence++);
    while (at >= 0 && used[at]);
    if (at < 0)
        return -1;
    if (!device->camera_ids)
        device->camera_ids =
            memory_zero(INSTANCES_CAMERA, sizeof *device->camera_ids);
    memory_keep(&device->camera_ids[at], id);
    return at;
}

void prusalink_read_cameras(const struct json *root, struct reading *reading)
{
    const struct json *item = json_first(json_path(root, "camera_list"));
    bool used[INSTANCES_CAMERA] = {false}, connected;
    int i;

    reading->device->first_camera = -1;
    reading->device->connected_cameras = 0;
    for (i = 0; item && i < CAMERAS_MAX; i++, item = json_next(item)) {
        const char *id = json_text(json_path(item, "camera_id"));
        int at;

        if (!id || !*id || strlen(id) > CAMERA_ID_MAX ||
            !path_check_text(id, NULL))
            continue;
        at = learn_camera(reading->device, id, used);
        if (at < 0)
            continue;
        used[at] = true;
        reading_rows(reading, camera_item, item, at);
        if (!json_truth(json_path(item, "connected"), &connected) || !connected)
            continue;
        if (reading->device->connected_cameras++ == 0)
            reading->device->first_camera = at;
    }
}

const struct driver_field prusalink_camera_fields[] = {
    {"", FIELD_CAMERA_NAME},
    {"", FIELD_CAMERA_RESOLUTION},
    {"", FIELD_CAMERA_CONNECTED},
    {"", FIELD_CAMERA_REGISTERED},
    {NULL},
};

/* 204: this is the newest. */
void prusalink_read_update(const struct json *root, struct reading *reading)
{
    if (root || reading->status == 204)
        reading_set(reading, SLOT_SERVER_UPDATE,
                    value_truth(json_text(json_path(root, "new_version"))));
    if (reading->status == 204 && telemetry_known(reading->t, SLOT_INFO_SERVER))
        reading_text(reading, SLOT_SERVER_VERSION,
                     telemetry_text(reading->t, SLOT_INFO_SERVER));
}

const struct driver_field prusalink_update_fields[] = {
    {"", FIELD_SERVER_UPDATE},
    {"new_version", FIELD_SERVER_VERSION},
    {NULL},
};

/* What was found to be newer is installed now. */
void prusalink_note_server(struct reading *reading)
{
    const struct telemetry *t = reading->t;
    const char *newest = telemetry_text(t, SLOT_SERVER_VERSION);

    if (*newest && strcmp(newest, telemetry_text(t, SLOT_INFO_SERVER)) == 0)
        reading_set(reading, SLOT_SERVER_UPDATE, value_truth(false));
}
