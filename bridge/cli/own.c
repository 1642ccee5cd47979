/* The words that are not about printers: run the bridge, and what concerns its
 * configuration. */
#include "bridge/bridge.h"
#include "bridge/cli/words.h"
#include "bridge/drivers/driver.h"
#include "bridge/explain.h"

#include <unistd.h>

#define DRIVERS_MAX 16

/* The lists stay for the life of the program. */
const struct config_driver *words_drivers(void)
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

struct config *words_config(const struct call *call, int *warnings)
{
    struct config_problems problems = {0};
    struct error err = {""};
    char *path = config_find(call->file, &err);
    struct config *config;

    if (!path) {
        (void)say_wrong("%s%s", err.text,
                        call->word->subject == SUBJECT_NONE
                            ? ""
                            : "; --url URL needs none");
        return NULL;
    }
    config = config_load(path, words_drivers(), &problems);
    /* warnings concern who runs the bridge */
    if (!config || call->word->subject == SUBJECT_NONE)
        fputs(buffer_text(&problems.text), stderr);
    if (warnings)
        *warnings = problems.warnings;
    if (!config)
        fprintf(stderr, "%s: %d error%s; nothing was started\n", path,
                problems.errors, problems.errors == 1 ? "" : "s");
    buffer_release(&problems.text);
    free(path);
    return config;
}

int word_run(struct call *call)
{
    struct config *config = words_config(call, NULL);
    enum bridge_end end;

    if (!config)
        return EXIT_WRONG;
    end = bridge_run(config);
    config_free(config);
    if (end == BRIDGE_RESTART) {
        (void)execv("/proc/self/exe", call->whole);
        return say_wrong("cannot restart: /proc/self/exe cannot be run");
    }
    return end == BRIDGE_REFUSED ? EXIT_WRONG : EXIT_DONE;
}

int word_check(struct call *call)
{
    int warnings = 0;
    struct config *config = words_config(call, &warnings);

    if (!config)
        return EXIT_WRONG;
    printf("ok: %zu printer%s", config->printer_count,
           config->printer_count == 1 ? "" : "s");
    if (warnings)
        printf(", %d warning%s", warnings, warnings == 1 ? "" : "s");
    printf("\n");
    config_free(config);
    return say_written();
}

int word_schema(struct call *call)
{
    struct buffer text = {0};

    (void)call;
    config_schema(words_drivers(), &text);
    return say_buffer(&text);
}

int word_reference(struct call *call)
{
    struct buffer text = {0};

    (void)call;
    config_reference(&text);
    return say_buffer(&text);
}

int word_mapping(struct call *call)
{
    struct config *config = words_config(call, NULL);
    struct buffer text = {0};

    if (!config)
        return EXIT_WRONG;
    config_mapping(config, &text);
    config_free(config);
    return say_buffer(&text);
}

int word_explain(struct call *call)
{
    struct config *config = words_config(call, NULL);
    const char *what = call->argc > 1 ? call->argv[1] : NULL;
    struct error err = {""};
    struct buffer text = {0};
    bool ok;

    if (!config)
        return EXIT_WRONG;
    ok = explain(config, call->argv[0], what, call->options & OPTION_JSON,
                 &text, &err);
    config_free(config);
    if (ok)
        return say_buffer(&text);
    buffer_release(&text);
    return say_wrong("%s", err.text);
}
