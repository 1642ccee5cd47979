/* Thousands of simulated printers in one thread: one listener, a printer is an
 * address 127.1.x.y. Serves far more than any program here asks for, so that it
 * is never the limit of what is measured.
 *
 *   bench_load --port P [--printers N] [--dead N] [--nonce-life S]
 *
 * The first --dead printers take requests and never answer. Commands come on
 * the standard input: "stats" prints counters as JSON, "reset" clears them,
 * "orders" prints "PRINTER US" for each order that arrived and then "."; its
 * end ends the program. */
#include "mapping/memory.h"
#include "tests/bench/answers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX    4096
#define EVENTS      256
#define BACKLOG     4096
#define ORDERS_MAX  100000
#define PER_SEGMENT 250 /* printers of one 127.1.x.0 */

struct connection {
    int fd;
    struct far *far; /* NULL: nobody lives at the address */
    size_t len;
    char head[HEAD_MAX + 1];
};

struct arrival {
    int printer;
    int64_t us;
};

static struct {
    int port, printers, dead;
    int64_t nonce_us;
    int epoll, listener;
    struct far *fars;
    unsigned *polls;    /* of each printer, since "reset" */
    int64_t *polled_us; /* its last poll since then; 0 = none */
    int64_t longest_us; /* between two polls of a printer */
    uint64_t asked[ASKED_COUNT], connections, ignored;
    int64_t since_us;
    struct arrival orders[ORDERS_MAX];
    size_t order_count;
} load = {.printers = 1};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(int fd, void *data)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = data};

    if (epoll_ctl(load.epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        die("epoll_ctl");
}

/* ---- connections ---- */

static struct far *who_is(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    uint32_t host;
    int index;

    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return NULL;
    host = ntohl(address.sin_addr.s_addr);
    index = (int)(host >> 8 & 255) * PER_SEGMENT + (int)(host & 255) - 1;
    return host >> 16 == 0x7f01 && index >= 0 && index < load.printers
               ? &load.fars[index]
               : NULL;
}

static void welcome(void)
{
    struct connection *c;
    int one = 1, fd;

    while ((fd = accept4(load.listener, NULL, NULL,
                         SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        c = memory_zero(1, sizeof *c);
        c->fd = fd;
        c->far = who_is(fd);
        load.connections++;
        watch(fd, c);
    }
}

static void part(struct connection *c)
{
    (void)close(c->fd);
    free(c);
}

static void count_poll(int printer, int64_t arrived_us)
{
    int64_t gap_us = arrived_us - load.polled_us[printer];

    load.polls[printer]++;
    if (load.polled_us[printer] && gap_us > load.longest_us)
        load.longest_us = gap_us;
    load.polled_us[printer] = arrived_us;
}

static void count(struct far *far, enum asked asked, int64_t arrived_us)
{
    load.asked[asked]++;
    if (asked == ASKED_STATUS)
        count_poll(far->index, arrived_us);
    if (asked == ASKED_ORDER && load.order_count < ORDERS_MAX)
        load.orders[load.order_count++] =
            (struct arrival){far->index, arrived_us};
}

/* Answer the request at the beginning of the buffer; its length, 0 = not whole
 * yet. Bodies are not looked at: no order here has one. */
static size_t answer(struct connection *c, int64_t arrived_us)
{
    char *end = strstr(c->head, "\r\n\r\n");
    char out[ANSWER_MAX];
    size_t len = 0;

    if (!end)
        return 0;
    end[2] = '\0';
    if (c->far && c->far->index >= load.dead) {
        count(c->far, answers_make(c->far, c->head, out, &len), arrived_us);
        if (len && write(c->fd, out, len) < 0 && errno != EPIPE)
            perror("write");
    } else {
        load.ignored++;
    }
    return (size_t)(end + 4 - c->head);
}

static void serve(struct connection *c)
{
    ssize_t n = read(c->fd, c->head + c->len, HEAD_MAX - c->len);
    int64_t now = clock_us();
    size_t used;

    if (n <= 0 || c->len + (size_t)n == HEAD_MAX) {
        if (n >= 0 || errno != EAGAIN)
            part(c);
        return;
    }
    c->len += (size_t)n;
    c->head[c->len] = '\0';
    while ((used = answer(c, now)) > 0) {
        c->len -= used;
        memmove(c->head, c->head + used, c->len + 1);
    }
}

/* ---- commands ---- */

static void print_stats(void)
{
    unsigned least = UINT32_MAX, most = 0;
    int i;

    for (i = load.dead; i < load.printers; i++) {
        least = load.polls[i] < least ? load.polls[i] : least;
        most = load.polls[i] > most ? load.polls[i] : most;
    }
    printf("{\"seconds\":%.3f,\"polls\":%llu,\"others\":%llu,\"orders\":%llu,"
           "\"refused\":%llu,\"ignored\":%llu,\"connections\":%llu,"
           "\"least\":%u,\"most\":%u,\"gap_ms\":%.1f}\n",
           (double)(clock_us() - load.since_us) / 1e6,
           (unsigned long long)load.asked[ASKED_STATUS],
           (unsigned long long)load.asked[ASKED_OTHER],
           (unsigned long long)load.asked[ASKED_ORDER],
           (unsigned long long)load.asked[ASKED_REFUSED],
           (unsigned long long)load.ignored,
           (unsigned long long)load.connections, least, most,
           (double)load.longest_us / 1000);
}

static void reset(void)
{
    memset(load.asked, 0, sizeof load.asked);
    memset(load.polls, 0, (size_t)load.printers * sizeof *load.polls);
    memset(load.polled_us, 0, (size_t)load.printers * sizeof *load.polled_us);
    load.longest_us = 0;
    load.connections = load.ignored = 0;
    load.order_count = 0;
    load.since_us = clock_us();
    puts("{}");
}

static void print_orders(void)
{
    size_t i;

    for (i = 0; i < load.order_count; i++)
        printf("%d %lld\n", load.orders[i].printer,
               (long long)load.orders[i].us);
    puts(".");
}

static void obey(void)
{
    char line[64];
    ssize_t n = read(STDIN_FILENO, line, sizeof line - 1);

    if (n <= 0)
        exit(0);
    line[n] = '\0';
    if (strncmp(line, "stats", 5) == 0)
        print_stats();
    else if (strncmp(line, "reset", 5) == 0)
        reset();
    else if (strncmp(line, "orders", 6) == 0)
        print_orders();
    (void)fflush(stdout);
}

/* ---- the program ---- */

static void read_options(int argc, char **argv)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"printers", required_argument, NULL, 'n'},
        {"dead", required_argument, NULL, 'd'},
        {"nonce-life", required_argument, NULL, 'l'},
        {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        long number = optarg ? strtol(optarg, NULL, 10) : 0;

        switch (option) {
        case 'p': load.port = (int)number; break;
        case 'n': load.printers = (int)number; break;
        case 'd': load.dead = (int)number; break;
        case 'l': load.nonce_us = number * 1000000LL; break;
        default: exit(2);
        }
    }
    if (load.printers < 1 || load.printers > PER_SEGMENT * 255)
        exit(2);
}

static void open_all(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)load.port)};
    struct rlimit files;
    int one = 1, i;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    load.fars = memory_zero((size_t)load.printers, sizeof *load.fars);
    load.polls = memory_zero((size_t)load.printers, sizeof *load.polls);
    load.polled_us = memory_zero((size_t)load.printers, sizeof *load.polled_us);
    for (i = 0; i < load.printers; i++)
        load.fars[i].index = i;
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.listener =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)setsockopt(load.listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(load.listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(load.listener, BACKLOG) < 0)
        die("listen");
    watch(load.listener, &load.listener);
    watch(STDIN_FILENO, &load);
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    int i, n;

    read_options(argc, argv);
    (void)signal(SIGPIPE, SIG_IGN);
    answers_init(load.nonce_us);
    open_all();
    reset();
    (void)fflush(stdout);
    for (;;) {
        n = epoll_wait(load.epoll, events, EVENTS, -1);
        for (i = 0; i < n; i++) {
            if (events[i].data.ptr == &load)
                obey();
            else if (events[i].data.ptr == &load.listener)
                welcome();
            else
                serve(events[i].data.ptr);
        }
    }
}
