/* upload FILE [PATH] [--print] [--overwrite]. */
#include "bridge/cli/choose.h"
#include "bridge/cli/folder.h"
#include "bridge/cli/listing.h"
#include "bridge/cli/place.h"
#include "bridge/cli/progress.h"
#include "bridge/cli/sending.h"
#include "bridge/cli/show.h"
#include "bridge/cli/words.h"

#include <strings.h>
#include <unistd.h>

static const char *ending_of(const char *path)
{
    const char *name = place_name(path), *dot = strrchr(name, '.');

    return dot && dot != name ? dot : "";
}

/* A path that ends as a file to print does, or as FILE does, is the file's own;
 * all others are folders. The printer is not asked: a Raspberry Pi shows a new
 * folder only after a while. */
static bool is_folder(const struct client *client, const char *path,
                      const char *file)
{
    const char *ending = ending_of(path);

    return !*ending || (strcasecmp(ending, ending_of(file)) != 0 &&
                        !folder_takes(client, path));
}

/* Where it goes: PATH, or below it if that is a folder; else the first storage
 * that can be written. */
static bool find_path(const struct call *call, struct client *client,
                      char *path, size_t size, struct error *err)
{
    const char *name = place_name(call->argv[0]);
    char wish[FILE_PATH_MAX + 1];

    if (!*name)
        return error_set(err, "upload takes a file, not a folder; for a whole "
                              "folder there is sync");
    if (call->argc < 2)
        return place_complete(name, &client->t, &client->device.storages, path,
                              size, err);
    if (!place_complete(call->argv[1], &client->t, &client->device.storages,
                        wish, sizeof wish, err))
        return false;
    if (!is_folder(client, wish, name))
        return place_complete(wish, NULL, NULL, path, size, err);
    return place_join(wish, name, path, size) ||
           error_set(err, "the path is too long; use a shorter name or folder");
}

static void put_json(const struct client *client, const struct sending *sending,
                     const char *message, struct buffer *out)
{
    const struct upload_result *result = &sending->result;

    show_json_begin(client->config, out);
    show_json_member("path", sending->path, out);
    (void)buffer_format(
        out,
        ",\"status\":\"%s\",\"code\":\"%s\",\"stored\":%s,"
        "\"printed\":%s,\"size\":%lld,\"took_ms\":%lld,"
        "\"tries\":%d",
        *message ? "error" : "done", order_code_name(result->code),
        result->stored ? "true" : "false", result->printed ? "true" : "false",
        (long long)sending->size, (long long)sending->took_ms, result->tries);
    show_json_member("message", message, out);
    (void)buffer_text_add(out, "}\n");
}

static int say_stored(const struct client *client,
                      const struct sending *sending)
{
    struct buffer out = {0};

    (void)buffer_format(&out, "%s: ", client->config->id);
    paint_text(&out, sending->path);
    (void)buffer_text_add(&out, sending->result.printed
                                    ? " stored and being printed; "
                                    : " stored; ");
    progress_summary(sending->size, sending->took_ms, &out);
    (void)buffer_text_add(&out, "\n");
    return say_buffer(&out);
}

static int upload(const struct call *call, struct client *client)
{
    bool json = call->options & OPTION_JSON, ok;
    char path[FILE_PATH_MAX + 1] = "";
    struct sending sending = {
        .file = call->argv[0],
        .path = path,
        .print = call->options & OPTION_PRINT,
        .overwrite = call->options & OPTION_OVERWRITE,
        .live = !json && isatty(STDERR_FILENO),
        .result.code = ORDER_INVALID,
    };
    struct listing shown = {0};
    struct error err = {""};
    struct buffer out = {0};

    desk_catch_signals(client->desk);
    if (client->failed)
        return say_failed("%s: %s", client->config->id, client->err.text);
    ok = find_path(call, client, path, sizeof path, &err) &&
         sending_run(&sending, client, &err);
    if (ok) { /* done is what the next command finds done */
        (void)listing_wait(client, path, LISTING_READ, &shown, &err);
        listing_release(&shown);
        err.text[0] = '\0';
    }
    if (json) {
        put_json(client, &sending, err.text, &out);
        if (say_buffer(&out) != EXIT_DONE)
            return EXIT_FAILED;
    }
    if (!ok)
        return say_failed("%s: %s", client->config->id, err.text);
    return json ? EXIT_DONE : say_stored(client, &sending);
}

/* The status tells whether it can print, and makes the login known. */
static const char *const plan[] = {"?version", "status", "storage", NULL};

int word_upload(struct call *call)
{
    return choice_run(call, plan, upload);
}
