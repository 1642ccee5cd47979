/* One upload on the loop: the machine of bridge/upload.h and its connection. */
#ifndef BRIDGE_UPLOADS_SENDER_H
#define BRIDGE_UPLOADS_SENDER_H

#include "bridge/http.h"
#include "bridge/upload.h"

struct uv_loop_s;
struct sender;

/* fd: the file, the sender's from now on. done is called once, from the
 * loop or from sender_cancel(), unless sender_free() came before; result is
 * borrowed. Sends nothing before sender_ready(true). */
struct sender *sender_new(struct uv_loop_s *loop, struct http_client *client,
                          const struct upload_plan *plan, int fd,
                          void (*done)(void *arg,
                                       const struct upload_result *result),
                          void *arg);
/* Breaks it off; done is not called. Handles on the loop go in their close
 * callbacks. Accepts NULL. */
void sender_free(struct sender *sender);

/* Is it surely the right printer that answers? While it is not, no new request
 * is begun. */
void sender_ready(struct sender *sender, bool ready);
/* End it: done will say so. */
void sender_cancel(struct sender *sender);
/* Bytes of the file that have reached the printer. */
int64_t sender_sent(const struct sender *sender);

#endif
