/* The names that values and keys are chosen from. Arrays hold NAMES_MAX + 1
 * borrowed names and end with NULL. */
#ifndef CONFIG_NAMES_H
#define CONFIG_NAMES_H

#include "config/config.h"

#define NAMES_MAX 255

/* "auto" and every driver. */
void names_of_drivers(const struct config_driver *drivers, const char **names);
/* Every endpoint of any driver, once. */
void names_of_endpoints(const struct config_driver *drivers,
                        const char **names);
void names_of_commands(const char **names);
/* Keys of all fields but custom ones. */
void names_of_fields(const char **names);
/* Index of text, -1 if it is none of the names. */
int names_find(const char *text, const char *const *names);

#endif
