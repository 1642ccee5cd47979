#include "bridge/pictures/shelf.h"

#include "bridge/durable.h"
#include "bridge/pictures/format.h"
#include "bridge/pictures/gallery.h"
#include "mapping/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW      ".new" /* of durable_write() */
#define PATH_LEN 4096

static bool path_of(const char *directory, const char *name, char out[PATH_LEN],
                    struct error *err)
{
    int len = snprintf(out, PATH_LEN, "%s/%s", directory, name);

    return (len > 0 && len < PATH_LEN) ||
           error_set(err, "the path of the folder for pictures is too long");
}

bool shelf_is_name(const char *name)
{
    return name[0] != '.' && strlen(name) <= GALLERY_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-") ==
               strlen(name);
}

static bool is_unfinished(const char *name)
{
    size_t len = strlen(name);

    return len >= strlen(NEW) && strcmp(name + len - strlen(NEW), NEW) == 0;
}

static void look_at(const char *directory, const char *name,
                    void (*each)(void *arg, const char *name, size_t size),
                    void *arg)
{
    char path[PATH_LEN];
    struct stat found;

    if (!shelf_is_name(name) || !path_of(directory, name, path, NULL) ||
        lstat(path, &found) < 0 || !S_ISREG(found.st_mode))
        return;
    if (is_unfinished(name) || found.st_size < 0 ||
        (uint64_t)found.st_size > PICTURE_MAX)
        (void)unlink(path);
    else
        each(arg, name, (size_t)found.st_size);
}

bool shelf_open(const char *directory,
                void (*each)(void *arg, const char *name, size_t size),
                void *arg, struct error *err)
{
    const struct dirent *entry;
    DIR *folder;

    if (mkdir(directory, 0700) < 0 && errno != EEXIST)
        return error_set(err, "cannot make the folder %s: %s", directory,
                         strerror(errno));
    folder = opendir(directory);
    if (!folder)
        return error_set(err, "cannot read the folder %s: %s", directory,
                         strerror(errno));
    /* no other thread reads this DIR */
    while ((entry = readdir(folder))) /* NOLINT(concurrency-mt-unsafe) */
        look_at(directory, entry->d_name, each, arg);
    (void)closedir(folder);
    return true;
}

bool shelf_write(const char *directory, const char *name, const char *bytes,
                 size_t len, struct error *err)
{
    char path[PATH_LEN];

    if (!path_of(directory, name, path, err))
        return false;
    if (durable_write(path, bytes, len, err))
        return true;
    (void)unlink(path); /* an older picture is not what is to be shown */
    return false;
}

static char *read_whole(int fd, size_t size, size_t *len)
{
    char *bytes = memory_zero(size + 1, 1);
    ssize_t n = 1;

    *len = 0;
    while (*len < size && n > 0) {
        n = read(fd, bytes + *len, size - *len);
        if (n > 0)
            *len += (size_t)n;
        else if (n < 0 && errno == EINTR)
            n = 1;
    }
    if (*len == size)
        return bytes;
    free(bytes);
    return NULL;
}

char *shelf_read(const char *directory, const char *name, size_t *len,
                 struct error *err)
{
    char path[PATH_LEN];
    char *bytes = NULL;
    struct stat found;
    int fd = path_of(directory, name, path, err)
                 ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
                 : -1;

    if (fd >= 0 && fstat(fd, &found) == 0 && S_ISREG(found.st_mode) &&
        found.st_size >= 0 && (uint64_t)found.st_size <= PICTURE_MAX)
        bytes = read_whole(fd, (size_t)found.st_size, len);
    if (!bytes)
        (void)error_set(err, "cannot read %s", path);
    if (fd >= 0)
        (void)close(fd);
    return bytes;
}

bool shelf_rename(const char *directory, const char *from, const char *to,
                  struct error *err)
{
    char old[PATH_LEN], fresh[PATH_LEN];

    if (!path_of(directory, from, old, err) ||
        !path_of(directory, to, fresh, err))
        return false;
    return rename(old, fresh) == 0 ||
           error_set(err, "cannot rename %s: %s", old, strerror(errno));
}

void shelf_remove(const char *directory, const char *name)
{
    char path[PATH_LEN];

    if (path_of(directory, name, path, NULL))
        (void)unlink(path);
}
