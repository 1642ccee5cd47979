#include "bridge/uploads/below.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_beneath(int folder, const char *path)
{
    const struct open_how how = {
        /* not to wait for the other end of a FIFO */
        .flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };

    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

static bool explain(int number, const char *path, struct error *err)
{
    switch (number) {
    case ENOENT: return error_set(err, "there is no file %.200s", path);
    case ELOOP:
        return error_set(err,
                         "%.200s is a symbolic link, or lies behind one; "
                         "only real files are uploaded",
                         path);
    case EXDEV:
        return error_set(err, "%.200s leads out of the uploads directory",
                         path);
    case EACCES:
        return error_set(err,
                         "%.200s cannot be read by the user that the "
                         "bridge runs as",
                         path);
    case ENOSYS:
    case EPERM:
        return error_set(err, "this kernel cannot keep a file inside a "
                              "directory (openat2, Linux 5.6); nothing is "
                              "uploaded from one");
    default:
        return error_set(err, "%.200s cannot be opened: %s", path,
                         strerror(number));
    }
}

/* The path as it is below folder: people also write the whole of it. */
static const char *relative(const char *folder, const char *path)
{
    size_t len = strlen(folder);

    while (len > 1 && folder[len - 1] == '/')
        len--;
    if (*path == '/' && strncmp(path, folder, len) == 0 && path[len] == '/')
        path += len;
    while (*path == '/')
        path++;
    return path;
}

int below_open(const char *folder, const char *path, struct http_stamp *stamp,
               struct error *err)
{
    int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd;

    if (at < 0) {
        (void)error_set(err,
                        "the uploads directory %.200s cannot be opened: "
                        "%s",
                        folder, strerror(errno));
        return -1;
    }
    fd = open_beneath(at, relative(folder, path));
    if (fd < 0)
        (void)explain(errno, path, err);
    (void)close(at);
    if (fd >= 0 && !http_stamp_of(fd, stamp)) {
        (void)error_set(err, "%.200s is not a regular file", path);
        (void)close(fd);
        return -1;
    }
    return fd;
}
