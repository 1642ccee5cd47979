#include "mapping/command.h"

static const struct command_row rows[] = {
#define COMMAND(id, name, label, argument, min, max, limit, flags)             \
    [COMMAND_##id] = {name, label, ARGUMENT_##argument, min, max, limit, flags},
#include "mapping/commands.def"
#undef COMMAND
};

const struct command_row *command_row(enum command command)
{
    return &rows[command];
}

enum command command_find(const char *name)
{
    enum command c = 0;

    while (c < COMMAND_COUNT && strcmp(rows[c].name, name) != 0)
        c++;
    return c;
}
