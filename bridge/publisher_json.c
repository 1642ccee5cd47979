/* The JSON topic: one nested object of all known fields. Written straight from
 * the snapshot, without a tree: at each printer's every fifth second this is
 * most of what a bridge with many printers would do. */
#include "bridge/publisher.h"
#include "mapping/routes.h"

/* One value on its way into the object. */
struct leaf {
    char key[FIELD_KEY_MAX + 1];
    int slot;
    enum quantity quantity;
    int decimals;
};

struct leaves {
    struct leaf rows[SLOT_COUNT];
    int count;
};

/* How many objects two keys have in common: "a/b/c" and "a/b/d" 2, "a/b" and
 * "a/c" 1, "a" and "a" 0. */
static int common_depth(const char *a, const char *b)
{
    int depth = 0;

    for (; *a && *a == *b; a++, b++)
        depth += *a == '/';
    return depth;
}

static int depth_of(const char *key)
{
    int depth = 0;

    while ((key = strchr(key, '/'))) {
        depth++;
        key++;
    }
    return depth;
}

/* Where key belongs: behind the last one it shares most objects with, so that
 * what belongs into one object stands together, else at the end. */
static int place_of(const struct leaves *leaves, const char *key)
{
    int i, best = 0, at = leaves->count, all = depth_of(key);

    for (i = leaves->count - 1; i >= 0 && best < all; i--) {
        int depth = common_depth(leaves->rows[i].key, key);

        if (depth > best) {
            best = depth;
            at = i + 1;
        }
    }
    return at;
}

static void add_leaf(struct leaves *leaves, const struct route *route, int slot)
{
    int at = place_of(leaves, route->key);
    struct leaf *leaf = &leaves->rows[at];

    memmove(leaf + 1, leaf, (size_t)(leaves->count++ - at) * sizeof *leaf);
    memcpy(leaf->key, route->key, strlen(route->key) + 1);
    leaf->slot = slot;
    leaf->quantity = route->quantity;
    leaf->decimals = route->decimals;
}

static void gather(struct leaves *leaves, const struct routes *routes,
                   const struct telemetry *t, const struct roster *roster)
{
    static const char poll[] = "poll/";
    struct route route;
    enum field f;
    int i;

    leaves->count = 0;
    for (f = 0; f < FIELD_COUNT; f++)
        for (i = 0; i < field_instances(f); i++)
            if (telemetry_known(t, field_slot(f, i)) &&
                strncmp(field_row(f)->key, poll, sizeof poll - 1) != 0 &&
                field_row(f)->quantity != QUANTITY_LIST &&
                routes_rule(routes, f, i, roster, &route))
                add_leaf(leaves, &route, field_slot(f, i));
}

/* Snapshots hold valid UTF-8 without control characters. */
static void write_text(struct buffer *out, const char *text)
{
    (void)buffer_add(out, "\"", 1);
    while (*text) {
        size_t plain = strcspn(text, "\"\\");

        (void)buffer_add(out, text, plain);
        text += plain;
        if (*text) {
            (void)buffer_add(out, "\\", 1);
            (void)buffer_add(out, text++, 1);
        }
    }
    (void)buffer_add(out, "\"", 1);
}

static void write_value(struct buffer *out, const struct leaf *leaf,
                        const struct telemetry *t)
{
    struct value v = telemetry_get(t, leaf->slot);
    char text[VALUE_FORMAT_MAX];

    if (v.kind == VALUE_TEXT) {
        write_text(out, telemetry_text(t, leaf->slot));
        return;
    }
    value_format(v, leaf->quantity, leaf->decimals, text);
    if (v.kind == VALUE_TIME || v.kind == VALUE_WORD)
        write_text(out, text);
    else
        (void)buffer_text_add(out, text);
}

/* From the object that before (NULL: none) was written in to the one of key:
 * close, part, open. Ends with the value's own name. */
static void move_on(struct buffer *out, const char *before, const char *key)
{
    int common = before ? common_depth(before, key) : 0;
    int left = before ? depth_of(before) - common : 0;
    const char *part = key, *slash;

    while (left-- > 0)
        (void)buffer_add(out, "}", 1);
    if (before)
        (void)buffer_add(out, ",", 1);
    for (; (slash = strchr(part, '/')); part = slash + 1) {
        if (common-- > 0)
            continue;
        (void)buffer_add(out, "\"", 1);
        (void)buffer_add(out, part, (size_t)(slash - part));
        (void)buffer_add(out, "\":{", 3);
    }
    (void)buffer_add(out, "\"", 1);
    (void)buffer_text_add(out, part);
    (void)buffer_add(out, "\":", 2);
}

void publisher_json(const struct routes *routes, const struct telemetry *t,
                    const struct roster *roster, struct buffer *out)
{
    const char *before = NULL;
    struct leaves leaves;
    int i, open;

    gather(&leaves, routes, t, roster);
    (void)buffer_add(out, "{", 1);
    for (i = 0; i < leaves.count; i++) {
        move_on(out, before, leaves.rows[i].key);
        write_value(out, &leaves.rows[i], t);
        before = leaves.rows[i].key;
    }
    for (open = before ? depth_of(before) : 0; open >= 0; open--)
        (void)buffer_add(out, "}", 1);
}
