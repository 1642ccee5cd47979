#include "config/sources.h"

#include "config/disk.h"
#include "config/document.h"
#include "config/secrets.h"
#include "mapping/buffer.h"
#include "mapping/memory.h"

#include <glob.h>

#define INCLUDE_DEPTH_MAX 8
#define INCLUDE_FILES_MAX 4096
#define ALL_NODES_MAX     1000000 /* of all files together */

struct source {
    struct file file;
    struct document document;
    dev_t device;
    ino_t inode;
    bool open; /* its includes are being read */
};

struct sources {
    struct problems *problems;
    struct secrets *secrets;
    struct source **list; /* nodes and problems point into them */
    size_t count;
    size_t nodes;
    int orders;
    bool incomplete;
};

/* Who asks for a file: `include` somewhere, or nobody for the main file. */
struct wish {
    const struct node *node; /* NULL = the main file */
    bool pattern;            /* found by a glob */
    int depth;
};

static void load(struct sources *s, const char *path, const struct wish *wish);

static void refuse(struct sources *s, struct source *source,
                   const struct wish *wish, const char *sentence)
{
    const struct place top = {&source->file, 1, 1};

    s->incomplete = true;
    if (wish->node)
        problems_error(s->problems, wish->node->at, "include: %.200s: %s",
                       source->file.path, sentence);
    else
        problems_error(s->problems, top, "%s", sentence);
}

static struct source *source_new(struct sources *s, const char *path)
{
    struct source *source = memory_zero(1, sizeof *source);

    source->file.path = memory_text(path);
    source->file.order = s->orders++;
    s->list = memory_grow(s->list, s->count + 1, sizeof(struct source *));
    s->list[s->count++] = source;
    return source;
}

/* Has this very file been read before? A pattern may find it again. */
static bool is_known(struct sources *s, struct source *source,
                     const struct wish *wish)
{
    size_t i;

    for (i = 0; i < s->count; i++) {
        const struct source *other = s->list[i];

        if (other == source || other->inode != source->inode ||
            other->device != source->device)
            continue;
        if (!wish->pattern)
            refuse(s, source, wish,
                   other->open ? "the file includes itself"
                               : "the file is included twice");
        return true;
    }
    return false;
}

static bool parse(struct sources *s, struct source *source,
                  const struct wish *wish)
{
    const struct tag_reader tags = {secrets_read_tag, s->secrets};
    struct error err;
    struct stat st;
    size_t len;
    char *bytes =
        disk_read(source->file.path, FILE_MAX, !wish->node, &len, &st, &err);
    bool ok;

    if (!bytes) {
        (void)error_prefix(&err, "cannot read the file");
        refuse(s, source, wish, err.text);
        return false;
    }
    source->device = st.st_dev;
    source->inode = st.st_ino;
    source->file.readable_by_all = S_ISREG(st.st_mode) && st.st_mode & S_IROTH;
    ok = !is_known(s, source, wish);
    if (ok && !document_read(&source->document, &source->file, bytes, len,
                             &tags, s->problems)) {
        s->incomplete = true;
        ok = false;
    }
    disk_free(bytes, len);
    return ok;
}

static bool is_secrets(const char *path)
{
    const char *slash = strrchr(path, '/');

    return strcmp(slash ? slash + 1 : path, "secrets.yaml") == 0;
}

/* The pattern as glob() wants it: the folder it starts from taken literally. */
static char *pattern_beside(const char *base, const char *pattern)
{
    const char *slash = strrchr(base, '/');
    struct buffer b = {0};

    for (; *pattern != '/' && slash && base <= slash; base++) {
        if (strchr("*?[]\\", *base))
            (void)buffer_add(&b, "\\", 1);
        (void)buffer_add(&b, base, 1);
    }
    (void)buffer_text_add(&b, pattern);
    return b.bytes;
}

static void include_pattern(struct sources *s, const struct node *node,
                            int depth)
{
    const struct wish wish = {node, true, depth};
    char *pattern = pattern_beside(node->at.file->path, node->text);
    glob_t found = {0};
    size_t i;

    if (glob(pattern, 0, NULL, &found) != 0)
        problems_warning(s->problems, node->at,
                         "include: no file fits '%.200s'", node->text);
    for (i = 0; i < found.gl_pathc; i++)
        if (!is_secrets(found.gl_pathv[i]))
            load(s, found.gl_pathv[i], &wish);
    globfree(&found);
    free(pattern);
}

static void include(struct sources *s, const struct node *node, int depth)
{
    const struct wish wish = {node, false, depth};
    char *path;

    if (node->broken) {
        s->incomplete = true;
    } else if (node->kind != NODE_TEXT || node_is_nothing(node) ||
               !*node->text) {
        problems_error(s->problems, node->at,
                       "include: the name of a file is expected here");
    } else if (strpbrk(node->text, "*?[")) {
        include_pattern(s, node, depth);
    } else {
        path = disk_beside(node->at.file->path, node->text);
        load(s, path, &wish);
        free(path);
    }
}

