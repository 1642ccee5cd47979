/* The sections of a configuration, and what is checked when one is read. Each
 * section's rows stand in the file that reads it. */
#ifndef CONFIG_SECTIONS_H
#define CONFIG_SECTIONS_H

#include "config/schema.h"

extern const struct section root_section, mqtt_section, homeassistant_section,
    log_section, printer_section, poll_section, cameras_section,
    commands_section, uploads_section, mapping_section, inline_mapping_section,
    field_section, order_section, custom_section;

/* All of them in the order of the reference; ends with NULL. */
extern const struct section *const sections[];

/* mqtt.c: what no single key of `mqtt` shows. */
void mqtt_check(struct reader *r, const struct node *node);

/* mappings.c: config->mappings[0], before anything is read. */
void mappings_begin(struct reader *r);
/* The values of `mapping`, `mappings`, and a printer's `mapping`
 * (base is a draft's `const struct mapping *`). */
void mapping_read(struct reader *r, const struct row *row,
                  const struct node *node, void *base);
void mappings_read(struct reader *r, const struct row *row,
                   const struct node *node, void *base);
void mapping_choice_read(struct reader *r, const struct row *row,
                         const struct node *node, void *base);

/* wishes.c: `fields` and `commands` of a mapping. */
void fields_read(struct reader *r, const struct row *row,
                 const struct node *node, void *base);
void orders_read(struct reader *r, const struct row *row,
                 const struct node *node, void *base);
/* custom.c: `custom` of a mapping. */
void custom_read(struct reader *r, const struct row *row,
                 const struct node *node, void *base);

/* printers.c: `defaults` and `printers`. */
void defaults_read(struct reader *r, const struct row *row,
                   const struct node *node, void *base);
void printers_read(struct reader *r, const struct row *row,
                   const struct node *node, void *base);
void draft_free(struct draft *draft);
/* upload_rows.c: what `uploads` leaves open; also for `defaults`, where the
 * printer has no id yet. */
void uploads_settle(struct config_printer *printer, const struct node *node);
/* A folder on a printer? */
bool check_upload_path(const char *text, struct error *err);
/* Free what a printer of a config owns. */
void printer_release(struct config_printer *printer);

/* twins.c: printers that seem to be one. */
void twins_check(struct reader *r);

/* topics.c: what two printers, or a mapping and its printer, do to each other:
 * topics that meet. */
void topics_check(struct reader *r);

#endif
