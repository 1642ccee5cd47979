/* From bytes to a tree, all of it in the thread's arena.
 *
 * Not cJSON, though the bridge links it: parsing was a quarter of what a poll
 * costs, two thirds of that in strtod, locales and an allocation for each name.
 * What is accepted is the same: also numbers such as 01 and 1., and control
 * characters in strings. */
#include "bridge/drivers/json_node.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

/* A status answer needs about 3 KiB: it never leaves the small mapping that a
 * thread makes for its first tree and keeps (thread-local memory would be
 * cleared, and so be taken, in each thread that never parses). What is bigger
 * gets a mapping that json_free() gives back, so that an idle bridge does not
 * hold what one odd answer needed. */
#define SMALL_MAX  ((size_t)16 << 10)
#define ALIGN      ((size_t)8)
#define DEPTH_MAX  1000
#define NUMBER_MAX 63
#define DIGITS_MAX 15 /* a double holds any number of so many digits */

static _Thread_local struct {
    bool taken; /* a tree lives here */
    bool full;
    size_t small_len;
    size_t big_len;
    size_t big_max; /* what this tree may take beside small */
    char *small;    /* NULL or a mapping of SMALL_MAX bytes */
    char *big;      /* NULL or a mapping of big_max bytes */
} arena;

struct reader {
    const char *at, *end;
    int depth;
};

/* ---- the arena ---- */

static void *map(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

static void *take_big(size_t size)
{
    void *at;

    if (!arena.big)
        arena.big = map(arena.big_max);
    if (!arena.big || size > arena.big_max - arena.big_len) {
        arena.full = true;
        return NULL;
    }
    at = arena.big + arena.big_len;
    arena.big_len += size;
    return at;
}

static void *take(size_t size)
{
    void *at;

    if (size > arena.big_max)
        size = arena.big_max + 1;
    size = (size + ALIGN - 1) & ~(ALIGN - 1);
    if (size > SMALL_MAX - arena.small_len)
        return take_big(size);
    at = arena.small + arena.small_len;
    arena.small_len += size;
    return at;
}

static void reset(void)
{
    if (arena.big)
        (void)munmap(arena.big, arena.big_max);
    arena.big = NULL;
    arena.small_len = arena.big_len = 0;
    arena.full = arena.taken = false;
}

/* ---- words and numbers ---- */

static void skip_space(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' ||
                              *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

static bool skip_word(struct reader *r, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
        return false;
    r->at += len;
    return true;
}

/* nan, inf or infinity, with or without a sign. */
static bool skip_bare(struct reader *r)
{
    static const char *const words[] = {"infinity", "inf", "nan"};
    const char *p = r->at + (*r->at == '-' || *r->at == '+');
    size_t i;

    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i]);

        if ((size_t)(r->end - p) >= len && strncasecmp(p, words[i], len) == 0) {
            r->at = p + len;
            return true;
        }
    }
    return false;
}

static bool is_of_number(char c)
{
    return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' ||
           c == '+' || c == '-';
}

/* Whatever is not short and plain. */
static bool read_odd_number(struct reader *r, double *out)
{
    char text[NUMBER_MAX + 1], *end;
    size_t len = 0;

    while (len < NUMBER_MAX && r->at + len < r->end &&
           is_of_number(r->at[len])) {
        text[len] = r->at[len];
        len++;
    }
    text[len] = '\0';
    *out = strtod(text, &end);
    r->at += end - text;
    return end > text;
}

/* Digits with a point: exact, since the digits and the power of ten are. */
static bool read_number(struct reader *r, double *out)
{
    static const double powers[DIGITS_MAX + 1] = {
        1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
        1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *p = r->at + (*r->at == '-');
    int64_t digits = 0;
    int count = 0, behind = 0;
    bool point = false;

    for (; p < r->end && count <= DIGITS_MAX; p++) {
        if (*p >= '0' && *p <= '9') {
            digits = 10 * digits + (*p - '0');
            count++;
            behind += point;
        } else if (*p == '.' && !point) {
            point = true;
        } else {
            break;
        }
    }
    if (count == 0 || count > DIGITS_MAX || (p < r->end && is_of_number(*p)))
        return read_odd_number(r, out);
    *out = (double)digits / powers[behind];
    if (*r->at == '-')
        *out = -*out;
    r->at = p;
    return true;
}

/* ---- strings ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits at p, -1 if they are none. */
static long read_hex(const char *p, const char *end)
{
    long code = 0;
    int i;

    if (end - p < 4)
        return -1;
    for (i = 0; i < 4; i++) {
        if (hex_digit(p[i]) < 0)
            return -1;
        code = 16 * code + hex_digit(p[i]);
    }
    return code;
}

static char *put_utf8(char *out, long code)
{
    static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    int len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    int i;

    for (i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)(len == 1 ? code : marks[len] | code);
    return out + len;
}

/* Behind "\u": one code point of one or two such escapes. */
static bool read_code_point(struct reader *r, char **out)
{
    long code = read_hex(r->at, r->end), low;

    if (code < 0 || (code >= 0xdc00 && code < 0xe000))
        return false;
    r->at += 4;
    if (code >= 0xd800 && code < 0xdc00) {
        if (r->end - r->at < 6 || r->at[0] != '\\' || r->at[1] != 'u')
            return false;
        low = read_hex(r->at + 2, r->end);
        if (low < 0xdc00 || low >= 0xe000)
            return false;
        r->at += 6;
        code = 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff));
    }
    *out = put_utf8(*out, code);
    return true;
}

/* Behind the backslash. */
static bool read_escape(struct reader *r, char **out)
{
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    char c = *r->at++;
    const char *found = c ? strchr(names, c) : NULL;

    if (c == 'u')
        return read_code_point(r, out);
    if (!found)
        return false;
    *(*out)++ = bytes[found - names];
    return true;
}

