/* Words that stay: wait and monitor. */
#include "bridge/cli/choose.h"
#include "bridge/cli/vigil.h"
#include "bridge/cli/words.h"
#include "mapping/memory.h"

#include <unistd.h>

#define TURN_MS 1000 /* the clock and the printers are looked at so often */

/* ---- a live line or block on a terminal ---- */

struct screen {
    bool live;    /* it is drawn in place; else each change is a line */
    size_t lines; /* drawn last time */
    int fd;
};

static void screen_open(struct screen *screen, int fd, bool json)
{
    *screen = (struct screen){.fd = fd, .live = !json && isatty(fd)};
    if (screen->live)
        (void)!write(fd, "\033[?25l", 6); /* no cursor */
}

static void screen_close(struct screen *screen)
{
    if (screen->live)
        (void)!write(screen->fd, "\033[?25h", 6);
}

/* Over what was drawn before. A line that is too long would become two, and
 * what is above the screen cannot be drawn over. */
static void screen_draw(struct screen *screen, const char *text)
{
    size_t columns = 0, rows = 0;
    struct buffer out = {0};

    (void)show_size(screen->fd, &columns, &rows);
    if (screen->lines > 0)
        (void)buffer_format(&out, "\033[%zuA", screen->lines);
    (void)buffer_text_add(&out, "\r");
    for (screen->lines = 0; *text && screen->lines + 1 < rows;
         screen->lines++) {
        size_t len = strcspn(text, "\n");

        (void)buffer_add(&out, text, paint_fitting(text, columns));
        (void)buffer_text_add(&out, "\033[0m\033[K\n");
        text += len + (text[len] != '\0');
    }
    (void)buffer_text_add(&out, "\033[J");
    (void)!write(screen->fd, buffer_text(&out), out.len);
    buffer_release(&out);
}

static void screen_clear(struct screen *screen)
{
    if (screen->live)
        screen_draw(screen, "");
}

/* ---- wait ---- */

struct ending {
    bool known;
    int status;
    char sentence[300];
};

static void on_event(void *arg, const struct job_event *event)
{
    struct ending *ending = arg;
    struct buffer text = {0};

    switch (event->event) {
    case EVENT_FINISHED:
    case EVENT_CANCELLED:
    case EVENT_FAILED:
    case EVENT_ENDED: break;
    case EVENT_STARTED:
    case EVENT_PAUSED:
    case EVENT_RESUMED:
    case EVENT_ATTENTION:
    case EVENT_FILAMENT_CHANGE_SOON:
    case EVENT_PRINTER_ONLINE:
    case EVENT_PRINTER_OFFLINE:
    case EVENT_COUNT: return;
    }
    ending->known = true;
    ending->status = event->event == EVENT_FINISHED ? EXIT_DONE : EXIT_FAILED;
    (void)buffer_text_add(&text, event->event == EVENT_ENDED
                                     ? "the print ended; how is not known"
                                     : event_row(event->event)->label);
    if (event->job.name) {
        (void)buffer_text_add(&text, ": ");
        paint_text_cut(&text, event->job.name, 60);
    }
    (void)snprintf(ending->sentence, sizeof ending->sentence, "%s",
                   buffer_text(&text));
    buffer_release(&text);
}

static const struct vigil_watch wait_watch = {.event = on_event};

/* Nothing that could end is going on: what there is to say at once. */
static void look_at_once(const struct printer *p, struct ending *ending)
{
    const struct telemetry *t = printer_telemetry(p);
    enum state state = telemetry_state(t);

    if (telemetry_known(t, SLOT_JOB_ID))
        return;
    ending->known = true;
    ending->status = state == STATE_STOPPED ? EXIT_FAILED : EXIT_DONE;
    (void)snprintf(ending->sentence, sizeof ending->sentence, "%s",
                   state == STATE_STOPPED    ? "the print was cancelled"
                   : state == STATE_FINISHED ? "the print is finished"
                                             : "nothing is being printed");
}

static void wait_for_end(struct vigil *vigil, struct desk *desk, bool json,
                         struct ending *ending)
{
    struct screen screen;

    screen_open(&screen, STDERR_FILENO, json);
    while (!ending->known && !desk_signalled(desk)) {
        if (screen.live) {
            struct view view = vigil_view(vigil);
            struct buffer line = {0};

            show_line(&view, &line);
            screen_draw(&screen, buffer_text(&line));
            buffer_release(&line);
        }
        desk_turn_for(desk, TURN_MS);
    }
    screen_clear(&screen);
    screen_close(&screen);
}

