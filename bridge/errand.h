/* Something that is read beside the polls: a listing, a picture, a snapshot.
 *
 * A printer's life sends one request at a time on one connection: orders first,
 * then polls, then errands, in the order in which they were added. An errand
 * is asked for its next request only while the printer is online, its serial
 * number was compared and no order is about to be sent. Pure like printer.h:
 * time is an argument and answers are told. */
#ifndef BRIDGE_ERRAND_H
#define BRIDGE_ERRAND_H

#include "bridge/http.h"
#include "bridge/moment.h"

#define ERRANDS_MAX 8

struct printer;
struct errand;

struct errand_kind {
    /* True: *request is to be sent now, and answered() will be called. */
    bool (*next)(struct errand *errand, struct moment now,
                 struct request *request);
    /* The answer, whatever it is (HTTP_ABORTED when the bridge stops). A
     * transport that failed makes the printer's life look for itself: an
     * errand counts no missed polls. It must not free itself here. */
    void (*answered)(struct errand *errand, const struct http_answer *answer,
                     struct moment now);
    /* When next() wants to be asked: now or earlier = at once; INT64_MAX =
     * nothing to do until its owner makes the printer run again. */
    int64_t (*wake)(const struct errand *errand);
    /* How the answer to its request is taken; borrowed until answered(). NULL =
     * whole, as the body of the answer. */
    const struct http_stream *(*stream)(struct errand *errand);
};

/* First member of whatever the errand is. */
struct errand {
    const struct errand_kind *kind;
};

/* Borrowed until the printer is freed. */
void printer_add_errand(struct printer *printer, struct errand *errand);
/* Of the request that printer_next() gave: send it with http_stream() and this.
 * NULL = with http_send(). */
const struct http_stream *printer_stream(const struct printer *printer);
/* May errands run now? */
bool printer_runs_errands(const struct printer *printer);

#endif
