/* What every discovery document has around its components. */
#ifndef HOMEASSISTANT_DOCUMENT_H
#define HOMEASSISTANT_DOCUMENT_H

#include "homeassistant/discovery.h"

#include <cjson/cJSON.h>

/* Our name in every document's origin: how we know our own again. */
#define DOCUMENT_ORIGIN "printer2mqtt"

/* Facts about a device; NULL and "" are left out. All borrowed. */
struct document_device {
    const char *identity;
    const char *name;
    const char *manufacturer;
    const char *model;
    const char *serial;
    const char *firmware;
    const char *area;
    const char *url; /* left out unless Home Assistant takes it */
    const char *via; /* identity of the device it is reached through */
};

/* A document with device, origin, availability (NULL ends the list) and an
 * empty object "components". */
cJSON *document_new(const struct discovery_bridge *bridge,
                    const struct document_device *device,
                    const char *const *availability);
cJSON *document_components(cJSON *document);
/* Write the document to out and delete it. */
void document_write(cJSON *document, struct buffer *out);

#endif
