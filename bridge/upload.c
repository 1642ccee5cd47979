#include "bridge/upload.h"

#include "bridge/drivers/files.h"
#include "bridge/upload_internal.h"
#include "mapping/error.h"
#include "mapping/memory.h"

#define LOOK_MAX ((size_t)256 << 10) /* of a file's information */

/* ---- checks ---- */

static bool is_stuck(const struct driver_upload *row, int64_t size)
{
    return row->stuck_modulus && size % row->stuck_modulus == row->stuck_rest;
}

enum order_code upload_check(const struct upload_plan *plan, struct error *err)
{
    const struct driver_upload *row = driver_upload(plan->driver, plan->device);
    enum order_code code = driver_upload_check(plan->driver, plan->device,
                                               plan->path, plan->print, err);

    if (code != ORDER_OK)
        return code;
    if (plan->source.size <= 0) {
        (void)error_set(err, "the file is empty; the printer takes none");
        return ORDER_INVALID;
    }
    if (row->size_max && plan->source.size > row->size_max) {
        (void)error_set(err,
                        "the file has %lld bytes and the printer's drive "
                        "takes files up to %lld",
                        (long long)plan->source.size, (long long)row->size_max);
        return ORDER_TOO_BIG;
    }
    return ORDER_OK;
}

const char *upload_tail(const struct upload *upload)
{
    return upload->row && is_stuck(upload->row, upload->plan.source.size)
               ? "\n"
               : NULL;
}

int64_t upload_total(const struct upload *upload)
{
    return upload->plan.source.size + (upload_tail(upload) ? 1 : 0);
}

/* ---- requests ---- */

static bool fill_look(const struct upload *u, bool login_due,
                      struct request *request)
{
    if (!driver_read_files(u->plan.driver, &u->device, u->plan.path, request,
                           NULL))
        return false;
    request->answer_max = LOOK_MAX;
    if (login_due)
        request->login_max_ms = u->row->login_max_ms;
    return true;
}

static void fill_body(const struct upload *u, struct request *request)
{
    int headers = 0;

    *request = (struct request){
        .method = HTTP_PUT,
        .content_type = u->row->content_type,
        .once = true,
    };
    (void)driver_target(u->plan.driver, u->row->target, u->plan.path,
                        &u->device, request, NULL);
    if (u->plan.print)
        request->headers[headers++] = u->row->print_header;
    if (u->plan.overwrite)
        request->headers[headers] = u->row->overwrite_header;
}

enum upload_want upload_next(struct upload *upload, bool login_due,
                             int64_t now_ms, struct request *request)
{
    struct upload *u = upload;

    if (u->phase == PHASE_PAUSE && now_ms >= u->wake_ms)
        u->phase = PHASE_LOOK;
    if (u->phase == PHASE_LOOK) {
        u->waiting[0] = '\0';
        u->phase = PHASE_LOOKING;
        if (fill_look(u, login_due, request))
            return UPLOAD_SEND;
        u->phase = PHASE_BODY;
    }
    if (u->phase == PHASE_BODY) {
        fill_body(u, request);
        u->phase = PHASE_SENDING;
        u->result.tries++;
        return UPLOAD_STREAM;
    }
    return u->phase == PHASE_END ? UPLOAD_END : UPLOAD_WAIT;
}

int64_t upload_wake(const struct upload *upload)
{
    switch (upload->phase) {
    case PHASE_LOOK:
    case PHASE_BODY: return 0;
    case PHASE_PAUSE: return upload->wake_ms;
    case PHASE_LOOKING:
    case PHASE_SENDING:
    case PHASE_END: break;
    }
    return INT64_MAX;
}

void upload_cancel(struct upload *upload)
{
    upload->cancelled = true;
    if (upload->phase == PHASE_LOOK || upload->phase == PHASE_BODY ||
        upload->phase == PHASE_PAUSE)
        upload_finish_cancelled(upload);
}

/* ---- life ---- */

struct upload *upload_new(const struct upload_plan *plan, int64_t now_ms)
{
    struct upload *u = memory_zero(1, sizeof *u);
    struct error err = {""};
    enum order_code code;

    (void)now_ms;
    u->plan = *plan;
    if (plan->device)
        device_copy(&u->device, plan->device);
    u->plan.device = &u->device;
    u->row = driver_upload(plan->driver, &u->device);
    u->arrived = plan->resumed;
    code = upload_check(&u->plan, &err);
    if (code != ORDER_OK)
        upload_finish(u, code, "%.399s", err.text);
    return u;
}

void upload_free(struct upload *upload)
{
    if (upload)
        device_release(&upload->device);
    free(upload);
}

const struct upload_result *upload_result(const struct upload *upload)
{
    return &upload->result;
}

int64_t upload_login_max(const struct upload *upload)
{
    return upload->row ? upload->row->login_max_ms : 0;
}

const char *upload_waiting_for(const struct upload *upload)
{
    return upload->waiting;
}
