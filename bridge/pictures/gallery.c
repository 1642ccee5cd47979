#include "bridge/pictures/gallery.h"

#include "bridge/log.h"
#include "bridge/pictures/shelf.h"
#include "bridge/task.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#define DISK_TOTAL   ((size_t)1 << 30)
#define MEMORY_TOTAL ((size_t)32 << 20)
#define QUEUED_MAX   ((size_t)64 << 20)

enum task_kind { TASK_KEEP, TASK_READ, TASK_RENAME, TASK_DROP };

struct task {
    struct task *next;
    enum task_kind kind;
    char name[GALLERY_NAME_MAX + 1];
    char to[GALLERY_NAME_MAX + 1];
    char *bytes;
    size_t len;
    gallery_done *done;
    void *arg;
    uint64_t tag;
    struct error err; /* "" = it worked */
};

struct entry {
    char *name; /* first, for text_place() */
    size_t size;
    char *bytes; /* where there is no folder */
};

struct gallery {
    struct uv_loop_s *loop;
    char *directory; /* "" = in memory */
    struct gallery_limits limits;
    struct entry *entries; /* sorted by name */
    size_t count, room;
    size_t total, queued; /* bytes */
    struct task *first, *last;
    bool working;
    bool failed; /* that was said already */
};

/* --- what there is ----------------------------------------------------- */

/* Where the entry of name is, or would be. */
static size_t place_of(const struct gallery *g, const char *name)
{
    return text_place(g->entries, g->count, sizeof *g->entries, name);
}

static bool is_at(const struct gallery *g, size_t i, const char *name)
{
    return i < g->count && strcmp(g->entries[i].name, name) == 0;
}

/* Until the next one is added or removed. */
static struct entry *find(const struct gallery *g, const char *name)
{
    size_t i = place_of(g, name);

    return is_at(g, i, name) ? &g->entries[i] : NULL;
}

static void remove_entry(struct gallery *g, struct entry *entry)
{
    const struct entry *end = g->entries + g->count;

    g->total -= entry->size;
    free(entry->bytes);
    free(entry->name);
    memmove(entry, entry + 1, (size_t)(end - entry - 1) * sizeof *entry);
    g->count--;
}

static struct entry *insert_entry(struct gallery *g, size_t i, const char *name)
{
    if (g->count == g->room) {
        g->room = g->room ? 2 * g->room : 16;
        g->entries = memory_grow(g->entries, g->room, sizeof *g->entries);
    }
    memmove(g->entries + i + 1, g->entries + i,
            (g->count - i) * sizeof *g->entries);
    g->count++;
    g->entries[i] = (struct entry){.name = memory_text(name)};
    return &g->entries[i];
}

static struct entry *add_entry(struct gallery *g, const char *name, size_t size)
{
    size_t i = place_of(g, name);
    struct entry *entry =
        is_at(g, i, name) ? &g->entries[i] : insert_entry(g, i, name);

    g->total += size - entry->size;
    entry->size = size;
    free(entry->bytes);
    entry->bytes = NULL;
    return entry;
}

static bool in_memory(const struct gallery *g)
{
    return g->directory[0] == '\0';
}

/* --- one task after the other ------------------------------------------ */

static void run(void *arg)
{
    const struct gallery *g = arg;
    struct task *task = g->first;

    if (in_memory(g))
        return;
    switch (task->kind) {
    case TASK_KEEP:
        (void)shelf_write(g->directory, task->name, task->bytes, task->len,
                          &task->err);
        break;
    case TASK_READ:
        task->bytes =
            shelf_read(g->directory, task->name, &task->len, &task->err);
        break;
    case TASK_RENAME:
        (void)shelf_rename(g->directory, task->name, task->to, &task->err);
        break;
    case TASK_DROP: shelf_remove(g->directory, task->name); break;
    }
}

static void begin(struct gallery *g);

static void tell_failure(struct gallery *g, const struct task *task)
{
    if (!task->err.text[0] || g->failed || task->kind == TASK_READ)
        return;
    g->failed = true;
    log_warning("%s; pictures may be missing after a restart (told once)",
                task->err.text);
}

/* A picture of the last answer, in memory, stands in its entry. */
static void fetch_from_memory(struct gallery *g, struct task *task)
{
    const struct entry *entry = find(g, task->name);

    if (!in_memory(g) || task->kind != TASK_READ || !entry || !entry->bytes)
        return;
    task->bytes = memory_copy(entry->bytes, entry->size);
    task->len = entry->size;
}

/* What is not on the disk is not there, whatever was hoped for; unless more is
 * to come. */
static void forget(struct gallery *g, const char *name)
{
    struct entry *entry = find(g, name);
    const struct task *task = g->first;

    while (task && strcmp(task->name, name) != 0 && strcmp(task->to, name) != 0)
        task = task->next;
    if (entry && !task)
        remove_entry(g, entry);
}

