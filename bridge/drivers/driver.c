/* Looking things up in the drivers' tables. */
#include "bridge/drivers/driver.h"

#define ALL_STATES (STATE_BIT(STATE_COUNT) - 1)

#define DRIVER(name) extern const struct driver name##_driver;
#include "bridge/drivers/drivers.def"
#undef DRIVER

const struct driver *const drivers[] = {
#define DRIVER(name) &name##_driver,
#include "bridge/drivers/drivers.def"
#undef DRIVER
    NULL,
};

const struct driver *driver_find(const char *name)
{
    size_t i;

    for (i = 0; drivers[i]; i++)
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    return NULL;
}

int driver_endpoint_find(const struct driver *driver, const char *name)
{
    int i;

    for (i = 0; driver->endpoints[i].name; i++)
        if (strcmp(driver->endpoints[i].name, name) == 0)
            return i;
    return -1;
}

const struct driver_command *driver_command(const struct driver *driver,
                                            enum command command)
{
    const struct driver_command *row =
        command < COMMAND_COUNT ? &driver->commands[command] : NULL;

    return row && (row->states || row->states_of) ? row : NULL;
}

bool driver_reports(const struct driver *driver, enum field field)
{
    const struct driver_endpoint *endpoint;
    const struct driver_field *row;

    for (endpoint = driver->endpoints; endpoint->name; endpoint++)
        for (row = endpoint->fields; row->path; row++)
            if (row->field == field)
                return true;
    return false;
}

unsigned driver_states(const struct driver *driver, enum command command,
                       const struct device *device)
{
    static const struct device unknown;
    const struct driver_command *row = driver_command(driver, command);

    if (command_row(command)->flags & COMMAND_OFFLINE)
        return ALL_STATES;
    if (!row)
        return 0;
    return row->states_of ? row->states_of(device ? device : &unknown)
                          : row->states;
}

void driver_read(const struct driver *driver, int endpoint,
                 struct request *request)
{
    const struct driver_endpoint *row = &driver->endpoints[endpoint];

    *request = (struct request){
        .method = HTTP_GET,
        .timeout_ms = row->timeout_ms,
        .answer_max = row->answer_max,
    };
    (void)snprintf(request->target, sizeof request->target, "%s", row->target);
}

bool driver_has(const struct driver *driver, int endpoint,
                const struct device *device)
{
    const struct driver_endpoint *row = &driver->endpoints[endpoint];

    return !row->has || row->has(device);
}
