/* Two entries for one printer: they would poll it twice, or be taken for one
 * device. */
#include "config/sections.h"
#include "mapping/memory.h"

/* What tells printers apart, as one text. */
struct twin {
    char *key;
    size_t printer;
};

static int by_key(const void *left, const void *right)
{
    const struct twin *a = left, *b = right;
    int order = strcmp(a->key, b->key);

    return order ? order
                 : (a->printer > b->printer) - (a->printer < b->printer);
}

static char *address_of(const struct config_printer *printer)
{
    struct buffer b = {0};

    if (!printer->enabled || !printer->url)
        return NULL;
    buffer_format(&b, "%s %s %s", printer->url, printer->driver,
                  printer->remote_id ? printer->remote_id : "");
    return b.bytes;
}

static char *watched_by(const struct config_printer *printer)
{
    return printer->enabled && printer->uploads.enabled
               ? memory_text(printer->uploads.watch)
               : NULL;
}

static char *identity_of(const struct config_printer *printer)
{
    return memory_text(printer->unique_id);
}

/* Call tell for each printer whose key an earlier one has. */
static void compare(struct reader *r,
                    char *(*key_of)(const struct config_printer *),
                    void (*tell)(struct reader *, size_t, size_t))
{
    const struct config *config = r->config;
    struct twin *twins = memory_zero(config->printer_count, sizeof *twins);
    size_t i, count = 0;

    for (i = 0; i < config->printer_count; i++) {
        char *key = key_of(&config->printers[i]);

        if (key)
            twins[count++] = (struct twin){key, i};
    }
    qsort(twins, count, sizeof *twins, by_key);
    for (i = 1; i < count; i++)
        if (strcmp(twins[i].key, twins[i - 1].key) == 0)
            tell(r, twins[i - 1].printer, twins[i].printer);
    for (i = 0; i < count; i++)
        free(twins[i].key);
    free(twins);
}

static void tell_address(struct reader *r, size_t first, size_t second)
{
    const struct config_printer *printers = r->config->printers;

    problems_warning(r->problems, r->places[second],
                     "printers.%s has the same address and driver as %s",
                     printers[second].id, printers[first].id);
}

static void tell_identity(struct reader *r, size_t first, size_t second)
{
    const struct config_printer *printers = r->config->printers;

    problems_error(r->problems, r->places[second],
                   "printers.%s has the same unique_id as %s",
                   printers[second].id, printers[first].id);
}

static void tell_watch(struct reader *r, size_t first, size_t second)
{
    const struct config_printer *printers = r->config->printers;

    problems_error(r->problems, r->places[second],
                   "printers.%s watches the same folder as %s; use {printer} "
                   "in its name, or uploads: off",
                   printers[second].id, printers[first].id);
}

void twins_check(struct reader *r)
{
    compare(r, address_of, tell_address);
    compare(r, identity_of, tell_identity);
    compare(r, watched_by, tell_watch);
}
