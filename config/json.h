/* A small JSON writer. */
#ifndef CONFIG_JSON_H
#define CONFIG_JSON_H

#include "mapping/buffer.h"

#include <stdbool.h>

/* {.out = buffer} to begin with. key is NULL inside an array. */
struct json {
    struct buffer *out;
    int depth;
    bool filled; /* something stands before in this object or array */
};

void json_write_open(struct json *j, const char *key,
                     char bracket);                  /* { or [ */
void json_write_close(struct json *j, char bracket); /* } or ] */
void json_write_text(struct json *j, const char *key, const char *text);
void json_write_number(struct json *j, const char *key, double number);
void json_write_truth(struct json *j, const char *key, bool truth);

/* text in double quotes, for JSON and YAML. */
void json_write_quote(struct buffer *out, const char *text);

#endif
