#include "bridge/cli/folder.h"

#include "bridge/cli/listing.h"
#include "bridge/cli/paint.h"
#include "bridge/cli/place.h"

#include <dirent.h>
#include <errno.h>
#include <strings.h>
#include <sys/stat.h>

#define PATH_SIZE 4096

static bool too_many(const struct tree *tree, struct error *err)
{
    return tree->count >= FOLDER_LEAVES &&
           !error_set(err, "there are more than %d files", FOLDER_LEAVES);
}

static bool too_deep(struct error *err)
{
    return error_set(err, "folders lie deeper than %d", FOLDER_DEPTH_MAX);
}

/* ---- here ---- */

struct scan {
    const struct driver_upload *row;
    struct tree *tree;
    size_t skipped;
    struct error *err;
};

static bool scan(struct scan *s, const char *path, const char *name, int depth,
                 bool *any);

static bool printable(const struct driver_upload *row, const char *name)
{
    const char *const *ending;
    size_t len = strlen(name);

    for (ending = row ? row->prints : NULL; ending && *ending; ending++) {
        size_t n = strlen(*ending);

        if (len > n && strcasecmp(name + len - n, *ending) == 0)
            return true;
    }
    return false;
}

bool folder_takes(const struct client *client, const char *name)
{
    return printable(driver_upload(client->driver, &client->device), name);
}

static bool unreadable(const char *path, struct error *err)
{
    struct buffer shown = {0};

    paint_text_cut(&shown, path, 200);
    (void)error_set(err, "cannot read %s: %s", buffer_text(&shown),
                    strerror(errno));
    buffer_release(&shown);
    return false;
}

/* A folder stands in the tree if something printable is in it. */
static bool scan_folder(struct scan *s, const char *path, const char *name,
                        int depth, bool *any)
{
    bool inside = false;

    if (depth == FOLDER_DEPTH_MAX)
        return too_deep(s->err);
    if (!scan(s, path, name, depth + 1, &inside))
        return false;
    if (inside)
        (void)tree_add(s->tree, name, path, true, -1, 0);
    *any = *any || inside;
    return true;
}

static bool scan_entry(struct scan *s, const char *path, const char *name,
                       int depth, bool *any)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return errno == ENOENT || unreadable(path, s->err);
    if (S_ISDIR(st.st_mode))
        return scan_folder(s, path, name, depth, any);
    /* a link to a file counts as the file */
    if (S_ISLNK(st.st_mode) && stat(path, &st) != 0)
        return !printable(s->row, name) || unreadable(path, s->err);
    if (!S_ISREG(st.st_mode) || !printable(s->row, name)) {
        s->skipped++;
        return true;
    }
    if (too_many(s->tree, s->err))
        return false;
    (void)tree_add(s->tree, name, path, false, (int64_t)st.st_size,
                   (int64_t)st.st_mtime);
    *any = true;
    return true;
}

static bool scan(struct scan *s, const char *path, const char *name, int depth,
                 bool *any)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    bool ok = true;

    if (!folder)
        return unreadable(path, s->err);
    while (ok && (errno = 0, entry = readdir(folder))) {
        char below[PATH_SIZE], called[PATH_SIZE];
        int n;

        if (entry->d_name[0] == '.')
            continue;
        n = snprintf(called, sizeof called, "%s%s%s", name, *name ? "/" : "",
                     entry->d_name);
        if (n < 0 || (size_t)n >= sizeof called ||
            !place_join(path, entry->d_name, below, sizeof below))
            ok = error_set(s->err, "a path is too long");
        else
            ok = scan_entry(s, below, called, depth, any);
    }
    /* half a folder would make the other half superfluous there */
    if (ok && errno != 0)
        ok = unreadable(path, s->err);
    (void)closedir(folder);
    return ok;
}

