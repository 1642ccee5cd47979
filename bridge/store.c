#include "bridge/store.h"

#include "bridge/store_job.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_MAX     ((size_t)16 << 20)
#define PATH_MAX_LEN  4096
#define STORE_VERSION 1

struct store {
    char path[PATH_MAX_LEN]; /* "" = memory only */
    int lock;                /* -1 = none */
    cJSON *root;
};

static bool make_directories(const char *path)
{
    char part[PATH_MAX_LEN];
    char *slash;

    (void)snprintf(part, sizeof part, "%s", path);
    for (slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    return (mkdir(part, 0700) == 0 || errno == EEXIST) &&
           access(part, W_OK | X_OK) == 0;
}

static bool choose_directory(const char *wanted, char *out, size_t size)
{
    const char *given = wanted ? wanted : getenv("STATE_DIRECTORY");
    const char *home = getenv("HOME");

    if (given && *given) {
        /* systemd lists several, parted by colons: ours is the first */
        (void)snprintf(out, size, "%.*s",
                       (int)(wanted ? strlen(given) : strcspn(given, ":")),
                       given);
        return make_directories(out);
    }
    (void)snprintf(out, size, "/var/lib/printer2mqtt");
    if (access(out, W_OK | X_OK) == 0)
        return true;
    if (!home || !*home)
        return false;
    (void)snprintf(out, size, "%s/.local/state/printer2mqtt", home);
    return make_directories(out);
}

static bool lock_directory(struct store *store, const char *directory,
                           const char *instance, struct error *err)
{
    char path[PATH_MAX_LEN + 64];

    (void)snprintf(path, sizeof path, "%s/lock%s%s", directory,
                   instance ? "-" : "", instance ? instance : "");
    store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock < 0)
        return true;
    if (flock(store->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    return error_set(err,
                     "another printer2mqtt is running with the state "
                     "directory %s; stop it, or give this one an "
                     "`instance:` name or another `state_dir:`",
                     directory);
}

static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "re");
    struct buffer text;
    char part[4096];
    size_t n;

    if (!file)
        return NULL;
    buffer_init(&text, STORE_MAX);
    while ((n = fread(part, 1, sizeof part, file)) > 0)
        if (!buffer_add(&text, part, n))
            break;
    (void)fclose(file);
    *len = text.len;
    return text.bytes ? text.bytes : memory_text("");
}

static void load(struct store *store, struct error *err)
{
    char aside[PATH_MAX_LEN + 16];
    size_t len = 0;
    char *text = read_file(store->path, &len);
    const char *why = "was damaged";

    if (!text && errno == ENOENT)
        return;
    if (!text)
        why = "could not be read";
    cJSON_Delete(store->root);
    store->root = text ? cJSON_ParseWithLength(text, len) : NULL;
    free(text);
    if (cJSON_IsObject(
            cJSON_GetObjectItemCaseSensitive(store->root, "printers")))
        return;
    cJSON_Delete(store->root);
    store->root = NULL;
    (void)snprintf(aside, sizeof aside, "%s.damaged", store->path);
    (void)rename(store->path, aside);
    (void)error_set(err,
                    "the state file %s; it was set aside as %s and a new one "
                    "is begun",
                    why, aside);
}

struct store *store_open(const char *wanted, const char *instance,
                         struct error *err)
{
    struct store *store = memory_zero(1, sizeof *store);
    char directory[PATH_MAX_LEN - 80];

    err->text[0] = '\0';
    store->lock = -1;
    if (!choose_directory(wanted, directory, sizeof directory)) {
        (void)error_set(err,
                        "no directory to keep state in (%s is not "
                        "writable); serial numbers and learned "
                        "capabilities are forgotten at the next restart",
                        directory);
    } else if (!lock_directory(store, directory, instance, err)) {
        store_close(store);
        return NULL;
    } else {
        (void)snprintf(store->path, sizeof store->path, "%s/state%s%s.json",
                       directory, instance ? "-" : "",
                       instance ? instance : "");
        load(store, err);
    }
    if (!store->root) {
        store->root = cJSON_CreateObject();
        cJSON_AddNumberToObject(store->root, "version", STORE_VERSION);
        cJSON_AddObjectToObject(store->root, "printers");
    }
    return store;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (store->lock >= 0)
        (void)close(store->lock);
    cJSON_Delete(store->root);
    free(store);
}

static cJSON *printers_of(const struct store *store)
{
    return cJSON_GetObjectItemCaseSensitive(store->root, "printers");
}

static void recall_text(const cJSON *row, const char *key,
                        char out[REMEMBERED_SIZE])
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);

    if (cJSON_IsString(item))
        (void)text_clean(item->valuestring, REMEMBERED_SIZE / 4, out,
                         REMEMBERED_SIZE);
}

static void recall_storages(const cJSON *row, struct printer_memory *out)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(row, "storages"))
    {
        if (cJSON_IsString(item))
            (void)instances_learn(&out->storages, item->valuestring, 0);
    }
}

