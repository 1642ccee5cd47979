#include "bridge/cli/sending.h"

#include "bridge/cli/paint.h"
#include "bridge/cli/place.h"
#include "bridge/cli/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TURN_MS 100

struct run {
    struct sending *sending;
    struct client *client;
    struct upload *upload;
    struct http_file file;
    struct progress progress;
};

static void on_done(void *arg, const struct http_answer *answer)
{
    struct run *run = arg;

    desk_wake(run->client->desk);
    upload_answered(run->upload, answer, desk_now(run->client->desk).ms);
}

/* True: a request is out. */
static bool start(struct run *run, enum upload_want want,
                  const struct request *request)
{
    const struct http_stream stream = {.file = &run->file};

    if (want == UPLOAD_SEND)
        return http_send(run->client->http, request, on_done, run);
    run->file.tail = upload_tail(run->upload);
    return http_stream(run->client->http, request, &stream, on_done, run);
}

/* Let it go on for a moment; a signal ends it. */
static void turn(struct run *run)
{
    struct desk *desk = run->client->desk;
    struct http_progress now = http_progress(run->client->http);

    progress_show(&run->progress, now.send_total > 0 ? now.sent : 0,
                  run->file.stamp.size, upload_waiting_for(run->upload),
                  desk_now(desk).ms);
    desk_turn_for(desk, TURN_MS);
    if (!desk_signalled(desk))
        return;
    upload_cancel(run->upload);
    http_abort(run->client->http);
}

static bool go(struct run *run, struct error *err)
{
    struct http_client *http = run->client->http;
    struct desk *desk = run->client->desk;
    struct request request;
    enum upload_want want;

    while (
        (want = upload_next(run->upload,
                            http_login_due(http, upload_login_max(run->upload)),
                            desk_now(desk).ms, &request)) != UPLOAD_END) {
        if (want != UPLOAD_WAIT && !start(run, want, &request))
            return error_set(err, "the request could not be made");
        turn(run);
    }
    return true;
}

static bool open_file(const struct sending *sending, struct http_file *file,
                      struct error *err)
{
    struct buffer shown = {0};
    bool ok = false;

    paint_text_cut(&shown, sending->file, 200);
    /* a FIFO without a writer would block the open */
    file->fd = open(sending->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->fd < 0)
        (void)error_set(err, "cannot read %s: %s", buffer_text(&shown),
                        strerror(errno));
    else if (!http_stamp_of(file->fd, &file->stamp))
        (void)error_set(err, "%s is not a regular file", buffer_text(&shown));
    else
        ok = true;
    buffer_release(&shown);
    return ok;
}

static bool plan(struct sending *sending, struct run *run,
                 struct upload_plan *plan, struct error *err)
{
    int n;

    *plan = (struct upload_plan){
        .driver = run->client->driver,
        .device = &run->client->device,
        .source = run->file.stamp,
        .print = sending->print,
        .overwrite = sending->overwrite,
    };
    n = snprintf(plan->path, sizeof plan->path, "%s", sending->path);
    if (n < 0 || (size_t)n >= sizeof plan->path)
        return error_set(err, "the path on the printer is too long");
    sending->result.code = upload_check(plan, err);
    return sending->result.code == ORDER_OK;
}

static bool carry_out(struct run *run, struct error *err)
{
    struct sending *sending = run->sending;
    struct desk *desk = run->client->desk;
    struct upload_plan upload;
    int64_t began = desk_now(desk).ms;
    bool ok;

    if (!plan(sending, run, &upload, err))
        return false;
    progress_begin(&run->progress, place_name(sending->file), sending->live,
                   began);
    run->upload = upload_new(&upload, began);
    ok = go(run, err);
    sending->result = *upload_result(run->upload);
    upload_free(run->upload);
    progress_end(&run->progress);
    sending->took_ms = desk_now(desk).ms - began;
    if (!ok || sending->result.code == ORDER_OK)
        return ok;
    return error_set(err, "%s", sending->result.message);
}

bool sending_run(struct sending *sending, struct client *client,
                 struct error *err)
{
    struct run run = {.sending = sending, .client = client, .file = {.fd = -1}};
    bool ok = client_allows(client, COMMAND_UPLOAD, err) &&
              (!sending->print || client_allows(client, COMMAND_PRINT, err));

    sending->result.code = ok ? ORDER_INVALID : ORDER_NOT_ALLOWED;
    ok = ok && open_file(sending, &run.file, err) && carry_out(&run, err);

    sending->size = run.file.stamp.size;
    if (run.file.fd >= 0)
        (void)close(run.file.fd);
    return ok;
}
