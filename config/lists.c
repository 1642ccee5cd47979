#include "config/lists.h"

#include "config/kinds.h"
#include "config/names.h"
#include "mapping/memory.h"

/* The texts of a list, or a lone text as the only one; false after telling
 * that it is neither. */
static bool texts_of(struct reader *r, const struct node *node,
                     const struct node **texts, size_t *count)
{
    size_t i;

    if (node->kind == NODE_TEXT && !node_is_nothing(node)) {
        texts[0] = node;
        *count = 1;
        return true;
    }
    if (node->kind != NODE_LIST) {
        reader_wrong(r, node, "a list");
        return false;
    }
    if (node->count > LIST_MAX) {
        reader_error(r, node, "a list of more than %d", LIST_MAX);
        return false;
    }
    for (i = 0; i < node->count; i++)
        texts[i] = node->entries[i].value;
    *count = node->count;
    return true;
}

void list_free(char **list)
{
    size_t i;

    for (i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

char **list_copy(char *const *list)
{
    char **copy = memory_zero(LIST_MAX + 1, sizeof *copy);
    size_t i;

    for (i = 0; list[i]; i++)
        copy[i] = memory_text(list[i]);
    return copy;
}

void list_read(struct reader *r, const struct row *row, const struct node *node,
               char ***target)
{
    const struct node *texts[LIST_MAX];
    struct row one = *row;
    size_t count, i, kept = 0;
    char **list;

    if (!texts_of(r, node, texts, &count))
        return;
    one.kind = KIND_TEXT;
    list = memory_zero(LIST_MAX + 1, sizeof *list);
    for (i = 0; i < count; i++) {
        kind_read_scalar(r, &one, texts[i], &list[kept]);
        kept += list[kept] != NULL;
    }
    list_free(*target);
    *target = list;
}

static void read_command(struct reader *r, const struct node *node,
                         bool *commands)
{
    const char *names[NAMES_MAX + 1];
    int c;

    if (node->broken)
        return;
    if (node->kind != NODE_TEXT) {
        reader_wrong(r, node, "the name of a command");
        return;
    }
    names_of_commands(names);
    c = names_find(node->text, names);
    if (c < 0)
        reader_unknown(r, node, "command", names);
    else
        commands[c] = true;
}

void list_read_commands(struct reader *r, const struct node *node,
                        bool *commands)
{
    const struct node *texts[LIST_MAX];
    size_t count, i;

    memset(commands, 0, sizeof *commands * COMMAND_COUNT);
    if (!texts_of(r, node, texts, &count))
        return;
    for (i = 0; i < count; i++)
        read_command(r, texts[i], commands);
}
