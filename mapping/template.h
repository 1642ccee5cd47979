/* Topic templates: "{base}/{printer}/{field}". */
#ifndef MAPPING_TEMPLATE_H
#define MAPPING_TEMPLATE_H

#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>

#define TOPIC_MAX 512 /* longest topic we publish on, without NUL */

/* What may stand in braces. NULL = not allowed in this template. */
struct template_values {
    const char *base;
    const char *printer;
    const char *field; /* key with its instance: storage/usb/free */
    const char *command;
    const char *instance; /* {name}: of a field that exists more than once */
};

/* Is text a template that template_expand() can expand with these values (the
 * values themselves do not matter, only which are there)? Refuses an unknown
 * or unclosed {name}, wildcards (+ #), control characters, NUL, an empty
 * topic, one that begins with $ or /, ends with / or holds an empty level. */
bool template_check(const char *text, const struct template_values *values,
                    struct error *err);
/* Expand a checked template; false if the topic is longer than size - 1. */
bool template_expand(const char *text, const struct template_values *values,
                     char *out, size_t size);
/* Does the template mention {name}? */
bool template_uses(const char *text, const char *name);

/* Is topic fit to publish on (what template_check() asks, braces apart)? */
bool topic_check(const char *topic, struct error *err);
/* Is topic prefix itself or below it (prefix without a final slash)? */
bool topic_below(const char *topic, const char *prefix);

#endif
