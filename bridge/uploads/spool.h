/* Uploads on disk: a record of each (ID.json) and, where the bridge holds the
 * file itself, its bytes (ID.data). Everything here but the paths blocks and
 * belongs in worker threads. */
#ifndef BRIDGE_UPLOADS_SPOOL_H
#define BRIDGE_UPLOADS_SPOOL_H

#include "bridge/http.h"
#include "bridge/uploads/delivery.h"
#include "mapping/error.h"

#define SPOOL_PATH_MAX 4200

/* Where it is; a plain value that worker threads take along. */
struct spool {
    char folder[4096]; /* "" = there is none */
};

/* Below the folder that the state file lies in; instance may be NULL. make:
 * also where there is none yet. False: there is none. */
bool spool_open(struct spool *spool, const char *state_path,
                const char *instance, bool make, struct error *err);

void spool_data_path(const struct spool *spool, uint64_t id, char *out,
                     size_t size);
/* Keep text as the record: whole and on disk when this returns. */
bool spool_keep(const struct spool *spool, uint64_t id, const char *text,
                struct error *err);
/* Make ID.data for writing; -1 and a sentence. */
int spool_create(const struct spool *spool, uint64_t id, struct error *err);
/* Append. */
bool spool_write(int fd, const void *bytes, size_t len, struct error *err);
/* All of it is on disk when this returns; closes fd in any case. */
bool spool_finish(int fd, struct http_stamp *stamp, struct error *err);
/* Open ID.data for reading; -1 and a sentence. */
int spool_read(const struct spool *spool, uint64_t id, struct http_stamp *stamp,
               struct error *err);
/* Remove the bytes, and then the record. */
void spool_remove(const struct spool *spool, uint64_t id);

/* Every upload that is remembered, oldest first, told to each, which owns what
 * it is given; bytes without a record are removed, damaged records set aside.
 * Returns the highest number so far. */
uint64_t spool_load(const struct spool *spool,
                    void (*each)(void *arg, struct delivery *delivery),
                    void *arg);

#endif
