#include "homeassistant/component.h"

#include "mapping/buffer.h"

#include <ctype.h>

/* More than this many equal keys do not happen. */
#define EQUAL_KEYS_MAX 99

/* Only small letters, digits and _: any other text Home Assistant would change
 * silently into an id nobody can look up. */
static void add_slug(struct buffer *b, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        char slug = '_';

        if (c < 128 && isalnum(c))
            slug = (char)tolower(c);
        (void)buffer_add(b, &slug, 1);
    }
}

static void free_key(cJSON *components, const struct face *face,
                     struct buffer *key)
{
    const char *tail = face->tail;
    int n;

    (void)buffer_text_add(key, tail);
    if (face->unlike_others)
        return;
    for (n = 2; n <= EQUAL_KEYS_MAX; n++) {
        if (!cJSON_GetObjectItemCaseSensitive(components, buffer_text(key)))
            return;
        buffer_reset(key);
        (void)buffer_format(key, "%s_%d", tail, n);
    }
}

static void add_ids(cJSON *component, const struct owner *owner,
                    const struct face *face, const char *key)
{
    struct buffer text = {0};

    (void)buffer_format(&text, "%s_%s", owner->identity, key);
    cJSON_AddStringToObject(component, "unique_id", buffer_text(&text));
    buffer_reset(&text);
    /* Without it new ids carry the area's name, and before 2025.10 it does no
     * harm. Never without the domain: that gives "unnamed_device". */
    (void)buffer_format(&text, "%s.", face->look->platform);
    add_slug(&text, owner->object);
    (void)buffer_text_add(&text, "_");
    add_slug(&text, face->id ? face->id : key);
    cJSON_AddStringToObject(component, "default_entity_id", buffer_text(&text));
    buffer_release(&text);
}

static void add_face(cJSON *component, const struct face *face)
{
    static const char *const categories[] = {
        [CATEGORY_DIAGNOSTIC] = "diagnostic",
        [CATEGORY_CONFIG] = "config",
    };
    const struct look_row *look = face->look;

    if (face->name[0])
        cJSON_AddStringToObject(component, "name", face->name);
    else
        cJSON_AddNullToObject(component, "name");
    component_text(component, "icon", face->icon ? face->icon : look->icon);
    component_text(component, "entity_category", categories[face->category]);
    if (!face->enabled)
        cJSON_AddFalseToObject(component, "enabled_by_default");
    component_text(component, "device_class", look->device_class);
    component_text(component, "state_class", look->state_class);
    component_text(component, "unit_of_measurement", face->unit);
    if (face->precision >= 0)
        cJSON_AddNumberToObject(component, "suggested_display_precision",
                                face->precision);
}

cJSON *component_add(const struct owner *owner, const struct face *face)
{
    cJSON *component = cJSON_CreateObject();
    struct buffer key = {0};

    free_key(owner->components, face, &key);
    cJSON_AddStringToObject(component, "platform", face->look->platform);
    add_ids(component, owner, face, buffer_text(&key));
    add_face(component, face);
    cJSON_AddItemToObject(owner->components, buffer_text(&key), component);
    buffer_release(&key);
    return component;
}

void component_availability(cJSON *object, const char *const *topics)
{
    cJSON *list = cJSON_AddArrayToObject(object, "availability");

    for (; *topics; topics++) {
        cJSON *entry = cJSON_CreateObject();

        cJSON_AddStringToObject(entry, "topic", *topics);
        cJSON_AddItemToArray(list, entry);
    }
    cJSON_AddStringToObject(object, "availability_mode", "all");
}

void component_text(cJSON *object, const char *key, const char *text)
{
    if (text && *text)
        cJSON_AddStringToObject(object, key, text);
}

void component_options(cJSON *component, const char *const *words)
{
    cJSON *list = cJSON_AddArrayToObject(component, "options");

    for (; *words; words++)
        cJSON_AddItemToArray(list, cJSON_CreateString(*words));
}
