/* What is known of a printer's files, and the one to be printed next. */
#include "bridge/files_internal.h"
#include "mapping/memory.h"
#include "mapping/text.h"

void files_release_storage(struct storage *storage)
{
    kept_release(&storage->kept);
    free(storage->etag);
    *storage = (struct storage){0};
}

void files_forget_all(struct files *f)
{
    int i;

    view_release(&f->view);
    for (i = 0; i < INSTANCES_STORAGE; i++)
        files_release_storage(&f->storages[i]);
    kept_file_release(&f->selected);
    f->known = false;
    f->version++;
}

static void say(struct files *f, int slot, struct value v)
{
    struct printer *p = f->p;

    telemetry_set(&p->telemetry, slot, v);
    if (v.kind != VALUE_ABSENT && slot_set_add(&p->memory.reported, slot))
        p->memory.changed = true;
}

void files_publish(struct files *f)
{
    struct value none = {0};
    int i;

    if (!f->p->online)
        return;
    for (i = 0; i < f->p->device.storages.count; i++)
        say(f, field_slot(FIELD_STORAGE_FILES, i),
            f->storages[i].known ? value_integer((int64_t)f->storages[i].count)
                                 : none);
    say(f, SLOT_FILES_LIST,
        f->known ? value_integer((int64_t)f->version) : none);
    f->p->version++;
}

size_t files_count(const struct files *f)
{
    size_t count = 0;
    int i;

    for (i = 0; i < INSTANCES_STORAGE; i++)
        count += f->storages[i].count;
    return count;
}

void files_say_selected(struct files *f)
{
    struct printer *p = f->p;

    telemetry_clear(&p->telemetry, SLOT_FILES_SELECTED);
    telemetry_clear(&p->telemetry, SLOT_FILES_SELECTED_NAME);
    if (p->memory.selected)
        telemetry_set_text(&p->telemetry, SLOT_FILES_SELECTED,
                           p->memory.selected);
    if (p->memory.selected)
        telemetry_set_text(&p->telemetry, SLOT_FILES_SELECTED_NAME,
                           p->memory.selected_name);
    p->version++;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

void files_select(struct files *f, const char *path, const char *name)
{
    struct printer_memory *memory;

    if (!f)
        return;
    memory = &f->p->memory;
    if (same(memory->selected, path) && same(memory->selected_name, name))
        return;
    path = memory_text(path);
    name = memory_text(name);
    free(memory->selected);
    free(memory->selected_name);
    memory->selected = (char *)(uintptr_t)path;
    memory->selected_name = (char *)(uintptr_t)name;
    memory->files_changed = true;
    files_say_selected(f);
}

int files_storage_of(const struct files *f, const char *path)
{
    const struct instances *storages = &f->p->device.storages;
    size_t len = strcspn(path + 1, "/");
    int i;

    for (i = 0; i < storages->count; i++)
        if (strlen(storages->name[i]) == len &&
            memcmp(storages->name[i], path + 1, len) == 0)
            return i;
    return -1;
}

/* From what the storages hold, with labels; a new version if it differs. */
static void make_view(struct files *f)
{
    struct buffer json = {0};
    uint64_t hash;
    int i;

    for (i = 0; i < INSTANCES_STORAGE; i++)
        view_add(&f->view, &f->storages[i].kept);
    if (f->selected.path)
        view_insist(&f->view, &f->selected);
    view_label(&f->view);
    view_json(&f->view, &json);
    hash = text_hash(buffer_text(&json));
    if (hash != f->hash)
        f->version++;
    f->hash = hash;
    buffer_release(&json);
}

/* Did the walk see all that is where path lies? */
static bool is_searched(const struct files *f, const struct walk *walk,
                        const char *path)
{
    int storage = files_storage_of(f, path);

    return storage >= 0 && walk->searched[storage];
}

/* The chosen file may have got another name, or be gone. */
static void follow_selected(struct files *f, const struct walk *walk)
{
    const char *path = f->p->memory.selected;
    const struct kept_file *file;

    if (!path)
        return;
    file = view_find(&f->view, path);
    if (file) {
        files_select(f, file->path, file->label);
    } else if (is_searched(f, walk, path)) {
        printer_log(f->p, LOG_LEVEL_INFO,
                    "the selected file is not on the printer any more");
        files_select(f, NULL, NULL);
    }
}

static void adopt_storage(struct files *f, struct walk *walk, int i)
{
    if (walk->replaces[i]) {
        files_release_storage(&f->storages[i]);
        f->storages[i] = walk->found[i];
        walk->found[i] = (struct storage){0};
    }
    /* one that is not there has no files, and that is known */
    f->known = f->known || f->storages[i].known || walk->searched[i];
}

void files_adopt(struct files *f, struct walk *walk)
{
    int i;

    view_release(&f->view);
    f->known = false;
    for (i = 0; i < INSTANCES_STORAGE; i++)
        adopt_storage(f, walk, i);
    if (walk->selected.path ||
        (f->selected.path && is_searched(f, walk, f->selected.path))) {
        kept_file_release(&f->selected);
        f->selected = walk->selected;
        walk->selected = (struct kept_file){0};
    }
    make_view(f);
    follow_selected(f, walk);
    files_publish(f);
}

const struct kept_view *files_view(const struct files *f)
{
    return f && f->known ? &f->view : NULL;
}

bool files_complete(const struct files *f)
{
    return f && f->known && files_count(f) <= (size_t)f->view.count;
}

uint64_t files_version(const struct files *f)
{
    return f ? f->version : 0;
}
