/* Home Assistant discovery documents (device-based, 2024.11 and later).
 *
 * Pure: facts in, JSON out. One document per printer, one for the bridge.
 *
 * unique_id is "<identity>_<tail>", where tail is the field's key with _ for /,
 * "cmd_<command>", or a derived entity's own name; it never changes. Entity ids
 * are asked for as "<platform>.<printer id>_<tail>" (commands without "cmd_"),
 * so that they are the same in every home, whatever device and area are called.
 * Home Assistant then prefers them to a user's own ids when a device was
 * deleted and comes again: never empty a document just to send it again. */
#ifndef HOMEASSISTANT_DISCOVERY_H
#define HOMEASSISTANT_DISCOVERY_H

#include "mapping/buffer.h"
#include "mapping/command.h"
#include "mapping/field.h"
#include "mapping/routes.h"

#include <stdbool.h>
#include <stddef.h>

/* What all documents of this bridge have in common; texts are borrowed. */
struct discovery_bridge {
    const char *prefix;       /* "homeassistant" */
    const char *base;         /* "printer2mqtt" */
    const char *bridge_topic; /* "printer2mqtt/bridge" or ".../bridge-NAME" */
    const char *id;           /* "printer2mqtt_bridge"; unlike any serial */
    const char *name;         /* "printer2mqtt" */
    const char *version;
    const char *support_url; /* NULL */
    bool bridge_device;      /* announced: printers may name it via_device */
};

/* What is known about one printer. */
struct discovery_printer {
    const char *id;       /* in the configuration: in its topics */
    const char *identity; /* serial or unique_id: never changes */
    const char *name;
    const char *model; /* NULL = unknown */
    const char *vendor;
    const char *serial;   /* NULL = unknown */
    const char *firmware; /* NULL = unknown */
    const char *area;     /* NULL */
    const char *url;      /* configuration_url; NULL */
    const struct routes *routes;
    const struct roster *roster;
    bool pictures;            /* of its jobs are fetched */
    struct slot_set reported; /* seen at least once on this printer */
    /* Names of files to choose from, unlike each other, NULL-ended; and the one
     * that is chosen. NULL = none. */
    const char *const *files;
    const char *file_selected;
    bool commands[COMMAND_COUNT]; /* can be ordered (allowed and learned) */
};

/* A row of the bridge device: one per configured printer. */
struct discovery_row {
    const char *id;
    const char *name;
};

/* Discovery topic "<prefix>/device/<identity made safe>/config". An identity
 * with other characters than a-z A-Z 0-9 _ - gets a hash behind it, so that two
 * never share a topic. False if it is empty or the topic does not fit. */
bool discovery_topic(const char *prefix, const char *identity, char *out,
                     size_t size);

/* Add the document of a printer / of the bridge to out. A URL that Home
 * Assistant would not take (no host, credentials in it) is left out: one bad
 * value costs the whole document. Printer ids are [a-z0-9_-]. */
void discovery_printer_document(const struct discovery_bridge *bridge,
                                const struct discovery_printer *printer,
                                struct buffer *out);
void discovery_bridge_document(const struct discovery_bridge *bridge,
                               const struct discovery_row *printers,
                               size_t count, struct buffer *out);

/* Whose is a retained document? True if json is a device document of this
 * program whose root availability names our own state topic
 * (bridge_topic/state); id gets the printer id of its other availability topic
 * ("" for the bridge's own; undefined when false). Takes hostile bytes, at most
 * 512 KiB (as do those below). */
bool discovery_is_ours(const char *json, size_t len, const char *bridge_topic,
                       const char *base, char *id, size_t size);

/* Components that old has and fresh lacks, or has with another platform, must
 * be removed in two steps: out becomes fresh with those reduced to
 * {"platform": ...}. False (out untouched) when nothing has to go. */
bool discovery_removal(const char *old_json, size_t len, const char *fresh,
                       struct buffer *out);

/* The opposite: out becomes fresh with those components as old has them, whole.
 * Home Assistant forgets an entity only after it has known it, so what was
 * removed while it was down has to be announced once more first. */
bool discovery_restored(const char *old_json, size_t len, const char *fresh,
                        struct buffer *out);

/* What discovery_removal() needs of an old document, much shorter: components
 * and platforms. Takes hostile bytes; it has no components when json is not a
 * device document. */
void discovery_skeleton(const char *json, size_t len, struct buffer *out);

/* Equal as JSON, whatever the order of keys and spaces? */
bool discovery_equal(const char *a, size_t len, const char *b);

#endif
