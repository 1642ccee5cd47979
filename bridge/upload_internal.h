/* What the two files of an upload share; nobody else includes this. */
#ifndef BRIDGE_UPLOAD_INTERNAL_H
#define BRIDGE_UPLOAD_INTERNAL_H

#include "bridge/upload.h"

enum phase {
    PHASE_LOOK,    /* what is there? to be asked */
    PHASE_LOOKING, /* asked */
    PHASE_BODY,    /* to be sent */
    PHASE_SENDING,
    PHASE_PAUSE, /* until wake_ms, then look again */
    PHASE_END,
};

/* What is at the path. */
struct there {
    bool known; /* the rest is true */
    bool exists;
    bool folder;
    bool partial; /* somebody's transfer to it is not complete */
    int64_t size;
    int64_t modified;
};

struct upload {
    struct upload_plan plan;
    struct device device; /* plan.device points here */
    const struct driver_upload *row;
    enum phase phase;
    int64_t wake_ms;
    int failures, busy;
    bool looked; /* before is what was there before us */
    struct there before;
    bool arrived; /* a body may have arrived whole, without an answer */
    struct upload_result unclear; /* a refusal; ORDER_OK = there is none */
    bool asked_in;                /* a 401 has taught a new login once */
    bool cancelled;
    char waiting[160];
    struct upload_result result;
};

/* Bytes that go out: the file and its tail. */
int64_t upload_total(const struct upload *upload);
/* upload_answers.c */
void upload_finish(struct upload *upload, enum order_code code,
                   const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void upload_finish_cancelled(struct upload *upload);

#endif
