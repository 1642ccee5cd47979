/* The field table: what can be known about a printer, each thing once.
 *
 * A field with a scope exists once per instance (one `storage/<name>/free` per
 * storage). A *slot* is one field of one instance; snapshots are arrays of
 * slots, and everything that is remembered per value is indexed by slot. */
#ifndef MAPPING_FIELD_H
#define MAPPING_FIELD_H

#include "mapping/error.h"
#include "mapping/value.h"

#include <stdbool.h>
#include <stddef.h>

enum scope {
    SCOPE_ONE,
    SCOPE_STORAGE,
    SCOPE_CAMERA,
    SCOPE_CUSTOM, /* the user's own fields; instances are their rows */
    SCOPE_COUNT
};

/* Most instances of each scope. */
enum {
    INSTANCES_ONE = 1,
    INSTANCES_STORAGE = 8,
    INSTANCES_CAMERA = 8,
    INSTANCES_CUSTOM = 32,
    SLOT_LEVELS = 8, /* see enum slot */
};

#define INSTANCES_MAX     32
#define INSTANCE_NAME_MAX 32
#define FIELD_KEY_MAX     96 /* a key with its instance name, without NUL */

enum life { LIFE_LIVE, LIFE_KEPT };

enum field {
#define FIELD(id, ...) FIELD_##id,
#include "mapping/fields.def"
#undef FIELD
    FIELD_COUNT
};

/* What every printer has comes first, then level by level what the first
 * instance of each scope has, the second, ...: of most printers the known
 * values lie in the first half, and arrays by slot end with it. The names of
 * fields with a scope are those of the first instance; see field_slot(). */
#define SLOT_ONCE_ONE(id) SLOT_##id,
#define SLOT_ONCE_STORAGE(id)
#define SLOT_ONCE_CAMERA(id)
#define SLOT_ONCE_CUSTOM(id)
#define SLOT_LEVEL_ONE(id)
#define SLOT_LEVEL_STORAGE(id) SLOT_##id,
#define SLOT_LEVEL_CAMERA(id)  SLOT_##id,
#define SLOT_LEVEL_CUSTOM(id)                                                  \
    SLOT_##id,                                                                 \
        SLOT_##id##_OF_LEVEL = SLOT_##id + INSTANCES_CUSTOM / SLOT_LEVELS - 1,
enum slot {
#define FIELD(id, key, label, quantity, scope, life) SLOT_ONCE_##scope(id)
#include "mapping/fields.def"
#undef FIELD
    SLOT_FIXED, /* so many are of every printer */
    SLOT_BEFORE_LEVELS = SLOT_FIXED - 1,
#define FIELD(id, key, label, quantity, scope, life) SLOT_LEVEL_##scope(id)
#include "mapping/fields.def"
#undef FIELD
    SLOT_LEVEL_END,
    SLOT_LEVEL = SLOT_LEVEL_END - SLOT_FIXED,
    SLOT_COUNT = SLOT_FIXED + SLOT_LEVELS * SLOT_LEVEL
};

/* Some slots, a bit each. All-zero: none. */
struct slot_set {
    uint64_t bits[SLOT_COUNT / 64 + 1];
};

bool slot_set_has(const struct slot_set *set, int slot);
/* True: it was not in it before. */
bool slot_set_add(struct slot_set *set, int slot);

struct field_row {
    const char *key;   /* "storage/<name>/free" */
    const char *label; /* for people, stands alone */
    enum quantity quantity;
    enum scope scope;
    enum life life;
    int first_slot; /* of its first instance */
};

const struct field_row *field_row(enum field field);
/* Number of instances a field can have: 1 without scope. */
int field_instances(enum field field);
/* The slot of an instance; a higher one has a higher slot. */
int field_slot(enum field field, int instance);
/* How long an array by slot is that reaches the given one: all that every
 * printer has, then in steps, so that it seldom grows. */
int field_room(int slot);
/* The target of a HEAT field, FIELD_COUNT for all others. */
enum field field_target(enum field field);

/* Find a field by its key. `storage/<name>/free` names all instances
 * (instance becomes ""), `storage/usb/free` one of them (instance becomes
 * "usb"; whether the printer has it is not known here). FIELD_COUNT if there
 * is no such field. instance holds INSTANCE_NAME_MAX + 1 bytes or is NULL. */
enum field field_find(const char *key, char *instance);
/* Write the key with the instance's name put in; false if it does not fit. */
bool field_key(enum field field, const char *instance, char *out, size_t size);

/* Names of the instances one printer has, in the order they were learned. They
 * only grow: an index stays what it was for the life of the program. All-zero:
 * none. */
struct instances {
    char (*name)[INSTANCE_NAME_MAX + 1]; /* owned; moves when one is learned */
    int count;
    bool overflow; /* one did not fit any more: warn once */
};

void instances_release(struct instances *instances);
/* to becomes equal to from; what it was is freed. */
void instances_copy(struct instances *to, const struct instances *from);

/* All of them; NULL = none are known. Borrows the lists. */
struct roster {
    const struct instances *storages, *cameras;
};

/* How many instances of a scope there are; 0 for SCOPE_ONE and SCOPE_CUSTOM,
 * whose instances have no names. */
int roster_count(const struct roster *roster, enum scope scope);
/* The name of one; NULL if there is none so high. */
const char *roster_name(const struct roster *roster, enum scope scope,
                        int instance);

/* Make a name of what identifies an instance for its API ("/usb/" -> "usb"):
 * [a-z0-9_-]{1,32}, other bytes become '_'. out: INSTANCE_NAME_MAX + 1. */
void instance_name(const char *identity, char *out);
/* Index of the instance with this name, learning it if it is new; -1 and
 * overflow when there are too many. Two identities that make the same name
 * are told apart by the caller passing occurrence 0, 1, ... (then "_2"). */
int instances_learn(struct instances *instances, const char *identity,
                    int occurrence);
int instances_find(const struct instances *instances, const char *name);

#endif
