#include "config/kinds.h"

#include "config/disk.h"
#include "config/lists.h"
#include "config/names.h"
#include "config/numbers.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <errno.h>
#include <unistd.h>

#define TEXT_MAX         255 /* characters, unless the row says otherwise */
#define SHOWN_CHARACTERS 40

typedef bool kind_reader(struct reader *r, const struct row *row,
                         const struct scalar *s, void *target,
                         struct error *err);

static void replace_text(void *target, char *text)
{
    char **member = target;

    free(*member);
    *member = text;
}

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
}

/* Characters of text, or -1 if there is a control character. */
static int count_characters(const char *text)
{
    size_t left = strlen(text);
    int count = 0;

    while (left > 0) {
        size_t n = text_utf8(text, left);
        unsigned char c = (unsigned char)text[0];

        if (n == 0 || c < 0x20 || c == 0x7f ||
            (c == 0xc2 && (unsigned char)text[1] < 0xa0))
            return -1;
        text += n;
        left -= n;
        count++;
    }
    return count;
}

static bool check_text(const struct row *row, const struct scalar *s,
                       struct error *err)
{
    int max = row->max > 0 ? (int)row->max : TEXT_MAX;
    int count = count_characters(s->text);

    if (count < 0)
        return error_set(err, "line breaks and control characters cannot "
                              "stand here");
    if (count > max)
        return error_set(err, "this is longer than %d characters", max);
    if (count == 0 && row->flags & (ROW_REQUIRED | ROW_FILLED))
        return error_set(err, "this cannot be empty");
    return !row->check || count == 0 || row->check(s->text, err);
}

static bool read_text(struct reader *r, const struct row *row,
                      const struct scalar *s, void *target, struct error *err)
{
    (void)r;
    if (!check_text(row, s, err))
        return false;
    if (row->kind == KIND_SECRET)
        wipe(*(char **)target);
    replace_text(target, *s->text ? memory_text(s->text) : NULL);
    return true;
}

static bool read_path(struct reader *r, const struct row *row,
                      const struct scalar *s, void *target, struct error *err)
{
    char *path;

    (void)r;
    if (!check_text(row, s, err))
        return false;
    path = *s->text ? disk_beside(s->file ? s->file->path : "", s->text) : NULL;
    if (path && row->flags & ROW_EXISTS && access(path, R_OK) != 0) {
        (void)error_set(err, "cannot read %s: %s", s->shown, strerror(errno));
        free(path);
        return false;
    }
    replace_text(target, path);
    return true;
}

static bool read_truth(struct reader *r, const struct row *row,
                       const struct scalar *s, void *target, struct error *err)
{
    (void)r;
    (void)row;
    return truth_parse(s->text, target) ||
           error_set(err, "%s is neither true nor false", s->shown);
}

static bool read_switch(struct reader *r, const struct row *row,
                        const struct scalar *s, void *target, struct error *err)
{
    bool truth;

    if (!read_truth(r, row, s, &truth, err))
        return false;
    *(int *)target = truth;
    return true;
}

static bool read_integer(struct reader *r, const struct row *row,
                         const struct scalar *s, void *target,
                         struct error *err)
{
    double number;
    const char *end = number_parse(s->text, &number);

    (void)r;
    if (!end || *end || strchr(s->text, '.') || number < row->min ||
        number > row->max)
        return error_set(err, "%s is not a whole number from %.0f to %.0f",
                         s->shown, row->min, row->max);
    *(int *)target = (int)number;
    return true;
}

static bool read_number(struct reader *r, const struct row *row,
                        const struct scalar *s, void *target, struct error *err)
{
    double number;
    const char *end = number_parse(s->text, &number);

    (void)r;
    if (!end || *end || number < row->min || number > row->max)
        return error_set(err, "%s is not a number from %g to %g", s->shown,
                         row->min, row->max);
    *(double *)target = number;
    return true;
}

static bool read_duration(struct reader *r, const struct row *row,
                          const struct scalar *s, void *target,
                          struct error *err)
{
    char low[32], high[32];
    double ms;

