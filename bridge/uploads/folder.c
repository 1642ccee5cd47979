#include "bridge/uploads/folder.h"

#include "bridge/uploads/below.h"
#include "mapping/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_PATH_MAX 4096
#define NAMES_TRIED     100

void folder_release(struct folder_files *files)
{
    size_t i;

    for (i = 0; i < files->count; i++)
        free(files->files[i].name);
    free(files->files);
    *files = (struct folder_files){NULL, 0};
}

/* ---- reading ---- */

static bool make(const char *folder, const char *sub, struct error *err)
{
    char path[FOLDER_PATH_MAX];

    (void)snprintf(path, sizeof path, "%s%s", folder, sub);
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return error_set(err, "cannot make %s: %s", path, strerror(errno));
    (void)snprintf(path, sizeof path, "%s%s/", folder, sub);
    return access(path, R_OK | W_OK | X_OK) == 0 ||
           error_set(err,
                     "%s must be a folder that can be read and written, for "
                     "what was uploaded is moved to done/: %s",
                     path, strerror(errno));
}

static bool prepare(const char *folder, struct error *err)
{
    return make(folder, "", err) && make(folder, "/done", err) &&
           make(folder, "/failed", err);
}

static bool ends_with(const char *name, const char *ending)
{
    size_t len = strlen(name), n = strlen(ending);

    return len >= n && strcmp(name + len - n, ending) == 0;
}

static bool is_half_written(const char *name)
{
    static const char *const endings[] = {".part", ".tmp", ".crdownload",
                                          ".filepart", "~"};
    size_t i;

    for (i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_with(name, endings[i]))
            return true;
    return name[0] == '.';
}

static bool stamp_of(int folder, const char *name, struct http_stamp *stamp)
{
    int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    bool ok = fd >= 0 && http_stamp_of(fd, stamp);

    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct folder_file *)a)->name,
                  ((const struct folder_file *)b)->name);
}

bool folder_read(const char *folder, struct folder_files *files,
                 struct error *err)
{
    const struct dirent *entry = NULL;
    struct http_stamp stamp;
    DIR *dir;
    int number;

    *files = (struct folder_files){NULL, 0};
    if (!prepare(folder, err))
        return false;
    dir = opendir(folder);
    if (!dir)
        return error_set(err, "cannot read %s: %s", folder, strerror(errno));
    while (files->count < FOLDER_FILES_MAX &&
           (errno = 0, entry = readdir(dir))) {
        if (is_half_written(entry->d_name) ||
            !stamp_of(dirfd(dir), entry->d_name, &stamp))
            continue;
        files->files =
            memory_grow(files->files, files->count + 1, sizeof *files->files);
        files->files[files->count++] = (struct folder_file){
            .name = memory_text(entry->d_name), .stamp = stamp};
    }
    number = errno;
    (void)closedir(dir);
    /* half a folder would make the other half new the next time */
    if (!entry && number) {
        folder_release(files);
        return error_set(err, "cannot read %s: %s", folder, strerror(number));
    }
    if (files->count)
        qsort(files->files, files->count, sizeof *files->files, by_name);
    return true;
}

/* ---- judging ---- */

void folder_update(struct folder_files *files, struct folder_files *fresh,
                   int64_t now_ms)
{
    size_t i;

    for (i = 0; i < fresh->count; i++) {
        struct folder_file *file = &fresh->files[i];
        const struct folder_file *old =
            files->count ? bsearch(file, files->files, files->count,
                                   sizeof *files->files, by_name)
                         : NULL;

        file->since_ms = now_ms;
        if (!old || !http_stamp_same(&old->stamp, &file->stamp))
            continue;
        file->since_ms = old->since_ms;
        file->told = old->told;
    }
    folder_release(files);
    *files = *fresh;
    *fresh = (struct folder_files){NULL, 0};
}

const struct folder_file *folder_next(struct folder_files *files,
                                      int64_t now_ms)
{
    size_t i;

    for (i = 0; i < files->count; i++) {
        struct folder_file *file = &files->files[i];

        if (file->told || now_ms - file->since_ms < FOLDER_STILL_MS)
            continue;
        file->told = true;
        return file;
    }
    return NULL;
}

void folder_tell(struct folder_files *files, const char *name,
                 const struct http_stamp *stamp)
{
    size_t i;

    for (i = 0; i < files->count; i++)
        if (strcmp(files->files[i].name, name) == 0 &&
            http_stamp_same(&files->files[i].stamp, stamp))
            files->files[i].told = true;
}

void folder_forget(struct folder_files *files, const char *name)
{
    size_t i;

    for (i = 0; i < files->count; i++)
        if (strcmp(files->files[i].name, name) == 0)
            files->files[i].told = false;
}

int64_t folder_wake(const struct folder_files *files, int64_t now_ms)
{
    int64_t wake = INT64_MAX;
    size_t i;

    for (i = 0; i < files->count; i++) {
        int64_t whole_ms = files->files[i].since_ms + FOLDER_STILL_MS;

        if (!files->files[i].told && whole_ms > now_ms && whole_ms < wake)
            wake = whole_ms;
    }
    return wake;
}

/* ---- afterwards ---- */

/* folder/sub/name, or with a number before its ending. */
static void numbered(const char *folder, const char *sub, const char *name,
                     int number, char *out, size_t size)
{
    const char *dot = strrchr(name, '.');
    size_t stem = dot && dot > name ? (size_t)(dot - name) : strlen(name);

    if (number < 2)
        (void)snprintf(out, size, "%s/%s/%s", folder, sub, name);
    else
        (void)snprintf(out, size, "%s/%s/%.*s-%d%s", folder, sub, (int)stem,
                       name, number, name + stem);
}

static void explain(const char *path, const char *reason)
{
    char note[FOLDER_PATH_MAX + 8];
    FILE *file;

    (void)snprintf(note, sizeof note, "%s.txt", path);
    file = fopen(note, "wxe");
    if (!file)
        return;
    (void)fprintf(file, "%s\n", reason);
    (void)fclose(file);
}

/* Never over another file, also on a network share that knows no flags. */
static bool move_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return false;
    if (access(to, F_OK) == 0) {
        errno = EEXIST;
        return false;
    }
    return rename(from, to) == 0;
}

static bool move(const char *folder, const char *name, const char *from,
                 const char *reason, struct error *err)
{
    char to[FOLDER_PATH_MAX];
    int i;

    for (i = 1; i <= NAMES_TRIED; i++) {
        numbered(folder, reason ? "failed" : "done", name, i, to, sizeof to);
        if (move_new(from, to)) {
            if (reason)
                explain(to, reason);
            return true;
        }
        if (errno != EEXIST)
            break;
    }
    return error_set(err, "cannot move %s to %s: %s", from, to,
                     strerror(errno));
}

bool folder_settle(const char *folder, const char *name,
                   const struct http_stamp *stamp, const char *reason,
                   bool *gone, struct error *err)
{
    char from[FOLDER_PATH_MAX];
    struct http_stamp now;

    (void)snprintf(from, sizeof from, "%s/%s", folder, name);
    *gone = false;
    errno = 0;
    if (stamp_of(AT_FDCWD, from, &now))
        return !http_stamp_same(&now, stamp) ||
               move(folder, name, from, reason, err);
    /* no error: it is no regular file any more */
    *gone = errno == 0 || errno == ENOENT;
    return *gone ||
           error_set(err, "cannot move %s away: %s", from, strerror(errno));
}
