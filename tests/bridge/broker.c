#include "tests/bridge/broker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* The socket, -1 if the port is in use. */
static int bound(int type, int port)
{
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = loopback(port);
    assert_true(fd >= 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

/* As the stories do it (reserved_port()): outside of the range that
 * connections come from, since one could come from it, even the one to it; and
 * a UDP socket of the same number parts what runs side by side, as long as this
 * process lives. */
static bool reserve(int port)
{
    int reservation = bound(SOCK_DGRAM, port);
    int probe = reservation < 0 ? -1 : bound(SOCK_STREAM, port);
    if (probe >= 0)
        close(probe);
    else if (reservation >= 0)
        close(reservation);
    return probe >= 0;
}

int broker_free_port(void)
{
    uint16_t number;
    int port;
    do {
        assert_int_equal(getrandom(&number, sizeof number, 0), sizeof number);
        port = 10000 + number % 22000;
    } while (!reserve(port));
    return port;
}

const char *broker_path(const struct broker *b, const char *name)
{
    static char paths[4][128];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", b->dir, name);
    return path;
}

void broker_write(const struct broker *b, const char *name, const char *text)
{
    FILE *file = fopen(broker_path(b, name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

void broker_shell(const struct broker *b, const char *command)
{
    char line[2000];
    (void)snprintf(line, sizeof line, "cd '%s' && { %s\n} >shell.log 2>&1",
                   b->dir, command);
    /* NOLINTNEXTLINE(bugprone-command-processor,cert-env33-c) */
    assert_int_equal(system(line), 0);
}

/* Every "%s" in extra becomes the directory. */
static void expand(const struct broker *b, const char *extra, FILE *file)
{
    const char *mark;
    while ((mark = strstr(extra, "%s")) != NULL) {
        (void)fwrite(extra, 1, (size_t)(mark - extra), file);
        (void)fputs(b->dir, file);
        extra = mark + 2;
    }
    (void)fputs(extra, file);
}

void broker_prepare(struct broker *b, const char *extra)
{
    *b = (struct broker){.dir = "/tmp/printer2mqtt-broker-XXXXXX"};
    assert_non_null(mkdtemp(b->dir));
    b->port = broker_free_port();
    FILE *file = fopen(broker_path(b, "mosquitto.conf"), "w");
    assert_non_null(file);
    /* As root it would become a user who cannot read the directory. */
    if (geteuid() == 0)
        (void)fputs("user root\n", file);
    (void)fprintf(file, "log_dest file %s\nlistener %d 127.0.0.1\n",
                  broker_path(b, "broker.log"), b->port);
    expand(b, extra, file);
    assert_int_equal(fclose(file), 0);
}

static bool answers(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = loopback(port);
    bool good = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return good;
}

static _Noreturn void become_broker(const char *config)
{
    /* It must not outlive a test that crashes. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    static const char *const PROGRAMS[] = {"mosquitto", "/usr/sbin/mosquitto"};
    for (size_t i = 0; i < 2; i++)
        (void)execlp(PROGRAMS[i], "mosquitto", "-c", config, (char *)NULL);
    _exit(127);
}

void broker_start(struct broker *b)
{
    const char *config = broker_path(b, "mosquitto.conf");
    b->pid = fork();
    assert_true(b->pid >= 0);
    if (b->pid == 0)
        become_broker(config);
    for (int i = 0; i < 6000; i++) {
        if (answers(b->port))
            return;
        assert_int_equal(waitpid(b->pid, NULL, WNOHANG), 0);
        (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    fail_msg("mosquitto does not answer on port %d", b->port);
}

void broker_signal(const struct broker *b, int number)
{
    assert_int_equal(kill(b->pid, number), 0);
}

void broker_kill(struct broker *b)
{
    if (b->pid <= 0)
        return;
    (void)kill(b->pid, SIGKILL);
    (void)waitpid(b->pid, NULL, 0);
    b->pid = 0;
}

void broker_release(struct broker *b)
{
    broker_kill(b);
    char line[128];
    (void)snprintf(line, sizeof line, "rm -rf '%s'", b->dir);
    /* NOLINTNEXTLINE(bugprone-command-processor,cert-env33-c) */
    (void)system(line);
}
