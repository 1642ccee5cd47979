#include "bridge/files_page.h"

#include "mapping/memory.h"

struct files_page *files_page_new(enum page_use use,
                                  const struct driver *driver,
                                  const struct device *device, const char *path,
                                  const char *shown, const char *selected,
                                  const char *body, size_t len)
{
    struct files_page *page = memory_zero(1, sizeof *page);

    page->use = use;
    page->driver = driver;
    device_copy(&page->device, device);
    (void)snprintf(page->path, sizeof page->path, "%s", path);
    page->shown = memory_text(shown ? shown : "");
    page->selected = memory_text(selected);
    page->body = memory_copy(body, len);
    page->len = len;
    return page;
}

void files_page_free(struct files_page *page)
{
    size_t i;

    if (!page)
        return;
    for (i = 0; i < page->folder_count; i++) {
        free(page->folders[i].path);
        free(page->folders[i].shown);
    }
    free(page->folders);
    device_release(&page->device);
    kept_release(&page->kept);
    kept_file_release(&page->found);
    buffer_release(&page->json);
    free(page->shown);
    free(page->selected);
    free(page->body);
    free(page);
}

static void note_folder(struct files_page *page, const struct file_entry *entry)
{
    struct buffer shown = {0};

    if (page->folder_count == FOLDERS_MAX) {
        page->left_out++;
        return;
    }
    if (page->folder_count == page->folder_room) {
        page->folder_room = page->folder_room ? 2 * page->folder_room : 8;
        page->folders = memory_grow(page->folders, page->folder_room,
                                    sizeof *page->folders);
    }
    (void)buffer_format(&shown, "%s%s%s", page->shown, *page->shown ? "/" : "",
                        entry->name);
    page->folders[page->folder_count++] = (struct page_folder){
        memory_text(entry->path), memory_text(buffer_text(&shown))};
    buffer_release(&shown);
}

static void note_selected(struct files_page *page,
                          const struct file_entry *entry)
{
    struct kept_file file = {
        .path = memory_text(entry->path),
        .name = memory_text(entry->name),
        .folder = memory_text(page->shown),
        .size = entry->size,
        .modified = entry->modified,
    };

    kept_file_release(&page->found);
    page->found = file;
}

static bool is_selected(const struct files_page *page,
                        const struct file_entry *entry)
{
    struct kept_file file = {
        .path = (char *)(uintptr_t)entry->path,
        .name = (char *)(uintptr_t)entry->name,
        .folder = page->shown,
    };

    return page->selected && kept_is(&file, page->selected);
}

/* One whose upload is not complete cannot be printed. */
static bool is_printable(const struct file_entry *entry)
{
    return entry->kind == FILE_PRINT &&
           !(entry->read_only && !*entry->download);
}

static void walk_child(struct files_page *page, const struct file_entry *entry)
{
    if (entry->kind == FILE_FOLDER)
        note_folder(page, entry);
    if (!is_printable(entry))
        return;
    page->count++;
    kept_add(&page->kept, entry, page->shown);
    if (is_selected(page, entry))
        note_selected(page, entry);
}

static void list_child(struct files_page *page, const struct file_entry *entry)
{
    struct buffer one = {0};

    page->count++;
    if (page->cut)
        return;
    entry_json(entry, &one);
    page->cut = page->json.len + one.len + 2 > FILES_JSON_MAX;
    if (!page->cut)
        (void)buffer_format(&page->json, "%s%s", page->json.len > 1 ? "," : "",
                            buffer_text(&one));
    buffer_release(&one);
}

static void on_child(void *arg, const struct file_entry *entry)
{
    struct files_page *page = arg;

    switch (page->use) {
    case PAGE_WALK: walk_child(page, entry); break;
    case PAGE_LIST: list_child(page, entry); break;
    case PAGE_INFO: break;
    }
}

static void on_self(void *arg, const struct file_entry *entry)
{
    struct files_page *page = arg;

    page->is_folder = entry->kind == FILE_FOLDER;
    if (page->use == PAGE_LIST)
        (void)buffer_text_add(&page->json, "[");
    if (page->use == PAGE_INFO)
        entry_json(entry, &page->json);
}

void files_page_read(struct files_page *page)
{
    struct file_reader reader = {
        .arg = page, .self = on_self, .child = on_child};

    page->read = driver_files(page->driver, &page->device, page->path,
                              page->body, page->len, &reader, &page->err);
    page->left_out += reader.left_out;
    if (page->read && page->use == PAGE_LIST)
        (void)buffer_text_add(&page->json, "]");
    free(page->body);
    page->body = NULL;
}
