#include "bridge/cli/tree.h"

#include "mapping/memory.h"

#include <strings.h>

/* FAT keeps local time, so that a printer's may be this many hours off. */
#define ZONES_S ((int64_t)14 * 3600)
/* Before 2015 no printer had these files: its clock was not set. */
#define CLOCK_SET_S 1420070400

struct leaf *tree_add(struct tree *tree, const char *name, const char *path,
                      bool folder, int64_t size, int64_t modified)
{
    struct leaf *leaf;

    if (tree->count == tree->room) {
        tree->room = tree->room ? 2 * tree->room : 64;
        tree->leaves =
            memory_grow(tree->leaves, tree->room, sizeof *tree->leaves);
    }
    leaf = &tree->leaves[tree->count++];
    *leaf = (struct leaf){
        .name = memory_text(name),
        .path = memory_text(path),
        .folder = folder,
        .size = size,
        .modified = modified,
    };
    return leaf;
}

static int by_name(const void *a, const void *b)
{
    return strcasecmp(((const struct leaf *)a)->name,
                      ((const struct leaf *)b)->name);
}

void tree_sort(struct tree *tree)
{
    if (tree->count > 1)
        qsort(tree->leaves, tree->count, sizeof *tree->leaves, by_name);
}

void tree_release(struct tree *tree)
{
    size_t i;

    for (i = 0; i < tree->count; i++) {
        free(tree->leaves[i].name);
        free(tree->leaves[i].path);
    }
    free(tree->leaves);
    *tree = (struct tree){0};
}

const struct leaf *tree_find(const struct tree *tree, const char *name)
{
    size_t low = 0, high = tree->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcasecmp(name, tree->leaves[middle].name);

        if (order == 0)
            return &tree->leaves[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* NULL: they are the same, as far as can be told. */
static const char *difference(const struct leaf *here, const struct leaf *there)
{
    if (there->size >= 0 && here->size != there->size)
        return "other size";
    if (there->modified > CLOCK_SET_S &&
        here->modified > there->modified + ZONES_S)
        return "newer here";
    return NULL;
}

static void add(struct steps *steps, struct step step)
{
    steps->steps =
        memory_grow(steps->steps, steps->count + 1, sizeof *steps->steps);
    steps->steps[steps->count++] = step;
}

/* From the end: what is in a folder stands behind it. */
static void add_rest(const struct tree *here, const struct tree *there,
                     enum deed deed, struct steps *steps)
{
    size_t i;

    for (i = there->count; i > 0; i--) {
        const struct leaf *leaf = &there->leaves[i - 1];
        const struct leaf *same = tree_find(here, leaf->name);

        if (!leaf->stays && (!same || same->folder != leaf->folder))
            add(steps, (struct step){.deed = deed, .there = leaf});
    }
}

static void add_leaf(const struct leaf *here, const struct leaf *there,
                     struct steps *steps)
{
    struct step step = {.here = here, .there = there, .deed = DEED_SAME};

    if (there && there->folder != here->folder)
        there = step.there = NULL;
    if (!there)
        step.deed = here->folder ? DEED_MAKE : DEED_UPLOAD;
    else if (!here->folder && (step.why = difference(here, there)))
        step.deed = DEED_REPLACE;
    add(steps, step);
}

void tree_compare(const struct tree *here, const struct tree *there,
                  bool delete_rest, struct steps *steps)
{
    size_t i;

    *steps = (struct steps){0};
    add_rest(here, there, delete_rest ? DEED_DELETE : DEED_KEEP, steps);
    for (i = 0; i < here->count; i++)
        add_leaf(&here->leaves[i], tree_find(there, here->leaves[i].name),
                 steps);
}
