/* What is in a printer's files, as a part of the state file. */
#ifndef BRIDGE_STORE_FACTS_H
#define BRIDGE_STORE_FACTS_H

#include "bridge/facts_kept.h"

struct cJSON;

/* A new object for the file; caller owns it. */
struct cJSON *store_facts_write(const struct facts_kept *kept);
/* Fill a zeroed one; what makes no sense is not known. row may be NULL. */
void store_facts_read(const struct cJSON *row, struct facts_kept *kept);

#endif
