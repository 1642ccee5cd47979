#include "mapping/buffer.h"

#include "mapping/memory.h"

#include <stdarg.h>

void buffer_init(struct buffer *b, size_t max)
{
    *b = (struct buffer){.max = max};
}

void buffer_release(struct buffer *b)
{
    free(b->bytes);
    buffer_init(b, b->max);
}

void buffer_reset(struct buffer *b)
{
    b->len = 0;
    b->full = false;
    if (b->bytes)
        b->bytes[0] = '\0';
}

const char *buffer_text(const struct buffer *b)
{
    return b->bytes ? b->bytes : "";
}

/* Room for len more bytes and the NUL; false past the limit. */
static bool reserve(struct buffer *b, size_t len)
{
    size_t max = b->max ? b->max : BUFFER_MAX;
    size_t capacity = b->capacity ? b->capacity : 64;

    if (len > max || b->len > max - len) {
        b->full = true;
        return false;
    }
    while (capacity < b->len + len + 1)
        capacity *= 2;
    if (capacity != b->capacity) {
        b->bytes = memory_grow(b->bytes, capacity, 1);
        b->capacity = capacity;
    }
    return true;
}

bool buffer_add(struct buffer *b, const void *bytes, size_t len)
{
    if (!reserve(b, len))
        return false;
    if (len)
        memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
    b->bytes[b->len] = '\0';
    return true;
}

bool buffer_text_add(struct buffer *b, const char *text)
{
    return buffer_add(b, text, strlen(text));
}

bool buffer_quote_add(struct buffer *b, const char *text)
{
    size_t plain = strcspn(text, "\"\\");
    bool ok = buffer_add(b, "\"", 1) && buffer_add(b, text, plain);

    for (text += plain; ok && *text; text += plain) {
        plain = 1 + strcspn(text + 1, "\"\\"); /* *text is what is escaped */
        ok = buffer_add(b, "\\", 1) && buffer_add(b, text, plain);
    }
    return ok && buffer_add(b, "\"", 1);
}

bool buffer_format(struct buffer *b, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0 || !reserve(b, (size_t)len))
        return false;
    va_start(args, format);
    (void)vsnprintf(b->bytes + b->len, (size_t)len + 1, format, args);
    va_end(args);
    b->len += (size_t)len;
    return true;
}
