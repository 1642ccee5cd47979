/* Bytes that grow up to a limit; always NUL-terminated behind the last one.
 * Everything that comes from outside is collected in one of these, so that
 * every input has a maximum size by construction. */
#ifndef MAPPING_BUFFER_H
#define MAPPING_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* {0} is an empty buffer without a limit of its own (BUFFER_MAX applies). */
struct buffer {
    char *bytes;     /* NULL while nothing was ever added */
    size_t len;      /* without the NUL */
    size_t capacity; /* allocated */
    size_t max;      /* most bytes allowed; 0 = BUFFER_MAX */
    bool full;       /* something did not fit; it was left out whole */
};

#define BUFFER_MAX ((size_t)1 << 30)

void buffer_init(struct buffer *b, size_t max);
/* Free the bytes; the limit stays. Accepts {0}. */
void buffer_release(struct buffer *b);
/* Forget the bytes but keep the memory for the next use. */
void buffer_reset(struct buffer *b);
/* The text so far, "" when empty; borrowed until the next call. */
const char *buffer_text(const struct buffer *b);

/* Append; false (and b->full) when the limit would be passed. */
bool buffer_add(struct buffer *b, const void *bytes, size_t len);
bool buffer_text_add(struct buffer *b, const char *text);
/* Append text between quotes, with a backslash before each quote and backslash:
 * a string of HTTP's headers, and of JSON when no control character is in it.
 * False when the limit cut it off. */
bool buffer_quote_add(struct buffer *b, const char *text);
bool buffer_format(struct buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
