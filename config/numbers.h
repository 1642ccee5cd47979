/* Numbers, durations and yes/no as people write them, whatever the locale. */
#ifndef CONFIG_NUMBERS_H
#define CONFIG_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A decimal number without sign or exponent ("12", "0.5"); NULL if text does
 * not begin with one, else what stands behind it. */
const char *number_parse(const char *text, double *number);
/* true/false, on/off, yes/no, in any case. */
bool truth_parse(const char *text, bool *truth);
/* "500", "64k", "10M", "1G", powers of 1024, in bytes. */
bool size_parse(const char *text, double *bytes);
/* With the largest unit that leaves a whole number. */
void size_write(int64_t bytes, char *out, size_t size);
/* "500ms", "5s", "2min", "1h", "1.5s"; a bare number is seconds. */
bool duration_parse(const char *text, double *ms);
/* With the largest unit that leaves a whole number. */
void duration_write(int64_t ms, char *out, size_t size);

#endif
