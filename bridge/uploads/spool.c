#include "bridge/uploads/spool.h"

#include "bridge/durable.h"
#include "bridge/uploads/below.h"
#include "mapping/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_MAX  ((size_t)512 << 10) /* most of it may be correlation */
#define RECORDS_MAX 10000

bool spool_open(struct spool *spool, const char *state_path,
                const char *instance, bool make, struct error *err)
{
    const char *slash = strrchr(state_path, '/');

    spool->folder[0] = '\0';
    if (!slash)
        return error_set(err, "there is no state directory to keep uploads in");
    (void)snprintf(spool->folder, sizeof spool->folder, "%.*s/uploads%s%s",
                   (int)(slash - state_path), state_path, instance ? "-" : "",
                   instance ? instance : "");
    if (access(spool->folder, R_OK | W_OK | X_OK) == 0 ||
        (make && mkdir(spool->folder, 0700) == 0))
        return true;
    (void)error_set(err, "cannot make %s: %s", spool->folder, strerror(errno));
    spool->folder[0] = '\0';
    return false;
}

static void path_of(const struct spool *spool, uint64_t id, const char *ending,
                    char *out, size_t size)
{
    (void)snprintf(out, size, "%s/%012llu.%s", spool->folder,
                   (unsigned long long)id, ending);
}

void spool_data_path(const struct spool *spool, uint64_t id, char *out,
                     size_t size)
{
    path_of(spool, id, "data", out, size);
}

bool spool_keep(const struct spool *spool, uint64_t id, const char *text,
                struct error *err)
{
    char path[SPOOL_PATH_MAX];

    if (!spool->folder[0])
        return error_set(err, "there is no state directory to keep uploads in");
    path_of(spool, id, "json", path, sizeof path);
    return durable_write(path, text, strlen(text), err);
}

int spool_create(const struct spool *spool, uint64_t id, struct error *err)
{
    char path[SPOOL_PATH_MAX];
    int fd;

    if (!spool->folder[0]) {
        (void)error_set(err, "there is no state directory to keep the file in");
        return -1;
    }
    spool_data_path(spool, id, path, sizeof path);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        (void)error_set(err, "cannot make %s: %s", path, strerror(errno));
    return fd;
}

bool spool_write(int fd, const void *bytes, size_t len, struct error *err)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t n = write(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_set(err,
                             "the file cannot be kept until it is "
                             "uploaded: %s",
                             strerror(n < 0 ? errno : ENOSPC));
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool spool_finish(int fd, struct http_stamp *stamp, struct error *err)
{
    bool ok = fsync(fd) == 0 && http_stamp_of(fd, stamp);
    int number = errno;

    if (close(fd) < 0 && ok) {
        number = errno;
        ok = false;
    }
    return ok ||
           error_set(err, "the file cannot be kept until it is uploaded: %s",
                     strerror(number));
}

int spool_read(const struct spool *spool, uint64_t id, struct http_stamp *stamp,
               struct error *err)
{
    char path[SPOOL_PATH_MAX];
    int fd;

    spool_data_path(spool, id, path, sizeof path);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && http_stamp_of(fd, stamp))
        return fd;
    (void)error_set(err, "the kept file %s is gone: %s", path, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

void spool_remove(const struct spool *spool, uint64_t id)
{
    char path[SPOOL_PATH_MAX];

    if (!spool->folder[0])
        return;
    path_of(spool, id, "data", path, sizeof path);
    (void)unlink(path);
    path_of(spool, id, "json", path, sizeof path);
    (void)unlink(path);
}

/* ---- after a restart ---- */

static char *read_record(const char *path, size_t *len)
{
    FILE *file = fopen(path, "re");
    char *text;

    if (!file)
        return NULL;
    text = memory_zero(RECORD_MAX, 1);
    *len = fread(text, 1, RECORD_MAX - 1, file);
    (void)fclose(file);
    return text;
}

static void load(const struct spool *spool, uint64_t id,
                 void (*each)(void *arg, struct delivery *delivery), void *arg)
{
    char path[SPOOL_PATH_MAX], aside[SPOOL_PATH_MAX + 16];
    struct delivery *delivery = NULL;
    struct error err;
    size_t len;
    char *text;

    path_of(spool, id, "json", path, sizeof path);
    text = read_record(path, &len);
    if (text)
        delivery = delivery_read(text, len, &err);
    free(text);
    if (delivery && delivery->id == id) {
        each(arg, delivery);
        return;
    }
    delivery_free(delivery);
    (void)snprintf(aside, sizeof aside, "%s.damaged", path);
    (void)rename(path, aside);
    path_of(spool, id, "data", path, sizeof path);
    (void)unlink(path);
}

/* The number of a record ("000000000007.json"), 0 = not one. */
static uint64_t number_of(const char *name, const char *ending)
{
    char *end;
    unsigned long long id = strtoull(name, &end, 10);

    return end > name && strcmp(end, ending) == 0 ? id : 0;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

/* Bytes whose record never came to be, and what a crash left half written. */
static void sweep(const struct spool *spool, const char *name)
{
    char path[SPOOL_PATH_MAX + 300];
    uint64_t id = number_of(name, ".data");
    struct stat status;

    if (!id && !number_of(name, ".json.new"))
        return;
    if (id) {
        path_of(spool, id, "json", path, sizeof path);
        if (stat(path, &status) == 0)
            return;
    }
    (void)snprintf(path, sizeof path, "%s/%s", spool->folder, name);
    (void)unlink(path);
}

/* The numbers of all records, sorted; caller frees. */
static uint64_t *list(const struct spool *spool, size_t *count)
{
    DIR *folder = spool->folder[0] ? opendir(spool->folder) : NULL;
    uint64_t *ids = memory_zero(RECORDS_MAX, sizeof *ids);
    const struct dirent *entry;

    *count = 0;
    while (folder && (entry = readdir(folder)) && *count < RECORDS_MAX) {
        uint64_t id = number_of(entry->d_name, ".json");

        if (id)
            ids[(*count)++] = id;
        else
            sweep(spool, entry->d_name);
    }
    if (folder)
        (void)closedir(folder);
    qsort(ids, *count, sizeof *ids, by_number);
    return ids;
}

uint64_t spool_load(const struct spool *spool,
                    void (*each)(void *arg, struct delivery *delivery),
                    void *arg)
{
    size_t count, i;
    uint64_t *ids = list(spool, &count);
    uint64_t last = count ? ids[count - 1] : 0;

    for (i = 0; i < count; i++)
        load(spool, ids[i], each, arg);
    free(ids);
    return last;
}
