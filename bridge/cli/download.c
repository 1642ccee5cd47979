/* download PATH [FILE]: a file of the printer, stored beside its final name
 * until it is whole. */
#include "bridge/cli/choose.h"
#include "bridge/cli/client.h"
#include "bridge/cli/listing.h"
#include "bridge/cli/place.h"
#include "bridge/cli/progress.h"
#include "bridge/cli/save.h"
#include "bridge/cli/show.h"
#include "bridge/cli/words.h"

#include <sys/stat.h>
#include <unistd.h>

#define TURN_MS 100

struct download {
    struct client *client;
    struct save save;
    int64_t size;  /* as the printer says; -1 = not known */
    bool too_much; /* more than that came */
    bool done;
    struct http_answer answer; /* without its body */
    int64_t stored;
    char name[SAVE_PATH_MAX];
};

static enum http_more store(void *arg, const char *bytes, size_t len)
{
    struct download *d = arg;

    d->stored += (int64_t)len;
    d->too_much = d->size >= 0 && d->stored > d->size;
    return d->too_much || !save_write(&d->save, bytes, len) ? HTTP_STOP
                                                            : HTTP_MORE;
}

static void on_done(void *arg, const struct http_answer *answer)
{
    struct download *d = arg;

    d->answer = *answer;
    d->answer.body = "";
    d->done = true;
    desk_wake(d->client->desk);
}

/* Where it goes: FILE, FILE/name if that is a folder, or the name alone. The
 * name came from the printer: no part of a path, nothing hidden. */
static bool name_target(struct download *d, const char *wish, const char *name,
                        struct error *err)
{
    bool folder = false;
    struct stat st;
    int n;

    if (wish)
        folder = stat(wish, &st) == 0 && S_ISDIR(st.st_mode);
    if ((!wish || folder) && (!*name || *name == '.' || strpbrk(name, "/\\")))
        return error_set(err, "the printer gives it a name that is none; name "
                              "a file to store it in");
    n = wish && !folder ? snprintf(d->name, sizeof d->name, "%s", wish)
                        : snprintf(d->name, sizeof d->name, "%s%s%s",
                                   wish ? wish : "", wish ? "/" : "", name);
    return (n >= 0 && (size_t)n < sizeof d->name) ||
           error_set(err, "the name of the file is too long");
}

static bool fetch(struct download *d, const struct file_entry *entry,
                  struct progress *progress, struct error *err)
{
    const struct http_stream stream = {.sink = store, .arg = d};
    struct request request = {.method = HTTP_GET, .accept = "*/*"};
    struct desk *desk = d->client->desk;

    (void)snprintf(request.target, sizeof request.target, "%s",
                   entry->download);
    if (!http_stream(d->client->http, &request, &stream, on_done, d))
        return error_set(err, "the request could not be made");
    while (!d->done) {
        struct http_progress now = http_progress(d->client->http);

        progress_show(progress, d->stored,
                      now.receive_total > 0 ? now.receive_total : d->size, "",
                      desk_now(desk).ms);
        desk_turn_for(desk, TURN_MS);
        if (desk_signalled(desk))
            http_abort(d->client->http);
    }
    return true;
}

/* Is what came what there is? */
static bool check(struct download *d, struct error *err)
{
    if (d->save.error)
        return save_keep(&d->save, err);
    if (d->too_much)
        return error_set(err,
                         "more than the %lld bytes came that the printer says "
                         "it has; it may be changing, try again",
                         (long long)d->size);
    if (desk_signalled(d->client->desk))
        return error_set(err, "interrupted; nothing was kept");
    if (d->answer.result != HTTP_ANSWERED || d->answer.status != 200)
        return client_explain(d->client->config, &d->answer, err);
    if (d->size >= 0 && d->stored != d->size)
        return error_set(err,
                         "%lld bytes came, the printer says it has %lld; it "
                         "may be changing, try again",
                         (long long)d->stored, (long long)d->size);
    return save_keep(&d->save, err);
}

static bool get(const struct call *call, struct download *d,
                const struct file_entry *entry, int64_t *took_ms,
                struct error *err)
{
    struct desk *desk = d->client->desk;
    int64_t began = desk_now(desk).ms;
    struct progress progress;
    bool ok;

    if (entry->kind == FILE_FOLDER)
        return error_set(err, "it is a folder; download takes one file");
    if (!*entry->download)
        return error_set(err, "the printer does not offer it for download");
    if (!name_target(d, call->argc > 1 ? call->argv[1] : NULL,
                     place_name(entry->name), err))
        return false;
    desk_catch_signals(desk);
    if (!save_open(&d->save, d->name, call->options & OPTION_OVERWRITE, err))
        return false;
    d->size = entry->size;
    progress_begin(&progress, entry->name,
                   !(call->options & OPTION_JSON) && isatty(STDERR_FILENO),
                   began);
    ok = fetch(d, entry, &progress, err) && check(d, err);
    progress_end(&progress);
    *took_ms = desk_now(desk).ms - began;
    return ok;
}

static int say_stored(const struct call *call, const struct download *d,
                      const struct file_entry *entry, int64_t took_ms)
{
    struct buffer out = {0};

    if (call->options & OPTION_JSON) {
        show_json_begin(d->client->config, &out);
        show_json_member("path", entry->path, &out);
        show_json_member("file", d->name, &out);
        (void)buffer_format(&out, ",\"size\":%lld,\"took_ms\":%lld}\n",
                            (long long)d->stored, (long long)took_ms);
    } else {
        paint_text(&out, d->name);
        (void)buffer_text_add(&out, ": ");
        progress_summary(d->stored, took_ms, &out);
        (void)buffer_text_add(&out, "\n");
    }
    return say_buffer(&out);
}

static int download(const struct call *call, struct client *client)
{
    struct download d = {.client = client, .save.fd = -1};
    char path[FILE_PATH_MAX + 1];
    struct listing listing = {0};
    struct error err = {""};
    int64_t took_ms = 0;
    bool ok;
    int status;

    if (client->failed)
        return say_failed("%s: %s", client->config->id, client->err.text);
    ok = place_complete(call->argv[0], &client->t, &client->device.storages,
                        path, sizeof path, &err) &&
         listing_read(client, path, &listing, &err) == LISTING_READ &&
         get(call, &d, &listing.self.entries[0], &took_ms, &err);
    save_close(&d.save);
    status = ok ? say_stored(call, &d, &listing.self.entries[0], took_ms)
                : say_failed("%s: %s", client->config->id, err.text);
    listing_release(&listing);
    return status;
}

int word_download(struct call *call)
{
    return choice_run(call, listing_plan, download);
}
