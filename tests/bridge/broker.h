/* The real mosquitto on a free loopback port, in a directory of its own. */
#ifndef TESTS_BRIDGE_BROKER_H
#define TESTS_BRIDGE_BROKER_H

#include <stdbool.h>
#include <sys/types.h>

struct broker {
    pid_t pid;
    int port;
    char dir[64];
};

/* A port nobody listens on now. */
int broker_free_port(void);
/* Make the directory; write the configuration: a listener on the free port and
 * the lines of extra ("%s" in them is the directory). Not started yet. */
void broker_prepare(struct broker *b, const char *extra);
/* The path of a file in the directory; static storage, four at a time. */
const char *broker_path(const struct broker *b, const char *name);
void broker_write(const struct broker *b, const char *name, const char *text);
/* Run a shell command in the directory; the test fails with it. */
void broker_shell(const struct broker *b, const char *command);
/* Start and wait until it accepts connections. */
void broker_start(struct broker *b);
/* SIGKILL, and wait until it is gone. */
void broker_kill(struct broker *b);
void broker_signal(const struct broker *b, int number);
/* End it and remove the directory. */
void broker_release(struct broker *b);

#endif
