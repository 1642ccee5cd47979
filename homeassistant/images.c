#include "homeassistant/images.h"

#include "mapping/buffer.h"

#include <ctype.h>

/* Home Assistant passes the content type on unchecked, and browsers look for
 * themselves: what is usual is good enough. */
static const struct image_row {
    const char *key;
    const char *tail;
    const char *name;
    const char *icon;
    bool enabled;
    enum entity_needs needs;
} rows[] = {
    {"job/thumbnail", "job_thumbnail", "Job picture", NULL, true,
     NEEDS_PRINTER},
    {"last_job/thumbnail", "last_job_thumbnail", "Last job picture",
     "mdi:image-check-outline", false, NEEDS_BRIDGE},
};

/* One that is not there is unavailable: an empty one would be shown as an
 * error. */
static void fill_image(const struct place *place, const char *key,
                       const char *content_type, enum entity_needs needs,
                       cJSON *component)
{
    const char *topics[4] = {place->bridge_state};
    char topic[TOPIC_MAX + 1], has[TOPIC_MAX + 1], tail[FIELD_KEY_MAX + 8];
    int count = 1;

    (void)snprintf(tail, sizeof tail, "has/%s", key);
    if (!routes_topic(place->printer->routes, key, topic, sizeof topic) ||
        !routes_topic(place->printer->routes, tail, has, sizeof has))
        return;
    cJSON_AddStringToObject(component, "image_topic", topic);
    cJSON_AddStringToObject(component, "content_type", content_type);
    if (needs == NEEDS_PRINTER)
        topics[count++] = place->availability;
    topics[count] = has;
    component_availability(component, topics);
}

static void add_job_image(const struct place *place, const struct owner *owner,
                          const struct image_row *row)
{
    const struct look_row *look = look_row(LOOK_PICTURE);

    fill_image(place, row->key, "image/png", row->needs,
               component_add(owner, &(struct face){
                                        .tail = row->tail,
                                        .look = look,
                                        .name = row->name,
                                        .icon = row->icon,
                                        .precision = look->precision,
                                        .enabled = row->enabled,
                                    }));
}

/* "front" reads "Front snapshot". */
static void add_snapshot(const struct place *place, const struct owner *owner,
                         const char *camera)
{
    const struct look_row *look = look_row(LOOK_SNAPSHOT);
    struct buffer name = {0}, key = {0}, tail = {0};

    (void)buffer_format(&name, "%c%s snapshot",
                        toupper((unsigned char)camera[0]), camera + 1);
    (void)buffer_format(&key, "camera/%s/snapshot", camera);
    (void)buffer_format(&tail, "camera_%s_snapshot", camera);
    fill_image(place, buffer_text(&key), "image/jpeg", NEEDS_PRINTER,
               component_add(owner, &(struct face){
                                        .tail = buffer_text(&tail),
                                        .look = look,
                                        .name = buffer_text(&name),
                                        .precision = look->precision,
                                    }));
    buffer_release(&name);
    buffer_release(&key);
    buffer_release(&tail);
}

void images_add(const struct place *place, const struct owner *owner)
{
    const struct roster *roster = place->printer->roster;
    size_t r;
    int i;

    for (r = 0; place->printer->pictures && r < sizeof rows / sizeof *rows; r++)
        add_job_image(place, owner, &rows[r]);
    for (i = 0; i < roster_count(roster, SCOPE_CAMERA); i++)
        if (slot_set_has(&place->printer->reported,
                         field_slot(FIELD_CAMERA_CONNECTED, i)))
            add_snapshot(place, owner, roster_name(roster, SCOPE_CAMERA, i));
}

/* An empty text is ignored, "None" is not. */
static const char known_version[] =
    "{{ value if value not in ['None', ''] else '' }}";

void update_add(const struct place *place, const struct owner *owner)
{
    const struct look_row *look = look_row(LOOK_UPDATE);
    const struct discovery_printer *printer = place->printer;
    char order[TOPIC_MAX + 1];
    struct route installed, newest;
    cJSON *component;

    if (!place_route(place, FIELD_INFO_SERVER, &installed) ||
        !place_route(place, FIELD_SERVER_VERSION, &newest))
        return;
    component = component_add(owner, &(struct face){
                                         .tail = "server_update",
                                         .look = look,
                                         .name = "PrusaLink",
                                         .precision = look->precision,
                                         .category = CATEGORY_DIAGNOSTIC,
                                     });
    cJSON_AddStringToObject(component, "title", "PrusaLink");
    cJSON_AddStringToObject(component, "state_topic", installed.topic);
    cJSON_AddStringToObject(component, "value_template", known_version);
    cJSON_AddStringToObject(component, "latest_version_topic", newest.topic);
    cJSON_AddStringToObject(component, "latest_version_template",
                            known_version);
    if (!printer->commands[COMMAND_SERVER_UPDATE] ||
        !routes_command(printer->routes, COMMAND_SERVER_UPDATE, order,
                        sizeof order))
        return;
    cJSON_AddStringToObject(component, "command_topic", order);
    cJSON_AddStringToObject(component, "payload_install", "PRESS");
}
