/* G-code files as text and binary: whatever they say, reading is bounded, the
 * facts make sense, and pieces of any size give the same. */
#include "bridge/metadata/metadata.h"
#include "mapping/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ALL         (METADATA_FACTS | METADATA_PICTURES)
#define PICTURE_MAX 65536

struct bytes {
    const uint8_t *data;
    size_t size;
};

static long read_bytes(void *context, int64_t offset, void *out, size_t len,
                       struct error *err)
{
    const struct bytes *b = context;

    (void)err;
    if (offset < 0)
        abort();
    if (offset >= (int64_t)b->size)
        return 0;
    if (len > b->size - (size_t)offset)
        len = b->size - (size_t)offset;
    memcpy(out, b->data + offset, len);
    return (long)len;
}

static void check(const struct metadata *m)
{
    size_t i;

    if (!(m->weight_g >= 0 && m->weight_g <= 1e6) ||
        !(m->length_mm >= 0 && m->length_mm <= 1e9) ||
        !(m->layer_height_mm >= 0 && m->layer_height_mm <= 100) ||
        m->seconds < 0 || m->seconds > 1000000000 ||
        m->image_count > METADATA_IMAGES)
        abort();
    if (!text_is_utf8(m->types, strnlen(m->types, sizeof m->types)))
        abort();
    for (i = 0; i < m->image_count; i++)
        if (m->images[i].offset <= 0 || m->images[i].span < 0 ||
            m->images[i].offset + m->images[i].span > METADATA_FAR + 100000)
            abort();
}

static void take_pictures(const struct metadata_source *source,
                          const struct metadata *m)
{
    size_t i;

    for (i = 0; i < m->image_count; i++) {
        struct buffer out;

        buffer_init(&out, PICTURE_MAX);
        if (!metadata_image_read(source, &m->images[i], &out, NULL) &&
            out.len > 0)
            abort();
        buffer_release(&out);
    }
    (void)metadata_image_best(m, PICTURE_MAX);
}

static bool same_image(const struct metadata_image *a,
                       const struct metadata_image *b)
{
    return a->format == b->format && a->width == b->width &&
           a->height == b->height && a->offset == b->offset &&
           a->span == b->span && a->bytes == b->bytes &&
           a->base64 == b->base64 && a->checksum == b->checksum;
}

static bool same(const struct metadata *a, const struct metadata *b)
{
    size_t i;

    for (i = 0; i < a->image_count && i < b->image_count; i++)
        if (!same_image(&a->images[i], &b->images[i]))
            return false;
    return a->image_count == b->image_count && a->seconds == b->seconds &&
           a->weight_g <= b->weight_g && a->weight_g >= b->weight_g &&
           a->length_mm <= b->length_mm && a->length_mm >= b->length_mm &&
           a->layer_height_mm <= b->layer_height_mm &&
           a->layer_height_mm >= b->layer_height_mm &&
           strcmp(a->types, b->types) == 0;
}

/* Everything in pieces: the same comes out. */
static void in_pieces(const uint8_t *data, size_t size, size_t piece,
                      const struct metadata *whole, bool good)
{
    struct metadata_reader *r = metadata_reader_new(ALL, (int64_t)size);
    bool fed = true;
    size_t len;

    for (; size > 0; data += len, size -= len) {
        len = size < piece ? size : piece;
        fed = metadata_reader_feed(r, data, len, NULL) && fed;
    }
    fed = metadata_reader_end(r, NULL) && fed;
    check(metadata_reader_facts(r));
    if (fed != good || !same(metadata_reader_facts(r), whole))
        abort();
    metadata_reader_free(r);
}

static void from_the_middle(const uint8_t *data, size_t size)
{
    struct metadata_reader *r = metadata_reader_new(METADATA_FACTS, -1);

    if (size > 20) {
        (void)metadata_reader_feed(r, data, size / 4, NULL);
        metadata_reader_seek(r, (int64_t)size / 2);
        (void)metadata_reader_feed(r, data + size / 2, size / 3, NULL);
        (void)metadata_reader_next(r);
        check(metadata_reader_facts(r));
    }
    metadata_reader_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = {data, size};
    struct metadata_source source = {read_bytes, &bytes, (int64_t)size};
    struct metadata m;
    bool good = metadata_read(&source, ALL, &m, NULL);

    check(&m);
    take_pictures(&source, &m);
    /* Longer ones are read in parts only. */
    if (size < METADATA_HEAD)
        in_pieces(data, size, size % 61 + 1, &m, good);
    from_the_middle(data, size);
    return 0;
}
