#include "bridge/metadata/metadata.h"
#include "mapping/memory.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PIECE 16384

static long read_fd(void *context, int64_t offset, void *bytes, size_t len,
                    struct error *err)
{
    int fd = (int)(intptr_t)context;
    ssize_t got;

    do
        got = pread(fd, bytes, len, offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        (void)error_set(err, "the file cannot be read: %s", strerror(errno));
    return got;
}

struct metadata_source metadata_source_fd(int fd, int64_t size)
{
    return (struct metadata_source){
        .read = read_fd,
        .context = (void *)(intptr_t)fd,
        .size = size,
    };
}

static bool read_parts(const struct metadata_source *source,
                       struct metadata_reader *r, char *piece,
                       struct error *err)
{
    int64_t offset;

    while ((offset = metadata_reader_next(r)) >= 0) {
        long got = source->read(source->context, offset, piece, PIECE, err);

        if (got < 0)
            return false;
        if (got == 0)
            break;
        metadata_reader_seek(r, offset);
        if (!metadata_reader_feed(r, piece, (size_t)got, err))
            return false;
    }
    return metadata_reader_end(r, err);
}

bool metadata_read(const struct metadata_source *source, unsigned want,
                   struct metadata *facts, struct error *err)
{
    struct metadata_reader *r = metadata_reader_new(want, source->size);
    char *piece = memory_zero(1, PIECE);
    bool good = read_parts(source, r, piece, err);

    *facts = *metadata_reader_facts(r);
    free(piece);
    metadata_reader_free(r);
    return good;
}
