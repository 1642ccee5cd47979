#include "bridge/drivers/files.h"

#include "bridge/drivers/json.h"
#include "bridge/drivers/path.h"
#include "mapping/memory.h"

#include <strings.h>

/* A printer reads a large folder from a slow stick. */
#define FILES_TIMEOUT_MS 30000

const char *file_kind_name(enum file_kind kind)
{
    static const char *const names[] = {
        [FILE_FOLDER] = "folder",
        [FILE_PRINT] = "print",
        [FILE_FIRMWARE] = "firmware",
        [FILE_OTHER] = "other",
    };

    return names[kind];
}

bool driver_read_files(const struct driver *driver, const struct device *device,
                       const char *path, struct request *request,
                       struct error *err)
{
    static const struct device unknown;
    struct target target = {.text = request->target};

    *request = (struct request){
        .method = HTTP_GET,
        .timeout_ms = FILES_TIMEOUT_MS,
        .answer_max = FILES_ANSWER_MAX,
    };
    if (!device)
        device = &unknown;
    if (!driver->files)
        return error_set(err, "the driver %s knows no files", driver->name);
    if (strlen(path) > FILE_PATH_MAX)
        return error_set(err, "the path is over %d bytes", FILE_PATH_MAX);
    if (!path_check(path, PATH_ANY, device, err))
        return false;
    target_put(&target, driver->files->target, strlen(driver->files->target));
    target_put_path(&target, path);
    return target_fits(&target, driver, device, err);
}

bool driver_files(const struct driver *driver, const struct device *device,
                  const char *path, const char *body, size_t len,
                  struct file_reader *reader, struct error *err)
{
    static const struct device unknown;
    const struct json *root;
    bool ok;

    if (!driver->files)
        return error_set(err, "the driver %s knows no files", driver->name);
    root = json_parse_listing(body, len, err);
    if (!root)
        return error_prefix(err, "files");
    ok = json_is_object(root) || error_set(err, "files: not a JSON object");
    if (ok)
        driver->files->read(root, path, device ? device : &unknown, reader);
    json_free(root);
    return ok;
}

/* One block holds all texts of an entry; its path is where it begins. */
static void own_texts(struct file_entry *entry)
{
    const char **texts[] = {&entry->path, &entry->name, &entry->thumbnail,
                            &entry->download};
    size_t size = 0, i;
    char *at;

    for (i = 0; i < sizeof texts / sizeof *texts; i++)
        size += strlen(*texts[i]) + 1;
    at = memory_zero(size, 1);
    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t len = strlen(*texts[i]) + 1;

        memcpy(at, *texts[i], len);
        *texts[i] = at;
        at += len;
    }
}

void file_list_add(struct file_list *list, const struct file_entry *entry)
{
    size_t max = list->max ? list->max : FILES_CHILDREN_MAX;

    if (list->count == max) {
        list->dropped++;
        return;
    }
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 16;
        list->entries =
            memory_grow(list->entries, list->room, sizeof *list->entries);
    }
    list->entries[list->count] = *entry;
    list->entries[list->count].meta = NULL;
    own_texts(&list->entries[list->count++]);
}

void file_list_child(void *list, const struct file_entry *entry)
{
    file_list_add(list, entry);
}

static int by_name(const void *a, const void *b)
{
    const struct file_entry *x = a, *y = b;
    bool fx = x->kind == FILE_FOLDER, fy = y->kind == FILE_FOLDER;
    int order = strcasecmp(x->name, y->name);

    if (fx != fy)
        return fx ? -1 : 1;
    return order ? order : strcmp(x->path, y->path);
}

void file_list_sort(struct file_list *list)
{
    if (list->count > 1)
        qsort(list->entries, list->count, sizeof *list->entries, by_name);
}

void file_list_release(struct file_list *list)
{
    size_t i;

    for (i = 0; i < list->count; i++)
        free((void *)(uintptr_t)list->entries[i].path);
    free(list->entries);
    list->entries = NULL;
    list->count = list->room = list->dropped = 0;
}
