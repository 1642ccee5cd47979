/* The floor: poll, parse, diff and publish over raw sockets, with nothing that
 * a program for people needs. No library but MD5, no deadbands, no orders, no
 * errors: what breaks ends it. What the bridge costs is told as a multiple.
 *
 *   bench_floor --port P --broker P [--printers N] */
#include "mapping/memory.h"
#include "tests/bench/crowd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LEAVES_MAX  64
#define TEXT_MAX    24
#define PATH_LEN    128
#define INTERVAL_US 1000000
#define TARGET      "/api/v1/status"

struct leaf {
    bool known;
    char text[TEXT_MAX]; /* numbers too, as they were written */
};

struct poller {
    int index, fd;
    char nonce[40];
    struct leaf leaves[LEAVES_MAX];
};

static struct {
    int port, broker, printers;
    int mqtt, epoll;
    struct poller *pollers;
    char ha1[33], ha2[33];
    char out[8192]; /* packets of one poll */
    size_t out_len;
} f = {.printers = 1};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(1);
}

/* ---- publish ---- */

static void publish(int printer, const char *path, const char *value,
                    size_t value_len)
{
    char topic[PATH_LEN + 40];
    int n = snprintf(topic, sizeof topic, "floor/p%d/%s", printer, path);
    size_t topic_len = (size_t)n, len = 2 + topic_len + value_len;
    char *at = f.out + f.out_len;

    must(f.out_len + len + 4 < sizeof f.out, "packets");
    *at++ = 0x31;
    if (len > 127)
        *at++ = (char)(len % 128 | 128);
    *at++ = (char)(len > 127 ? len / 128 : len);
    *at++ = (char)(topic_len >> 8);
    *at++ = (char)topic_len;
    memcpy(at, topic, topic_len);
    memcpy(at + topic_len, value, value_len);
    f.out_len = (size_t)(at + topic_len + value_len - f.out);
}

/* ---- parse and diff ---- */

struct walk {
    struct poller *p;
    const char *at;
    int leaf;
    char path[PATH_LEN];
};

static void tell(struct walk *w, struct leaf *leaf)
{
    const char *start = w->at + (*w->at == '"');
    size_t len = strcspn(start, "\",}");

    w->at = start + len + (*w->at == '"');
    if (len >= TEXT_MAX)
        len = TEXT_MAX - 1;
    if (leaf->known && strncmp(leaf->text, start, len) == 0 && !leaf->text[len])
        return;
    leaf->known = true;
    memcpy(leaf->text, start, len);
    leaf->text[len] = '\0';
    publish(w->p->index, w->path, start, len);
}

static void walk_value(struct walk *w, size_t path_len);

static void walk_object(struct walk *w, size_t path_len)
{
    size_t len;

    for (w->at++; *w->at && *w->at != '}'; w->at += *w->at == ',') {
        len = strcspn(++w->at, "\"");
        must(path_len + len + 2 < PATH_LEN, "path");
        w->path[path_len] = '/';
        memcpy(w->path + path_len + (path_len > 0), w->at, len);
        w->at += len + 2;
        len += path_len + (path_len > 0);
        w->path[len] = '\0';
        walk_value(w, len);
    }
    w->at++;
}

static void walk_value(struct walk *w, size_t path_len)
{
    if (*w->at == '{') {
        walk_object(w, path_len);
        return;
    }
    must(w->leaf < LEAVES_MAX, "fields");
    tell(w, &w->p->leaves[w->leaf++]);
}

static void take_status(struct poller *p, const char *body)
{
    struct walk w = {.p = p, .at = body};

    f.out_len = 0;
    walk_value(&w, 0);
    if (f.out_len)
        must(write(f.mqtt, f.out, f.out_len) == (ssize_t)f.out_len, "MQTT");
}

/* ---- poll ---- */

