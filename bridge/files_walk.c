/* Through all storages and folders, one request after the other. */
#include "bridge/files_internal.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#define WALK_EVERY_MS 300000
#define WALK_AGAIN_MS 60000 /* after one that failed */
#define WALK_GAP_MS   5000  /* unless asked for */

enum warning { WARN_TOO_BIG = 1, WARN_UNREADABLE = 2, WARN_LEFT_OUT = 4 };

static void warn_once(struct files *f, enum warning warning, const char *what,
                      const char *path)
{
    char clean[4 * 80 + 1];

    if (f->told & warning)
        return;
    f->told |= warning;
    (void)text_clean(path, 80, clean, sizeof clean);
    printer_log(f->p, LOG_LEVEL_WARNING, "files of %s: %s", clean, what);
}

void files_folder_release(struct folder *folder)
{
    free(folder->path);
    free(folder->shown);
    *folder = (struct folder){0};
}

void files_walk_clear(struct files *f)
{
    struct walk *w = f->walk;
    int i;

    if (!w)
        return;
    while (w->count > 0)
        files_folder_release(&w->folders[--w->count]);
    free(w->folders);
    for (i = 0; i < INSTANCES_STORAGE; i++)
        files_release_storage(&w->found[i]);
    kept_file_release(&w->selected);
    free(w);
    f->walk = NULL;
}

/* Takes ownership of the texts. */
static void push(struct walk *w, char *path, char *shown, int depth)
{
    if (w->count == w->room) {
        w->room = w->room ? 2 * w->room : 16;
        w->folders = memory_grow(w->folders, w->room, sizeof *w->folders);
    }
    w->folders[w->count++] = (struct folder){path, shown, depth};
    w->seen++;
}

void files_walk_begin(struct files *f)
{
    files_walk_clear(f);
    f->walk = memory_zero(1, sizeof *f->walk);
    f->walk->storage = -1;
    f->wanted = f->forced = false;
}

/* failure: why it could not be walked to its end; NULL = it was. */
static void walk_ends(struct files *f, const char *failure, struct moment now)
{
    bool again = f->wanted;

    f->walks++;
    f->every_ms = now.ms + WALK_EVERY_MS;
    f->wanted = failure || again;
    f->due_ms = now.ms + (failure ? WALK_AGAIN_MS : WALK_GAP_MS);
    if (!failure)
        files_adopt(f, f->walk);
    files_walk_clear(f);
    if (f->question && f->question->use == PAGE_WALK && !again)
        files_reply_list(f, failure);
}

/* All of the storage was walked. */
static void storage_done(struct walk *w)
{
    struct storage *found = &w->found[w->storage];

    found->known = true;
    if (w->lost) {
        free(found->etag);
        found->etag = NULL;
    }
    w->replaces[w->storage] = true;
    w->searched[w->storage] = !w->lost;
}

/* A storage is done with its last folder. */
static void folder_done(struct walk *w)
{
    w->root = false;
    if (w->count == 0)
        storage_done(w);
}

bool files_is_available(const struct files *f, int storage)
{
    return telemetry_integer(&f->p->telemetry,
                             field_slot(FIELD_STORAGE_AVAILABLE, storage), 1);
}

/* The root of the next storage. False: that was the last one. */
static bool next_storage(struct files *f)
{
    const struct instances *storages = &f->p->device.storages;
    struct walk *w = f->walk;
    struct buffer path = {0};

    for (w->storage++; w->storage < storages->count; w->storage++) {
        if (files_is_available(f, w->storage))
            break;
        w->replaces[w->storage] = w->searched[w->storage] = true;
    }
    if (w->storage >= storages->count)
        return false;
    w->lost = false;
    w->root = true;
    (void)buffer_format(&path, "/%s", storages->name[w->storage]);
    push(w, memory_text(buffer_text(&path)), memory_text(""), 0);
    buffer_release(&path);
    return true;
}

static void take_folder(struct files *f)
{
    files_folder_release(&f->at);
    f->at = f->walk->folders[--f->walk->count];
}

static void ask_if_new(const struct files *f, struct request *request)
{
    const struct storage *storage = &f->storages[f->walk->storage];

    if (!f->walk->root || !storage->known || !storage->etag)
        return;
    request->condition = HTTP_IF_NONE_MATCH;
    (void)snprintf(request->validator, sizeof request->validator, "%s",
                   storage->etag);
}

bool files_walk_next(struct files *f, struct moment now,
                     struct request *request)
{
    for (;;) {
        if (f->walk->count == 0 && !next_storage(f)) {
            walk_ends(f, NULL, now);
            return false;
        }
        take_folder(f);
        if (driver_read_files(f->p->driver, &f->p->device, f->at.path, request,
                              NULL))
            break;
        f->walk->lost = true;
        warn_once(f, WARN_LEFT_OUT, "its path is too long for the printer",
                  f->at.path);
        folder_done(f->walk);
    }
    ask_if_new(f, request);
    f->asking = ASKING_WALK;
    return true;
}

static void take_folders(struct files *f, struct files_page *page)
{
    struct walk *w = f->walk;
    size_t i;

    for (i = 0; i < page->folder_count; i++) {
        struct page_folder *folder = &page->folders[i];

        if (f->at.depth + 1 >= FOLDERS_DEPTH_MAX || w->seen >= FOLDERS_MAX) {
            w->lost = true;
            warn_once(f, WARN_LEFT_OUT,
                      "too many folders, or too deep; the rest is left out",
                      folder->path);
            continue;
        }
        push(w, folder->path, folder->shown, f->at.depth + 1);
        *folder = (struct page_folder){0};
    }
}

void files_walk_page(struct files *f, struct files_page *page)
{
    struct walk *w = f->walk;

    if (!page->read) {
        w->lost = true;
        warn_once(f, WARN_UNREADABLE, page->err.text, page->path);
    } else {
        take_folders(f, page);
        kept_merge(&w->found[w->storage].kept, &page->kept);
        w->found[w->storage].count += page->count;
        if (page->found.path) {
            kept_file_release(&w->selected);
            w->selected = page->found;
            page->found = (struct kept_file){0};
        }
    }
    if (page->left_out)
        warn_once(f, WARN_LEFT_OUT, "some names cannot be used in an order",
                  page->path);
    folder_done(w);
}

/* The folder itself could not be had. */
static void walk_without(struct files *f, const struct http_answer *answer)
{
    struct walk *w = f->walk;

    w->lost = true;
    if (answer->result == HTTP_TOO_BIG)
        warn_once(f, WARN_TOO_BIG,
                  "the listing is over 16 MiB and is left out; move files into "
                  "folders",
                  f->at.path);
    if (w->root)
        w->replaces[w->storage] = true; /* by nothing */
    else
        folder_done(w);
    w->root = false;
}

void files_walk_answered(struct files *f, const struct http_answer *answer,
                         struct moment now)
{
    struct walk *w = f->walk;

    if (answer->result == HTTP_ANSWERED && answer->status == 200) {
        if (w->root && *answer->headers.etag)
            w->found[w->storage].etag = memory_text(answer->headers.etag);
        f->asking = ASKING_WALK;
        files_hand_over(f, PAGE_WALK, answer, now);
    } else if (answer->result == HTTP_ANSWERED && answer->status == 304) {
        w->root = false; /* nothing below it has changed */
    } else if (answer->result == HTTP_ANSWERED ||
               answer->result == HTTP_TOO_BIG) {
        walk_without(f, answer);
    } else {
        walk_ends(f, answer->reason, now);
    }
}
