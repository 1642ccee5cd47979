/* libcurl's multi interface on the uv loop.
 *
 * Several multi handles ("shards") with about 100 clients each, because
 * libcurl 7.88 walks all connections of a multi at the end of each transfer:
 * with 5,000 clients in one multi a poll costs 25 times as much. */
#include "bridge/http_internal.h"
#include "mapping/memory.h"

#include <unistd.h>
#include <uv.h>

#define SHARD_CLIENTS 100
/* One file on a network share that hangs holds one worker; look-ups of names
 * and other files need some, too. libuv's own default is 4. */
#define WORKERS "16"
/* Idle connections kept. libcurl's own default is 4 for each transfer that
 * runs, so that paced polling would reconnect every time. */
#define SHARD_CONNECTIONS (2L * SHARD_CLIENTS + 16)
/* Flights that wait for the next request: at least so many, or one for so many
 * printers. More at once are made anew each time; a thousand printers that
 * start together would leave 8 MB behind. */
#define SPARE_LEAST    64
#define SPARE_PRINTERS 4

struct http_shard {
    struct http *http;
    CURLM *multi;
    uv_timer_t timer;
    uv_idle_t turn; /* libcurl goes on in the next turn of the loop */
    bool timed;     /* libcurl is told that its time has come */
    int handles;    /* that the loop still holds */
    size_t clients;
    int running; /* transfers, as libcurl last counted them */
};

/* A socket of libcurl's on the loop. It outlives the transfer, and the socket:
 * a printer's connection is watched all the time, since to begin and end that
 * with each poll costs seven system calls. */
struct watcher {
    uv_poll_t poll;
    struct http_shard *shard; /* of the socket's connection */
    curl_socket_t fd;
    int wanted; /* events that libcurl waits for; 0 = none */
    /* An answer came through it: from then on libcurl tells before it closes
     * the socket. Sockets that never connected it closes without a word. */
    bool proven;
    struct buffer *rest; /* see http_shard_listen(); NULL */
};

struct http {
    uv_loop_t *loop;
    struct http_shard **shards;
    size_t count;
    struct watcher **watchers; /* by socket; NULL = never seen */
    size_t watcher_count;
    struct http_flight *spare; /* the last used first */
    size_t spare_count, spare_max;
};

static struct watcher *watcher_of(const struct http *http, curl_socket_t fd)
{
    return fd >= 0 && (size_t)fd < http->watcher_count ? http->watchers[fd]
                                                       : NULL;
}

static void prove(struct http *http, curl_socket_t fd)
{
    struct watcher *w = watcher_of(http, fd);

    if (w)
        w->proven = true;
}

/* Hand the finished transfers to their clients. A callback may start, abort
 * and free any client: nothing is kept across it. */
static void reap(struct http_shard *shard)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(shard->multi, &left))) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        struct http_flight *flight = NULL;

        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&flight);
        if (code == CURLE_OK)
            prove(shard->http, flight->fd);
        http_shard_stop(shard, easy);
        http_flight_ended(flight, code);
    }
}

static void act(struct http_shard *shard, curl_socket_t fd, int events)
{
    (void)curl_multi_socket_action(shard->multi, fd, events, &shard->running);
    reap(shard);
}

/* On an error libcurl is told nothing and looks for itself: told of an error,
 * it gives up without reading what it is, and a poll on a dead connection would
 * not be sent again. The loop stops watching then, but bytes that came before
 * the error may be left to read. What happens on an idle connection is the
 * server closing it; libcurl finds out before it uses it again. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watcher *w = poll->data;
    int flags = 0;

    if (!w->wanted) {
        (void)uv_poll_stop(poll);
        return;
    }
    if (status >= 0 && events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (status >= 0 && events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    act(w->shard, w->fd, flags);
    if (status < 0 && w->wanted)
        (void)uv_poll_start(poll, w->wanted, on_ready);
}

/* NULL when the loop cannot watch the socket; its request then times out. */
static struct watcher *watcher_new(struct http *http, curl_socket_t fd)
{
    struct watcher *w = memory_zero(1, sizeof *w);
    size_t i;

    w->fd = fd;
    w->poll.data = w;
    if (uv_poll_init_socket(http->loop, &w->poll, fd) < 0) {
        free(w);
        return NULL;
    }
    if ((size_t)fd >= http->watcher_count) {
        size_t count = (size_t)fd + 64;

        http->watchers =
            memory_grow(http->watchers, count, sizeof(struct watcher *));
        for (i = http->watcher_count; i < count; i++)
            http->watchers[i] = NULL;
        http->watcher_count = count;
    }
    http->watchers[fd] = w;
    return w;
}

