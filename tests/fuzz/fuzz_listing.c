/* Listings of files, and paths. The first byte chooses the printer and what
 * the answer is for, the rest of the first line is the path that was asked for,
 * what follows is the answer. */
#include "bridge/drivers/json.h"
#include "bridge/files_page.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <ctype.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool so)
{
    if (!so)
        abort();
}

static void check_text(const char *text)
{
    size_t len = strlen(text), i;

    must(text_is_utf8(text, len));
    for (i = 0; i < len; i++)
        must((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
}

/* What goes onto the wire can end neither the line nor the host. */
static void check_target(const char *target)
{
    must(*target == '/' && target[1] != '/');
    for (; *target; target++)
        must(isalnum((unsigned char)*target) || strchr("/-._~%", *target));
}

/* False: it would not be asked for. */
static bool check_request(const struct driver *driver,
                          const struct device *device, const char *path)
{
    struct request request;
    struct error err = {0};

    if (!driver_read_files(driver, device, path, &request, &err)) {
        must(err.text[0]);
        return false;
    }
    check_target(request.target);
    must(!strstr(path, "/../"));
    return true;
}

static void on_entry(void *arg, const struct file_entry *entry)
{
    (void)arg;
    check_text(entry->name);
    check_text(entry->path);
    must(*entry->name && strlen(entry->path) <= FILE_PATH_MAX);
    must(!strstr(entry->path, "/../") && entry->size >= -1);
    must(entry->modified >= 0);
    if (*entry->thumbnail)
        check_target(entry->thumbnail);
    if (*entry->download)
        check_target(entry->download);
}

static void on_self(void *arg, const struct file_entry *entry)
{
    (void)arg;
    must(entry->meta != NULL);
}

static void check_json(const struct buffer *json)
{
    const struct json *root;

    if (!json->len)
        return;
    must(json->len <= FILES_JSON_MAX + 8192);
    root = json_parse_listing(json->bytes, json->len, NULL);
    must(root != NULL);
    json_free(root);
}

static void check_view(struct files_page *page)
{
    struct kept_view view = {0};
    struct buffer json = {0};
    int i;

    must(page->kept.count <= FILES_KEPT && page->folder_count <= FOLDERS_MAX);
    view_add(&view, &page->kept);
    view_label(&view);
    for (i = 0; i < view.count; i++)
        check_text(view.files[i]->label);
    view_json(&view, &json);
    must(json.len <= FILES_JSON_MAX + 2);
    check_json(&json);
    view_release(&view);
    buffer_release(&json);
}

static void check_answer(const struct driver *driver,
                         const struct device *device, enum page_use use,
                         const char *path, const char *body, size_t len)
{
    struct file_reader reader = {.self = on_self, .child = on_entry};
    struct files_page *page =
        files_page_new(use, driver, device, path, "", "/usb/A.GCO", body, len);

    (void)driver_files(driver, device, path, body, len, &reader, NULL);
    files_page_read(page);
    if (page->read)
        check_json(&page->json);
    check_view(page);
    files_page_free(page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct driver *driver = driver_find("prusalink");
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    struct device device = {0};
    char *path, *body;
    size_t len;

    if (!end || end == data)
        return 0;
    device.variant = data[0] % 3;
    len = (size_t)(data + size - end) - 1;
    path = memory_copy(data + 1, (size_t)(end - data) - 1);
    body = memory_copy(end + 1, len);
    if (check_request(driver, &device, path))
        check_answer(driver, &device, (enum page_use)(data[0] / 3 % 3), path,
                     body, len);
    free(path);
    free(body);
    return 0;
}
