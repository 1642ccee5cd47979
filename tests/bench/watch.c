/* The other end: subscribes to everything a bridge says, works out how old each
 * clock is when it comes (see answers.h), and gives orders.
 *
 *   bench_watch --port P --base TOPIC [--printers N] [--orders PER_SECOND]
 *
 * Commands on the standard input: "begin" forgets what was and starts giving
 * orders (pause and resume in turn, to one printer after the other); "end"
 * stops, prints what was measured as JSON, then "PRINTER US" for each order
 * given and "."; "health" asks the bridge for its health. Its end ends the
 * program. */
#include "mapping/memory.h"
#include "mapping/template.h"
#include "tests/bench/crowd.h"

#include <mosquitto.h>
#include <poll.h>
#include <unistd.h>

#define ORDERS_MAX 100000
#define CLOCK_TAIL "axis/x"
/* Longer than a broker is ever frozen here. */
#define KEEPALIVE_S 3600

struct given {
    int printer;
    int64_t us;
};

static struct {
    int port, printers;
    const char *rate; /* orders a second, as it was given */
    double orders_per_s;
    const char *base;
    /* Two connections: on one that goes both ways the acknowledgements of what
     * comes are delayed, and with them what the broker has to say. */
    struct mosquitto *client, *giver;
    bool running;
    uint64_t messages, bytes;
    double lag_ms; /* the longest that bridge/health told */
    int64_t *ages; /* us */
    size_t age_count, age_room;
    struct given orders[ORDERS_MAX];
    size_t order_count, order_first; /* of this "begin" */
    int64_t next_order_us;
} w = {.printers = 1, .rate = "0", .base = "printer2mqtt"};

static void must(int code, const char *what)
{
    if (code == MOSQ_ERR_SUCCESS)
        return;
    fprintf(stderr, "%s: %s\n", what, mosquitto_strerror(code));
    exit(1);
}

/* ---- what comes ---- */

static bool ends_with(const char *text, const char *tail)
{
    size_t len = strlen(text), n = strlen(tail);

    return len >= n && strcmp(text + len - n, tail) == 0;
}

static void add_age(int64_t age_us)
{
    if (w.age_count == w.age_room) {
        w.age_room = w.age_room ? 2 * w.age_room : 65536;
        w.ages = memory_grow(w.ages, w.age_room, sizeof *w.ages);
    }
    w.ages[w.age_count++] = age_us;
}

static void note_lag(const char *health)
{
    static const char key[] = "\"loop_lag_max\":";
    const char *at = strstr(health, key);
    double lag = at ? strtod(at + sizeof key - 1, NULL) : 0;

    w.lag_ms = lag > w.lag_ms ? lag : w.lag_ms;
}

static void on_message(struct mosquitto *client, void *arg,
                       const struct mosquitto_message *m)
{
    int64_t now = clock_us();

    (void)client;
    (void)arg;
    if (!w.running || m->retain)
        return;
    if (m->payloadlen > 0 && ends_with(m->topic, "/bridge/health"))
        note_lag(m->payload);
    w.messages++;
    w.bytes += strlen(m->topic) + (size_t)m->payloadlen;
    if (m->payloadlen > 0 && ends_with(m->topic, CLOCK_TAIL))
        add_age(now - (int64_t)strtod(m->payload, NULL));
}

static void on_connect(struct mosquitto *client, void *arg, int code)
{
    char filter[TOPIC_MAX];

    (void)arg;
    must(code, "CONNACK");
    (void)snprintf(filter, sizeof filter, "%s/#", w.base);
    must(mosquitto_subscribe(client, NULL, filter, 0), filter);
}

/* ---- orders ---- */

/* Not quite regular, so that orders meet polls in every phase. */
static int64_t pause_us(void)
{
    unsigned part = (unsigned)w.order_count * 2654435769u >> 16;

    return (int64_t)(1e6 / w.orders_per_s * (0.5 + part / 65536.0));
}

static void press(const char *topic)
{
    static const char payload[] = "PRESS";

    must(mosquitto_publish(w.giver, NULL, topic, sizeof payload - 1, payload, 0,
                           false),
         topic);
}

