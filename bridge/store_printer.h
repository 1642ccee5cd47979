/* One printer's part of the state file. */
#ifndef BRIDGE_STORE_PRINTER_H
#define BRIDGE_STORE_PRINTER_H

#include "bridge/printer.h"

struct cJSON;

/* A new object for the file, without the job; caller owns it. mapping: whose
 * custom fields they are, which are remembered by their keys. */
struct cJSON *store_printer_write(const struct printer_memory *memory,
                                  const struct mapping *mapping);
/* Read it back; what is missing or makes no sense is not known. row may be
 * NULL. The job's texts and the facts are the caller's. */
void store_printer_read(const struct cJSON *row, const struct mapping *mapping,
                        struct printer_memory *out);

#endif
