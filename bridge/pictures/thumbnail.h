/* The errand that fetches the picture of the current job: once per job.
 *
 * What is absent in the first moment is not absent for good (a Pi tells null
 * for the first 0.1 s of a print; Buddy has no preview of a file that is still
 * being written): it is looked for again a few times in the first minutes. */
#ifndef BRIDGE_PICTURES_THUMBNAIL_H
#define BRIDGE_PICTURES_THUMBNAIL_H

#include "bridge/errand.h"

struct printer;

/* What its owner does; arg is the owner. */
struct thumbnail_sink {
    /* Is the picture of this job at hand? */
    bool (*has)(void *arg, int64_t job);
    /* May one more answer of up to 8 MiB be under way? If so ended() follows
     * its answer. */
    bool (*begin)(void *arg);
    void (*ended)(void *arg);
    /* A picture came; borrowed. */
    void (*take)(void *arg, int64_t job, const char *bytes, size_t len);
    /* It is the same picture as that of the job `same`. */
    void (*take_same)(void *arg, int64_t job, int64_t same);
};

struct thumbnail {
    struct errand errand;
    struct printer *printer;
    const struct thumbnail_sink *sink;
    void *arg;
    int64_t job; /* whose picture is looked for; -1 = none */
    int tries;   /* made for it */
    bool over;   /* it is there, or there is none */
    int64_t next_ms;
    int64_t fetching; /* the job whose picture is under way */
    uint64_t asked;   /* hash of its target */
    bool conditional; /* it was asked only for a new one */
    /* The last picture that came: printing the same file again needs no
     * second transfer. */
    int64_t had_job;
    uint64_t had_target;
    char *had_tag; /* NULL = none */
};

/* Borrows all; add .errand to the printer. */
void thumbnail_init(struct thumbnail *thumbnail, struct printer *printer,
                    const struct thumbnail_sink *sink, void *arg);
/* What it holds; it forgets which picture it had. */
void thumbnail_release(struct thumbnail *thumbnail);
/* Look at the printer: call before it is asked what is next. */
void thumbnail_step(struct thumbnail *thumbnail, struct moment now);
/* The picture was lost: look for it again. */
void thumbnail_again(struct thumbnail *thumbnail, struct moment now);

#endif
