/* Values that are several texts: a list of them, or a lone one. */
#ifndef CONFIG_LISTS_H
#define CONFIG_LISTS_H

#include "config/schema.h"

#define LIST_MAX 32

/* Read into a `char **` that ends with NULL; frees what it held. */
void list_read(struct reader *r, const struct row *row, const struct node *node,
               char ***target);
char **list_copy(char *const *list); /* caller frees with list_free() */
void list_free(char **list);

/* Read names of commands: those named become true, all others false. */
void list_read_commands(struct reader *r, const struct node *node,
                        bool *commands);

#endif
