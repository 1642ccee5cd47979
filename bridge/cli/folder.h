/* Reading a whole folder, here or on a printer, into a tree. */
#ifndef BRIDGE_CLI_FOLDER_H
#define BRIDGE_CLI_FOLDER_H

#include "bridge/cli/client.h"
#include "bridge/cli/tree.h"

#define FOLDER_DEPTH_MAX 16
#define FOLDER_LEAVES    20000 /* most files and folders */

/* Does it end as files do that this printer can print? */
bool folder_takes(const struct client *client, const char *name);
/* Everything below path that this printer can print, and the folders that hold
 * such; hidden files and links to folders are left out. skipped counts files
 * that cannot be printed. False: err says why. */
bool folder_here(const char *path, const struct client *client,
                 struct tree *tree, size_t *skipped, struct error *err);
/* The same below a folder of the printer, with all its folders. present: false
 * if there is no such folder (that is no failure). */
bool folder_there(struct client *client, const char *path, struct tree *tree,
                  bool *present, struct error *err);
/* Ask for the sizes that a listing did not tell, of files that are here, too.
 */
bool folder_sizes(struct client *client, const struct tree *here,
                  struct tree *there, struct error *err);

#endif
