/* `custom` of a mapping: fields that a firmware reports and we do not know. */
#include "config/names.h"
#include "config/sections.h"
#include "config/wishes.h"
#include "mapping/memory.h"

#define AT(member) offsetof(struct custom_field, member)

/* A row of `custom` while it is read: the key is an array in the end. */
struct custom {
    struct custom_field field;
    char *key;
};

static bool check_key(const char *text, struct error *err);
static bool check_pointer(const char *text, struct error *err);

/* Lists, the last ones, are nobody's to add. */
static const char *const quantities[] = {
#define QUANTITY(id, name, ...)                                                \
    [QUANTITY_##id] = QUANTITY_##id == QUANTITY_LIST ? NULL : (name),
#include "mapping/quantities.def"
#undef QUANTITY
    NULL,
};

static const struct row rows[] = {
    {.key = "key",
     .kind = KIND_TEXT,
     .offset = offsetof(struct custom, key),
     .max = FIELD_KEY_MAX,
     .flags = ROW_REQUIRED,
     .check = check_key,
     .says = "Its key, which is its place below the printer's topic: "
             "`heatbreak/temperature`."},
    {.key = "endpoint",
     .kind = KIND_ENDPOINT,
     .offset = AT(endpoint),
     .flags = ROW_REQUIRED,
     .says = "The endpoint of the printer's API whose answer holds it."},
    {.key = "pointer",
     .kind = KIND_TEXT,
     .offset = AT(pointer),
     .flags = ROW_REQUIRED,
     .check = check_pointer,
     .says = "Where in the answer: a JSON pointer such as "
             "`/printer/temp_heatbreak`."},
    {.key = "quantity",
     .kind = KIND_CHOICE,
     .offset = AT(quantity),
     .fallback = "text",
     .choices = quantities,
     .says = "What kind of value it is; says unit and decimals."},
    WISH_ROWS(AT(wish)),
    {0},
};

const struct section custom_section = {
    .name = "custom",
    .title = "mapping.custom[]",
    .rows = rows,
};

static bool check_segment(const char *text, size_t len)
{
    return len > 0 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") >= len;
}

static bool check_key(const char *text, struct error *err)
{
    static const char *const reserved[] = {"availability", "event", "command",
                                           "response",     "can",   "has"};
    size_t first = strcspn(text, "/");
    size_t i, len;

    for (i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strlen(reserved[i]) == first &&
            strncmp(reserved[i], text, first) == 0)
            return error_set(err,
                             "a key cannot begin with '%s': that is the "
                             "bridge's own",
                             reserved[i]);
    if (strncmp(text, "cmd_", 4) == 0 || strncmp(text, "cmd/", 4) == 0)
        return error_set(err, "a key cannot begin with 'cmd': in Home "
                              "Assistant that is a command");
    for (;; text += len + 1) {
        len = strcspn(text, "/");
        if (!check_segment(text, len))
            return error_set(err, "a key is made of a-z, 0-9, _ and -, with / "
                                  "between its parts");
        if (!text[len])
            return true;
    }
}

static bool check_pointer(const char *text, struct error *err)
{
    if (*text != '/')
        return error_set(err, "a JSON pointer begins with /");
    for (; *text; text++)
        if (*text == '~' && text[1] != '0' && text[1] != '1')
            return error_set(err, "in a JSON pointer ~ is written ~0, and / "
                                  "in a name ~1");
    return true;
}

/* Do both make the same unique id in Home Assistant, where / becomes _? */
static bool same_flat(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (*a != *b && !(strchr("/_", *a) && strchr("/_", *b)))
            return false;
    return *a == *b;
}

/* Is one key the other, or the beginning of its path? <...> fits any part. */
static bool keys_clash(const char *a, const char *b)
{
    for (;;) {
        size_t la = strcspn(a, "/"), lb = strcspn(b, "/");

        if (*a != '<' && *b != '<' && (la != lb || memcmp(a, b, la) != 0))
            return false;
        if (!a[la] || !b[lb])
            return true;
        a += la + 1;
        b += lb + 1;
    }
}

static bool check_clash(struct reader *r, const struct node *node,
                        const char *key, const char *other, const char *whose)
{
    if (!keys_clash(key, other) && !same_flat(key, other))
        return true;
    if (strcmp(key, other) == 0)
        reader_error(r, node, "the key '%s' is %s already", key, whose);
    else if (same_flat(key, other))
        reader_error(r, node,
                     "the key '%s' is the same as '%s' for Home "
                     "Assistant, where / becomes _",
                     key, other);
    else
        reader_error(r, node,
                     "the key '%s' clashes with '%s', which is %s: no "
                     "key may be the beginning of another",
                     key, other, whose);
    return false;
}

/* Where the field goes: in place of the one with its key, else behind the last;
 * -1 after telling that it cannot be there. own counts those of this list. */
static int find_place(struct reader *r, const struct node *node,
                      const struct mapping *mapping, const char *key,
                      const bool *own)
{
    enum field f;
    int i, found = mapping->custom_count;

    for (f = 0; f < FIELD_CUSTOM; f++)
        if (!check_clash(r, node, key, field_row(f)->key, "the bridge's own"))
            return -1;
    for (i = 0; i < mapping->custom_count; i++)
        if (strcmp(mapping->custom[i].key, key) == 0 && !own[i])
            found = i;
        else if (!check_clash(r, node, key, mapping->custom[i].key,
                              "a custom field"))
            return -1;
    if (found == CUSTOM_MAX) {
        reader_error(r, node, "there can be at most %d custom fields",
                     CUSTOM_MAX);
        return -1;
    }
    return found;
}

static void custom_release(struct custom_field *field)
{
    free(field->endpoint);
    free(field->pointer);
    field_wish_release(&field->wish);
}

/* There is only one of a custom field, so nothing for {name} to mean. */
static void check_topic(struct reader *r, const struct node *node,
                        struct field_wish *wish)
{
    if (!wish->topic || !template_uses(wish->topic, "name"))
        return;
    reader_error(r, node_get(node, "topic"),
                 "{name} has no meaning in the topic of a custom field");
    free(wish->topic);
    wish->topic = NULL;
}

static void read_custom(struct reader *r, const struct node *node,
                        struct mapping *mapping, bool *own)
{
    struct custom custom = {.field = {.endpoint = NULL}};
    const struct node *key = node_get(node, "key");
    int place = -1;

    field_wish_init(&custom.field.wish);
    section_defaults(&custom_section, &custom);
    section_read(r, &custom_section, node, &custom, 0);
    check_topic(r, node, &custom.field.wish);
    if (custom.key && key)
        place = find_place(r, key, mapping, custom.key, own);
    if (place >= 0) {
        struct custom_field *field = &mapping->custom[place];

        (void)snprintf(custom.field.key, sizeof custom.field.key, "%s",
                       custom.key);
        custom_release(field);
        *field = custom.field;
        own[place] = true;
        mapping->custom_count += place == mapping->custom_count;
        custom.field = (struct custom_field){.endpoint = NULL};
    }
    section_release(&custom_section, &custom);
}

void custom_read(struct reader *r, const struct row *row,
                 const struct node *node, void *base)
{
    bool own[CUSTOM_MAX] = {false};
    size_t i;

    (void)row;
    if (node->kind != NODE_LIST && !node_is_nothing(node)) {
        reader_wrong(r, node, "a list of maps");
        return;
    }
    for (i = 0; i < node->count; i++) {
        char index[32];
        size_t before;

        (void)snprintf(index, sizeof index, "%zu", i + 1);
        before = reader_enter(r, index);
        read_custom(r, node->entries[i].value, base, own);
        reader_leave(r, before);
    }
}
