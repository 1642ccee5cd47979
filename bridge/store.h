/* What the bridge remembers over restarts: who its printers are and what they
 * can do. One JSON file in state_dir, written whole and renamed, so that a
 * power cut leaves the old or the new one. */
#ifndef BRIDGE_STORE_H
#define BRIDGE_STORE_H

#include "bridge/printer.h"
#include "mapping/buffer.h"
#include "mapping/error.h"

#include <stdbool.h>

struct store;

/* wanted: state_dir of the configuration, NULL = $STATE_DIRECTORY, else
 * /var/lib/printer2mqtt if writable, else ~/.local/state/printer2mqtt. No
 * directory: history is kept in memory only (a warning in err). instance:
 * NULL or the instance's name; each has its own file and lock.
 * NULL = another copy runs with the same directory (err says so). A damaged
 * file is set aside with a warning in err. err->text is "" if all is well. */
struct store *store_open(const char *wanted, const char *instance,
                         struct error *err);
/* Give the lock back. Accepts NULL. */
void store_close(struct store *store);

/* What is remembered about a printer; all-zero if nothing is. What it owns is
 * the caller's: printer_memory_release(). mapping says which custom fields
 * there are, they are remembered by their keys. */
void store_recall(const struct store *store, const char *printer,
                  const struct mapping *mapping, struct printer_memory *out);
/* Change what is remembered; store_text() tells it all. */
void store_remember(struct store *store, const char *printer,
                    const struct printer_memory *memory,
                    const struct mapping *mapping);
/* The same when only its job changed, at a fifth of the price. */
void store_remember_job(struct store *store, const char *printer,
                        const struct job *job);
void store_forget(struct store *store, const char *printer);
/* Call each for every printer that is remembered. */
void store_each(const struct store *store,
                void (*each)(void *arg, const char *printer), void *arg);

/* The file's new content, and where durable_write() is to put it: that blocks,
 * and belongs in a worker. */
char *store_text(const struct store *store); /* caller frees */
/* "" when history is kept in memory only. */
const char *store_path(const struct store *store);

#endif
