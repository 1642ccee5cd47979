/* JSON that a printer sent: hostile until parsed, read-only afterwards.
 *
 * The tree lies in a thread-local arena with a cap. One per thread lives at a
 * time: json_free() it before the next json_parse(). `null` counts as missing
 * everywhere. */
#ifndef BRIDGE_DRIVERS_JSON_H
#define BRIDGE_DRIVERS_JSON_H

#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>

/* What a tree may take. 1 MB of "[1,1,..." would be 16 MB of nodes. */
#define JSON_TREE_MAX ((size_t)4 << 20)
/* The same for listings: 16 MiB of text are about three times as much. */
#define JSON_LISTING_TREE_MAX ((size_t)64 << 20)

struct json; /* one value of the tree; borrowed until json_free() */

/* Parse len bytes, which the tree borrows. Bare nan, inf, infinity (any case,
 * signed or not) outside strings count as null: printf of a broken thermistor
 * on Buddy. Of duplicate keys the first one counts. NULL with a sentence in err
 * when it is not JSON, something follows it, it is nested deeper than 1000 or
 * the arena is full. */
const struct json *json_parse(const char *bytes, size_t len, struct error *err);
/* The same for a listing, which may take JSON_LISTING_TREE_MAX: in a worker
 * thread, unless it is small. */
const struct json *json_parse_listing(const char *bytes, size_t len,
                                      struct error *err);
/* Give the tree back; accepts NULL. */
void json_free(const struct json *root);

/* The functions below accept NULL and then find nothing. */
bool json_is_object(const struct json *node);
bool json_is_array(const struct json *node);
/* A member below node: "printer.temp_bed", dots go down objects. */
const struct json *json_path(const struct json *node, const char *path);
/* RFC 6901: "/printer/temp_bed", "/files/0", "~1" is '/', "~0" is '~'. */
const struct json *json_pointer(const struct json *node, const char *pointer);
/* Children of an object or array, one after the other; NULL = no more. */
const struct json *json_first(const struct json *node);
const struct json *json_next(const struct json *node);
/* The name of an object's member (cut to size), "" for all others. */
void json_name(const struct json *node, char *out, size_t size);

const char *json_text(const struct json *node); /* NULL unless a string */
/* false unless a finite number; 1e999 is none. */
bool json_number(const struct json *node, double *out);
/* The same, but a string that is a decimal number as a whole is one too. */
bool json_digits(const struct json *node, double *out);
bool json_truth(const struct json *node, bool *out);

#endif
