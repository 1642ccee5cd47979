/* files [PATH]: what is on the printer. */
#include "bridge/cli/choose.h"
#include "bridge/cli/client.h"
#include "bridge/cli/listing.h"
#include "bridge/cli/place.h"
#include "bridge/cli/show.h"
#include "bridge/cli/words.h"

#include <unistd.h>

/* ---- for people ---- */

static void put_row(const struct file_entry *entry, bool colour,
                    struct table *table)
{
    bool folder = entry->kind == FILE_FOLDER;
    struct buffer cell = {0};

    if (entry->size >= 0 && !folder)
        paint_size(&cell, entry->size);
    table_add(table, &cell);
    if (entry->modified > 0)
        paint_time(&cell, entry->modified);
    table_add(table, &cell);
    paint_begin(&cell, folder ? INK_BOLD : INK_PLAIN, colour);
    paint_text(&cell, entry->name);
    (void)buffer_text_add(&cell, folder ? "/" : "");
    paint_end(&cell, folder ? INK_BOLD : INK_PLAIN, colour);
    if (entry->kind == FILE_FIRMWARE)
        (void)buffer_text_add(&cell, "  (firmware)");
    if (entry->read_only && entry->kind == FILE_PRINT)
        (void)buffer_text_add(&cell, "  (read-only)");
    table_add(table, &cell);
}

static void put_folder(const char *path, const struct listing *listing,
                       bool colour, struct buffer *out)
{
    struct table table = {.columns = 3, .right = 1};
    size_t i;

    paint_begin(out, INK_DIM, colour);
    paint_text(out, path);
    paint_end(out, INK_DIM, colour);
    (void)buffer_text_add(out, listing->list.count ? ":\n" : ": nothing\n");
    for (i = 0; i < listing->list.count; i++)
        put_row(&listing->list.entries[i], colour, &table);
    table_write(&table, out);
    if (listing->list.dropped + listing->left_out > 0)
        (void)buffer_format(out, "and %zu more that cannot be shown\n",
                            listing->list.dropped + listing->left_out);
}

static void put_fact(const char *label, struct buffer *value,
                     struct buffer *out)
{
    (void)buffer_format(out, "%-10s%s\n", label, buffer_text(value));
    buffer_release(value);
}

static void put_meta(const struct file_meta *meta, struct buffer *out)
{
    struct buffer value = {0};

    if (meta->time_estimated > 0) {
        paint_duration(&value, meta->time_estimated);
        put_fact("Takes", &value, out);
    }
    if (meta->filament_weight > 0) {
        (void)buffer_format(&value, "%.2f g ", meta->filament_weight);
        paint_text(&value, meta->filament_type ? meta->filament_type : "");
        put_fact("Filament", &value, out);
    }
    if (meta->layer_height > 0) {
        (void)buffer_format(&value, "%.2f mm", meta->layer_height);
        put_fact("Layers", &value, out);
    }
}

static void put_file(const struct listing *listing, struct buffer *out)
{
    const struct file_entry *entry = &listing->self.entries[0];
    struct buffer value = {0};

    paint_text(&value, entry->name);
    put_fact("Name", &value, out);
    paint_text(&value, entry->path);
    put_fact("Path", &value, out);
    if (entry->size >= 0) {
        paint_size(&value, entry->size);
        put_fact("Size", &value, out);
    }
    if (entry->modified > 0) {
        paint_time(&value, entry->modified);
        put_fact("Changed", &value, out);
    }
    put_meta(&listing->meta, out);
}

/* ---- for programs ---- */

static void put_entry(const struct file_entry *entry, struct buffer *out)
{
    char time[VALUE_FORMAT_MAX];

    (void)buffer_text_add(out, "{\"path\":");
    show_json_text(entry->path, out);
    show_json_member("name", entry->name, out);
    (void)buffer_format(out, ",\"kind\":\"%s\",\"read_only\":%s",
                        file_kind_name(entry->kind),
                        entry->read_only ? "true" : "false");
    if (entry->size >= 0 && entry->kind != FILE_FOLDER)
        (void)buffer_format(out, ",\"size\":%lld", (long long)entry->size);
    if (entry->modified > 0) {
        value_format_time(entry->modified, time);
        (void)buffer_format(out, ",\"modified\":\"%s\"", time);
    }
    (void)buffer_text_add(out, "}");
}

static void put_entries(const struct listing *listing, bool *any,
                        struct buffer *out)
{
    const struct file_list *list =
        listing_is_folder(listing) ? &listing->list : &listing->self;
    size_t i;

    for (i = 0; i < list->count; i++) {
        (void)buffer_text_add(out, *any ? ",\n " : "\n ");
        put_entry(&list->entries[i], out);
        *any = true;
    }
}

/* ---- the word ---- */

struct page {
    bool json, colour;
    bool any; /* something was written */
    struct buffer out;
};

static bool put_path(struct client *client, const char *path, struct page *page,
                     struct error *err)
{
    struct listing listing;
    bool ok = listing_read(client, path, &listing, err) == LISTING_READ;

    if (ok && page->json)
        put_entries(&listing, &page->any, &page->out);
    else if (ok) {
        (void)buffer_text_add(&page->out, page->any ? "\n" : "");
        page->any = true;
        if (listing_is_folder(&listing))
            put_folder(path, &listing, page->colour, &page->out);
        else
            put_file(&listing, &page->out);
    }
    listing_release(&listing);
    return ok;
}

/* All storages that are there. */
static bool put_storages(struct client *client, struct page *page,
                         struct error *err)
{
    const struct instances *storages = &client->device.storages;
    int i, count = 0;

    for (i = 0; i < storages->count; i++) {
        char path[INSTANCE_NAME_MAX + 2];

        if (!telemetry_integer(&client->t,
                               field_slot(FIELD_STORAGE_AVAILABLE, i), 1))
            continue;
        (void)snprintf(path, sizeof path, "/%s", storages->name[i]);
        if (!put_path(client, path, page, err))
            return false;
        count++;
    }
    return count > 0 || error_set(err, "no storage is there; is the stick in?");
}

static bool put_files(const struct call *call, struct client *client,
                      struct page *page, struct error *err)
{
    char path[FILE_PATH_MAX + 1];

    if (client->failed)
        return error_set(err, "%s", client->err.text);
    if (call->argc == 0)
        return put_storages(client, page, err);
    return place_complete(call->argv[0], &client->t, &client->device.storages,
                          path, sizeof path, err) &&
           put_path(client, path, page, err);
}

static int files(const struct call *call, struct client *client)
{
    struct page page = {
        .json = call->options & OPTION_JSON,
        .colour = show_colour(STDOUT_FILENO),
    };
    struct error err = {""};
    bool ok;

    if (page.json) {
        show_json_begin(client->config, &page.out);
        (void)buffer_text_add(&page.out, ",\"files\":[");
    }
    ok = put_files(call, client, &page, &err);
    if (page.json)
        (void)buffer_text_add(&page.out, "]}\n");
    if (ok)
        return say_buffer(&page.out);
    buffer_release(&page.out);
    return say_failed("%s: %s", client->config->id, err.text);
}

int word_files(struct call *call)
{
    return choice_run(call, listing_plan, files);
}
