/* Printers that take uploads as fast as a machine can: bodies are counted and
 * thrown away without being looked at, so that what is measured is who sends.
 * A printer is an address 127.1.x.y, as in load.c.
 *
 *   bench_sink --port P [--printers N] [--files N] [--rate MB/S]
 *
 * Their folder /usb/PARTS has --files files; all of them together take bodies
 * no faster than --rate. Commands on the standard input,
 * each answered with one line of JSON: "stats" tells the requests and uploads
 * since "reset"; "stale" makes every login that was given out worthless; its
 * end ends the program. */
#include "mapping/buffer.h"
#include "mapping/memory.h"
#include "tests/bench/crowd.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX 4096
#define NONCE_US 300000000
#define DISCARD  (1U << 20) /* bytes of a body before others have their turn */
#define FILES    "/api/v1/files/"
#define FOLDER   FILES "usb/PARTS"

struct connection {
    struct guest guest;
    int number;
    size_t len; /* of the head so far */
    char head[HEAD_MAX + 1];
    int64_t left;     /* bytes of a body that are still to come */
    int64_t size;     /* of that body */
    int64_t began_us; /* its request */
    bool refused;
};

static void came(struct guest *guest);
static void serve(struct guest *guest);

static struct crowd crowd = {
    .printers = 1,
    .guest_size = sizeof(struct connection),
    .came = came,
    .ready = serve,
};

static struct {
    int files;
    int rate; /* bytes per us; 0 = as fast as it goes */
    int connections;
    int64_t bytes; /* of all bodies */
    struct buffer listing, requests, uploads;
} sink;

/* ---- documents ---- */

static void add_file(struct buffer *out, int i)
{
    (void)buffer_format(
        out,
        "%s{\"name\":\"PA%06X.BGC\",\"ro\":false,\"type\":\"PRINT_FILE\","
        "\"m_timestamp\":%d,\"refs\":{\"icon\":\"/thumb/s/usb/PARTS/PA%06X.BGC"
        "\",\"thumbnail\":\"/thumb/l/usb/PARTS/PA%06X.BGC\",\"download\":"
        "\"/usb/PARTS/PA%06X.BGC\"},\"display_name\":\"Part number %d of the "
        "box 0.4n 0.2mm PLA MK4S 1h7m.bgcode\"}",
        i ? "," : "", i, 1700000000 + (int)((unsigned)i * 7919 % 99991), i, i,
        i, i);
}

static void make_listing(void)
{
    struct buffer *out = &sink.listing;
    int i;

    (void)buffer_text_add(out,
                          "{\"type\":\"FOLDER\",\"ro\":false,\"m_timestamp\":"
                          "1700000000,\"name\":\"PARTS\",\"children\":[");
    for (i = 0; i < sink.files; i++)
        add_file(out, i);
    (void)buffer_text_add(out, "]}");
}

static const char root[] =
    "{\"type\":\"FOLDER\",\"ro\":false,\"name\":\"usb\",\"children\":[{"
    "\"name\":\"PARTS\",\"ro\":false,\"type\":\"FOLDER\",\"m_timestamp\":"
    "1700000000,\"display_name\":\"Parts\"}]}";

/* ---- answers ---- */

/* Waits when the other side is slow: who asks for listings is alone here. */
static void put(struct connection *c, const char *bytes, size_t len)
{
    struct pollfd fd = {.fd = c->guest.fd, .events = POLLOUT};

    while (len > 0) {
        ssize_t n = send(c->guest.fd, bytes, len, MSG_NOSIGNAL);

        if (n < 0 && (errno != EAGAIN || poll(&fd, 1, 5000) <= 0))
            return;
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
}

static void put_document(struct connection *c, const char *text, size_t len)
{
    char head[128];
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     len);

    put(c, head, (size_t)n);
    put(c, text, len);
}

static void note_request(const struct connection *c, int status)
{
    size_t method = strcspn(c->head, " ");
    size_t target = strcspn(c->head + method + 1, " ");

    (void)buffer_format(&sink.requests, "%s[%d,\"%.*s\",%d]",
                        sink.requests.len ? "," : "", c->number,
                        (int)(method + 1 + target), c->head, status);
}

/* The whole body is here. */
static void stored(struct connection *c)
{
    static const char created[] =
        "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";

    if (!c->refused)
        put(c, created, sizeof created - 1);
    (void)buffer_format(&sink.uploads, "%s[%d,%d,%lld,%lld]",
                        sink.uploads.len ? "," : "", c->guest.far->index,
                        c->refused ? 401 : 201, (long long)c->size,
                        (long long)(clock_us() - c->began_us));
}

