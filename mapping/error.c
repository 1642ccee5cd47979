#include "mapping/error.h"

#include <stdarg.h>

void error_write(struct error *err, const char *format, ...)
{
    va_list args;

    if (!err)
        return;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
}

bool error_prefix(struct error *err, const char *format, ...)
{
    char prefix[128];
    struct error old;
    va_list args;

    if (!err)
        return false;
    old = *err;
    va_start(args, format);
    (void)vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    return error_set(err, "%s: %.380s", prefix, old.text);
}
