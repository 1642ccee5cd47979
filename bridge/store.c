#include "bridge/store.h"

#include "bridge/store_job.h"
#include "bridge/store_printer.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_MAX     ((size_t)64 << 20) /* some 40,000 printers */
#define PATH_MAX_LEN  4096
#define STORE_VERSION 1

/* What is remembered of a printer, as it stands in the file: so that the file
 * is only put together when one of thousands of printers has changed. The job,
 * which changes most, is kept apart from the rest. */
struct row {
    char *id;   /* first, for text_place() */
    char *key;  /* the id as JSON, with quotes */
    char *rest; /* an object */
    char *job;  /* NULL = none */
};

struct store {
    char path[PATH_MAX_LEN]; /* "" = memory only */
    int lock;                /* -1 = none */
    struct row *rows;        /* sorted by id */
    size_t count;
};

static char *print(const cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    char *copy = memory_text(text ? text : "{}");

    cJSON_free(text);
    return copy;
}

/* Where the row of id is, or would be. */
static size_t place_of(const struct store *store, const char *id)
{
    return text_place(store->rows, store->count, sizeof *store->rows, id);
}

static bool is_at(const struct store *store, size_t place, const char *id)
{
    return place < store->count && strcmp(store->rows[place].id, id) == 0;
}

/* The row of id, a new one if there is none. */
static struct row *row_of(struct store *store, const char *id)
{
    size_t at = place_of(store, id);
    cJSON *quoted;

    if (is_at(store, at, id))
        return &store->rows[at];
    store->rows =
        memory_grow(store->rows, store->count + 1, sizeof *store->rows);
    memmove(store->rows + at + 1, store->rows + at,
            (store->count - at) * sizeof *store->rows);
    quoted = cJSON_CreateString(id);
    store->rows[at] = (struct row){
        .id = memory_text(id),
        .key = print(quoted),
        .rest = memory_text("{}"),
    };
    store->count++;
    cJSON_Delete(quoted);
    return &store->rows[at];
}

static void keep(char **text, const cJSON *json)
{
    free(*text);
    *text = print(json);
}

static void release_row(struct row *row)
{
    free(row->id);
    free(row->key);
    free(row->rest);
    free(row->job);
}

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

static bool load_rows(struct store *store, const cJSON *root)
{
    const cJSON *printers = cJSON_GetObjectItemCaseSensitive(root, "printers");
    cJSON *found;

    if (!cJSON_IsObject(printers))
        return false;
    cJSON_ArrayForEach(found, printers)
    {
        struct row *row = row_of(store, found->string);
        cJSON *job;

        while ((job = cJSON_DetachItemFromObjectCaseSensitive(found, "job"))) {
            keep(&row->job, job);
            cJSON_Delete(job);
        }
        if (cJSON_IsObject(found))
            keep(&row->rest, found);
    }
    return true;
}

static void load(struct store *store, struct error *err)
{
    char aside[PATH_MAX_LEN + 16];
    size_t len = 0;
    char *text = read_file(store->path, &len);
    const char *why = text ? "was damaged" : "could not be read";
    cJSON *root;
    bool good;

    if (!text && errno == ENOENT)
        return;
    root = text ? cJSON_ParseWithLength(text, len) : NULL;
    free(text);
    good = load_rows(store, root);
    cJSON_Delete(root);
    if (good)
        return;
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
    return store;
}

void store_close(struct store *store)
{
    size_t i;

    if (!store)
        return;
    if (store->lock >= 0)
        (void)close(store->lock);
    for (i = 0; i < store->count; i++)
        release_row(&store->rows[i]);
    free(store->rows);
    free(store);
}

/* As it stands in the file. */
static cJSON *parse_row(const struct row *row)
{
    cJSON *all = cJSON_Parse(row->rest);

    if (row->job)
        cJSON_AddItemToObject(all, "job", cJSON_Parse(row->job));
    return all;
}

void store_recall(const struct store *store, const char *printer,
                  const struct mapping *mapping, struct printer_memory *out)
{
    size_t at = place_of(store, printer);
    cJSON *row = is_at(store, at, printer) ? parse_row(&store->rows[at]) : NULL;

    store_printer_read(row, mapping, out);
    cJSON_Delete(row);
}

void store_remember(struct store *store, const char *printer,
                    const struct printer_memory *memory,
                    const struct mapping *mapping)
{
    cJSON *rest = store_printer_write(memory, mapping);

    keep(&row_of(store, printer)->rest, rest);
    cJSON_Delete(rest);
    store_remember_job(store, printer, &memory->job);
}

void store_remember_job(struct store *store, const char *printer,
                        const struct job *job)
{
    cJSON *written = store_job_write(job);

    keep(&row_of(store, printer)->job, written);
    cJSON_Delete(written);
}

void store_forget(struct store *store, const char *printer)
{
    size_t at = place_of(store, printer);

    if (!is_at(store, at, printer))
        return;
    release_row(&store->rows[at]);
    store->count--;
    memmove(store->rows + at, store->rows + at + 1,
            (store->count - at) * sizeof *store->rows);
}

void store_each(const struct store *store,
                void (*each)(void *arg, const char *printer), void *arg)
{
    size_t i;

    for (i = 0; i < store->count; i++)
        each(arg, store->rows[i].id);
}

static void add_row(struct buffer *text, const struct row *row)
{
    size_t len = strlen(row->rest);

    (void)buffer_text_add(text, row->key);
    (void)buffer_text_add(text, ":");
    if (!row->job) {
        (void)buffer_text_add(text, row->rest);
        return;
    }
    (void)buffer_add(text, row->rest, len - 1);
    (void)buffer_text_add(text, row->rest[1] == '}' ? "\"job\":" : ",\"job\":");
    (void)buffer_text_add(text, row->job);
    (void)buffer_text_add(text, "}");
}

char *store_text(const struct store *store)
{
    struct buffer text = {0};
    size_t i;

    (void)buffer_format(&text, "{\"version\":%d,\"printers\":{", STORE_VERSION);
    for (i = 0; i < store->count; i++) {
        (void)buffer_text_add(&text, i ? ",\n" : "\n");
        add_row(&text, &store->rows[i]);
    }
    (void)buffer_text_add(&text, "}}\n");
    return text.bytes;
}

const char *store_path(const struct store *store)
{
    return store->path;
}
