#include "bridge/cli/paint.h"

#include "mapping/memory.h"
#include "mapping/text.h"

#include <time.h>

#define MINUTE 60
#define HOUR   3600
#define DAY    86400

static const char *const colours[] = {
    [INK_PLAIN] = "",          [INK_DIM] = "\033[2m",
    [INK_BOLD] = "\033[1m",    [INK_GOOD] = "\033[32m",
    [INK_NOTICE] = "\033[33m", [INK_TROUBLE] = "\033[31m",
};

/* ---- text from outside ---- */

static uint32_t code_of(const char *text, size_t n)
{
    static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (unsigned char)text[0] & mask[n];
    size_t i;

    for (i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3fu);
    return code;
}

/* C0, DEL, C1, line separators, and what turns the direction of writing. */
static bool is_sly(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
           code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

/* One character of text, made safe; returns its length in text. */
static size_t put_character(struct buffer *out, const char *text, size_t left)
{
    size_t n = text_utf8(text, left);
    uint32_t code = n ? code_of(text, n) : (unsigned char)text[0];

    if (n == 0 || (is_sly(code) && code < 0x100))
        (void)buffer_format(out, "\\x%02x", (unsigned)code);
    else if (is_sly(code))
        (void)buffer_format(out, "\\u%04x", (unsigned)code);
    else
        (void)buffer_add(out, text, n);
    return n ? n : 1;
}

void paint_text(struct buffer *out, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        size_t n = put_character(out, text, left);

        text += n;
        left -= n;
    }
}

/* As terminals draw them: marks stand on what is before them, characters of
 * East Asia and pictures are twice as wide. By block; the C library's wcwidth()
 * wants a locale. */
static const struct {
    uint32_t first, last;
    size_t columns;
} blocks[] = {
    {0x300, 0x36f, 0},     {0x1ab0, 0x1aff, 0},   {0x1dc0, 0x1dff, 0},
    {0x200b, 0x200d, 0},   {0x20d0, 0x20ff, 0},   {0xfe00, 0xfe0f, 0},
    {0xfe20, 0xfe2f, 0},   {0x1100, 0x115f, 2},   {0x2e80, 0x303e, 2},
    {0x3041, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},
    {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},
    {0x1f300, 0x1f64f, 2}, {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1faff, 2},
    {0x20000, 0x3fffd, 2},
};

