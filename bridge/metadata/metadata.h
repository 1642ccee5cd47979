/* What a slicer wrote into a G-code file about the print: filament, layer
 * height, time, pictures. Printers with Buddy firmware tell none of it, so it
 * is read from the file itself: .gcode of PrusaSlicer and its relatives,
 * Slic3r, Cura and Simplify3D (comments at the head or the tail) and .bgcode
 * (blocks at the head). Memory stays small (a few KiB, 48 KiB while a block is
 * inflated) whatever the file says of itself, and reading is bounded by the
 * limits below.
 *
 * A whole file, at upload:
 *     struct metadata_source source = metadata_source_fd(fd, size);
 *     struct metadata facts;
 *     const struct metadata_image *image;
 *     if (!metadata_read(&source, METADATA_FACTS | METADATA_PICTURES, &facts,
 *                        &err))
 *         ...facts has what was found before the damage...
 *     image = metadata_image_best(&facts, 256 * 1024);
 *     if (image && metadata_image_read(&source, image, &picture, &err))
 *         ...picture holds a PNG or JPG...
 *
 * One download of a part:
 *     offset = metadata_offset(name, size);   (0: the head; else the tail)
 *     r = metadata_reader_new(METADATA_FACTS, size);
 *     metadata_reader_seek(r, offset);
 *     for each piece that arrives:
 *         if (!metadata_reader_feed(r, bytes, len, &err) ||
 *             (next = metadata_reader_next(r)) < 0 || next >= (its end))
 *             ...hang up: broken, or nothing more to learn here...
 *     when the file itself ended: metadata_reader_end(r, NULL);
 *     facts = *metadata_reader_facts(r);
 *     metadata_reader_free(r); */
#ifndef BRIDGE_METADATA_METADATA_H
#define BRIDGE_METADATA_METADATA_H

#include "mapping/buffer.h"
#include "mapping/error.h"

#include <stdint.h>

#define METADATA_IMAGES     8
#define METADATA_TYPES_SIZE 128
/* Where the facts of text are looked for: this far from the start (and from the
 * end of a picture there), and this far from the end. Slicers put all their
 * settings behind the facts: 15 KiB of PrusaSlicer, over 100 KiB of OrcaSlicer
 * with several filaments. */
#define METADATA_HEAD 65536
#define METADATA_TAIL 262144
/* The farthest that pictures at the head may push the rest away. */
#define METADATA_FAR (2 << 20)

enum metadata_format { METADATA_PNG, METADATA_JPG, METADATA_QOI };

/* A picture that is somewhere in the file. */
struct metadata_image {
    enum metadata_format format;
    unsigned width, height; /* as the file says */
    int64_t offset;         /* of its first byte in the file */
    int64_t span;           /* bytes it takes there */
    size_t bytes;           /* size of the picture itself; base64: at most */
    bool base64;            /* in comments; else raw */
    bool checksum;          /* a CRC32 follows it */
};

/* What is not known is 0 or "": no slicer means 0 g or 0 s. Several extruders
 * are one sum. */
struct metadata {
    double weight_g;
    double length_mm;
    double layer_height_mm;
    int64_t seconds;
    /* Of the extruders that are used: "PLA, PETG"; valid UTF-8. */
    char types[METADATA_TYPES_SIZE];
    struct metadata_image images[METADATA_IMAGES];
    size_t image_count;
};

enum metadata_want {
    METADATA_FACTS = 1,
    METADATA_PICTURES = 2, /* look for pictures: more is read */
};

/* Bytes that can be read at any place. */
struct metadata_source {
    /* Up to len bytes at offset: how many, 0 behind the end, -1 with err set.
     */
    long (*read)(void *context, int64_t offset, void *bytes, size_t len,
                 struct error *err);
    void *context;
    int64_t size;
};

/* fd is borrowed and read with pread. */
struct metadata_source metadata_source_fd(int fd, int64_t size);

/* Look into a file: at most METADATA_HEAD + METADATA_TAIL and the pictures in
 * text are read, in pieces of 16 KiB. False when it could not be read or is
 * damaged; facts then has what was found before that. A file without facts is
 * no failure. want: METADATA_* */
bool metadata_read(const struct metadata_source *source, unsigned want,
                   struct metadata *facts, struct error *err);

/* The largest PNG or JPG of at most max bytes; NULL if there is none. */
const struct metadata_image *metadata_image_best(const struct metadata *facts,
                                                 size_t max);
const char *metadata_image_type(const struct metadata_image *image); /* MIME */
/* Append the picture to out, within its limit. False when the file changed, the
 * checksum is wrong or it is no picture of that format; out is then as before.
 */
bool metadata_image_read(const struct metadata_source *source,
                         const struct metadata_image *image, struct buffer *out,
                         struct error *err);

/* Where one download had best begin: 0 for .bgcode; for text the facts are at
 * the tail (of Cura at the head, but Cura does not know weights; OrcaSlicer has
 * the weight at both). A server that does not know Range, as that of Buddy
 * firmware (seen up to 2025), begins at 0 whatever is asked: there the head is
 * all that can be had without reading the whole file. */
int64_t metadata_offset(const char *name, int64_t size);

/* The same for bytes that come in pieces, from whoever has them. */
struct metadata_reader;
/* size: of the file, or -1 when it is not known. Caller frees. */
struct metadata_reader *metadata_reader_new(unsigned want, int64_t size);
void metadata_reader_free(struct metadata_reader *r);

/* The offset at which the next piece should begin: behind the last one when
 * that is useful, farther on when what lies between is not, -1 when nothing
 * that follows could add anything. Pieces that come anyway do no harm. */
int64_t metadata_reader_next(const struct metadata_reader *r);
/* The next piece begins at offset. Forward only: no byte counts twice. In
 * .bgcode not beyond metadata_reader_next(). */
void metadata_reader_seek(struct metadata_reader *r, int64_t offset);
/* The next piece. False when the file is damaged, and for all that follows;
 * what was found so far stays. */
bool metadata_reader_feed(struct metadata_reader *r, const void *bytes,
                          size_t len, struct error *err);
/* The file ends here: false when a block of .bgcode is cut. Not for a download
 * that was bounded on purpose. */
bool metadata_reader_end(struct metadata_reader *r, struct error *err);
/* What was found so far; borrowed until the next call. */
const struct metadata *metadata_reader_facts(const struct metadata_reader *r);

#endif
