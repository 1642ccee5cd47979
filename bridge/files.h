/* The files of one printer: a walk through all its storages and folders as an
 * errand, what is kept of it, and what orders ask about files.
 *
 * A walk begins at the first contact, when something says that files changed,
 * when an order asks for it, and every 5 minutes; not while a print runs,
 * unless asked for (a Buddy's stick is slow). A storage whose listing did not
 * change (304) keeps what is known of it. Pure like printer.h: large answers
 * are handed to the owner, who reads them in a worker. */
#ifndef BRIDGE_FILES_H
#define BRIDGE_FILES_H

#include "bridge/files_page.h"
#include "bridge/moment.h"

struct printer;
struct files;
struct http_answer;

/* Larger answers are read in a worker: 1 MB takes about 10 ms. */
#define FILES_INLINE_MAX ((size_t)32 << 10)

/* What an order that asked is told. */
struct files_reply {
    bool ready;
    enum order_code code;
    int http_status;
    char message[400];
    struct buffer json; /* the answer's value; "" = none */
};

/* NULL if the printer's driver knows no files. Adds its errand. */
struct files *files_new(struct printer *printer);
/* Without it walks begin only for orders and after what we did. */
void files_watch(struct files *files);
/* Accepts NULL, as do all below. */
void files_free(struct files *files);
/* Look at what changed since: called after each answer. */
void files_step(struct files *files, struct moment now);
/* Files changed by what we did: walk soon, also while it prints. */
void files_changed(struct files *files, struct moment now);
/* A page that a worker has read comes back; files owns it. */
void files_paged(struct files *files, struct files_page *page,
                 struct moment now);

/* An order asks. False: it cannot be asked; err says why. */
bool files_ask(struct files *files, enum page_use use, const char *path,
               struct moment now, struct error *err);
/* Not ready while it is being found out. Borrowed until files_forget(). */
const struct files_reply *files_reply(const struct files *files);
/* Nobody waits for the answer any more. */
void files_forget(struct files *files);

/* What is known; NULL if nothing is. */
const struct kept_view *files_view(const struct files *files);
/* Are these all that can be printed? */
bool files_complete(const struct files *files);
/* Changes with the view. */
uint64_t files_version(const struct files *files);
/* Was it found out, or will it take long until it is? */
bool files_settled(const struct files *files);

/* Remember which file is to be printed; NULL = none. */
void files_select(struct files *files, const char *path, const char *name);

#endif