static void include_all(struct sources *s, struct source *source, int depth)
{
    const struct node *node = node_get(source->document.root, "include");
    size_t i;

    if (!node)
        return;
    source->open = true;
    if (node->kind != NODE_LIST)
        include(s, node, depth);
    else
        for (i = 0; i < node->count; i++)
            include(s, node->entries[i].value, depth);
    source->open = false;
}

static void load(struct sources *s, const char *path, const struct wish *wish)
{
    struct source *source;

    if (s->count == INCLUDE_FILES_MAX)
        return;
    source = source_new(s, path);
    if (wish->depth > INCLUDE_DEPTH_MAX)
        refuse(s, source, wish, "files are included more than 8 levels deep");
    else if (s->count == INCLUDE_FILES_MAX || s->nodes > ALL_NODES_MAX)
        refuse(s, source, wish, "too many files, or too much in them");
    else if (parse(s, source, wish) && source->document.root) {
        s->nodes += source->document.root->weight;
        include_all(s, source, wish->depth + 1);
    }
}

struct sources *sources_read(const char *path, struct problems *problems)
{
    const struct wish wish = {NULL, false, 0};
    struct sources *s = memory_zero(1, sizeof *s);

    s->problems = problems;
    s->secrets = secrets_new(path, &s->orders, problems);
    load(s, path, &wish);
    return s;
}

void sources_free(struct sources *s)
{
    size_t i;

    if (!s)
        return;
    for (i = 0; i < s->count; i++) {
        document_release(&s->list[i]->document);
        free(s->list[i]->file.path);
        free(s->list[i]);
    }
    free(s->list);
    secrets_free(s->secrets);
    free(s);
}

bool sources_incomplete(const struct sources *s)
{
    return s->incomplete;
}

/* Two maps of one section in two files. */
static struct node *join_maps(struct sources *s, const struct node *a,
                              const struct node *b, const char *section)
{
    struct node *joined = document_node(&s->list[0]->document, NODE_MAP, a->at);
    size_t i;

    for (i = 0; i < a->count; i++)
        node_append(joined, a->entries[i]);
    for (i = 0; i < b->count; i++) {
        const struct node *key = b->entries[i].key;
        const struct entry *other = node_entry(a, key->text);

        if (!other) {
            node_append(joined, b->entries[i]);
            continue;
        }
        problems_error(s->problems, key->at,
                       "%s.%.*s is set in two files; the other is %s:%d:%d",
                       section, node_key_shown(key->text), key->text,
                       other->key->at.file->path, other->key->at.line,
                       other->key->at.column);
    }
    return joined;
}

static void join_entry(struct sources *s, struct node *root, size_t before,
                       const struct entry *entry)
{
    const char *key = entry->key->text;
    struct entry *other = NULL;
    size_t i;

    /* Not an entry of its own file: those differ already. */
    for (i = 0; i < before && !other; i++)
        if (strcmp(root->entries[i].key->text, key) == 0)
            other = &root->entries[i];
    if (strcmp(key, "include") == 0 || strncmp(key, "x-", 2) == 0)
        return;
    if (!other || strcmp(key, "printers") == 0 || node_is_nothing(entry->value))
        node_append(root, *entry);
    else if (node_is_nothing(other->value))
        *other = *entry;
    else if (other->value->kind == NODE_MAP && entry->value->kind == NODE_MAP)
        other->value = join_maps(s, other->value, entry->value, key);
    else
        problems_error(s->problems, entry->key->at,
                       "'%.*s' is set in two files; the other is %s:%d:%d",
                       node_key_shown(key), key, other->key->at.file->path,
                       other->key->at.line, other->key->at.column);
}

const struct node *sources_join(struct sources *s)
{
    struct place top = {&s->list[0]->file, 1, 1};
    struct node *root = document_node(&s->list[0]->document, NODE_MAP, top);
    size_t i, j;

    for (i = 0; i < s->count; i++) {
        const struct node *own = s->list[i]->document.root;
        size_t before = root->count;

        if (own == root || !own)
            continue;
        if (own->kind != NODE_MAP && !node_is_nothing(own)) {
            problems_error(s->problems, own->at,
                           "sections such as 'mqtt:' are expected here, not "
                           "%s",
                           node_kind_name(own));
            s->incomplete = true;
        }
        for (j = 0; own->kind == NODE_MAP && j < own->count; j++)
            join_entry(s, root, before, &own->entries[j]);
    }
    return root;
}
