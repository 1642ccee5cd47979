#include "bridge/cli/show.h"

#include "bridge/publisher.h"
#include "mapping/routes.h"
#include "mapping/text.h"

#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_COLUMNS   20
#define LABEL_COLUMNS 12

bool show_colour(int fd)
{
    const char *never = getenv("NO_COLOR"), *term = getenv("TERM");

    return isatty(fd) && !(never && *never) &&
           !(term && strcmp(term, "dumb") == 0);
}

bool show_size(int fd, size_t *columns, size_t *rows)
{
    struct winsize size = {0};

    if (!isatty(fd))
        return false;
    (void)ioctl(fd, TIOCGWINSZ, &size);
    *columns = size.ws_col ? size.ws_col : 80;
    *rows = size.ws_row ? size.ws_row : 24;
    return true;
}

/* ---- JSON ---- */

void show_json_text(const char *text, struct buffer *out)
{
    size_t left = strlen(text);

    (void)buffer_add(out, "\"", 1);
    while (left > 0) {
        size_t n = text_utf8(text, left);
        unsigned char c = (unsigned char)*text;

        if (n == 0)
            (void)buffer_text_add(out, "\\ufffd");
        else if (c < 0x20 || c == 0x7f)
            (void)buffer_format(out, "\\u%04x", c);
        else {
            if (c == '"' || c == '\\')
                (void)buffer_add(out, "\\", 1);
            (void)buffer_add(out, text, n);
        }
        n += n == 0;
        text += n;
        left -= n;
    }
    (void)buffer_add(out, "\"", 1);
}

void show_json_begin(const struct config_printer *printer, struct buffer *out)
{
    (void)buffer_text_add(out, "{\"printer\":");
    show_json_text(printer->id, out);
}

void show_json_member(const char *key, const char *text, struct buffer *out)
{
    (void)buffer_format(out, ",\"%s\":", key);
    show_json_text(text, out);
}

static bool is_wanted(const char *key, const char *const *keys)
{
    if (!keys)
        return true;
    for (; *keys; keys++)
        if (strncmp(key, *keys, strlen(*keys)) == 0)
            return true;
    return false;
}

/* Only what is wanted of a snapshot. */
static void keep(struct telemetry *t, const char *const *keys)
{
    enum field f;
    int i;

    for (f = 0; f < FIELD_COUNT; f++)
        for (i = 0;
             !is_wanted(field_row(f)->key, keys) && i < field_instances(f); i++)
            telemetry_clear(t, field_slot(f, i));
}

/* Keys do not depend on the user's mapping. */
static void add_fields(const struct view *view, const char *const *keys,
                       struct buffer *out)
{
    struct mapping *mapping = mapping_new();
    const struct routes routes = {mapping, "printer2mqtt", view->config->id};
    struct telemetry t = {0};
    struct buffer fields = {0};
    const char *text;

    telemetry_copy(&t, view->t);
    keep(&t, keys);
    publisher_json(&routes, &t, &view->roster, &fields);
    text = buffer_text(&fields);
    if (strcmp(text, "{}") != 0) {
        (void)buffer_text_add(out, ",");
        (void)buffer_add(out, text + 1, fields.len - 2);
    }
    buffer_release(&fields);
    telemetry_release(&t);
    mapping_free(mapping);
}

void show_json(const struct view *view, const char *const *keys,
               struct buffer *out)
{
    show_json_begin(view->config, out);
    (void)buffer_format(out, ",\"online\":%s", view->online ? "true" : "false");
    if (view->online)
        add_fields(view, keys, out);
    else {
        show_json_member("error", view->error, out);
    }
    (void)buffer_text_add(out, "}");
}

/* ---- label and value ---- */

static void put_label(struct buffer *out, const char *label, size_t width)
{
    size_t columns = paint_columns(label);

    (void)buffer_text_add(out, label);
    (void)buffer_format(out, "%*s",
                        columns < width ? (int)(width - columns) + 2 : 2, "");
}

