/* What lies in a watched folder, and which of it is whole: a file that has not
 * changed for a while. The reading of the folder blocks and belongs in worker
 * threads; the judging is pure. */
#ifndef BRIDGE_UPLOADS_FOLDER_H
#define BRIDGE_UPLOADS_FOLDER_H

#include "bridge/http.h"
#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOLDER_FILES_MAX 1000
#define FOLDER_STILL_MS  2000 /* unchanged for so long = whole */

struct folder_file {
    char *name;
    struct http_stamp stamp;
    int64_t since_ms; /* unchanged since */
    bool told;        /* it was handed on as it is */
};

struct folder_files {
    struct folder_file *files; /* sorted by name */
    size_t count;
};

void folder_release(struct folder_files *files);

/* The regular files in folder, without hidden ones and those that programs
 * leave half written (.part, .tmp, .crdownload, ~). Makes the folder with done/
 * and failed/ in it where they are missing. False: err says why not. */
bool folder_read(const char *folder, struct folder_files *files,
                 struct error *err);

/* files become what was just read; what has not changed keeps its age and
 * whether it was told. */
void folder_update(struct folder_files *files, struct folder_files *fresh,
                   int64_t now_ms);
/* The next file that is whole and was not told yet; it counts as told. NULL =
 * none. Borrowed until the next update. */
const struct folder_file *folder_next(struct folder_files *files,
                                      int64_t now_ms);
/* When the next one becomes whole; INT64_MAX = none will by itself. */
int64_t folder_wake(const struct folder_files *files, int64_t now_ms);

/* What was read last does not know yet that this file is dealt with. */
void folder_tell(struct folder_files *files, const char *name,
                 const struct http_stamp *stamp);

/* It was told, and is to be told again. */
void folder_forget(struct folder_files *files, const char *name);

/* Move folder/name to done/ or, with the reason in a text beside it, to failed/
 * ("box.gcode", else "box-2.gcode", ...). One that is gone (then gone is set),
 * or another file by now, stays as it is. False: err says why it cannot be
 * moved; it may still be there. */
bool folder_settle(const char *folder, const char *name,
                   const struct http_stamp *stamp, const char *reason,
                   bool *gone, struct error *err);

#endif
