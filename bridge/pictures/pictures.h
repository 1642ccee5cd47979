/* The pictures of one printer on its topics: of its job, of its last job, and
 * of its cameras. Said again after a reconnect; emptied when they no longer
 * apply; `has/<image>` says which there are.
 *
 * Only names are held here. The bytes are in the gallery, and in memory only
 * one picture at a time on its way to the broker. */
#ifndef BRIDGE_PICTURES_PICTURES_H
#define BRIDGE_PICTURES_PICTURES_H

#include "bridge/moment.h"
#include "bridge/pictures/gallery.h"
#include "bridge/publisher.h"
#include "mapping/routes.h"

/* What all printers share. */
struct pictures {
    struct gallery *gallery;
    const struct outlet *outlet;
    int under_way; /* answers of printers that may be long */
    int reading;   /* pictures that are asked of the gallery */
    bool live;     /* what is there may be said */
    bool stuck;    /* the way to the broker is full: later */
    bool closed;   /* the bridge stops */
    /* A broker that closes the connection at a message that is too large must
     * not be sent it again and again. */
    size_t refused_size; /* pictures so large are not said; SIZE_MAX */
    size_t said_size;    /* the largest of the last seconds */
    int64_t said_ms;
    int losses; /* in a row, of connections right after a picture */
};

struct album; /* of one printer */

/* Zeroed before; directory as gallery_new() takes it. */
void pictures_open(struct pictures *pictures, struct uv_loop_s *loop,
                   const char *directory, const struct outlet *outlet,
                   struct error *err);
void pictures_close(struct pictures *pictures);
/* The connection is live (again), or it was lost. */
void pictures_connected(struct pictures *pictures);
void pictures_lost(struct pictures *pictures, int64_t now_ms);
/* A picture of len bytes was handed to the way to the broker. */
void pictures_said(struct pictures *pictures, size_t len, int64_t now_ms);

/* Borrows its arguments. Adds its errands to the printer. */
struct album *album_new(struct pictures *pictures, const struct routes *routes,
                        struct printer *printer);
/* After the gallery's last call. Accepts NULL. */
void album_free(struct album *album);

/* Follow the printer: before it is asked for its next request. */
void album_step(struct album *album, struct moment now);
/* Say what changed. False: something could not go out; call again later. */
bool album_sync(struct album *album, struct moment now);
/* The broker may have lost everything. */
void album_again(struct album *album);
/* The broker does not take what was said on this topic. True if it is one of
 * this album's. Says nothing itself. */
bool album_refused(struct album *album, const char *topic);
/* A camera's snapshot came; false: it is no picture, or there is no room. */
bool album_add_snapshot(struct album *album, int camera, const char *bytes,
                        size_t len);
/* Another printer, or none: drop what is kept of this one. */
void album_forget(struct album *album);
/* The same by name, for printers that left the configuration. */
void pictures_drop(struct pictures *pictures, const char *printer);

/* The key of an image ("camera/front/snapshot"), which is the tail of its topic
 * and, below has/, of the one that says whether there is one. */
#define IMAGE_JOB  "job/thumbnail"
#define IMAGE_LAST "last_job/thumbnail"

#endif
