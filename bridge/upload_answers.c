/* What an upload makes of the answers: it ends, waits, or goes on. */
#include "bridge/drivers/files.h"
#include "bridge/upload_internal.h"
#include "mapping/text.h"

#include <stdarg.h>

/* How often a transfer that fails is tried, and how often we wait for somebody
 * else's to end. */
#define FAILURES_MAX 6
#define BUSY_MAX     6

static const int64_t again_ms[] = {2000, 5000, 15000, 30000, 60000};
static const int64_t busy_ms[] = {5000, 10000, 20000, 30000, 60000, 60000};

/* ---- ends and pauses ---- */

/* Text that was cut may end in half a character. */
static void mend(char *text)
{
    size_t len = strlen(text), at = 0, n;

    while (at < len && (n = text_utf8(text + at, len - at)) > 0)
        at += n;
    text[at] = '\0';
}

void upload_finish(struct upload *upload, enum order_code code,
                   const char *format, ...)
{
    struct upload *u = upload;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(u->result.message, sizeof u->result.message, format, args);
    va_end(args);
    mend(u->result.message);
    u->result.code = code;
    u->phase = PHASE_END;
    u->waiting[0] = '\0';
}

static void finish_stored(struct upload *u)
{
    u->result.stored = true;
    u->result.printed = u->plan.print;
    upload_finish(u, ORDER_OK, "%s", "");
}

/* Nobody heard whether it is printed: to order it again could print twice. */
static void finish_found(struct upload *u)
{
    if (!u->plan.print) {
        finish_stored(u);
        return;
    }
    u->result.stored = true;
    if (u->unclear.code != ORDER_OK) {
        upload_finish(
            u, u->unclear.code,
            "the file is on the printer, but it is not printed: %.300s",
            u->unclear.message);
        return;
    }
    u->result.unsure = true;
    upload_finish(
        u, ORDER_TIMEOUT,
        "the file is on the printer, but its answer got lost: look whether "
        "it prints, and order print if it does not");
}

void upload_finish_cancelled(struct upload *upload)
{
    struct upload *u = upload;

    u->result.unsure = u->arrived;
    upload_finish(u, ORDER_SUPERSEDED,
                  u->arrived
                      ? "cancelled; the file may be on the printer all the "
                        "same, for an answer got lost before"
                      : "cancelled; the printer drops what it has got");
}

static void pause_for(struct upload *u, int64_t ms, const char *why,
                      int64_t now_ms)
{
    u->phase = PHASE_PAUSE;
    u->wake_ms = now_ms + ms;
    (void)snprintf(u->waiting, sizeof u->waiting, "%.159s", why);
    mend(u->waiting);
}

/* A transfer or a look that failed: once more, later. */
static void again(struct upload *u, enum order_code code, const char *why,
                  int64_t now_ms)
{
    if (++u->failures < FAILURES_MAX) {
        pause_for(u, again_ms[u->failures - 1], why, now_ms);
        return;
    }
    u->result.unsure = u->arrived;
    upload_finish(
        u, code, "given up after %d tries: %.120s; %s", u->failures, why,
        u->arrived ? "look whether the file is on the printer, for an "
                     "answer got lost"
                   : "check the printer's network and its drive, and send "
                     "the file again");
}

static void busy(struct upload *u, enum order_code code, const char *why,
                 int64_t now_ms)
{
    if (u->busy < BUSY_MAX)
        pause_for(u, busy_ms[u->busy++], why, now_ms);
    else
        upload_finish(u, code, "%.399s", why);
}

/* ---- what is there ---- */

static void take_self(void *arg, const struct file_entry *entry)
{
    struct there *there = arg;

    there->known = there->exists = true;
    there->folder = entry->kind == FILE_FOLDER;
    there->partial = entry->read_only && !there->folder;
    there->size = entry->size;
    there->modified = entry->modified;
}

static void read_there(const struct upload *u, const struct http_answer *answer,
                       struct there *there)
{
    struct file_reader reader = {.arg = there, .self = take_self};

    *there = (struct there){.known = answer->status == 404};
    if (answer->status == 200)
        (void)driver_files(u->plan.driver, &u->device, u->plan.path,
                           answer->body, answer->len, &reader, NULL);
}

/* Is it what one of our bodies became, of which we did not hear? An old file
 * of the same size is told by its time; of one that a run before this found or
 * left nothing is known, and only a second print would do harm. */
static bool is_ours(const struct upload *u, const struct there *there)
{
    const struct there *before = &u->before;

    if (!u->arrived || there->size != upload_total(u) || there->partial)
        return false;
    if (!u->plan.overwrite)
        return true;
    if (u->plan.resumed || !before->known)
        return u->plan.print;
    return !before->exists || before->size != there->size ||
           before->modified != there->modified;
}

#define A_FOLDER "a folder has this name already; use another name"
#define A_FILE                                                                 \
    "a file of this name is there already; send it with \"overwrite\": true "  \
    "or under another name"
