/* Pictures and updates: entities that are made of more than one topic. */
#ifndef HOMEASSISTANT_IMAGES_H
#define HOMEASSISTANT_IMAGES_H

#include "homeassistant/entity.h"

/* The pictures of job and last job, and one of each camera. */
void images_add(const struct place *place, const struct owner *owner);
/* Is there a newer PrusaLink? Only once it is known which one runs: Home
 * Assistant takes "None" for a version. */
void update_add(const struct place *place, const struct owner *owner);

#endif
