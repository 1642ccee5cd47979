/* The compressions of .bgcode, undone in pieces and within a limit. */
#ifndef BRIDGE_METADATA_UNPACK_H
#define BRIDGE_METADATA_UNPACK_H

#include "mapping/error.h"

#include <stddef.h>
#include <stdint.h>

#define ZLIB_CONST
#include <zlib.h>

enum compression {
    COMPRESSION_NONE,
    COMPRESSION_DEFLATE,
    COMPRESSION_HEATSHRINK_11_4,
    COMPRESSION_HEATSHRINK_12_4,
    COMPRESSION_COUNT
};

#define HEATSHRINK_WINDOW 4096

struct heatshrink {
    unsigned char window[HEATSHRINK_WINDOW];
    uint32_t at;   /* bytes that came out */
    uint32_t bits; /* the lowest `count` of it are still to be read */
    unsigned count;
    unsigned index_bits;
};

/* {0} has nothing to release. */
struct unpack {
    enum compression compression;
    size_t left; /* bytes that may still come out */
    z_stream *deflate;
    struct heatshrink *heatshrink;
    /* Takes what comes out. */
    void (*sink)(void *context, const char *bytes, size_t len);
    void *context;
};

/* Begin; size bytes are to come out in the end. */
bool unpack_start(struct unpack *u, enum compression compression, size_t size,
                  struct error *err);
/* False when the bytes are damaged or give more than size. */
bool unpack_feed(struct unpack *u, const unsigned char *bytes, size_t len,
                 struct error *err);
/* False when less than size came out. */
bool unpack_end(struct unpack *u, struct error *err);
void unpack_release(struct unpack *u);

#endif
