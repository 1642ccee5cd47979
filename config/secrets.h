/* What stands elsewhere: !secret name, !env NAME, !file path.
 *
 * !secret looks at $CREDENTIALS_DIRECTORY/name (systemd), then in secrets.yaml
 * beside the file that uses it, then in the one beside the main file. */
#ifndef CONFIG_SECRETS_H
#define CONFIG_SECRETS_H

#include "config/document.h"

struct secrets;

/* main_path: the configuration file. orders counts the files opened. Both and
 * problems are borrowed for life. Free with secrets_free(). */
struct secrets *secrets_new(const char *main_path, int *orders,
                            struct problems *problems);
void secrets_free(struct secrets *secrets);
/* A tag_reader; arg is a struct secrets. */
bool secrets_read_tag(void *secrets, struct node *node, const char *tag,
                      struct error *err);

#endif
