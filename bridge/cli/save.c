#include "bridge/cli/save.h"

#include "bridge/cli/paint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool refuse(const struct save *save, const char *before,
                   const char *after, struct error *err)
{
    struct buffer shown = {0};

    paint_text_cut(&shown, save->name, 200);
    (void)error_set(err, "%s%s%s", before, buffer_text(&shown), after);
    buffer_release(&shown);
    return false;
}

static bool exists(const struct save *save, struct error *err)
{
    return refuse(save, "", " exists here; --overwrite replaces it", err);
}

static bool find_place(struct save *save, struct error *err)
{
    char *target = realpath(save->name, NULL);
    int n = snprintf(save->path, sizeof save->path, "%s",
                     target ? target : save->name);

    free(target);
    if (n < 0 || (size_t)n >= sizeof save->path)
        return error_set(err, "the name of the file is too long");
    (void)snprintf(save->part, sizeof save->part, "%s.%ld.part", save->path,
                   (long)getpid());
    return true;
}

bool save_open(struct save *save, const char *name, bool overwrite,
               struct error *err)
{
    struct stat st;
    char reason[100];

    *save = (struct save){.name = name, .overwrite = overwrite, .fd = -1};
    if (!find_place(save, err))
        return false;
    if (lstat(save->path, &st) == 0 && !overwrite)
        return exists(save, err);
    if (stat(save->path, &st) == 0 && !S_ISREG(st.st_mode))
        return refuse(save, "", " is not a regular file", err);
    save->fd = open(save->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    save->begun = save->fd >= 0;
    if (save->begun)
        return true;
    (void)snprintf(reason, sizeof reason, ": %s", strerror(errno));
    return refuse(save, "cannot write ", reason, err);
}

bool save_write(struct save *save, const void *bytes, size_t len)
{
    const char *next = bytes;

    while (len > 0) {
        ssize_t n = write(save->fd, next, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            save->error = n < 0 ? errno : ENOSPC;
            return false;
        }
        next += n;
        len -= (size_t)n;
    }
    return true;
}

/* Not every file system can refuse by itself to replace a file. */
static int give_name(const struct save *save)
{
    struct stat st;

    if (!save->overwrite) {
        if (renameat2(AT_FDCWD, save->part, AT_FDCWD, save->path,
                      RENAME_NOREPLACE) == 0)
            return 0;
        if (errno != EINVAL && errno != ENOSYS)
            return errno;
        if (lstat(save->path, &st) == 0)
            return EEXIST;
    }
    return rename(save->part, save->path) == 0 ? 0 : errno;
}

bool save_keep(struct save *save, struct error *err)
{
    int fd = save->fd;

    if (!save->error) {
        save->fd = -1;
        save->error = close(fd) == 0 ? give_name(save) : errno;
    }
    save->begun = save->error != 0;
    if (save->error == EEXIST)
        return exists(save, err);
    return !save->error ||
           error_set(err, "cannot store it: %s", strerror(save->error));
}

void save_close(struct save *save)
{
    if (save->fd >= 0)
        (void)close(save->fd);
    if (save->begun)
        (void)unlink(save->part);
    save->fd = -1;
    save->begun = false;
}
