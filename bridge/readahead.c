#include "bridge/readahead.h"

#include "mapping/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

/* Large enough that a worker's wake-up costs nothing, small enough to stay in
 * a processor's cache. */
#define BLOCK_BYTES ((size_t)256 << 10)
#define BLOCKS      2

struct block {
    char *bytes;
    size_t len, taken;
    bool full; /* read, and not all of it taken */
};

struct readahead {
    uv_work_t work;
    struct uv_loop_s *loop;
    int fd;
    struct http_stamp stamp;
    const char *tail;
    size_t tail_len, tail_taken;
    void (*ready)(void *arg);
    void *arg;
    struct block block[BLOCKS];
    int taking, filling; /* blocks, in turn */
    int64_t offset;      /* of what is read next */
    int64_t pending;     /* bytes of the file not yet taken */
    bool working;        /* a worker owns block[filling] and trouble */
    bool orphan;
    bool always_work; /* this file system cannot read without waiting */
    const char *trouble;
};

bool http_stamp_of(int fd, struct http_stamp *stamp)
{
    struct stat st;

    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return false;
    *stamp = (struct http_stamp){
        .size = st.st_size,
        .mtime_ns =
            (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
        .inode = st.st_ino,
        .device = st.st_dev,
    };
    return true;
}

bool http_stamp_same(const struct http_stamp *a, const struct http_stamp *b)
{
    return a->size == b->size && a->mtime_ns == b->mtime_ns &&
           a->inode == b->inode && a->device == b->device;
}

/* ---- in a worker ---- */

/* Looked at before the first byte and after the last one was read: the last
 * block of a file that changed is never sent. */
static const char *changed(const struct readahead *r)
{
    struct http_stamp now;

    if (!http_stamp_of(r->fd, &now))
        return "the file cannot be read any more";
    if (now.size < r->stamp.size)
        return "the file became shorter while it was sent";
    if (!http_stamp_same(&now, &r->stamp))
        return "the file was changed while it was sent";
    return NULL;
}

static const char *fill(struct readahead *r, struct block *b)
{
    size_t want = BLOCK_BYTES;
    int64_t left = r->stamp.size - r->offset;

    if (left < (int64_t)want)
        want = (size_t)left;
    while (b->len < want) {
        ssize_t n = pread(r->fd, b->bytes + b->len, want - b->len,
                          (off_t)(r->offset + (int64_t)b->len));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return "the file cannot be read any more";
        if (n == 0)
            return "the file became shorter while it was sent";
        b->len += (size_t)n;
    }
    return NULL;
}

static void on_work(uv_work_t *work)
{
    struct readahead *r = work->data;
    struct block *b = &r->block[r->filling];

    if (r->offset == 0)
        r->trouble = changed(r);
    if (!r->trouble)
        r->trouble = fill(r, b);
    if (!r->trouble && r->offset + (int64_t)b->len == r->stamp.size)
        r->trouble = changed(r);
}

/* ---- on the loop ---- */

static void destroy(struct readahead *r)
{
    (void)close(r->fd);
    for (int i = 0; i < BLOCKS; i++)
        free(r->block[i].bytes);
    free(r);
}

/* Up to size bytes of what comes next if they are in memory; 0 = have a worker
 * read. The first and the last block are a worker's, who looks whether the file
 * has changed. */
static size_t read_now(struct readahead *r, char *bytes, size_t size)
{
    int64_t left = r->stamp.size - r->offset - (int64_t)BLOCK_BYTES;
    struct iovec to = {.iov_base = bytes, .iov_len = size};
    ssize_t n;

    if (r->always_work || r->working || r->trouble || r->offset == 0 ||
        left <= 0)
        return 0;
    if ((int64_t)size > left)
        to.iov_len = (size_t)left;
    n = preadv2(r->fd, &to, 1, (off_t)r->offset, RWF_NOWAIT);
    r->always_work = n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS);
    return n > 0 ? (size_t)n : 0;
}

