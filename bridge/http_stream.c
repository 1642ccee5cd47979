/* Long bodies and long answers: what makes a client's request a stream.
 *
 * Time is limited by what moves. For a body that is what has reached the other
 * machine: what only lies in this machine's socket may be megabytes and still
 * take minutes. */
#include "bridge/http_internal.h"
#include "bridge/readahead.h"
#include "mapping/memory.h"

#include <linux/sockios.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <uv.h>

#define STALL_MS       30000
#define LAST_WORDS_MAX ((size_t)16 << 10)
#define SINK_BYTES     65536L /* of libcurl's buffer */

struct streaming {
    uv_timer_t timer;
    struct http_flight *flight;
    struct readahead *source; /* NULL: a small body */
    bool paused;              /* libcurl waits for the source */
    bool starved;             /* and all that came from it has arrived */
    http_sink *sink;
    void *arg;
    size_t take_max; /* for the sink; 0 = no limit */
    enum http_more more;
    bool held;                 /* the sink said "later" */
    int64_t received, reached; /* body bytes */
    int64_t stall_ms;
    int64_t moved, moved_ms;  /* how much had moved when last it did */
    int64_t limit_ms, end_ms; /* 0 = none */
    bool stalled, late, too_big, encoded;
    CURLcode resumed; /* what came of going on */
    curl_socket_t fd;
    struct buffer last_words;
};

/* ---- what moves ---- */

/* Over TLS the socket holds a little more than the body; 0 then for long. */
static int64_t unsent(const struct streaming *s)
{
    int bytes = 0;

    if (s->fd == CURL_SOCKET_BAD || ioctl(s->fd, SIOCOUTQ, &bytes) < 0)
        return 0;
    return bytes;
}

static int64_t handed_over(const struct http_flight *f)
{
    curl_off_t bytes = 0;

    (void)curl_easy_getinfo(f->easy, CURLINFO_SIZE_UPLOAD_T, &bytes);
    return bytes;
}

static void look(struct streaming *s)
{
    int64_t now_ms = http_now_ms(), bytes, waiting;

    if (s->source) {
        waiting = unsent(s);
        bytes = handed_over(s->flight) - waiting;
        s->starved = s->paused && waiting == 0;
        if (bytes > s->reached)
            s->reached = bytes;
    }
    bytes = s->reached + s->received + (int64_t)s->flight->header_bytes;
    if (bytes != s->moved || s->held) {
        s->moved = bytes;
        s->moved_ms = now_ms;
    } else if (now_ms - s->moved_ms >= s->stall_ms) {
        s->stalled = true;
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct streaming *s = timer->data;
    struct http_flight *f = s->flight;

    if (!s->resumed) {
        look(s);
        s->late = s->end_ms && http_now_ms() >= s->end_ms;
        if (!s->stalled && !s->late)
            return;
    }
    http_shard_stop(f->client->shard, f->easy);
    http_flight_ended(f, s->resumed ? s->resumed : CURLE_OPERATION_TIMEDOUT);
}

struct http_progress http_progress(const struct http_client *client)
{
    struct http_flight *flight = client->flight;
    struct streaming *s = flight ? flight->streaming : NULL;
    struct http_progress progress = {.receive_total = -1};
    curl_off_t length = -1;

    if (!s)
        return (struct http_progress){.sent = 0};
    look(s);
    s->stalled = false; /* for the timer to say */
    progress.sent = s->reached;
    progress.received = s->received;
    if (s->source)
        progress.send_total = readahead_total(s->source);
    if (curl_easy_getinfo(flight->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                          &length) == CURLE_OK)
        progress.receive_total = length;
    return progress;
}

/* ---- the body ---- */

static void on_source(void *arg)
{
    struct streaming *s = arg;

    if (!s->paused)
        return;
    s->paused = false;
    (void)curl_easy_pause(s->flight->easy, CURLPAUSE_CONT);
}

static size_t on_read(char *bytes, size_t size, size_t count, void *arg)
{
    struct streaming *s = arg;
    size_t n = 0;

    switch (readahead_take(s->source, bytes, size * count, &n)) {
    case READAHEAD_BYTES: return n;
    case READAHEAD_END: return 0;
    case READAHEAD_FAILED: return CURL_READFUNC_ABORT;
    case READAHEAD_WAIT: break;
    }
    s->paused = true;
    return CURL_READFUNC_PAUSE;
}

static void send_file(struct streaming *s, const struct http_file *file)
{
    CURL *easy = s->flight->easy;
    unsigned bad = 0;

    s->source = readahead_new(http_shard_loop(s->flight->client->shard), file,
                              on_source, s);
    s->flight->plain = false;
    bad |= curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
                            http_method_name(s->flight->method));
    bad |= curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                            (curl_off_t)readahead_total(s->source));
    bad |= curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    bad |= curl_easy_setopt(easy, CURLOPT_READDATA, s);
    http_must_be_set(bad);
}