/* libcurl wants nothing from the socket any more: it is idle, or going. */
static void relax(struct watcher *w)
{
    bool readable = w->wanted == UV_READABLE;

    w->wanted = 0;
    if (!w->proven || !readable)
        (void)uv_poll_stop(&w->poll);
}

static void wait_for(struct http_shard *shard, curl_socket_t fd, int wanted)
{
    struct watcher *w = watcher_of(shard->http, fd);
    bool watched;

    if (!w)
        w = watcher_new(shard->http, fd);
    if (!w)
        return;
    /* one that is idle is watched for what may be read */
    watched = uv_is_active((uv_handle_t *)&w->poll) &&
              wanted == (w->wanted ? w->wanted : UV_READABLE);
    w->shard = shard;
    w->wanted = wanted;
    if (!watched)
        (void)uv_poll_start(&w->poll, wanted, on_ready);
}

static void talk(struct http_flight *flight, curl_socket_t fd)
{
    flight->fd = fd;
    if (flight->streaming)
        http_streaming_on(flight, fd);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
                     void *assigned)
{
    static const int wanted[] = {
        [CURL_POLL_IN] = UV_READABLE,
        [CURL_POLL_OUT] = UV_WRITABLE,
        [CURL_POLL_INOUT] = UV_READABLE | UV_WRITABLE,
    };
    struct http_shard *shard = arg;
    struct watcher *w = watcher_of(shard->http, fd);
    struct http_flight *flight = NULL;

    (void)assigned;
    if (what == CURL_POLL_REMOVE) {
        if (w)
            relax(w);
    } else if (what >= CURL_POLL_IN && what <= CURL_POLL_INOUT) {
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&flight);
        wait_for(shard, fd, wanted[what]);
        if (flight)
            talk(flight, fd);
    }
    return 0;
}

/* The number may have belonged to a socket that is closed by now. */
static void forget_socket(struct http *http, curl_socket_t fd)
{
    struct watcher *w = watcher_of(http, fd);

    if (!w)
        return;
    w->proven = false;
    w->wanted = 0;
    w->rest = NULL;
    (void)uv_poll_stop(&w->poll);
}

void http_shard_opened(struct http_shard *shard, curl_socket_t fd)
{
    forget_socket(shard->http, fd);
}

struct http *http_shard_owner(const struct http_shard *shard)
{
    return shard->http;
}

void http_shard_listen(struct http_shard *shard, curl_socket_t fd,
                       struct buffer *rest)
{
    struct watcher *w = watcher_of(shard->http, fd);

    if (w)
        w->rest = rest;
}

void http_shard_leave_alone(struct http_shard *shard, curl_socket_t fd,
                            const struct buffer *rest)
{
    struct watcher *w = watcher_of(shard->http, fd);

    if (w && w->rest == rest)
        w->rest = NULL;
}

struct uv_loop_s *http_shard_loop(const struct http_shard *shard)
{
    return shard->http->loop;
}

/* A server that refuses a body and closes at once makes sending fail before
 * libcurl has read why. */
static void read_rest(curl_socket_t fd, struct buffer *rest)
{
    char bytes[4096];
    ssize_t n;

    while ((n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        if (!buffer_add(rest, bytes, (size_t)n))
            return;
}

int http_close_socket(void *http, curl_socket_t fd)
{
    struct watcher *w = watcher_of(http, fd);

    if (w && w->rest)
        read_rest(fd, w->rest);
    forget_socket(http, fd);
    return close(fd);
}

static void on_watcher_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void free_watchers(struct http *http)
{
    size_t i;

    for (i = 0; i < http->watcher_count; i++)
        if (http->watchers[i])
            uv_close((uv_handle_t *)&http->watchers[i]->poll,
                     on_watcher_closed);
    free(http->watchers);
}

static void time_out(struct http_shard *shard)
{
    shard->timed = true;
    act(shard, CURL_SOCKET_TIMEOUT, 0);
    shard->timed = false;
}

static void on_time(uv_timer_t *timer)
{
    time_out(timer->data);
}

static void on_turn(uv_idle_t *turn)
{
    (void)uv_idle_stop(turn);
    time_out(turn->data);
}

/* 0 goes through as 0: libcurl's published example makes it 1 ms, which is
 * 1 ms more for each request. But libuv runs a timer that is set to 0 by its
 * own callback again within the same turn, and a long answer would be read in
 * one go: that is left to the next turn. */
static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct http_shard *shard = arg;

    (void)multi;
    if (timeout_ms < 0)
        (void)uv_timer_stop(&shard->timer);
    else if (timeout_ms == 0 && shard->timed)
        (void)uv_idle_start(&shard->turn, on_turn);
    else
        (void)uv_timer_start(&shard->timer, on_time, (uint64_t)timeout_ms, 0);
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct http_shard *shard = handle->data;

    if (--shard->handles == 0)
        free(shard);
}

static CURLM *multi_new(struct http_shard *shard)
{
    CURLM *multi = curl_multi_init();
    bool ok =
        multi &&
        !curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) &&
        !curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, shard) &&
        !curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) &&
        !curl_multi_setopt(multi, CURLMOPT_TIMERDATA, shard) &&
        !curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, SHARD_CONNECTIONS) &&
        !curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);

    if (!ok) {
        fputs("printer2mqtt: libcurl cannot be set up\n", stderr);
        abort();
    }
    return multi;
}