/* {"printer":"mk4","finished":true,"message":"..."} */
static int say_ending(const struct call *call, struct vigil *vigil,
                      const struct ending *ending)
{
    struct view view = vigil_view(vigil);
    struct buffer out = {0};

    if (!(call->options & OPTION_JSON)) {
        if (ending->status != EXIT_DONE)
            return say_failed("%s: %s", view.config->id, ending->sentence);
        (void)buffer_format(&out, "%s: %s\n", view.config->id,
                            ending->sentence);
        return say_buffer(&out);
    }
    show_json_begin(view.config, &out);
    (void)buffer_format(&out, ",\"finished\":%s",
                        ending->status == EXIT_DONE ? "true" : "false");
    show_json_member("message", ending->sentence, &out);
    (void)buffer_text_add(&out, "}\n");
    return say_buffer(&out) == EXIT_DONE ? ending->status : EXIT_FAILED;
}

static int wait_for(const struct call *call, struct desk *desk,
                    const struct choice *choice)
{
    const struct config_printer *config = choice->printers;
    struct ending ending = {0};
    struct error err = {""};
    struct vigil *vigil = vigil_new(desk, config, &wait_watch, &ending, &err);
    int status;

    desk_catch_signals(desk);
    if (!vigil || !vigil_meet(vigil, &err))
        status = say_failed("%s: %s", config->id, err.text);
    else {
        if (!ending.known)
            look_at_once(vigil_printer(vigil), &ending);
        wait_for_end(vigil, desk, call->options & OPTION_JSON, &ending);
        status = ending.known ? say_ending(call, vigil, &ending)
                              : say_failed("%s: interrupted; it still prints",
                                           config->id);
    }
    vigil_free(vigil);
    return status;
}

int word_wait(struct call *call)
{
    return choice_sit(call, wait_for);
}

/* ---- monitor ---- */

struct monitored {
    struct vigil *vigil;
    uint64_t version; /* of the printer, as it was shown */
    char *said;       /* the last line */
};

static void put_table(struct monitored *all, size_t count, bool colour,
                      struct buffer *out)
{
    struct table table;
    size_t i;

    show_heading(&table, colour);
    for (i = 0; i < count; i++) {
        struct view view = vigil_view(all[i].vigil);

        show_row(&view, colour, &table);
    }
    table_write(&table, out);
}

static void draw_all(struct screen *screen, struct monitored *all, size_t count)
{
    bool colour = show_colour(STDOUT_FILENO);
    struct view view = vigil_view(all[0].vigil);
    struct buffer out = {0};

    if (count == 1)
        show_printer(&view, colour, &out);
    else
        put_table(all, count, colour, &out);
    screen_draw(screen, buffer_text(&out));
    buffer_release(&out);
}

/* A line of its own for each change; false when nobody reads any more. */
static bool tell(struct monitored *one, bool json)
{
    struct view view = vigil_view(one->vigil);
    struct buffer line = {0};
    bool ok = true;

    if (!printer_judged(vigil_printer(one->vigil)))
        return true;
    if (json)
        show_json(&view, NULL, &line);
    else
        show_line(&view, &line);
    if (!one->said || strcmp(one->said, buffer_text(&line)) != 0) {
        struct buffer out = {0};

        if (!json) {
            paint_time(&out, view.now);
            (void)buffer_text_add(&out, " ");
        }
        (void)buffer_format(&out, "%s\n", buffer_text(&line));
        ok = say_buffer(&out) == EXIT_DONE;
        free(one->said);
        one->said = memory_text(buffer_text(&line));
    }
    buffer_release(&line);
    return ok;
}

static bool tell_changes(struct monitored *all, size_t count, bool json)
{
    bool ok = true;
    size_t i;

    for (i = 0; i < count && ok; i++) {
        uint64_t version = printer_version(vigil_printer(all[i].vigil));

        if (version != all[i].version)
            ok = tell(&all[i], json);
        all[i].version = version;
    }
    return ok;
}

static int follow(const struct call *call, struct desk *desk,
                  struct monitored *all, size_t count)
{
    bool json = call->options & OPTION_JSON, ok = true;
    struct screen screen;

    screen_open(&screen, STDOUT_FILENO, json);
    while (ok && !desk_signalled(desk)) {
        if (screen.live)
            draw_all(&screen, all, count);
        else
            ok = tell_changes(all, count, json);
        desk_turn_for(desk, TURN_MS);
    }
    screen_close(&screen);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

static int monitor(const struct call *call, struct desk *desk,
                   const struct choice *choice)
{
    struct monitored *all = memory_zero(choice->count + 1, sizeof *all);
    struct error err = {""};
    int status = EXIT_DONE;
    size_t i;

    desk_catch_signals(desk);
    for (i = 0; i < choice->count && status == EXIT_DONE; i++) {
        all[i].vigil = vigil_new(desk, &choice->printers[i], NULL, NULL, &err);
        if (!all[i].vigil)
            status = say_failed("%s: %s", choice->printers[i].id, err.text);
    }
    if (status == EXIT_DONE && choice->count > 0)
        status = follow(call, desk, all, choice->count);
    for (i = 0; i < choice->count; i++) {
        vigil_free(all[i].vigil);
        free(all[i].said);
    }
    free(all);
    return status;
}

int word_monitor(struct call *call)
{
    return choice_sit(call, monitor);
}
