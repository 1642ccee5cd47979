/* Cameras of a printer as requests name them. */
#include "bridge/drivers/path.h"

int driver_camera_find(const struct device *device, const char *camera)
{
    int i;

    if (!*camera)
        return device->cameras.count ? device->first_camera : -1;
    for (i = 0; i < device->cameras.count; i++) {
        const char *id = device_camera_id(device, i);

        if (id && (strcmp(id, camera) == 0 ||
                   strcmp(device->cameras.name[i], camera) == 0))
            return i;
    }
    return -1;
}

/* The id of a camera for the API; NULL and a sentence if it has none. */
static const char *id_of(const struct device *device, const char *camera,
                         struct error *err)
{
    const char *id =
        device_camera_id(device, driver_camera_find(device, camera));

    if (id)
        return id;
    if (*camera)
        (void)error_set(
            err, "the printer has no camera %.64s; order camera_list", camera);
    else
        (void)error_set(err, "the printer has no camera that is connected");
    return NULL;
}

bool camera_put(struct target *target, const char *camera,
                const struct device *device, struct error *err)
{
    const char *id = id_of(device, camera, err);

    if (id)
        target_put_part(target, id);
    return id != NULL;
}

bool camera_put_new(struct target *target, const char *camera,
                    struct error *err)
{
    if (!*camera || strlen(camera) > CAMERA_ID_MAX)
        return error_set(err, "name the camera by its id of at most %d bytes",
                         CAMERA_ID_MAX);
    if (!path_check_text(camera, err))
        return false;
    target_put_part(target, camera);
    return true;
}

bool driver_camera_target(const char *pattern, int camera,
                          const struct device *device, struct request *request)
{
    struct target target = {.text = request->target};
    const char *open = strstr(pattern, "{camera}");
    const char *id = device_camera_id(device, camera);

    if (!open || !id)
        return false;
    target_put(&target, pattern, (size_t)(open - pattern));
    target_put_part(&target, id);
    target_put(&target, open + strlen("{camera}"),
               strlen(open + strlen("{camera}")));
    return target.len <= REQUEST_TARGET_MAX;
}

/* A body as it grows. */
static bool add(struct request *request, const char *bytes, size_t len,
                struct error *err)
{
    if (len > REQUEST_BODY_MAX - request->body_len)
        return error_set(err, "the order is over %d bytes", REQUEST_BODY_MAX);
    memcpy(request->body + request->body_len, bytes, len);
    request->body_len += len;
    return true;
}

/* "front,top" as a list of ids. They hold no control characters. */
static bool add_list(struct request *request, const char *names,
                     const struct device *device, struct error *err)
{
    const char *comma = "[";

    while (*names) {
        size_t len = strcspn(names, ",");
        char name[CAMERA_ID_MAX + 1], text[CAMERA_ID_MAX + 4];
        const char *id;

        (void)snprintf(name, sizeof name, "%.*s", (int)len, names);
        id = id_of(device, *name ? name : " ", err);
        if (!id || strpbrk(id, "\"\\"))
            return id ? error_set(err, "the id of %s cannot be sent", name)
                      : false;
        (void)snprintf(text, sizeof text, "%s\"%s\"", comma, id);
        if (!add(request, text, strlen(text), err))
            return false;
        comma = ",";
        names += len + (names[len] == ',');
    }
    if (*comma == '[')
        return error_set(err, "say the cameras in their new order: "
                              "{\"cameras\": [\"front\", \"top\"]}");
    return add(request, "]", 1, err);
}

static bool add_json(struct request *request, const char *json,
                     struct error *err)
{
    if (!*json)
        return error_set(err, "say the settings: {\"camera\": \"front\", "
                              "\"config\": {\"name\": \"Front\"}}");
    return add(request, json, strlen(json), err);
}

bool camera_body(const char *pattern, const struct order_arguments *arguments,
                 const struct device *device, struct request *request,
                 struct error *err)
{
    static const char json[] = "{json}", cameras[] = "{cameras}";
    const char *at = strstr(pattern, json);

    request->content_type = "application/json";
    if (strcmp(pattern, cameras) == 0)
        return add_list(request, arguments->path, device, err);
    if (!at)
        return add(request, pattern, strlen(pattern), err);
    return add(request, pattern, (size_t)(at - pattern), err) &&
           add_json(request, arguments->json, err) &&
           add(request, at + strlen(json), strlen(at + strlen(json)), err);
}