/* FAT cannot hold two names that differ only in case. */
static bool check_twins(const struct tree *tree, struct error *err)
{
    struct buffer shown = {0};
    size_t i;

    for (i = 1; i < tree->count; i++)
        if (strcasecmp(tree->leaves[i - 1].name, tree->leaves[i].name) == 0) {
            paint_text_cut(&shown, tree->leaves[i].name, 100);
            (void)error_set(err,
                            "two files here are called %s but for upper and "
                            "lower case; rename one",
                            buffer_text(&shown));
            buffer_release(&shown);
            return false;
        }
    return true;
}

bool folder_here(const char *path, const struct client *client,
                 struct tree *tree, size_t *skipped, struct error *err)
{
    struct scan s = {
        .row = driver_upload(client->driver, &client->device),
        .tree = tree,
        .err = err,
    };
    bool any = false, ok = scan(&s, path, "", 0, &any);

    *skipped = s.skipped;
    tree_sort(tree);
    return ok && check_twins(tree, err);
}

/* ---- there ---- */

struct walk {
    struct client *client;
    struct tree *tree;
    struct error *err;
};

static bool walk(struct walk *w, const char *path, const char *name, int depth,
                 bool *stays);

/* A folder stays if one in it does. */
static bool take_folder(struct walk *w, const struct file_entry *entry,
                        const char *called, int depth, bool *stays)
{
    bool inside = false;

    if (!walk(w, entry->path, called, depth + 1, &inside))
        return false;
    tree_add(w->tree, called, entry->path, true, -1, 0)->stays = inside;
    *stays = *stays || inside;
    return true;
}

static bool take_children(struct walk *w, const struct listing *listing,
                          const char *name, int depth, bool *stays)
{
    bool ok = true;
    size_t i;

    *stays = listing->list.dropped + listing->left_out > 0;
    for (i = 0; i < listing->list.count && ok; i++) {
        const struct file_entry *entry = &listing->list.entries[i];
        char called[PATH_SIZE];
        int n = snprintf(called, sizeof called, "%s%s%s", name,
                         *name ? "/" : "", entry->name);

        if (too_many(w->tree, w->err))
            ok = false;
        else if (n < 0 || (size_t)n >= sizeof called)
            ok = error_set(w->err, "a path on the printer is too long");
        else if (entry->kind == FILE_FOLDER)
            ok = take_folder(w, entry, called, depth, stays);
        else if (entry->kind == FILE_PRINT)
            (void)tree_add(w->tree, called, entry->path, false, entry->size,
                           entry->modified);
        else
            *stays = true;
    }
    return ok;
}

static bool walk(struct walk *w, const char *path, const char *name, int depth,
                 bool *stays)
{
    struct listing listing;
    bool ok;

    if (depth > FOLDER_DEPTH_MAX)
        return too_deep(w->err);
    ok = listing_read(w->client, path, &listing, w->err) == LISTING_READ &&
         take_children(w, &listing, name, depth, stays);
    listing_release(&listing);
    return ok;
}

bool folder_there(struct client *client, const char *path, struct tree *tree,
                  bool *present, struct error *err)
{
    struct walk w = {client, tree, err};
    struct listing listing;
    enum listing_result result = listing_read(client, path, &listing, err);
    bool ok = result != LISTING_FAILED, stays;

    *present = result == LISTING_READ;
    if (*present && !listing_is_folder(&listing))
        ok = error_set(err, "PATH is a file on the printer, not a folder");
    if (*present && ok)
        ok = take_children(&w, &listing, "", 0, &stays);
    listing_release(&listing);
    tree_sort(tree);
    return ok;
}

bool folder_sizes(struct client *client, const struct tree *here,
                  struct tree *there, struct error *err)
{
    size_t i;

    for (i = 0; i < there->count; i++) {
        struct leaf *leaf = &there->leaves[i];
        struct listing listing;
        bool ok;

        if (leaf->folder || leaf->size >= 0 || !tree_find(here, leaf->name))
            continue;
        ok = listing_read(client, leaf->path, &listing, err) == LISTING_READ;
        if (ok)
            leaf->size = listing.self.entries[0].size;
        listing_release(&listing);
        if (!ok)
            return false;
    }
    return true;
}