static void finish(void *arg)
{
    struct gallery *g = arg;
    struct task *task = g->first;

    g->working = false;
    g->first = task->next;
    if (!g->first)
        g->last = NULL;
    fetch_from_memory(g, task);
    tell_failure(g, task);
    if (task->kind == TASK_KEEP)
        g->queued -= task->len;
    if (task->err.text[0])
        forget(g, task->kind == TASK_RENAME ? task->to : task->name);
    begin(g);
    if (task->done)
        task->done(task->arg, task->tag, task->bytes, task->len);
    free(task->bytes);
    free(task);
}

static void begin(struct gallery *g)
{
    if (g->working || !g->first)
        return;
    g->working = true;
    task_start(g->loop, run, finish, g);
}

static struct task *add_task(struct gallery *g, enum task_kind kind,
                             const char *name)
{
    struct task *task = memory_zero(1, sizeof *task);

    task->kind = kind;
    memcpy(task->name, name, strlen(name) + 1);
    if (g->last)
        g->last->next = task;
    else
        g->first = task;
    g->last = task;
    return task;
}

/* --- what can be asked for --------------------------------------------- */

static void note_found(void *arg, const char *name, size_t size)
{
    struct gallery *g = arg;

    insert_entry(g, g->count, name)->size = size; /* sorted afterwards */
    g->total += size;
}

static int by_name(const void *one, const void *other)
{
    return strcmp(((const struct entry *)one)->name,
                  ((const struct entry *)other)->name);
}

struct gallery *gallery_new(struct uv_loop_s *loop, const char *directory,
                            const struct gallery_limits *limits,
                            struct error *err)
{
    struct gallery *g = memory_zero(1, sizeof *g);

    err->text[0] = '\0';
    g->loop = loop;
    if (*directory && !shelf_open(directory, note_found, g, err))
        directory = "";
    if (g->count > 0)
        qsort(g->entries, g->count, sizeof *g->entries, by_name);
    g->directory = memory_text(directory);
    g->limits = limits ? *limits
                       : (struct gallery_limits){
                             in_memory(g) ? MEMORY_TOTAL : DISK_TOTAL,
                             QUEUED_MAX,
                         };
    return g;
}

void gallery_free(struct gallery *g)
{
    size_t i;

    if (!g || g->working)
        return;
    for (i = 0; i < g->count; i++) {
        free(g->entries[i].name);
        free(g->entries[i].bytes);
    }
    free(g->entries);
    free(g->directory);
    free(g);
}

static bool is_name(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= GALLERY_NAME_MAX && shelf_is_name(name);
}

bool gallery_keep(struct gallery *g, const char *name, const char *bytes,
                  size_t len, gallery_done *done, void *arg, uint64_t tag)
{
    const struct entry *old = find(g, name);
    struct entry *entry;
    struct task *task;

    /* a folder can be fuller than it may be: no difference of sizes */
    if (!is_name(name) || len > g->limits.queued - g->queued ||
        g->total + len > g->limits.total + (old ? old->size : 0))
        return false;
    entry = add_entry(g, name, len);
    if (in_memory(g))
        entry->bytes = memory_copy(bytes, len);
    task = add_task(g, TASK_KEEP, name);
    task->bytes = memory_copy(bytes, len);
    task->len = len;
    task->done = done;
    task->arg = arg;
    task->tag = tag;
    g->queued += len;
    begin(g);
    return true;
}

bool gallery_has(const struct gallery *g, const char *name)
{
    return find(g, name) != NULL;
}

void gallery_read(struct gallery *g, const char *name, gallery_done *done,
                  void *arg, uint64_t tag)
{
    struct task *task;

    if (!is_name(name))
        name = "none";
    task = add_task(g, TASK_READ, name);
    task->done = done;
    task->arg = arg;
    task->tag = tag;
    begin(g);
}

void gallery_rename(struct gallery *g, const char *from, const char *to)
{
    struct entry *entry = find(g, from);
    struct task *task;
    size_t size;
    char *bytes;

    if (!entry || !is_name(to) || strcmp(from, to) == 0)
        return;
    size = entry->size;
    bytes = entry->bytes;
    entry->bytes = NULL;
    remove_entry(g, entry);
    add_entry(g, to, size)->bytes = bytes;
    task = add_task(g, TASK_RENAME, from);
    memcpy(task->to, to, strlen(to) + 1);
    begin(g);
}

static void drop(struct gallery *g, struct entry *entry)
{
    (void)add_task(g, TASK_DROP, entry->name);
    remove_entry(g, entry);
    begin(g);
}

void gallery_drop(struct gallery *g, const char *name)
{
    struct entry *entry = find(g, name);

    if (entry)
        drop(g, entry);
}

void gallery_drop_all(struct gallery *g, const char *prefix, const char *keep)
{
    size_t len = strlen(prefix), i = place_of(g, prefix);

    while (i < g->count && strncmp(g->entries[i].name, prefix, len) == 0)
        if (keep && is_at(g, i, keep))
            i++;
        else
            drop(g, &g->entries[i]); /* the next one moves to its place */
}

size_t gallery_total(const struct gallery *g)
{
    return g->total;
}
