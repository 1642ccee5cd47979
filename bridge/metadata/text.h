/* G-code as text: comments, and pictures in comments. */
#ifndef BRIDGE_METADATA_TEXT_H
#define BRIDGE_METADATA_TEXT_H

#include "bridge/metadata/facts.h"
#include "bridge/metadata/lines.h"

struct text {
    struct lines lines;
    int64_t at;                  /* offset of the next byte */
    int64_t line;                /* offset of the line that is being read */
    int64_t pictures;            /* offset behind the last picture */
    struct metadata_image image; /* the one that is being passed */
    bool inside, known;          /* a picture; of a format that is known */
};

void text_feed(struct text *t, const char *bytes, size_t len, struct facts *f);
void text_end(struct text *t, struct facts *f);
/* The next byte is at offset, in the middle of a line. */
void text_seek(struct text *t, int64_t offset);

#endif