/* The slot of a key such as "storage/usb/free"; -1 if there is none. */
static int recall_slot(const char *key, const struct instances *storages)
{
    char name[INSTANCE_NAME_MAX + 1];
    enum field f = field_find(key, name);
    int instance;

    if (f == FIELD_COUNT)
        return -1;
    instance = name[0] ? instances_find(storages, name) : 0;
    return instance < 0 ? -1 : field_slot(f, instance);
}

static void recall_reported(const cJSON *row, struct printer_memory *out)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(row, "reported"))
    {
        int slot = cJSON_IsString(item)
                       ? recall_slot(item->valuestring, &out->storages)
                       : -1;

        if (slot >= 0)
            out->reported[slot] = true;
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
                out->reported[field_slot(FIELD_CUSTOM, i)] = true;
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
            out->learned[c] = true;
    }
}

void store_recall(const struct store *store, const char *printer,
                  const struct mapping *mapping, struct printer_memory *out)
{
    const cJSON *row =
        cJSON_GetObjectItemCaseSensitive(printers_of(store), printer);
    const cJSON *item;

    *out = (struct printer_memory){0};
    if (!cJSON_IsObject(row))
        return;
    item = cJSON_GetObjectItemCaseSensitive(row, "serial");
    if (cJSON_IsString(item))
        (void)snprintf(out->serial, sizeof out->serial, "%s",
                       item->valuestring);
    recall_text(row, "name", out->name);
    recall_text(row, "model", out->model);
    recall_text(row, "firmware", out->firmware);
    recall_storages(row, out);
    recall_reported(row, out);
    recall_custom(row, mapping, out);
    recall_learned(row, out);
    store_job_read(cJSON_GetObjectItemCaseSensitive(row, "job"), &out->job);
}

static void add_custom(cJSON *row, const struct printer_memory *memory,
                       const struct mapping *mapping)
{
    cJSON *list = cJSON_AddArrayToObject(row, "custom");
    int i;

    for (i = 0; i < mapping->custom_count; i++)
        if (memory->reported[field_slot(FIELD_CUSTOM, i)])
            cJSON_AddItemToArray(list,
                                 cJSON_CreateString(mapping->custom[i].key));
}

static void add_lists(cJSON *row, const struct printer_memory *memory)
{
    cJSON *storages = cJSON_AddArrayToObject(row, "storages");
    cJSON *reported = cJSON_AddArrayToObject(row, "reported");
    cJSON *learned = cJSON_AddArrayToObject(row, "learned");
    enum command c;
    enum field f;
    int i;

    for (i = 0; i < memory->storages.count; i++)
        cJSON_AddItemToArray(storages,
                             cJSON_CreateString(memory->storages.name[i]));
    for (f = 0; f < FIELD_CUSTOM; f++)
        for (i = 0; i < field_instances(f); i++) {
            char key[FIELD_KEY_MAX + 1];

            if (memory->reported[field_slot(f, i)] &&
                field_key(f, memory->storages.name[i % INSTANCES_STORAGE], key,
                          sizeof key))
                cJSON_AddItemToArray(reported, cJSON_CreateString(key));
        }
    for (c = 0; c < COMMAND_COUNT; c++)
        if (memory->learned[c])
            cJSON_AddItemToArray(learned,
                                 cJSON_CreateString(command_row(c)->name));
}

void store_remember(struct store *store, const char *printer,
                    const struct printer_memory *memory,
                    const struct mapping *mapping)
{
    cJSON *row = cJSON_CreateObject();

    cJSON_AddStringToObject(row, "serial", memory->serial);
    cJSON_AddStringToObject(row, "name", memory->name);
    cJSON_AddStringToObject(row, "model", memory->model);
    cJSON_AddStringToObject(row, "firmware", memory->firmware);
    add_lists(row, memory);
    add_custom(row, memory, mapping);
    cJSON_AddItemToObject(row, "job", store_job_write(&memory->job));
    store_forget(store, printer);
    cJSON_AddItemToObject(printers_of(store), printer, row);
}

void store_forget(struct store *store, const char *printer)
{
    cJSON_DeleteItemFromObjectCaseSensitive(printers_of(store), printer);
}

void store_each(const struct store *store,
                void (*each)(void *arg, const char *printer), void *arg)
{
    const cJSON *row;

    cJSON_ArrayForEach(row, printers_of(store)) each(arg, row->string);
}

char *store_text(const struct store *store)
{
    char *text = cJSON_Print(store->root);
    char *copy = memory_text(text ? text : "{}");

    cJSON_free(text);
    return copy;
}

const char *store_path(const struct store *store)
{
    return store->path;
}

static bool write_all(int fd, const char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return fsync(fd) == 0;
}

bool store_write(const char *path, const char *text, struct error *err)
{
    char fresh[PATH_MAX_LEN + 8];
    int fd;
    bool ok;

    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
              0600);
    if (fd < 0)
        return error_set(err, "cannot write %s: %s", fresh, strerror(errno));
    ok = write_all(fd, text);
    ok = close(fd) == 0 && ok;
    if (!ok || rename(fresh, path) < 0) {
        (void)error_set(err, "cannot write %s: %s", path, strerror(errno));
        (void)unlink(fresh);
        return false;
    }
    return true;
}