static void give_order(void)
{
    size_t n = w.order_count;
    int printer = (int)(n % (size_t)w.printers);
    bool resume = n / (size_t)w.printers % 2;
    char topic[TOPIC_MAX];

    if (n == ORDERS_MAX)
        return;
    (void)snprintf(topic, sizeof topic, "%s/p%d/command/%s", w.base, printer,
                   resume ? "resume" : "pause");
    w.orders[w.order_count++] = (struct given){printer, clock_us()};
    press(topic);
    w.next_order_us += pause_us();
}

static void ask_health(void)
{
    char topic[TOPIC_MAX];

    (void)snprintf(topic, sizeof topic, "%s/bridge/request/health", w.base);
    press(topic);
    puts("{}");
}

/* Milliseconds until something is due. */
static int wait_ms(void)
{
    int64_t left;

    if (!w.running || w.orders_per_s <= 0)
        return 1000;
    left = w.next_order_us - clock_us();
    return left <= 0 ? 0 : (int)(left / 1000) + 1;
}

/* ---- commands ---- */

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static long long percentile(double part)
{
    size_t at = (size_t)(part * (double)w.age_count);

    if (w.age_count == 0)
        return -1;
    return w.ages[at < w.age_count ? at : w.age_count - 1];
}

static void begin(void)
{
    w.messages = w.bytes = 0;
    w.lag_ms = -1;
    w.age_count = 0;
    w.order_first = w.order_count;
    w.next_order_us = clock_us();
    w.running = true;
    puts("{}");
}

static void end(void)
{
    size_t i;

    w.running = false;
    if (w.age_count)
        qsort(w.ages, w.age_count, sizeof *w.ages, by_size);
    printf("{\"messages\":%llu,\"bytes\":%llu,\"changes\":%zu,\"p50\":%lld,"
           "\"p99\":%lld,\"most\":%lld,\"lag_ms\":%.1f}\n",
           (unsigned long long)w.messages, (unsigned long long)w.bytes,
           w.age_count, percentile(0.5), percentile(0.99), percentile(1),
           w.lag_ms);
    for (i = w.order_first; i < w.order_count; i++)
        printf("%d %lld\n", w.orders[i].printer, (long long)w.orders[i].us);
    puts(".");
}

static const struct command commands[] = {
    {"begin", begin},
    {"end", end},
    {"health", ask_health},
    {NULL, NULL},
};

/* ---- the program ---- */

static struct mosquitto *new_client(void)
{
    struct mosquitto *client = mosquitto_new(NULL, true, NULL);

    must(mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1), "options");
    return client;
}

static void open_clients(void)
{
    must(mosquitto_lib_init(), "libmosquitto");
    w.client = new_client();
    w.giver = new_client();
    mosquitto_connect_callback_set(w.client, on_connect);
    mosquitto_message_callback_set(w.client, on_message);
    must(mosquitto_connect(w.client, "127.0.0.1", w.port, KEEPALIVE_S),
         "connect");
    must(mosquitto_connect(w.giver, "127.0.0.1", w.port, KEEPALIVE_S),
         "connect");
}

static void serve(struct mosquitto *client, short happened)
{
    if (happened & POLLIN)
        must(mosquitto_loop_read(client, 1), "read");
    if (happened & POLLOUT)
        must(mosquitto_loop_write(client, 1), "write");
    must(mosquitto_loop_misc(client), "misc");
}

static short wanted(struct mosquitto *client)
{
    return (short)(POLLIN | (mosquitto_want_write(client) ? POLLOUT : 0));
}

int main(int argc, char **argv)
{
    const struct setting settings[] = {
        {.name = "--port", .number = &w.port},
        {.name = "--base", .text = &w.base},
        {.name = "--printers", .number = &w.printers},
        {.name = "--orders", .text = &w.rate},
        {.name = NULL},
    };

    settings_read(argc, argv, settings);
    w.orders_per_s = strtod(w.rate, NULL);
    open_clients();
    for (;;) {
        struct pollfd fds[] = {
            {STDIN_FILENO, POLLIN, 0},
            {mosquitto_socket(w.client), wanted(w.client), 0},
            {mosquitto_socket(w.giver), wanted(w.giver), 0},
        };

        (void)poll(fds, 3, wait_ms());
        if (fds[0].revents)
            command_obey(commands);
        serve(w.client, fds[1].revents);
        serve(w.giver, fds[2].revents);
        if (w.running && w.orders_per_s > 0 && clock_us() >= w.next_order_us)
            give_order();
    }
}