static bool asks(const char *head, const char *start)
{
    return strncmp(head, start, strlen(start)) == 0;
}

/* To a request whose head is whole. */
static void answer(struct connection *c)
{
    const char *length = strcasestr(c->head, "\r\nContent-Length: ");
    char out[ANSWER_MAX];
    size_t len = 0;
    enum asked asked = answers_make(c->guest.far, c->head, out, &len);

    c->refused = asked == ASKED_REFUSED;
    c->began_us = clock_us();
    c->size = length ? strtoll(length + 18, NULL, 10) : 0;
    c->left = c->size;
    if (!c->refused && asks(c->head, "PUT " FILES)) {
        note_request(c, 201);
        if (c->left == 0)
            stored(c);
    } else if (!c->refused && asks(c->head, "GET " FOLDER " ")) {
        note_request(c, 200);
        put_document(c, buffer_text(&sink.listing), sink.listing.len);
    } else if (!c->refused && asks(c->head, "GET " FILES "usb ")) {
        note_request(c, 200);
        put_document(c, root, sizeof root - 1);
    } else {
        note_request(c, (int)strtol(out + 9, NULL, 10));
        put(c, out, len);
    }
}

/* ---- connections ---- */

static void came(struct guest *guest)
{
    ((struct connection *)guest)->number = ++sink.connections;
    if (!guest->far)
        guest->far = &crowd.fars[0];
}

/* Nobody else needs the thread meanwhile. */
static void pace(int64_t bytes)
{
    static int64_t due_us;
    int64_t now = clock_us();

    if (!sink.rate)
        return;
    due_us = (due_us > now ? due_us : now) + bytes / sink.rate;
    (void)usleep((useconds_t)(due_us - now));
}

static void count_body(struct connection *c, int64_t n)
{
    pace(n);
    sink.bytes += n;
    c->left -= n;
    if (c->left == 0)
        stored(c);
}

/* What came of a head, and of what follows it. */
static void take_head(struct connection *c)
{
    char *end;
    size_t used, body;

    while (c->left == 0 && (end = strstr(c->head, "\r\n\r\n"))) {
        used = (size_t)(end + 4 - c->head);
        end[2] = '\0';
        answer(c);
        body = c->len - used;
        if ((int64_t)body > c->left)
            body = (size_t)c->left;
        if (body > 0)
            count_body(c, (int64_t)body);
        c->len -= used + body;
        memmove(c->head, c->head + used + body, c->len + 1);
    }
}

/* The kernel throws bytes of a body away without a copy. */
static void serve(struct guest *guest)
{
    struct connection *c = (struct connection *)guest;
    bool body = c->left > 0;
    size_t room = body ? DISCARD : HEAD_MAX - c->len;
    ssize_t n;

    if (body && c->left < (int64_t)room)
        room = (size_t)c->left;
    n = recv(guest->fd, body ? NULL : c->head + c->len, room,
             body ? MSG_TRUNC : 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            guest_part(guest);
    } else if (body) {
        count_body(c, n);
    } else {
        c->len += (size_t)n;
        c->head[c->len] = '\0';
        take_head(c);
    }
}

/* ---- commands ---- */

static void print_stats(void)
{
    printf("{\"connections\":%d,\"bytes\":%lld,\"requests\":[%s],"
           "\"uploads\":[%s]}\n",
           sink.connections, (long long)sink.bytes, buffer_text(&sink.requests),
           buffer_text(&sink.uploads));
}

static void reset(void)
{
    sink.connections = 0;
    sink.bytes = 0;
    buffer_release(&sink.requests);
    buffer_release(&sink.uploads);
    puts("{}");
}

static void make_stale(void)
{
    int i;

    for (i = 0; i < crowd.printers; i++)
        crowd.fars[i].nonce_us = 0;
    puts("{}");
}

static const struct command commands[] = {
    {"stats", print_stats},
    {"reset", reset},
    {"stale", make_stale},
    {NULL, NULL},
};

/* ---- the program ---- */

int main(int argc, char **argv)
{
    const struct setting settings[] = {
        {.name = "--port", .number = &crowd.port},
        {.name = "--printers", .number = &crowd.printers},
        {.name = "--files", .number = &sink.files},
        {.name = "--rate", .number = &sink.rate},
        {.name = NULL},
    };

    settings_read(argc, argv, settings);
    crowd.commands = commands;
    answers_init(NONCE_US);
    make_listing();
    crowd_open(&crowd);
    reset();
    (void)fflush(stdout);
    crowd_serve(&crowd);
}
