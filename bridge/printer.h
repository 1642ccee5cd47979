/* One printer's life: when to ask what, what the answers mean, whether it is
 * online, and one order at a time. Pure: time is an argument and answers are
 * told, so all of it is tested without a loop.
 *
 *   printer_next()      -> a request to send now, or when to ask again
 *   printer_answered()  <- what came back
 *   printer_order()     <- an order; its answers go to the sink
 *
 * printer.c is the polling, snapshot.c what answers mean, contact.c who is
 * there (serial, offline), job.c what happened to jobs, facts_job.c what their
 * files tell, orders.c the orders (with order_queue.c, order_guards.c,
 * order_answers.c). */
#ifndef BRIDGE_PRINTER_H
#define BRIDGE_PRINTER_H

#include "bridge/drivers/driver.h"
#include "bridge/facts_kept.h"
#include "bridge/files_kept.h"
#include "bridge/http.h"
#include "bridge/job.h"
#include "bridge/moment.h"
#include "bridge/order.h"
#include "bridge/transfer.h"
#include "config/config.h"
#include "mapping/telemetry.h"

#include <stdbool.h>
#include <stdint.h>

#define SERIAL_MAX 64

enum log_level {
    LOG_LEVEL_ERROR,   /* somebody must act */
    LOG_LEVEL_WARNING, /* degraded */
    LOG_LEVEL_INFO,    /* life-cycle */
    LOG_LEVEL_DEBUG,   /* traffic, without credentials */
};

struct printer;
struct files_page;

/* What a printer tells its owner while it is being called. */
struct printer_sink {
    void (*log)(void *arg, enum log_level level, const char *printer,
                const char *text);
    void (*answer)(void *arg, struct printer *printer,
                   const struct order *order,
                   const struct order_answer *answer);
    void (*event)(void *arg, struct printer *printer,
                  const struct job_event *event);
    /* An upload (owned from now on, until printer_carried_out()), and the end
     * of the one that runs or waits; false: there is none. NULL = no uploads */
    void (*upload)(void *arg, struct printer *printer, struct order *order);
    bool (*cancel_upload)(void *arg, struct printer *printer);
    /* Call files_page_read() in another thread, then printer_paged(). NULL =
     * it is called at once. */
    void (*work)(void *arg, struct printer *printer, struct files_page *page);
    /* A camera's picture was ordered and came; borrowed. False: it cannot be
     * shown. NULL = nobody takes pictures. */
    bool (*snapshot)(void *arg, struct printer *printer, int camera,
                     const char *bytes, size_t len);
};

/* Why a printer is not (wholly) well. */
enum trouble {
    TROUBLE_NONE,
    TROUBLE_UNREACHABLE,
    TROUBLE_CERTIFICATE, /* it has one that is not trusted */
    TROUBLE_TIMEOUT,
    TROUBLE_AUTH,
    TROUBLE_ANSWER,        /* it answers, but not as the API says */
    TROUBLE_WRONG_PRINTER, /* another serial at this address */
    TROUBLE_NO_SERIAL,     /* two minutes and no serial number */
    TROUBLE_SAME_SERIAL,   /* another printer of the file has this serial */
};

/* Room for the first 64 characters of a text, which text_clean() makes: what is
 * read back must be what was kept, or each start would look like a change. */
#define REMEMBERED_SIZE (4 * 64 + 1)

/* What of a printer outlives the program (store.h). Owns all texts and lists:
 * printer_new() takes them, or printer_memory_release(). */
struct printer_memory {
    char serial[SERIAL_MAX + 1]; /* "" = none yet */
    char *name;                  /* its own, NULL = not told; as the next two */
    char *model;
    char *firmware;
    struct slot_set reported;  /* seen at least once */
    struct instances storages; /* names that the slots refer to */
    struct instances cameras;
    uint64_t learned; /* commands that once worked here, a bit each */
    struct job job;
    char *selected, *selected_name; /* file to be printed next */
    struct facts_kept facts;        /* of its files */
    /* Since the owner looked: */
    bool changed;       /* who it is or what it can */
    bool files_changed; /* the one to be printed, the facts of one */
    bool job_changed;   /* only the job */
};

/* All-zero afterwards. Accepts a zeroed one. */
void printer_memory_release(struct printer_memory *memory);

struct printer *printer_new(const struct config_printer *config,
                            const struct driver *driver,
                            const struct printer_memory *memory,
                            const struct printer_sink *sink, void *arg,
                            struct moment now, int64_t delay_ms);
/* Accepts NULL. */
void printer_free(struct printer *printer);
/* The bridge stops: whoever waits for an answer gets one. */
void printer_stop(struct printer *printer, struct moment now);

/* True: send *request now and tell printer_answered(). False: nothing to do
 * before printer_wake(). One request at a time: false while one is out, and
 * the wake-up is then its answer (INT64_MAX). */
bool printer_next(struct printer *printer, struct moment now,
                  struct request *request);
