/* A printer of bridge/printer.h with a tiny printer on the other side: time is
 * a number, answers are made from a few facts, and everything that would go
 * over the wire is recorded. */
#ifndef TESTS_BRIDGE_LIFE_H
#define TESTS_BRIDGE_LIFE_H

#include "bridge/printer.h"

/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define LIFE_MAX 64

struct world;

/* What the other side is now. */
struct far_side {
    const char *state;  /* "PRINTING" */
    const char *serial; /* NULL = not told */
    const char *name;   /* NULL = not told; only with a serial */
    int job;            /* 0 = none */
    int job_name_id;    /* id that /api/v1/job tells; 0 = the same */
    int progress;
    int printing;                   /* seconds; -1 = not told */
    int remaining;                  /* seconds; -1 = not told */
    int status_code;                /* of /api/v1/status; 0 = 200 */
    int order_code;                 /* of PUT, POST, DELETE; 0 = 204 */
    enum http_result result;        /* of everything */
    enum http_result order_result;  /* of orders */
    enum http_result errand_result; /* of /errand, /thumb and /usb/ */
    const char
        *thumbnail;       /* JSON: where the job's picture is; NULL = no refs */
    const char *download; /* JSON: where the job's file is; NULL = not told */
    int job_size;         /* bytes of it; 0 = not told */
    const char *file;     /* its text; NULL = 404 */
    size_t file_taken;    /* bytes of it that were taken, of all answers */
    int picture_code;     /* of it and of snapshots; 0 = 404 */
    const char *picture;  /* its bytes */
    const char *etag;     /* NULL = none */
    const char *modified; /* Last-Modified; NULL = none */
    const char *cameras;  /* JSON of the list; NULL = 404 */
    const char *server;   /* a Pi's version; NULL = not told */
    const char *update;   /* a newer one; NULL = none */
    const char *firmware; /* a Buddy's; NULL = not told */
    bool pi;              /* a Raspberry Pi, else a Buddy */
    bool challenges;      /* asks each time who we are */
    bool order_lost;      /* carried out, but the answer does not come */
    void (*on_order)(struct far_side *far); /* when one is carried out */
    void (*on_piece)(struct world *life);   /* before each piece of the file */
    const char *storages; /* of /api/v1/storage; NULL = none */
    /* Answers below /api/v1/files: a status, and a body; NULL = 404. */
    int (*files)(struct far_side *far, const struct request *request,
                 struct http_headers *headers, char *body, size_t size);
    enum http_result files_result;
};

struct world {
    struct printer *printer;
    struct far_side far;
    struct moment now;
    struct config_printer config;
    struct request sent[LIFE_MAX]; /* the newest LIFE_MAX requests */
    int sent_count;
    struct order_answer answers[LIFE_MAX];
    char answered[LIFE_MAX][32]; /* command names of the answers */
    int answer_count;
    enum state before; /* what the newest answer says of the order's coming */
    char value[4096];  /* of the newest answer; "" = none */
    bool workers;      /* pages are read by work_done() only */
    struct files_page *page;
    char log[LIFE_MAX][300];
    int log_count;
    enum event events[LIFE_MAX];
    char event_files[LIFE_MAX][64]; /* names of their jobs; "" = not told */
    int event_count;
    /* Called before the printer is asked what is next; NULL = nobody. */
    void (*step)(void *arg, struct moment now);
    void *step_arg;
    const char *hold; /* requests to what begins so get no answer; NULL */
    /* Takes cameras' pictures; NULL = nobody. */
    bool (*snapshot)(void *arg, struct printer *printer, int camera,
                     const char *bytes, size_t len);
};

void life_open(struct world *life, const struct printer_memory *memory);
void life_close(struct world *life);
/* Let ms pass; every request that is due is answered at once. */
void life_run(struct world *life, int64_t ms);
/* How many requests to targets that begin with prefix were sent so far. */
int life_sent(const struct world *life, const char *prefix);
/* An order with this payload now, then let it begin. */
void life_order(struct world *life, const char *name, const char *payload);
/* The answers to this command: how many, and the newest. */
int life_answers(const struct world *life, const char *name);
const struct order_answer *life_answer(const struct world *life);
/* The worker has read the page that it was given. */
void life_work_done(struct world *life);
/* The payload that the field with this key would have. */
const char *life_value(const struct world *life, const char *key);

#endif
