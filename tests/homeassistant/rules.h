/* Home Assistant's own rules for discovery documents (rules.json), and the
 * house's: what a person sees must have been thought about. */
#ifndef TESTS_HOMEASSISTANT_RULES_H
#define TESTS_HOMEASSISTANT_RULES_H

#include "mapping/buffer.h"

#include <cjson/cJSON.h>

/* One line per thing that is wrong with document; nothing if it is fine. */
void rules_check(const cJSON *rules, const cJSON *document,
                 struct buffer *complaints);

#endif
