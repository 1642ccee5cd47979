#include "bridge/facts_kept.h"

#include "mapping/memory.h"
#include "mapping/text.h"

#include <string.h>
#include <strings.h>

static void forget(struct facts_kept *kept, int at)
{
    struct kept_facts *file = &kept->files[at];

    free(file->path);
    free(file->name);
    free(file->types);
    kept->count--;
    memmove(file, file + 1, (size_t)(kept->count - at) * sizeof *file);
}

void facts_release(struct facts_kept *kept)
{
    while (kept->count > 0)
        forget(kept, kept->count - 1);
    free(kept->files);
    *kept = (struct facts_kept){.count = 0};
}

static bool same_path(const struct kept_facts *a, const struct file_mark *b)
{
    return *b->path && strcmp(a->path, b->path) == 0;
}

/* A file at the same path with another size is another file. FAT knows no
 * case. */
static bool is_it(const struct kept_facts *a, const struct file_mark *b)
{
    bool told = a->size >= 0 && b->size >= 0;

    if (told && a->size != b->size)
        return false;
    return same_path(a, b) ||
           (told && *b->name && strcasecmp(a->name, b->name) == 0);
}

/* As a snapshot holds it, to be compared with one. */
static char *cleaned(const char *text)
{
    char clean[4 * TELEMETRY_FIELD_MAX + 1];

    (void)text_clean(text, TELEMETRY_FIELD_MAX, clean, sizeof clean);
    return memory_text(clean);
}

void facts_add(struct facts_kept *kept, const struct file_mark *file,
               const struct file_facts *facts)
{
    struct kept_facts fresh = {
        .path = memory_text(file->path),
        .name = cleaned(file->name),
        .types = cleaned(facts->types),
        .size = file->size,
        .facts = *facts,
    };
    int i;

    for (i = kept->count - 1; i >= 0; i--)
        if (is_it(&kept->files[i], file) || same_path(&kept->files[i], file))
            forget(kept, i);
    if (kept->count == FACTS_KEPT_MAX)
        forget(kept, 0);
    fresh.facts.types = fresh.types;
    kept->files =
        memory_grow(kept->files, (size_t)kept->count + 1, sizeof *kept->files);
    kept->files[kept->count++] = fresh;
}

const struct file_facts *facts_find(const struct facts_kept *kept,
                                    const struct file_mark *file)
{
    int i;

    for (i = kept->count - 1; i >= 0; i--)
        if (is_it(&kept->files[i], file))
            return &kept->files[i].facts;
    return NULL;
}
