#include "config/problems.h"

#include "config/config.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <stdarg.h>

#define SENTENCE_MAX 600 /* characters */

bool problems_full(const struct problems *p)
{
    return p->count == PROBLEMS_MAX;
}

static bool same_place(struct place a, struct place b)
{
    return a.file == b.file && a.line == b.line && a.column == b.column;
}

static bool known(const struct problems *p, struct place at, const char *text)
{
    size_t i;

    for (i = 0; i < p->count; i++)
        if (same_place(p->rows[i].at, at) && strcmp(p->rows[i].text, text) == 0)
            return true;
    return false;
}

__attribute__((format(printf, 4, 0))) static void
add(struct problems *p, struct place at, bool warning, const char *format,
    va_list args)
{
    char raw[SENTENCE_MAX * 4 + 1], text[SENTENCE_MAX * 4 + 1];

    (void)vsnprintf(raw, sizeof raw, format, args);
    text_clean(raw, SENTENCE_MAX, text, sizeof text);
    if (known(p, at, text))
        return;
    *(warning ? &p->warnings : &p->errors) += 1;
    if (problems_full(p))
        return;
    p->rows[p->count] =
        (struct problem){at, warning, memory_text(text), p->count};
    p->count++;
}

void problems_error(struct problems *p, struct place at, const char *format,
                    ...)
{
    va_list args;

    va_start(args, format);
    add(p, at, false, format, args);
    va_end(args);
}

void problems_warning(struct problems *p, struct place at, const char *format,
                      ...)
{
    va_list args;

    va_start(args, format);
    add(p, at, true, format, args);
    va_end(args);
}

static int by_place(const void *left, const void *right)
{
    const struct problem *a = left, *b = right;

    if (a->at.file->order != b->at.file->order)
        return a->at.file->order - b->at.file->order;
    if (a->at.line != b->at.line)
        return a->at.line - b->at.line;
    if (a->at.column != b->at.column)
        return a->at.column - b->at.column;
    return a->number < b->number ? -1 : 1;
}

static void write_row(const struct problem *row, struct buffer *out)
{
    char path[SENTENCE_MAX * 4 + 1];

    text_clean(row->at.file->path, SENTENCE_MAX, path, sizeof path);
    buffer_format(out, "%s:%d:%d: %s%s\n", path, row->at.line, row->at.column,
                  row->warning ? "warning: " : "", row->text);
}

void problems_write(struct problems *p, struct config_problems *out)
{
    size_t all = (size_t)p->errors + (size_t)p->warnings;
    size_t i;

    qsort(p->rows, p->count, sizeof *p->rows, by_place);
    for (i = 0; i < p->count; i++) {
        write_row(&p->rows[i], &out->text);
        free(p->rows[i].text);
    }
    if (all > p->count)
        buffer_format(&out->text, "and %zu more problems\n", all - p->count);
    out->errors += p->errors;
    out->warnings += p->warnings;
    p->count = 0;
    p->errors = p->warnings = 0;
}
