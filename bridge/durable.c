#include "bridge/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PATH_LEN 4096

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return fsync(fd) == 0;
}

/* Some file systems cannot: then they order it themselves, or nobody can. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_LEN];
    int fd;

    (void)snprintf(folder, sizeof folder, "%.*s",
                   slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    (void)close(fd);
}

bool durable_write(const char *path, const char *bytes, size_t len,
                   struct error *err)
{
    char fresh[PATH_LEN];
    bool ok;
    int fd;

    if ((size_t)snprintf(fresh, sizeof fresh, "%s.new", path) >= sizeof fresh)
        return error_set(err, "cannot write %s: the path is too long", path);
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
              0600);
    if (fd < 0)
        return error_set(err, "cannot write %s: %s", fresh, strerror(errno));
    ok = write_all(fd, bytes, len);
    ok = close(fd) == 0 && ok;
    if (!ok || rename(fresh, path) < 0) {
        (void)error_set(err, "cannot write %s: %s", path, strerror(errno));
        (void)unlink(fresh);
        return false;
    }
    sync_folder(path);
    return true;
}
