/* Where a printer's values go and where its orders come from. */
#ifndef MAPPING_ROUTES_H
#define MAPPING_ROUTES_H

#include "mapping/mapping.h"
#include "mapping/telemetry.h"
#include "mapping/template.h"

#include <stdbool.h>
#include <stdint.h>

/* One printer's view of its mapping. Borrows all three for its life. */
struct routes {
    const struct mapping *mapping;
    const char *base;
    const char *printer;
};

/* One field of one instance, everything decided. */
struct route {
    char topic[TOPIC_MAX + 1];
    char key[FIELD_KEY_MAX + 1]; /* "storage/usb/free" */
    enum field field;
    enum quantity quantity;
    bool retain;
    int qos;
    int decimals;
    double deadband;
    bool own_deadband; /* the user's; the quantity's otherwise */
    int64_t interval_ms;
    const char *name; /* the user's, or NULL: the field's label */
    const char *icon; /* the user's, or NULL */
    int enabled;      /* -1 = not said */
};

/* Decide the route of a slot; false if the field is off, or the instance is
 * not known to roster, or the topic would be too long. For FIELD_CUSTOM the
 * instance is the row of mapping->custom. */
bool routes_field(const struct routes *routes, enum field field, int instance,
                  const struct roster *roster, struct route *out);
/* The same but for the topic, which is left as it is: what route_due() needs,
 * much cheaper. True says nothing about the topic's length. */
bool routes_rule(const struct routes *routes, enum field field, int instance,
                 const struct roster *roster, struct route *out);
/* The topic orders for command come in on; false if it is off. */
bool routes_command(const struct routes *routes, enum command command,
                    char *out, size_t size);

/* Topics that no mapping changes: <base>/<printer>/<tail>. False = too long. */
bool routes_topic(const struct routes *routes, const char *tail, char *out,
                  size_t size);

/* Is the change from was to is worth a message now? Never when equal; always
 * when either is absent, when a number reaches or leaves 0, or when forced.
 * Otherwise the route's deadband and interval decide; a HEAT value within 2 °C
 * of its target needs 0.5 °C, or a minute since the last one, unless the user
 * set a deadband. target is absent for other quantities; since_ms: time since
 * the last message. Texts count as different: the caller compares them. */
bool route_due(const struct route *route, const struct value *was,
               const struct value *is, const struct value *target,
               int64_t since_ms, bool forced);

/* Check what no single key can show: two fields on one topic, a topic below
 * command, response or the discovery prefix, or one of the fixed topics.
 * True if all is well; else err names both fields. */
bool routes_check(const struct routes *routes, const char *discovery_prefix,
                  struct error *err);

#endif
