#include "tests/bridge/fake_server.h"

#include "mapping/buffer.h"
#include "mapping/memory.h"

struct fake_connection {
    uv_tcp_t tcp;
    struct fake_server *server;
    struct fake_connection *next;
    struct buffer in;
    bool answered; /* what still comes is eaten */
    char bytes[65536];
};

struct write {
    uv_write_t request;
    struct fake_connection *connection;
    enum fake_after after;
    char *text;
};

static void must(int status)
{
    if (status >= 0)
        return;
    fprintf(stderr, "fake server: %s\n", uv_strerror(status));
    abort();
}

static void on_closed(uv_handle_t *handle)
{
    struct fake_connection *c = handle->data;

    buffer_release(&c->in);
    free(c);
}

static void disconnect(struct fake_connection *c, bool reset)
{
    struct fake_connection **link = &c->server->open;

    if (uv_is_closing((uv_handle_t *)&c->tcp))
        return;
    while (*link != c)
        link = &(*link)->next;
    *link = c->next;
    if (reset)
        must(uv_tcp_close_reset(&c->tcp, on_closed));
    else
        uv_close((uv_handle_t *)&c->tcp, on_closed);
}

static void on_shut(uv_shutdown_t *request, int status)
{
    (void)status;
    free(request);
}

static void finish(struct fake_connection *c, enum fake_after after)
{
    uv_shutdown_t *shutdown;

    switch (after) {
    case FAKE_KEEP: return;
    case FAKE_CLOSE:
    case FAKE_RESET: disconnect(c, after == FAKE_RESET); return;
    case FAKE_STUCK: (void)uv_read_stop((uv_stream_t *)&c->tcp); return;
    case FAKE_HALF: break;
    }
    c->answered = true;
    shutdown = memory_zero(1, sizeof *shutdown);
    must(uv_shutdown(shutdown, (uv_stream_t *)&c->tcp, on_shut));
}

static void on_written(uv_write_t *request, int status)
{
    struct write *w = request->data;

    (void)status;
    finish(w->connection, w->after);
    free(w->text);
    free(w);
}

static void answer(struct fake_connection *c, const struct fake_reply *reply)
{
    size_t len = reply->len || !reply->text ? reply->len : strlen(reply->text);
    struct write *w;
    uv_buf_t out;

    if (!reply->text) {
        finish(c, reply->after);
        return;
    }
    w = memory_zero(1, sizeof *w);
    w->connection = c;
    w->after = reply->after;
    w->text = memory_copy(reply->text, len);
    w->request.data = w;
    out = uv_buf_init(w->text, (unsigned)len);
    must(uv_write(&w->request, (uv_stream_t *)&c->tcp, &out, 1, on_written));
}

/* Bytes of the first whole request in the buffer; 0 if it is not whole. */
static size_t whole_request(const struct buffer *in)
{
    const char *end = strstr(buffer_text(in), "\r\n\r\n");
    const char *length = strcasestr(buffer_text(in), "\r\nContent-Length:");
    size_t size;

    if (!end)
        return 0;
    size = (size_t)(end - in->bytes) + 4;
    if (length && length < end)
        size += strtoul(length + 17, NULL, 10);
    return in->len >= size ? size : 0;
}

static int take_request(struct fake_connection *c, size_t size)
{
    struct fake_server *s = c->server;
    const char *end = strstr(c->in.bytes, "\r\n\r\n");

    if (s->count == FAKE_REQUESTS)
        abort();
    s->request[s->count] = memory_copy(c->in.bytes, size);
    s->size[s->count] = size;
    s->body_bytes += size - (size_t)(end + 4 - c->in.bytes);
    buffer_reset(&c->in);
    return s->count++;
}

static void answer_early(struct fake_connection *c)
{
    struct fake_server *s = c->server;
    const char *end = strstr(buffer_text(&c->in), "\r\n\r\n");
    struct fake_reply reply = {NULL};

    if (!end || !s->early ||
        !s->early(s, c->in.bytes, c->in.len - (size_t)(end + 4 - c->in.bytes),
                  &reply))
        return;
    (void)take_request(c, c->in.len);
    c->answered = true;
    answer(c, &reply);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct fake_connection *c = stream->data;
    struct fake_reply reply;
    size_t size;

    (void)buf;
    if (n < 0) {
        disconnect(c, false);
        return;
    }
    if (c->answered) {
        c->server->body_bytes += (size_t)n;
        return;
    }
    (void)buffer_add(&c->in, c->bytes, (size_t)n);
    size = whole_request(&c->in);
    if (!size) {
        answer_early(c);
        return;
    }
    reply = c->server->reply(c->server, take_request(c, size));
    answer(c, &reply);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct fake_connection *c = handle->data;

    (void)size;
    *buf = uv_buf_init(c->bytes, sizeof c->bytes);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct fake_server *s = listener->data;
    struct fake_connection *c = memory_zero(1, sizeof *c);

    must(status);
    c->server = s;
    c->tcp.data = c;
    must(uv_tcp_init(s->loop, &c->tcp));
    must(uv_accept(listener, (uv_stream_t *)&c->tcp));
    must(uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read));
    c->next = s->open;
    s->open = c;
    s->connections++;
}

void fake_server_start(struct fake_server *s, uv_loop_t *loop,
                       struct fake_reply (*reply)(struct fake_server *, int))
{
    struct sockaddr_in address;
    int len = sizeof address;

    memset(s, 0, sizeof *s);
    s->loop = loop;
    s->reply = reply;
    s->listener.data = s;
    must(uv_ip4_addr("127.0.0.1", 0, &address));
    must(uv_tcp_init(loop, &s->listener));
    must(uv_tcp_bind(&s->listener, (const struct sockaddr *)&address, 0));
    must(uv_listen((uv_stream_t *)&s->listener, 64, on_connection));
    must(uv_tcp_getsockname(&s->listener, (struct sockaddr *)&address, &len));
    s->port = ntohs(address.sin_port);
    (void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", s->port);
}

struct fake_reply fake_ok(struct fake_server *s, int number)
{
    (void)s;
    (void)number;
    return (struct fake_reply){.text = OK_TEXT};
}

struct fake_reply fake_silent(struct fake_server *s, int number)
{
    (void)s;
    (void)number;
    return (struct fake_reply){.text = NULL};
}

void fake_server_say(struct fake_server *s, const char *text, size_t len)
{
    struct fake_reply reply = {.text = text, .len = len};

    for (struct fake_connection *c = s->open; c; c = c->next)
        answer(c, &reply);
}

void fake_server_drop(struct fake_server *s)
{
    while (s->open)
        disconnect(s->open, false);
}

void fake_server_break(struct fake_server *s)
{
    while (s->open)
        disconnect(s->open, true);
}

void fake_server_stop(struct fake_server *s)
{
    fake_server_drop(s);
    if (!uv_is_closing((uv_handle_t *)&s->listener))
        uv_close((uv_handle_t *)&s->listener, NULL);
    for (int i = 0; i < s->count; i++)
        free(s->request[i]);
    s->count = 0;
}

bool fake_server_saw(const struct fake_server *s, int n, const char *text)
{
    return n < s->count && strstr(s->request[n], text) != NULL;
}
