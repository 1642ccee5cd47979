/* Addresses as people write them, taken apart and made uniform. */
#ifndef CONFIG_URL_H
#define CONFIG_URL_H

#include "mapping/error.h"

#include <stdbool.h>

/* What an address says. Texts are owned; all NULL or 0 when not said. */
struct url {
    char *scheme;              /* lower case */
    char *username, *password; /* decoded */
    char *host;                /* lower case; IPv6 without its brackets */
    bool ipv6;
    int port;   /* 0 = not said */
    char *path; /* "" or begins with / */
};

/* Take text apart: [scheme://][user[:password]@]host[:port][path]. False: err
 * is a sentence that never repeats text (there may be a password in it), and
 * url is empty. */
bool url_parse(const char *text, struct url *url, struct error *err);
/* The password is overwritten. */
void url_release(struct url *url);

/* A printer's address: a bare host, host:port, or http(s)://host[:port][/path].
 * Returns http[s]://host[:port][/path] without a final slash, NULL if it is
 * none; caller frees. */
char *url_printer(const char *text, struct error *err);

#endif
