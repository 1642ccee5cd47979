/* What a person reads: values as words, bars and tables. Pure: everything is
 * appended to a buffer; nothing here knows a terminal. */
#ifndef BRIDGE_CLI_PAINT_H
#define BRIDGE_CLI_PAINT_H

#include "mapping/buffer.h"
#include "mapping/telemetry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ink {
    INK_PLAIN,
    INK_DIM,
    INK_BOLD,
    INK_GOOD,    /* printing, finished */
    INK_NOTICE,  /* paused, busy */
    INK_TROUBLE, /* error, attention, offline */
};

/* Text from outside: control characters, what changes the direction of writing
 * and bytes that are not UTF-8 are written as \x1b or \u202e. */
void paint_text(struct buffer *out, const char *text);
/* The same, cut to so many columns with an ellipsis at the end. */
void paint_text_cut(struct buffer *out, const char *text, size_t columns);
/* A sentence made for senders of messages: what they write as JSON is an option
 * here, what they order is a word. */
void paint_advice(struct buffer *out, const char *sentence);
/* Columns of a text without what colours it. */
size_t paint_columns(const char *text);
/* Bytes at the beginning of a line that fit into so many columns. */
size_t paint_fitting(const char *text, size_t columns);

/* "0h 23m"; below a minute "45s"; over a day "2d 3h". */
void paint_duration(struct buffer *out, int64_t seconds);
/* "123 B", "72.9 kB", "10.3 MB": powers of 1000. */
void paint_size(struct buffer *out, int64_t bytes);
/* "2026-11-21 12:00" in local time. */
void paint_time(struct buffer *out, int64_t seconds);
/* "14:05", with the date unless it is the day of now. Local time. */
void paint_clock(struct buffer *out, int64_t seconds, int64_t now);
/* "215.0 / 215 °C"; "24.1 °C" when there is no target or it is 0. */
void paint_heat(struct buffer *out, const struct telemetry *t, int actual,
                int target);
/* A bar of so many columns for 0 to 100 %. */
void paint_bar(struct buffer *out, double percent, int columns);
/* Any known slot as a person wants it, with its unit. */
void paint_value(struct buffer *out, const struct telemetry *t, int slot,
                 enum quantity quantity);

/* Begin and end a colour; nothing when colour is off. */
void paint_begin(struct buffer *out, enum ink ink, bool colour);
void paint_end(struct buffer *out, enum ink ink, bool colour);
void paint_ink(struct buffer *out, enum ink ink, bool colour,
               const char *safe_text);
/* The colour of a state; STATE_COUNT = unknown. */
enum ink paint_ink_of(enum state state);
/* Its word, "unknown" for STATE_COUNT. */
const char *paint_state(enum state state);

/* A table: cells are gathered row by row, then written with columns aligned.
 * {.columns = N} is an empty one. */
struct table {
    int columns;
    unsigned right; /* bit per column: aligned to the right */
    char **cells;   /* owned */
    size_t count;
};

/* Takes the buffer's text as the next cell and empties the buffer. */
void table_add(struct table *table, struct buffer *cell);
void table_text(struct table *table, const char *safe_text);
/* Write it, two spaces between columns, and release it. */
void table_write(struct table *table, struct buffer *out);
void table_release(struct table *table);

#endif