/* Have the next block filled, unless it can be had without. */
static void read_on(struct readahead *r);
static void read_ahead(struct readahead *r)
{
    char byte;

    if (read_now(r, &byte, 1) == 0)
        read_on(r);
}

static void on_worked(uv_work_t *work, int status)
{
    struct readahead *r = work->data;
    struct block *b = &r->block[r->filling];

    (void)status; /* cancelled only when orphan */
    r->working = false;
    if (r->orphan) {
        destroy(r);
        return;
    }
    b->full = true;
    r->offset += (int64_t)b->len;
    r->filling = (r->filling + 1) % BLOCKS;
    read_ahead(r);
    r->ready(r->arg);
}

/* Have the next block filled if it is empty. */
static void read_on(struct readahead *r)
{
    struct block *b = &r->block[r->filling];

    if (r->working || r->trouble || b->full || r->offset >= r->stamp.size)
        return;
    if (!b->bytes)
        b->bytes = memory_zero(1, BLOCK_BYTES);
    b->len = b->taken = 0;
    r->working = uv_queue_work(r->loop, &r->work, on_work, on_worked) == 0;
    if (!r->working)
        r->trouble = "the file cannot be read: no worker thread";
}

struct readahead *readahead_new(struct uv_loop_s *loop,
                                const struct http_file *file,
                                void (*ready)(void *arg), void *arg)
{
    struct readahead *r = memory_zero(1, sizeof *r);

    r->loop = loop;
    r->fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
    r->stamp = file->stamp;
    r->pending = r->stamp.size;
    r->tail = file->tail ? file->tail : "";
    r->tail_len = strlen(r->tail);
    r->ready = ready;
    r->arg = arg;
    r->work.data = r;
    if (r->fd < 0)
        r->trouble = "the file cannot be read: too many open files";
    read_on(r);
    return r;
}

void readahead_free(struct readahead *readahead)
{
    if (!readahead)
        return;
    readahead->orphan = true;
    if (readahead->working)
        (void)uv_cancel((uv_req_t *)&readahead->work);
    else
        destroy(readahead);
}

int64_t readahead_total(const struct readahead *readahead)
{
    return readahead->stamp.size + (int64_t)readahead->tail_len;
}

bool readahead_is_taken(const struct readahead *readahead)
{
    return readahead->pending == 0 &&
           readahead->tail_taken == readahead->tail_len;
}

static size_t take(const char *from, size_t len, size_t *taken, char *bytes,
                   size_t size)
{
    size_t n = len - *taken < size ? len - *taken : size;

    memcpy(bytes, from + *taken, n);
    *taken += n;
    return n;
}

static enum readahead_state take_now(struct readahead *r, char *bytes,
                                     size_t size, size_t *count)
{
    *count = read_now(r, bytes, size);
    if (*count == 0) {
        read_on(r);
        return READAHEAD_WAIT;
    }
    r->offset += (int64_t)*count;
    r->pending -= (int64_t)*count;
    return READAHEAD_BYTES;
}

enum readahead_state readahead_take(struct readahead *readahead, char *bytes,
                                    size_t size, size_t *count)
{
    struct readahead *r = readahead;
    struct block *b = &r->block[r->taking];

    if (r->pending == 0) {
        *count = take(r->tail, r->tail_len, &r->tail_taken, bytes, size);
        return *count ? READAHEAD_BYTES : READAHEAD_END;
    }
    if (!r->working && r->trouble)
        return READAHEAD_FAILED;
    if (!b->full)
        return take_now(r, bytes, size, count);
    *count = take(b->bytes, b->len, &b->taken, bytes, size);
    r->pending -= (int64_t)*count;
    if (b->taken == b->len) {
        b->full = false;
        r->taking = (r->taking + 1) % BLOCKS;
        read_ahead(r);
    }
    return READAHEAD_BYTES;
}

const char *readahead_trouble(const struct readahead *readahead)
{
    return !readahead->working && readahead->trouble ? readahead->trouble : "";
}
