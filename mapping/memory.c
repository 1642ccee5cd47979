#include "mapping/memory.h"

static void *checked(void *p)
{
    if (!p) {
        fputs("printer2mqtt: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *memory_zero(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *memory_grow(void *old, size_t count, size_t size)
{
    return checked(reallocarray(old, count ? count : 1, size ? size : 1));
}

char *memory_text(const char *text)
{
    return text ? memory_copy(text, strlen(text)) : NULL;
}

void memory_keep(char **kept, const char *text)
{
    char *old = *kept;

    if (text && old && strcmp(text, old) == 0)
        return;
    *kept = text && *text ? memory_text(text) : NULL;
    free(old);
}

char *memory_copy(const void *bytes, size_t len)
{
    char *copy = memory_zero(len + 1, 1);

    if (len)
        memcpy(copy, bytes, len);
    return copy;
}
