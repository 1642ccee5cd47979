/* A file from an allowed address into the spool. */
#ifndef BRIDGE_UPLOADS_FETCH_H
#define BRIDGE_UPLOADS_FETCH_H

#include "bridge/http.h"
#include "bridge/uploads/origin.h"
#include "bridge/uploads/spool.h"

struct uv_loop_s;
struct fetch;

struct fetch_plan {
    struct uv_loop_s *loop;
    struct http *http;
    const struct spool *spool;
    uint64_t id; /* of the spool's file */
    const struct origin_target *from;
    int64_t max;        /* bytes */
    int64_t timeout_ms; /* for all of it */
};

struct fetch_result {
    bool ok;
    struct http_stamp stamp; /* of the spool's file */
    enum order_code code;    /* not ok: what to answer */
    struct error err;
};

/* done is called once, later, unless fetch_free() came before; the spool's file
 * is whole and on disk then, or gone. */
struct fetch *fetch_new(const struct fetch_plan *plan,
                        void (*done)(void *arg, const struct fetch_result *),
                        void *arg);
/* Breaks it off. Accepts NULL. */
void fetch_free(struct fetch *fetch);
/* Bytes so far, and in all (-1 = not said). */
void fetch_progress(const struct fetch *fetch, int64_t *bytes, int64_t *total);

#endif
