/* What the programs here share: how they are told what to do, and many printers
 * in one thread behind one listener, a printer being an address 127.1.x.y. */
#ifndef TESTS_BENCH_CROWD_H
#define TESTS_BENCH_CROWD_H

#include "tests/bench/answers.h"

/* An option "--name VALUE": a number or a text. */
struct setting {
    const char *name; /* with its dashes */
    int *number;
    const char **text;
};

/* A command on the standard input. */
struct command {
    const char *name;
    void (*run)(void);
};

/* A connection; a program's own struct begins with it. */
struct guest {
    int fd;
    struct far *far; /* NULL: nobody lives at the address */
};

struct crowd {
    int port, printers;
    struct far *fars;
    size_t guest_size; /* of the program's own struct, which is zeroed */
    void (*came)(struct guest *guest);
    void (*ready)(struct guest *guest); /* something can be read, or it left */
    const struct command *commands;
    int epoll, listener;
};

void die(const char *what);
/* settings end with name NULL; one that is not known ends the program. */
void settings_read(int argc, char **argv, const struct setting *settings);
/* Read a command and run it; the end of the input ends the program. commands
 * end with name NULL. */
void command_obey(const struct command *commands);
/* Listen at all addresses. */
void crowd_open(struct crowd *crowd);
/* For ever. */
void crowd_serve(struct crowd *crowd);
/* Close and free. */
void guest_part(struct guest *guest);

#endif
