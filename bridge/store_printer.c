/* One printer's part of the state file. */
#include "bridge/store_printer.h"

#include "bridge/store_facts.h"
#include "bridge/store_job.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <cjson/cJSON.h>

static void recall_text(const cJSON *row, const char *key, char **out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);
    char clean[REMEMBERED_SIZE];

    if (!cJSON_IsString(item))
        return;
    (void)text_clean(item->valuestring, REMEMBERED_SIZE / 4, clean,
                     sizeof clean);
    memory_keep(out, clean);
}

static void recall_instances(const cJSON *row, const char *key,
                             struct instances *out)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(row, key))
    {
        if (cJSON_IsString(item))
            (void)instances_learn(out, item->valuestring, 0);
    }
}

/* The slot of a key such as "storage/usb/free"; -1 if there is none. */
static int recall_slot(const char *key, const struct printer_memory *memory)
{
    char name[INSTANCE_NAME_MAX + 1];
    enum field f = field_find(key, name);
    int instance;

    if (f == FIELD_COUNT)
        return -1;
    instance = 0;
    if (name[0])
        instance = instances_find(field_row(f)->scope == SCOPE_CAMERA
                                      ? &memory->cameras
                                      : &memory->storages,
                                  name);
    return instance < 0 ? -1 : field_slot(f, instance);
}

static void recall_reported(const cJSON *row, struct printer_memory *out)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(row, "reported"))
    {
        int slot =
            cJSON_IsString(item) ? recall_slot(item->valuestring, out) : -1;

        if (slot >= 0)
            (void)slot_set_add(&out->reported, slot);
    }
}

static void recall_custom(const cJSON *row, const struct mapping *mapping,
                          struct printer_memory *out)
{
    const cJSON *item;
    int i;

    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(row, "custom"))
    {
        for (i = 0; cJSON_IsString(item) && i < mapping->custom_count; i++)
            if (strcmp(mapping->custom[i].key, item->valuestring) == 0)
                (void)slot_set_add(&out->reported, field_slot(FIELD_CUSTOM, i));
    }
}

static void recall_learned(const cJSON *row, struct printer_memory *out)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(row, "learned"))
    {
        enum command c = cJSON_IsString(item) ? command_find(item->valuestring)
                                              : COMMAND_COUNT;

        if (c != COMMAND_COUNT)
            out->learned |= UINT64_C(1) << c;
    }
}

static char *recall_owned(const cJSON *row, const char *key, size_t max)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);

    if (!cJSON_IsString(item) || strlen(item->valuestring) > max ||
        !text_is_utf8(item->valuestring, strlen(item->valuestring)))
        return NULL;
    return memory_text(item->valuestring);
}

/* Both or none. */
static void recall_selected(const cJSON *row, struct printer_memory *out)
{
    out->selected = recall_owned(row, "selected", FILE_PATH_MAX);
    out->selected_name =
        recall_owned(row, "selected_name", (size_t)4 * FILE_PATH_MAX);
    if (out->selected && *out->selected == '/' && out->selected_name)
        return;
    free(out->selected);
    free(out->selected_name);
    out->selected = out->selected_name = NULL;
}

void store_printer_read(const cJSON *row, const struct mapping *mapping,
                        struct printer_memory *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, "serial");

    *out = (struct printer_memory){0};
    if (cJSON_IsString(item))
        (void)snprintf(out->serial, sizeof out->serial, "%s",
                       item->valuestring);
    recall_text(row, "name", &out->name);
    recall_text(row, "model", &out->model);
    recall_text(row, "firmware", &out->firmware);
    recall_instances(row, "storages", &out->storages);
    recall_instances(row, "cameras", &out->cameras);
    recall_reported(row, out);
    recall_custom(row, mapping, out);
    recall_learned(row, out);
    recall_selected(row, out);
    store_facts_read(cJSON_GetObjectItemCaseSensitive(row, "facts"),
                     &out->facts);
    store_job_read(cJSON_GetObjectItemCaseSensitive(row, "job"), &out->job);
}

static void add_custom(cJSON *row, const struct printer_memory *memory,
                       const struct mapping *mapping)
{
    cJSON *list = cJSON_AddArrayToObject(row, "custom");
    int i;

    for (i = 0; i < mapping->custom_count; i++)
        if (slot_set_has(&memory->reported, field_slot(FIELD_CUSTOM, i)))
            cJSON_AddItemToArray(list,
                                 cJSON_CreateString(mapping->custom[i].key));
}

static void add_instances(cJSON *row, const char *key,
                          const struct instances *instances)
{
    cJSON *list = cJSON_AddArrayToObject(row, key);
    int i;

    for (i = 0; i < instances->count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(instances->name[i]));
}

static void add_lists(cJSON *row, const struct printer_memory *memory)
{
    const struct roster roster = {&memory->storages, &memory->cameras};
    cJSON *reported = cJSON_AddArrayToObject(row, "reported");
    cJSON *learned = cJSON_AddArrayToObject(row, "learned");
    enum command c;
    enum field f;
    int i;

    add_instances(row, "storages", &memory->storages);
    add_instances(row, "cameras", &memory->cameras);
    for (f = 0; f < FIELD_CUSTOM; f++)
        for (i = 0; i < field_instances(f); i++) {
            char key[FIELD_KEY_MAX + 1];

            if (slot_set_has(&memory->reported, field_slot(f, i)) &&
                field_key(f, roster_name(&roster, field_row(f)->scope, i), key,
                          sizeof key))
                cJSON_AddItemToArray(reported, cJSON_CreateString(key));
        }
    for (c = 0; c < COMMAND_COUNT; c++)
        if (memory->learned >> c & 1)
            cJSON_AddItemToArray(learned,
                                 cJSON_CreateString(command_row(c)->name));
}

static void add_text(cJSON *row, const char *key, const char *text)
{
    cJSON_AddStringToObject(row, key, text ? text : "");
}

cJSON *store_printer_write(const struct printer_memory *memory,
                           const struct mapping *mapping)
{
    cJSON *row = cJSON_CreateObject();

    cJSON_AddStringToObject(row, "serial", memory->serial);
    add_text(row, "name", memory->name);
    add_text(row, "model", memory->model);
    add_text(row, "firmware", memory->firmware);
    add_lists(row, memory);
    add_custom(row, memory, mapping);
    if (memory->selected) {
        cJSON_AddStringToObject(row, "selected", memory->selected);
        cJSON_AddStringToObject(row, "selected_name", memory->selected_name);
    }
    if (memory->facts.count > 0 || memory->facts.asked.known)
        cJSON_AddItemToObject(row, "facts", store_facts_write(&memory->facts));
    return row;
}