static struct http_shard *shard_new(struct http *http)
{
    struct http_shard *shard = memory_zero(1, sizeof *shard);

    shard->http = http;
    (void)uv_timer_init(http->loop, &shard->timer);
    (void)uv_idle_init(http->loop, &shard->turn);
    shard->timer.data = shard->turn.data = shard;
    shard->handles = 2;
    shard->multi = multi_new(shard);
    http->shards =
        memory_grow(http->shards, http->count + 1, sizeof(struct http_shard *));
    http->shards[http->count++] = shard;
    return shard;
}

/* The shard itself goes when the loop has let go of its handles. */
static void shard_free(struct http_shard *shard)
{
    (void)curl_multi_cleanup(shard->multi);
    uv_close((uv_handle_t *)&shard->timer, on_closed);
    uv_close((uv_handle_t *)&shard->turn, on_closed);
}

struct http_shard *http_shard_join(struct http *http)
{
    struct http_shard *shard = http->shards[0];

    for (size_t i = 1; i < http->count; i++)
        if (http->shards[i]->clients < shard->clients)
            shard = http->shards[i];
    if (shard->clients >= SHARD_CLIENTS)
        shard = shard_new(http);
    shard->clients++;
    return shard;
}

void http_shard_leave(struct http_shard *shard)
{
    shard->clients--;
}

/* libcurl would begin with its next time-out, one turn of the loop later. What
 * ends at once is reaped then. */
void http_shard_start(struct http_shard *shard, CURL *easy)
{
    int wanted = shard->running + 1;

    if (curl_multi_add_handle(shard->multi, easy) != CURLM_OK) {
        fputs("printer2mqtt: libcurl refuses a transfer\n", stderr);
        abort();
    }
    (void)curl_multi_socket_action(shard->multi, CURL_SOCKET_TIMEOUT, 0,
                                   &shard->running);
    if (shard->running < wanted)
        (void)uv_timer_start(&shard->timer, on_time, 0, 0);
}

void http_shard_stop(struct http_shard *shard, CURL *easy)
{
    (void)curl_multi_remove_handle(shard->multi, easy);
}

/* libcurl has no way back from a file of certificates to the system's. */
static bool trusts_alike(const struct http_flight *flight,
                         const struct http_client *client)
{
    return flight->insecure == client->insecure &&
           !flight->ca_file == !client->ca_file &&
           (!flight->ca_file || !strcmp(flight->ca_file, client->ca_file));
}

struct http_flight *http_spare(struct http *http,
                               const struct http_client *client)
{
    struct http_flight **at = &http->spare;
    struct http_flight *flight;

    while (*at && !trusts_alike(*at, client))
        at = &(*at)->next;
    flight = *at;
    if (!flight)
        return NULL;
    *at = flight->next;
    http->spare_count--;
    return flight;
}

static void drop_spare(struct http *http, struct http_flight **at)
{
    struct http_flight *flight = *at;

    *at = flight->next;
    http->spare_count--;
    http_flight_free(flight);
}

void http_keep(struct http *http, struct http_flight *flight)
{
    struct http_flight **last = &http->spare;

    flight->next = http->spare;
    http->spare = flight;
    if (++http->spare_count <= http->spare_max)
        return;
    while ((*last)->next)
        last = &(*last)->next;
    drop_spare(http, last);
}

int64_t http_now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

struct http *http_new(struct uv_loop_s *loop, size_t printers)
{
    static bool initialised;
    struct http *http = memory_zero(1, sizeof *http);

    if (!initialised && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        fputs("printer2mqtt: libcurl cannot be started\n", stderr);
        abort();
    }
    initialised = true;
    (void)setenv("UV_THREADPOOL_SIZE", WORKERS, 0);
    http->loop = loop;
    http->spare_max = printers / SPARE_PRINTERS;
    if (http->spare_max < SPARE_LEAST)
        http->spare_max = SPARE_LEAST;
    do
        (void)shard_new(http);
    while (http->count * SHARD_CLIENTS < printers);
    return http;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    while (http->spare)
        drop_spare(http, &http->spare);
    for (size_t i = 0; i < http->count; i++)
        shard_free(http->shards[i]);
    free_watchers(http);
    free(http->shards);
    free(http);
}
