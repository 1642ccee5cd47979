/* When to look at a printer's files, as an errand. */
#include "bridge/files_internal.h"
#include "mapping/memory.h"
#include "mapping/text.h"

/* A Pi sees what changed a moment later, and its validator moves with whole
 * seconds. */
#define CHANGE_MS 1500

void files_hand_over(struct files *f, enum page_use use,
                     const struct http_answer *answer, struct moment now)
{
    struct files_page *page = files_page_new(
        use, f->p->driver, &f->p->device, f->at.path, f->at.shown,
        f->p->memory.selected, answer->body, answer->len);

    if (answer->len > FILES_INLINE_MAX && f->p->sink->work) {
        f->p->sink->work(f->p->arg, f->p, page);
        return;
    }
    files_page_read(page);
    files_paged(f, page, now);
}

static bool may_walk(const struct files *f)
{
    return f->forced || !printer_busy_with_job(f->p);
}

static int64_t wake(const struct errand *errand)
{
    const struct files *f = (const struct files *)errand;

    if (f->asking != ASKING_NOTHING)
        return INT64_MAX;
    if (files_question_waits(f) || f->walk)
        return 0;
    if (f->wanted && f->forced)
        return f->due_ms;
    if (!f->watched || !may_walk(f))
        return INT64_MAX;
    if (f->wanted)
        return f->due_ms;
    return f->in_contact ? f->every_ms : INT64_MAX;
}

static bool next(struct errand *errand, struct moment now,
                 struct request *request)
{
    struct files *f = (struct files *)errand;

    if (f->asking != ASKING_NOTHING)
        return false;
    if (files_question_waits(f))
        return files_question_next(f, request);
    /* what was read before it was forced may be old by now */
    if (!f->walk || (f->forced && f->due_ms <= now.ms))
        files_walk_begin(f);
    return files_walk_next(f, now, request);
}

static void answered(struct errand *errand, const struct http_answer *answer,
                     struct moment now)
{
    struct files *f = (struct files *)errand;
    enum asking asking = f->asking;

    f->asking = ASKING_NOTHING;
    if (answer->result == HTTP_ABORTED) {
        files_walk_clear(f);
        f->wanted = true;
        return;
    }
    if (asking == ASKING_WALK && f->walk)
        files_walk_answered(f, answer, now);
    if (asking == ASKING_QUESTION && !f->orphaned)
        files_question_answered(f, answer, now);
}

void files_paged(struct files *f, struct files_page *page, struct moment now)
{
    enum asking asking = f->asking;

    (void)now;
    f->asking = ASKING_NOTHING;
    if (asking == ASKING_WALK && f->walk)
        files_walk_page(f, page);
    if (asking == ASKING_QUESTION && !f->orphaned)
        files_question_page(f, page);
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

void files_want_at(struct files *f, int64_t due_ms)
{
    int i;

    for (i = 0; i < INSTANCES_STORAGE; i++) {
        free(f->storages[i].etag);
        f->storages[i].etag = NULL;
    }
    f->wanted = f->forced = true;
    f->due_ms = due_ms;
}

void files_changed(struct files *f, struct moment now)
{
    if (f)
        files_want_at(f, now.ms + CHANGE_MS);
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
        if (files_is_available(f, i))
            bits |= 1u << i;
    return bits;
}

/* A job whose file is not among those that are known. */
static bool is_new_path(struct files *f)
{
    const char *path = telemetry_text(&f->p->telemetry, SLOT_JOB_PATH);

    if (text_hash(path) == f->job_path)
        return false;
    f->job_path = text_hash(path);
    return *path && !view_find(&f->view, path);
}

/* Another printer's files are not this one's. */
static void check_owner(struct files *f)
{
    if (strcmp(f->serial, f->p->memory.serial) == 0)
        return;
    if (f->serial[0]) {
        files_walk_clear(f);
        files_forget_all(f);
        files_select(f, NULL, NULL);
        files_publish(f);
    }
    (void)snprintf(f->serial, sizeof f->serial, "%s", f->p->memory.serial);
}

static void note_contact(struct files *f, struct moment now)
{
    f->in_contact = true;
    f->available = availability(f);
    f->due_ms = now.ms;
    want_later(f, now);
    files_publish(f);
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
    f->every_ms = INT64_MAX;
    (void)snprintf(f->serial, sizeof f->serial, "%s", p->memory.serial);
    printer_add_errand(p, &f->errand);
    files_say_selected(f);
    return f;
}

void files_free(struct files *f)
{
    if (!f)
        return;
    files_walk_clear(f);
    files_forget_all(f);
    files_forget(f);
    files_folder_release(&f->at);
    free(f);
}
