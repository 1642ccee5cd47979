/* A printer while it is read. */
#ifndef CONFIG_DRAFT_H
#define CONFIG_DRAFT_H

#include "config/config.h"

struct draft {
    struct config_printer printer; /* first: rows and readers rely on it */
    char *id;                      /* of a list; checked elsewhere */
    char *password, *api_key, *token;
};

/* Words of enum config_auth; ends with NULL. */
extern const char *const auth_names[];

#endif
