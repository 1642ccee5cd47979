/* Binary G-code made by hand, right or wrong on purpose. */
#ifndef TESTS_METADATA_BUILD_H
#define TESTS_METADATA_BUILD_H

#include "bridge/metadata/metadata.h"

enum {
    BLOCK_FILE,
    BLOCK_GCODE,
    BLOCK_SLICER,
    BLOCK_PRINTER,
    BLOCK_PRINT,
    BLOCK_PICTURE
};

void build_file(struct buffer *b, unsigned version, unsigned checksum);
/* A block without compression, with its CRC32. parameters: 2 or 6 bytes. */
void build_block(struct buffer *b, unsigned type, const void *parameters,
                 const void *data, size_t len);
/* The same of text, deflated; claimed: the size it says it has. */
void build_deflated(struct buffer *b, unsigned type, const char *text,
                    size_t claimed);
/* Any block: compression and sizes as given, whatever data is. */
void build_any(struct buffer *b, unsigned type, unsigned compression,
               uint32_t size, const void *parameters, size_t parameters_len,
               const void *data, size_t len);
void build_text(struct buffer *b, unsigned type, const char *text);
void build_picture(struct buffer *b, unsigned format, unsigned width,
                   unsigned height, const void *data, size_t len);
/* The whole of it: printer's, a picture, print's, slicer's, G-code. */
void build_whole(struct buffer *b);

/* The bytes as a source. */
struct metadata_source build_source(const struct buffer *b);

#endif
