/* One upload to one printer: checks, tries again, says how it ended. Pure: no
 * loop, no files, no clock, no MQTT; used by the daemon (uploads/sender.h) and
 * the command line (cli/sending.h). */
#ifndef BRIDGE_UPLOAD_H
#define BRIDGE_UPLOAD_H

#include "bridge/drivers/driver.h"
#include "bridge/http.h"

#include <stdbool.h>
#include <stdint.h>

struct upload_plan {
    const struct driver *driver;
    const struct device *device; /* copied as far as needed; may be NULL */
    char path[512];              /* "/usb/parts/box.gcode", UTF-8 */
    struct http_stamp source;
    bool print;
    bool overwrite;
    /* A run before this one may have sent it, and did not hear the end: what is
     * there with the right size counts as that, and is never printed twice. */
    bool resumed;
};

/* What the upload wants next. */
enum upload_want {
    UPLOAD_SEND,   /* the request, without a file */
    UPLOAD_STREAM, /* the request, with the file (and upload_tail()) */
    UPLOAD_WAIT,   /* the answer, or upload_wake() */
    UPLOAD_END,    /* see upload_result() */
};

struct upload_result {
    enum order_code code; /* ORDER_OK: stored (and printed, if so asked) */
    bool stored;     /* the whole file is on the printer, whatever code says */
    bool printed;    /* and its print was accepted */
    bool unsure;     /* the answer was lost: see message */
    int http_status; /* of the answer that decided; 0 = none */
    int tries;       /* how often the file was sent, whole or in part */
    char message[400]; /* what happened and what to do; "" for ORDER_OK */
};

struct upload;

/* Can a file of this size go there? Everything that is known before a byte is
 * sent: the name, the target's length, the storage, the kind of file. err says
 * what is wrong and what to do. */
enum order_code upload_check(const struct upload_plan *plan, struct error *err);

/* Never fails: a plan that upload_check() refuses is UPLOAD_END at once. */
struct upload *upload_new(const struct upload_plan *plan, int64_t now_ms);
/* Accepts NULL. */
void upload_free(struct upload *upload);

/* Looks first what is there: that costs one small request, refuses an existing
 * file before its body is sent, and logs in, so that the body goes out once.
 * login_due: what http_login_due(client, upload_login_max(upload)) says. */
enum upload_want upload_next(struct upload *upload, bool login_due,
                             int64_t now_ms, struct request *request);
/* The answer to the request of UPLOAD_SEND or UPLOAD_STREAM. */
void upload_answered(struct upload *upload, const struct http_answer *answer,
                     int64_t now_ms);
/* When to call upload_next() again although nothing happens; INT64_MAX: not. */
int64_t upload_wake(const struct upload *upload);
/* Ends it: the caller aborts a request in flight (and hands the answer in). */
void upload_cancel(struct upload *upload);

const struct upload_result *upload_result(const struct upload *upload);
/* Text to be sent behind the file, or NULL: some lengths do not work. */
const char *upload_tail(const struct upload *upload);
int64_t upload_login_max(const struct upload *upload);
/* Waiting to try again: why, for people; "" while it is not. */
const char *upload_waiting_for(const struct upload *upload);

#endif
