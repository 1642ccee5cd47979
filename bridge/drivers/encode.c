/* From an order to the request that carries it out, by the tables. */
#include "bridge/drivers/path.h"

#define PICTURE_MAX ((size_t)8 << 20)

static bool put_job(struct target *target, enum command command, int64_t job,
                    struct error *err)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)job);

    if (job < 0)
        return error_set(err, "there is no job to %s",
                         command_row(command)->name);
    target_put(target, digits, (size_t)len);
    return true;
}

/* The rest of what a pattern can hold; nothing if it is none of it. */
static bool fill_camera(struct target *target, const char *pattern,
                        const char *camera, const struct device *device,
                        struct error *err)
{
    if (strncmp(pattern, "{camera}", 8) == 0)
        return camera_put(target, camera, device, err);
    if (strncmp(pattern, "{new camera}", 12) == 0)
        return camera_put_new(target, camera, err);
    /* which one the server takes for the first is not for sure */
    if (strncmp(pattern, "{/camera}", 9) != 0 ||
        (!*camera && device->connected_cameras < 2))
        return true;
    target_put(target, "/", 1);
    return camera_put(target, camera, device, err);
}

/* Write the row's target with its {job} and {path} put in. */
static bool fill(struct target *target, const char *pattern,
                 enum command command, const struct order_arguments *arguments,
                 const struct device *device, struct error *err)
{
    while (*pattern) {
        size_t len = strcspn(pattern, "{");

        target_put(target, pattern, len);
        pattern += len;
        if (strncmp(pattern, "{job}", 5) == 0) {
            if (!put_job(target, command, arguments->job, err))
                return false;
        } else if (strncmp(pattern, "{path}", 6) == 0) {
            if (!path_check(arguments->path, PATH_FILE, device, err))
                return false;
            target_put_path(target, arguments->path);
        } else if (!fill_camera(target, pattern, arguments->path, device,
                                err)) {
            return false;
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

    if (!device)
        device = &unknown;
    if (!fill(&target, pattern, command, arguments, device, err))
        return false;
    return target_fits(&target, driver, device, err);
}

static bool fill_request(const struct driver *driver, enum command command,
                         const struct driver_step *step,
                         const struct order_arguments *arguments,
                         const struct device *device, struct request *request,
                         struct error *err)
{
    const struct driver_upload *names = driver_upload(driver, device);
    int headers = 0;

    *request = (struct request){
        .method = step->method, .timeout_ms = step->timeout_ms, .once = true};
    if (step->creates && names && !path_check_new(names, arguments->path, err))
        return false;
    if (step->header)
        request->headers[headers++] = step->header;
    if (step->force && arguments->force)
        request->headers[headers] = step->force;
    if (step->picture) {
        request->accept = "image/jpeg, image/png";
        request->answer_max = PICTURE_MAX;
    }
    if (step->body && !camera_body(step->body, arguments, device, request, err))
        return false;
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
    case STEP_FILES:
    case STEP_WAIT: return ENCODE_WAIT;
    case STEP_SEND: break;
    }
    return fill_request(driver, command, &row->steps[step], arguments,
                        device ? device : &unknown, request, err)
               ? ENCODE_SEND
               : ENCODE_REFUSED;
}

bool driver_job_gone(int64_t job, const struct telemetry *t)
{
    enum state state = telemetry_state(t);
    int64_t current = telemetry_integer(t, SLOT_JOB_ID, -1);

    return current >= 0 ? current != job
                        : state < STATE_COUNT && state != STATE_BUSY;
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
    if (step->transfer_gone &&
        telemetry_integer(t, SLOT_TRANSFER_ACTIVE, 0) == 0)
        return true;
    if (step->update_gone && telemetry_integer(t, SLOT_SERVER_UPDATE, 1) == 0)
        return true;
    return step->job_gone && job >= 0 && driver_job_gone(job, t);
}
