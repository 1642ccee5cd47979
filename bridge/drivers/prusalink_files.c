/* Files as PrusaLink tells them.
 *
 * Buddy names a file by its short name (8.3) and tells the long one beside it;
 * children have no size. The Pi has long names only and sizes everywhere, also
 * for folders, where they mean nothing. */
#include "bridge/drivers/files.h"
#include "bridge/drivers/path.h"
#include "bridge/drivers/prusalink.h"
#include "bridge/drivers/reading.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#define SIZE_MOST 9007199254740992. /* fits a double exactly */
#define TIME_MOST 253402300799.     /* 9999-12-31T23:59:59 */

/* Room for what an entry borrows. */
struct texts {
    char path[FILE_PATH_MAX + 1];
    char name[4 * TELEMETRY_FIELD_MAX + 1];
    char thumbnail[REQUEST_TARGET_MAX + 1];
    char download[REQUEST_TARGET_MAX + 1];
};

static enum file_kind kind_of(const struct json *node)
{
    static const struct {
        const char *word;
        enum file_kind kind;
    } kinds[] = {
        {"FOLDER", FILE_FOLDER},
        {"PRINT_FILE", FILE_PRINT},
        {"FIRMWARE", FILE_FIRMWARE},
    };
    const char *word = json_text(json_path(node, "type"));
    size_t i;

    for (i = 0; word && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].word, word) == 0)
            return kinds[i].kind;
    return FILE_OTHER;
}

static int64_t whole_number(const struct json *node, double most,
                            int64_t otherwise)
{
    double number;

    if (!json_digits(node, &number) || number < 0 || number > most)
        return otherwise;
    return (int64_t)number;
}

static bool truth(const struct json *node)
{
    bool yes;

    return json_truth(node, &yes) && yes;
}

/* A path on the printer as a target; whatever else it says is not followed.
 * Both families give names with raw spaces and percent signs. */
static void take_target(const struct json *node, char *out)
{
    const char *path = json_text(node);
    struct target target = {.text = out};

    out[0] = '\0';
    if (!path || !path_check_form(path, NULL))
        return;
    target_put_path(&target, path);
    if (target.len > REQUEST_TARGET_MAX)
        out[0] = '\0';
}

/* What a person may see of it; never empty. */
static void take_name(const struct json *node, const char *path, char *out,
                      size_t size)
{
    const char *name = json_text(json_path(node, "display_name"));
    const char *last = strrchr(path, '/');

    if (!name || !*name)
        name = json_text(json_path(node, "name"));
    out[0] = '\0';
    if (name)
        (void)text_clean(name, TELEMETRY_FIELD_MAX, out, size);
    if (!*out)
        (void)snprintf(out, size, "%s", last ? last + 1 : path);
}

/* All but the path. */
static struct file_entry entry_of(const struct json *node, struct texts *texts)
{
    enum file_kind kind = kind_of(node);

    take_name(node, texts->path, texts->name, sizeof texts->name);
    take_target(json_path(node, "refs.thumbnail"), texts->thumbnail);
    take_target(json_path(node, "refs.download"), texts->download);
    return (struct file_entry){
        .kind = kind,
        .read_only =
            truth(json_path(node, "ro")) || truth(json_path(node, "read_only")),
        .size = kind == FILE_FOLDER
                    ? -1
                    : whole_number(json_path(node, "size"), SIZE_MOST, -1),
        .modified = whole_number(json_path(node, "m_timestamp"), TIME_MOST, 0),
        .path = texts->path,
        .name = texts->name,
        .thumbnail = texts->thumbnail,
        .download = texts->download,
    };
}

/* ---- a folder's children ---- */

/* Could an order name it? The name is what stands in its path. */
static bool is_name(const char *name)
{
    return *name && !strpbrk(name, "/\\") && path_check_text(name, NULL);
}

static bool is_hidden(const struct json *node, const char *name)
{
    const char *shown = json_text(json_path(node, "display_name"));

    return name[0] == '.' || (shown && shown[0] == '.');
}

static void read_child(const struct json *node, const char *folder,
                       struct texts *texts, struct file_reader *reader)
{
    const char *name = json_text(json_path(node, "name"));
    struct file_entry entry;
    int len;

    if (name && is_hidden(node, name))
        return;
    if (!name || !is_name(name)) {
        reader->left_out++;
        return;
    }
    len = snprintf(texts->path, sizeof texts->path, "%s/%s", folder, name);
    if (len < 0 || (size_t)len >= sizeof texts->path) {
        reader->left_out++;
        return;
    }
    entry = entry_of(node, texts);
    reader->child(reader->arg, &entry);
}

static void read_children(const struct json *root, const char *folder,
                          struct texts *texts, struct file_reader *reader)
{
    const struct json *list = json_path(root, "children");
    const struct json *child = json_is_array(list) ? json_first(list) : NULL;
    size_t count = 0;

    for (; child; child = json_next(child)) {
        if (++count > FILES_CHILDREN_MAX)
            reader->left_out++;
        else
            read_child(child, folder, texts, reader);
    }
}

/* ---- one file's slicer data ---- */

static double number_of(const struct telemetry *t, int slot)
{
    struct value v = telemetry_get(t, slot);

    return v.kind == VALUE_NUMBER ? v.number : 0;
}

/* The same rows as a job's, which has its file inside. */
static void read_meta(const struct json *root, const struct device *device,
                      struct telemetry *t, struct file_meta *meta)
{
    struct device same = {.variant = device->variant};
    struct reading reading = {.t = t, .device = &same};

    reading_rows_below(&reading, prusalink_job_fields, "file.", root);
    *meta = (struct file_meta){
        .filament_weight = number_of(t, SLOT_JOB_WEIGHT),
        .filament_length = number_of(t, SLOT_JOB_LENGTH),
        .layer_height = number_of(t, SLOT_JOB_LAYER_HEIGHT),
        .time_estimated = telemetry_integer(t, SLOT_JOB_TIME_ESTIMATED, 0),
        .filament_type = telemetry_text(t, SLOT_JOB_MATERIAL),
    };
}

static void read_self(const struct json *root, const struct device *device,
                      struct texts *texts, struct file_reader *reader)
{
    struct telemetry *t = memory_zero(1, sizeof *t);
    struct file_entry entry = entry_of(root, texts);
    struct file_meta meta;

    read_meta(root, device, t, &meta);
    entry.meta = &meta;
    reader->self(reader->arg, &entry);
    telemetry_release(t);
    free(t);
}

/* Without slashes at the end. */
static bool take_path(const char *path, char *out, size_t size)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        len--;
    if (len >= size)
        return false;
    memcpy(out, path, len);
    out[len] = '\0';
    return true;
}

static void read_files(const struct json *root, const char *path,
                       const struct device *device, struct file_reader *reader)
{
    struct texts *texts = memory_zero(1, sizeof *texts);
    char folder[FILE_PATH_MAX + 1];

    if (take_path(path, folder, sizeof folder)) {
        memcpy(texts->path, folder, sizeof folder);
        if (reader->self)
            read_self(root, device, texts, reader);
        if (reader->child && kind_of(root) == FILE_FOLDER)
            read_children(root, folder, texts, reader);
    }
    free(texts);
}

const struct driver_files prusalink_files = {
    .target = "/api/v1/files",
    .read = read_files,
};
