#include "bridge/metadata/lines.h"

#include <string.h>

const char *lines_last(struct lines *l)
{
    bool whole = !l->skip && l->len > 0;

    while (l->len && strchr(" \t\r", l->text[l->len - 1]))
        l->len--;
    l->text[l->len] = '\0';
    l->len = 0;
    l->skip = false;
    return whole ? l->text : NULL;
}

size_t lines_take(struct lines *l, const char *bytes, size_t len,
                  const char **line)
{
    const char *end = memchr(bytes, '\n', len);
    size_t part = end ? (size_t)(end - bytes) : len;

    *line = NULL;
    if (part >= sizeof l->text - l->len)
        l->skip = true; /* half a value would be wrong */
    if (l->skip) {
        l->len = 0;
    } else {
        memcpy(l->text + l->len, bytes, part);
        l->len += part;
    }
    if (!end)
        return len;
    *line = lines_last(l);
    return part + 1;
}
