/* The errand that fetches the cameras' pictures now and then: off unless the
 * configuration gives an interval. A picture that has not changed (304), or
 * that there is not yet (204), is not said. */
#ifndef BRIDGE_PICTURES_SNAPSHOTS_H
#define BRIDGE_PICTURES_SNAPSHOTS_H

#include "bridge/errand.h"
#include "mapping/field.h"

struct printer;

/* What its owner does; arg is the owner. */
struct snapshots_sink {
    /* May one more answer of up to 8 MiB be under way? If so ended() follows
     * its answer. */
    bool (*begin)(void *arg);
    void (*ended)(void *arg);
    /* An answer with status 200 came; borrowed. */
    void (*take)(void *arg, int camera, const char *bytes, size_t len);
};

struct snapshots {
    struct errand errand;
    struct printer *printer;
    const struct snapshots_sink *sink;
    void *arg;
    int64_t interval_ms;
    int camera; /* whose picture is under way; -1 = nobody's any more */
    int64_t next_ms[INSTANCES_CAMERA];
    /* Last-Modified of the last picture; "" = none */
    char modified[INSTANCES_CAMERA][40];
};

/* Borrows all; add .errand to the printer. interval_ms > 0. */
void snapshots_init(struct snapshots *snapshots, struct printer *printer,
                    int64_t interval_ms, const struct snapshots_sink *sink,
                    void *arg);
/* The broker may have lost them: fetch them whole. */
void snapshots_again(struct snapshots *snapshots);
/* Another printer: what is under way is not its. */
void snapshots_forget(struct snapshots *snapshots);

#endif
