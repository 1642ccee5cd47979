#include "bridge/files.h"

#include "bridge/printer_internal.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#define WALK_EVERY_MS 300000
#define WALK_AGAIN_MS 60000 /* after one that failed */
/* A Pi sees what changed a moment later, and its validator moves with whole
 * seconds. */
#define CHANGE_MS   1500
#define WALK_GAP_MS 5000 /* unless asked for */

/* A folder that must still be looked into. */
struct folder {
    char *path, *shown;
    int depth;
};

/* What is known of one storage. */
struct storage {
    bool known;
    char etag[REQUEST_VALIDATOR_MAX + 1]; /* of its root; "" = none */
    struct kept_files kept;
    size_t count; /* files that can be printed */
};

/* What the request in flight, or the page in a worker, is for. */
enum asking { ASKING_NOTHING, ASKING_WALK, ASKING_QUESTION };

struct walk {
    bool on;
    int storage; /* being walked; -1 = none yet */
    bool root;   /* its root folder is asked for */
    struct folder *folders;
    size_t count, room;
    size_t seen;  /* folders so far */
    size_t again; /* a new walk was asked for meanwhile */
    bool lost;    /* something of the storage is not known */
    struct storage fresh;
    struct kept_file found;           /* the selected file */
    bool searched[INSTANCES_STORAGE]; /* all of it was seen */
};

struct files {
    struct errand errand;
    struct printer *p;
    struct storage storages[INSTANCES_STORAGE];
    struct kept_view view;
    struct kept_file selected; /* as the last walk found it; path NULL = not */
    bool known;
    uint64_t version, hash;

    struct walk walk;
    bool watched; /* walks begin by themselves */
    bool wanted, forced;
    int64_t due_ms;   /* the next walk not before */
    int64_t every_ms; /* one begins then without a reason */
    uint64_t walks;   /* that ended, well or not */
    bool failed;      /* the last one did */
    char reason[160];

    enum asking asking;
    char path[FILE_PATH_MAX + 1]; /* of the request in flight */
    char *shown;
    int depth;
    bool in_worker;
    bool orphaned; /* nobody waits for what is in the worker */

    bool question; /* an order waits */
    bool question_sent;
    enum page_use use;
    char question_path[FILE_PATH_MAX + 1];
    uint64_t question_walk; /* its walk is this one */
    struct files_reply reply;

    char serial[SERIAL_MAX + 1]; /* whose files they are */
    bool in_contact;             /* noted since the last contact */
    unsigned available;          /* storages, a bit each */
    bool transfer;
    uint64_t job_path; /* hash of the job's path */
    unsigned told;     /* warnings, a bit each */
};

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

/* ---- what is known ---- */

static void storage_release(struct storage *storage)
{
    kept_release(&storage->kept);
    *storage = (struct storage){0};
}

static void forget_all(struct files *f)
{
    int i;

    for (i = 0; i < INSTANCES_STORAGE; i++)
        storage_release(&f->storages[i]);
    kept_file_release(&f->selected);
    f->view.count = 0;
    f->known = false;
    f->version++;
}

static uint64_t hash_of(const char *text)
{
    uint64_t hash = 1469598103934665603u; /* FNV-1a */

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return hash;
}

static void say(struct files *f, int slot, struct value v)
{
    struct printer *p = f->p;

    telemetry_set(&p->telemetry, slot, v);
    if (v.kind != VALUE_ABSENT && !p->memory.reported[slot])
        p->memory.reported[slot] = p->memory.changed = true;
}

/* Into the snapshot, which loses it whenever the printer is offline. */
static void publish(struct files *f)
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

static void make_view(struct files *f)
{
    struct buffer json = {0};
    uint64_t hash;
    int i;

    f->view.count = 0;
    f->known = false;
    for (i = 0; i < INSTANCES_STORAGE; i++) {
        /* one that is not there has no files, and that is known */
        f->known = f->known || f->storages[i].known || f->walk.searched[i];
        view_add(&f->view, &f->storages[i].kept);
    }
    if (f->selected.path)
        view_insist(&f->view, &f->selected);
    view_label(&f->view);
    view_json(&f->view, &json);
    hash = hash_of(buffer_text(&json));
    if (hash != f->hash)
        f->version++;
    f->hash = hash;
    buffer_release(&json);
}

/* ---- the file to print ---- */

static void say_selected(struct files *f)
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
    memory->job_changed = true;
    say_selected(f);
}

/* Which storage a path lies on; -1 = none that is known. */
static int storage_of(const struct files *f, const char *path)
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

