/* sync DIR [PATH]: make a folder of the printer hold what DIR holds. */
#include "bridge/cli/choose.h"
#include "bridge/cli/folder.h"
#include "bridge/cli/listing.h"
#include "bridge/cli/place.h"
#include "bridge/cli/sending.h"
#include "bridge/cli/show.h"
#include "bridge/cli/words.h"

#include <unistd.h>

static const struct {
    const char *word;    /* for programs and people */
    const char *summary; /* "3 uploaded" */
} deeds[] = {
    [DEED_MAKE] = {"make", "made"},
    [DEED_UPLOAD] = {"upload", "uploaded"},
    [DEED_REPLACE] = {"replace", "replaced"},
    [DEED_DELETE] = {"delete", "deleted"},
    [DEED_KEEP] = {"keep", "only on the printer (--delete removes them)"},
    [DEED_SAME] = {"same", "the same"},
};

#define DEEDS (sizeof deeds / sizeof *deeds)

struct sync {
    struct client *client;
    const char *dir;
    char root[FILE_PATH_MAX + 1]; /* on the printer */
    bool json, dry, delete_rest, force;
    bool root_present;
    struct tree here, there;
    size_t skipped;
    struct steps steps;
    size_t done[DEEDS];
    size_t failed;
    bool any; /* a step was told already */
    struct buffer out;
};

static bool gather(struct sync *s, struct error *err)
{
    return folder_here(s->dir, s->client, &s->here, &s->skipped, err) &&
           folder_there(s->client, s->root, &s->there, &s->root_present, err) &&
           folder_sizes(s->client, &s->here, &s->there, err);
}

/* ---- one step ---- */

static bool order(struct sync *s, enum command command, const char *path,
                  struct error *err)
{
    struct order_arguments arguments = {.job = -1};
    int n = snprintf(arguments.path, sizeof arguments.path, "%s", path);

    if (n < 0 || (size_t)n >= sizeof arguments.path)
        return error_set(err, "the path is too long");
    return client_order(s->client, command, &arguments, err);
}

/* A Pi tells of a file in a folder only after a while: refused as one that is
 * there already, it may be this very one. */
static bool is_there_after_all(struct sync *s, const struct leaf *here,
                               const char *path)
{
    struct listing listing;
    struct error err;
    bool same = listing_wait(s->client, path, LISTING_READ, &listing, &err) ==
                    LISTING_READ &&
                listing.self.entries[0].size == here->size;

    listing_release(&listing);
    return same;
}

static bool send_file(struct sync *s, struct step *step, const char *path,
                      struct error *err)
{
    struct sending sending = {
        .file = step->here->path,
        .path = path,
        .overwrite = step->deed == DEED_REPLACE,
        .live = !s->json && isatty(STDERR_FILENO),
    };

    if (sending_run(&sending, s->client, err))
        return true;
    if (sending.result.code != ORDER_CONFLICT || step->deed != DEED_UPLOAD ||
        !is_there_after_all(s, step->here, path))
        return false;
    err->text[0] = '\0';
    step->deed = DEED_SAME;
    return true;
}

static bool carry_out(struct sync *s, struct step *step, struct error *err)
{
    char path[FILE_PATH_MAX + 1];

    if (s->dry || step->deed == DEED_KEEP || step->deed == DEED_SAME)
        return true;
    if (step->deed == DEED_DELETE)
        return order(s, COMMAND_DELETE, step->there->path, err);
    if (!place_join(s->root, step->here->name, path, sizeof path))
        return error_set(err, "the path is too long");
    if (step->deed == DEED_MAKE)
        return order(s, COMMAND_CREATE_FOLDER, path, err);
    return send_file(s, step, path, err);
}

/* ---- telling ---- */

static void tell_program(struct sync *s, const struct step *step,
                         const char *error)
{
    const struct leaf *leaf = step->here ? step->here : step->there;

    (void)buffer_format(&s->out, "%s\n {\"action\":\"%s\"", s->any ? "," : "",
                        deeds[step->deed].word);
    s->any = true;
    show_json_member("name", leaf->name, &s->out);
    if (leaf->size >= 0)
        (void)buffer_format(&s->out, ",\"size\":%lld", (long long)leaf->size);
    if (step->why)
        (void)buffer_format(&s->out, ",\"why\":\"%s\"", step->why);
    (void)buffer_format(&s->out, ",\"done\":%s",
                        s->dry || *error ? "false" : "true");
    if (*error) {
        show_json_member("error", error, &s->out);
    }
    (void)buffer_text_add(&s->out, "}");
}

static void tell_person(const struct step *step, const char *error)
{
    const struct leaf *leaf = step->here ? step->here : step->there;
    struct buffer line = {0};

    (void)buffer_format(&line, "%-8s ", deeds[step->deed].word);
    paint_text(&line, leaf->name);
    (void)buffer_text_add(&line, leaf->folder ? "/" : "");
    if (step->why)
        (void)buffer_format(&line, "  (%s)", step->why);
    else if (step->deed == DEED_UPLOAD) {
        (void)buffer_text_add(&line, "  (");
        paint_size(&line, leaf->size);
        (void)buffer_text_add(&line, ")");
    }
    if (*error) {
        (void)buffer_text_add(&line, "  failed: ");
        paint_advice(&line, error);
    }
    (void)buffer_text_add(&line, "\n");
    (void)say_buffer(&line);
}

