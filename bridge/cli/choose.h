/* Which printers a word is about: by id in the configuration, by --url, or by
 * the environment. */
#ifndef BRIDGE_CLI_CHOOSE_H
#define BRIDGE_CLI_CHOOSE_H

#include "bridge/cli/client.h"
#include "bridge/cli/words.h"
#include "config/config.h"

struct choice {
    struct config *config;           /* NULL unless they come from it */
    struct config_printer *printers; /* all orders allowed: a person types */
    size_t count;
    bool all; /* none was named */
};

/* Take the printer off call's arguments. EXIT_DONE, or what to exit with after
 * the reason was said. Release in any case. */
int choice_make(struct choice *choice, struct call *call);
/* Accepts {0}. Secrets are overwritten. */
void choice_release(struct choice *choice);

/* The printers are chosen, run says the rest on a desk of its own and gives the
 * exit status. */
int choice_sit(struct call *call,
               int (*run)(const struct call *call, struct desk *desk,
                          const struct choice *choice));
/* Most words: one printer is chosen, the endpoints of plan are read (NULL =
 * none), run says the rest and gives the exit status. */
int choice_run(struct call *call, const char *const *plan,
               int (*run)(const struct call *call, struct client *client));

#endif
