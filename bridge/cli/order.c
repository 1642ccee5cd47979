/* pause, resume, cancel, continue, print: orders as the bridge carries them
 * out, answered when the printer shows that it did it. */
#include "bridge/order.h"

#include "bridge/cli/choose.h"
#include "bridge/cli/place.h"
#include "bridge/cli/vigil.h"
#include "bridge/cli/words.h"

#include <unistd.h>

struct outcome {
    const struct call *call;
    const char *printer;
    bool known; /* the final answer came */
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

static void say_outcome(struct outcome *outcome, const struct order *order,
                        const struct order_answer *answer)
{
    struct buffer out = {0};
    struct buffer message = {0};

    paint_text(&message, answer->message);
    if (outcome->call->options & OPTION_JSON) {
        order_answer_json(order, answer, &out);
        (void)buffer_text_add(&out, "\n");
    } else if (answer->status == ORDER_DONE)
        (void)buffer_format(&out, "%s: %s\n", outcome->printer,
                            buffer_text(&message));
    outcome->status = say_buffer(&out);
    if (answer->status == ORDER_ERROR)
        outcome->status =
            say_failed("%s: %s", outcome->printer, buffer_text(&message));
    buffer_release(&message);
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
    say_outcome(outcome, order, answer);
}

static const struct vigil_watch watch = {.answer = on_answer};

/* What the word takes, complete. */
static bool path_of(const struct call *call, struct vigil *vigil, char *path,
                    size_t size, struct error *err)
{
    const struct printer *p = vigil_printer(vigil);

    path[0] = '\0';
    return call->argc == 0 ||
           place_complete(call->argv[0], printer_telemetry(p),
                          printer_instances(p), path, size, err);
}

static int carry_out(const struct call *call, struct desk *desk,
                     const struct config_printer *config)
{
    struct outcome outcome = {.call = call, .printer = config->id};
    char path[sizeof((struct order_arguments *)NULL)->path];
    struct error err = {""};
    struct vigil *vigil = vigil_new(desk, config, &watch, &outcome, &err);

    if (vigil && vigil_meet(vigil, &err) &&
        path_of(call, vigil, path, sizeof path, &err)) {
        vigil_order(vigil, command_find(call->word->name), path);
        while (!outcome.known)
            desk_turn(desk);
    } else
        outcome.status = say_failed("%s: %s", config->id, err.text);
    vigil_free(vigil);
    return outcome.status;
}

int word_order(struct call *call)
{
    struct choice choice;
    int status = choice_make(&choice, call);
    struct desk *desk;

    if (status == EXIT_DONE) {
        desk = desk_new(1);
        status = carry_out(call, desk, &choice.printers[0]);
        desk_free(desk);
    }
    choice_release(&choice);
    return status;
}
