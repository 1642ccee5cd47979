/* What a driver's table says about uploads: may it be sent, and what does the
 * answer mean. */
#include "bridge/drivers/driver.h"
#include "bridge/drivers/path.h"
#include "mapping/text.h"

#include <strings.h>

const struct driver_upload *driver_upload(const struct driver *driver,
                                          const struct device *device)
{
    const struct driver_upload *row = driver->uploads, *any = NULL;
    int variant = device ? device->variant : 0;

    for (; row && row->target; row++) {
        if (row->variant == variant)
            return row;
        if (row->variant == 0)
            any = row;
    }
    return any;
}

/* ---- names ---- */

static bool has_any_of(const char *text, const char *characters)
{
    size_t len = strlen(text), n;

    while (*characters) {
        n = text_utf8(characters, strlen(characters));
        if (n == 0 || memmem(text, len, characters, n))
            return true;
        characters += n;
    }
    return false;
}

static bool check_part(const struct driver_upload *row, const char *part,
                       size_t len, struct error *err)
{
    if (row->part_max && len > row->part_max)
        return error_set(err,
                         "a name has %zu bytes and the printer takes %zu; "
                         "use a shorter one",
                         len, row->part_max);
    if (row->fat && len > 0 && strchr(". ", part[len - 1]))
        return error_set(err, "a name ends with a dot or a space, which the "
                              "printer's file system cannot have");
    return true;
}

bool path_check_new(const struct driver_upload *row, const char *path,
                    struct error *err)
{
    size_t len = strlen(path);

    if (row->path_max && len > row->path_max)
        return error_set(err,
                         "the path has %zu bytes and the printer takes %zu for "
                         "a new one; use a shorter name or folder",
                         len, row->path_max);
    if (row->forbidden && has_any_of(path, row->forbidden))
        return error_set(err,
                         "the name holds a character that the printer "
                         "refuses in names, one of %s",
                         row->forbidden);
    for (; *path; path += len + (path[len] != '\0')) {
        len = strcspn(path, "/");
        if (!check_part(row, path, len, err))
            return false;
    }
    return true;
}

/* ---- may it be sent? ---- */

static bool ends_with_one(const char *path, const char *const *endings)
{
    size_t len = strlen(path), n;

    for (; *endings; endings++) {
        n = strlen(*endings);
        if (len > n && path[len - n - 1] != '/' &&
            strcasecmp(path + len - n, *endings) == 0)
            return true;
    }
    return false;
}

static bool is_read_only(const struct driver_upload *row, const char *path)
{
    const char *const *storage = row->read_only;
    size_t len;

    for (; storage && *storage; storage++) {
        len = strlen(*storage);
        if (strncmp(path + 1, *storage, len) == 0 && path[len + 1] == '/')
            return true;
    }
    return false;
}

/* ".gcode, .gco" */
static void list_endings(const char *const *endings, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (; *endings && used < size; endings++) {
        int n = snprintf(out + used, size - used, "%s%s", used ? ", " : "",
                         *endings);

        used += n > 0 ? (size_t)n : 0;
    }
}

static bool check_ending(const struct driver_upload *row, const char *path,
                         bool print, struct error *err)
{
    char list[96];

    if (row->takes && !ends_with_one(path, row->takes)) {
        list_endings(row->takes, list, sizeof list);
        return error_set(err,
                         "the printer takes only G-code: the name on the "
                         "printer must end with one of %s",
                         list);
    }
    if (print && !ends_with_one(path, row->prints)) {
        list_endings(row->prints, list, sizeof list);
        return error_set(err,
                         "this printer prints only %s; export the file "
                         "from the slicer as one of these",
                         list);
    }
    return true;
}

const char *driver_upload_folder(const struct driver *driver,
                                 const struct device *device)
{
    const struct driver_upload *row = driver_upload(driver, device);

    return row ? row->folder : "";
}

enum order_code driver_upload_check(const struct driver *driver,
                                    const struct device *device,
                                    const char *path, bool print,
                                    struct error *err)
{
    const struct driver_upload *row = driver_upload(driver, device);
    struct request request;

    if (!row) {
        (void)error_set(err, "the driver %s cannot upload", driver->name);
        return ORDER_NOT_SUPPORTED;
    }
    if (!driver_target(driver, row->target, path, device, &request, err))
        return ORDER_INVALID;
    if (is_read_only(row, path)) {
        (void)error_set(err, "the printer's card cannot be written over the "
                             "network; upload to its other storage");
        return ORDER_NOT_SUPPORTED;
    }
    return path_check_new(row, path, err) && check_ending(row, path, print, err)
               ? ORDER_OK
               : ORDER_INVALID;
}

/* ---- what does the answer mean? ---- */

static const struct driver_refusal *find_refusal(const struct driver_upload *up,
                                                 int status, const char *body,
                                                 size_t len)
{
    const struct driver_refusal *row = up->refusals;
    char text[1024];

    if (len >= sizeof text)
        len = sizeof text - 1;
    memcpy(text, body, len);
    text[len] = '\0';
    while (row->status && (row->status != status ||
                           (row->words && !strcasestr(text, row->words))))
        row++;
    return row->status ? row : NULL;
}

enum order_code driver_upload_judge(const struct driver_upload *row, int status,
                                    const char *body, size_t len,
                                    enum refusal *refusal, char *message,
                                    size_t size)
{
    const struct driver_refusal *found;
    char sentence[64];

    *refusal = REFUSAL_FINAL;
    message[0] = '\0';
    if (status >= 200 && status < 300)
        return ORDER_OK;
    found = find_refusal(row, status, body, len);
    if (found)
        *refusal = found->refusal;
    (void)snprintf(sentence, sizeof sentence,
                   "the printer answered HTTP %d; check the address", status);
    driver_quote(found ? found->message : sentence, body, len, message, size);
    return found ? found->code : ORDER_PRINTER_ERROR;
}
