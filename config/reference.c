/* The reference of all keys, fields and commands as Markdown. */
#include "config/kinds.h"
#include "config/numbers.h"
#include "config/sections.h"
#include "mapping/command.h"
#include "mapping/field.h"

/* A cell of a table: a | in it would end it. */
static void write_cell(struct buffer *out, const char *text)
{
    for (; *text; text++)
        (void)buffer_format(out, *text == '|' ? "\\%c" : "%c", *text);
}

static void write_choices(struct buffer *out, const char *const *choices)
{
    size_t i;

    for (i = 0; choices[i]; i++)
        (void)buffer_format(out, "%s`%s`", i ? ", " : "", choices[i]);
}

static void write_value(struct buffer *out, const struct row *row)
{
    char low[32], high[32];

    switch (row->kind) {
    case KIND_CHOICE: write_choices(out, row->choices); return;
    case KIND_INTEGER:
    case KIND_NUMBER:
        (void)buffer_format(out, "%.15g to %.15g", row->min, row->max);
        return;
    case KIND_DURATION:
    case KIND_SECONDS:
        duration_write((int64_t)row->min, low, sizeof low);
        duration_write((int64_t)row->max, high, sizeof high);
        (void)buffer_format(out, "%s to %s", low, high);
        return;
    case KIND_SIZE:
        size_write((int64_t)row->min, low, sizeof low);
        size_write((int64_t)row->max, high, sizeof high);
        (void)buffer_format(out, "%s to %s", low, high);
        return;
    default: write_cell(out, kind_expected(row->kind)); return;
    }
}

static void write_row(struct buffer *out, const struct row *row)
{
    (void)buffer_format(out, "| `%s` | ", row->key);
    write_value(out, row);
    (void)buffer_text_add(out, " | ");
    if (row->flags & ROW_REQUIRED)
        (void)buffer_text_add(out, "required");
    else if (row->fallback)
        (void)buffer_format(out, "`%s`", row->fallback);
    (void)buffer_text_add(out, " | ");
    write_cell(out, row->says);
    (void)buffer_text_add(out, " |\n");
}

static void write_section(struct buffer *out, const struct section *section)
{
    const struct row *row;

    (void)buffer_format(out, "\n## %s\n\n", section->title);
    (void)buffer_text_add(out, "| Key | Value | Default | Meaning |\n"
                               "|---|---|---|---|\n");
    for (row = section->rows; row->key; row++)
        write_row(out, row);
}

static void write_fields(struct buffer *out)
{
    enum field f;

    (void)buffer_text_add(out, "\n## Fields\n\n| Field | What it is | Quantity "
                               "| Unit |\n|---|---|---|---|\n");
    for (f = 0; f < FIELD_CUSTOM; f++) {
        const struct field_row *row = field_row(f);
        const struct quantity_row *quantity = quantity_row(row->quantity);

        (void)buffer_format(out, "| `%s` | %s | `%s` | %s |\n", row->key,
                            row->label, quantity->name, quantity->unit);
    }
}

static void write_commands(struct buffer *out)
{
    static const char *const arguments[] = {
        [ARGUMENT_NONE] = "`PRESS`",
        [ARGUMENT_PATH] = "a path on the printer",
        [ARGUMENT_FOLDER] = "`PRESS`, or a folder on the printer",
        [ARGUMENT_CHOICE] = "a path or name out of `files/list`",
        [ARGUMENT_SOURCE] =
            "JSON: `file` or `url`, `path`, `print`, `overwrite`",
        [ARGUMENT_CAMERA] = "`PRESS`, or a camera",
        [ARGUMENT_SECONDS] = "seconds",
    };
    enum command c;

    (void)buffer_text_add(out, "\n## Commands\n\n| Command | What it is | "
                               "Payload |\n|---|---|---|\n");
    for (c = 0; c < COMMAND_COUNT; c++)
        (void)buffer_format(out, "| `%s` | %s | %s |\n", command_row(c)->name,
                            command_row(c)->label,
                            arguments[command_row(c)->argument]);
}

void config_reference(struct buffer *out)
{
    size_t i;

    (void)buffer_text_add(
        out,
        "# Configuration\n\n"
        "Durations are written `500ms`, `5s`, `2min` or `1h`; a bare number "
        "is seconds.\nTrue or false may be written true/false, on/off or "
        "yes/no.\nAny value can be `!secret name` (from secrets.yaml beside "
        "the file, or a systemd\ncredential), `!env NAME` or `!file path`.\n");
    for (i = 0; sections[i]; i++)
        write_section(out, sections[i]);
    write_fields(out);
    write_commands(out);
}
