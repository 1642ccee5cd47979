/* What is in the files of one printer, as far as it was read: at an upload, or
 * when a job began. Kept over restarts, so that a print days later still has
 * it. Pure. */
#ifndef BRIDGE_FACTS_KEPT_H
#define BRIDGE_FACTS_KEPT_H

#include "bridge/drivers/driver.h"
#include "bridge/metadata/metadata.h"

#define FACTS_KEPT_MAX 32

/* Which file. Firmware with short names tells a job by "/usb/TOWER~1.GCO", and
 * by name and size: either finds it. */
struct file_mark {
    const char *path; /* on the printer, "/usb/tower.gcode"; "" = not known */
    const char *name; /* for people, "tower.gcode"; "" = not known */
    int64_t size;     /* bytes; -1 = not known */
};

/* All 0 and "": read, but it tells nothing. */
struct file_facts {
    double weight_g, length_mm, layer_height_mm;
    int64_t seconds;
    const char *types;
};

struct kept_facts {
    char *path, *name, *types; /* never NULL */
    int64_t size;
    struct file_facts facts; /* its types are the ones above */
};

/* All-zero: nothing is kept. */
struct facts_kept {
    struct kept_facts *files; /* the newest at the end */
    int count;
    struct job_mark asked; /* the last job whose file was asked for */
};

void facts_release(struct facts_kept *kept);
/* Note what a file tells; what was known of it, or of another one in its
 * place, is forgotten, and so is the oldest beyond FACTS_KEPT_MAX. */
void facts_add(struct facts_kept *kept, const struct file_mark *file,
               const struct file_facts *facts);
/* NULL = not known; borrowed until the next call. */
const struct file_facts *facts_find(const struct facts_kept *kept,
                                    const struct file_mark *file);

#endif
