#include "tests/metadata/build.h"

#include "mapping/memory.h"

#include <string.h>
#include <zlib.h>

static void number(struct buffer *b, uint64_t value, int bytes)
{
    for (; bytes > 0; bytes--, value >>= 8) {
        char byte = (char)(value & 0xff);

        (void)buffer_add(b, &byte, 1);
    }
}

void build_file(struct buffer *b, unsigned version, unsigned checksum)
{
    (void)buffer_text_add(b, "GCDE");
    number(b, version, 4);
    number(b, checksum, 2);
}

void build_any(struct buffer *b, unsigned type, unsigned compression,
               uint32_t size, const void *parameters, size_t parameters_len,
               const void *data, size_t len)
{
    size_t start = b->len;

    number(b, type, 2);
    number(b, compression, 2);
    number(b, size, 4);
    if (compression)
        number(b, len, 4);
    (void)buffer_add(b, parameters, parameters_len);
    (void)buffer_add(b, data, len);
    number(b, crc32(0, (const Bytef *)b->bytes + start, (uInt)(b->len - start)),
           4);
}

void build_block(struct buffer *b, unsigned type, const void *parameters,
                 const void *data, size_t len)
{
    build_any(b, type, 0, (uint32_t)len, parameters,
              type == BLOCK_PICTURE ? 6 : 2, data, len);
}

void build_text(struct buffer *b, unsigned type, const char *text)
{
    build_block(b, type, "\0\0", text, strlen(text));
}

void build_deflated(struct buffer *b, unsigned type, const char *text,
                    size_t claimed)
{
    uLongf len = compressBound(strlen(text));
    char *packed = memory_zero(1, len);

    (void)compress((Bytef *)packed, &len, (const Bytef *)text, strlen(text));
    build_any(b, type, 1, (uint32_t)claimed, "\0\0", 2, packed, len);
    free(packed);
}

void build_picture(struct buffer *b, unsigned format, unsigned width,
                   unsigned height, const void *data, size_t len)
{
    struct buffer parameters = {0};

    number(&parameters, format, 2);
    number(&parameters, width, 2);
    number(&parameters, height, 2);
    build_block(b, BLOCK_PICTURE, parameters.bytes, data, len);
    buffer_release(&parameters);
}

void build_whole(struct buffer *b)
{
    static const char png[] = "\x89PNG\r\n\x1a\nnot much of a picture";

    build_file(b, 1, 1);
    build_text(b, BLOCK_FILE, "Producer=by hand\n");
    build_text(b, BLOCK_PRINTER, "filament_type=PLA;PETG\nlayer_height=0.2\n");
    build_picture(b, METADATA_PNG, 16, 12, png, sizeof png);
    build_text(b, BLOCK_PRINT,
               "filament used [mm]=1000.00\ntotal filament used [g]=12.34\n"
               "estimated printing time (normal mode)=1d 2h 3m 4s\n");
    build_deflated(b, BLOCK_SLICER, "perimeters=2\n", strlen("perimeters=2\n"));
    build_text(b, BLOCK_GCODE, "G28\n");
}

static long read_buffer(void *context, int64_t offset, void *bytes, size_t len,
                        struct error *err)
{
    const struct buffer *b = context;
    size_t from = (size_t)offset;

    (void)err;
    if (from >= b->len)
        return 0;
    if (len > b->len - from)
        len = b->len - from;
    memcpy(bytes, b->bytes + from, len);
    return (long)len;
}

struct metadata_source build_source(const struct buffer *b)
{
    return (struct metadata_source){read_buffer, (void *)(uintptr_t)b,
                                    (int64_t)b->len};
}
