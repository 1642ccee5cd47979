#include "bridge/drivers/path.h"

#include "mapping/text.h"

void target_put(struct target *target, const char *bytes, size_t len)
{
    if (target->len + len <= REQUEST_TARGET_MAX)
        memcpy(target->text + target->len, bytes, len);
    target->len += len;
    if (target->len <= REQUEST_TARGET_MAX)
        target->text[target->len] = '\0';
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

static void put_encoded(struct target *target, char byte)
{
    static const char hex[] = "0123456789ABCDEF";
    unsigned char c = (unsigned char)byte;
    char code[3] = {'%', hex[c >> 4], hex[c & 15]};

    if (is_unreserved(c))
        target_put(target, &byte, 1);
    else
        target_put(target, code, sizeof code);
}

void target_put_path(struct target *target, const char *path)
{
    for (; *path; path++) {
        if (*path == '/' && (path[1] == '/' || !path[1]))
            continue;
        if (*path == '/')
            target_put(target, path, 1);
        else
            put_encoded(target, *path);
    }
}

void target_put_part(struct target *target, const char *part)
{
    for (; *part; part++)
        put_encoded(target, *part);
}

bool target_fits(const struct target *target, const struct driver *driver,
                 const struct device *device, struct error *err)
{
    size_t max = REQUEST_TARGET_MAX;

    if (driver->target_max)
        max = driver->target_max(device);
    if (target->len <= max)
        return true;
    return error_set(err,
                     "the path makes a request of %zu bytes and the printer "
                     "takes %zu; use a shorter name or folder, or the short "
                     "name (BOX~1.GCO)",
                     target->len, max);
}

/* A part of path that means "here" or "up": "." or "..". FAT takes '\' for a
 * separator too. */
static bool has_dots(const char *path)
{
    while (*path) {
        size_t len = strcspn(path, "/\\");

        if ((len == 1 || len == 2) && strspn(path, ".") == len)
            return true;
        path += len + (path[len] != '\0');
    }
    return false;
}

static bool has_control(const char *path)
{
    for (; *path; path++)
        if ((unsigned char)*path < 0x20 || *path == 0x7f)
            return true;
    return false;
}

/* Is the path's first part one of the storages the printer told of? */
static bool check_storage(const char *path, const struct device *device,
                          struct error *err)
{
    const struct instances *storages = &device->storages;
    size_t len = strcspn(path + 1, "/");
    char known[128] = "";
    size_t used = 0;
    int i;

    for (i = 0; i < storages->count; i++) {
        const char *name = storages->name[i];
        int more;

        if (strlen(name) == len && memcmp(name, path + 1, len) == 0)
            return true;
        more = snprintf(known + used, sizeof known - used, "%s/%s",
                        used ? ", " : "", name);
        if (more > 0 && (size_t)more < sizeof known - used)
            used += (size_t)more;
    }
    if (storages->count == 0)
        return true;
    return error_set(err,
                     "the printer has no storage /%.*s; begin the path with %s",
                     (int)(len < 32 ? len : 32), path + 1, known);
}

/* Does it name something in a storage? */
static bool names_a_file(const char *path)
{
    const char *file = strrchr(path, '/');

    return file != path && file[1];
}

bool path_check_text(const char *path, struct error *err)
{
    if (!text_is_utf8(path, strlen(path)) || has_control(path))
        return error_set(err, "the path holds control characters or is not "
                              "UTF-8; rename the file");
    if (has_dots(path))
        return error_set(err, "the path holds . or .. as a part; write it "
                              "without");
    return true;
}

bool path_check_form(const char *path, struct error *err)
{
    if (!path_check_text(path, err))
        return false;
    return (path[0] == '/' && path[1] != '/' && path[1]) ||
           error_set(err, "a path begins with a slash and the storage: "
                          "/usb/box.gcode");
}

bool path_check(const char *path, enum path_kind kind,
                const struct device *device, struct error *err)
{
    if (!path_check_form(path, err))
        return false;
    if (kind == PATH_FILE && !names_a_file(path))
        return error_set(err, "the path names a storage or a folder, not a "
                              "file: /usb/box.gcode");
    return check_storage(path, device, err);
}
