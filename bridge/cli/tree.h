/* Two folders, one here and one there, and what makes them equal. The folders
 * are read elsewhere; this is pure. */
#ifndef BRIDGE_CLI_TREE_H
#define BRIDGE_CLI_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One file or folder below the two. */
struct leaf {
    char *name; /* below the folder: "parts/box.gcode" */
    char *path; /* here its path; there what orders take */
    bool folder;
    bool stays;       /* a folder with something in it that does not count */
    int64_t size;     /* -1 = not known */
    int64_t modified; /* seconds since 1970; 0 = not known */
};

struct tree {
    struct leaf *leaves;
    size_t count, room;
};

/* Copies the texts. The leaf may be changed until the next call. */
struct leaf *tree_add(struct tree *tree, const char *name, const char *path,
                      bool folder, int64_t size, int64_t modified);
/* By name: a folder before what is in it. */
void tree_sort(struct tree *tree);
void tree_release(struct tree *tree);

enum deed {
    DEED_MAKE,    /* a folder */
    DEED_UPLOAD,  /* a file that is only here */
    DEED_REPLACE, /* one that is another one here */
    DEED_DELETE,  /* a file or an empty folder that is only there */
    DEED_KEEP,    /* only there, and --delete is not given */
    DEED_SAME,
};

struct step {
    enum deed deed;
    const struct leaf *here;  /* NULL if it is only there */
    const struct leaf *there; /* NULL if it is only here */
    const char *why;          /* DEED_REPLACE: "other size", "newer here" */
};

struct steps {
    struct step *steps;
    size_t count;
};

/* What to do, in an order that works: both trees are sorted and hold only what
 * the printer can print, and folders. Names are compared without case, as FAT
 * does. Deleting goes first (it makes room), the deepest first. Caller frees
 * steps->steps; both trees must outlive it. */
void tree_compare(const struct tree *here, const struct tree *there,
                  bool delete_rest, struct steps *steps);
/* Is a leaf of the same name and kind there? NULL if not. */
const struct leaf *tree_find(const struct tree *tree, const char *name);

#endif
