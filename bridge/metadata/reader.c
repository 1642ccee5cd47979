/* Which bytes matter, and who reads them: text or binary. */
#include "bridge/metadata/binary.h"
#include "bridge/metadata/metadata.h"
#include "bridge/metadata/text.h"
#include "mapping/memory.h"

#include <string.h>
#include <strings.h>

#define MAGIC_SIZE 4

enum kind {
    KIND_UNKNOWN, /* fewer bytes than the magic */
    KIND_TEXT,
    KIND_BINARY,
    KIND_BROKEN
};

struct metadata_reader {
    enum kind kind;
    unsigned want;
    int64_t size;
    char magic[MAGIC_SIZE];
    size_t magic_len;
    struct facts facts;
    struct text text;
    struct binary binary;
    struct error broken;
};

struct metadata_reader *metadata_reader_new(unsigned want, int64_t size)
{
    struct metadata_reader *r = memory_zero(1, sizeof *r);

    r->want = r->binary.want = want;
    r->size = size;
    return r;
}

void metadata_reader_free(struct metadata_reader *r)
{
    if (r)
        binary_release(&r->binary);
    free(r);
}

const struct metadata *metadata_reader_facts(const struct metadata_reader *r)
{
    return &r->facts.found;
}

int64_t metadata_offset(const char *name, int64_t size)
{
    const char *suffix = strrchr(name, '.');

    if (suffix &&
        (strcasecmp(suffix, ".bgcode") == 0 || strcasecmp(suffix, ".bgc") == 0))
        return 0;
    return size > METADATA_TAIL ? size - METADATA_TAIL : 0;
}

static int64_t next_in_text(const struct metadata_reader *r)
{
    const struct text *t = &r->text;
    int64_t head = t->pictures + METADATA_HEAD;
    bool pictures = (r->want & METADATA_PICTURES) != 0;

    if (pictures && t->inside)
        head = METADATA_FAR;
    if (r->size >= 0 && t->at >= r->size)
        return -1;
    if (t->at < head && t->at < METADATA_FAR)
        return t->at;
    if (facts_complete(&r->facts) || (r->want & METADATA_FACTS) == 0)
        return -1;
    if (t->at < r->size - METADATA_TAIL)
        return r->size - METADATA_TAIL;
    return r->size < 0 ? -1 : t->at;
}

int64_t metadata_reader_next(const struct metadata_reader *r)
{
    switch (r->kind) {
    case KIND_UNKNOWN: return (int64_t)r->magic_len;
    case KIND_TEXT: return next_in_text(r);
    case KIND_BINARY: return binary_next(&r->binary);
    case KIND_BROKEN: break;
    }
    return -1;
}

static bool outcome(struct metadata_reader *r, bool good, struct error *err)
{
    if (good)
        return true;
    r->kind = KIND_BROKEN;
    return error_set(err, "%s", r->broken.text);
}

void metadata_reader_seek(struct metadata_reader *r, int64_t offset)
{
    if (r->kind == KIND_UNKNOWN && offset != (int64_t)r->magic_len)
        r->kind = KIND_TEXT;
    if (r->kind == KIND_TEXT)
        text_seek(&r->text, offset);
    else if (r->kind == KIND_BINARY)
        (void)outcome(r, binary_seek(&r->binary, offset, &r->broken), NULL);
}

static bool hand_on(struct metadata_reader *r, const void *bytes, size_t len)
{
    if (r->kind == KIND_TEXT)
        text_feed(&r->text, bytes, len, &r->facts);
    else if (r->kind == KIND_BINARY)
        return binary_feed(&r->binary, bytes, len, &r->facts, &r->broken);
    return r->kind != KIND_BROKEN;
}

/* A file begins with the magic or is text. */
static bool begin(struct metadata_reader *r)
{
    bool binary = r->magic_len == MAGIC_SIZE &&
                  memcmp(r->magic, BINARY_MAGIC, MAGIC_SIZE) == 0;

    r->kind = binary ? KIND_BINARY : KIND_TEXT;
    return hand_on(r, r->magic, r->magic_len);
}

bool metadata_reader_feed(struct metadata_reader *r, const void *bytes,
                          size_t len, struct error *err)
{
    const char *next = bytes;

    for (; r->kind == KIND_UNKNOWN && len > 0; len--) {
        r->magic[r->magic_len++] = *next++;
        if (r->magic_len == MAGIC_SIZE)
            (void)begin(r);
    }
    return outcome(r, len == 0 || hand_on(r, next, len), err);
}

bool metadata_reader_end(struct metadata_reader *r, struct error *err)
{
    if (r->kind == KIND_UNKNOWN && r->magic_len > 0)
        (void)begin(r);
    if (r->kind == KIND_TEXT)
        text_end(&r->text, &r->facts);
    if (r->kind == KIND_BINARY && binary_next(&r->binary) >= 0)
        return outcome(
            r, error_set(&r->broken, "the file ends before its G-code begins"),
            err);
    return outcome(r, r->kind != KIND_BROKEN, err);
}
