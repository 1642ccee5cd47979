/* download PATH [FILE]: a file of the printer, stored beside its final name
 * until it is whole. */
#include "bridge/cli/choose.h"
#include "bridge/cli/client.h"
#include "bridge/cli/listing.h"
#include "bridge/cli/place.h"
#include "bridge/cli/progress.h"
#include "bridge/cli/show.h"
#include "bridge/cli/words.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TURN_MS 100

struct download {
    struct client *client;
    int fd;
    bool begun; /* part is ours */
    int error;  /* errno of writing, 0 = none */
    bool done;
    struct http_answer answer; /* without its body */
    struct buffer body;        /* of a refusal */
    int64_t stored;
    char final[4096];
    char part[4096 + 8];
};

static enum http_more store(void *arg, const char *bytes, size_t len)
{
    struct download *d = arg;

    while (len > 0) {
        ssize_t n = write(d->fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            d->error = n < 0 ? errno : ENOSPC;
            return HTTP_STOP;
        }
        bytes += n;
        len -= (size_t)n;
        d->stored += n;
    }
    return HTTP_MORE;
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
    n = wish && !folder ? snprintf(d->final, sizeof d->final, "%s", wish)
                        : snprintf(d->final, sizeof d->final, "%s%s%s",
                                   wish ? wish : "", wish ? "/" : "", name);
    if (n < 0 || (size_t)n >= sizeof d->final)
        return error_set(err, "the name of the file is too long");
    (void)snprintf(d->part, sizeof d->part, "%s.part", d->final);
    return true;
}

static bool open_part(struct download *d, bool overwrite, struct error *err)
{
    struct buffer shown = {0};

    paint_text(&shown, d->final);
    if (!overwrite && access(d->final, F_OK) == 0)
        (void)error_set(err, "%s exists here; --overwrite replaces it",
                        buffer_text(&shown));
    else {
        d->fd = open(d->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        d->begun = d->fd >= 0;
        if (!d->begun)
            (void)error_set(err, "cannot write %s: %s", buffer_text(&shown),
                            strerror(errno));
    }
    buffer_release(&shown);
    return d->fd >= 0;
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
                      now.receive_total > 0 ? now.receive_total : entry->size,
                      "", desk_now(desk).ms);
        desk_turn_for(desk, TURN_MS);
        if (desk_signalled(desk))
            http_abort(d->client->http);
    }
    return true;
}

static bool keep(struct download *d, struct error *err)
{
    int fd = d->fd;

    d->fd = -1;
    if (close(fd) != 0 || rename(d->part, d->final) != 0)
        return error_set(err, "cannot store it: %s", strerror(errno));
    d->begun = false;
    return true;
}

/* Is what came what there is? */
static bool check(struct download *d, const struct file_entry *entry,
                  struct error *err)
{
    if (d->error)
        return error_set(err, "cannot store it: %s", strerror(d->error));
    if (desk_signalled(d->client->desk))
        return error_set(err, "interrupted; nothing was kept");
    if (d->answer.result != HTTP_ANSWERED || d->answer.status != 200)
        return client_explain(d->client->config, &d->answer, err);
    if (entry->size >= 0 && d->stored != entry->size)
        return error_set(err,
                         "%lld bytes came, the printer says it has %lld; it "
                         "may be changing, try again",
                         (long long)d->stored, (long long)entry->size);
    return keep(d, err);
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
                     place_name(entry->name), err) ||
        !open_part(d, call->options & OPTION_OVERWRITE, err))
        return false;
    desk_catch_signals(desk);
    progress_begin(&progress, entry->name,
                   !(call->options & OPTION_JSON) && isatty(STDERR_FILENO),
                   began);
    ok = fetch(d, entry, &progress, err) && check(d, entry, err);
    progress_end(&progress);
    *took_ms = desk_now(desk).ms - began;
    return ok;
}

static int say_stored(const struct call *call, const struct download *d,
                      const struct file_entry *entry, int64_t took_ms)
{
    struct buffer out = {0};

    if (call->options & OPTION_JSON) {
        (void)buffer_text_add(&out, "{\"printer\":");
        show_json_text(d->client->config->id, &out);
        (void)buffer_text_add(&out, ",\"path\":");
        show_json_text(entry->path, &out);
        (void)buffer_text_add(&out, ",\"file\":");
        show_json_text(d->final, &out);
        (void)buffer_format(&out, ",\"size\":%lld,\"took_ms\":%lld}\n",
                            (long long)d->stored, (long long)took_ms);
    } else {
        paint_text(&out, d->final);
        (void)buffer_text_add(&out, ": ");
        progress_summary(d->stored, took_ms, &out);
        (void)buffer_text_add(&out, "\n");
    }
    return say_buffer(&out);
}

static int download(const struct call *call, struct client *client)
{
    struct download d = {.client = client, .fd = -1};
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
    if (d.fd >= 0)
        (void)close(d.fd);
    if (d.begun)
        (void)unlink(d.part);
    status = ok ? say_stored(call, &d, &listing.self.entries[0], took_ms)
                : say_failed("%s: %s", client->config->id, err.text);
    listing_release(&listing);
    return status;
}

int word_download(struct call *call)
{
    return choice_run(call, listing_plan, download);
}
