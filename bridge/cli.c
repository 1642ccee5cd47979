#include "bridge/cli.h"

#include "bridge/bridge.h"
#include "bridge/drivers/driver.h"
#include "bridge/explain.h"
#include "mapping/text.h"

#include <getopt.h>
#include <unistd.h>

#define DRIVERS_MAX 16

struct options {
    const char *file; /* -c */
    bool json;
    int argc; /* what follows the word */
    char **argv;
};

struct word {
    const char *name;
    const char *arguments;
    const char *help;
    int least, most; /* number of arguments */
    int (*run)(const struct options *options);
};

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

static int fail(const char *text)
{
    fprintf(stderr, "printer2mqtt: %s\n", text);
    return 2;
}

/* The configuration, or NULL after all its problems were told. */
static struct config *load(const struct options *options, int *warnings)
{
    struct config_problems problems = {0};
    struct error err = {""};
    char *path = config_find(options->file, &err);
    struct config *config;

    if (!path) {
        (void)fail(err.text);
        return NULL;
    }
    config = config_load(path, driver_rows(), &problems);
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

static int print_buffer(struct buffer *text)
{
    fputs(buffer_text(text), stdout);
    buffer_release(text);
    return fflush(stdout) == 0 ? 0 : 1;
}

static int run_run(const struct options *options)
{
    struct config *config = load(options, NULL);
    enum bridge_end end;

    if (!config)
        return 2;
    end = bridge_run(config);
    config_free(config);
    if (end == BRIDGE_RESTART) {
        (void)execv("/proc/self/exe", options->argv);
        return fail("cannot restart: /proc/self/exe cannot be run");
    }
    return end == BRIDGE_REFUSED ? 2 : 0;
}

static int run_check(const struct options *options)
{
    int warnings = 0;
    struct config *config = load(options, &warnings);

    if (!config)
        return 2;
    printf("ok: %zu printer%s", config->printer_count,
           config->printer_count == 1 ? "" : "s");
    if (warnings)
        printf(", %d warning%s", warnings, warnings == 1 ? "" : "s");
    printf("\n");
    config_free(config);
    return 0;
}

static int run_schema(const struct options *options)
{
    struct buffer text = {0};

    (void)options;
    config_schema(driver_rows(), &text);
    return print_buffer(&text);
}

static int run_reference(const struct options *options)
{
    struct buffer text = {0};

    (void)options;
    config_reference(&text);
    return print_buffer(&text);
}

static int run_mapping(const struct options *options)
{
    struct config *config = load(options, NULL);
    struct buffer text = {0};

    if (!config)
        return 2;
    config_mapping(config, &text);
    config_free(config);
    return print_buffer(&text);
}

static int run_explain(const struct options *options)
{
    struct config *config = load(options, NULL);
    const char *what = options->argc > 1 ? options->argv[1] : NULL;
    struct error err = {""};
    struct buffer text = {0};
    bool ok;

    if (!config)
        return 2;
    ok = explain(config, options->argv[0], what, options->json, &text, &err);
    config_free(config);
    if (ok)
        return print_buffer(&text);
    buffer_release(&text);
    return fail(err.text);
}

static const struct word words[] = {
    {"run", "", "run the bridge (what happens without a word)", 0, 0, run_run},
    {"check", "", "check the configuration: all problems in one run", 0, 0,
     run_check},
    {"explain", "PRINTER [FIELD|COMMAND]",
     "topic, payload, unit, Home Assistant entity, request", 1, 2, run_explain},
    {"mapping", "", "the whole effective mapping as YAML", 0, 0, run_mapping},
    {"schema", "", "JSON Schema of the configuration, for editors", 0, 0,
     run_schema},
    {"reference", "", "every key of the configuration, as Markdown", 0, 0,
     run_reference},
};

#define WORD_COUNT (sizeof words / sizeof *words)

static int print_help(void)
{
    size_t i;

    puts("printer2mqtt " P2M_VERSION
         ": 3D printers on MQTT and in Home Assistant\n\n"
         "usage: printer2mqtt [-c FILE] [WORD [ARGUMENTS]]\n");
    for (i = 0; i < WORD_COUNT; i++)
        printf("  %-10s%-24s %s\n", words[i].name, words[i].arguments,
               words[i].help);
    puts(
        "\n"
        "  -c, --config FILE  the configuration; else $PRINTER2MQTT_CONFIG,\n"
        "                     ~/.config/printer2mqtt/config.yaml or\n"
        "                     /etc/printer2mqtt/config.yaml\n"
        "      --json         for programs (explain)\n"
        "  -V, --version      version and commit\n"
        "  -h, --help         this text\n\n"
        "A configuration of five lines is enough:\n\n"
        "  mqtt: {url: mqtt://192.168.1.10, username: bridge, password: "
        "!secret mqtt}\n"
        "  printers:\n"
        "    mk4: {url: 192.168.1.50, password: !secret mk4}\n\n"
        "with the passwords in secrets.yaml beside it (mqtt: ..., mk4: ...). "
        "The\n"
        "printer's password stands in its menu under Settings, Network, "
        "PrusaLink.\n\n"
        "Exit status: 0 done, 1 failed, 2 wrong use or invalid configuration.");
    return 0;
}

static int unknown_word(const char *name)
{
    const char *names[WORD_COUNT + 1] = {0};
    const char *nearest;
    char text[160];
    size_t i;

    for (i = 0; i < WORD_COUNT; i++)
        names[i] = words[i].name;
    nearest = text_nearest(name, names);
    (void)snprintf(text, sizeof text, "no word %.40s%s%s%s; see --help", name,
                   nearest ? "; did you mean " : "", nearest ? nearest : "",
                   nearest ? "?" : "");
    return fail(text);
}

static int dispatch(struct options *options, char **argv)
{
    const char *name = options->argc > 0 ? options->argv[0] : "run";
    size_t i = 0;
    char text[160];

    while (i < WORD_COUNT && strcmp(words[i].name, name) != 0)
        i++;
    if (i == WORD_COUNT)
        return unknown_word(name);
    if (options->argc > 0) {
        options->argc--;
        options->argv++;
    }
    if (options->argc < words[i].least || options->argc > words[i].most) {
        (void)snprintf(text, sizeof text, "usage: printer2mqtt %s %s", name,
                       words[i].arguments);
        return fail(text);
    }
    if (words[i].run == run_run)
        options->argv = argv; /* to start again with */
    return words[i].run(options);
}

int cli_main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct options options = {0};
    int option;

    while ((option = getopt_long(argc, argv, "c:hV", longs, NULL)) != -1)
        switch (option) {
        case 'c': options.file = optarg; break;
        case 'j': options.json = true; break;
        case 'h': return print_help();
        case 'V':
            puts("printer2mqtt " P2M_VERSION " (" P2M_COMMIT ")");
            return 0;
        default: return 2;
        }
    options.argc = argc - optind;
    options.argv = argv + optind;
    return dispatch(&options, argv);
}
