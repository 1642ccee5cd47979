#include "config/disk.h"

#include "mapping/buffer.h"
#include "mapping/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool check_type(const struct stat *st, bool special, struct error *err)
{
    if (S_ISREG(st->st_mode) || (special && !S_ISDIR(st->st_mode)))
        return true;
    return error_set(err, "it is not a file");
}

/* Fill bytes with at most max; more is an error. */
static bool fill(int fd, char *bytes, size_t max, size_t *len,
                 struct error *err)
{
    ssize_t n = 1;

    for (*len = 0; n != 0 && *len <= max;) {
        n = read(fd, bytes + *len, max + 1 - *len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(err, "%s", strerror(errno));
        *len += (size_t)n;
    }
    if (*len > max)
        return error_set(err, "it is larger than %zu KiB", max / 1024);
    return true;
}

char *disk_read(const char *path, size_t max, bool special, size_t *len,
                struct stat *st, struct error *err)
{
    /* A pipe without a writer would block the open. */
    int fd = open(path,
                  O_RDONLY | O_CLOEXEC | O_NOCTTY | (special ? 0 : O_NONBLOCK));
    char *bytes = NULL;

    if (fd < 0 || fstat(fd, st) != 0) {
        (void)error_set(err, "%s", strerror(errno));
    } else if (check_type(st, special, err)) {
        /* In one piece: growing would leave copies of secrets behind. */
        bytes = memory_zero(max + 2, 1);
        if (!fill(fd, bytes, max, len, err)) {
            disk_free(bytes, *len);
            bytes = NULL;
        } else {
            bytes[*len] = '\0';
        }
    }
    if (fd >= 0)
        (void)close(fd);
    return bytes;
}

void disk_free(char *bytes, size_t len)
{
    if (bytes)
        explicit_bzero(bytes, len);
    free(bytes);
}

char *disk_beside(const char *base, const char *path)
{
    const char *slash = strrchr(base, '/');
    struct buffer b = {0};

    if (*path != '/' && slash)
        buffer_add(&b, base, (size_t)(slash - base) + 1);
    buffer_text_add(&b, path);
    return b.bytes;
}
