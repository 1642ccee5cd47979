/* Text from printers on its way to a terminal, and as JSON to a program. */
#include "bridge/cli/place.h"
#include "bridge/cli/progress.h"
#include "bridge/cli/show.h"
#include "bridge/drivers/json.h"
#include "mapping/memory.h"
#include "mapping/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COLUMNS 20

/* Nothing a terminal obeys, and characters only. */
static void is_plain(const struct buffer *out)
{
    const char *text = buffer_text(out);
    size_t i;

    if (!text_is_utf8(text, out->len))
        abort();
    for (i = 0; i < out->len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f ||
            (text[i] == '\xc2' && (unsigned char)text[i + 1] < 0xa0))
            abort();
}

static void paint(const char *text)
{
    struct progress progress = {.name = text};
    struct buffer out = {0};

    paint_text(&out, text);
    is_plain(&out);
    buffer_reset(&out);
    paint_advice(&out, text);
    is_plain(&out);
    buffer_reset(&out);
    paint_text_cut(&out, text, COLUMNS);
    is_plain(&out);
    if (paint_columns(buffer_text(&out)) > COLUMNS)
        abort();
    buffer_reset(&out);
    progress_line(&progress, 5, 10, text, COLUMNS, &out);
    is_plain(&out);
    if (paint_columns(buffer_text(&out)) >= COLUMNS)
        abort();
    buffer_release(&out);
}

/* What is read back is what was written, with U+FFFD for what was no text. */
static void json(const char *text)
{
    struct buffer out = {0};
    const struct json *root;

    show_json_text(text, &out);
    root = json_parse(buffer_text(&out), out.len, NULL);
    if (!json_text(root) || (text_is_utf8(text, strlen(text)) &&
                             strcmp(json_text(root), text) != 0))
        abort();
    json_free(root);
    buffer_release(&out);
}

static void table(const char *text)
{
    struct table cells = {.columns = 3, .right = 2};
    struct buffer cell = {0}, out = {0};
    int i;

    for (i = 0; i < 6; i++) {
        paint_text(&cell, i % 2 ? text : "x");
        table_add(&cells, &cell);
    }
    table_write(&cells, &out);
    buffer_release(&out);
}

static void place(const char *text)
{
    struct telemetry t = {0};
    struct instances storages = {.count = 0};
    char path[64];

    (void)instances_learn(&storages, "/usb/", 0);
    if (place_complete(text, &t, &storages, path, sizeof path, NULL) &&
        (path[0] != '/' || !strstr(path, text)))
        abort();
    (void)place_name(text);
    instances_release(&storages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = memory_copy(data, size);

    paint(text);
    json(text);
    table(text);
    place(text);
    free(text);
    return 0;
}
