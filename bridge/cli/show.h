/* What was read, as people or programs want it. */
#ifndef BRIDGE_CLI_SHOW_H
#define BRIDGE_CLI_SHOW_H

#include "bridge/cli/paint.h"
#include "bridge/drivers/driver.h"
#include "config/config.h"
#include "mapping/telemetry.h"

/* One printer at one moment, borrowed. */
struct view {
    const struct config_printer *config;
    const struct telemetry *t;
    struct roster roster;
    bool waiting; /* for its first answer */
    bool online;
    const char *error; /* why it is not */
    int64_t now;       /* wall seconds */
};

/* stdout (or stderr) is a terminal that takes colours. */
bool show_colour(int fd);
/* Its size; one that tells none is taken for 80 x 24. False: no terminal. */
bool show_size(int fd, size_t *columns, size_t *rows);

/* {"printer":"mk4","online":true,"state":"printing","nozzle":{...}}: the keys
 * are the fields' keys, nested at "/". keys: beginnings of keys that are
 * wanted, NULL-ended; NULL = all. */
void show_json(const struct view *view, const char *const *keys,
               struct buffer *out);
/* "label  value" lines of all known fields whose keys begin so. */
void show_fields(const struct view *view, const char *const *keys,
                 struct buffer *out);
/* The page of one printer; width: columns of the terminal. */
void show_printer(const struct view *view, bool colour, struct buffer *out);
/* "offline", or "asking" while its first answer is awaited. */
void show_absence(const struct view *view, bool colour, struct buffer *out);
/* A heading, and a row for each printer. */
void show_heading(struct table *table, bool colour);
void show_row(const struct view *view, bool colour, struct table *table);
/* One line of what matters: for logs and pipes. */
void show_line(const struct view *view, struct buffer *out);
/* Text as a JSON string with its quotes. */
void show_json_text(const char *text, struct buffer *out);
/* {"printer":"mk4" */
void show_json_begin(const struct config_printer *printer, struct buffer *out);
/* ,"key":"text" */
void show_json_member(const char *key, const char *text, struct buffer *out);

#endif
