/* One sentence for the user: what went wrong, where, and what to do.
 * Fallible functions take `struct error *` last and return false. */
#ifndef MAPPING_ERROR_H
#define MAPPING_ERROR_H

#include <stdbool.h>

struct error {
    char text[512];
};

/* Fill err (which may be NULL) with a whole sentence; is false, so that a
 * failure is one line: return error_set(err, "no field is called %s", key);
 * Text over the size is cut. A macro, because compilers and analysers that read
 * only one file then know that it is false. */
#define error_set(err, ...) (error_write((err), __VA_ARGS__), false)
void error_write(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Put "prefix: " before what err says already; returns false. */
bool error_prefix(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
