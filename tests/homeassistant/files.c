#include "files.h"

#include "mapping/buffer.h"

cJSON *file_json(const char *path)
{
    struct buffer text = {0};
    FILE *file = fopen(path, "r");
    cJSON *json;
    char chunk[4096];
    size_t n;

    if (!file)
        return NULL;
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
        buffer_add(&text, chunk, n);
    fclose(file);
    json = cJSON_Parse(buffer_text(&text));
    buffer_release(&text);
    return json;
}

void file_write(const char *path, const cJSON *json)
{
    FILE *file = fopen(path, "w");
    char *text = cJSON_Print(json);

    if (file) {
        fprintf(file, "%s\n", text);
        fclose(file);
    }
    cJSON_free(text);
}
