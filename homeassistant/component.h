/* One component of a discovery document: the keys every entity has.
 *
 * Full key names, no "~": Home Assistant refuses a whole document for one key
 * it does not know at the root, and abbreviations differ by version. */
#ifndef HOMEASSISTANT_COMPONENT_H
#define HOMEASSISTANT_COMPONENT_H

#include "homeassistant/look.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

enum category { CATEGORY_NONE, CATEGORY_DIAGNOSTIC, CATEGORY_CONFIG };

/* Whose components they are. All borrowed. */
struct owner {
    const char *identity; /* unique id: "<identity>_<tail>" */
    const char *object;   /* entity id: "sensor.<object>_<tail>" as a slug */
    cJSON *components;    /* the object they are added to */
};

/* What a person sees of a component. All borrowed. */
struct face {
    const char *tail; /* the key, too */
    const char *id;   /* end of the entity id; NULL = the key */
    const struct look_row *look;
    const char *name; /* "" = the device's own name: its main entity */
    const char *icon; /* NULL = the look's */
    const char *unit; /* NULL or "" = none */
    int precision;    /* decimals shown; -1 = not a number */
    enum category category;
    bool enabled;       /* by default */
    bool unlike_others; /* no other component can have this tail: not looked
                           for, which of thousands takes long */
};

/* Add a component that wears this face and return it, still without topics. A
 * key that is taken (a custom field `job/foo` beside `job_foo`) is numbered. */
cJSON *component_add(const struct owner *owner, const struct face *face);

/* Available when all of these topics say "online"; NULL ends the list. An empty
 * list is "always", which keeps a component from inheriting the document's. */
void component_availability(cJSON *object, const char *const *topics);

/* Add an object's text, unless it is NULL or "": null is not allowed. */
void component_text(cJSON *object, const char *key, const char *text);
/* Add a list of words; NULL ends it. */
void component_options(cJSON *component, const char *const *words);

#endif
