/* --help: all words in groups, and each word with an example. */
#include "bridge/cli/words.h"

static const struct {
    unsigned bit;
    const char *name, *help;
} option_rows[] = {
    {OPTION_PRINT, "--print", "print it when it is there"},
    {OPTION_OVERWRITE, "--overwrite", "replace a file of the same name"},
    {OPTION_DELETE, "--delete", "delete what is not in DIR"},
    {OPTION_FORCE, "--force", "also when a folder loses all that is in it"},
    {OPTION_DRY_RUN, "--dry-run", "only show what would be done"},
    {OPTION_JSON, "--json", "for programs"},
};

#define OPTION_ROWS (sizeof option_rows / sizeof *option_rows)

/* "print PRINTER PATH" */
static void put_call(const struct word *word, struct buffer *out)
{
    static const char *const printers[] = {
        [SUBJECT_NONE] = "",
        [SUBJECT_PRINTER] = " PRINTER",
        [SUBJECT_ANY_PRINTER] = " [PRINTER]",
    };

    (void)buffer_format(out, "%s%s%s%s", word->name, printers[word->subject],
                        *word->arguments ? " " : "", word->arguments);
}

/* The same with its options. */
static void put_usage(const struct word *word, struct buffer *out)
{
    size_t i;

    (void)buffer_text_add(out, "usage: printer2mqtt ");
    put_call(word, out);
    for (i = 0; i < OPTION_ROWS; i++)
        if (word->options & option_rows[i].bit)
            (void)buffer_format(out, " [%s]", option_rows[i].name);
}

int help_usage(const struct word *word)
{
    struct buffer usage = {0};

    put_usage(word, &usage);
    (void)say_wrong("%s; see printer2mqtt %s --help", buffer_text(&usage),
                    word->name);
    buffer_release(&usage);
    return EXIT_WRONG;
}

/* Lines of at most 78 columns; text is ASCII. */
static void put_wrapped(const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t len = strcspn(text, " ");

        if (column > 0 && column + 1 + len > 78) {
            fputs("\n", stdout);
            column = 0;
        }
        printf("%s%.*s", column ? " " : "", (int)len, text);
        column += len + (column > 0);
        text += len;
        text += strspn(text, " ");
    }
    fputs("\n", stdout);
}

static void put_example(const char *example)
{
    puts("\nexample:");
    while (*example) {
        size_t len = strcspn(example, "\n");

        printf("  %.*s\n", (int)len, example);
        example += len + (example[len] != '\0');
    }
}

static const char printer_help[] =
    "PRINTER is its id in the configuration; it can be left out when there is\n"
    "only one and what follows does not look like an id. Without a\n"
    "configuration:\n"
    "  --url URL              its address, such as 192.168.1.50\n"
    "  --username NAME        maker unless given\n"
    "  --password-file FILE   first line of FILE; - is stdin\n"
    "  --api-key-file FILE    the same with a key\n"
    "or the environment: PRUSA_HOST, PRUSA_USERNAME, PRUSA_PASSWORD.";

int help_word(const struct word *word)
{
    struct buffer usage = {0};
    size_t i;

    put_usage(word, &usage);
    put_wrapped(buffer_text(&usage));
    printf("\n%s\n\n", word->help);
    buffer_release(&usage);
    put_wrapped(word->more);
    if (word->options)
        puts("");
    for (i = 0; i < OPTION_ROWS; i++)
        if (word->options & option_rows[i].bit)
            printf("  %-12s %s\n", option_rows[i].name, option_rows[i].help);
    put_example(word->example);
    if (word->subject != SUBJECT_NONE)
        printf("\n%s\n", printer_help);
    return say_written();
}

static void put_group(enum group group)
{
    const struct word *word;

    printf("\n%s:\n", group_titles[group]);
    for (word = words; word->name; word++) {
        struct buffer call = {0};

        if (word->group != group)
            continue;
        put_call(word, &call);
        if (call.len > 27)
            printf("  %s\n  %-27s %s\n", buffer_text(&call), "", word->help);
        else
            printf("  %-27s %s\n", buffer_text(&call), word->help);
        buffer_release(&call);
    }
}

int help_all(void)
{
    enum group group;

    puts("printer2mqtt " P2M_VERSION
         ": 3D printers on MQTT and in Home Assistant\n\n"
         "usage: printer2mqtt [-c FILE] [WORD [ARGUMENTS]]");
    for (group = 0; group < GROUP_COUNT; group++)
        put_group(group);
    printf(
        "\nprinter2mqtt WORD --help explains each of them with an example.\n"
        "\n%s\n\n"
        "  -c, --config FILE  the configuration; else $PRINTER2MQTT_CONFIG,\n"
        "                     ~/.config/printer2mqtt/config.yaml or\n"
        "                     /etc/printer2mqtt/config.yaml\n"
        "      --json         for programs\n"
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
        "Exit status: 0 done, 1 refused or failed, 2 wrong use or invalid "
        "configuration.\n",
        printer_help);
    return say_written();
}
