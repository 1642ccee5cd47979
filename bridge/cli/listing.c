#include "bridge/cli/listing.h"

#include "bridge/cli/paint.h"

#define TIMEOUT_MS  30000 /* a stick with thousands of files is slow */
#define SHOWN_TRIES 20
#define SHOWN_MS    250

const char *const listing_plan[] = {"?version", "storage", NULL};

static void take_self(void *arg, const struct file_entry *entry)
{
    struct listing *listing = arg;

    file_list_add(&listing->self, entry);
    if (!entry->meta)
        return;
    listing->meta = *entry->meta;
    (void)snprintf(listing->filament_type, sizeof listing->filament_type, "%s",
                   entry->meta->filament_type ? entry->meta->filament_type
                                              : "");
    listing->meta.filament_type = listing->filament_type;
}

static void take_child(void *arg, const struct file_entry *entry)
{
    struct listing *listing = arg;

    file_list_add(&listing->list, entry);
}

static bool decode(struct client *client, const char *path,
                   const struct http_answer *answer, struct listing *listing,
                   struct error *err)
{
    struct file_reader reader = {
        .arg = listing,
        .self = take_self,
        .child = take_child,
    };

    if (!driver_files(client->driver, &client->device, path, answer->body,
                      answer->len, &reader, err))
        return false;
    listing->left_out = reader.left_out;
    file_list_sort(&listing->list);
    return listing->self.count == 1 ||
           error_set(err, "the printer's answer tells nothing about it");
}

static enum listing_result judge(struct client *client, const char *path,
                                 const struct http_answer *answer,
                                 struct error *err)
{
    struct buffer shown = {0};

    paint_text_cut(&shown, path, 120);
    if (answer->status == 404)
        (void)error_set(err, "there is no %s; see printer2mqtt files",
                        buffer_text(&shown));
    else if (answer->status == 403)
        (void)error_set(err,
                        "the printer refuses %s: it lies outside of the "
                        "storages it shows",
                        buffer_text(&shown));
    else {
        (void)client_explain(client->config, answer, err);
        (void)error_prefix(err, "%s", buffer_text(&shown));
    }
    buffer_release(&shown);
    return answer->status == 404 ? LISTING_ABSENT : LISTING_FAILED;
}

enum listing_result listing_read(struct client *client, const char *path,
                                 struct listing *listing, struct error *err)
{
    enum listing_result result = LISTING_FAILED;
    struct request request;
    struct reply reply = {0};

    *listing = (struct listing){0};
    if (!driver_read_files(client->driver, &client->device, path, &request,
                           err))
        return LISTING_FAILED;
    if (!request.timeout_ms)
        request.timeout_ms = TIMEOUT_MS;
    if (client_ask(client, &request, &reply, err)) {
        if (reply.answer.status != 200)
            result = judge(client, path, &reply.answer, err);
        else if (decode(client, path, &reply.answer, listing, err))
            result = LISTING_READ;
    }
    reply_release(&reply);
    return result;
}

enum listing_result listing_wait(struct client *client, const char *path,
                                 enum listing_result wanted,
                                 struct listing *listing, struct error *err)
{
    enum listing_result result = listing_read(client, path, listing, err);
    struct desk *desk = client->desk;
    int tries;

    for (tries = 0; tries < SHOWN_TRIES && result != wanted &&
                    result != LISTING_FAILED && !desk_signalled(desk);
         tries++) {
        int64_t until = desk_now(desk).ms + SHOWN_MS;

        while (desk_now(desk).ms < until && !desk_signalled(desk))
            desk_turn_for(desk, until - desk_now(desk).ms);
        listing_release(listing);
        result = listing_read(client, path, listing, err);
    }
    return result;
}

bool listing_is_folder(const struct listing *listing)
{
    return listing->self.count == 1 &&
           listing->self.entries[0].kind == FILE_FOLDER;
}

void listing_release(struct listing *listing)
{
    file_list_release(&listing->self);
    file_list_release(&listing->list);
}
