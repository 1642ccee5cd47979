/* Which slicer calls a fact what. Several lines may tell the same; the rank
 * says which of them is nearest to what the slicer itself shows. */
#include "bridge/metadata/facts.h"

#include "mapping/text.h"

#include <stdio.h>
#include <string.h>

#define KEY_MAX  48
#define RANK_TOP 3

/* Beyond these a value is not believed. */
static const double most[FACT_COUNT] = {
    [FACT_WEIGHT] = 1e6,       /* g: a ton */
    [FACT_LENGTH] = 1e9,       /* mm: 1000 km */
    [FACT_LAYER_HEIGHT] = 100, /* mm */
    [FACT_SECONDS] = 1e9,
};

struct row {
    const char *key;
    void (*read)(struct facts *f, const struct row *row, const char *value);
    enum fact fact;
    int rank;
};

/* 0 is not known: slicers write 0.00 where they lack a density. */
static void tell(struct facts *f, enum fact fact, int rank, double value)
{
    if (!(value > 0) || value > most[fact] || rank <= f->rank[fact])
        return;
    f->rank[fact] = rank;
    switch (fact) {
    case FACT_WEIGHT: f->found.weight_g = value; break;
    case FACT_LENGTH: f->found.length_mm = value; break;
    case FACT_LAYER_HEIGHT: f->found.layer_height_mm = value; break;
    case FACT_SECONDS: f->found.seconds = (int64_t)(value + 0.5); break;
    case FACT_TYPES:
    case FACT_COUNT: break;
    }
}

static const char *next_type(const char *list, char *type, size_t size)
{
    size_t len = strcspn(list, ";,");
    size_t from = strspn(list, " \"[");
    size_t end = len;

    while (end > from && strchr(" \"]", list[end - 1]))
        end--;
    if (from > end)
        from = end;
    (void)snprintf(type, size, "%.*s", (int)(end - from), list + from);
    return list[len] ? list + len + 1 : NULL;
}

static size_t count_types(const char *list)
{
    char type[64];
    size_t count = 0;

    while (list) {
        list = next_type(list, type, sizeof type);
        count++;
    }
    return count;
}

/* Both lists may come first; they belong together if they are equally long. */
static void join_types(struct facts *f)
{
    bool paired = f->used.count == count_types(f->types);
    const char *list = f->types;
    char type[64], clean[4 * 20 + 1];
    size_t i;

    f->found.types[0] = '\0';
    for (i = 0; list && i < WORDS_TOOLS; i++) {
        list = next_type(list, type, sizeof type);
        text_clean(type, 20, clean, sizeof clean);
        if (!paired || f->used.values[i] > 0)
            words_join(f->found.types, sizeof f->found.types, clean);
    }
}

static void read_sum(struct facts *f, const struct row *row, const char *value)
{
    struct words_numbers numbers;

    if (words_numbers(value, &numbers))
        tell(f, row->fact, row->rank, words_sum(&numbers));
}

/* One number for each extruder. */
static void read_tools(struct facts *f, const struct row *row,
                       const char *value)
{
    struct words_numbers numbers;

    if (!words_numbers(value, &numbers) || !(words_sum(&numbers) > 0))
        return;
    tell(f, row->fact, row->rank, words_sum(&numbers));
    /* Lengths tell more than weights, of which 0.004 g is 0.00. */
    if (f->used.count == 0 || row->fact == FACT_LENGTH) {
        f->used = numbers;
        join_types(f);
    }
}

static void read_one(struct facts *f, const struct row *row, const char *value)
{
    const char *end;
    double number;

    if (words_number(value, &end, &number) && !*end)
        tell(f, row->fact, row->rank, number);
}

/* CuraEngine writes 6666 until Cura puts in what it really is. */
static void read_cura(struct facts *f, const struct row *row, const char *value)
{
    if (strcmp(value, "6666") != 0)
        read_one(f, row, value);
}

static const struct unit {
    const char *name;
    double grams, millimetres;
} units[] = {
    {"mm", 0, 1},
    {"m", 0, 1000},
    {"g", 1, 0},
};

static const struct unit *find_unit(const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].name) == len &&
            strncmp(units[i].name, text, len) == 0)
            return &units[i];
    return NULL;
}

static void tell_more(struct facts *f, enum fact fact, int rank, double known,
                      double value)
{
    if (f->rank[fact] == rank && value + known <= most[fact]) {
        f->rank[fact] = 0;
        value += known;
    }
    tell(f, fact, rank, value);
}

