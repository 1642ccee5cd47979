/* The MQTT edge and networks and resolvers that fail. */
#include "tests/bridge/fake_broker.h"
#include "tests/bridge/mqtt_party.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fake_broker fake;

/* The resolver. This definition comes before the C library's, also for
 * libmosquitto. */

static uv_sem_t hang;
static int lookups; /* of the name that hangs */

static struct addrinfo *address_list(const char *const *texts, size_t count)
{
    int (*real)(const char *, const char *, const struct addrinfo *,
                struct addrinfo **) = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST};
    struct addrinfo *first = NULL, **at = &first;
    for (size_t i = 0; i < count; i++) {
        if (real(texts[i], NULL, &hints, at) != 0)
            return NULL;
        at = &(*at)->ai_next;
    }
    return first;
}

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **out)
{
    (void)service;
    (void)hints;
    static const char *const SEVERAL[] = {"127.0.0.9", "::1", "127.0.0.1"};
    static const char *const DUAL[] = {"::1", "127.0.0.1"};
    static const char *const ONE[] = {"127.0.0.1"};
    if (strcmp(name, "hangs.example") == 0) {
        lookups++;
        uv_sem_wait(&hang);
    }
    if (strcmp(name, "unknown.example") == 0)
        return EAI_NONAME;
    if (strcmp(name, "several.example") == 0)
        *out = address_list(SEVERAL, 3);
    else if (strcmp(name, "dual.example") == 0)
        *out = address_list(DUAL, 2);
    else
        *out = address_list(strchr(name, 'x') != NULL ? ONE : &name, 1);
    return *out != NULL ? 0 : EAI_NONAME;
}

static int set_up(void **state)
{
    memset(&fake, 0, sizeof fake);
    lookups = 0;
    (void)uv_sem_init(&hang, 0);
    int failed = party_set_up(state);
    fake_broker_start(&fake, &party_loop);
    return failed;
}

static int tear_down(void **state)
{
    /* Nobody may be left in the resolver. */
    for (int i = 0; i < 8; i++)
        uv_sem_post(&hang);
    fake_broker_stop(&fake);
    int failed = party_tear_down(state);
    uv_sem_destroy(&hang);
    return failed;
}

#define STORY(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static struct party *begin(enum mqtt_protocol protocol)
{
    struct mqtt_options o = party_options(fake.port, "p");
    o.protocol = protocol;
    struct party *p = party_new(&o);
    mqtt_start(p->mqtt);
    return p;
}

static void accept_all(struct fake_broker *b, struct fake_peer *peer, int type,
                       const unsigned char *body, size_t len)
{
    (void)b;
    (void)len;
    if (type == FAKE_CONNECT)
        fake_connack(peer, fake_level(body));
}

static void silence_is_given_up(void **state)
{
    (void)state;
    struct party *p = begin(MQTT_AUTO);
    mqtt_limits(p->mqtt)->connack_ms = 200;
    AWAIT(p->disconnected == 2);
    assert_non_null(strstr(p->reason, "is connected but does not answer"));
    assert_int_equal(fake.levels[1], 5);
    party_close(p);
}

static void a_silent_tls_port_is_given_up_without_spinning(void **state)
{
    (void)state;
    struct mqtt_options o = party_options(fake.port, "p");
    o.tls = true;
    struct party *p = party_new(&o);
    mqtt_limits(p->mqtt)->connack_ms = 500;
    mqtt_start(p->mqtt);
    AWAIT(fake.connections > 0);
    long before = party_rounds;
    AWAIT(strstr(p->reason, "is connected but does not answer") != NULL);
    /* 5 ms each when nothing happens. */
    assert_in_range(party_rounds - before, 1, 1000);
    party_close(p);
}

/* A listener with a full queue: the kernel drops every further SYN. */
#define FILL 3

struct deaf {
    int listener;
    int fill[FILL];
    int port;
};

static void deaf_start(struct deaf *d, const char *ip, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port)};
    socklen_t size = sizeof address;
    assert_int_equal(inet_pton(AF_INET, ip, &address.sin_addr), 1);
    d->listener =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(d->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(d->listener, 0), 0);
    assert_int_equal(
        getsockname(d->listener, (struct sockaddr *)&address, &size), 0);
    d->port = ntohs(address.sin_port);
    for (int i = 0; i < FILL; i++) {
        d->fill[i] =
            socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(d->fill[i], (struct sockaddr *)&address, size);
    }
}