static size_t label_width(const struct view *view, const char *const *keys)
{
    size_t width = 0;
    enum field f;

    for (f = 0; f < FIELD_CUSTOM; f++)
        if (is_wanted(field_row(f)->key, keys) && field_instances(f) == 1 &&
            telemetry_known(view->t, field_slot(f, 0)) &&
            strlen(field_row(f)->label) > width)
            width = strlen(field_row(f)->label);
    return width;
}

void show_fields(const struct view *view, const char *const *keys,
                 struct buffer *out)
{
    size_t width = label_width(view, keys);
    enum field f;

    for (f = 0; f < FIELD_CUSTOM; f++) {
        const struct field_row *row = field_row(f);
        int slot = field_slot(f, 0);

        if (field_instances(f) != 1 || !is_wanted(row->key, keys) ||
            !telemetry_known(view->t, slot))
            continue;
        put_label(out, row->label, width);
        paint_value(out, view->t, slot, row->quantity);
        (void)buffer_text_add(out, "\n");
    }
}

/* ---- the page of one printer ---- */

static void begin_line(struct buffer *out, const char *label, bool colour)
{
    paint_begin(out, INK_DIM, colour);
    put_label(out, label, LABEL_COLUMNS - 2);
    paint_end(out, INK_DIM, colour);
}

void show_absence(const struct view *view, bool colour, struct buffer *out)
{
    paint_ink(out, view->waiting ? INK_DIM : INK_TROUBLE, colour,
              view->waiting ? "asking" : "offline");
}

static void put_head(const struct view *view, bool colour, struct buffer *out)
{
    const char *model = view->config->model
                            ? view->config->model
                            : telemetry_text(view->t, SLOT_INFO_MODEL);

    paint_begin(out, INK_BOLD, colour);
    paint_text(out, view->config->id);
    paint_end(out, INK_BOLD, colour);
    if (view->config->name) {
        (void)buffer_text_add(out, "  ");
        paint_text(out, view->config->name);
    }
    if (*model) {
        (void)buffer_text_add(out, "  ");
        paint_text(out, model);
    }
    (void)buffer_text_add(out, "\n");
}

static void put_state(const struct view *view, bool colour, struct buffer *out)
{
    enum state state = telemetry_state(view->t);

    begin_line(out, "State", colour);
    paint_ink(out, paint_ink_of(state), colour, paint_state(state));
    if (telemetry_known(view->t, SLOT_MESSAGE)) {
        (void)buffer_text_add(out, "  ");
        paint_text(out, telemetry_text(view->t, SLOT_MESSAGE));
    }
    (void)buffer_text_add(out, "\n");
}

/* "████░░░░  52 %   0h 23m left, done at 14:05" */
static void put_progress(const struct view *view, bool colour,
                         struct buffer *out)
{
    struct value progress = telemetry_get(view->t, SLOT_JOB_PROGRESS);
    int64_t left = telemetry_integer(view->t, SLOT_JOB_TIME_REMAINING, -1);
    int64_t end = telemetry_integer(view->t, SLOT_JOB_FINISHES_AT, -1);

    if (progress.kind != VALUE_NUMBER)
        return;
    begin_line(out, "Progress", colour);
    paint_begin(out, INK_GOOD, colour);
    paint_bar(out, progress.number, BAR_COLUMNS);
    paint_end(out, INK_GOOD, colour);
    (void)buffer_format(out, "  %.0f %%", progress.number);
    if (left >= 0) {
        (void)buffer_text_add(out, "   ");
        paint_duration(out, left);
        (void)buffer_text_add(out, " left");
    }
    if (end >= 0) {
        (void)buffer_text_add(out, ", done at ");
        paint_clock(out, end, view->now);
    }
    (void)buffer_text_add(out, "\n");
}

