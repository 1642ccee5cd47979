#include "bridge/possible.h"

#include "mapping/memory.h"

_Static_assert(FIELD_COUNT <= 256, "field[] holds a byte each");

static bool begins_with(const char *key, const char *prefix)
{
    return strncmp(key, prefix, strlen(prefix)) == 0;
}

/* Filled by the bridge itself, for printers of every driver. */
static bool is_derived(enum field field)
{
    static const char *const prefixes[] = {
        "camera/",         "transfer/",
        "poll/",           "last_job/",
        "total/",          "job/started_at",
        "job/finishes_at", "job/filament_change_at",
    };
    size_t i;

    for (i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (begins_with(field_row(field)->key, prefixes[i]))
            return true;
    return false;
}

/* Filled by the bridge for drivers that know files. */
static bool is_of_files(enum field field)
{
    return field == FIELD_STORAGE_FILES ||
           begins_with(field_row(field)->key, "files/");
}

static void add(struct possible *possible, enum field field)
{
    const struct field_row *row = field_row(field);

    possible->slot[possible->count] =
        (short)(row->scope == SCOPE_ONE ? row->first_slot : -1);
    possible->field[possible->count++] = (unsigned char)field;
}

static struct possible *find(const struct driver *driver)
{
    struct possible *possible = memory_zero(1, sizeof *possible);
    enum field f;

    possible->driver = driver;
    for (f = 0; f < FIELD_COUNT; f++)
        if (driver_reports(driver, f) || is_derived(f) || f == FIELD_CUSTOM ||
            (driver->files && is_of_files(f)))
            add(possible, f);
    return possible;
}

const struct possible *possible_fields(const struct driver *driver)
{
    static struct possible *known; /* of a handful of drivers, never freed */
    struct possible *possible = known;

    while (possible && possible->driver != driver)
        possible = possible->next;
    if (!possible) {
        possible = find(driver);
        possible->next = known;
        known = possible;
    }
    return possible;
}
