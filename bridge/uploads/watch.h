/* One watched folder on the loop: looks when something changes in it, and every
 * 30 s for network shares, which tell of nothing. */
#ifndef BRIDGE_UPLOADS_WATCH_H
#define BRIDGE_UPLOADS_WATCH_H

#include "bridge/http.h"

#include <stdbool.h>
#include <stdint.h>

struct uv_loop_s;
struct watch;

struct watch_sink {
    /* There may be something new: call watch_next(). */
    void (*news)(void *arg);
    /* The folder cannot be used; said once each time the reason changes. */
    void (*trouble)(void *arg, const char *text);
};

struct watch *watch_new(struct uv_loop_s *loop, const char *folder,
                        const struct watch_sink *sink, void *arg);
/* Handles on the loop go in their close callbacks. Accepts NULL. */
void watch_free(struct watch *watch);

/* Could the folder be read at the last look? Before the first: no. */
bool watch_usable(const struct watch *watch);
/* This file could not be read: it is new again, and the folder is not usable
 * until the next look. */
void watch_lost(struct watch *watch, const char *name);
/* The next file that is whole; each is told once, until it changes. Borrowed
 * until the loop goes on; NULL = none now. */
const char *watch_next(struct watch *watch, struct http_stamp *stamp);
/* This file is dealt with, also if it still lies there. */
void watch_told(struct watch *watch, const char *name,
                const struct http_stamp *stamp);

#endif
