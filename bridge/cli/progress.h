/* The bar of an upload or a download: drawn in place on a terminal, silent
 * elsewhere. */
#ifndef BRIDGE_CLI_PROGRESS_H
#define BRIDGE_CLI_PROGRESS_H

#include "mapping/buffer.h"

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *name; /* of the file */
    bool live;        /* stderr is a terminal */
    int64_t began_ms;
    int64_t moved_ms, moved; /* when it was last looked at, and where it was */
    double rate;             /* B/s, smoothed */
    int64_t drawn_ms;
};

/* live: draw it. */
void progress_begin(struct progress *progress, const char *name, bool live,
                    int64_t now_ms);
/* total: -1 = not known. note: what it waits for, "" = nothing. */
void progress_show(struct progress *progress, int64_t done, int64_t total,
                   const char *note, int64_t now_ms);
void progress_end(struct progress *progress);
/* The line itself; pure. columns: of the terminal. */
void progress_line(const struct progress *progress, int64_t done, int64_t total,
                   const char *note, size_t columns, struct buffer *out);
/* "10.3 MB in 35s, 0.3 MB/s" */
void progress_summary(int64_t bytes, int64_t took_ms, struct buffer *out);

#endif
