/* `printers` and `defaults`: one printer after the other, laid over what the
 * defaults say. */
#include "config/draft.h"
#include "config/kinds.h"
#include "config/sections.h"
#include "mapping/memory.h"

#include <ctype.h>

#define DRAFT(member) offsetof(struct draft, member)

#define PRINTERS_MAX 10000

/* The ways to give a secret, and what each means. */
static const struct {
    const char *key;
    size_t offset;
    enum config_auth auth;
} secrets[] = {
    {"password", DRAFT(password), CONFIG_AUTH_DIGEST},
    {"api_key", DRAFT(api_key), CONFIG_AUTH_API_KEY},
    {"token", DRAFT(token), CONFIG_AUTH_TOKEN},
};

#define SECRET_COUNT (sizeof secrets / sizeof *secrets)

static char **secret_of(struct draft *draft, size_t i)
{
    return (char **)(void *)((char *)draft + secrets[i].offset);
}

static bool has_secret(const struct node *node)
{
    size_t i;

    for (i = 0; i < SECRET_COUNT; i++)
        if (node_get(node, secrets[i].key))
            return true;
    return false;
}

/* A printer's own secret replaces the default, whatever its kind. */
static void forget_secrets(struct draft *draft, const struct node *node)
{
    size_t i;

    if (!has_secret(node))
        return;
    for (i = 0; i < SECRET_COUNT; i++)
        kind_release(KIND_SECRET, secret_of(draft, i));
}

/* How many secrets there are; the last two by their index. */
static size_t count_secrets(struct draft *draft, size_t *one, size_t *other)
{
    size_t i, count = 0;

    for (i = 0; i < SECRET_COUNT; i++)
        if (*secret_of(draft, i)) {
            *other = *one;
            *one = i;
            count++;
        }
    return count;
}

/* A way to log in was asked for; nothing to log in with was given. */
static void check_no_secret(struct reader *r,
                            const struct config_printer *printer,
                            const struct node *node)
{
    const struct node *auth = node_get(node, "auth");
    size_t i;

    for (i = 0; i < SECRET_COUNT; i++)
        if (secrets[i].auth == printer->auth && auth && !has_secret(node))
            reader_error(r, auth, "auth is %s, but there is no %s",
                         auth_names[printer->auth], secrets[i].key);
}

/* One secret at most, and of the kind that auth asks for. */
static void settle_secret(struct reader *r, struct draft *draft,
                          const struct node *node)
{
    struct config_printer *printer = &draft->printer;
    size_t one = 0, other = 0;
    size_t count = count_secrets(draft, &one, &other);

    if (count == 0) {
        check_no_secret(r, printer, node);
        return;
    }
    if (count > 1) {
        reader_error(r, node, "both %s and %s are given; one is needed",
                     secrets[other].key, secrets[one].key);
        return;
    }
    if (printer->auth != CONFIG_AUTH_AUTO && printer->auth != secrets[one].auth)
        reader_error(r, node, "auth is %s, but %s is given",
                     auth_names[printer->auth], secrets[one].key);
    if (secrets[one].auth != CONFIG_AUTH_DIGEST)
        printer->auth = secrets[one].auth;
    printer->secret = *secret_of(draft, one);
    *secret_of(draft, one) = NULL;
}

/* The longest pause cannot be shorter than the first one. */
static void settle_poll(struct reader *r, struct config_printer *printer,
                        const struct node *node)
{
    const struct node *max = node_get(node_get(node, "poll"), "offline_max");

    if (printer->poll_offline_max_ms >= printer->poll_offline_ms)
        return;
    if (max)
        reader_error(r, max, "poll.offline_max is shorter than poll.offline");
    printer->poll_offline_max_ms = printer->poll_offline_ms;
}

static void warn_tls(struct reader *r, const struct config_printer *printer,
                     const struct node *node)
{
    const struct node *insecure = node_get(node, "insecure");
    const struct node *ca_file = node_get(node, "ca_file");
    bool tls = !printer->url || strncmp(printer->url, "https:", 6) == 0;

    if (ca_file && !tls)
        reader_warning(r, ca_file, "ca_file has no effect without https://");
    if (!insecure || !printer->insecure)
        return;
    if (tls)
        reader_warning(r, insecure, "the printer's certificate is not checked");
    else
        reader_warning(r, insecure, "insecure has no effect without https://");
}

static bool is_reserved(const char *id)
{
    static const char *const reserved[] = {"bridge", "group", "fleet", "all"};
    size_t i;

    for (i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(reserved[i], id) == 0)
            return true;
    return strncmp(id, "bridge-", 7) == 0;
}

/* A valid id made of what was written, for the hint. */
static void propose_id(const char *text, char *out)
{
    size_t len = 0;

    for (; *text && len < PRINTER_ID_MAX; text++) {
        unsigned char c = (unsigned char)*text;

        out[len++] = isalnum(c) && c < 128 ? (char)tolower(c)
                     : c == '-'            ? '-'
                                           : '_';
    }
    out[len] = '\0';
}

