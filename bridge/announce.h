/* Discovery documents on the broker: what is there, what should be there, and
 * the polite way from one to the other. Pure: time is an argument, messages go
 * to an outlet.
 *
 * Home Assistant keeps a user's names and history by what we announce, so
 * nothing is removed before it is sure to be gone, nothing is sent that is
 * there already, and removals go in two steps (a component is reduced before
 * it is left out; a device is announced once more before it is emptied). */
#ifndef BRIDGE_ANNOUNCE_H
#define BRIDGE_ANNOUNCE_H

#include "bridge/publisher.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct announce;

/* Makes the document of a subject anew; caller frees. Documents are not kept:
 * at 15 kB each a thousand printers would cost more than all the rest. */
typedef char *announce_make(void *subject);

struct announce *announce_new(const struct outlet *outlet, announce_make *make);
/* Accepts NULL. */
void announce_free(struct announce *announce);

/* A new connection: what the broker holds is not known until it was read
 * back. Nothing is published before announce_ready(). */
void announce_connected(struct announce *announce);
/* A retained document of ours on the broker; id: the printer it names. One that
 * comes after announce_ready() counts unless it is wanted. */
void announce_found(struct announce *announce, const char *topic,
                    const char *json, size_t len, const char *id);
/* The reading back has ended. lost: the broker has none of our retained
 * topics any more, so that missing documents were not removed by a user. */
void announce_ready(struct announce *announce, bool lost);

/* The document of subject should be on the broker; called again when it may
 * have changed. subject must live as long as announce. */
void announce_want(struct announce *announce, const char *topic, void *subject);
/* It should not be there any more. */
void announce_unwant(struct announce *announce, const char *topic);
/* Home Assistant was started: send all wanted documents again, at at_ms. */
void announce_birth(struct announce *announce, int64_t at_ms);
/* Remove every found document that nobody wants and that gone() says belongs
 * to nobody: gone is asked with the printer id that the document names. */
void announce_sweep(struct announce *announce,
                    bool (*gone)(void *arg, const char *id), void *arg);
/* Do some of what is due; false if something could not go out. Call again while
 * announce_wake() is in the past. */
bool announce_step(struct announce *announce, int64_t now_ms);
int64_t announce_wake(const struct announce *announce);
/* Read back, and nothing more to send? (birth waits for it before state is sent
 * again) */
bool announce_idle(const struct announce *announce);
/* Idle, and whatever was sent has had the time to be carried out? */
bool announce_settled(const struct announce *announce, int64_t now_ms);

#endif
