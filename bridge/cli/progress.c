#include "bridge/cli/progress.h"

#include "bridge/cli/paint.h"
#include "bridge/cli/show.h"

#include <unistd.h>

#define DRAW_MS      100
#define RATE_MS      500 /* a rate is measured over at least so long */
#define BAR_COLUMNS  20
#define NAME_COLUMNS 30
#define LEAST_NAME   8
#define LEFT_MAX_S   1e7 /* longer is no forecast */

void progress_begin(struct progress *progress, const char *name, bool live,
                    int64_t now_ms)
{
    *progress = (struct progress){
        .name = name,
        .live = live,
        .began_ms = now_ms,
        .moved_ms = now_ms,
        .drawn_ms = now_ms - DRAW_MS,
    };
}

static void put_percent(int64_t done, int64_t total, struct buffer *out)
{
    double percent = 100.0 * (double)done / (double)total;

    paint_bar(out, percent, BAR_COLUMNS);
    (void)buffer_format(out, " %3.0f %%  ", percent);
}

static void put_numbers(const struct progress *progress, int64_t done,
                        int64_t total, struct buffer *out)
{
    double left;

    if (total > 0)
        put_percent(done, total, out);
    paint_size(out, done);
    if (total > 0) {
        (void)buffer_text_add(out, " of ");
        paint_size(out, total);
    }
    if (progress->rate < 1) /* it stands still */
        return;
    (void)buffer_text_add(out, "  ");
    paint_size(out, (int64_t)progress->rate);
    (void)buffer_text_add(out, "/s");
    left = (double)(total - done) / progress->rate;
    if (left > 0 && left < LEFT_MAX_S) {
        (void)buffer_text_add(out, "  ");
        paint_duration(out, (int64_t)left);
        (void)buffer_text_add(out, " left");
    }
}

void progress_line(const struct progress *progress, int64_t done, int64_t total,
                   const char *note, size_t columns, struct buffer *out)
{
    struct buffer numbers = {0};
    size_t width, room = NAME_COLUMNS;

    if (*note)
        paint_text(&numbers, note);
    else
        put_numbers(progress, done, total, &numbers);
    width = paint_columns(buffer_text(&numbers)) + 2;
    if (width + room >= columns)
        room = columns > width + LEAST_NAME ? columns - width - 1 : 0;
    if (room > 0) {
        paint_text_cut(out, progress->name, room);
        (void)buffer_text_add(out, "  ");
    }
    paint_text_cut(out, buffer_text(&numbers), columns - 1);
    buffer_release(&numbers);
}

/* Half of what it was, half of what it is: a bar that does not jump. */
static void measure(struct progress *progress, int64_t done, int64_t now_ms)
{
    int64_t ms = now_ms - progress->moved_ms;
    double rate;

    if (done < progress->moved) { /* sent again from the beginning */
        progress->moved = done;
        progress->moved_ms = now_ms;
        progress->rate = 0;
        return;
    }
    if (ms < RATE_MS)
        return;
    rate = (double)(done - progress->moved) * 1000 / (double)ms;
    progress->rate = progress->rate > 0 ? (progress->rate + rate) / 2 : rate;
    progress->moved = done;
    progress->moved_ms = now_ms;
}

void progress_show(struct progress *progress, int64_t done, int64_t total,
                   const char *note, int64_t now_ms)
{
    struct buffer line = {0};
    size_t columns, rows;

    measure(progress, done, now_ms);
    if (!progress->live || now_ms - progress->drawn_ms < DRAW_MS ||
        !show_size(STDERR_FILENO, &columns, &rows))
        return;
    progress->drawn_ms = now_ms;
    (void)buffer_text_add(&line, "\r");
    progress_line(progress, done, total, note, columns, &line);
    (void)buffer_text_add(&line, "\033[K");
    (void)!write(STDERR_FILENO, buffer_text(&line), line.len);
    buffer_release(&line);
}

void progress_end(struct progress *progress)
{
    if (progress->live)
        (void)!write(STDERR_FILENO, "\r\033[K", 4);
}

void progress_summary(int64_t bytes, int64_t took_ms, struct buffer *out)
{
    paint_size(out, bytes);
    (void)buffer_text_add(out, " in ");
    paint_duration(out, (took_ms + 500) / 1000);
    if (took_ms < 100 || bytes < 1000)
        return;
    (void)buffer_text_add(out, ", ");
    paint_size(out, (int64_t)((double)bytes * 1000 / (double)took_ms));
    (void)buffer_text_add(out, "/s");
}