/* Make room: the next SYN gets through. */
static void deaf_recover(struct deaf *d)
{
    for (int i = 0; i < FILL; i++) {
        (void)close(d->fill[i]);
        d->fill[i] = -1;
    }
    int fd;
    while ((fd = accept4(d->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        (void)close(fd);
}

static void deaf_stop(struct deaf *d)
{
    deaf_recover(d);
    (void)close(d->listener);
}

static void an_unreachable_address_is_given_up(void **state)
{
    (void)state;
    struct deaf deaf;
    deaf_start(&deaf, "127.0.0.1", 0);
    struct mqtt_options o = party_options(deaf.port, "p");
    struct party *p = party_new(&o);
    mqtt_limits(p->mqtt)->connack_ms = 200;
    mqtt_start(p->mqtt);
    AWAIT(p->disconnected == 1);
    assert_non_null(strstr(p->reason, "no answer"));
    party_close(p);
    deaf_stop(&deaf);
}

static void slow_tls_does_not_spin(void **state)
{
    (void)state;
    /* The handshake begins while the connection is not there yet. */
    struct deaf deaf;
    deaf_start(&deaf, "127.0.0.1", 0);
    struct mqtt_options o = party_options(deaf.port, "p");
    o.tls = true;
    struct party *p = party_new(&o);
    mqtt_limits(p->mqtt)->address_ms = mqtt_limits(p->mqtt)->connack_ms = 60000;
    mqtt_start(p->mqtt);
    AWAIT(p->mqtt->link != NULL && p->mqtt->link->poll != NULL);
    party_run_for(50);
    assert_false(p->mqtt->link->reached);
    deaf_recover(&deaf);
    AWAIT(p->disconnected > 0 || p->mqtt->link->reached);
    assert_string_equal(p->reason, "");
    long before = party_rounds;
    party_run_for(200);
    assert_in_range(party_rounds - before, 1, 100);
    party_close(p);
    deaf_stop(&deaf);
}

static struct party *begin_named(const char *host, bool tls, int64_t connack_ms)
{
    struct mqtt_options o = party_options(fake.port, "p");
    o.host = host;
    o.tls = tls;
    struct party *p = party_new(&o);
    mqtt_limits(p->mqtt)->connack_ms = connack_ms;
    mqtt_start(p->mqtt);
    return p;
}

static void every_address_of_a_name_is_tried(void **state)
{
    (void)state;
    fake.packet = accept_all;
    struct party *p = begin_named("several.example", false, 30000);
    AWAIT(p->connected == 1);
    assert_int_equal(p->disconnected, 0);
    party_close(p);
}

static void an_address_that_is_deaf_does_not_hide_the_next(void **state)
{
    (void)state;
    fake.packet = accept_all;
    struct deaf deaf;
    deaf_start(&deaf, "127.0.0.9", fake.port);
    struct mqtt_options o = party_options(fake.port, "p");
    o.host = "several.example";
    struct party *p = party_new(&o);
    mqtt_limits(p->mqtt)->address_ms = 100;
    mqtt_start(p->mqtt);
    AWAIT(p->connected == 1);
    assert_int_equal(p->disconnected, 0);
    party_close(p);
    deaf_stop(&deaf);
}

static void tls_comes_to_the_second_family_too(void **state)
{
    (void)state;
    struct party *p = begin_named("dual.example", true, 30000);
    AWAIT(fake.connections > 0);
    party_close(p);
}

static void an_unknown_name_is_told(void **state)
{
    (void)state;
    for (int tls = 0; tls < 2; tls++) {
        struct party *p = begin_named("unknown.example", tls, 200);
        AWAIT(p->disconnected >= 2);
        assert_non_null(strstr(p->reason, "name not known: unknown.example"));
        party_close(p);
    }
}

static void assert_hung_resolver_is_harmless(bool tls)
{
    /* It does not know TLS: silence is enough. */
    fake.packet = tls ? NULL : accept_all;
    struct party *p = begin_named("hangs.example", tls, 200);
    long before = party_rounds;
    AWAIT(p->disconnected == 3);
    assert_true(party_rounds - before > 20);
    assert_non_null(strstr(p->reason, "resolver does not answer"));
    /* One worker, however often it is tried. */
    assert_int_equal(lookups, 1);

    /* What it says at last is taken. */
    mqtt_limits(p->mqtt)->connack_ms = 30000;
    AWAIT(p->mqtt->link != NULL);
    uv_sem_post(&hang);
    AWAIT(fake.connections == 1);
    AWAIT(p->mqtt->link != NULL && p->mqtt->link->reached);
    assert_int_equal(lookups, 1);
    AWAIT(tls || p->connected == 1);
    party_close(p);
}

static void a_hung_resolver_blocks_nobody(void **state)
{
    (void)state;
    assert_hung_resolver_is_harmless(false);
}

static void a_hung_resolver_blocks_nobody_with_tls(void **state)
{
    (void)state;
    assert_hung_resolver_is_harmless(true);
}

static void stopping_does_not_wait_for_the_resolver(void **state)
{
    (void)state;
    for (int tls = 0; tls < 2; tls++) {
        struct party *p = begin_named("hangs.example", tls, 200);
        AWAIT(lookups == tls + 1);
        party_close(p);
    }
    /* The teardown lets the workers go and checks that nothing is left. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(silence_is_given_up),
        STORY(a_silent_tls_port_is_given_up_without_spinning),
        STORY(an_unreachable_address_is_given_up),
        STORY(slow_tls_does_not_spin),
        STORY(every_address_of_a_name_is_tried),
        STORY(an_address_that_is_deaf_does_not_hide_the_next),
        STORY(tls_comes_to_the_second_family_too),
        STORY(an_unknown_name_is_told),
        STORY(a_hung_resolver_blocks_nobody),
        STORY(a_hung_resolver_blocks_nobody_with_tls),
        STORY(stopping_does_not_wait_for_the_resolver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
