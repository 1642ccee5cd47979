#include "bridge/metadata/unpack.h"

#include "mapping/memory.h"

#define LENGTH_BITS 4

bool unpack_start(struct unpack *u, enum compression compression, size_t size,
                  struct error *err)
{
    unpack_release(u);
    u->compression = compression;
    u->left = size;
    switch (compression) {
    case COMPRESSION_NONE:
    case COMPRESSION_COUNT: break;
    case COMPRESSION_DEFLATE:
        u->deflate = memory_zero(1, sizeof *u->deflate);
        if (inflateInit(u->deflate) != Z_OK)
            return error_set(err, "zlib could not be started");
        break;
    case COMPRESSION_HEATSHRINK_11_4:
    case COMPRESSION_HEATSHRINK_12_4:
        u->heatshrink = memory_zero(1, sizeof *u->heatshrink);
        u->heatshrink->index_bits =
            compression == COMPRESSION_HEATSHRINK_11_4 ? 11 : 12;
        break;
    }
    return true;
}

static bool put(struct unpack *u, const void *bytes, size_t len,
                struct error *err)
{
    if (len > u->left)
        return error_set(err, "more comes out of a block than it says");
    u->left -= len;
    u->sink(u->context, bytes, len);
    return true;
}

static bool inflate_feed(struct unpack *u, const unsigned char *bytes,
                         size_t len, struct error *err)
{
    unsigned char out[2048];
    z_stream *z = u->deflate;
    int rc = Z_OK;

    z->next_in = bytes;
    z->avail_in = (uInt)len;
    do {
        z->next_out = out;
        z->avail_out = sizeof out;
        rc = inflate(z, Z_NO_FLUSH);
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
            return error_set(err, "a deflated block is damaged: %s",
                             z->msg ? z->msg : "not zlib");
        if (!put(u, out, sizeof out - z->avail_out, err))
            return false;
    } while (rc == Z_OK && (z->avail_in > 0 || z->avail_out == 0));
    return true;
}

/* The oldest count bits; 0 when there are not so many. */
static uint32_t take(struct heatshrink *h, unsigned count)
{
    if (count > h->count)
        return 0;
    h->count -= count;
    return h->bits >> h->count & ((1u << count) - 1);
}

static void put_byte(struct heatshrink *h, unsigned char *out,
                     unsigned char byte)
{
    h->window[h->at++ % HEATSHRINK_WINDOW] = byte;
    *out = byte;
}

/* What the bits give: a byte, or a copy of up to 16 bytes that came out before
 * (zeros before the first). 0 when there are too few bits. */
static size_t expand(struct heatshrink *h, unsigned char *out)
{
    bool literal = h->count > 0 && (h->bits >> (h->count - 1) & 1);
    uint32_t back;
    size_t len, i;

    if (h->count < (literal ? 9 : 1 + h->index_bits + LENGTH_BITS))
        return 0;
    (void)take(h, 1);
    if (literal) {
        put_byte(h, out, (unsigned char)take(h, 8));
        return 1;
    }
    back = take(h, h->index_bits) + 1;
    len = take(h, LENGTH_BITS) + 1;
    for (i = 0; i < len; i++)
        put_byte(h, out + i, h->window[(h->at - back) % HEATSHRINK_WINDOW]);
    return len;
}

static bool heatshrink_feed(struct unpack *u, const unsigned char *bytes,
                            size_t len, struct error *err)
{
    struct heatshrink *h = u->heatshrink;
    unsigned char out[1 << LENGTH_BITS];
    size_t i, got;

    for (i = 0; i < len; i++) {
        h->bits = h->bits << 8 | bytes[i];
        h->count += 8;
        while ((got = expand(h, out)) > 0)
            if (!put(u, out, got, err))
                return false;
    }
    return true;
}

bool unpack_feed(struct unpack *u, const unsigned char *bytes, size_t len,
                 struct error *err)
{
    switch (u->compression) {
    case COMPRESSION_DEFLATE: return inflate_feed(u, bytes, len, err);
    case COMPRESSION_HEATSHRINK_11_4:
    case COMPRESSION_HEATSHRINK_12_4:
        return heatshrink_feed(u, bytes, len, err);
    case COMPRESSION_NONE:
    case COMPRESSION_COUNT: break;
    }
    return put(u, bytes, len, err);
}

bool unpack_end(struct unpack *u, struct error *err)
{
    return u->left == 0 || error_set(err, "a block gives less than it says");
}

void unpack_release(struct unpack *u)
{
    if (u->deflate)
        (void)inflateEnd(u->deflate);
    free(u->deflate);
    free(u->heatshrink);
    u->deflate = NULL;
    u->heatshrink = NULL;
}