static bool check_name(struct reader *r, const struct node *node)
{
    static const char valid[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    char proposal[PRINTER_ID_MAX + 1];
    const char *id = node->text;

    if (is_reserved(id)) {
        reader_error(r, node, "the id '%s' is reserved for the bridge", id);
        return false;
    }
    if (*id && strlen(id) <= PRINTER_ID_MAX && !id[strspn(id, valid)])
        return true;
    propose_id(id, proposal);
    reader_error(r, node,
                 "a printer's id is made of a-z, 0-9, _ and -, at most %d of "
                 "them%s%s%s",
                 PRINTER_ID_MAX, *proposal ? "; for example '" : "", proposal,
                 *proposal ? "'" : "");
    return false;
}

/* Is the id free among the first printers? Keys of one map differ already. */
static bool check_id(struct reader *r, const struct node *node, size_t first)
{
    size_t i;

    if (!check_name(r, node))
        return false;
    for (i = 0; i < first; i++)
        if (strcmp(r->config->printers[i].id, node->text) == 0) {
            reader_error(r, node,
                         "the printer '%s' is defined twice; first at %s:%d:%d",
                         node->text, r->places[i].file->path, r->places[i].line,
                         r->places[i].column);
            return false;
        }
    return true;
}

void draft_free(struct draft *draft)
{
    if (!draft)
        return;
    kind_release(KIND_SECRET, &draft->printer.secret);
    section_release(&printer_section, draft);
    free(draft->printer.file);
    free(draft);
}

void printer_release(struct config_printer *printer)
{
    struct draft draft = {.printer = *printer, .password = printer->secret};

    section_release(&printer_section, &draft);
    free(draft.printer.file);
}

static struct draft *draft_new(const struct reader *r)
{
    struct draft *draft = memory_zero(1, sizeof *draft);

    if (r->defaults) {
        *draft = *r->defaults;
        section_copy(&printer_section, draft);
    } else {
        section_defaults(&printer_section, draft);
    }
    return draft;
}

void defaults_read(struct reader *r, const struct row *row,
                   const struct node *node, void *base)
{
    struct draft *draft = draft_new(r);

    (void)row;
    (void)base;
    section_read(r, &printer_section, node, draft, ROW_OWN);
    settle_poll(r, &draft->printer, node);
    uploads_settle(&draft->printer, node);
    r->defaults = draft;
}

static void append(struct reader *r, struct draft *draft,
                   const struct node *key)
{
    struct config *config = r->config;
    size_t n = config->printer_count;
    struct config_printer *printer;

    if ((n & (n - 1)) == 0) { /* full at each power of two */
        config->printers = memory_grow(config->printers, n ? n * 2 : 1,
                                       sizeof *config->printers);
        r->places = memory_grow(r->places, n ? n * 2 : 1, sizeof *r->places);
    }
    printer = &config->printers[n];
    *printer = draft->printer;
    printer->file = memory_text(key->at.file->path);
    printer->line = key->at.line;
    if (!printer->mapping)
        printer->mapping = config->mappings[0];
    r->places[n] = key->at;
    config->printer_count++;
    draft->printer = (struct config_printer){.url = NULL};
}

/* One printer; key is the node that says its id, which differs from those of
 * the first printers. */
static void read_printer(struct reader *r, const struct node *key,
                         const struct node *node, unsigned refused,
                         size_t first)
{
    struct draft *draft;
    size_t before;
    bool valid = check_id(r, key, first);

    before = reader_enter(r, key->text);
    draft = draft_new(r);
    (void)snprintf(draft->printer.id, sizeof draft->printer.id, "%s",
                   key->text);
    forget_secrets(draft, node);
    section_read(r, &printer_section, node, draft, refused);
    settle_secret(r, draft, node);
    settle_poll(r, &draft->printer, node);
    uploads_settle(&draft->printer, node);
    warn_tls(r, &draft->printer, node);
    if (valid)
        append(r, draft, key);
    draft_free(draft);
    reader_leave(r, before);
}

static void read_listed(struct reader *r, const struct node *node)
{
    const struct node *id = node_get(node, "id");

    if (node->kind != NODE_MAP)
        reader_wrong(r, node, "a map with an id");
    else if (!id)
        reader_error(r, node, "this printer has no id");
    else if (id->kind != NODE_TEXT || node_is_nothing(id))
        reader_wrong(r, id, "the id of a printer");
    else if (!id->broken)
        read_printer(r, id, node, 0, r->config->printer_count);
}

void printers_read(struct reader *r, const struct row *row,
                   const struct node *node, void *base)
{
    size_t first = r->config->printer_count;
    size_t i;

    (void)row;
    (void)base;
    if (node->kind == NODE_TEXT && !node_is_nothing(node))
        reader_wrong(r, node, "a map or list of printers");
    if (node->count > PRINTERS_MAX - first) {
        reader_error(r, node, "there can be at most %d printers", PRINTERS_MAX);
        return;
    }
    for (i = 0; i < node->count; i++)
        if (node->kind == NODE_LIST)
            read_listed(r, node->entries[i].value);
        else
            read_printer(r, node->entries[i].key, node->entries[i].value,
                         ROW_LISTED, first);
}
