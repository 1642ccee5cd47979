/* The facts as they are gathered, from "key = value" of any slicer. */
#ifndef BRIDGE_METADATA_FACTS_H
#define BRIDGE_METADATA_FACTS_H

#include "bridge/metadata/metadata.h"
#include "bridge/metadata/words.h"

enum fact {
    FACT_WEIGHT,
    FACT_LENGTH,
    FACT_LAYER_HEIGHT,
    FACT_SECONDS,
    FACT_TYPES,
    FACT_COUNT
};

struct facts {
    struct metadata found;
    int rank[FACT_COUNT]; /* how good the source of each is; 0 = not known */
    /* Extruders, to leave out the types of those that are not used. */
    struct words_numbers used;
    char types[512];
};

/* A line "key = value", "key: value" or "key=value", without ';'. Anything that
 * is not known or makes no sense is ignored. */
void facts_line(struct facts *f, const char *line);
/* Is all known, as well as it ever will be? */
bool facts_complete(const struct facts *f);

#endif
