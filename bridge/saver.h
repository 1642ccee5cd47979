/* When what the store remembers is written to its file: changes are gathered, a
 * worker writes them, and what failed is tried again. */
#ifndef BRIDGE_SAVER_H
#define BRIDGE_SAVER_H

#include "bridge/store.h"

#include <uv.h>

/* A save was written, or could not be; all numbers below it are over, too. */
typedef void saver_done(void *arg, uint64_t number);

struct saver {
    uv_timer_t timer;
    const struct store *store;
    saver_done *done;
    void *arg;
    int64_t again_ms; /* after one that failed */
    bool due;         /* something must be written, */
    int64_t due_ms;   /* at this time of the loop */
    bool running;     /* a worker writes */
    bool failed;      /* the last one did; that was said */
    int64_t began_ms; /* the last one, */
    uint64_t number;  /* and which it was */
};

/* Borrows store, which may be one without a file. */
void saver_init(struct saver *saver, uv_loop_t *loop, const struct store *store,
                saver_done *done, void *arg);
/* What the store remembers changed: write it soon. */
void saver_soon(struct saver *saver);
/* Write it in the next turn of the loop, or a moment later when many ask; the
 * number of the save that will hold what is known by then. */
uint64_t saver_at_once(struct saver *saver);
/* No more saves are begun. One that runs comes back before the loop ends. */
void saver_close(struct saver *saver);
/* The last word, which blocks: write what is still due. */
void saver_finish(struct saver *saver);

#endif
