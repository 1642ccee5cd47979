#include "bridge/pictures/thumbnail.h"

#include "bridge/log.h"
#include "bridge/pictures/format.h"
#include "bridge/printer.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#define TIMEOUT_MS 10000 /* polls wait for it */
#define WAIT_MS    500   /* for others' pictures */

/* From one try to the next. */
static const int64_t gaps_ms[] = {2000, 10000, 30000, 90000, 180000};

#define TRIES_MAX ((int)(sizeof gaps_ms / sizeof *gaps_ms))

/* Of which is known what it is: then its picture's address is, too. */
static int64_t current_job(struct printer *printer)
{
    const struct job *job = &printer_memory(printer)->job;
    int64_t seen =
        telemetry_integer(printer_telemetry(printer), SLOT_JOB_ID, -1);

    return printer_online(printer) && job->phase != JOB_NONE &&
                   job->now.id == seen
               ? seen
               : -1;
}

/* One more try was made, without success. */
static void tried(struct thumbnail *t, struct moment now)
{
    if (t->tries < TRIES_MAX)
        t->next_ms = now.ms + gaps_ms[t->tries++];
    else
        t->over = true;
}

void thumbnail_step(struct thumbnail *t, struct moment now)
{
    int64_t job = current_job(t->printer);

    if (job != t->job) {
        t->job = job;
        t->tries = 0;
        t->next_ms = now.ms;
        t->over = job < 0;
    }
    if (t->over || now.ms < t->next_ms)
        return;
    if (t->sink->has(t->arg, job)) {
        t->over = true;
    } else if (!*printer_picture(t->printer)) {
        if (t->tries > 0)
            printer_read_job(t->printer);
        tried(t, now);
    }
}

static bool next(struct errand *errand, struct moment now,
                 struct request *request)
{
    struct thumbnail *t = (struct thumbnail *)errand;
    const char *target = printer_picture(t->printer);

    if (t->over || !*target || current_job(t->printer) != t->job)
        return false;
    if (!t->sink->begin(t->arg)) {
        t->next_ms = now.ms + WAIT_MS;
        return false;
    }
    *request = (struct request){
        .method = HTTP_GET,
        .accept = "image/png, image/jpeg",
        .timeout_ms = TIMEOUT_MS,
        .answer_max = PICTURE_MAX,
    };
    memcpy(request->target, target, strlen(target) + 1);
    t->asked = text_hash(target);
    t->conditional = t->had_tag && t->had_target == t->asked &&
                     t->sink->has(t->arg, t->had_job);
    if (t->conditional) {
        request->condition = HTTP_IF_NONE_MATCH;
        memcpy(request->validator, t->had_tag, strlen(t->had_tag) + 1);
    }
    t->fetching = t->job;
    return true;
}

static void note(const struct thumbnail *t, const char *text)
{
    log_write(LOG_LEVEL_DEBUG, printer_config(t->printer)->id, text);
}

void thumbnail_release(struct thumbnail *t)
{
    free(t->had_tag);
    t->had_tag = NULL;
}

static void got(struct thumbnail *t, const struct http_answer *answer)
{
    t->over = t->over || t->fetching == t->job;
    if (picture_format(answer->body, answer->len) == PICTURE_UNKNOWN) {
        note(t, "the picture of the job is neither PNG nor JPEG; it is "
                "left out");
        return;
    }
    t->had_job = t->fetching;
    t->had_target = t->asked;
    thumbnail_release(t);
    if (answer->headers.etag[0])
        t->had_tag = memory_text(answer->headers.etag);
    t->sink->take(t->arg, t->fetching, answer->body, answer->len);
}

static void answered(struct errand *errand, const struct http_answer *answer,
                     struct moment now)
{
    struct thumbnail *t = (struct thumbnail *)errand;
    bool whole = answer->result == HTTP_ANSWERED;

    t->sink->ended(t->arg);
    if (whole && answer->status == 200 && answer->len > 0) {
        got(t, answer);
    } else if (whole && answer->status == 304 && t->conditional) {
        t->over = t->over || t->fetching == t->job;
        t->sink->take_same(t->arg, t->fetching, t->had_job);
        t->had_job = t->fetching;
    } else if (answer->result == HTTP_TOO_BIG) {
        t->over = t->over || t->fetching == t->job;
        note(t, "the picture of the job is over 8 MiB; it is left out");
    } else if (t->fetching == t->job) {
        tried(t, now);
    }
}

static int64_t wake(const struct errand *errand)
{
    const struct thumbnail *t = (const struct thumbnail *)errand;

    return t->over ? INT64_MAX : t->next_ms;
}

void thumbnail_again(struct thumbnail *t, struct moment now)
{
    t->tries = 0;
    t->next_ms = now.ms;
    t->over = t->job < 0;
}

static const struct errand_kind kind = {next, answered, wake};

void thumbnail_init(struct thumbnail *t, struct printer *printer,
                    const struct thumbnail_sink *sink, void *arg)
{
    *t = (struct thumbnail){
        .errand = {&kind},
        .printer = printer,
        .sink = sink,
        .arg = arg,
        .job = -1,
        .over = true,
    };
}
