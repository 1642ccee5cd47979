#include "config/schema.h"

#include "config/kinds.h"
#include "config/names.h"
#include "config/syntax.h"
#include "mapping/text.h"

#include <stdarg.h>

#define SENTENCE_MAX 1024

size_t reader_enter(struct reader *r, const char *key)
{
    size_t before = strlen(r->path);

    (void)snprintf(r->path + before, sizeof r->path - before, "%s%.*s",
                   before ? "." : "", node_key_shown(key), key);
    return before;
}

void reader_leave(struct reader *r, size_t before)
{
    r->path[before] = '\0';
}

void reader_error(struct reader *r, const struct node *node, const char *format,
                  ...)
{
    char sentence[SENTENCE_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    problems_error(r->problems, node->at, "%s%s%s", r->path,
                   *r->path ? ": " : "", sentence);
}

void reader_warning(struct reader *r, const struct node *node,
                    const char *format, ...)
{
    char sentence[SENTENCE_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    problems_warning(r->problems, node->at, "%s%s%s", r->path,
                     *r->path ? ": " : "", sentence);
}

/* `topic: {base}` is a map for YAML. */
static bool is_bare_template(const struct node *node)
{
    const char *word;

    if (node->kind != NODE_MAP || node->count != 1 ||
        !node_is_nothing(node->entries[0].value))
        return false;
    word = node->entries[0].key->text;
    return syntax_is_template_word(word, strlen(word));
}

void reader_wrong(struct reader *r, const struct node *node,
                  const char *expected)
{
    if (node->broken)
        return;
    if (is_bare_template(node))
        reader_error(r, node, "quote the template: \"{%s}\"",
                     node->entries[0].key->text);
    else if (node_is_nothing(node))
        reader_error(r, node, "there is no value; give one or remove the key");
    else
        reader_error(r, node, "%s is expected here, not %s", expected,
                     node_kind_name(node));
}

void reader_unknown(struct reader *r, const struct node *key, const char *what,
                    const char *const *candidates)
{
    int shown = key->hidden ? 0 : node_key_shown(key->text);
    bool cut = key->text[shown] == ':' && !key->hidden;
    char word[64 * 4 + 1];
    const char *near = NULL;

    (void)snprintf(word, sizeof word, "%.*s", shown, key->text);
    if (!cut && !problems_full(r->problems))
        near = text_nearest(word, candidates);
    problems_error(
        r->problems, key->at, "unknown %s%s%s%s%s%s%s%s%s%s", what,
        shown ? " '" : "", word, shown ? "'" : "", *r->path ? " in " : "",
        r->path, cut ? "; a blank belongs behind its colon" : "",
        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

const struct row *section_row(const struct section *section, const char *key)
{
    const struct row *row;

    for (row = section->rows; row->key; row++)
        if (strcmp(row->key, key) == 0)
            return row;
    return NULL;
}

static void *member(const struct row *row, void *base)
{
    return (char *)base + row->offset;
}

void row_read(struct reader *r, const struct row *row, const struct node *node,
              void *base)
{
    size_t before;

    if (node->broken)
        return;
    before = reader_enter(r, row->key);
    if (row->read)
        row->read(r, row, node, base);
    else if (row->kind == KIND_SECTION)
        section_read(r, row->section, node, member(row, base), 0);
    else
        kind_read_node(r, row, node, member(row, base));
    reader_leave(r, before);
}

/* Why a row's key is refused, by flag. */
static const char *why_refused(unsigned flags)
{
    if (flags & ROW_LISTED)
        return "belongs only to printers given as a list; here the key is "
               "the id";
    return "is each printer's own and cannot stand in defaults";
}

void section_unknown(struct reader *r, const struct section *section,
                     const struct node *key, unsigned refused)
{
    const char *names[NAMES_MAX + 1];
    const struct row *row;
    size_t n = 0;

    for (row = section->rows; row->key && n < NAMES_MAX; row++)
        if (!(row->flags & refused))
            names[n++] = row->key;
    names[n] = NULL;
    reader_unknown(r, key, "key", names);
}

static void read_entry(struct reader *r, const struct section *section,
                       const struct entry *entry, void *base, unsigned refused)
{
    const struct row *row = section_row(section, entry->key->text);

    if (!row)
        section_unknown(r, section, entry->key, refused);
    else if (row->flags & refused)
        problems_error(r->problems, entry->key->at, "'%s' %s", row->key,
                       why_refused(row->flags & refused));
    else
        row_read(r, row, entry->value, base);
}

void section_check(struct reader *r, const struct section *section,
                   const struct node *node, unsigned refused)
{
    const struct row *row;

    for (row = section->rows; row->key; row++)
        if (row->flags & ROW_REQUIRED && !(row->flags & refused) &&
            !node_get(node, row->key) && !r->incomplete)
            reader_error(r, node, "the required key '%s' is missing", row->key);
}

void section_read(struct reader *r, const struct section *section,
                  const struct node *node, void *base, unsigned refused)
{
    size_t i;

    if (node->broken)
        return;
    if (node->kind == NODE_TEXT && section->shorthand &&
        !node_is_nothing(node)) {
        row_read(r, section_row(section, section->shorthand), node, base);
        return;
    }
    if ((node->kind != NODE_MAP && !node_is_nothing(node)) ||
        (is_bare_template(node) &&
         !section_row(section, node->entries[0].key->text))) {
        reader_wrong(r, node, "a map");
        return;
    }
    for (i = 0; i < node->count; i++)
        read_entry(r, section, &node->entries[i], base, refused);
    section_check(r, section, node, refused);
}

void section_defaults(const struct section *section, void *base)
{
    const struct row *row;
    struct scalar scalar = {.shown = ""};

    for (row = section->rows; row->key; row++) {
        scalar.text = row->fallback;
        if (row->kind == KIND_SECTION && !row->read)
            section_defaults(row->section, member(row, base));
        else if (row->fallback)
            (void)kind_read(NULL, row, &scalar, member(row, base), NULL);
    }
}

void section_copy(const struct section *section, void *base)
{
    const struct row *row;

    for (row = section->rows; row->key; row++)
        if (row->kind == KIND_SECTION && !row->read)
            section_copy(row->section, member(row, base));
        else
            kind_copy(row->kind, member(row, base));
}

void section_release(const struct section *section, void *base)
{
    const struct row *row;

    for (row = section->rows; row->key; row++)
        if (row->kind == KIND_SECTION && !row->read)
            section_release(row->section, member(row, base));
        else
            kind_release(row->kind, member(row, base));
}
