#include "tests/bench/crowd.h"

#include "mapping/memory.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS      256
#define BACKLOG     4096
#define PER_SEGMENT 250 /* printers of one 127.1.x.0 */

void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- what it is told ---- */

void settings_read(int argc, char **argv, const struct setting *settings)
{
    const struct setting *row;
    int i;

    for (i = 1; i < argc; i += 2) {
        for (row = settings; row->name && strcmp(row->name, argv[i]) != 0;)
            row++;
        if (!row->name || i + 1 == argc)
            exit(2);
        if (row->text)
            *row->text = argv[i + 1];
        else
            *row->number = (int)strtol(argv[i + 1], NULL, 10);
    }
}

void command_obey(const struct command *commands)
{
    char line[64];
    ssize_t n = read(STDIN_FILENO, line, sizeof line - 1);

    if (n <= 0)
        exit(0);
    line[n] = '\0';
    line[strcspn(line, "\n")] = '\0';
    while (commands->name && strcmp(commands->name, line) != 0)
        commands++;
    if (commands->name)
        commands->run();
    (void)fflush(stdout);
}

/* ---- printers ---- */

static void watch(const struct crowd *crowd, int fd, void *data)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = data};

    if (epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        die("epoll_ctl");
}

static struct far *who_is(const struct crowd *crowd, int fd)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    uint32_t host;
    int index;

    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return NULL;
    host = ntohl(address.sin_addr.s_addr);
    index = (int)(host >> 8 & 255) * PER_SEGMENT + (int)(host & 255) - 1;
    return host >> 16 == 0x7f01 && index >= 0 && index < crowd->printers
               ? &crowd->fars[index]
               : NULL;
}

static void welcome(const struct crowd *crowd)
{
    struct guest *guest;
    int one = 1, fd;

    while ((fd = accept4(crowd->listener, NULL, NULL,
                         SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        guest = memory_zero(1, crowd->guest_size);
        guest->fd = fd;
        guest->far = who_is(crowd, fd);
        crowd->came(guest);
        watch(crowd, fd, guest);
    }
}

void guest_part(struct guest *guest)
{
    (void)close(guest->fd);
    free(guest);
}

static void allow_many_files(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

void crowd_open(struct crowd *crowd)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)crowd->port)};
    int one = 1, i;

    if (crowd->printers < 1 || crowd->printers > PER_SEGMENT * 255)
        exit(2);
    (void)signal(SIGPIPE, SIG_IGN);
    allow_many_files();
    crowd->fars = memory_zero((size_t)crowd->printers, sizeof *crowd->fars);
    for (i = 0; i < crowd->printers; i++)
        crowd->fars[i].index = i;
    crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
    crowd->listener =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)setsockopt(crowd->listener, SOL_SOCKET, SO_REUSEADDR, &one,
                     sizeof one);
    if (bind(crowd->listener, (struct sockaddr *)&address, sizeof address) <
            0 ||
        listen(crowd->listener, BACKLOG) < 0)
        die("listen");
    watch(crowd, crowd->listener, &crowd->listener);
    watch(crowd, STDIN_FILENO, crowd);
}

void crowd_serve(struct crowd *crowd)
{
    struct epoll_event events[EVENTS];
    int i, n;

    for (;;) {
        n = epoll_wait(crowd->epoll, events, EVENTS, -1);
        for (i = 0; i < n; i++) {
            if (events[i].data.ptr == crowd)
                command_obey(crowd->commands);
            else if (events[i].data.ptr == &crowd->listener)
                welcome(crowd);
            else
                crowd->ready(events[i].data.ptr);
        }
    }
}
