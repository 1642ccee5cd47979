/* The errand that looks into the file of a job, where neither the printer nor
 * an upload told what is in it: one download per job, of the head of the file
 * only. Servers of Buddy firmware send from the beginning, whatever is asked;
 * what stands at the end of a long text is out of reach, and the reader says so
 * after the first 64 KiB. */
#ifndef BRIDGE_FACTS_ERRAND_H
#define BRIDGE_FACTS_ERRAND_H

#include "bridge/errand.h"
#include "bridge/metadata/metadata.h"

struct facts_errand {
    struct errand errand;
    struct printer *printer;
    struct http_stream stream;
    /* Of the download that is under way. */
    struct metadata_reader *reader; /* NULL = none */
    bool left;                      /* for an upload that began */
    char *path, *name;
    int64_t size;
};

/* Adds itself to the printer, which it borrows and which tells it of the end of
 * its request before it is freed. */
void facts_errand_init(struct facts_errand *errand, struct printer *printer);

#endif
