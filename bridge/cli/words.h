/* The words of the command line: what each is called, what it takes, what it
 * does. cli.c reads argv by this table, help.c explains it. */
#ifndef BRIDGE_CLI_WORDS_H
#define BRIDGE_CLI_WORDS_H

#include "config/config.h"
#include "mapping/buffer.h"
#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Exit status. */
enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1, /* refused or failed, with one sentence on stderr */
    EXIT_WRONG = 2,  /* wrong use, or a configuration that cannot be used */
};

/* Options that only some words take, as bits. */
enum {
    OPTION_JSON = 1,
    OPTION_PRINT = 2,
    OPTION_OVERWRITE = 4,
    OPTION_FORCE = 8,
    OPTION_DELETE = 16,
    OPTION_DRY_RUN = 32,
};

/* One call of the program. */
struct call {
    const struct word *word;
    const char *file;          /* -c */
    const char *url;           /* --url */
    const char *username;      /* --username */
    const char *password_file; /* --password-file */
    const char *api_key_file;  /* --api-key-file */
    unsigned options;          /* OPTION_... */
    int argc;                  /* what follows the word, */
    char **argv;               /* without the printer once it is chosen */
    char **whole;              /* argv of the program */
};

enum group {
    GROUP_BRIDGE,
    GROUP_CONFIG,
    GROUP_LOOK,
    GROUP_ACT,
    GROUP_FILES,
    GROUP_FOLLOW,
    GROUP_COUNT
};

enum subject {
    SUBJECT_NONE,       /* the word is not about a printer */
    SUBJECT_PRINTER,    /* one printer, named first */
    SUBJECT_ANY_PRINTER /* one printer, or all that are configured */
};

struct word {
    const char *name;
    enum group group;
    enum subject subject;
    const char *arguments; /* behind the printer: "PATH" */
    const char *help;      /* one line */
    const char *more;      /* --help of the word; what, how, exit status */
    const char *example;   /* lines that a person can type */
    int least, most;       /* arguments behind the printer */
    unsigned options;      /* that it takes */
    int (*run)(struct call *call);
};

/* Ends with name NULL. */
extern const struct word words[];
extern const char *const group_titles[GROUP_COUNT];

/* Say what is wrong in one sentence on stderr; returns EXIT_FAILED or
 * EXIT_WRONG. Bytes from outside are escaped. */
int say_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
int say_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "no word staus; did you mean status?" and what to do; EXIT_WRONG. */
int say_unknown(const char *what, const char *name, const char *const *names,
                const char *remedy);
/* Is all that was printed out? EXIT_FAILED when stdout is closed or full. */
int say_written(void);
/* Write and release; the same. */
int say_buffer(struct buffer *text);

/* The drivers' names and endpoints, as config/ wants them. */
const struct config_driver *words_drivers(void);
/* The configuration, or NULL after all its problems were told. */
struct config *words_config(const struct call *call, int *warnings);

/* Each runs one word. */
int word_run(struct call *call);
int word_check(struct call *call);
int word_schema(struct call *call);
int word_reference(struct call *call);
int word_mapping(struct call *call);
int word_explain(struct call *call);
int word_status(struct call *call);
int word_look(struct call *call); /* job, info, version, storage, transfer */
int word_cameras(struct call *call);
int word_snap(struct call *call);
int word_legacy(struct call *call);
int word_order(struct call *call); /* pause, resume, cancel, continue, print */
int word_files(struct call *call);
int word_download(struct call *call);
int word_upload(struct call *call);
int word_sync(struct call *call);
int word_wait(struct call *call);
int word_monitor(struct call *call);

/* help.c */
int help_all(void);
int help_word(const struct word *word);
/* The usage line on stderr; EXIT_WRONG. */
int help_usage(const struct word *word);
const struct word *words_find(const char *name);

#endif
