/* The JSON topic: one nested object of all known fields. Written straight from
 * the snapshot, without a tree: at each printer's every fifth second this is
 * most of what a bridge with many printers would do. */
#include "bridge/publisher.h"
#include "mapping/routes.h"

/* A leaf's text but for a value that is a text: objects are closed, at most one
 * for each character of the key before, and each "/" of its own key becomes
 * four characters. */
#define PART_MAX (5 * FIELD_KEY_MAX + VALUE_FORMAT_MAX + 8)

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

/* The length of the names of the objects that two keys have in common: 4
 * ("a/b/") of "a/b/c" and "a/b/d", 2 of "a/b" and "a/c", 0 of "a" and "a". */
static size_t shared(const char *a, const char *b)
{
    size_t i, len = 0;

    for (i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '/')
            len = i + 1;
    return len;
}

/* Where key belongs: behind the last one it shares most objects with, so that
 * what belongs into one object stands together, else at the end. */
static int place_of(const struct leaves *leaves, const char *key)
{
    const char *name = strrchr(key, '/');
    size_t best = 0, all = name ? (size_t)(name + 1 - key) : 0;
    int i, at = leaves->count;

    for (i = leaves->count - 1; i >= 0 && best < all; i--) {
        size_t len = shared(leaves->rows[i].key, key);

        if (len > best) {
            best = len;
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

/* From the object that before ("": none) was written in to the one of key:
 * close, part, open. Ends with the value's own name. Returns the end. */
static char *move_on(char *at, const char *before, const char *key)
{
    static const char opening[] = {'"', ':', '{', '"'};
    size_t same = shared(before, key);
    const char *left = before + same;

    for (; (left = strchr(left, '/')); left++)
        *at++ = '}';
    if (*before)
        *at++ = ',';
    *at++ = '"';
    for (key += same; *key; key++) {
        if (*key != '/') {
            *at++ = *key;
            continue;
        }
        memcpy(at, opening, sizeof opening);
        at += sizeof opening;
    }
    *at++ = '"';
    *at++ = ':';
    return at;
}

/* A value that is no text; returns the end. */
static char *put_value(char *at, const struct leaf *leaf, struct value v)
{
    bool quoted = v.kind == VALUE_TIME || v.kind == VALUE_WORD;

    if (quoted)
        *at++ = '"';
    at += value_format(v, leaf->quantity, leaf->decimals, at);
    if (quoted)
        *at++ = '"';
    return at;
}

static void write_leaf(struct buffer *out, const char *before,
                       const struct leaf *leaf, const struct telemetry *t)
{
    struct value v = telemetry_get(t, leaf->slot);
    char part[PART_MAX], *at = move_on(part, before, leaf->key);

    if (v.kind != VALUE_TEXT)
        at = put_value(at, leaf, v);
    (void)buffer_add(out, part, (size_t)(at - part));
    if (v.kind == VALUE_TEXT) /* valid UTF-8 without control characters */
        (void)buffer_quote_add(out, telemetry_text(t, leaf->slot));
}

void publisher_json(const struct routes *routes, const struct telemetry *t,
                    const struct roster *roster, struct buffer *out)
{
    const char *before = "";
    struct leaves leaves;
    int i;

    gather(&leaves, routes, t, roster);
    (void)buffer_add(out, "{", 1);
    for (i = 0; i < leaves.count; i++) {
        write_leaf(out, before, &leaves.rows[i], t);
        before = leaves.rows[i].key;
    }
    for (; (before = strchr(before, '/')); before++)
        (void)buffer_add(out, "}", 1);
    (void)buffer_add(out, "}", 1);
}
