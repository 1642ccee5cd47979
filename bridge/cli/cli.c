#include "bridge/cli/cli.h"

#include "bridge/cli/paint.h"
#include "bridge/cli/words.h"
#include "mapping/text.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#define SENTENCE_MAX 1024

/* Options without a letter of their own. */
enum {
    LONG_URL = 256,
    LONG_PASSWORD,
    LONG_USERNAME,
    LONG_PASSWORD_FILE,
    LONG_API_KEY_FILE,
    LONG_FLAG, /* and above: LONG_FLAG + number of the bit */
};

static const char letters[] = ":c:hV"; /* : first, so that getopt is silent */

static const struct option longs[] = {
    {"config", required_argument, NULL, 'c'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {"url", required_argument, NULL, LONG_URL},
    {"username", required_argument, NULL, LONG_USERNAME},
    {"password", required_argument, NULL, LONG_PASSWORD},
    {"password-file", required_argument, NULL, LONG_PASSWORD_FILE},
    {"api-key-file", required_argument, NULL, LONG_API_KEY_FILE},
    {"json", no_argument, NULL, LONG_FLAG},
    {"print", no_argument, NULL, LONG_FLAG + 1},
    {"overwrite", no_argument, NULL, LONG_FLAG + 2},
    {"force", no_argument, NULL, LONG_FLAG + 3},
    {"delete", no_argument, NULL, LONG_FLAG + 4},
    {"dry-run", no_argument, NULL, LONG_FLAG + 5},
    {0},
};

int say_written(void)
{
    return fflush(stdout) == 0 && !ferror(stdout)
               ? EXIT_DONE
               : say_failed("cannot write to stdout");
}

int say_buffer(struct buffer *text)
{
    fputs(buffer_text(text), stdout);
    buffer_release(text);
    return say_written();
}

__attribute__((format(printf, 1, 0))) static void say(const char *format,
                                                      va_list args)
{
    char text[SENTENCE_MAX];
    struct buffer safe = {0};

    (void)vsnprintf(text, sizeof text, format, args);
    paint_advice(&safe, text);
    fprintf(stderr, "printer2mqtt: %s\n", buffer_text(&safe));
    buffer_release(&safe);
}

int say_failed(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, args);
    va_end(args);
    return EXIT_FAILED;
}

int say_wrong(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, args);
    va_end(args);
    return EXIT_WRONG;
}

int say_unknown(const char *what, const char *name, const char *const *names,
                const char *remedy)
{
    const char *nearest = text_nearest(name, names);
    struct buffer shown = {0};

    paint_text_cut(&shown, name, 40);
    (void)say_wrong("%s %s%s%s%s%s", what, buffer_text(&shown),
                    nearest ? "; did you mean " : "", nearest ? nearest : "",
                    nearest ? "?" : "", remedy);
    buffer_release(&shown);
    return EXIT_WRONG;
}

static int unknown_word(const char *name)
{
    const char *names[64] = {0};
    size_t i;

    for (i = 0; words[i].name && i + 1 < sizeof names / sizeof *names; i++)
        names[i] = words[i].name;
    return say_unknown("no word", name, names, "; see --help");
}

/* The first option that the word does not take, NULL if it takes all. */
static const char *foreign_option(const struct call *call)
{
    unsigned foreign = call->options & ~call->word->options;
    const struct option *row;

    for (row = longs; row->name; row++)
        if (row->val >= LONG_FLAG && foreign & (1u << (row->val - LONG_FLAG)))
            return row->name;
    if (call->word->subject != SUBJECT_NONE)
        return NULL;
    if (call->url || call->username)
        return call->url ? "url" : "username";
    if (call->password_file || call->api_key_file)
        return call->password_file ? "password-file" : "api-key-file";
    return NULL;
}

/* One more argument than it takes may be the printer. */
static int dispatch(struct call *call)
{
    const struct word *word = call->word;
    const char *option = foreign_option(call);
    int printer = word->subject != SUBJECT_NONE;

    if (option)
        return say_wrong("%s takes no --%s; see printer2mqtt %s --help",
                         word->name, option, word->name);
    if (call->argc < word->least || call->argc > word->most + printer)
        return help_usage(word);
    return word->run(call);
}

/* getopt itself would repeat all of the argument, which may hold a secret. */
static int wrong_option(int option, const char *argument)
{
    bool letter = optopt > 0 && optopt < LONG_URL;
    char name[48] = {'-', (char)optopt};
    const char *what = "is no option";

    if (!letter)
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(argument, "="),
                       argument);
    if (option == ':')
        what = "needs a value";
    else if (optopt >= LONG_URL || (letter && strchr(letters, optopt)))
        what = "takes no value";
    return say_wrong("%s %s; see --help", name, what);
}

/* False: status is what to exit with. */
static bool take_option(struct call *call, int option, int *status)
{
    switch (option) {
    case 'c': call->file = optarg; return true;
    case LONG_URL: call->url = optarg; return true;
    case LONG_USERNAME: call->username = optarg; return true;
    case LONG_PASSWORD_FILE: call->password_file = optarg; return true;
    case LONG_API_KEY_FILE: call->api_key_file = optarg; return true;
    case LONG_PASSWORD:
        *status = say_wrong("a password on the command line can be read by "
                            "everybody on this machine; give it with "
                            "--password-file FILE or in PRUSA_PASSWORD");
        return false;
    case 'V':
        puts("printer2mqtt " P2M_VERSION " (" P2M_COMMIT ")");
        *status = say_written();
        return false;
    default: break;
    }
    call->options |= 1u << (option - LONG_FLAG);
    return true;
}

/* A socket or file with the number of a stream that is closed would get what is
 * said there. Writing fails as if it was closed still. */
static void occupy_streams(void)
{
    int fd;

    for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", O_RDONLY);
}

int cli_main(int argc, char **argv)
{
    struct call call = {.whole = argv};
    bool help = false;
    int option, status = EXIT_WRONG;

    occupy_streams();
    (void)signal(SIGPIPE, SIG_IGN);
    while ((option = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        if (option == '?' || option == ':')
            return wrong_option(option, argv[optind - 1]);
        help = help || option == 'h';
        if (option != 'h' && !take_option(&call, option, &status))
            return status;
    }
    call.argc = argc - optind;
    call.argv = argv + optind;
    if (call.argc == 0 && help)
        return help_all();
    call.word = words_find(call.argc > 0 ? call.argv[0] : "run");
    if (!call.word)
        return unknown_word(call.argv[0]);
    if (help)
        return help_word(call.word);
    if (call.argc > 0) {
        call.argc--;
        call.argv++;
    }
    return dispatch(&call);
}
