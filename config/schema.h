/* What may stand in a configuration: one table of rows per section. The rows
 * validate, find what a misspelled key meant, fill in defaults, and write the
 * JSON Schema and the reference: a new key is one new row.
 *
 * A row says into which member of which struct its value goes. How a value is
 * read follows from its kind; a row with a reader of its own (a URL, the list
 * of printers) has its kind for the documentation only. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "config/config.h"
#include "config/node.h"
#include "config/problems.h"
#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>

/* The member a row fills, by kind. */
enum kind {
    KIND_TEXT,     /* char *; NULL when the text is empty */
    KIND_SECRET,   /* char *; never shown */
    KIND_PATH,     /* char *; relative to the file it stands in */
    KIND_TRUTH,    /* bool */
    KIND_SWITCH,   /* int: 0, 1, -1 = not said */
    KIND_INTEGER,  /* int */
    KIND_NUMBER,   /* double */
    KIND_DURATION, /* int64_t, ms */
    KIND_SECONDS,  /* int, s; written as a duration */
    KIND_SIZE,     /* int64_t, bytes */
    KIND_CHOICE,   /* int: index into the row's choices */
    KIND_DRIVER,   /* char *: "auto" or a driver's name */
    KIND_ENDPOINT, /* char *: a name from the drivers' tables */
    KIND_LIST,     /* char **: one text or a list of them */
    KIND_COMMANDS, /* bool[COMMAND_COUNT]: names of commands */
    KIND_SECTION,  /* the members of its rows */
    /* Only with a reader of their own: */
    KIND_FIELDS,   /* field key: wish, for every field */
    KIND_ORDERS,   /* command name: wish, for every command */
    KIND_CUSTOM,   /* list of sections */
    KIND_ENTRIES,  /* name: section, for any name */
    KIND_PRINTERS, /* the same, or a list of sections with an id */
    KIND_DEFAULTS, /* such a section without what is each printer's own */
    KIND_MAPPING,  /* a name or a section */
    KIND_USE,      /* a name */
    KIND_INCLUDE,  /* a file, or a list of them */
};

enum {
    ROW_REQUIRED = 1,
    ROW_OWN = 2,     /* each printer's own: not in `defaults` */
    ROW_LISTED = 4,  /* only where printers are a list */
    ROW_EXISTS = 8,  /* a path that must be readable */
    ROW_FILLED = 16, /* a text that cannot be empty */
};

struct reader;
struct section;

struct row {
    const char *key;
    enum kind kind;
    unsigned flags;
    size_t offset;
    const char *fallback; /* default, as it would be written; NULL = none */
    double min, max; /* of a number, in ms of a duration, bytes, characters of a
                        text (0 = 255) */
    const char *const *choices;    /* KIND_CHOICE; ends with NULL */
    const struct section *section; /* of what the kind says is one */
    /* What else a text must be; NULL = nothing. err is a whole sentence. */
    bool (*check)(const char *text, struct error *err);
    /* Reads the value instead of its kind; reports by itself. */
    void (*read)(struct reader *r, const struct row *row,
                 const struct node *node, void *base);
    const char *says; /* one sentence for people */
};

struct section {
    const char *name;       /* in the JSON Schema: "printer" */
    const char *title;      /* in the reference: "printers.<id>" */
    const struct row *rows; /* ends with key NULL */
    const char *shorthand;  /* key meant by a bare value; NULL = none */
};

struct draft; /* a printer that is being read, see printers.c */

/* One reading of a whole configuration. */
struct reader {
    struct problems *problems;
    const struct config_driver *drivers;
    struct config *config;
    struct draft *defaults; /* what `defaults` says; NULL before that */
    struct place *places;   /* where config->printers stand */
    size_t named_mappings;  /* the first of config->mappings: those with a name
                               of the user's */
    bool
        incomplete; /* a file could not be read: what is missing may be in it */
    char path[256]; /* of the value being read: "printers.mk4.poll" */
};

const struct row *section_row(const struct section *section, const char *key);
/* Read a map into base. Keys of rows with a flag in refused are refused. Only
 * the members of keys that are there change, so that readings can be laid one
 * over the other. */
void section_read(struct reader *r, const struct section *section,
                  const struct node *node, void *base, unsigned refused);
/* Set the members of all rows that have a default. */
void section_defaults(const struct section *section, void *base);
/* base was copied with =: give it its own texts. */
void section_copy(const struct section *section, void *base);
/* Tell of required keys that are not there. */
void section_check(struct reader *r, const struct section *section,
                   const struct node *node, unsigned refused);
/* key is none of the section's. */
void section_unknown(struct reader *r, const struct section *section,
                     const struct node *key, unsigned refused);
/* Read one value as its row says. */
void row_read(struct reader *r, const struct row *row, const struct node *node,
              void *base);
/* Free texts, secrets overwritten first. */
void section_release(const struct section *section, void *base);

/* Extend r->path by a key while its value is read. */
size_t reader_enter(struct reader *r, const char *key);
void reader_leave(struct reader *r, size_t before);
/* "printers.mk4.url: sentence" */
void reader_error(struct reader *r, const struct node *node, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));
void reader_warning(struct reader *r, const struct node *node,
                    const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The node is not what belongs here ("a map"). */
void reader_wrong(struct reader *r, const struct node *node,
                  const char *expected);
/* key is none of the candidates: "unknown <what> 'key' in <path>; did you mean
 * ...?" */
void reader_unknown(struct reader *r, const struct node *key, const char *what,
                    const char *const *candidates);

#endif
