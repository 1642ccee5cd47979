/* One printer's snapshot on its topics: only what changed, everything again
 * after a start and a reconnect, and never in an order that could lie.
 *
 * Going offline, availability comes first; coming back, it comes last. */
#ifndef BRIDGE_PUBLISHER_H
#define BRIDGE_PUBLISHER_H

#include "bridge/moment.h"
#include "bridge/mqtt.h"
#include "bridge/printer.h"
#include "config/config.h"

#include <stdbool.h>
#include <stdint.h>

struct publisher;

/* Where messages go; false = not now, it is tried again. */
struct outlet {
    bool (*publish)(void *arg, const struct mqtt_message *message);
    void *arg;
};

/* Borrows all its arguments for its life. */
struct publisher *publisher_new(const struct config *config,
                                const struct config_printer *printer,
                                const struct outlet *outlet);
/* Accepts NULL. */
void publisher_free(struct publisher *publisher);

/* Everything must be said again: the broker may have lost it. */
void publisher_again(struct publisher *publisher);
/* At a start: say that the printer is offline, whatever comes. */
bool publisher_start(struct publisher *publisher);
/* Say what changed. False: something could not go out; call again later. */
bool publisher_sync(struct publisher *publisher, const struct printer *printer,
                    struct moment now);
/* When something waits for its time (the JSON topic); INT64_MAX = nothing. */
int64_t publisher_wake(const struct publisher *publisher);
const struct routes *publisher_routes(const struct publisher *publisher);

/* The JSON of all known fields except the poll group and lists, nested at "/".
 */
void publisher_json(const struct routes *routes, const struct telemetry *t,
                    const struct roster *roster, struct buffer *out);

/* Shorthand for a retained text message with QoS 1. */
bool outlet_say(const struct outlet *outlet, const char *topic,
                const char *payload, int qos, bool retain);

#endif
