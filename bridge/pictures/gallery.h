/* Pictures that outlive a message: of the last job, and of whatever must be
 * said again when the broker lost it. Files in a folder of their own, so that
 * a thousand printers' pictures are not in memory; where there is no folder,
 * in memory, but only a few.
 *
 * Files are read and written in a worker, one after the other in the order of
 * the calls; what gallery_has() says is how it will be after all of them. */
#ifndef BRIDGE_PICTURES_GALLERY_H
#define BRIDGE_PICTURES_GALLERY_H

#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GALLERY_NAME_MAX 160

struct uv_loop_s;
struct gallery;

struct gallery_limits {
    size_t total;  /* bytes of all pictures */
    size_t queued; /* bytes that wait to be written */
};

/* From the loop, never from inside a call. bytes is NULL when the picture is
 * not there or could not be read; of one that could not be written they are
 * there all the same. tag is the caller's. */
typedef void gallery_done(void *arg, uint64_t tag, const char *bytes,
                          size_t len);

/* directory is made if need be; "" = keep them in memory. Pictures of an
 * earlier life are found again; what was half written is removed. If the
 * folder cannot be used err says so, and they are kept in memory. limits may
 * be NULL. */
struct gallery *gallery_new(struct uv_loop_s *loop, const char *directory,
                            const struct gallery_limits *limits,
                            struct error *err);
/* Accepts NULL. What still waits is written by the loop before: run it to its
 * end. Whatever a worker still does is left to it. */
void gallery_free(struct gallery *gallery);

/* A name is [a-z0-9_.-]+, at most GALLERY_NAME_MAX bytes, and begins with no
 * point. */

/* Keep a picture, which is copied; one of the same name is replaced. False: no
 * room, and done is not called. done may be NULL. */
bool gallery_keep(struct gallery *gallery, const char *name, const char *bytes,
                  size_t len, gallery_done *done, void *arg, uint64_t tag);
bool gallery_has(const struct gallery *gallery, const char *name);
void gallery_read(struct gallery *gallery, const char *name, gallery_done *done,
                  void *arg, uint64_t tag);
/* No effect if there is none of that name. */
void gallery_rename(struct gallery *gallery, const char *from, const char *to);
void gallery_drop(struct gallery *gallery, const char *name);
/* Drop all whose name begins with prefix, except the one called keep (NULL =
 * none). */
void gallery_drop_all(struct gallery *gallery, const char *prefix,
                      const char *keep);
/* Bytes of all pictures. */
size_t gallery_total(const struct gallery *gallery);

#endif
