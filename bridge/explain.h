/* What a field or a command of a printer is: where it goes, what it looks
 * like, what Home Assistant makes of it, what would be sent. Without a broker
 * or a printer. */
#ifndef BRIDGE_EXPLAIN_H
#define BRIDGE_EXPLAIN_H

#include "config/config.h"
#include "mapping/buffer.h"
#include "mapping/error.h"

/* what: a field's key, a command's name, or NULL for an overview. json: for
 * programs. False: err says what is not known and what was perhaps meant. */
bool explain(const struct config *config, const char *printer, const char *what,
             bool json, struct buffer *out, struct error *err);

#endif
