/* How fields and commands are mapped to topics: the user's wishes, complete.
 * Plain data filled by config/, shared by all printers that use it; what a
 * wish leaves open comes from the field's quantity. */
#ifndef MAPPING_MAPPING_H
#define MAPPING_MAPPING_H

#include "mapping/command.h"
#include "mapping/field.h"

#include <stdbool.h>
#include <stdint.h>

#define CUSTOM_MAX INSTANCES_CUSTOM

/* -1 (numbers), NULL (texts) and a deadband below 0 mean "not said". */
struct field_wish {
    int on;       /* 0 = off, 1 = on */
    char *topic;  /* template; must hold {name} for a field with instances */
    int retain;   /* 0, 1 */
    int qos;      /* 0, 1, 2 */
    int decimals; /* 0 to 9 */
    double deadband;
    int64_t interval_ms; /* at most one message in this time */
    char *name;          /* for people, in Home Assistant */
    char *icon;          /* "mdi:printer-3d" */
    int enabled;         /* in Home Assistant by default: 0, 1 */
};

/* A wish for one instance only: `storage/sdcard/free: off`. */
struct instance_wish {
    enum field field;
    char instance[INSTANCE_NAME_MAX + 1];
    struct field_wish wish;
};

struct command_wish {
    int on;
    char *topic; /* template with {base} {printer} {command} */
    char *name;
    char *icon;
    int enabled;
};

/* A field the bridge does not know: read from an endpoint by JSON pointer. */
struct custom_field {
    char key[FIELD_KEY_MAX + 1]; /* like a field's key, not one of ours */
    char *endpoint;              /* name in the driver's table: "status" */
    char *pointer;               /* RFC 6901: "/printer/chamber/temp" */
    enum quantity quantity;
    struct field_wish wish;
};

enum absent_style {
    ABSENT_NONE,  /* the text "None": Home Assistant's unknown */
    ABSENT_CLEAR, /* an empty payload: the retained topic goes away */
};

struct mapping {
    char *topic;         /* rule for fields; never NULL */
    char *command_topic; /* rule for commands; never NULL */
    enum absent_style absent;
    int qos; /* of fields that wish none */
    struct field_wish fields[FIELD_COUNT];
    struct instance_wish *instances;
    int instance_count;
    struct command_wish commands[COMMAND_COUNT];
    struct custom_field custom[CUSTOM_MAX];
    int custom_count;
};

#define MAPPING_TOPIC         "{base}/{printer}/{field}"
#define MAPPING_COMMAND_TOPIC "{base}/{printer}/command/{command}"

/* A mapping that wishes nothing; caller frees with mapping_free(). */
struct mapping *mapping_new(void);
struct mapping *mapping_copy(const struct mapping *mapping);
void mapping_free(struct mapping *mapping);
void field_wish_init(struct field_wish *wish);
void field_wish_release(struct field_wish *wish);
/* What over says wins over what wish says. */
void field_wish_merge(struct field_wish *wish, const struct field_wish *over);

#endif
