#include "bridge/metadata/binary.h"

#define FILE_HEADER  10
#define CRC_SIZE     4
#define VERSION      1
#define METADATA_MAX (1 << 20) /* bytes of one block, packed or not */
#define BLOCKS_MAX   64

enum block {
    BLOCK_FILE,
    BLOCK_GCODE,
    BLOCK_SLICER,
    BLOCK_PRINTER,
    BLOCK_PRINT,
    BLOCK_PICTURE,
    BLOCK_COUNT
};

static unsigned u16(const unsigned char *bytes)
{
    return bytes[0] | (unsigned)bytes[1] << 8;
}

static uint32_t u32(const unsigned char *bytes)
{
    return u16(bytes) | (uint32_t)u16(bytes + 2) << 16;
}

static void next_block(struct binary *b)
{
    b->state = BINARY_BLOCK;
    b->header_len = 0;
    if ((b->want & METADATA_PICTURES) == 0 && facts_complete(&b->facts))
        b->state = BINARY_DONE;
}

static void take_line(void *context, const char *bytes, size_t len)
{
    struct binary *b = context;
    const char *line;

    while (len > 0) {
        size_t part = lines_take(&b->lines, bytes, len, &line);

        if (line)
            facts_line(&b->facts, line);
        bytes += part;
        len -= part;
    }
}

static void ignore(void *context, const char *bytes, size_t len)
{
    (void)context, (void)bytes, (void)len;
}

static bool file_header(struct binary *b, struct error *err)
{
    uint32_t version = u32(b->header + 4);
    unsigned checksum = u16(b->header + 8);

    if (version != VERSION)
        return error_set(err,
                         "binary G-code of version %u is not known; only 1 is",
                         (unsigned)version);
    if (checksum > 1)
        return error_set(err, "its type of checksum (%u) is not known",
                         checksum);
    b->checksums = checksum == 1;
    next_block(b);
    return true;
}

/* Bytes of a block's header with its parameters, as far as they are known. */
static size_t header_size(const struct binary *b)
{
    if (b->header_len < 4)
        return 4;
    return (size_t)(u16(b->header + 2) == COMPRESSION_NONE ? 8 : 12) +
           (u16(b->header) == BLOCK_PICTURE ? 6 : 2);
}

static bool skip(struct binary *b, int64_t size)
{
    b->state = BINARY_SKIP;
    b->left = size + (b->checksums ? CRC_SIZE : 0);
    return true;
}

static bool picture(struct binary *b, int64_t size)
{
    const unsigned char *parameters = b->header + b->header_len - 6;
    struct metadata *found = &b->facts.found;
    struct metadata_image image = {
        .format = (enum metadata_format)u16(parameters),
        .width = u16(parameters + 2),
        .height = u16(parameters + 4),
        .offset = b->at,
        .span = size,
        .bytes = (size_t)size,
        .checksum = b->checksums,
    };

    if (u16(b->header + 2) == COMPRESSION_NONE && size > 0 &&
        u16(parameters) <= METADATA_QOI && image.width && image.height &&
        found->image_count < METADATA_IMAGES)
        found->images[found->image_count++] = image;
    return skip(b, size);
}

static bool metadata(struct binary *b, int64_t packed, struct error *err)
{
    unsigned compression = u16(b->header + 2);
    uint32_t size = u32(b->header + 4);

    if (size > METADATA_MAX || packed > METADATA_MAX)
        return error_set(err, "a block of metadata of %lu bytes is too long",
                         (unsigned long)(size > packed ? size : packed));
    b->lines = (struct lines){.len = 0};
    /* Only INI is known; libbgcode has begun to write JSON. */
    b->unpack.sink =
        u16(b->header + b->header_len - 2) == 0 ? take_line : ignore;
    b->unpack.context = b;
    b->left = packed;
    b->state = BINARY_DATA;
    b->crc = (uint32_t)crc32(0, b->header, (uInt)b->header_len);
    return unpack_start(&b->unpack, (enum compression)compression, size, err);
}