bool http_streaming_begun(const struct http_flight *flight)
{
    const struct streaming *s = flight->streaming;

    return s && s->source && readahead_is_begun(s->source);
}

bool http_streaming_sent_all(const struct http_flight *flight)
{
    const struct streaming *s = flight->streaming;

    return !s || !s->source || readahead_is_taken(s->source);
}

/* ---- the answer ---- */

static bool is_success(const struct http_flight *f)
{
    long status = 0;

    (void)curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

/* What a server compressed without being asked would be stored as it is. */
static bool is_encoded(const struct http_flight *f)
{
    struct curl_header *header;

    return curl_easy_header(f->easy, "Content-Encoding", 0, CURLH_HEADER, -1,
                            &header) == CURLHE_OK &&
           strcasecmp(header->value, "identity") != 0;
}

size_t http_streaming_take(struct http_flight *flight, const char *bytes,
                           size_t len)
{
    struct streaming *s = flight->streaming;
    size_t room = s->take_max ? s->take_max - (size_t)s->received : len;

    if (!s->sink || !is_success(flight)) {
        s->received += (int64_t)len;
        return buffer_add(&flight->answer, bytes, len) ? len : 0;
    }
    s->too_big = s->too_big || len > room;
    s->encoded = s->encoded || (s->received == 0 && is_encoded(flight));
    if (s->too_big || s->encoded || s->resumed)
        return 0;
    s->more = s->sink(s->arg, bytes, len);
    s->held = s->more == HTTP_LATER;
    if (s->held)
        return CURL_WRITEFUNC_PAUSE;
    s->received += (int64_t)len;
    return s->more == HTTP_MORE ? len : 0;
}

/* libcurl 7.88 hands over here what it had kept, and only tells us when the
 * sink wants no more of it: the transfer would go on with a piece left out. */
void http_resume(struct http_client *client)
{
    struct http_flight *flight = client->flight;
    struct streaming *s = flight ? flight->streaming : NULL;

    if (!s || !s->held)
        return;
    s->held = false;
    s->resumed = curl_easy_pause(flight->easy, CURLPAUSE_CONT);
    if (s->resumed)
        (void)uv_timer_start(&s->timer, on_timer, 0, 0);
}

/* ---- how it ends ---- */

void http_streaming_on(struct http_flight *flight, curl_socket_t fd)
{
    struct streaming *s = flight->streaming;

    if (s->fd == fd || !s->source)
        return;
    s->fd = fd;
    http_shard_listen(flight->client->shard, fd, &s->last_words);
}

static void explain_late(const struct streaming *s, struct http_answer *answer)
{
    char text[32];

    (void)http_span(s->limit_ms, text);
    http_reason(answer, HTTP_TIMEOUT, "too slow: not done in %s", text);
}

static void explain_stall(const struct streaming *s, struct http_answer *answer)
{
    char text[32];

    (void)http_span(s->stall_ms, text);
    if (s->starved)
        http_reason(answer, HTTP_LOCAL, "the file could not be read for %s",
                    text);
    else if (s->source && s->reached < readahead_total(s->source))
        http_reason(answer, HTTP_TIMEOUT,
                    "stuck: nothing was taken for %s, after %lld of %lld bytes",
                    text, (long long)s->reached,
                    (long long)readahead_total(s->source));
    else
        http_reason(answer, HTTP_TIMEOUT, "stuck: nothing came for %s", text);
}

bool http_streaming_explain(const struct http_flight *flight, CURLcode code,
                            struct http_answer *answer)
{
    const struct streaming *s = flight->streaming;
    long status = 0;

    if (!s || code == CURLE_OK)
        return false;
    if (s->source && *readahead_trouble(s->source)) {
        http_reason(answer, HTTP_LOCAL, "%s", readahead_trouble(s->source));
    } else if (s->stalled) {
        explain_stall(s, answer);
    } else if (s->late) {
        explain_late(s, answer);
    } else if (s->too_big) {
        http_reason(answer, HTTP_TOO_BIG, "the answer is over %zu bytes",
                    s->take_max);
    } else if (s->encoded) {
        http_reason(answer, HTTP_BROKEN,
                    "the answer is compressed, which was not asked for");
    } else if (s->more == HTTP_STOP) {
        http_reason(answer, HTTP_LOCAL, "the answer could not be stored");
    } else if (s->more == HTTP_ENOUGH) {
        (void)curl_easy_getinfo(flight->easy, CURLINFO_RESPONSE_CODE, &status);
        answer->status = (int)status;
        answer->enough = true;
        http_reason(answer, HTTP_ANSWERED, "HTTP %ld", status);
    } else {
        return false;
    }
    return true;
}

/* "HTTP/1.1 409 Conflict"; 0 = something else. */
static int status_of(const char *text, size_t len)
{
    int status = 0;

    if (len < 12 || memcmp(text, "HTTP/1.", 7) != 0 || text[8] != ' ')
        return 0;
    for (int i = 9; i < 12; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        status = 10 * status + (text[i] - '0');
    }
    return status;
}

int http_streaming_last_words(struct http_flight *flight)
{
    struct streaming *s = flight->streaming;
    const char *at, *end, *line_end;
    int status;

    if (!s || !s->source)
        return 0;
    at = buffer_text(&s->last_words);
    end = at + s->last_words.len;
    status = status_of(at, s->last_words.len);
    if (status < 300)
        return 0;
    while (at < end && (line_end = memchr(at, '\n', (size_t)(end - at)))) {
        size_t len = (size_t)(line_end - at);

        if (len == 0 || (len == 1 && *at == '\r')) {
            at = line_end + 1;
            (void)buffer_add(&flight->answer, at, (size_t)(end - at));
            break;
        }
        http_take_header(flight, at, len);
        at = line_end + 1;
    }
    return status;
}

/* ---- begin and end ---- */

void http_streaming_begin(struct http_flight *flight,
                          const struct http_stream *stream, size_t answer_max)
{
    struct streaming *s = memory_zero(1, sizeof *s);
    int64_t step;

    s->flight = flight;
    s->fd = CURL_SOCKET_BAD;
    s->sink = stream->sink;
    s->arg = stream->arg;
    s->take_max = answer_max;
    s->stall_ms = stream->stall_ms > 0 ? stream->stall_ms : STALL_MS;
    s->moved_ms = http_now_ms();
    s->limit_ms = stream->limit_ms;
    s->end_ms = s->limit_ms > 0 ? s->moved_ms + s->limit_ms : 0;
    buffer_init(&s->last_words, LAST_WORDS_MAX);
    flight->streaming = s;
    if (stream->file)
        send_file(s, stream->file);
    if (s->sink) {
        flight->buffer_other = true;
        http_must_be_set(
            curl_easy_setopt(flight->easy, CURLOPT_BUFFERSIZE, SINK_BYTES));
    }
    s->timer.data = s;
    (void)uv_timer_init(http_shard_loop(flight->client->shard), &s->timer);
    step = s->end_ms && s->limit_ms < s->stall_ms ? s->limit_ms : s->stall_ms;
    step = step / 8 + 1;
    (void)uv_timer_start(&s->timer, on_timer, (uint64_t)step, (uint64_t)step);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void http_streaming_end(struct http_flight *flight)
{
    struct streaming *s = flight->streaming;
    unsigned bad = 0;

    if (!s)
        return;
    flight->streaming = NULL;
    http_shard_leave_alone(flight->client->shard, s->fd, &s->last_words);
    bad |= curl_easy_setopt(flight->easy, CURLOPT_UPLOAD, 0L);
    bad |= curl_easy_setopt(flight->easy, CURLOPT_READFUNCTION, NULL);
    bad |= curl_easy_setopt(flight->easy, CURLOPT_READDATA, NULL);
    http_must_be_set(bad);
    readahead_free(s->source);
    buffer_release(&s->last_words);
    uv_close((uv_handle_t *)&s->timer, on_closed);
}
