/* A folder or file of a printer, asked for and read as a whole. */
#ifndef BRIDGE_CLI_LISTING_H
#define BRIDGE_CLI_LISTING_H

#include "bridge/cli/client.h"
#include "bridge/drivers/files.h"

enum listing_result {
    LISTING_READ,
    LISTING_ABSENT, /* there is nothing of this name */
    LISTING_FAILED,
};

struct listing {
    struct file_list self; /* one entry: what was asked for */
    struct file_list list; /* what is in it, sorted */
    size_t left_out;
    struct file_meta meta; /* of a file; its type is below */
    char filament_type[64];
};

/* What the printer has: endpoints to be read before paths are used. */
extern const char *const listing_plan[];

/* err: why not, also for LISTING_ABSENT. Release in any case. */
enum listing_result listing_read(struct client *client, const char *path,
                                 struct listing *listing, struct error *err);
/* The same until it is there (LISTING_READ) or gone (LISTING_ABSENT), for some
 * seconds at most: a Raspberry Pi shows what was done only after a while. */
enum listing_result listing_wait(struct client *client, const char *path,
                                 enum listing_result wanted,
                                 struct listing *listing, struct error *err);
bool listing_is_folder(const struct listing *listing);
void listing_release(struct listing *listing);

#endif