static void md5(const char *text, char hex[33])
{
    static const char digits[] = "0123456789abcdef";
    static EVP_MD *method;
    static EVP_MD_CTX *context;
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0, i;

    if (!context) {
        method = EVP_MD_fetch(NULL, "MD5", NULL);
        context = EVP_MD_CTX_new();
    }
    (void)EVP_DigestInit_ex(context, method, NULL);
    (void)EVP_DigestUpdate(context, text, strlen(text));
    (void)EVP_DigestFinal_ex(context, bytes, &len);
    for (i = 0; i < len; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * len] = '\0';
}

static void ask(struct poller *p)
{
    char text[200], response[33], request[600];
    int len;

    (void)snprintf(text, sizeof text, "%s:%s:%s", f.ha1, p->nonce, f.ha2);
    md5(text, response);
    len = snprintf(request, sizeof request,
                   "GET " TARGET " HTTP/1.1\r\nHost: p%d\r\n"
                   "Authorization: Digest username=\"maker\", "
                   "realm=\"Printer API\", nonce=\"%s\", uri=\"" TARGET "\", "
                   "response=\"%s\"\r\n\r\n",
                   p->index, p->nonce, response);
    must(write(p->fd, request, (size_t)len) == len, "request");
}

static void take_answer(struct poller *p)
{
    char answer[ANSWER_MAX + 1];
    ssize_t n = read(p->fd, answer, ANSWER_MAX);
    const char *body, *nonce;

    must(n > 0, "answer");
    answer[n] = '\0';
    body = strstr(answer, "\r\n\r\n");
    nonce = strstr(answer, "nonce=\"");
    if (strncmp(answer, "HTTP/1.1 401", 12) == 0 && nonce) {
        (void)snprintf(p->nonce, sizeof p->nonce, "%.16s", nonce + 7);
        ask(p);
    } else if (body) {
        take_status(p, body + 4);
    }
}

/* ---- the program ---- */

static int connect_to(uint32_t host, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(host)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    must(connect(fd, (struct sockaddr *)&address, sizeof address) == 0,
         "connect");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void open_broker(void)
{
    static const char hello[] = "\x10\x11\0\x04MQTT\x04\x02\0\0\0\x05"
                                "floor";
    char answer[4];

    f.mqtt = connect_to(INADDR_LOOPBACK, f.broker);
    must(write(f.mqtt, hello, sizeof hello - 1) == sizeof hello - 1, "CONNECT");
    must(read(f.mqtt, answer, sizeof answer) == sizeof answer && !answer[3],
         "CONNACK");
}

static void open_pollers(void)
{
    int i;

    f.pollers = memory_zero((size_t)f.printers, sizeof *f.pollers);
    f.epoll = epoll_create1(EPOLL_CLOEXEC);
    for (i = 0; i < f.printers; i++) {
        struct poller *p = &f.pollers[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};

        p->index = i;
        p->fd = connect_to(0x7f010001u + (unsigned)(i / 250 * 256 + i % 250),
                           f.port);
        must(epoll_ctl(f.epoll, EPOLL_CTL_ADD, p->fd, &event) == 0, "epoll");
    }
}

int main(int argc, char **argv)
{
    const struct setting settings[] = {
        {.name = "--port", .number = &f.port},
        {.name = "--broker", .number = &f.broker},
        {.name = "--printers", .number = &f.printers},
        {.name = NULL},
    };
    int64_t due, start = clock_us();
    struct epoll_event events[64];
    uint64_t asked = 0;
    int i, n;

    settings_read(argc, argv, settings);
    md5("maker:Printer API:bench", f.ha1);
    md5("GET:" TARGET, f.ha2);
    open_broker();
    open_pollers();
    for (;;) {
        due = start + (int64_t)asked * INTERVAL_US / f.printers;
        if (due <= clock_us()) {
            ask(&f.pollers[asked++ % (uint64_t)f.printers]);
            continue;
        }
        n = epoll_wait(f.epoll, events, 64,
                       (int)((due - clock_us()) / 1000) + 1);
        for (i = 0; i < n; i++)
            take_answer(events[i].data.ptr);
    }
}
