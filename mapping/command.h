/* The command table: what can be ordered, each thing once. */
#ifndef MAPPING_COMMAND_H
#define MAPPING_COMMAND_H

#include <stdbool.h>

enum command {
#define COMMAND(id, ...) COMMAND_##id,
#include "mapping/commands.def"
#undef COMMAND
    COMMAND_COUNT
};

enum argument {
    ARGUMENT_NONE,   /* the payload is PRESS */
    ARGUMENT_PATH,   /* a file on the printer: /usb/box.gcode */
    ARGUMENT_FOLDER, /* PRESS, or a folder on the printer: /usb/parts */
    ARGUMENT_CHOICE, /* a file by its path or its name in files/list */
    ARGUMENT_SOURCE, /* a file below uploads.directory: parts/box.gcode */
    ARGUMENT_CAMERA, /* PRESS, or a camera: its name in the topics, or its id */
    ARGUMENT_SECONDS, /* a number between min and max */
};

enum command_flag {
    COMMAND_JOB = 1,       /* bound to the job its sender saw */
    COMMAND_OVERTAKE = 2,  /* ends what waits before it */
    COMMAND_OFFLINE = 4,   /* carried out also while the printer is off */
    COMMAND_DANGEROUS = 8, /* off until the configuration enables it */
    COMMAND_FILES = 16,    /* changes which files there are */
};

struct command_row {
    const char *name;
    const char *label;
    enum argument argument;
    double min, max; /* of a number */
    int limit_s;     /* until the effect must show */
    unsigned flags;
};

const struct command_row *command_row(enum command command);
/* COMMAND_COUNT if there is no command of this name. */
enum command command_find(const char *name);

#endif
