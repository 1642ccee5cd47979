/* A value of the tree that json_read.c makes and json.c looks at; nobody else
 * includes this. */
#ifndef BRIDGE_DRIVERS_JSON_NODE_H
#define BRIDGE_DRIVERS_JSON_NODE_H

#include "bridge/drivers/json.h"

#include <stdint.h>

enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_TEXT,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json {
    enum json_kind kind;
    uint32_t name_len;
    const char *name; /* of a member; not terminated */
    struct json *next;
    union {
        struct json *child;
        const char *text;
        double number;
    };
};

#endif