static void put_job(const struct view *view, bool colour, struct buffer *out)
{
    if (!telemetry_known(view->t, SLOT_JOB_ID))
        return;
    if (telemetry_known(view->t, SLOT_JOB_NAME)) {
        begin_line(out, "File", colour);
        paint_text(out, telemetry_text(view->t, SLOT_JOB_NAME));
        (void)buffer_text_add(out, "\n");
    }
    put_progress(view, colour, out);
    if (telemetry_known(view->t, SLOT_JOB_CHANGE_IN)) {
        begin_line(out, "Filament", colour);
        (void)buffer_text_add(out, "change in ");
        paint_value(out, view->t, SLOT_JOB_CHANGE_IN, QUANTITY_JOB_TIME);
        (void)buffer_text_add(out, "\n");
    }
}

static void put_heat(const struct view *view, const char *label, int actual,
                     int target, bool colour, struct buffer *out)
{
    if (!telemetry_known(view->t, actual))
        return;
    begin_line(out, label, colour);
    paint_heat(out, view->t, actual, target);
    (void)buffer_text_add(out, "\n");
}

/* Several values on one line: "label value, label value". */
struct part {
    const char *label;
    int slot;
    enum quantity quantity;
};

static void put_parts(const struct view *view, const char *label,
                      const struct part *parts, bool colour, struct buffer *out)
{
    bool any = false;

    for (; parts->label; parts++) {
        if (!telemetry_known(view->t, parts->slot))
            continue;
        if (!any)
            begin_line(out, label, colour);
        (void)buffer_format(out, "%s%s%s", any ? ", " : "", parts->label,
                            *parts->label ? " " : "");
        paint_value(out, view->t, parts->slot, parts->quantity);
        any = true;
    }
    if (any)
        (void)buffer_text_add(out, "\n");
}

static const struct part speed_parts[] = {
    {"", SLOT_SPEED, QUANTITY_PERCENT},
    {"flow", SLOT_FLOW, QUANTITY_PERCENT},
    {NULL},
};
static const struct part fan_parts[] = {
    {"hotend", SLOT_FAN_HOTEND, QUANTITY_FAN},
    {"print", SLOT_FAN_PRINT, QUANTITY_FAN},
    {NULL},
};
static const struct part axis_parts[] = {
    {"x", SLOT_AXIS_X, QUANTITY_POSITION},
    {"y", SLOT_AXIS_Y, QUANTITY_POSITION},
    {"z", SLOT_AXIS_Z, QUANTITY_POSITION},
    {NULL},
};
static const struct part material_parts[] = {
    {"", SLOT_MATERIAL, QUANTITY_TEXT},
    {NULL},
};

static void put_transfer(const struct view *view, bool colour,
                         struct buffer *out)
{
    struct value progress = telemetry_get(view->t, SLOT_TRANSFER_PROGRESS);

    if (!telemetry_integer(view->t, SLOT_TRANSFER_ACTIVE, 0))
        return;
    begin_line(out, "Transfer", colour);
    if (progress.kind == VALUE_NUMBER)
        (void)buffer_format(out, "%.0f %%  ", progress.number);
    paint_text(out, telemetry_text(view->t, SLOT_TRANSFER_NAME));
    (void)buffer_text_add(out, "\n");
}

void show_printer(const struct view *view, bool colour, struct buffer *out)
{
    put_head(view, colour, out);
    if (!view->online) {
        begin_line(out, "State", colour);
        show_absence(view, colour, out);
        (void)buffer_text_add(out, "  ");
        paint_text(out, view->error);
        (void)buffer_text_add(out, "\n");
        return;
    }
    put_state(view, colour, out);
    put_job(view, colour, out);
    put_heat(view, "Nozzle", SLOT_NOZZLE_TEMPERATURE, SLOT_NOZZLE_TARGET,
             colour, out);
    put_heat(view, "Bed", SLOT_BED_TEMPERATURE, SLOT_BED_TARGET, colour, out);
    put_parts(view, "Speed", speed_parts, colour, out);
    put_parts(view, "Fans", fan_parts, colour, out);
    put_parts(view, "Position", axis_parts, colour, out);
    put_parts(view, "Material", material_parts, colour, out);
    put_transfer(view, colour, out);
}
