/* Text from outside made safe to pass on. */
#ifndef MAPPING_TEXT_H
#define MAPPING_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copy text as valid UTF-8 without control characters, at most characters
 * code points, never cut inside one: control characters become spaces, bytes
 * that are not UTF-8 become U+FFFD (firmware passes raw bytes, and cuts long
 * names inside a sequence: PrusaLink on Buddy up to 6.3). Non-characters and
 * surrogates are invalid, as MQTT demands. Ends are trimmed of spaces. Returns
 * the length in bytes; size must hold at least 4 * characters + 1. */
size_t text_clean(const char *text, size_t characters, char *out, size_t size);

/* Length in bytes of the valid UTF-8 sequence at text (of len bytes), 0 if the
 * bytes there are not one. */
size_t text_utf8(const char *text, size_t len);
/* All of it valid UTF-8, without NUL? */
bool text_is_utf8(const char *text, size_t len);

/* Where text is, or would be, among count rows of size bytes each, that begin
 * with a char * and are sorted by it: the first that is not less. */
size_t text_place(const void *rows, size_t count, size_t size,
                  const char *text);

/* Never 0: to see whether something changed, not for security (FNV-1a). */
uint64_t text_hash(const char *text);
/* The same of any bytes. */
uint64_t text_hash_bytes(const void *bytes, size_t len);

/* The candidate nearest to word by edit distance, for "did you mean", or else
 * the only one that begins with it; NULL if none is near enough to be meant.
 * candidates ends with NULL. */
const char *text_nearest(const char *word, const char *const *candidates);

#endif