int64_t printer_wake(const struct printer *printer);
void printer_answered(struct printer *printer, const struct http_answer *answer,
                      struct moment now);
/* Takes ownership of order. code and err: what order_read() said. */
void printer_order(struct printer *printer, struct order *order,
                   enum order_code code, const struct error *err,
                   struct moment now);
/* An order that an earlier life of the bridge had accepted is carried out. */
void printer_adopt(struct printer *printer, struct order *order,
                   struct moment now);
/* One that is carried out elsewhere was taken; is over (and freed). */
void printer_accept(struct printer *printer, const struct order *order,
                    const char *message, struct moment now);
void printer_carried_out(struct printer *printer, struct order *order,
                         enum order_code code, int http_status,
                         const char *message, struct moment now);
/* An upload of the bridge runs (borrowed until the next call), has moved, or
 * (NULL) is over. While one runs polls are fewer. */
void printer_transfer(struct printer *printer, const struct transfer *transfer,
                      struct moment now);
/* Forget the remembered serial: whoever answers next is the printer. */
void printer_forget(struct printer *printer, struct moment now);

/* From now on know which files there are without being asked. */
void printer_watch_files(struct printer *printer);
/* Something changed which files there are. */
void printer_files_changed(struct printer *printer, struct moment now);
/* Takes the page back that sink.work() was given. */
void printer_paged(struct printer *printer, struct files_page *page,
                   struct moment now);

/* The file of a job. */
struct job_file {
    int64_t job;
    struct file_mark mark;
    const char *target; /* of the request that reads it */
};

/* Is there a current job of which only its file tells the filament, and was it
 * not asked for yet? Not while an upload or another transfer runs. Borrowed
 * until the next call. */
bool printer_wants_file(const struct printer *printer, struct job_file *file);
/* It is asked for now: once for each job, whatever comes of it. */
void printer_file_asked(struct printer *printer, int64_t job);
/* What is in a file was read: shown with its jobs, from the next poll on. */
void printer_file_read(struct printer *printer, const struct file_mark *file,
                       const struct metadata *facts);
/* Does an upload or another transfer run? */
bool printer_transfers(const struct printer *printer);

/* Target of the picture of the current job; "" = none was told (yet). */
const char *printer_picture(const struct printer *printer);
/* Fill only request->target with the address of a camera's picture. False:
 * there is none. */
bool printer_snapshot_target(const struct printer *printer, int camera,
                             struct request *request);
/* A camera's picture came. */
void printer_note_snapshot(struct printer *printer, int camera,
                           struct moment now);
/* An order waits for a request that may take a minute and is only ours: end
 * that one. */
bool printer_is_held_up(const struct printer *printer);
/* Read again what the job is: something was not there yet. */
void printer_read_job(struct printer *printer);

/* Views; borrowed until the next call. */
const struct config_printer *printer_config(const struct printer *printer);
const struct driver *printer_driver(const struct printer *printer);
const struct telemetry *printer_telemetry(const struct printer *printer);
/* Its storages. */
const struct instances *printer_instances(const struct printer *printer);
const struct roster *printer_roster(const struct printer *printer);
struct printer_memory *printer_memory(struct printer *printer);
/* The newest files that can be printed, with labels; NULL = not known. */
const struct kept_view *printer_files(const struct printer *printer);
/* Changes with them. */
uint64_t printer_files_version(const struct printer *printer);
/* Is it of no use to wait until they are known? */
bool printer_files_settled(const struct printer *printer);
/* Changes whenever one of these views may have. */
uint64_t printer_version(const struct printer *printer);
/* Said to be online: since the first status until two missed polls in a row. */
bool printer_online(const struct printer *printer);
/* Online, and surely the printer that it should be. */
bool printer_sure(const struct printer *printer);
const struct device *printer_device(const struct printer *printer);
/* Was there a verdict since the start: answered once, or missed twice? */
bool printer_judged(const struct printer *printer);
/* The reads of this contact are complete: discovery and JSON may go out. */
bool printer_settled(const struct printer *printer);
/* Does its driver have it for this kind of printer? */
bool printer_supports(const struct printer *printer, enum command command);
/* Could be ordered at all (driver, configuration, learned)? */
bool printer_able(const struct printer *printer, enum command command);
/* What can be ordered right now, a bit each (1 << COMMAND_PAUSE, ...): what
 * `can/<command>` says. */
uint64_t printer_can(const struct printer *printer);
/* Equal: printer_can() and printer_supports() say the same as before. */
unsigned printer_situation(const struct printer *printer);
/* What is wrong and what to do about it; "" when all is well. */
enum trouble printer_trouble(const struct printer *printer);
const char *printer_error(const struct printer *printer);
const char *printer_remedy(const struct printer *printer);
/* A trouble only the owner can see (TROUBLE_SAME_SERIAL, or NONE). */
void printer_set_trouble(struct printer *printer, enum trouble trouble);
uint64_t printer_polls_ok(const struct printer *printer);
uint64_t printer_polls_failed(const struct printer *printer);

#endif
