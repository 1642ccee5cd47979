/* The keys of `uploads`: where files for a printer may come from. */
#include "config/sections.h"
#include "config/url.h"

#define AT(member) offsetof(struct config_printer, uploads.member)

static bool check_origin(const char *text, struct error *err);

static const struct row upload_rows[] = {
    {.key = "enabled",
     .kind = KIND_TRUTH,
     .offset = AT(enabled),
     .fallback = "false",
     .says = "Follows from the other keys; `uploads: off` takes back what "
             "`defaults` say."},
    {.key = "directory",
     .kind = KIND_PATH,
     .offset = AT(directory),
     .says = "Orders may name files below this folder."},
    {.key = "origins",
     .kind = KIND_LIST,
     .offset = AT(origins),
     .check = check_origin,
     .says = "Orders may name what lies below these addresses, such as "
             "`https://slicer.lan/files`."},
    {.key = "payload",
     .kind = KIND_SIZE,
     .offset = AT(payload_max),
     .fallback = "16M",
     .max = 200.0 * 1024 * 1024,
     .says = "Largest file that may come as an MQTT message; 0 = none."},
    {.key = "watch",
     .kind = KIND_PATH,
     .offset = AT(watch),
     .says = "What is moved into this folder is uploaded. `{printer}` stands "
             "for the printer's id."},
    {.key = "path",
     .kind = KIND_TEXT,
     .offset = AT(path),
     .check = check_upload_path,
     .says = "Folder on the printer for files whose order names none: `/usb` "
             "or `/local` if not said."},
    {.key = "print",
     .kind = KIND_TRUTH,
     .offset = AT(print),
     .fallback = "false",
     .says = "Print what came through the watched folder."},
    {.key = "overwrite",
     .kind = KIND_TRUTH,
     .offset = AT(overwrite),
     .fallback = "false",
     .says = "A file of the watched folder replaces one of the same name."},
    {.key = "max",
     .kind = KIND_SIZE,
     .offset = AT(max),
     .fallback = "4G",
     .min = 1024,
     .max = 1024.0 * 1024 * 1024 * 1024,
     .says = "Largest file that is fetched or uploaded."},
    {.key = "timeout",
     .kind = KIND_DURATION,
     .offset = AT(timeout_ms),
     .fallback = "30min",
     .min = 1000,
     .max = 86400000,
     .says = "How long fetching a file from an address may take."},
    {0},
};

const struct section uploads_section = {
    .name = "uploads",
    .title = "printers.<id>.uploads",
    .rows = upload_rows,
    .shorthand = "enabled",
};

static bool check_origin(const char *text, struct error *err)
{
    char *url;

    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
        return error_set(err, "an origin begins with http:// or https://");
    url = url_printer(text, err);
    free(url);
    return url != NULL;
}

bool check_upload_path(const char *text, struct error *err)
{
    const char *part = text;

    while (*part == '/') {
        size_t len = strcspn(++part, "/");

        if (len == 0 || (len <= 2 && strncmp(part, "..", len) == 0))
            return error_set(err, "a folder on the printer has no empty part, "
                                  "no . and no ..");
        part += len;
    }
    return part > text ||
           error_set(err, "a folder on the printer begins with /, such as "
                          "/usb/parts");
}

/* {printer} becomes its id, so that `defaults` can name folders for all. */
static char *expand(const char *watch, const char *id)
{
    static const char word[] = "{printer}";
    struct buffer out = {0};
    const char *at;

    while ((at = strstr(watch, word))) {
        (void)buffer_add(&out, watch, (size_t)(at - watch));
        (void)buffer_text_add(&out, id);
        watch = at + strlen(word);
    }
    (void)buffer_text_add(&out, watch);
    return out.bytes;
}

void uploads_settle(struct config_printer *printer, const struct node *node)
{
    struct config_uploads *uploads = &printer->uploads;
    const struct node *given = node_get(node, "uploads");
    char *watch;

    if (given && given->kind == NODE_MAP && !node_get(given, "enabled"))
        uploads->enabled = true;
    if (!uploads->watch || !*printer->id)
        return;
    watch = expand(uploads->watch, printer->id);
    free(uploads->watch);
    uploads->watch = watch;
}