    (void)r;
    if (!duration_parse(s->text, &ms))
        return error_set(err,
                         "%s is not a duration such as 500ms, 5s, 2min or 1h",
                         s->shown);
    if (ms < row->min || ms > row->max) {
        duration_write((int64_t)row->min, low, sizeof low);
        duration_write((int64_t)row->max, high, sizeof high);
        return error_set(err, "%s is not between %s and %s", s->shown, low,
                         high);
    }
    *(int64_t *)target = (int64_t)(ms + 0.5);
    return true;
}

static bool read_seconds(struct reader *r, const struct row *row,
                         const struct scalar *s, void *target,
                         struct error *err)
{
    int64_t ms = 0;

    if (!read_duration(r, row, s, &ms, err))
        return false;
    *(int *)target = (int)(ms / 1000);
    return true;
}

static bool read_size(struct reader *r, const struct row *row,
                      const struct scalar *s, void *target, struct error *err)
{
    char low[32], high[32];
    double bytes;

    (void)r;
    if (!size_parse(s->text, &bytes))
        return error_set(err, "%s is not a size such as 64k, 10M or 1G",
                         s->shown);
    if (bytes < row->min || bytes > row->max) {
        size_write((int64_t)row->min, low, sizeof low);
        size_write((int64_t)row->max, high, sizeof high);
        return error_set(err, "%s is not between %s and %s", s->shown, low,
                         high);
    }
    *(int64_t *)target = (int64_t)(bytes + 0.5);
    return true;
}

static bool not_one_of(const struct scalar *s, const char *const *words,
                       struct error *err)
{
    const char *near = text_nearest(s->text, words);
    struct buffer list = {.max = 300};
    size_t i;

    for (i = 0; words[i]; i++)
        (void)buffer_format(&list, "%s%s", i ? ", " : "", words[i]);
    (void)error_set(err, "%s is none of %s%s%s%s", s->shown, buffer_text(&list),
                    near ? "; did you mean '" : "", near ? near : "",
                    near ? "'?" : "");
    buffer_release(&list);
    return false;
}

static bool read_choice(struct reader *r, const struct row *row,
                        const struct scalar *s, void *target, struct error *err)
{
    int i = names_find(s->text, row->choices);

    (void)r;
    if (i < 0)
        return not_one_of(s, row->choices, err);
    memcpy(target, &i, sizeof i);
    return true;
}

static bool read_name(const struct scalar *s, const char *const *words,
                      void *target, struct error *err)
{
    if (words[0] && names_find(s->text, words) < 0)
        return not_one_of(s, words, err);
    replace_text(target, memory_text(s->text));
    return true;
}

static bool read_driver(struct reader *r, const struct row *row,
                        const struct scalar *s, void *target, struct error *err)
{
    const char *names[NAMES_MAX + 1];

    (void)row;
    names_of_drivers(r ? r->drivers : NULL, names);
    return read_name(s, names, target, err);
}

static bool read_endpoint(struct reader *r, const struct row *row,
                          const struct scalar *s, void *target,
                          struct error *err)
{
    const char *names[NAMES_MAX + 1];

    (void)row;
    names_of_endpoints(r->drivers, names);
    return read_name(s, names, target, err);
}

static const struct {
    kind_reader *read;
    const char *expected;
} kinds[] = {
    [KIND_TEXT] = {read_text, "text"},
    [KIND_SECRET] = {read_text, "text"},
    [KIND_PATH] = {read_path, "a path"},
    [KIND_TRUTH] = {read_truth, "true or false"},
    [KIND_SWITCH] = {read_switch, "true or false"},
    [KIND_INTEGER] = {read_integer, "a whole number"},
    [KIND_NUMBER] = {read_number, "a number"},
    [KIND_DURATION] = {read_duration, "a duration"},
    [KIND_SECONDS] = {read_seconds, "a duration"},
    [KIND_SIZE] = {read_size, "a size"},
    [KIND_CHOICE] = {read_choice, "one word"},
    [KIND_DRIVER] = {read_driver, "the name of a driver"},
    [KIND_ENDPOINT] = {read_endpoint, "the name of an endpoint"},
    [KIND_LIST] = {NULL, "a list"},
    [KIND_COMMANDS] = {NULL, "a list of commands"},
    [KIND_SECTION] = {NULL, "a map"},
    [KIND_FIELDS] = {NULL, "a map"},
    [KIND_ORDERS] = {NULL, "a map"},
    [KIND_CUSTOM] = {NULL, "a list of maps"},
    [KIND_ENTRIES] = {NULL, "a map"},
    [KIND_PRINTERS] = {NULL, "a map of printers"},
    [KIND_DEFAULTS] = {NULL, "a map"},
    [KIND_USE] = {NULL, "a name"},
    [KIND_INCLUDE] = {NULL, "a list of files"},
    [KIND_MAPPING] = {NULL, "a name or a map"},
};

