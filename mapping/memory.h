/* Allocation that cannot fail: out of memory ends the program with a message.
 * A daemon that serves printers can be restarted; one that goes on with half a
 * snapshot cannot be trusted. */
#ifndef MAPPING_MEMORY_H
#define MAPPING_MEMORY_H

#include <stddef.h>

/* count * size zeroed bytes; caller frees. Overflow aborts. */
void *memory_zero(size_t count, size_t size);
/* Like realloc for count elements of size; caller frees. Overflow aborts. */
void *memory_grow(void *old, size_t count, size_t size);
/* A copy of text (NULL gives NULL); caller frees. */
char *memory_text(const char *text);
/* *kept, owned or NULL, becomes a copy of text (NULL or "" gives NULL), if it
 * is not yet the same. text may lie in it. */
void memory_keep(char **kept, const char *text);
/* A NUL-terminated copy of len bytes; caller frees. */
char *memory_copy(const void *bytes, size_t len);

#endif