#define A_TRANSFER                                                             \
    "a transfer to this file is running; wait for it or cancel it"

static void decide_on(struct upload *u, const struct there *there,
                      int64_t now_ms)
{
    if (there->folder)
        upload_finish(u, ORDER_CONFLICT, A_FOLDER);
    else if (is_ours(u, there))
        finish_found(u);
    else if (there->partial)
        busy(u, ORDER_CONFLICT, A_TRANSFER, now_ms);
    else if (!u->plan.overwrite && u->unclear.code == ORDER_OK)
        upload_finish(u, ORDER_CONFLICT, A_FILE);
}

static void decide(struct upload *u, const struct there *there, int64_t now_ms)
{
    u->phase = PHASE_BODY;
    if (there->known && there->exists)
        decide_on(u, there, now_ms);
    if (u->phase == PHASE_BODY && u->unclear.code != ORDER_OK)
        upload_finish(u, u->unclear.code, "%s", u->unclear.message);
    if (!u->looked && !u->plan.resumed)
        u->before = *there;
    u->looked = true;
}

/* ---- answers ---- */

static enum order_code code_of(const struct http_answer *answer)
{
    switch (answer->result) {
    case HTTP_UNREACHABLE: return ORDER_OFFLINE;
    case HTTP_TIMEOUT: return ORDER_TIMEOUT;
    case HTTP_ABORTED: return ORDER_SUPERSEDED;
    case HTTP_LOCAL: return ORDER_INVALID;
    case HTTP_ANSWERED:
    case HTTP_BROKEN:
    case HTTP_TOO_BIG: break;
    }
    return ORDER_PRINTER_ERROR;
}

static void judge(struct upload *u, const struct http_answer *answer,
                  int64_t now_ms)
{
    char message[sizeof u->result.message];
    enum refusal refusal;
    enum order_code code =
        driver_upload_judge(u->row, answer->status, answer->body, answer->len,
                            &refusal, message, sizeof message);

    u->result.http_status = answer->status;
    if (code == ORDER_OK) {
        finish_stored(u);
        return;
    }
    switch (refusal) {
    case REFUSAL_BUSY: busy(u, code, message, now_ms); return;
    case REFUSAL_BROKEN: again(u, code, message, now_ms); return;
    case REFUSAL_STORED: u->result.stored = true; break;
    case REFUSAL_UNCLEAR:
        if (!answer->sent_all)
            break;
        u->unclear.code = code;
        (void)snprintf(u->unclear.message, sizeof u->unclear.message, "%s",
                       message);
        u->arrived = true;
        u->phase = PHASE_LOOK;
        return;
    case REFUSAL_FINAL: break;
    }
    upload_finish(u, code, "%s", message);
}

static void judge_body(struct upload *u, const struct http_answer *answer,
                       int64_t now_ms)
{
    switch (answer->result) {
    case HTTP_ANSWERED:
        if (answer->status != 401 || u->asked_in) {
            judge(u, answer, now_ms);
            return;
        }
        /* the login was too old all the same; it is a new one now */
        u->asked_in = true;
        u->phase = PHASE_LOOK;
        return;
    case HTTP_ABORTED: upload_finish_cancelled(u); return;
    case HTTP_LOCAL:
        upload_finish(u, ORDER_INVALID,
                      "%.150s; nothing was stored, send it again "
                      "when it is complete and stays as it is",
                      answer->reason);
        return;
    case HTTP_BROKEN:
    case HTTP_TIMEOUT:
    case HTTP_TOO_BIG: u->arrived |= answer->sent_all; break;
    case HTTP_UNREACHABLE: break;
    }
    again(u, code_of(answer), answer->reason, now_ms);
}

static void judge_look(struct upload *u, const struct http_answer *answer,
                       int64_t now_ms)
{
    struct there there;

    if (answer->result == HTTP_ABORTED) {
        upload_finish_cancelled(u);
    } else if (answer->result == HTTP_TOO_BIG) {
        there = (struct there){.known = true, .exists = true, .folder = true};
        decide(u, &there, now_ms);
    } else if (answer->result != HTTP_ANSWERED) {
        again(u, code_of(answer), answer->reason, now_ms);
    } else if (answer->status == 401 || answer->status == 403 ||
               answer->status == 503) {
        judge(u, answer, now_ms);
    } else {
        read_there(u, answer, &there);
        decide(u, &there, now_ms);
    }
}

void upload_answered(struct upload *upload, const struct http_answer *answer,
                     int64_t now_ms)
{
    enum phase phase = upload->phase;

    if (phase == PHASE_SENDING)
        judge_body(upload, answer, now_ms);
    else if (phase == PHASE_LOOKING)
        judge_look(upload, answer, now_ms);
    if (upload->cancelled && upload->phase != PHASE_END)
        upload_finish_cancelled(upload);
}
