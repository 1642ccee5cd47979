/* pause, resume, cancel, continue, print, delete, mkdir: orders as the bridge
 * carries them out, answered when the printer shows that it did it. */
#include "bridge/order.h"

#include "bridge/cli/choose.h"
#include "bridge/cli/listing.h"
#include "bridge/cli/place.h"
#include "bridge/cli/vigil.h"
#include "bridge/cli/words.h"

#include <unistd.h>

struct outcome {
    const struct call *call;
    const char *printer;
    enum command command;         /* that was carried out, */
    char path[FILE_PATH_MAX + 1]; /* and on what; "" = the print */
    bool known;                   /* the final answer came */
    int status;
};

/* A person who waits wants to know for what. */
static void say_accepted(const struct outcome *outcome,
                         const struct order *order)
{
    if (isatty(STDERR_FILENO) && !(outcome->call->options & OPTION_JSON))
        fprintf(stderr,
                "%s took the order; waiting until it shows, at most "
                "%d s...\n",
                outcome->printer, command_row(order->command)->limit_s);
}

static void say_done(const struct outcome *outcome, const char *message,
                     const char *value, struct buffer *out)
{
    bool deleted = outcome->command == COMMAND_DELETE;

    (void)buffer_format(out, "%s: ", outcome->printer);
    if (deleted || outcome->command == COMMAND_CREATE_FOLDER) {
        paint_text(out, outcome->path);
        (void)buffer_text_add(out, deleted ? " is deleted" : " is made");
    } else
        paint_advice(out, message);
    (void)buffer_text_add(out, "\n");
    if (!value)
        return;
    paint_text(out, value);
    (void)buffer_text_add(out, "\n");
}

static void say_outcome(struct outcome *outcome, const struct order *order,
                        const struct order_answer *answer)
{
    struct buffer out = {0};

    if (outcome->call->options & OPTION_JSON) {
        order_answer_json(order, answer, &out);
        (void)buffer_text_add(&out, "\n");
    } else if (answer->status == ORDER_DONE)
        say_done(outcome, answer->message, answer->value, &out);
    outcome->status = say_buffer(&out);
    if (answer->status == ORDER_ERROR)
        outcome->status =
            say_failed("%s: %s", outcome->printer, answer->message);
}

static void on_answer(void *arg, const struct order *order,
                      const struct order_answer *answer)
{
    struct outcome *outcome = arg;

    if (answer->status == ORDER_ACCEPTED) {
        say_accepted(outcome, order);
        return;
    }
    outcome->known = true;
    outcome->command = order->command;
    (void)snprintf(outcome->path, sizeof outcome->path, "%s",
                   order->arguments.path);
    say_outcome(outcome, order, answer);
}

static const struct vigil_watch watch = {.answer = on_answer};

/* The word that gives any order there is. */
static bool is_any(const struct call *call)
{
    return strcmp(call->word->name, "order") == 0;
}

/* Orders that only a bridge that goes on running can keep. */
static bool is_possible(const struct call *call, struct error *err)
{
    static const struct {
        enum command command;
        const char *instead;
    } kept[] = {
        {COMMAND_UPLOAD, "printer2mqtt upload sends a file"},
        {COMMAND_SNAPSHOT, "printer2mqtt snap stores a picture"},
        {COMMAND_SELECT_FILE, "printer2mqtt print takes the path"},
        {COMMAND_PRINT_SELECTED, "printer2mqtt print takes the path"},
        {COMMAND_REPRINT, "printer2mqtt print takes the path"},
        {COMMAND_SET_POLL_INTERVAL, "send it over MQTT"},
    };
    size_t i;

    for (i = 0; is_any(call) && i < sizeof kept / sizeof *kept; i++)
        if (kept[i].command == command_find(call->argv[0]))
            return error_set(err, "%s is for the running bridge; %s",
                             call->argv[0], kept[i].instead);
    return true;
}

/* What the word takes, complete. */
static bool read_arguments(const struct call *call, struct vigil *vigil,
                           struct order_arguments *arguments, struct error *err)
{
    const struct printer *p = vigil_printer(vigil);

    *arguments = (struct order_arguments){
        .job = -1,
        .force = call->options & OPTION_FORCE,
    };
    return call->argc == 0 || is_any(call) ||
           place_complete(call->argv[0], printer_telemetry(p),
                          printer_instances(p), arguments->path,
                          sizeof arguments->path, err);
}

/* Words that are not called like their orders. */
static enum command command_of(const char *word)
{
    return strcmp(word, "mkdir") == 0 ? COMMAND_CREATE_FOLDER
                                      : command_find(word);
}

/* order COMMAND [VALUE], as it would come in a message; or a word of its own.
 */
static void give(const struct call *call, struct vigil *vigil,
                 const struct order_arguments *arguments)
{
    if (is_any(call))
        vigil_send(vigil, call->argv[0],
                   call->argc > 1 ? call->argv[1] : "PRESS");
    else
        vigil_order(vigil, command_of(call->word->name), arguments);
}

/* Done is what the next command finds done. */
static void wait_until_shown(struct desk *desk,
                             const struct config_printer *config,
                             enum command command, const char *path)
{
    struct client *client;
    struct listing listing = {0};
    struct error err;

    if (command != COMMAND_CREATE_FOLDER && command != COMMAND_DELETE)
        return;
    client = desk_add(desk, config);
    desk_read(desk, listing_plan);
    if (!client->failed)
        (void)listing_wait(client, path,
                           command == COMMAND_DELETE ? LISTING_ABSENT
                                                     : LISTING_READ,
                           &listing, &err);
    listing_release(&listing);
}

static int carry_out(const struct call *call, struct desk *desk,
                     const struct choice *choice)
{
    const struct config_printer *config = choice->printers;
    struct outcome outcome = {.call = call, .printer = config->id};
    struct order_arguments arguments;
    struct error err = {""};
    struct vigil *vigil = NULL;

    if (is_possible(call, &err))
        vigil = vigil_new(desk, config, &watch, &outcome, &err);
    if (vigil && vigil_meet(vigil, &err) &&
        read_arguments(call, vigil, &arguments, &err)) {
        give(call, vigil, &arguments);
        while (!outcome.known)
            desk_turn(desk);
    } else
        outcome.status = say_failed("%s: %s", config->id, err.text);
    vigil_free(vigil);
    if (outcome.known && outcome.status == EXIT_DONE)
        wait_until_shown(desk, config, outcome.command, outcome.path);
    return outcome.status;
}

int word_order(struct call *call)
{
    return choice_sit(call, carry_out);
}
