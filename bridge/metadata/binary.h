/* Binary G-code, version 1: blocks of metadata and pictures before the first
 * block of G-code. Format: doc/specifications.md of libbgcode. */
#ifndef BRIDGE_METADATA_BINARY_H
#define BRIDGE_METADATA_BINARY_H

#include "bridge/metadata/facts.h"
#include "bridge/metadata/lines.h"
#include "bridge/metadata/unpack.h"

#define BINARY_MAGIC "GCDE"

enum binary_state {
    BINARY_FILE,  /* its header */
    BINARY_BLOCK, /* a block's header and parameters */
    BINARY_DATA,
    BINARY_CHECKSUM,
    BINARY_SKIP, /* a block of no use, with its checksum */
    BINARY_DONE  /* G-code begins, or all is known */
};

/* What came in a block counts when its checksum was right. */
struct binary {
    enum binary_state state;
    unsigned want;   /* METADATA_* */
    int64_t at;      /* offset of the next byte */
    int64_t left;    /* bytes of the data or of what is skipped */
    unsigned blocks; /* so far */
    bool checksums;
    uint32_t crc;
    unsigned char header[18];
    size_t header_len;
    struct unpack unpack;
    struct lines lines;
    struct facts facts; /* with those of the block that is being read */
};

/* *b is {0} but for want. */
bool binary_feed(struct binary *b, const unsigned char *bytes, size_t len,
                 struct facts *f, struct error *err);
/* The next byte that matters. */
int64_t binary_next(const struct binary *b);
bool binary_seek(struct binary *b, int64_t offset, struct error *err);
void binary_release(struct binary *b);

#endif
