/* A picture taken out of its file: as it is, or from the base64 of comments. */
#include "bridge/metadata/metadata.h"

#include <string.h>
#include <zlib.h>

#define PIECE 4096

struct base64 {
    uint32_t bits;
    unsigned count;  /* characters of the group of four */
    bool line_start; /* only "; " counts for nothing, and only there */
    bool ended;
};

static const struct {
    const char *type;
    const char *magic;
    size_t magic_len;
} formats[] = {
    [METADATA_PNG] = {"image/png", "\x89PNG\r\n\x1a\n", 8},
    [METADATA_JPG] = {"image/jpeg", "\xff\xd8\xff", 3},
    [METADATA_QOI] = {"image/qoi", "qoif", 4},
};

const char *metadata_image_type(const struct metadata_image *image)
{
    return formats[image->format].type;
}

const struct metadata_image *metadata_image_best(const struct metadata *facts,
                                                 size_t max)
{
    const struct metadata_image *best = NULL;
    size_t i;

    for (i = 0; i < facts->image_count; i++) {
        const struct metadata_image *image = &facts->images[i];

        if (image->format == METADATA_QOI || image->bytes > max)
            continue;
        if (!best || (uint64_t)image->width * image->height >
                         (uint64_t)best->width * best->height)
            best = image;
    }
    return best;
}

static int sextet(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c ? strchr(digits, c) : NULL;

    return found ? (int)(found - digits) : -1;
}

/* The bytes of a group that is full, or that ends with =. */
static bool flush(struct base64 *b, struct buffer *out)
{
    unsigned char bytes[3];
    unsigned len = b->count > 1 ? b->count - 1 : 0;

    b->bits <<= 6 * (4 - b->count);
    bytes[0] = (unsigned char)(b->bits >> 16);
    bytes[1] = (unsigned char)(b->bits >> 8);
    bytes[2] = (unsigned char)b->bits;
    b->bits = b->count = 0;
    return buffer_add(out, bytes, len);
}

static bool decode(struct base64 *b, const char *text, size_t len,
                   struct buffer *out)
{
    for (; len > 0; text++, len--) {
        int value = sextet(*text);

        if (*text == '\n') {
            b->line_start = true;
        } else if (value >= 0 && !b->ended) {
            b->line_start = false;
            b->bits = b->bits << 6 | (uint32_t)value;
            if (++b->count == 4 && !flush(b, out))
                return false;
        } else if (*text == '=') {
            b->ended = true;
        } else if (*text != '\r' &&
                   (!b->line_start || (*text != ';' && *text != ' '))) {
            return false;
        }
    }
    return true;
}

static bool add(const struct metadata_image *image, struct base64 *b,
                uint32_t *crc, const char *piece, size_t len,
                struct buffer *out)
{
    *crc = (uint32_t)crc32(*crc, (const unsigned char *)piece, (uInt)len);
    return image->base64 ? decode(b, piece, len, out)
                         : buffer_add(out, piece, len);
}

static void put16(unsigned char *bytes, unsigned value)
{
    bytes[0] = (unsigned char)value;
    bytes[1] = (unsigned char)(value >> 8);
}

/* The checksum of a block goes over its header, which we know. */
static uint32_t header_crc(const struct metadata_image *image)
{
    unsigned char header[14] = {5};

    put16(header + 4, (unsigned)image->span & 0xffff);
    put16(header + 6, (unsigned)(image->span >> 16) & 0xffff);
    put16(header + 8, (unsigned)image->format);
    put16(header + 10, image->width);
    put16(header + 12, image->height);
    return (uint32_t)crc32(0, header, sizeof header);
}

static bool check_crc(const struct metadata_source *source,
                      const struct metadata_image *image, uint32_t crc,
                      struct error *err)
{
    unsigned char bytes[4];
    long got = source->read(source->context, image->offset + image->span, bytes,
                            sizeof bytes, err);

    if (got < 0)
        return false;
    if (got != sizeof bytes ||
        (bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
         (uint32_t)bytes[3] << 24) != crc)
        return error_set(err, "the checksum of a picture is wrong");
    return true;
}

static bool read_picture(const struct metadata_source *source,
                         const struct metadata_image *image, struct buffer *out,
                         struct error *err)
{
    struct base64 base64 = {.line_start = true};
    uint32_t crc = header_crc(image);
    int64_t done = 0;
    char piece[PIECE];

    while (done < image->span) {
        int64_t left = image->span - done;
        long got = source->read(source->context, image->offset + done, piece,
                                left < PIECE ? (size_t)left : PIECE, err);

        if (got < 0)
            return false;
        if (got == 0)
            return error_set(err, "the file ends within a picture");
        if (!add(image, &base64, &crc, piece, (size_t)got, out))
            return error_set(err, "a picture in the file is damaged or too "
                                  "large");
        done += got;
    }
    if (!flush(&base64, out))
        return error_set(err, "a picture in the file is too large");
    return !image->checksum || check_crc(source, image, crc, err);
}

bool metadata_image_read(const struct metadata_source *source,
                         const struct metadata_image *image, struct buffer *out,
                         struct error *err)
{
    size_t before = out->len, len = formats[image->format].magic_len;
    bool good = read_picture(source, image, out, err);

    if (good &&
        (out->len - before < len ||
         memcmp(out->bytes + before, formats[image->format].magic, len) != 0))
        good = error_set(err, "a picture in the file is no %s",
                         metadata_image_type(image));
    if (!good && out->bytes) {
        out->len = before;
        out->bytes[before] = '\0';
    }
    return good;
}
