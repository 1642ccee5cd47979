#include "bridge/pictures/snapshots.h"

#include "bridge/pictures/format.h"
#include "bridge/printer.h"

#define TIMEOUT_MS  10000 /* polls wait for it */
#define WAIT_MS     500   /* for others' pictures */
#define INTERVAL_MS 5000  /* at least */
#define AGAIN_MS    10000 /* when there was none yet, or no answer */

static bool is_connected(const struct printer *printer, int camera)
{
    return telemetry_integer(printer_telemetry(printer),
                             field_slot(FIELD_CAMERA_CONNECTED, camera),
                             0) == 1;
}

/* The connected camera that has waited longest; -1 = there is none. */
static int pick(const struct snapshots *s)
{
    int i, best = -1;

    for (i = 0; i < printer_roster(s->printer)->cameras->count; i++)
        if (is_connected(s->printer, i) &&
            (best < 0 || s->next_ms[i] < s->next_ms[best]))
            best = i;
    return best;
}

static bool next(struct errand *errand, struct moment now,
                 struct request *request)
{
    struct snapshots *s = (struct snapshots *)errand;
    int camera = pick(s);

    if (camera < 0)
        return false;
    s->next_ms[camera] = now.ms + s->interval_ms;
    *request = (struct request){
        .method = HTTP_GET,
        .accept = "image/jpeg, image/png",
        .timeout_ms = TIMEOUT_MS,
        .answer_max = PICTURE_MAX,
    };
    if (!printer_snapshot_target(s->printer, camera, request))
        return false;
    if (!s->sink->begin(s->arg)) {
        s->next_ms[camera] = now.ms + WAIT_MS;
        return false;
    }
    if (s->modified[camera][0]) {
        request->condition = HTTP_IF_MODIFIED_SINCE;
        (void)snprintf(request->validator, sizeof request->validator, "%s",
                       s->modified[camera]);
    }
    s->camera = camera;
    return true;
}

static void answered(struct errand *errand, const struct http_answer *answer,
                     struct moment now)
{
    struct snapshots *s = (struct snapshots *)errand;

    s->sink->ended(s->arg);
    if (s->camera < 0 ||
        (answer->result == HTTP_ANSWERED && answer->status == 304))
        return;
    if (answer->result != HTTP_ANSWERED || answer->status != 200) {
        if (s->interval_ms > AGAIN_MS)
            s->next_ms[s->camera] = now.ms + AGAIN_MS;
        return;
    }
    (void)snprintf(s->modified[s->camera], sizeof s->modified[0], "%s",
                   answer->headers.last_modified);
    s->sink->take(s->arg, s->camera, answer->body, answer->len);
}

static int64_t wake(const struct errand *errand)
{
    const struct snapshots *s = (const struct snapshots *)errand;
    int camera = pick(s);

    return camera < 0 ? INT64_MAX : s->next_ms[camera];
}

static const struct errand_kind kind = {next, answered, wake};

void snapshots_init(struct snapshots *s, struct printer *printer,
                    int64_t interval_ms, const struct snapshots_sink *sink,
                    void *arg)
{
    *s = (struct snapshots){
        .errand = {&kind},
        .printer = printer,
        .sink = sink,
        .arg = arg,
        .interval_ms = interval_ms < INTERVAL_MS ? INTERVAL_MS : interval_ms,
    };
}

void snapshots_again(struct snapshots *s)
{
    memset(s->modified, 0, sizeof s->modified);
}

void snapshots_forget(struct snapshots *s)
{
    snapshots_again(s);
    s->camera = -1;
}
