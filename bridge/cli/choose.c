#include "bridge/cli/choose.h"

#include "config/disk.h"
#include "config/url.h"
#include "mapping/memory.h"

#define SECRET_MAX 4096
#define IDLE_MS    2000 /* between polls of what a person watches */

/* A person who types an order means it, so that nothing is off by default; what
 * a configuration forbids stays so. */
static void allow_all(struct config_printer *printer)
{
    int i;

    for (i = 0; i < COMMAND_COUNT; i++)
        printer->command_enabled[i] = true;
}

/* ---- a printer by its address ---- */

static void wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

/* The first line of a file, "-" is stdin. */
static char *read_secret(const char *path, const char *option,
                         struct error *err)
{
    const char *from = strcmp(path, "-") == 0 ? "/dev/stdin" : path;
    struct stat st;
    size_t len = 0, line;
    char *bytes = disk_read(from, SECRET_MAX, true, &len, &st, err);
    char *secret = NULL;

    if (!bytes) {
        (void)error_prefix(err, "%s", option);
        return NULL;
    }
    line = strcspn(bytes, "\r\n");
    if (line > 0)
        secret = memory_copy(bytes, line);
    else
        (void)error_set(err, "%s: the first line of the file is empty", option);
    disk_free(bytes, len);
    return secret;
}

/* A name for messages: the host as it stands in the URL. */
static void name_after_host(struct config_printer *printer)
{
    const char *host = strstr(printer->url, "://");
    size_t len;

    host = host ? host + 3 : printer->url;
    len = strcspn(host, "/");
    if (len > PRINTER_ID_MAX)
        len = PRINTER_ID_MAX;
    memcpy(printer->id, host, len);
    printer->id[len] = '\0';
}

static bool take_secret(struct config_printer *printer, const struct call *call,
                        struct error *err)
{
    const char *password = getenv("PRUSA_PASSWORD");

    if (call->password_file && call->api_key_file)
        return error_set(err, "both --password-file and --api-key-file are "
                              "given; one is needed");
    if (call->api_key_file) {
        printer->auth = CONFIG_AUTH_API_KEY;
        printer->secret =
            read_secret(call->api_key_file, "--api-key-file", err);
    } else if (call->password_file)
        printer->secret =
            read_secret(call->password_file, "--password-file", err);
    else if (password && *password)
        printer->secret = memory_text(password);
    else
        return true;
    return printer->secret != NULL;
}

static bool by_address(struct choice *choice, const struct call *call,
                       const char *address, struct error *err)
{
    struct config_printer *printer = memory_zero(1, sizeof *printer);
    const char *username = getenv("PRUSA_USERNAME");

    choice->printers = printer;
    choice->count = 1;
    printer->enabled = true;
    allow_all(printer);
    printer->driver = memory_text("auto");
    printer->timeout_ms = 5000;
    printer->poll_printing_ms = printer->poll_idle_ms = IDLE_MS;
    printer->poll_offline_ms = printer->poll_offline_max_ms = IDLE_MS;
    if (call->username)
        username = call->username;
    if (username && *username)
        printer->username = memory_text(username);
    printer->url = url_printer(address, err);
    if (!printer->url)
        return false;
    name_after_host(printer);
    return take_secret(printer, call, err);
}

/* ---- a printer of the configuration ---- */

static const struct config_printer *find(const struct config *config,
                                         const char *id)
{
    size_t i;

    for (i = 0; i < config->printer_count; i++)
        if (strcmp(config->printers[i].id, id) == 0)
            return &config->printers[i];
    return NULL;
}

/* Shallow: texts stay the configuration's. */
static void add(struct choice *choice, const struct config_printer *from)
{
    struct config_printer *to;

    choice->printers = memory_grow(choice->printers, choice->count + 1,
                                   sizeof *choice->printers);
    to = &choice->printers[choice->count++];
    *to = *from;
    allow_all(to);
    if (to->poll_idle_ms > IDLE_MS)
        to->poll_idle_ms = IDLE_MS;
    to->poll_offline_ms = to->poll_offline_max_ms = IDLE_MS;
}

static int unknown(const struct config *config, const char *id)
{
    const char **ids = memory_zero(config->printer_count + 1, sizeof *ids);
    size_t i;

    for (i = 0; i < config->printer_count; i++)
        ids[i] = config->printers[i].id;
    (void)say_unknown("no printer is called", id, ids,
                      strpbrk(id, ".:") ? "; an address goes behind --url"
                                        : "; status shows all there are");
    free(ids);
    return EXIT_WRONG;
}