/* "1.2m, 0.5m" (Cura), "617.3mm (4.4cm3)" and on the next line "5.4g" (Slic3r,
 * both for each extruder), "12.34 g (0.03 lb)" (Simplify3D). */
static void read_units(struct facts *f, const struct row *row,
                       const char *value)
{
    double weight = 0, length = 0, number;

    while (*(value += strspn(value, ", ")) && *value != '(') {
        const struct unit *unit;
        size_t len;

        if (!words_number(value, &value, &number))
            return;
        value += strspn(value, " ");
        len = strspn(value, "abcdefghijklmnopqrstuvwxyz");
        unit = find_unit(value, len);
        if (!unit)
            return;
        weight += number * unit->grams;
        length += number * unit->millimetres;
        value += len;
    }
    tell_more(f, FACT_WEIGHT, row->rank, f->found.weight_g, weight);
    tell_more(f, FACT_LENGTH, row->rank, f->found.length_mm, length);
}

/* "model printing time: 23m 11s; total estimated time: 29m 14s" on one line. */
static void read_time(struct facts *f, const struct row *row, const char *value)
{
    static const char total[] = "total estimated time:";
    const char *found = strstr(value, total);
    double seconds;

    if (words_seconds(found ? found + strlen(total) : value, &seconds))
        tell(f, row->fact, row->rank, seconds);
}

static void read_types(struct facts *f, const struct row *row,
                       const char *value)
{
    if (row->rank <= f->rank[FACT_TYPES] || strlen(value) >= sizeof f->types)
        return;
    (void)snprintf(f->types, sizeof f->types, "%s", value);
    join_types(f);
    if (f->found.types[0])
        f->rank[FACT_TYPES] = row->rank;
}

static const struct row rows[] = {
    /* PrusaSlicer, SuperSlicer, OrcaSlicer; in .bgcode too */
    {"total filament used [g]", read_sum, FACT_WEIGHT, 3},
    {"filament used [g]", read_tools, FACT_WEIGHT, 2},
    {"filament used [mm]", read_tools, FACT_LENGTH, 3},
    {"layer_height", read_one, FACT_LAYER_HEIGHT, 3},
    {"estimated printing time (normal mode)", read_time, FACT_SECONDS, 3},
    {"estimated printing time", read_time, FACT_SECONDS, 2},
    {"filament_type", read_types, FACT_TYPES, 3},
    /* the header of Bambu Studio and OrcaSlicer */
    {"total filament weight [g]", read_sum, FACT_WEIGHT, 1},
    {"total filament length [mm]", read_sum, FACT_LENGTH, 1},
    {"model printing time", read_time, FACT_SECONDS, 1},
    {"total estimated time", read_time, FACT_SECONDS, 1},
    /* Slic3r */
    {"filament used", read_units, FACT_LENGTH, 1},
    /* Cura, with what its users put into the start G-code for Klipper */
    {"Filament used", read_units, FACT_LENGTH, 1},
    {"Filament weight", read_sum, FACT_WEIGHT, 1},
    {"Filament type", read_types, FACT_TYPES, 1},
    {"Layer height", read_one, FACT_LAYER_HEIGHT, 1},
    {"TIME", read_cura, FACT_SECONDS, 1},
    {"PRINT.TIME", read_one, FACT_SECONDS, 1},
    /* Simplify3D 4 and 5 */
    {"Filament length", read_units, FACT_LENGTH, 1},
    {"Material Length", read_units, FACT_LENGTH, 1},
    {"Plastic weight", read_units, FACT_WEIGHT, 1},
    {"Material Weight", read_units, FACT_WEIGHT, 1},
    {"Build time", read_time, FACT_SECONDS, 1},
    {"Build Time", read_time, FACT_SECONDS, 1},
};

void facts_line(struct facts *f, const char *line)
{
    size_t len = strcspn(line, "=:");
    const char *value = line + len + 1;
    size_t i;

    if (!line[len] || len > KEY_MAX)
        return;
    while (len && line[len - 1] == ' ')
        len--;
    value += strspn(value, " \t");
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strlen(rows[i].key) == len && memcmp(rows[i].key, line, len) == 0) {
            rows[i].read(f, &rows[i], value);
            return;
        }
}

bool facts_complete(const struct facts *f)
{
    int i;

    for (i = 0; i < FACT_COUNT; i++)
        if (f->rank[i] < (i == FACT_WEIGHT ? RANK_TOP - 1 : RANK_TOP))
            return false;
    return true;
}
