/* What is wrong with a configuration: collected while it is read, written out
 * sorted by position, one line each. */
#ifndef CONFIG_PROBLEMS_H
#define CONFIG_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

struct config_problems;

#define PROBLEMS_MAX 100 /* more are counted, not kept */

/* A file as it is named in messages. */
struct file {
    char *path;
    int order;            /* in which the files were opened */
    bool readable_by_all; /* others than owner and group can read it */
    bool warned;          /* of a plain secret in it: once is enough */
};

/* Where something stands; lines and columns (of characters) count from 1. */
struct place {
    struct file *file;
    int line;
    int column;
};

struct problem {
    struct place at;
    bool warning;
    char *text;
    size_t number; /* in order of discovery */
};

/* {0} is empty. */
struct problems {
    struct problem rows[PROBLEMS_MAX];
    size_t count;
    int errors, warnings; /* all, also those not kept */
};

/* Add one; the sentence is made safe to print in one line. The same sentence
 * for the same place is added once: shared YAML nodes are read repeatedly. */
void problems_error(struct problems *p, struct place at, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));
void problems_warning(struct problems *p, struct place at, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));
/* Are so many kept that details of further ones need not be worked out? */
bool problems_full(const struct problems *p);

/* Sort, and append to out; p is empty afterwards. */
void problems_write(struct problems *p, struct config_problems *out);

#endif
