/* A file that is sent while it is read: two blocks in memory, filled by the
 * loop's worker threads, so that neither a slow disk nor a network share holds
 * up the loop. What the kernel has in memory already is taken from there, which
 * costs a third of handing it from thread to thread. */
#ifndef BRIDGE_READAHEAD_H
#define BRIDGE_READAHEAD_H

#include "bridge/http.h"

struct uv_loop_s;
struct readahead;

enum readahead_state {
    READAHEAD_BYTES,
    READAHEAD_WAIT, /* nothing yet: ready will be called */
    READAHEAD_END,
    READAHEAD_FAILED, /* see readahead_trouble() */
};

/* Reads at once. Makes its own of file->fd and copies the rest; file->tail is
 * constant. ready(arg): there is more to take, or it failed. */
struct readahead *readahead_new(struct uv_loop_s *loop,
                                const struct http_file *file,
                                void (*ready)(void *arg), void *arg);
/* ready is not called any more. The memory goes when the loop has run after a
 * read that was going on. Accepts NULL. */
void readahead_free(struct readahead *readahead);

/* Bytes in all, the tail included. */
int64_t readahead_total(const struct readahead *readahead);
/* Were all of them? */
bool readahead_is_taken(const struct readahead *readahead);
/* Up to size bytes, count of them with READAHEAD_BYTES. */
enum readahead_state readahead_take(struct readahead *readahead, char *bytes,
                                    size_t size, size_t *count);
/* A clause for people ("the file became shorter while it was sent"); "" while
 * there is none. */
const char *readahead_trouble(const struct readahead *readahead);

#endif
