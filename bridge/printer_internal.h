/* What the files of one printer's life share. Nobody else includes it. */
#ifndef BRIDGE_PRINTER_INTERNAL_H
#define BRIDGE_PRINTER_INTERNAL_H

#include "bridge/derive.h"
#include "bridge/errand.h"
#include "bridge/files.h"
#include "bridge/printer.h"

#define ORDERS_MAX     8
#define AWAY_MAX       16
#define KEYS_MAX       256
#define ERROR_MAX      160 /* characters of what is wrong */
#define KEY_LIFE_MS    600000
#define AFTER_ORDER_MS 250  /* an extra status poll so long after an order */
#define UPLOAD_POLL_MS 5000 /* at least, while an upload runs */
#define LEAST_GAP_MS   1000 /* no endpoint more often than this */
#define FAILED_GAP_MS  5000 /* one that failed no more often than this */
#define FRESH_MS       1000 /* a status older than this is read before orders */

/* What the request in flight is for. */
enum flight {
    FLIGHT_NONE,
    FLIGHT_READ,   /* printer->reading */
    FLIGHT_ORDER,  /* the active order's step */
    FLIGHT_ERRAND, /* printer->running */
};

/* Where the active order stands. */
enum order_phase {
    PHASE_CHECK, /* waits for a status fresher than mark */
    PHASE_SEND,  /* its request may go out */
    PHASE_SENT,  /* its request is out */
    PHASE_WAIT,  /* the printer took it; the effect must show */
};

/* A final answer that a repeated idempotency key gets again. */
struct remembered {
    char *key;
    enum command command;
    enum state state_before;
    struct order_answer answer;
    int64_t at_ms;
};

struct orders {
    struct order *active;
    enum order_phase phase;
    int step;
    int repeats;     /* times its request had to be prepared again */
    bool asks_files; /* the active one is answered by what files.h finds */
    bool overtaken;  /* a cancel waits for the answer in flight */
    bool unsure;     /* no answer came: it may have been carried out */
    bool printed;    /* the last print was carried out, or may have been */
    uint64_t mark;   /* CHECK, WAIT: a status asked after this request counts */
    uint64_t failed_before; /* polls, when it began */
    int64_t deadline_ms;
    int64_t look_at_ms; /* WAIT: the next status is wanted then */
    int64_t job_before; /* current when it was sent, -1 = none */
    struct order *queue[ORDERS_MAX];
    int count;
    struct order *followers[ORDERS_MAX]; /* repeat a key that is not done yet */
    int follower_count;
    struct order *away[AWAY_MAX]; /* carried out elsewhere, not owned */
    int away_count;
    struct remembered **keys; /* ring of KEYS_MAX, made when first needed */
    int next_key;
};

struct printer {
    const struct config_printer *config;
    const struct driver *driver;
    const struct printer_sink *sink;
    void *arg;

    struct telemetry telemetry;
    struct telemetry *scratch; /* the next snapshot while it is made: one for
                                  all printers, for that ends in one call */
    struct device device;
    struct roster roster; /* of device */
    struct printer_memory memory;
    struct job_start start;
    const struct transfer *transfer; /* of the bridge; NULL = none */
    struct transfer_pace pace;
    int64_t clock;         /* wall less monotonic seconds */
    int64_t parted_ms;     /* status and job disagree about its id since; 0 */
    int64_t halted_ms;     /* device.halted since; 0 */
    double saved_progress; /* of the job, as memory was last saved */
    struct orders orders;
    struct files *files; /* NULL = the driver knows none */
    struct errand *errands[ERRANDS_MAX];
    int errand_count;
    struct errand *running; /* whose request is in flight */

    bool judged;                /* there was a verdict since the start */
    bool online;                /* said to be online */
    bool contact;               /* status answered since the last miss */
    bool settled;               /* the first reads of this contact are in */
    bool identity_read;         /* in this contact: asked who it is */
    bool serial_checked;        /* in this contact: it is our printer */
    bool doubted;               /* an answer, in this poll */
    enum trouble trouble;       /* of the contact */
    enum trouble owner_trouble; /* printer_set_trouble() */
    bool nameless;              /* online for long without a serial number */
    char *error;                /* what is wrong; NULL = nothing */
    int misses;                 /* missed polls in a row */
    int64_t backoff_ms;
    int64_t since_ms; /* when it went on- or offline */

    enum flight flight;
    int reading;     /* endpoint in flight */
    int64_t sent_ms; /* the request in flight, or the last one */
    int64_t answered_ms;
    uint32_t pending; /* endpoints to read as soon as possible */
    uint32_t missing; /* answered 404 in this contact */
    uint32_t untried; /* not read yet in this contact, or since a refresh */
    uint32_t failed;  /* side endpoints whose last read failed */
    int64_t read_ms[DRIVER_ENDPOINTS_MAX]; /* asked; 0 = not answered yet */
    int64_t status_sent_ms; /* the last answered status was asked then */
    uint64_t sent_count;    /* requests so far, */
    uint64_t status_number; /* and which of them was that status */
    int64_t next_poll_ms;
    int64_t next_day_ms; /* of CADENCE_DAY endpoints, whatever the contact */
    int64_t interval_ms; /* ordered by set_poll_interval; 0 = none */
    int status_endpoint, identity_endpoint, job_endpoint;
    bool overflow_told; /* that there are more storages than fit */
    uint64_t polls_ok, polls_failed;
    uint64_t version;
};

