/* Printers and bridges to make discovery documents of. */
#ifndef TESTS_HOMEASSISTANT_SCENES_H
#define TESTS_HOMEASSISTANT_SCENES_H

#include "homeassistant/discovery.h"

/* Everything one document is made of. */
struct scene {
    const char *name; /* of the golden file; NULL = has none */
    struct discovery_bridge bridge;
    struct discovery_printer printer;
    struct mapping *mapping;
    struct routes routes;
    struct instances instances, cameras;
    struct roster roster;
    struct discovery_row rows[4];
    size_t row_count; /* of a bridge's document */
    bool is_bridge;
};

typedef void (*scene_setup)(struct scene *scene);

/* A printer "mk4" of which only the state is known. */
void scene_minimal(struct scene *scene);
void scene_buddy(struct scene *scene);  /* all a Buddy printer can report */
void scene_pi(struct scene *scene);     /* all PrusaLink on a Pi can report */
void scene_custom(struct scene *scene); /* the user's own fields, wishes */
void scene_mapped(struct scene *scene); /* own topics, fields off, QoS */
void scene_everything(struct scene *scene); /* every slot, every command */
void scene_bridge(struct scene *scene);
void scene_instance(struct scene *scene); /* a second bridge, no printer */

extern const scene_setup scenes[];
extern const size_t scene_count;

void scene_report(struct scene *scene, enum field field);
/* The document as JSON text; caller releases. */
struct buffer scene_document(const struct scene *scene);
void scene_release(struct scene *scene);

#endif