/* No id is there to be taken: the only printer is meant. */
static bool means_the_only(const struct config *config, const struct call *call)
{
    return config->printer_count == 1 &&
           (call->argc <= call->word->least || strpbrk(call->argv[0], "/."));
}

static int by_id(struct choice *choice, struct call *call)
{
    const struct config *config = choice->config;
    const struct config_printer *printer =
        call->argc > 0 ? find(config, call->argv[0]) : NULL;
    size_t i;

    if (printer) {
        call->argc--;
        call->argv++;
        add(choice, printer);
        return EXIT_DONE;
    }
    if (call->argc == 0 && call->word->subject == SUBJECT_ANY_PRINTER) {
        choice->all = true;
        for (i = 0; i < config->printer_count; i++)
            if (config->printers[i].enabled)
                add(choice, &config->printers[i]);
        return EXIT_DONE;
    }
    if (means_the_only(config, call)) {
        add(choice, &config->printers[0]);
        return EXIT_DONE;
    }
    return call->argc > 0 ? unknown(config, call->argv[0])
                          : help_usage(call->word);
}

/* With an address in the environment an id that is typed still wins, if there
 * is such a printer. What is wrong in the file is not said then. */
static bool names_configured(struct choice *choice, const struct call *call)
{
    struct config_problems problems = {0};
    char *path;

    if (call->argc == 0 || strpbrk(call->argv[0], "/."))
        return false;
    path = config_find(call->file, NULL);
    if (path)
        choice->config = config_load(path, words_drivers(), &problems);
    buffer_release(&problems.text);
    free(path);
    if (choice->config && find(choice->config, call->argv[0]))
        return true;
    config_free(choice->config);
    choice->config = NULL;
    return false;
}

static const char *address_of(struct choice *choice, const struct call *call)
{
    const char *host = getenv("PRUSA_HOST");

    if (call->url)
        return call->url;
    if (!host || !*host || names_configured(choice, call))
        return NULL;
    return host;
}

static int check_options(const struct call *call)
{
    if (call->username)
        return say_wrong("--username needs --url");
    if (call->password_file)
        return say_wrong("--password-file needs --url");
    if (call->api_key_file)
        return say_wrong("--api-key-file needs --url");
    return EXIT_DONE;
}

static int choose(struct choice *choice, struct call *call)
{
    const char *address = address_of(choice, call);
    struct error err = {""};
    int status;

    if (address)
        return by_address(choice, call, address, &err)
                   ? EXIT_DONE
                   : say_wrong("%s", err.text);
    status = check_options(call);
    if (status != EXIT_DONE)
        return status;
    if (!choice->config)
        choice->config = words_config(call, NULL);
    return choice->config ? by_id(choice, call) : EXIT_WRONG;
}

int choice_make(struct choice *choice, struct call *call)
{
    int status;

    *choice = (struct choice){0};
    status = choose(choice, call);
    if (status == EXIT_DONE &&
        (call->argc < call->word->least || call->argc > call->word->most))
        return help_usage(call->word);
    return status;
}

void choice_release(struct choice *choice)
{
    if (!choice->config && choice->printers) {
        struct config_printer *printer = choice->printers;

        wipe(printer->secret);
        free(printer->url);
        free(printer->driver);
        free(printer->username);
    }
    free(choice->printers);
    config_free(choice->config);
    *choice = (struct choice){0};
}

int choice_sit(struct call *call,
               int (*run)(const struct call *call, struct desk *desk,
                          const struct choice *choice))
{
    struct choice choice;
    int status = choice_make(&choice, call);
    struct desk *desk;

    if (status == EXIT_DONE) {
        desk = desk_new(choice.count);
        status = run(call, desk, &choice);
        desk_free(desk);
    }
    choice_release(&choice);
    return status;
}

int choice_run(struct call *call, const char *const *plan,
               int (*run)(const struct call *call, struct client *client))
{
    struct choice choice;
    int status = choice_make(&choice, call);
    struct client *client;
    struct desk *desk;

    if (status == EXIT_DONE) {
        desk = desk_new(1);
        client = desk_add(desk, &choice.printers[0]);
        if (plan)
            desk_read(desk, plan);
        status = run(call, client);
        desk_free(desk);
    }
    choice_release(&choice);
    return status;
}