static bool block_header(struct binary *b, struct error *err)
{
    unsigned type = u16(b->header), compression = u16(b->header + 2);
    int64_t size = u32(b->header + (compression == COMPRESSION_NONE ? 4 : 8));

    if (type == BLOCK_GCODE) {
        b->state = BINARY_DONE;
        return true;
    }
    if (type >= BLOCK_COUNT || compression >= COMPRESSION_COUNT)
        return error_set(err, "a block of type %u, compression %u is not known",
                         type, compression);
    if (++b->blocks > BLOCKS_MAX || b->at + size > METADATA_FAR)
        return error_set(err, "no G-code begins in its first %d MiB",
                         METADATA_FAR >> 20);
    return type == BLOCK_PICTURE ? picture(b, size) : metadata(b, size, err);
}

/* The block is whole: now what it says counts. */
static void accept(struct binary *b, struct facts *f)
{
    unpack_release(&b->unpack);
    *f = b->facts;
    next_block(b);
}

static bool end_data(struct binary *b, struct facts *f, struct error *err)
{
    const char *line = lines_last(&b->lines);

    if (line)
        facts_line(&b->facts, line);
    if (!unpack_end(&b->unpack, err))
        return false;
    b->header_len = 0;
    b->state = BINARY_CHECKSUM;
    if (!b->checksums)
        accept(b, f);
    return true;
}

static bool checksum(struct binary *b, struct facts *f, struct error *err)
{
    if (u32(b->header) != b->crc)
        return error_set(err, "the checksum of a block is wrong");
    accept(b, f);
    return true;
}

static size_t collect(struct binary *b, const unsigned char *bytes, size_t len,
                      size_t size)
{
    size_t part = size - b->header_len;

    if (part > len)
        part = len;
    memcpy(b->header + b->header_len, bytes, part);
    b->header_len += part;
    b->at += (int64_t)part;
    return part;
}

static bool take(struct binary *b, const unsigned char *bytes, size_t len,
                 size_t *part, struct error *err)
{
    *part = (int64_t)len < b->left ? len : (size_t)b->left;
    b->at += (int64_t)*part;
    b->left -= (int64_t)*part;
    if (b->state == BINARY_SKIP)
        return true;
    b->crc = (uint32_t)crc32(b->crc, bytes, (uInt)*part);
    return unpack_feed(&b->unpack, bytes, *part, err);
}

/* One step of the state; *part bytes are done. */
static bool step(struct binary *b, const unsigned char *bytes, size_t len,
                 size_t *part, struct facts *f, struct error *err)
{
    *part = len;
    switch (b->state) {
    case BINARY_FILE:
        *part = collect(b, bytes, len, FILE_HEADER);
        return b->header_len < FILE_HEADER || file_header(b, err);
    case BINARY_BLOCK:
        *part = collect(b, bytes, len, header_size(b));
        if (b->header_len >= 4 && u16(b->header) == BLOCK_GCODE)
            return block_header(b, err);
        return b->header_len < header_size(b) || block_header(b, err);
    case BINARY_DATA:
        return take(b, bytes, len, part, err) &&
               (b->left > 0 || end_data(b, f, err));
    case BINARY_SKIP:
        (void)take(b, bytes, len, part, err);
        if (b->left == 0)
            accept(b, f);
        return true;
    case BINARY_CHECKSUM:
        *part = collect(b, bytes, len, CRC_SIZE);
        return b->header_len < CRC_SIZE || checksum(b, f, err);
    case BINARY_DONE: break;
    }
    return true;
}

bool binary_feed(struct binary *b, const unsigned char *bytes, size_t len,
                 struct facts *f, struct error *err)
{
    while (len > 0) {
        size_t part;

        if (!step(b, bytes, len, &part, f, err)) {
            unpack_release(&b->unpack);
            return false;
        }
        bytes += part;
        len -= part;
    }
    return true;
}

int64_t binary_next(const struct binary *b)
{
    if (b->state == BINARY_DONE)
        return -1;
    return b->state == BINARY_SKIP ? b->at + b->left : b->at;
}

bool binary_seek(struct binary *b, int64_t offset, struct error *err)
{
    int64_t over = offset - b->at;

    if (over == 0 || b->state == BINARY_DONE)
        return true;
    if (b->state != BINARY_SKIP || over < 0 || over > b->left)
        return error_set(err, "binary G-code must be read in order");
    b->at = offset;
    b->left -= over;
    return true;
}

void binary_release(struct binary *b)
{
    unpack_release(&b->unpack);
}
