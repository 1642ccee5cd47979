/* Many printers at once, and one of them in one line. */
#include "bridge/cli/show.h"
#include "mapping/memory.h"

#define TABLE_BAR    10
#define NAME_COLUMNS 40

void show_heading(struct table *table, bool colour)
{
    static const char *const titles[] = {"PRINTER",  "STATE", "NOZZLE", "BED",
                                         "PROGRESS", "LEFT",  "FILE"};
    size_t i;

    *table = (struct table){.columns = sizeof titles / sizeof *titles};
    table->right = 1u << 5;
    for (i = 0; i < sizeof titles / sizeof *titles; i++) {
        struct buffer cell = {0};

        paint_ink(&cell, INK_DIM, colour, titles[i]);
        table_add(table, &cell);
    }
}

static void offline_row(const struct view *view, bool colour,
                        struct table *table)
{
    char *reason = memory_text(view->error);
    struct buffer cell = {0};
    int i;

    reason[strcspn(reason, ";.")] = '\0'; /* without the remedy */
    show_absence(view, colour, &cell);
    table_add(table, &cell);
    for (i = 0; i < 4; i++)
        table_text(table, "");
    paint_begin(&cell, INK_DIM, colour);
    paint_text(&cell, reason);
    paint_end(&cell, INK_DIM, colour);
    table_add(table, &cell);
    free(reason);
}

static void progress_cells(const struct view *view, bool colour,
                           struct table *table)
{
    struct value progress = telemetry_get(view->t, SLOT_JOB_PROGRESS);
    int64_t left = telemetry_integer(view->t, SLOT_JOB_TIME_REMAINING, -1);
    struct buffer cell = {0};

    if (progress.kind == VALUE_NUMBER) {
        paint_begin(&cell, INK_GOOD, colour);
        paint_bar(&cell, progress.number, TABLE_BAR);
        paint_end(&cell, INK_GOOD, colour);
        (void)buffer_format(&cell, " %3.0f %%", progress.number);
    }
    table_add(table, &cell);
    if (left >= 0)
        paint_duration(&cell, left);
    table_add(table, &cell);
    paint_text_cut(&cell, telemetry_text(view->t, SLOT_JOB_NAME), NAME_COLUMNS);
    table_add(table, &cell);
}

void show_row(const struct view *view, bool colour, struct table *table)
{
    enum state state = telemetry_state(view->t);
    struct buffer cell = {0};

    paint_begin(&cell, INK_BOLD, colour);
    paint_text(&cell, view->config->id);
    paint_end(&cell, INK_BOLD, colour);
    table_add(table, &cell);
    if (!view->online) {
        offline_row(view, colour, table);
        return;
    }
    paint_ink(&cell, paint_ink_of(state), colour, paint_state(state));
    table_add(table, &cell);
    paint_heat(&cell, view->t, SLOT_NOZZLE_TEMPERATURE, SLOT_NOZZLE_TARGET);
    table_add(table, &cell);
    paint_heat(&cell, view->t, SLOT_BED_TEMPERATURE, SLOT_BED_TARGET);
    table_add(table, &cell);
    progress_cells(view, colour, table);
}

/* ---- one line ---- */

void show_line(const struct view *view, struct buffer *out)
{
    struct value progress = telemetry_get(view->t, SLOT_JOB_PROGRESS);
    int64_t left = telemetry_integer(view->t, SLOT_JOB_TIME_REMAINING, -1);

    paint_text(out, view->config->id);
    if (!view->online) {
        (void)buffer_text_add(out, view->waiting ? " asking" : " offline: ");
        paint_text(out, view->error);
        return;
    }
    (void)buffer_format(out, " %s", paint_state(telemetry_state(view->t)));
    if (progress.kind == VALUE_NUMBER)
        (void)buffer_format(out, " %.0f %%", progress.number);
    if (left >= 0) {
        (void)buffer_text_add(out, ", ");
        paint_duration(out, left);
        (void)buffer_text_add(out, " left");
    }
    if (telemetry_known(view->t, SLOT_NOZZLE_TEMPERATURE)) {
        (void)buffer_text_add(out, ", nozzle ");
        paint_heat(out, view->t, SLOT_NOZZLE_TEMPERATURE, SLOT_NOZZLE_TARGET);
    }
    if (telemetry_known(view->t, SLOT_BED_TEMPERATURE)) {
        (void)buffer_text_add(out, ", bed ");
        paint_heat(out, view->t, SLOT_BED_TEMPERATURE, SLOT_BED_TARGET);
    }
    if (telemetry_known(view->t, SLOT_JOB_NAME)) {
        (void)buffer_text_add(out, ", ");
        paint_text(out, telemetry_text(view->t, SLOT_JOB_NAME));
    }
}
