#include "bridge/cli.h"

#include "bridge/bridge.h"
#include "bridge/drivers/driver.h"
#include "mapping/memory.h"

#include <getopt.h>
#include <unistd.h>

#define DRIVERS_MAX 16

/* The drivers' names and endpoints, as config/ wants them; the lists stay for
 * the life of the program. */
static const struct config_driver *driver_rows(void)
{
    static struct config_driver rows[DRIVERS_MAX + 1];
    static const char *names[DRIVERS_MAX][DRIVER_ENDPOINTS_MAX + 1];
    int i, j;

    for (i = 0; drivers[i] && i < DRIVERS_MAX; i++) {
        for (j = 0; drivers[i]->endpoints[j].name; j++)
            names[i][j] = drivers[i]->endpoints[j].name;
        rows[i] = (struct config_driver){drivers[i]->name, names[i]};
    }
    return rows;
}

int cli_main(int argc, char **argv)
{
    struct config_problems problems = {0};
    struct error err = {""};
    const char *option =
        argc > 2 && strcmp(argv[1], "-c") == 0 ? argv[2] : NULL;
    char *path = config_find(option, &err);
    struct config *config;
    enum bridge_end end;

    if (!path) {
        fprintf(stderr, "printer2mqtt: %s\n", err.text);
        return 2;
    }
    config = config_load(path, driver_rows(), &problems);
    fputs(buffer_text(&problems.text), stderr);
    buffer_release(&problems.text);
    free(path);
    if (!config)
        return 2;
    end = bridge_run(config);
    config_free(config);
    if (end == BRIDGE_RESTART)
        (void)execv("/proc/self/exe", argv);
    return end == BRIDGE_REFUSED ? 2 : 0;
}
