/* Files of these tests as JSON. */
#ifndef TESTS_HOMEASSISTANT_FILES_H
#define TESTS_HOMEASSISTANT_FILES_H

#include <cjson/cJSON.h>

/* NULL if it cannot be read or parsed; caller deletes. */
cJSON *file_json(const char *path);
/* Write for people: one key a line. */
void file_write(const char *path, const cJSON *json);

#endif