/* From *from on, where len bytes went without a backslash. What an escape
 * stands for is never longer than the escape. */
static const char *read_escaped(struct reader *r, size_t plain, size_t *len)
{
    const char *start = r->at - plain, *close = r->at;
    char *text, *out;

    while (close < r->end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    if (close >= r->end || !(text = take((size_t)(close - start) + 1)))
        return NULL;
    memcpy(text, start, plain);
    out = text + plain;
    while (r->at < close)
        if (*r->at != '\\')
            *out++ = *r->at++;
        else if (r->at++, !read_escape(r, &out))
            return NULL;
    *out = '\0';
    *len = (size_t)(out - text);
    r->at = close + 1;
    return text;
}

/* Behind the first quote. terminated: else one without escapes stays where it
 * is. NULL: it is none, or the arena is full. */
static const char *read_string(struct reader *r, bool terminated, size_t *len)
{
    const char *start = r->at, *escape;
    const char *close = memchr(start, '"', (size_t)(r->end - start));
    char *copy;

    if (!close) {
        r->at = r->end;
        return NULL;
    }
    *len = (size_t)(close - start);
    escape = memchr(start, '\\', *len);
    if (escape) {
        r->at = escape;
        return read_escaped(r, (size_t)(escape - start), len);
    }
    r->at = close + 1;
    if (!terminated)
        return start;
    copy = take(*len + 1);
    if (!copy)
        return NULL;
    memcpy(copy, start, *len);
    copy[*len] = '\0';
    return copy;
}

/* ---- values ---- */

static bool read_value(struct reader *r, struct json *node);

static bool read_name(struct reader *r, struct json *node)
{
    size_t len = 0;

    if (r->at == r->end || *r->at++ != '"')
        return false;
    node->name = read_string(r, false, &len);
    node->name_len = (uint32_t)len;
    skip_space(r);
    if (!node->name || r->at == r->end || *r->at != ':')
        return false;
    r->at++;
    skip_space(r);
    return true;
}

/* Behind the bracket; close ends it. */
static bool read_children(struct reader *r, struct json *parent, char close)
{
    struct json **link = &parent->child;

    parent->child = NULL;
    if (++r->depth > DEPTH_MAX)
        return false;
    skip_space(r);
    while (r->at < r->end && (*r->at != close || parent->child)) {
        struct json *node = take(sizeof *node);

        if (!node)
            return false;
        node->name = NULL;
        node->next = NULL;
        if ((close == '}' && !read_name(r, node)) || !read_value(r, node))
            return false;
        *link = node;
        link = &node->next;
        skip_space(r);
        if (r->at == r->end || *r->at != ',')
            break;
        r->at++;
        skip_space(r);
    }
    if (r->at == r->end || *r->at != close)
        return false;
    r->at++;
    r->depth--;
    return true;
}

static bool read_word(struct reader *r, struct json *node)
{
    if (skip_word(r, "true"))
        node->kind = JSON_TRUE;
    else if (skip_word(r, "false"))
        node->kind = JSON_FALSE;
    else if (skip_word(r, "null") || skip_bare(r))
        node->kind = JSON_NULL;
    else if (*r->at == '-') {
        node->kind = JSON_NUMBER;
        return read_number(r, &node->number);
    } else
        return false;
    return true;
}

static bool read_value(struct reader *r, struct json *node)
{
    size_t len;

    if (r->at == r->end)
        return false;
    switch (*r->at) {
    case '{':
        r->at++;
        node->kind = JSON_OBJECT;
        return read_children(r, node, '}');
    case '[':
        r->at++;
        node->kind = JSON_ARRAY;
        return read_children(r, node, ']');
    case '"':
        r->at++;
        node->kind = JSON_TEXT;
        node->text = read_string(r, true, &len);
        return node->text != NULL;
    default: break;
    }
    if (*r->at < '0' || *r->at > '9')
        return read_word(r, node);
    node->kind = JSON_NUMBER;
    return read_number(r, &node->number);
}

/* ---- the whole ---- */

static void explain(const char *bytes, const struct reader *r, bool complete,
                    struct error *err)
{
    if (arena.full)
        (void)error_set(err, "not JSON: it takes more than %zu MiB",
                        arena.big_max >> 20);
    else if (r->end == bytes)
        (void)error_set(err, "not JSON: it is empty");
    else
        (void)error_set(err, "not JSON: %s at byte %zu",
                        complete ? "something follows it" : "wrong",
                        (size_t)(r->at - bytes) + 1);
}

static void need_small(void)
{
    if (!arena.small)
        arena.small = map(SMALL_MAX);
    if (!arena.small)
        abort();
}

static const struct json *parse_within(size_t max, const char *bytes,
                                       size_t len, struct error *err)
{
    struct reader r = {.at = bytes, .end = bytes + len};
    struct json *root;
    bool complete;

    assert(!arena.taken);
    need_small();
    arena.taken = true;
    arena.big_max = max;
    root = take(sizeof *root);
    root->name = NULL;
    root->next = NULL;
    (void)skip_word(&r, "\xef\xbb\xbf"); /* the byte order mark */
    skip_space(&r);
    complete = read_value(&r, root);
    skip_space(&r);
    if (complete && r.at == r.end)
        return root;
    explain(bytes, &r, complete, err);
    reset();
    return NULL;
}

const struct json *json_parse(const char *bytes, size_t len, struct error *err)
{
    return parse_within(JSON_TREE_MAX, bytes, len, err);
}

const struct json *json_parse_listing(const char *bytes, size_t len,
                                      struct error *err)
{
    return parse_within(JSON_LISTING_TREE_MAX, bytes, len, err);
}

void json_free(const struct json *root)
{
    if (root)
        reset();
}
