#include "tests/bridge/fake_broker.h"

#include <netinet/in.h>

/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "mapping/memory.h"

#define INPUT_MAX ((size_t)1 << 20)

struct fake_peer {
    uv_tcp_t stream;
    struct fake_broker *broker;
    struct fake_peer *next;
    unsigned char *input;
    size_t filled;
};

struct output {
    uv_write_t request;
    char bytes[];
};

static void on_closed(uv_handle_t *handle)
{
    struct fake_peer *peer = handle->data;
    free(peer->input);
    free(peer);
}

void fake_close(struct fake_peer *peer)
{
    struct fake_peer **at = &peer->broker->peers;
    while (*at != NULL && *at != peer)
        at = &(*at)->next;
    if (*at == NULL)
        return;
    *at = peer->next;
    uv_close((uv_handle_t *)&peer->stream, on_closed);
}

static void on_written(uv_write_t *request, int status)
{
    (void)status;
    free(request);
}

void fake_send(struct fake_peer *peer, const void *bytes, size_t len)
{
    struct output *out = memory_zero(1, sizeof *out + len);
    memcpy(out->bytes, bytes, len);
    uv_buf_t buffer = uv_buf_init(out->bytes, (unsigned)len);
    if (uv_write(&out->request, (uv_stream_t *)&peer->stream, &buffer, 1,
                 on_written) != 0)
        free(out);
}

void fake_connack(struct fake_peer *peer, int level)
{
    if (level == 5)
        fake_send(peer, "\x20\x03\x00\x00\x00", 5);
    else
        fake_send(peer, "\x20\x02\x00\x00", 4);
}

int fake_level(const unsigned char *body)
{
    return body[6];
}

void fake_freeze(struct fake_peer *peer)
{
    (void)uv_read_stop((uv_stream_t *)&peer->stream);
}

struct fake_peer *fake_last(struct fake_broker *b)
{
    return b->peers;
}

/* The length of the packet at the head of input, 0 if it is not all there. */
static size_t packet_length(const struct fake_peer *peer, size_t *header)
{
    size_t length = 0, shift = 0;
    for (size_t i = 1; i < peer->filled && i < 5; i++, shift += 7) {
        length |= (size_t)(peer->input[i] & 127) << shift;
        if ((peer->input[i] & 128) == 0) {
            *header = i + 1;
            return peer->filled >= i + 1 + length ? i + 1 + length : 0;
        }
    }
    return 0;
}

static void note(struct fake_broker *b, int type, const unsigned char *body)
{
    int number = b->count[type]++;
    if (type == FAKE_CONNECT && number < 16)
        b->levels[number] = fake_level(body);
}

static void cut(struct fake_peer *peer)
{
    struct fake_broker *b = peer->broker;
    size_t header = 0, length;
    while (peer->filled >= 2 && !uv_is_closing((uv_handle_t *)&peer->stream) &&
           (length = packet_length(peer, &header)) > 0) {
        int type = peer->input[0] >> 4;
        note(b, type, peer->input + header);
        if (b->packet != NULL)
            b->packet(b, peer, type, peer->input + header, length - header);
        peer->filled -= length;
        memmove(peer->input, peer->input + length, peer->filled);
    }
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
    (void)wanted;
    struct fake_peer *peer = handle->data;
    *buffer = uv_buf_init((char *)peer->input + peer->filled,
                          (unsigned)(INPUT_MAX - peer->filled));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    (void)buffer;
    struct fake_peer *peer = stream->data;
    if (len < 0) {
        fake_close(peer);
        return;
    }
    peer->filled += (size_t)len;
    cut(peer);
}

static void on_connection(uv_stream_t *listener, int status)
{
    assert_int_equal(status, 0);
    struct fake_broker *b = listener->data;
    struct fake_peer *peer = memory_zero(1, sizeof *peer);
    peer->broker = b;
    peer->input = memory_zero(INPUT_MAX, 1);
    peer->stream.data = peer;
    assert_int_equal(uv_tcp_init(listener->loop, &peer->stream), 0);
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&peer->stream), 0);
    peer->next = b->peers;
    b->peers = peer;
    b->connections++;
    (void)uv_read_start((uv_stream_t *)&peer->stream, on_room, on_read);
    if (b->accepted != NULL)
        b->accepted(b, peer);
}

void fake_broker_start(struct fake_broker *b, uv_loop_t *loop)
{
    struct sockaddr_in address;
    int size = sizeof address;
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
    assert_int_equal(uv_tcp_init(loop, &b->listener), 0);
    b->listener.data = b;
    assert_int_equal(uv_tcp_bind(&b->listener, (struct sockaddr *)&address, 0),
                     0);
    assert_int_equal(uv_listen((uv_stream_t *)&b->listener, 8, on_connection),
                     0);
    assert_int_equal(
        uv_tcp_getsockname(&b->listener, (struct sockaddr *)&address, &size),
        0);
    b->port = ntohs(address.sin_port);
}

void fake_broker_stop(struct fake_broker *b)
{
    while (b->peers != NULL)
        fake_close(b->peers);
    if (!uv_is_closing((uv_handle_t *)&b->listener))
        uv_close((uv_handle_t *)&b->listener, NULL);
}
