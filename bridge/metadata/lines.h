/* Lines out of bytes that come in pieces. */
#ifndef BRIDGE_METADATA_LINES_H
#define BRIDGE_METADATA_LINES_H

#include <stdbool.h>
#include <stddef.h>

#define LINES_MAX 1024

/* {0} is at the start of a line. */
struct lines {
    char text[LINES_MAX];
    size_t len;
    bool skip; /* until the next line: too long, or its start is not known */
};

/* Take bytes up to the end of a line; how many. *line is the whole line,
 * without its end and trailing blanks, when there is one (borrowed until the
 * next call); else NULL. */
size_t lines_take(struct lines *l, const char *bytes, size_t len,
                  const char **line);
/* The last line, which has no end; NULL if there is none. */
const char *lines_last(struct lines *l);

#endif
