#include "tests/bridge/mqtt_party.h"

#include "mapping/memory.h"

uv_loop_t party_loop;
long party_rounds;
static uv_timer_t ticker;

/* Those not closed yet: a test that fails leaves some. */
#define OPEN_MAX 16
static struct party *open_parties[OPEN_MAX];

static void enlist(const struct party *old, struct party *p)
{
    for (size_t i = 0; i < OPEN_MAX; i++) {
        if (open_parties[i] == old) {
            open_parties[i] = p;
            return;
        }
    }
    fail_msg("too many parties");
}

static void on_ticker(uv_timer_t *timer)
{
    (void)timer;
}

int party_set_up(void **state)
{
    (void)state;
    party_rounds = 0;
    (void)uv_loop_init(&party_loop);
    (void)uv_timer_init(&party_loop, &ticker);
    (void)uv_timer_start(&ticker, on_ticker, 5, 5);
    return 0;
}

int party_tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPEN_MAX; i++) {
        if (open_parties[i] != NULL)
            party_drop(open_parties[i]);
    }
    uv_close((uv_handle_t *)&ticker, NULL);
    (void)uv_run(&party_loop, UV_RUN_DEFAULT);
    return uv_loop_close(&party_loop);
}

void party_round(void)
{
    party_rounds++;
    (void)uv_run(&party_loop, UV_RUN_ONCE);
}

int64_t party_now(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

void party_run_for(int64_t ms)
{
    int64_t end = party_now() + ms;
    while (party_now() < end)
        party_round();
}

static int64_t wait_end;

void party_wait_begin(void)
{
    wait_end = party_now() + 60000;
}

bool party_wait(bool holds, const char *condition, const char *file, int line)
{
    if (holds)
        return false;
    if (party_now() >= wait_end) {
        print_error("waited in vain for: %s\n", condition);
        _fail(file, line);
    }
    party_round();
    return true;
}

static void on_connected(void *arg)
{
    struct party *p = arg;
    p->connected++;
    if (p->on_connected != NULL)
        p->on_connected(p);
}

static void on_disconnected(void *arg, const char *reason, int64_t retry_ms)
{
    struct party *p = arg;
    p->disconnected++;
    p->retry_ms = retry_ms;
    (void)snprintf(p->reason, sizeof p->reason, "%s", reason);
    if (p->on_disconnected != NULL)
        p->on_disconnected(p);
}

static void copy_text(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text != NULL ? text : "");
}

static void on_message(void *arg, const struct mqtt_message *m)
{
    struct party *p = arg;
    if (p->on_message != NULL)
        p->on_message(p, m);
    struct heard *h = &p->heard[p->count++ % HEARD_MAX];
    *h = (struct heard){.len = m->len,
                        .qos = m->qos,
                        .retain = m->retain,
                        .correlation_len = m->correlation_len,
                        .expiry_s = m->expiry_s};
    copy_text(h->topic, sizeof h->topic, m->topic);
    copy_text(h->content_type, sizeof h->content_type, m->content_type);
    copy_text(h->response_topic, sizeof h->response_topic, m->response_topic);
    memcpy(h->payload, m->payload,
           m->len < sizeof h->payload - 1 ? m->len : sizeof h->payload - 1);
    if (m->correlation_len <= sizeof h->correlation && m->correlation != NULL)
        memcpy(h->correlation, m->correlation, m->correlation_len);
}

static void on_refused(void *arg, const char *filter)
{
    struct party *p = arg;
    p->refused++;
    copy_text(p->last, sizeof p->last, filter);
}

static void on_rejected(void *arg, const char *topic, const char *reason)
{
    struct party *p = arg;
    p->rejected++;
    (void)snprintf(p->last, sizeof p->last, "%s: %s", topic, reason);
}

static void on_drained(void *arg)
{
    struct party *p = arg;
    p->drained++;
    if (p->on_drained != NULL)
        p->on_drained(p);
}

static const struct mqtt_events EVENTS = {
    .connected = on_connected,
    .disconnected = on_disconnected,
    .message = on_message,
    .refused = on_refused,
    .rejected = on_rejected,
    .drained = on_drained,
};

struct mqtt_options party_options(int port, const char *client_id)
{
    return (struct mqtt_options){
        .host = "127.0.0.1", .port = port, .client_id = client_id};
}

struct party *party_new(const struct mqtt_options *options)
{
    struct party *p = memory_zero(1, sizeof *p);
    struct error err = {""};
    p->mqtt = mqtt_new(&party_loop, options, &EVENTS, p, &err);
    assert_string_equal(err.text, "");
    enlist(NULL, p);
    struct mqtt_limits *limits = mqtt_limits(p->mqtt);
    limits->tick_ms = 50;
    limits->policy.first_ms = 20;
    limits->policy.max_ms = 100;
    limits->policy.switch_ms = 10;
    return p;
}

static void on_stopped(void *arg)
{
    ((struct party *)arg)->stopped = true;
}

void party_close(struct party *p)
{
    mqtt_stop(p->mqtt, 3000, on_stopped, p);
    AWAIT(p->stopped);
    party_drop(p);
}

void party_drop(struct party *p)
{
    enlist(p, NULL);
    mqtt_free(p->mqtt);
    party_round();
    free(p);
}

void party_subscribe(struct party *p, const char *filter)
{
    AWAIT(p->connected > 0);
    assert_true(mqtt_subscribe(p->mqtt, filter, 1));
    /* The broker answers in order: when this one comes, that one counts. */
    char topic[32];
    static int number;
    (void)snprintf(topic, sizeof topic, "party/sync/%d", ++number);
    assert_true(mqtt_subscribe(p->mqtt, topic, 1));
    assert_true(party_say(p, topic, "x", 0, false));
    AWAIT(party_heard(p, topic) == 1);
}

bool party_say(struct party *p, const char *topic, const char *text, int qos,
               bool keep)
{
    return mqtt_publish(p->mqtt, &(struct mqtt_message){.topic = topic,
                                                        .payload = text,
                                                        .len = strlen(text),
                                                        .qos = qos,
                                                        .keep = keep,
                                                        .expiry_s = -1});
}

int party_heard(const struct party *p, const char *topic)
{
    int count = 0;
    for (int i = 0; i < p->count && i < HEARD_MAX; i++)
        count += strcmp(p->heard[i].topic, topic) == 0;
    return count;
}

const char *party_last(const struct party *p, const char *topic)
{
    const char *payload = NULL;
    for (int i = 0; i < p->count && i < HEARD_MAX; i++) {
        if (strcmp(p->heard[i].topic, topic) == 0)
            payload = p->heard[i].payload;
    }
    return payload;
}