void printer_log(struct printer *p, enum log_level level, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

static inline uint32_t endpoint_bit(int endpoint)
{
    return endpoint < 0 ? 0 : 1u << endpoint;
}

/* printer.c */
int64_t printer_interval(const struct printer *p); /* between polls, ms */
bool printer_busy_with_job(const struct printer *p);
void printer_read_soon(struct printer *p, uint32_t endpoints);
uint32_t printer_all_endpoints(const struct printer *p);

/* errand.c */
bool errands_next(struct printer *p, struct moment now,
                  struct request *request);
void errands_answered(struct printer *p, const struct http_answer *answer,
                      struct moment now);
int64_t errands_wake(const struct printer *p);

/* snapshot.c */
void snapshot_answered(struct printer *p, const struct http_answer *answer,
                       struct moment now);
/* An answer that an order brought: fold it in as that of an endpoint. False: it
 * is none. */
bool snapshot_fold(struct printer *p, int endpoint,
                   const struct http_answer *answer, struct moment now);
/* Tell what happened to the job, and that the printer came or went. */
void printer_follow_job(struct printer *p, struct moment now);

/* facts_job.c: what t lacks of its job, from what is known of the file */
void facts_complete_job(const struct printer *p, struct telemetry *t);

/* contact.c: what is wrong with the contact, "" = nothing */
const char *contact_error(const struct printer *p);
/* verdicts about a request that was a read */
void contact_missed(struct printer *p, enum trouble trouble, const char *reason,
                    struct moment now);
/* A valid answer came; true if the snapshot may be published. */
bool contact_answered(struct printer *p, int endpoint, struct moment now);
void contact_begin(struct printer *p, struct moment now);
/* It may be another printer by now: who it is will be read before anything
 * else is believed or sent. */
void contact_doubt(struct printer *p);
/* The first status of this contact was published. */
void contact_established(struct printer *p, struct moment now);
/* No valid answer at all: a missed poll, whatever was read. */
void contact_failed(struct printer *p, const struct http_answer *answer,
                    struct moment now);

/* order_guards.c */
int64_t printer_job(const struct printer *p); /* the current one, -1 = none */
bool order_is_bridges(enum command command);  /* carried out by the bridge */
/* Guards that need no fresh status, and those on a fresh one. True: refused,
 * and the order is gone. */
bool order_refused_at_once(struct printer *p, struct order *order,
                           struct moment now);
/* The printer is not there, or is another one. */
bool order_refused_away(struct printer *p, struct order *order,
                        struct moment now);
bool order_refused_now(struct printer *p, struct order *order,
                       struct moment now);

/* What the order needs beside a state and is not there; NULL = nothing. */
const char *order_lacks(const struct printer *p, enum command command);

/* order_answers.c */
struct order_answer order_answer_make(const struct printer *p,
                                      const struct order *order,
                                      enum order_status status,
                                      enum order_code code, struct moment now);
void order_log(struct printer *p, const struct order *order,
               const struct order_answer *answer);
/* Give the final answer and free the order. */
void order_finish(struct printer *p, struct order *order,
                  const struct order_answer *answer, struct moment now);
void order_refuse(struct printer *p, struct order *order, enum order_code code,
                  int http_status, struct moment now, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
void order_done(struct printer *p, struct order *order, struct moment now,
                const char *message);
/* The final answer that this key got in the last 10 min; NULL = none. */
struct remembered *order_recall(struct printer *p, const char *key,
                                int64_t now_ms);
void order_forget(struct remembered *remembered);

/* order_away.c */
void order_send_away(struct printer *p, struct order *order);
/* order_answered.c: the printer did it, and its answer is what was asked for.
 * True: the active order is answered and gone. */
bool order_took_answer(struct printer *p, const struct http_answer *answer,
                       struct moment now);

/* Read again what the command changes. */
void order_read_changes(struct printer *p, const struct driver_command *row);

/* order_queue.c */
/* Does a job begin when it is carried out? */
bool order_begins_job(const struct printer *p, const struct order *order);
struct order *orders_take_first(struct orders *orders);
void orders_drop_expired(struct printer *p, struct moment now);
/* The active order is a print that is sent, and of whose job nothing shows yet:
 * only when it does can it be cancelled. */
bool orders_await_job(const struct printer *p);

/* orders.c */
/* Look at the new snapshot: has the active order taken effect? */
void orders_step(struct printer *p, struct moment now);
/* True: *request is the active order's. */
bool orders_next(struct printer *p, struct moment now, struct request *request);
void orders_answered(struct printer *p, const struct http_answer *answer,
                     struct moment now);
/* The printer went offline (or the bridge stops): what waits is answered. An
 * order that the printer took already is waited for until its limit. */
void orders_offline(struct printer *p, bool stopping, struct moment now);
/* The bridge stops: whoever waits is answered, uploads apart that go on. */
void orders_stop(struct printer *p, struct moment now);
void orders_release(struct printer *p);
int64_t orders_wake(const struct printer *p);
/* Does the active order need a status read now? */
bool orders_want_status(const struct printer *p, struct moment now);
/* Does it wait for what the status says, and for nothing else? */
bool orders_hurry(const struct printer *p);

#endif
