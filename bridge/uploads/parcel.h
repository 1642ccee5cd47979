/* What the files of the uploader share; nobody else includes it.
 *
 * A parcel is a delivery on its way through the bridge:
 *
 *   CHECKING - KEEPING - WAITING - (FETCHING - KEEPING) - OPENING - SENDING -
 *   REMOVING
 *
 * Whatever touches a disk happens in a worker; a parcel that a worker holds is
 * looked at again when the worker is done. Before the first byte goes to the
 * printer the record says so.
 *
 * A watched file that was sent and is not in its folder when it is to be moved
 * away, or to be sent again, is AWAY: a share that is not mounted looks like an
 * empty folder, and what comes back with it must not be taken for new. So is
 * one that cannot be moved. */
#ifndef BRIDGE_UPLOADS_PARCEL_H
#define BRIDGE_UPLOADS_PARCEL_H

#include "bridge/metadata/metadata.h"
#include "bridge/upload.h"
#include "bridge/uploads/uploader.h"

#include <uv.h>

#define PARCEL_NAME_MAX 80 /* characters shown of a file's name */

enum stage {
    STAGE_CHECKING, /* a worker looks at the file */
    STAGE_KEEPING,  /* a worker writes the record */
    STAGE_WAITING,  /* accepted */
    STAGE_FETCHING, /* from its address */
    STAGE_OPENING,  /* a worker opens it and notes that it begins */
    STAGE_SENDING,
    STAGE_REMOVING, /* answered; a worker tidies up */
    STAGE_AWAY,     /* waits for its file; its record is kept, nobody waits */
};

struct parcel {
    struct uploader *uploader;
    struct delivery *delivery;
    enum stage stage;
    bool accepted; /* its sender was told so, or nobody waits */
    bool begun;    /* an earlier life may have sent it already */
    bool unread;   /* its file could not be opened */
    bool over;     /* its end was said */
    bool gone;     /* its file is not there to be moved away */
    bool stuck;    /* it is there and cannot be moved away */
    bool away;     /* that it waits for its file was said */
    bool cancelled;
    char why[160]; /* it was cancelled */
    /* What a worker is given and gives back. */
    int fd; /* -1 = none */
    struct http_stamp stamp;
    struct metadata facts; /* of the file, when it was opened to be sent */
    struct error err;      /* "" = all is well */
    char *text; /* its record; at the end why it failed, NULL = it did not */
};

struct uploader {
    struct uploader_setup setup;
    const struct uploader_sink *sink;
    void *arg;
    struct http_client *client;
    struct watch *watch; /* NULL = no folder */
    uv_timer_t tick;
    struct parcel **parcels; /* in the order they came */
    size_t count;
    struct parcel *current; /* FETCHING, OPENING or SENDING; NULL = none */
    struct fetch *fetch;
    struct sender *sender;
    struct transfer transfer;
    const struct device *device;
    bool ready;
    bool closing;
    int held; /* by workers and the loop */
};

/* ---- uploader.c: whose turn it is ---- */

/* Whatever may go on goes on. */
void uploader_step(struct uploader *u);
void uploader_say(struct uploader *u, enum log_level level, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));
/* Frees it once it is closed and neither worker nor loop hold it. */
void uploader_release(struct uploader *u);

/* ---- parcel.c: from its beginning to its end ---- */

struct parcel *parcel_new(struct uploader *u, struct delivery *d);
void parcel_free(struct parcel *p);
/* The file's name for people. */
void parcel_name(const struct parcel *p, char out[4 * PARCEL_NAME_MAX + 1]);
/* Run work in a worker, then done, which asks parcel_worked() first. */
void parcel_work(struct parcel *p, enum stage stage, void (*run)(void *arg),
                 void (*done)(void *arg));
/* A worker is done. False: there is nothing more to do with the parcel. */
bool parcel_worked(struct parcel *p);
/* Its file was sent, at least in part, and is not in the watched folder: it may
 * come back, for a week. For worker threads, too. */
bool parcel_may_come_back(const struct parcel *p);
/* Wait for it. */
void parcel_wait_for_file(struct parcel *p, const char *why);
/* The file that this one waits for is back, as it is now. */
bool parcel_is_back(struct parcel *p, const char *name,
                    const struct http_stamp *stamp);
/* Answer its sender, if one waits, and tidy up. */
void parcel_finish(struct parcel *p, enum order_code code, int http_status,
                   const char *text);
/* If its file has been away for too long. */
void parcel_give_up(struct parcel *p);
/* True: it was, and is finished. */
bool parcel_was_cancelled(struct parcel *p);

/* ---- parcel_checks.c: is it possible, is it on disk? ---- */

void parcel_plan(const struct parcel *p, struct upload_plan *plan);
/* A device's number may be another one after the machine was started anew. */
bool parcel_same_file(const struct http_stamp *a, const struct http_stamp *b);
/* Name, size and kind of file, as far as they are known. False: finished. */
bool parcel_is_possible(struct parcel *p);
/* Look at the file of a new one, then keep it. */
void parcel_check(struct parcel *p);
/* Write its record, accept it, and let it wait for its turn. */
void parcel_keep(struct parcel *p);
/* Open its file, note that it begins, and send it. */
void parcel_open(struct parcel *p);

/* ---- parcel_send.c: from its address, to the printer ---- */

void parcel_fetch(struct parcel *p);
void parcel_send(struct parcel *p);

#endif
