#include "bridge/pictures/format.h"

#include <stdbool.h>

static const struct {
    const char *magic;
    size_t len;
    const char *content_type;
} formats[] = {
    [PICTURE_PNG] = {"\x89PNG\r\n\x1a\n", 8, "image/png"},
    [PICTURE_JPEG] = {"\xff\xd8\xff", 3, "image/jpeg"},
};

enum picture_format picture_format(const char *bytes, size_t len)
{
    int f;

    for (f = PICTURE_PNG; f <= PICTURE_JPEG; f++)
        if (len > formats[f].len &&
            memcmp(bytes, formats[f].magic, formats[f].len) == 0)
            return (enum picture_format)f;
    return PICTURE_UNKNOWN;
}

const char *picture_content_type(enum picture_format format)
{
    return formats[format].content_type;
}
