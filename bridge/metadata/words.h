/* How slicers write values: for people, and for several extruders only later.
 * One reading of them, for files and for what printers tell of files. */
#ifndef BRIDGE_METADATA_WORDS_H
#define BRIDGE_METADATA_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define WORDS_TOOLS 32 /* extruders or filaments; more is refused */

struct words_numbers {
    double values[WORDS_TOOLS];
    size_t count;
};

/* "1.20, 3.40" or "[1.2;0]": one number for each tool, none negative. */
bool words_numbers(const char *text, struct words_numbers *numbers);
double words_sum(const struct words_numbers *numbers);

/* "1d 2h 3m 4s", "7h16m", "1 hour 23 minutes" -> seconds */
bool words_seconds(const char *text, double *seconds);

/* One number without sign or exponent, up to 1e9; *end is behind it. */
bool words_number(const char *text, const char **end, double *number);

/* Add material to "PLA, PETG" in out unless it is there; what does not fit is
 * left out whole. */
void words_join(char *out, size_t size, const char *material);

#endif
