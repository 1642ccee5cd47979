/* From an order to the request that carries it out, by the tables. */
#include "bridge/drivers/driver.h"
#include "mapping/text.h"

/* A request target as it grows. */
struct target {
    char *text;
    size_t len; /* what it would be, also past the limit */
};

static void put(struct target *target, const char *bytes, size_t len)
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

/* Everything but unreserved bytes and '/' is encoded: Buddy takes '+' for a
 * space also in paths. Doubled slashes become one. */
static void put_path(struct target *target, const char *path)
{
    static const char hex[] = "0123456789ABCDEF";

    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;
        char code[3] = {'%', hex[c >> 4], hex[c & 15]};

        if (c == '/' && path[1] == '/')
            continue;
        if (c == '/' || is_unreserved(c))
            put(target, path, 1);
        else
            put(target, code, sizeof code);
    }
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

static bool check_path(const char *path, const struct device *device,
                       struct error *err)
{
    const char *file;

    if (!text_is_utf8(path, strlen(path)) || has_control(path))
        return error_set(err, "the path holds control characters or is not "
                              "UTF-8; rename the file");
    if (path[0] != '/' || path[1] == '/' || !path[1])
        return error_set(err, "a path begins with a slash and the storage: "
                              "/usb/box.gcode");
    if (has_dots(path))
        return error_set(err, "the path holds . or .. as a part; write it "
                              "without");
    file = strrchr(path, '/');
    if (file == path || !file[1])
        return error_set(err, "the path names a storage or a folder, not a "
                              "file: /usb/box.gcode");
    return check_storage(path, device, err);
}

static bool put_job(struct target *target, enum command command, int64_t job,
                    struct error *err)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)job);

    if (job < 0)
        return error_set(err, "there is no job to %s",
                         command_row(command)->name);
    put(target, digits, (size_t)len);
    return true;
}

/* Write the row's target with its {job} and {path} put in. */
static bool fill(struct target *target, const char *pattern,
                 enum command command, const struct order_arguments *arguments,
                 const struct device *device, struct error *err)
{
    while (*pattern) {
        size_t len = strcspn(pattern, "{");

        put(target, pattern, len);
        pattern += len;
        if (strncmp(pattern, "{job}", 5) == 0) {
            if (!put_job(target, command, arguments->job, err))
                return false;
        } else if (strncmp(pattern, "{path}", 6) == 0) {
            if (!check_path(arguments->path, device, err))
                return false;
            put_path(target, arguments->path);
        }
        pattern += strcspn(pattern, "}");
        pattern += *pattern == '}';
    }
    return true;
}

static bool fill_target(const struct driver *driver, const char *pattern,
                        enum command command,
                        const struct order_arguments *arguments,
                        const struct device *device, struct request *request,
                        struct error *err)
{
    static const struct device unknown;
    struct target target = {.text = request->target};
    size_t max = REQUEST_TARGET_MAX;

    if (!device)
        device = &unknown;
    if (driver->target_max)
        max = driver->target_max(device);
    if (!fill(&target, pattern, command, arguments, device, err))
        return false;
    if (target.len > max)
        return error_set(err,
                         "the path makes a request of %zu bytes and the "
                         "printer takes %zu; use a shorter name or folder, or "
                         "the short name (BOX~1.GCO)",
                         target.len, max);
    return true;
}

static bool fill_request(const struct driver *driver, enum command command,
                         const struct driver_step *step,
                         const struct order_arguments *arguments,
                         const struct device *device, struct request *request,
                         struct error *err)
{
    *request = (struct request){
        .method = step->method, .timeout_ms = step->timeout_ms, .once = true};
    return fill_target(driver, step->target, command, arguments, device,
                       request, err);
}

bool driver_target(const struct driver *driver, const char *pattern,
                   const char *path, const struct device *device,
                   struct request *request, struct error *err)
{
    struct order_arguments arguments = {.job = -1};
    int len = snprintf(arguments.path, sizeof arguments.path, "%s", path);

    if (len < 0 || (size_t)len >= sizeof arguments.path)
        return error_set(err, "the path is over %zu bytes",
                         sizeof arguments.path - 1);
    return fill_target(driver, pattern, COMMAND_PRINT, &arguments, device,
                       request, err);
}

enum encode_result driver_encode(const struct driver *driver,
                                 enum command command, int step,
                                 const struct order_arguments *arguments,
                                 const struct telemetry *t,
                                 const struct device *device,
                                 struct request *request, struct error *err)
{
    static const struct device unknown;
    const struct driver_command *row = driver_command(driver, command);
    enum step_kind kind = STEP_END;

    (void)t; /* for drivers whose bodies depend on it */
    if (!row) {
        (void)error_set(err, "the driver %s cannot %s", driver->name,
                        command_row(command)->name);
        return ENCODE_REFUSED;
    }
    if (step >= 0 && step < DRIVER_STEPS_MAX)
        kind = row->steps[step].kind;
    switch (kind) {
    case STEP_END: return ENCODE_DONE;
    case STEP_WAIT: return ENCODE_WAIT;
    case STEP_SEND: break;
    }
    return fill_request(driver, command, &row->steps[step], arguments,
                        device ? device : &unknown, request, err)
               ? ENCODE_SEND
               : ENCODE_REFUSED;
}

bool driver_step_done(const struct driver_step *step, int64_t job,
                      const struct telemetry *t)
{
    enum state state = telemetry_state(t);
    int64_t current = telemetry_integer(t, SLOT_JOB_ID, -1);

    if (state < STATE_COUNT && (step->until & STATE_BIT(state)))
        return true;
    if (step->job_new && current >= 0 && current != job)
        return true;
    if (!step->job_gone || job < 0)
        return false;
    /* Buddy drops the job for a while in the middle of a print when it
     * recovers from a crash, and is busy then: that is no end. */
    return current >= 0 ? current != job
                        : state < STATE_COUNT && state != STATE_BUSY;
}