/* Did the walk see all that is where path (may be NULL) lies? */
static bool was_searched(const struct files *f, const char *path)
{
    int storage = path ? storage_of(f, path) : -1;

    return storage >= 0 && f->walk.searched[storage];
}

/* It may have got another name, or be gone. */
static void follow_selected(struct files *f)
{
    const char *path = f->p->memory.selected;
    const struct kept_file *file;

    if (!path)
        return;
    file = view_find(&f->view, path);
    if (file) {
        files_select(f, file->path, file->label);
    } else if (was_searched(f, path)) {
        printer_log(f->p, LOG_LEVEL_INFO,
                    "the selected file is not on the printer any more");
        files_select(f, NULL, NULL);
    }
}

/* ---- the walk ---- */

static void folder_release(struct folder *folder)
{
    free(folder->path);
    free(folder->shown);
}

static void walk_clear(struct files *f)
{
    struct walk *w = &f->walk;

    while (w->count > 0)
        folder_release(&w->folders[--w->count]);
    free(w->folders);
    storage_release(&w->fresh);
    kept_file_release(&w->found);
    *w = (struct walk){.storage = -1};
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

static void walk_begin(struct files *f)
{
    walk_clear(f);
    f->walk.on = true;
    f->wanted = f->forced = false;
}

static void reply_list(struct files *f);

static void walk_ends(struct files *f, bool failed, struct moment now)
{
    bool again = f->wanted;

    f->failed = failed;
    f->walks++;
    f->every_ms = now.ms + WALK_EVERY_MS;
    f->wanted = failed || again;
    f->due_ms = failed ? now.ms + WALK_AGAIN_MS : now.ms + WALK_GAP_MS;
    if (!failed) {
        if (f->walk.found.path) {
            kept_file_release(&f->selected);
            f->selected = f->walk.found;
            f->walk.found = (struct kept_file){0};
        } else if (was_searched(f, f->selected.path)) {
            kept_file_release(&f->selected);
        }
        make_view(f);
        follow_selected(f);
        publish(f);
    }
    walk_clear(f);
    if (f->question && f->use == PAGE_WALK && !again)
        reply_list(f);
}

/* All of the storage was walked. */
static void storage_done(struct files *f)
{
    struct walk *w = &f->walk;
    struct storage *storage = &f->storages[w->storage];

    storage_release(storage);
    *storage = w->fresh;
    storage->known = true;
    if (w->lost)
        storage->etag[0] = '\0';
    w->fresh = (struct storage){0};
    w->searched[w->storage] = !w->lost;
}

static bool is_available(const struct files *f, int storage)
{
    return telemetry_integer(&f->p->telemetry,
                             field_slot(FIELD_STORAGE_AVAILABLE, storage), 1);
}

/* The root of the next storage. False: that was the last one. */
static bool next_storage(struct files *f)
{
    const struct instances *storages = &f->p->device.storages;
    struct walk *w = &f->walk;
    struct buffer path = {0};

    for (w->storage++; w->storage < storages->count; w->storage++) {
        if (is_available(f, w->storage))
            break;
        storage_release(&f->storages[w->storage]);
        w->searched[w->storage] = true;
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
    struct walk *w = &f->walk;
    struct folder *folder = &w->folders[--w->count];

    (void)snprintf(f->path, sizeof f->path, "%s", folder->path);
    free(folder->path);
    free(f->shown);
    f->shown = folder->shown;
    f->depth = folder->depth;
}

static void ask_if_new(const struct files *f, struct request *request)
{
    const struct storage *storage = &f->storages[f->walk.storage];

    if (!f->walk.root || !storage->known || !*storage->etag)
        return;
    request->condition = HTTP_IF_NONE_MATCH;
    (void)snprintf(request->validator, sizeof request->validator, "%s",
                   storage->etag);
}

/* True: *request is for the next folder. False: the walk has ended. */
static bool walk_next(struct files *f, struct moment now,
                      struct request *request)
{
    for (;;) {
        if (f->walk.count == 0 && !next_storage(f)) {
            walk_ends(f, false, now);
            return false;
        }
        take_folder(f);
        if (driver_read_files(f->p->driver, &f->p->device, f->path, request,
                              NULL))
            break;
        f->walk.lost = true;
        warn_once(f, WARN_LEFT_OUT, "its path is too long for the printer",
                  f->path);
        if (f->walk.count == 0)
            storage_done(f);
    }
    ask_if_new(f, request);
    f->asking = ASKING_WALK;
    return true;
}

/* A storage is done with its last folder. */
static void folder_done(struct files *f)
{
    f->walk.root = false;
    if (f->walk.count == 0)
        storage_done(f);
}

static void take_folders(struct files *f, struct files_page *page)
{
    struct walk *w = &f->walk;
    size_t i;

    for (i = 0; i < page->folder_count; i++) {
        struct page_folder *folder = &page->folders[i];

        if (f->depth + 1 >= FOLDERS_DEPTH_MAX || w->seen >= FOLDERS_MAX) {
            w->lost = true;
            warn_once(f, WARN_LEFT_OUT,
                      "too many folders, or too deep; the rest is left out",
                      folder->path);
            continue;
        }
        push(w, folder->path, folder->shown, f->depth + 1);
        *folder = (struct page_folder){0};
    }
}

static void walk_page(struct files *f, struct files_page *page)
{
    struct walk *w = &f->walk;

    if (!page->read) {
        w->lost = true;
        warn_once(f, WARN_UNREADABLE, page->err.text, page->path);
    } else {
        take_folders(f, page);
        kept_merge(&w->fresh.kept, &page->kept);
        w->fresh.count += page->count;
        if (page->found.path) {
            kept_file_release(&w->found);
            w->found = page->found;
            page->found = (struct kept_file){0};
        }
    }
    if (page->left_out)
        warn_once(f, WARN_LEFT_OUT, "some names cannot be used in an order",
                  page->path);
    folder_done(f);
}

/* The storage's root has not changed, and so nothing below it. */
static void walk_unchanged(struct files *f)
{
    if (f->selected.path &&
        storage_of(f, f->selected.path) == f->walk.storage &&
        !f->walk.found.path) {
        f->walk.found = f->selected;
        f->selected = (struct kept_file){0};
    }
    f->walk.root = false;
}

/* The folder itself could not be had. */
static void walk_without(struct files *f, const struct http_answer *answer)
{
    f->walk.lost = true;
    if (answer->result == HTTP_TOO_BIG)
        warn_once(f, WARN_TOO_BIG,
                  "the listing is over 16 MiB and is left out; move files into "
                  "folders",
                  f->path);
    if (f->walk.root) {
        storage_release(&f->storages[f->walk.storage]);
        f->walk.root = false;
        return;
    }
    folder_done(f);
}

static void hand_over(struct files *f, enum page_use use,
                      const struct http_answer *answer, struct moment now)
{
    struct files_page *page =
        files_page_new(use, f->p->driver, &f->p->device, f->path, f->shown,
                       f->p->memory.selected, answer->body, answer->len);

    if (answer->len > FILES_INLINE_MAX && f->p->sink->work) {
        f->in_worker = true;
        f->p->sink->work(f->p->arg, f->p, page);
        return;
    }
    files_page_read(page);
    f->in_worker = true;
    files_paged(f, page, now);
}

static void walk_answered(struct files *f, const struct http_answer *answer,
                          struct moment now)
{
    if (answer->result == HTTP_ANSWERED && answer->status == 200) {
        if (f->walk.root)
            (void)snprintf(f->walk.fresh.etag, sizeof f->walk.fresh.etag, "%s",
                           answer->headers.etag);
        f->asking = ASKING_WALK;
        hand_over(f, PAGE_WALK, answer, now);
    } else if (answer->result == HTTP_ANSWERED && answer->status == 304) {
        walk_unchanged(f);
    } else if (answer->result == HTTP_ANSWERED ||
               answer->result == HTTP_TOO_BIG) {
        walk_without(f, answer);
    } else {
        (void)snprintf(f->reason, sizeof f->reason, "%s", answer->reason);
        walk_ends(f, true, now);
    }
}

/* ---- what orders ask ---- */

static void reply(struct files *f, enum order_code code, int status,
                  const char *message)
{
    f->reply.ready = true;
    f->reply.code = code;
    f->reply.http_status = status;
    (void)snprintf(f->reply.message, sizeof f->reply.message, "%.399s",
                   message);
}

static size_t count_all(const struct files *f)
{
    size_t count = 0;
    int i;

    for (i = 0; i < INSTANCES_STORAGE; i++)
        count += f->storages[i].count;
    return count;
}

static void reply_list(struct files *f)
{
    char message[160];
    size_t count = count_all(f);

    if (f->failed) {
        (void)snprintf(message, sizeof message,
                       "the files could not be read: %.100s", f->reason);
        reply(f, ORDER_PRINTER_ERROR, 0, message);
        return;
    }
    (void)snprintf(message, sizeof message, "%zu file%s to print%s", count,
                   count == 1 ? "" : "s",
                   count > (size_t)f->view.count ? "; the newest are listed"
                                                 : "");
    view_json(&f->view, &f->reply.json);
    reply(f, ORDER_OK, 0, message);
}

static void question_page(struct files *f, struct files_page *page)
{
    char message[400];

    if (!page->read) {
        reply(f, ORDER_PRINTER_ERROR, 200, page->err.text);
        return;
    }
    if (page->use == PAGE_LIST && !page->is_folder) {
        reply(f, ORDER_INVALID, 200,
              "that is a file; list_files takes a folder, file_info a file");
        return;
    }
    (void)snprintf(message, sizeof message, "the printer told it");
    if (page->use == PAGE_LIST)
        (void)snprintf(message, sizeof message, "%zu entr%s%s", page->count,
                       page->count == 1 ? "y" : "ies",
                       page->cut ? "; not all fit into an answer" : "");
    f->reply.json = page->json;
    page->json = (struct buffer){0};
    reply(f, ORDER_OK, 200, message);
}

static void question_answered(struct files *f, const struct http_answer *answer,
                              struct moment now)
{
    enum command command =
        f->use == PAGE_INFO ? COMMAND_FILE_INFO : COMMAND_LIST_FILES;
    char message[400];
    enum order_code code;

    if (answer->result == HTTP_ANSWERED && answer->status == 200) {
        f->asking = ASKING_QUESTION;
        hand_over(f, f->use, answer, now);
    } else if (answer->result == HTTP_ANSWERED) {
        code = driver_judge(f->p->driver, command, answer->status, answer->body,
                            answer->len, message, sizeof message);
        if (code == ORDER_OK)
            code = ORDER_PRINTER_ERROR;
        reply(f, code, answer->status, message);
    } else {
        (void)snprintf(message, sizeof message,
                       "the printer gave no answer: %s", answer->reason);
        reply(f,
              answer->result == HTTP_TOO_BIG ? ORDER_TOO_BIG
                                             : ORDER_PRINTER_ERROR,
              0, message);
    }
}

static void want(struct files *f, int64_t due_ms);

bool files_ask(struct files *f, enum page_use use, const char *path,
               struct moment now, struct error *err)
{
    struct request request;

    if (!f)
        return error_set(err, "the driver of this printer knows no files");
    if (use != PAGE_WALK &&
        !driver_read_files(f->p->driver, &f->p->device, path, &request, err))
        return false;
    files_forget(f);
    f->question = true;
    f->question_sent = false;
    f->use = use;
    (void)snprintf(f->question_path, sizeof f->question_path, "%s", path);
    if (use == PAGE_WALK)
        want(f, now.ms);
    return true;
}

const struct files_reply *files_reply(const struct files *f)
{
    return &f->reply;
}

void files_forget(struct files *f)
{
    if (!f)
        return;
    buffer_release(&f->reply.json);
    f->reply = (struct files_reply){0};
    if (f->question && f->asking == ASKING_QUESTION)
        f->orphaned = true;
    f->question = false;
}

/* ---- as an errand ---- */

static bool may_walk(const struct files *f)
{
    return f->forced || !printer_busy_with_job(f->p);
}

static int64_t wake(const struct errand *errand)
{
    const struct files *f = (const struct files *)errand;

    if (f->asking != ASKING_NOTHING)
        return INT64_MAX;
    if (f->question && !f->question_sent && f->use != PAGE_WALK)
        return 0;
    if (f->walk.on)
        return 0;
    if (f->wanted && f->forced)
        return f->due_ms;
    if (!f->watched || !may_walk(f))
        return INT64_MAX;
    if (f->wanted)
        return f->due_ms;
    return f->in_contact ? f->every_ms : INT64_MAX;
}

static bool ask_question(struct files *f, struct request *request)
{
    f->question_sent = true;
    (void)snprintf(f->path, sizeof f->path, "%s", f->question_path);
    free(f->shown);
    f->shown = NULL;
    if (!driver_read_files(f->p->driver, &f->p->device, f->path, request, NULL))
        return false;
    f->asking = ASKING_QUESTION;
    f->orphaned = false;
    return true;
}

static bool next(struct errand *errand, struct moment now,
                 struct request *request)
{
    struct files *f = (struct files *)errand;

    if (f->asking != ASKING_NOTHING)
        return false;
    if (f->question && !f->question_sent && f->use != PAGE_WALK)
        return ask_question(f, request);
    if (f->walk.on && f->forced && f->due_ms <= now.ms)
        f->walk.on = false; /* what was read before may be old by now */
    if (!f->walk.on)
        walk_begin(f);
    return walk_next(f, now, request);
}

static void answered(struct errand *errand, const struct http_answer *answer,
                     struct moment now)
{
    struct files *f = (struct files *)errand;
    enum asking asking = f->asking;

    f->asking = ASKING_NOTHING;
    if (answer->result == HTTP_ABORTED) {
        walk_clear(f);
        f->wanted = true;
        return;
    }
    if (asking == ASKING_WALK && f->walk.on)
        walk_answered(f, answer, now);
    if (asking == ASKING_QUESTION && !f->orphaned)
        question_answered(f, answer, now);
}

void files_paged(struct files *f, struct files_page *page, struct moment now)
{
    enum asking asking = f->asking;

    (void)now;
    f->asking = ASKING_NOTHING;
    f->in_worker = false;
    if (asking == ASKING_WALK && f->walk.on)
        walk_page(f, page);
    if (asking == ASKING_QUESTION && f->question && !f->orphaned)
        question_page(f, page);
    files_page_free(page);
    f->p->version++;
}

static const struct errand_kind kind = {next, answered, wake};

/* ---- when ---- */

void files_watch(struct files *f)
{
    if (f)
        f->watched = true;
}

/* Also while it prints, and without believing that anything is unchanged. */
static void want(struct files *f, int64_t due_ms)
{
    int i;

    for (i = 0; i < INSTANCES_STORAGE; i++)
        f->storages[i].etag[0] = '\0';
    f->wanted = f->forced = true;
    f->due_ms = due_ms;
}

void files_changed(struct files *f, struct moment now)
{
    if (f)
        want(f, now.ms + CHANGE_MS);
}

static void want_later(struct files *f, struct moment now)
{
    f->wanted = true;
    if (f->due_ms < now.ms)
        f->due_ms = now.ms;
}

static unsigned availability(const struct files *f)
{
    unsigned bits = 0;
    int i;

    for (i = 0; i < f->p->device.storages.count; i++)
        if (is_available(f, i))
            bits |= 1u << i;
    return bits;
}

/* A job whose file is not among those that are known. */
static bool is_new_path(struct files *f)
{
    const char *path = telemetry_text(&f->p->telemetry, SLOT_JOB_PATH);

    if (hash_of(path) == f->job_path)
        return false;
    f->job_path = hash_of(path);
    return *path && !view_find(&f->view, path);
}

/* Another printer's files are not this one's. */
static void check_owner(struct files *f)
{
    if (strcmp(f->serial, f->p->memory.serial) == 0)
        return;
    if (f->serial[0]) {
        walk_clear(f);
        forget_all(f);
        files_select(f, NULL, NULL);
        publish(f);
    }
    (void)snprintf(f->serial, sizeof f->serial, "%s", f->p->memory.serial);
}

static void note_contact(struct files *f, struct moment now)
{
    f->in_contact = true;
    f->available = availability(f);
    f->due_ms = now.ms;
    want_later(f, now);
    publish(f);
}

void files_step(struct files *f, struct moment now)
{
    bool transfer;

    if (!f)
        return;
    check_owner(f);
    if (!f->p->online || !f->p->settled) {
        f->in_contact = f->in_contact && f->p->online;
        return;
    }
    if (!f->in_contact)
        note_contact(f, now);
    transfer =
        telemetry_integer(&f->p->telemetry, SLOT_TRANSFER_ACTIVE, 0) == 1;
    if ((f->transfer && !transfer) || is_new_path(f))
        want_later(f, now);
    if (availability(f) != f->available)
        want_later(f, now);
    f->transfer = transfer;
    f->available = availability(f);
}

/* ---- views ---- */

const struct kept_view *files_view(const struct files *f)
{
    return f && f->known ? &f->view : NULL;
}

bool files_complete(const struct files *f)
{
    return f && f->known && count_all(f) <= (size_t)f->view.count;
}

uint64_t files_version(const struct files *f)
{
    return f ? f->version : 0;
}

bool files_settled(const struct files *f)
{
    return !f || !f->watched || f->walks > 0 || !may_walk(f) ||
           f->p->device.storages.count == 0;
}

struct files *files_new(struct printer *p)
{
    struct files *f;

    if (!p->driver->files)
        return NULL;
    f = memory_zero(1, sizeof *f);
    f->errand.kind = &kind;
    f->p = p;
    f->walk.storage = -1;
    f->every_ms = INT64_MAX;
    (void)snprintf(f->serial, sizeof f->serial, "%s", p->memory.serial);
    printer_add_errand(p, &f->errand);
    say_selected(f);
    return f;
}

void files_free(struct files *f)
{
    if (!f)
        return;
    walk_clear(f);
    forget_all(f);
    files_forget(f);
    free(f->shown);
    free(f);
}
