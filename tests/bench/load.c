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
#include "tests/bench/crowd.h"

#include <errno.h>
#include <unistd.h>

#define HEAD_MAX   4096
#define ORDERS_MAX 100000

struct connection {
    struct guest guest;
    size_t len;
    char head[HEAD_MAX + 1];
};

struct arrival {
    int printer;
    int64_t us;
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
    int dead, nonce_s;
    unsigned *polls;    /* of each printer, since "reset" */
    int64_t *polled_us; /* its last poll since then; 0 = none */
    int64_t longest_us; /* between two polls of a printer */
    uint64_t asked[ASKED_COUNT], connections, ignored;
    int64_t since_us;
    struct arrival orders[ORDERS_MAX];
    size_t order_count;
} load;

/* ---- connections ---- */

static void came(struct guest *guest)
{
    (void)guest;
    load.connections++;
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
    struct far *far = c->guest.far;
    char out[ANSWER_MAX];
    size_t len = 0;

    if (!end)
        return 0;
    end[2] = '\0';
    if (far && far->index >= load.dead) {
        count(far, answers_make(far, c->head, out, &len), arrived_us);
        if (len && write(c->guest.fd, out, len) < 0 && errno != EPIPE)
            perror("write");
    } else {
        load.ignored++;
    }
    return (size_t)(end + 4 - c->head);
}

static void serve(struct guest *guest)
{
    struct connection *c = (struct connection *)guest;
    ssize_t n = read(guest->fd, c->head + c->len, HEAD_MAX - c->len);
    int64_t now = clock_us();
    size_t used;

    if (n <= 0 || c->len + (size_t)n == HEAD_MAX) {
        if (n >= 0 || errno != EAGAIN)
            guest_part(guest);
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

    for (i = load.dead; i < crowd.printers; i++) {
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
    memset(load.polls, 0, (size_t)crowd.printers * sizeof *load.polls);
    memset(load.polled_us, 0, (size_t)crowd.printers * sizeof *load.polled_us);
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

static const struct command commands[] = {
    {"stats", print_stats},
    {"reset", reset},
    {"orders", print_orders},
    {NULL, NULL},
};

/* ---- the program ---- */

int main(int argc, char **argv)
{
    const struct setting settings[] = {
        {.name = "--port", .number = &crowd.port},
        {.name = "--printers", .number = &crowd.printers},
        {.name = "--dead", .number = &load.dead},
        {.name = "--nonce-life", .number = &load.nonce_s},
        {.name = NULL},
    };

    settings_read(argc, argv, settings);
    crowd.commands = commands;
    answers_init(load.nonce_s * 1000000LL);
    crowd_open(&crowd);
    load.polls = memory_zero((size_t)crowd.printers, sizeof *load.polls);
    load.polled_us =
        memory_zero((size_t)crowd.printers, sizeof *load.polled_us);
    reset();
    (void)fflush(stdout);
    crowd_serve(&crowd);
}
