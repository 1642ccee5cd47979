#include "config/names.h"

int names_find(const char *text, const char *const *words)
{
    int i;

    for (i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    return -1;
}

void names_of_drivers(const struct config_driver *drivers, const char **names)
{
    size_t n = 0;

    names[n++] = "auto";
    for (; drivers && drivers->name && n < NAMES_MAX; drivers++)
        names[n++] = drivers->name;
    names[n] = NULL;
}

void names_of_endpoints(const struct config_driver *drivers, const char **names)
{
    size_t n = 0, i;

    names[0] = NULL;
    for (; drivers && drivers->name; drivers++)
        for (i = 0; drivers->endpoints && drivers->endpoints[i]; i++)
            if (n < NAMES_MAX && names_find(drivers->endpoints[i], names) < 0) {
                names[n++] = drivers->endpoints[i];
                names[n] = NULL;
            }
}

void names_of_commands(const char **names)
{
    enum command c;

    _Static_assert(COMMAND_COUNT <= NAMES_MAX, "room for all commands");
    for (c = 0; c < COMMAND_COUNT; c++)
        names[c] = command_row(c)->name;
    names[c] = NULL;
}

void names_of_fields(const char **names)
{
    enum field f;

    _Static_assert(FIELD_COUNT <= NAMES_MAX, "room for all fields");
    for (f = 0; f < FIELD_CUSTOM; f++)
        names[f] = field_row(f)->key;
    names[f] = NULL;
}
