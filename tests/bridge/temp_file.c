#include "tests/bridge/temp_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* No block of 2^n bytes looks like the next one. */
static char byte_at(size_t offset)
{
    return (char)(offset % 251 + offset / 65536);
}

static int open_nameless(void)
{
    FILE *file = tmpfile();
    int fd;

    if (!file)
        abort();
    fd = dup(fileno(file));
    (void)fclose(file);
    return fd;
}

static struct http_file file_of(int fd)
{
    struct http_file file = {.fd = fd};

    if (!http_stamp_of(fd, &file.stamp))
        abort();
    return file;
}

struct http_file temp_file(size_t size)
{
    int fd = open_nameless();
    char bytes[4096];

    for (size_t at = 0; at < size;) {
        size_t n = size - at < sizeof bytes ? size - at : sizeof bytes;

        for (size_t i = 0; i < n; i++)
            bytes[i] = byte_at(at + i);
        if (write(fd, bytes, n) != (ssize_t)n)
            abort();
        at += n;
    }
    return file_of(fd);
}

struct http_file temp_file_sparse(int64_t size)
{
    int fd = open_nameless();

    if (ftruncate(fd, size) < 0)
        abort();
    return file_of(fd);
}

bool temp_file_is(const char *bytes, size_t size, size_t offset)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != byte_at(offset + i))
            return false;
    return true;
}
