#include "bridge/files_kept.h"

#include "mapping/memory.h"

#include <cjson/cJSON.h>

/* Home Assistant refuses a state, and so an option, that is longer. */
#define LABEL_MAX 255

void kept_file_release(struct kept_file *file)
{
    free(file->path);
    free(file->name);
    free(file->folder);
    free(file->label);
    *file = (struct kept_file){0};
}

void kept_release(struct kept_files *kept)
{
    while (kept->count > 0)
        kept_file_release(&kept->files[--kept->count]);
    free(kept->files);
    *kept = (struct kept_files){0};
}

/* A free place for a file of this time, or NULL. */
static struct kept_file *make_room(struct kept_files *kept, int64_t modified)
{
    int at = kept->count;

    while (at > 0 && kept->files[at - 1].modified < modified)
        at--;
    if (at == FILES_KEPT)
        return NULL;
    if (kept->count == FILES_KEPT)
        kept_file_release(&kept->files[--kept->count]);
    if (kept->count == kept->room) {
        kept->room = kept->room ? 2 * kept->room : 4;
        kept->files =
            memory_grow(kept->files, (size_t)kept->room, sizeof *kept->files);
    }
    memmove(&kept->files[at + 1], &kept->files[at],
            (size_t)(kept->count - at) * sizeof *kept->files);
    kept->count++;
    return &kept->files[at];
}

void kept_add(struct kept_files *kept, const struct file_entry *entry,
              const char *folder)
{
    struct kept_file *file = make_room(kept, entry->modified);

    if (!file)
        return;
    *file = (struct kept_file){
        .path = memory_text(entry->path),
        .name = memory_text(entry->name),
        .folder = memory_text(folder),
        .size = entry->size,
        .modified = entry->modified,
    };
}

void kept_merge(struct kept_files *kept, struct kept_files *more)
{
    int i;

    for (i = 0; i < more->count; i++) {
        struct kept_file *file = make_room(kept, more->files[i].modified);

        if (!file)
            continue;
        *file = more->files[i];
        more->files[i] = (struct kept_file){0};
    }
    kept_release(more);
}

void view_release(struct kept_view *view)
{
    free(view->files);
    *view = (struct kept_view){0};
}

static void view_open(struct kept_view *view)
{
    if (!view->files)
        view->files = memory_zero(FILES_KEPT, sizeof *view->files);
}

void view_add(struct kept_view *view, struct kept_files *kept)
{
    int i, at = 0;

    if (kept->count > 0)
        view_open(view);
    for (i = 0; i < kept->count; i++) {
        struct kept_file *file = &kept->files[i];

        while (at < view->count && view->files[at]->modified >= file->modified)
            at++;
        if (at == FILES_KEPT)
            return;
        if (view->count == FILES_KEPT)
            view->count--;
        memmove(&view->files[at + 1], &view->files[at],
                (size_t)(view->count - at) * sizeof *view->files);
        view->files[at] = file;
        view->count++;
    }
}

void view_insist(struct kept_view *view, struct kept_file *file)
{
    int i;

    view_open(view);
    for (i = 0; i < view->count; i++)
        if (strcmp(view->files[i]->path, file->path) == 0)
            return;
    if (view->count == FILES_KEPT)
        view->count--;
    view->files[view->count++] = file;
}

/* The storage's name in a path ("/usb/SUB/A.GCO") and the folder's for people:
 * "/usb/sub". */
static void kept_folder(const struct kept_file *file, struct buffer *out)
{
    size_t len = strcspn(file->path + 1, "/");

    (void)buffer_format(out, "/%.*s%s%s", (int)len, file->path + 1,
                        *file->folder ? "/" : "", file->folder);
}

static bool is_unlike_others(const struct kept_view *view, int which)
{
    int i;

    for (i = 0; i < view->count; i++)
        if (i != which &&
            strcmp(view->files[i]->label, view->files[which]->label) == 0)
            return false;
    return true;
}

static void set_label(struct kept_file *file, const char *folder,
                      const char *name)
{
    struct buffer text = {0};

    (void)buffer_format(&text, "%s%s%s", folder, *folder ? "/" : "", name);
    free(file->label);
    file->label = memory_text(buffer_text(&text));
    buffer_release(&text);
}