const char *kind_expected(enum kind kind)
{
    return kinds[kind].expected;
}

bool kind_read(struct reader *r, const struct row *row, const struct scalar *s,
               void *target, struct error *err)
{
    return kinds[row->kind].read(r, row, s, target, err);
}

/* 'text', as far as it may be shown. */
static void show(const struct row *row, const struct node *node, char *out,
                 size_t size)
{
    char text[SHOWN_CHARACTERS * 4 + 1];

    if (node->hidden || row->kind == KIND_SECRET) {
        (void)snprintf(out, size, "the value");
        return;
    }
    text_clean(node->text, SHOWN_CHARACTERS, text, sizeof text);
    (void)snprintf(out, size, "'%s'", text);
}

static bool is_quoted_tag(const char *text)
{
    static const char *const tags[] = {"!secret ", "!env ", "!env_var ",
                                       "!file "};
    size_t i;

    for (i = 0; i < sizeof tags / sizeof *tags; i++)
        if (strncmp(text, tags[i], strlen(tags[i])) == 0)
            return true;
    return false;
}

void kind_warn_plain(struct reader *r, const struct node *node)
{
    struct file *file = node->at.file;

    if (!node->hidden && is_quoted_tag(node->text)) {
        reader_warning(r, node,
                       "taken as the secret itself; for the one it names take "
                       "the quotes away: !secret name");
        return;
    }
    if (node->hidden || !*node->text || !file->readable_by_all || file->warned)
        return;
    file->warned = true;
    reader_warning(r, node,
                   "a plain secret in a file that everyone can read; "
                   "chmod 600 it, or use !secret");
}

void kind_read_scalar(struct reader *r, const struct row *row,
                      const struct node *node, void *target)
{
    char shown[SHOWN_CHARACTERS * 4 + 3];
    const struct scalar scalar = {node->text, shown, node->at.file};
    struct error err;

    if (node->broken)
        return;
    if (node->kind != NODE_TEXT || node_is_nothing(node)) {
        reader_wrong(r, node, kinds[row->kind].expected);
        return;
    }
    show(row, node, shown, sizeof shown);
    if (!kind_read(r, row, &scalar, target, &err))
        reader_error(r, node, "%s", err.text);
    else if (row->kind == KIND_SECRET)
        kind_warn_plain(r, node);
}

void kind_read_node(struct reader *r, const struct row *row,
                    const struct node *node, void *target)
{
    if (row->kind == KIND_LIST)
        list_read(r, row, node, target);
    else if (row->kind == KIND_COMMANDS)
        list_read_commands(r, node, target);
    else
        kind_read_scalar(r, row, node, target);
}

static bool owns_text(enum kind kind)
{
    return kind == KIND_TEXT || kind == KIND_SECRET || kind == KIND_PATH ||
           kind == KIND_DRIVER || kind == KIND_ENDPOINT;
}

void kind_copy(enum kind kind, void *target)
{
    char ***list = target;

    if (owns_text(kind))
        *(char **)target = memory_text(*(char **)target);
    else if (kind == KIND_LIST && *list)
        *list = list_copy(*list);
}

void kind_release(enum kind kind, void *target)
{
    if (kind == KIND_SECRET)
        wipe(*(char **)target);
    if (owns_text(kind))
        replace_text(target, NULL);
    if (kind == KIND_LIST) {
        list_free(*(char ***)target);
        *(char ***)target = NULL;
    }
}