static size_t width_of(uint32_t code)
{
    size_t i;

    for (i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (code >= blocks[i].first && code <= blocks[i].last)
            return blocks[i].columns;
    return 1;
}

/* The bytes of the first character, or of what sets a colour. */
static size_t next_character(const char *text, size_t *columns)
{
    size_t n = *text == '\033' ? strcspn(text, "m") : text_utf8(text, 4);

    if (*text == '\033') {
        *columns = 0;
        return n + (text[n] != '\0');
    }
    *columns = n ? width_of(code_of(text, n)) : 1;
    return n ? n : 1;
}

size_t paint_columns(const char *text)
{
    size_t columns = 0, width;

    while (*text) {
        text += next_character(text, &width);
        columns += width;
    }
    return columns;
}

size_t paint_fitting(const char *text, size_t columns)
{
    size_t len = 0, n, width;

    for (; text[len] && text[len] != '\n'; len += n) {
        n = next_character(text + len, &width);
        if (width > columns)
            break;
        columns -= width;
    }
    return len;
}

void paint_text_cut(struct buffer *out, const char *text, size_t columns)
{
    struct buffer whole = {0};
    const char *p;

    paint_text(&whole, text);
    p = buffer_text(&whole);
    if (paint_columns(p) <= columns) {
        (void)buffer_text_add(out, p);
    } else if (columns > 0) {
        (void)buffer_add(out, p, paint_fitting(p, columns - 1));
        (void)buffer_text_add(out, "…");
    }
    buffer_release(&whole);
}

static const struct {
    const char *theirs, *ours;
} advices[] = {
    {"\"force\": true", "--force"},
    {"\"overwrite\": true", "--overwrite"},
    {"\"print\": true", "--print"},
    {"order camera_list", "see printer2mqtt cameras"},
};

void paint_advice(struct buffer *out, const char *sentence)
{
    struct buffer changed = {0};

    while (*sentence) {
        size_t i = 0, len = 1;

        while (i < sizeof advices / sizeof *advices &&
               strncmp(sentence, advices[i].theirs,
                       strlen(advices[i].theirs)) != 0)
            i++;
        if (i < sizeof advices / sizeof *advices) {
            (void)buffer_text_add(&changed, advices[i].ours);
            len = strlen(advices[i].theirs);
        } else
            (void)buffer_add(&changed, sentence, 1);
        sentence += len;
    }
    paint_text(out, buffer_text(&changed));
    buffer_release(&changed);
}

/* ---- values ---- */

void paint_duration(struct buffer *out, int64_t seconds)
{
    long long s = seconds < 0 ? 0 : (long long)seconds;

    if (s < MINUTE)
        (void)buffer_format(out, "%llds", s);
    else if (s < DAY)
        (void)buffer_format(out, "%lldh %02lldm", s / HOUR, s % HOUR / MINUTE);
    else
        (void)buffer_format(out, "%lldd %lldh", s / DAY, s % DAY / HOUR);
}

void paint_size(struct buffer *out, int64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    double size = (double)bytes / 1000;
    size_t i = 0;

    if (bytes < 1000) {
        (void)buffer_format(out, "%lld B", (long long)bytes);
        return;
    }
    for (; size >= 999.95 && i + 1 < sizeof units / sizeof *units; i++)
        size /= 1000;
    (void)buffer_format(out, "%.1f %s", size, units[i]);
}

static void put_time(struct buffer *out, int64_t seconds, bool date)
{
    time_t when = (time_t)seconds;
    struct tm tm;
    char text[64];

    if (!localtime_r(&when, &tm))
        return;
    if (date && strftime(text, sizeof text, "%Y-%m-%d ", &tm) > 0)
        (void)buffer_text_add(out, text);
    if (strftime(text, sizeof text, "%H:%M", &tm) > 0)
        (void)buffer_text_add(out, text);
}

void paint_time(struct buffer *out, int64_t seconds)
{
    put_time(out, seconds, true);
}

void paint_clock(struct buffer *out, int64_t seconds, int64_t now)
{
    time_t when = (time_t)seconds, today = (time_t)now;
    struct tm a, b;

    put_time(out, seconds,
             !localtime_r(&when, &a) || !localtime_r(&today, &b) ||
                 a.tm_yday != b.tm_yday || a.tm_year != b.tm_year);
}

void paint_heat(struct buffer *out, const struct telemetry *t, int actual,
                int target)
{
    struct value is = telemetry_get(t, actual);
    struct value wanted = telemetry_get(t, target);

    if (is.kind != VALUE_NUMBER)
        return;
    (void)buffer_format(out, "%.1f", is.number == 0 ? 0 : is.number);
    if (wanted.kind == VALUE_NUMBER && wanted.number > 0)
        (void)buffer_format(out, " / %.0f", wanted.number);
    (void)buffer_text_add(out, " °C");
}

void paint_bar(struct buffer *out, double percent, int columns)
{
    static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    double share = percent < 0 ? 0 : percent > 100 ? 1 : percent / 100;
    int eighths = (int)(share * columns * 8);
    int i;

    for (i = 0; i < eighths / 8; i++)
        (void)buffer_text_add(out, "█");
    if (eighths % 8) {
        (void)buffer_text_add(out, parts[eighths % 8]);
        i++;
    }
    for (; i < columns; i++)
        (void)buffer_text_add(out, "░");
}

static void put_quantity(struct buffer *out, struct value v,
                         enum quantity quantity)
{
    const struct quantity_row *row = quantity_row(quantity);
    char text[VALUE_FORMAT_MAX];

    value_format(v, quantity, row->decimals, text);
    (void)buffer_format(out, "%s%s%s", text, *row->unit ? " " : "", row->unit);
}

void paint_value(struct buffer *out, const struct telemetry *t, int slot,
                 enum quantity quantity)
{
    struct value v = telemetry_get(t, slot);

    switch (v.kind) {
    case VALUE_ABSENT: break;
    case VALUE_TRUTH:
        (void)buffer_text_add(out, v.integer ? "yes" : "no");
        break;
    case VALUE_TIME: paint_time(out, v.integer); break;
    case VALUE_TEXT: paint_text(out, telemetry_text(t, slot)); break;
    case VALUE_WORD:
    case VALUE_NUMBER: put_quantity(out, v, quantity); break;
    case VALUE_INTEGER:
        if (quantity == QUANTITY_JOB_TIME || quantity == QUANTITY_DURATION)
            paint_duration(out, v.integer);
        else if (quantity == QUANTITY_SIZE || quantity == QUANTITY_RATE)
            paint_size(out, v.integer);
        else
            put_quantity(out, v, quantity);
        if (quantity == QUANTITY_RATE)
            (void)buffer_text_add(out, "/s");
        break;
    }
}

/* ---- colours ---- */

void paint_begin(struct buffer *out, enum ink ink, bool colour)
{
    if (colour)
        (void)buffer_text_add(out, colours[ink]);
}

void paint_end(struct buffer *out, enum ink ink, bool colour)
{
    if (colour && ink != INK_PLAIN)
        (void)buffer_text_add(out, "\033[0m");
}

void paint_ink(struct buffer *out, enum ink ink, bool colour,
               const char *safe_text)
{
    paint_begin(out, ink, colour);
    (void)buffer_text_add(out, safe_text);
    paint_end(out, ink, colour);
}

enum ink paint_ink_of(enum state state)
{
    switch (state) {
    case STATE_PRINTING:
    case STATE_FINISHED: return INK_GOOD;
    case STATE_PAUSED:
    case STATE_BUSY:
    case STATE_STOPPED:
    case STATE_CONNECTING: return INK_NOTICE;
    case STATE_ERROR:
    case STATE_ATTENTION: return INK_TROUBLE;
    case STATE_IDLE:
    case STATE_READY:
    case STATE_COUNT: break;
    }
    return INK_PLAIN;
}

const char *paint_state(enum state state)
{
    return state < STATE_COUNT ? quantity_words(QUANTITY_STATE)[state]
                               : "unknown";
}

/* ---- tables ---- */

void table_add(struct table *table, struct buffer *cell)
{
    table->cells =
        memory_grow(table->cells, table->count + 1, sizeof *table->cells);
    table->cells[table->count++] = memory_text(buffer_text(cell));
    buffer_release(cell);
}

void table_text(struct table *table, const char *safe_text)
{
    struct buffer cell = {0};

    (void)buffer_text_add(&cell, safe_text);
    table_add(table, &cell);
}

static size_t column_width(const struct table *table, int column)
{
    size_t i, width = 0;

    for (i = (size_t)column; i < table->count; i += (size_t)table->columns)
        if (paint_columns(table->cells[i]) > width)
            width = paint_columns(table->cells[i]);
    return width;
}

static void put_cell(struct buffer *out, const char *cell, size_t width,
                     bool right, bool last)
{
    int pad = (int)(width - paint_columns(cell));

    if (right)
        (void)buffer_format(out, "%*s", pad, "");
    (void)buffer_text_add(out, cell);
    if (!right && !last)
        (void)buffer_format(out, "%*s", pad, "");
    (void)buffer_text_add(out, last ? "\n" : "  ");
}

static void trim(struct buffer *out)
{
    if (out->len == 0 || out->bytes[out->len - 1] != '\n')
        return;
    out->len--;
    while (out->len > 0 && out->bytes[out->len - 1] == ' ')
        out->len--;
    (void)buffer_add(out, "\n", 1);
}

void table_write(struct table *table, struct buffer *out)
{
    size_t columns = (size_t)table->columns, i;
    size_t *widths = memory_zero(columns, sizeof *widths);

    for (i = 0; i < columns; i++)
        widths[i] = column_width(table, (int)i);
    for (i = 0; i < table->count; i++) {
        size_t column = i % columns;
        bool last = column + 1 == columns || i + 1 == table->count;

        put_cell(out, table->cells[i], widths[column],
                 table->right & (1u << column), last);
        if (last)
            trim(out);
    }
    free(widths);
    table_release(table);
}

void table_release(struct table *table)
{
    while (table->count > 0)
        free(table->cells[--table->count]);
    free(table->cells);
    table->cells = NULL;
}