static size_t characters(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static void label_folder(struct kept_file *file)
{
    set_label(file, file->folder, file->name);
}

/* "/usb/parts/box.gcode". */
static void label_whole(struct kept_file *file)
{
    struct buffer folder = {0};

    kept_folder(file, &folder);
    set_label(file, buffer_text(&folder), file->name);
    buffer_release(&folder);
}

static void label_path(struct kept_file *file)
{
    set_label(file, "", file->path);
}

/* Relabel those that are like another one. All are judged by what they were
 * before, so that none of a pair keeps the shorter name. */
static void relabel(struct kept_view *view,
                    void (*label)(struct kept_file *file))
{
    bool alike[FILES_KEPT];
    int i;

    for (i = 0; i < view->count; i++)
        alike[i] = !is_unlike_others(view, i);
    for (i = 0; i < view->count; i++)
        if (alike[i])
            label(view->files[i]);
}

void view_label(struct kept_view *view)
{
    int i;

    for (i = 0; i < view->count; i++)
        set_label(view->files[i], "", view->files[i]->name);
    relabel(view, label_folder);
    relabel(view, label_whole);
    relabel(view, label_path);
    for (i = 0; i < view->count; i++) {
        struct kept_file *file = view->files[i];

        if (characters(file->label) > LABEL_MAX ||
            strcasecmp(file->label, "none") == 0)
            label_path(file);
    }
}

bool kept_is(const struct kept_file *file, const char *path)
{
    struct buffer whole = {0};
    bool is = strcmp(file->path, path) == 0;

    if (is || *path != '/')
        return is;
    kept_folder(file, &whole);
    (void)buffer_format(&whole, "/%s", file->name);
    is = strcmp(buffer_text(&whole), path) == 0;
    buffer_release(&whole);
    return is;
}

struct kept_file *view_find(const struct kept_view *view,
                            const char *path_or_label)
{
    int i;

    for (i = 0; i < view->count; i++)
        if (kept_is(view->files[i], path_or_label))
            return view->files[i];
    for (i = 0; i < view->count; i++)
        if (strcmp(view->files[i]->label, path_or_label) == 0)
            return view->files[i];
    return NULL;
}

static void add_facts(cJSON *object, const char *path, int64_t size,
                      int64_t modified)
{
    char time[VALUE_FORMAT_MAX];

    cJSON_AddStringToObject(object, "path", path);
    if (size >= 0)
        cJSON_AddNumberToObject(object, "size", (double)size);
    if (modified <= 0)
        return;
    (void)value_format_time(modified, time);
    cJSON_AddStringToObject(object, "modified", time);
}

/* Takes ownership of object. False: it does not fit any more. */
static bool add_object(cJSON *object, struct buffer *out, size_t max)
{
    char *text = cJSON_PrintUnformatted(object);
    bool fits = text && out->len + strlen(text) + 2 <= max;

    cJSON_Delete(object);
    if (fits) {
        if (out->len > 1)
            (void)buffer_text_add(out, ",");
        (void)buffer_text_add(out, text);
    }
    cJSON_free(text);
    return fits;
}

void view_json(const struct kept_view *view, struct buffer *out)
{
    int i;

    (void)buffer_text_add(out, "[");
    for (i = 0; i < view->count; i++) {
        const struct kept_file *file = view->files[i];
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "name",
                                file->label ? file->label : file->name);
        add_facts(object, file->path, file->size, file->modified);
        if (!add_object(object, out, FILES_JSON_MAX))
            break;
    }
    (void)buffer_text_add(out, "]");
}

static void add_number(cJSON *object, const char *key, double number)
{
    if (number > 0)
        cJSON_AddNumberToObject(object, key, number);
}

static void add_text(cJSON *object, const char *key, const char *text)
{
    if (*text)
        cJSON_AddStringToObject(object, key, text);
}

void entry_json(const struct file_entry *entry, struct buffer *out)
{
    cJSON *object = cJSON_CreateObject();
    const struct file_meta *meta = entry->meta;
    char *text;

    cJSON_AddStringToObject(object, "name", entry->name);
    add_facts(object, entry->path, entry->size, entry->modified);
    cJSON_AddStringToObject(object, "kind", file_kind_name(entry->kind));
    cJSON_AddBoolToObject(object, "read_only", entry->read_only);
    if (meta) {
        add_number(object, "filament_weight", meta->filament_weight);
        add_number(object, "filament_length", meta->filament_length);
        add_text(object, "filament_type", meta->filament_type);
        add_number(object, "layer_height", meta->layer_height);
        add_number(object, "time_estimated", (double)meta->time_estimated);
    }
    text = cJSON_PrintUnformatted(object);
    if (text)
        (void)buffer_text_add(out, text);
    cJSON_free(text);
    cJSON_Delete(object);
}