static void tell(struct sync *s, const struct step *step, const char *error)
{
    if (step->deed == DEED_SAME || (step->deed == DEED_KEEP && !s->dry))
        return;
    if (s->json)
        tell_program(s, step, error);
    else
        tell_person(step, error);
}

static void summary(const struct sync *s, struct buffer *out)
{
    size_t i, parts = 0;

    for (i = 0; i < DEEDS; i++)
        if (s->done[i] > 0)
            (void)buffer_format(out, "%s%zu %s", parts++ ? ", " : "",
                                s->done[i], deeds[i].summary);
    if (s->skipped > 0)
        (void)buffer_format(out, "%s%zu here that cannot be printed",
                            parts++ ? ", " : "", s->skipped);
    if (parts == 0)
        (void)buffer_text_add(out, "there is nothing to do");
    (void)buffer_text_add(out, s->dry ? "; nothing was changed\n" : "\n");
}

/* ---- all steps ---- */

static bool make_root(struct sync *s, struct error *err)
{
    return s->dry || s->root_present || s->here.count == 0 ||
           order(s, COMMAND_CREATE_FOLDER, s->root, err);
}

static void work(struct sync *s)
{
    size_t i;

    for (i = 0; i < s->steps.count && !desk_signalled(s->client->desk); i++) {
        struct step *step = &s->steps.steps[i];
        struct error err = {""};
        bool ok = carry_out(s, step, &err);

        s->done[step->deed] += ok;
        s->failed += !ok;
        tell(s, step, err.text);
    }
}

static int conclude(struct sync *s)
{
    const char *id = s->client->config->id;

    if (s->json)
        (void)buffer_format(&s->out, "],\"same\":%zu,\"failed\":%zu}\n",
                            s->done[DEED_SAME], s->failed);
    else {
        (void)buffer_format(&s->out, "%s: ", id);
        summary(s, &s->out);
    }
    if (say_buffer(&s->out) != EXIT_DONE)
        return EXIT_FAILED;
    if (desk_signalled(s->client->desk))
        return say_failed("%s: interrupted; the rest was not done", id);
    if (s->failed > 0)
        return say_failed("%s: %zu of %zu steps failed", id, s->failed,
                          s->steps.count);
    return EXIT_DONE;
}

static void begin(struct sync *s)
{
    if (!s->json)
        return;
    show_json_begin(s->client->config, &s->out);
    show_json_member("path", s->root, &s->out);
    (void)buffer_format(&s->out, ",\"dry_run\":%s,\"steps\":[",
                        s->dry ? "true" : "false");
}

static bool prepare(const struct call *call, struct sync *s, struct error *err)
{
    const struct client *client = s->client;
    size_t len;

    if (client->failed)
        return error_set(err, "%s", client->err.text);
    if (!place_complete(call->argc > 1 ? call->argv[1] : NULL, &client->t,
                        &client->device.storages, s->root, sizeof s->root, err))
        return false;
    len = strlen(s->root);
    while (len > 1 && s->root[len - 1] == '/')
        s->root[--len] = '\0';
    return gather(s, err) && make_root(s, err);
}

/* A mistyped folder, or a share that is not mounted, looks empty: all that is
 * there would go. */
static bool is_meant(const struct sync *s, struct error *err)
{
    struct buffer here = {0}, there = {0};

    if (!s->delete_rest || s->dry || s->force || s->here.count > 0 ||
        s->steps.count == 0)
        return true;
    paint_text_cut(&here, s->dir, 200);
    paint_text_cut(&there, s->root, 200);
    (void)error_set(err,
                    "%s has nothing in it that this printer prints, and "
                    "--delete would empty %s; is it the right folder, and its "
                    "share mounted? --force empties it",
                    buffer_text(&here), buffer_text(&there));
    buffer_release(&here);
    buffer_release(&there);
    return false;
}

static bool plan_steps(const struct call *call, struct sync *s,
                       struct error *err)
{
    if (!prepare(call, s, err))
        return false;
    tree_compare(&s->here, &s->there, s->delete_rest, &s->steps);
    return is_meant(s, err);
}

static int sync_folder(const struct call *call, struct client *client)
{
    struct sync s = {
        .client = client,
        .dir = call->argv[0],
        .json = call->options & OPTION_JSON,
        .dry = call->options & OPTION_DRY_RUN,
        .delete_rest = call->options & OPTION_DELETE,
        .force = call->options & OPTION_FORCE,
    };
    struct error err = {""};
    int status;

    desk_catch_signals(client->desk);
    if (plan_steps(call, &s, &err)) {
        begin(&s);
        work(&s);
        status = conclude(&s);
    } else
        status = say_failed("%s: %s", client->config->id, err.text);
    free(s.steps.steps);
    tree_release(&s.here);
    tree_release(&s.there);
    return status;
}

/* The status makes the login known before anything is changed. */
static const char *const plan[] = {"?version", "status", "storage", NULL};

int word_sync(struct call *call)
{
    return choice_run(call, plan, sync_folder);
}
