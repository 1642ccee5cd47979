/* A printer's life (bridge/printer.h) on the desk's loop: polls, orders with
 * all their guards, and what happens to jobs, exactly as in the bridge. */
#ifndef BRIDGE_CLI_VIGIL_H
#define BRIDGE_CLI_VIGIL_H

#include "bridge/cli/client.h"
#include "bridge/cli/show.h"
#include "bridge/printer.h"

struct vigil;

/* What happens, told while the loop turns; any of them may be NULL. */
struct vigil_watch {
    void (*answer)(void *arg, const struct order *order,
                   const struct order_answer *answer);
    void (*event)(void *arg, const struct job_event *event);
};

/* NULL: its address or secret cannot be used. watch and arg are borrowed. */
struct vigil *vigil_new(struct desk *desk, const struct config_printer *config,
                        const struct vigil_watch *watch, void *arg,
                        struct error *err);
/* Before the desk is freed. Accepts NULL. */
void vigil_free(struct vigil *vigil);
struct printer *vigil_printer(struct vigil *vigil);
/* Turn the loop until the first reads are complete. False: it is offline; err
 * says why and what to do. */
bool vigil_meet(struct vigil *vigil, struct error *err);
/* Give an order with these arguments. */
void vigil_order(struct vigil *vigil, enum command command,
                 const struct order_arguments *arguments);
/* Give one as it would come in a message: its name and its payload. */
void vigil_send(struct vigil *vigil, const char *name, const char *payload);
/* Borrows from vigil; until the loop turns. */
struct view vigil_view(struct vigil *vigil);
#endif
