#include "bridge/store_facts.h"

#include "mapping/text.h"

#include <cjson/cJSON.h>
#include <string.h>

#define NUMBER_MOST 9e15
#define SIZE_MOST   1e15
#define FACT_MOST   1e9 /* g, mm, s: nobody prints that much */
#define PATH_BYTES  4096

static void write_number(cJSON *row, const char *key, double number)
{
    if (number > 0)
        cJSON_AddNumberToObject(row, key, number);
}

static void write_text(cJSON *row, const char *key, const char *text)
{
    if (*text)
        cJSON_AddStringToObject(row, key, text);
}

static cJSON *write_file(const struct kept_facts *file)
{
    const struct file_facts *facts = &file->facts;
    cJSON *row = cJSON_CreateObject();

    write_text(row, "path", file->path);
    write_text(row, "name", file->name);
    if (file->size >= 0)
        cJSON_AddNumberToObject(row, "size", (double)file->size);
    write_number(row, "weight", facts->weight_g);
    write_number(row, "length", facts->length_mm);
    write_number(row, "layer_height", facts->layer_height_mm);
    write_number(row, "seconds", (double)facts->seconds);
    write_text(row, "types", file->types);
    return row;
}

cJSON *store_facts_write(const struct facts_kept *kept)
{
    cJSON *row = cJSON_CreateObject();
    cJSON *files = cJSON_AddArrayToObject(row, "files");
    int i;

    if (kept->asked.known)
        cJSON_AddNumberToObject(row, "asked", (double)kept->asked.id);
    for (i = 0; i < kept->count; i++)
        cJSON_AddItemToArray(files, write_file(&kept->files[i]));
    return row;
}

static double read_number(const cJSON *row, const char *key, double most,
                          double otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);

    return cJSON_IsNumber(item) && item->valuedouble >= 0 &&
                   item->valuedouble <= most
               ? item->valuedouble
               : otherwise;
}

static const char *read_text(const cJSON *row, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);
    const char *text = cJSON_IsString(item) ? item->valuestring : "";

    return strlen(text) <= PATH_BYTES && text_is_utf8(text, strlen(text)) ? text
                                                                          : "";
}

static void read_file(const cJSON *row, struct facts_kept *kept)
{
    const struct file_mark file = {
        .path = read_text(row, "path"),
        .name = read_text(row, "name"),
        .size = (int64_t)read_number(row, "size", SIZE_MOST, -1),
    };
    const struct file_facts facts = {
        .weight_g = read_number(row, "weight", FACT_MOST, 0),
        .length_mm = read_number(row, "length", FACT_MOST, 0),
        .layer_height_mm = read_number(row, "layer_height", FACT_MOST, 0),
        .seconds = (int64_t)read_number(row, "seconds", FACT_MOST, 0),
        .types = read_text(row, "types"),
    };

    if (*file.path || *file.name)
        facts_add(kept, &file, &facts);
}

void store_facts_read(const cJSON *row, struct facts_kept *kept)
{
    double asked = read_number(row, "asked", NUMBER_MOST, -1);
    const cJSON *item;

    kept->asked = (struct job_mark){asked >= 0, (int64_t)asked};
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(row, "files"))
    {
        read_file(item, kept);
    }
}
