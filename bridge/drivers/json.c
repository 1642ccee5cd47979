#include "bridge/drivers/json.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <math.h>
#include <stdint.h>
#include <strings.h>
#include <sys/mman.h>

/* A status answer needs about 4 KiB: it never leaves the thread's own static
 * memory. What is bigger gets a mapping that json_free() gives back, so that
 * an idle bridge does not hold what one odd answer needed. */
#define SMALL_MAX  ((size_t)16 << 10)
#define ALIGN      ((size_t)8)
#define DIGITS_MAX 32

static _Thread_local struct {
    bool parsing; /* cJSON's allocations come from here now */
    bool taken;   /* a tree lives here */
    bool full;
    size_t small_len;
    size_t big_len;
    size_t big_max; /* what this tree may take beside small */
    char *big;      /* NULL or a mapping of big_max bytes */
    _Alignas(16) char small[SMALL_MAX];
} arena;

static void *take(size_t size)
{
    void *at;

    if (size > arena.big_max)
        size = arena.big_max + 1;
    size = (size + ALIGN - 1) & ~(ALIGN - 1);
    if (size <= SMALL_MAX - arena.small_len) {
        at = arena.small + arena.small_len;
        arena.small_len += size;
        return at;
    }
    if (!arena.big) {
        at = mmap(NULL, arena.big_max, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        arena.big = at == MAP_FAILED ? NULL : at;
    }
    if (!arena.big || size > arena.big_max - arena.big_len) {
        arena.full = true;
        return NULL;
    }
    at = arena.big + arena.big_len;
    arena.big_len += size;
    return at;
}

static void *hook_malloc(size_t size)
{
    return arena.parsing ? take(size) : malloc(size);
}

static void hook_free(void *at)
{
    if (!arena.parsing)
        free(at);
}

/* Before main(): cJSON's hooks belong to the whole process, and no thread may
 * be inside cJSON while they change. */
__attribute__((constructor)) static void install_hooks(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){hook_malloc, hook_free});
}

/* Length of a bare nan, inf or infinity at p, with its sign; 0 if none. */
static size_t bare_word(const char *p, const char *end)
{
    static const char *const words[] = {"infinity", "inf", "nan"};
    const char *start = p;
    size_t i;

    if (*p == '-' || *p == '+')
        p++;
    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i]);

        if ((size_t)(end - p) >= len && strncasecmp(p, words[i], len) == 0)
            return (size_t)(p - start) + len;
    }
    return 0;
}

/* Behind the string that begins at p. */
static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\' && p + 1 < end)
            p++;
    return p < end ? p + 1 : end;
}

/* The next bare word from p on, or end; *len becomes its length. */
static const char *next_bare(const char *p, const char *end, size_t *len)
{
    while (p < end)
        switch (*p) {
        case '"': p = skip_string(p, end); break;
        case '+':
        case '-':
        case 'n':
        case 'N':
        case 'i':
        case 'I':
            *len = bare_word(p, end);
            if (*len > 0)
                return p;
            p++;
            break;
        default: p++;
        }
    return end;
}

/* Write null for every bare word into a copy in the arena; *bytes and *len
 * stay as they are when there is none. False: the arena is full. */
static bool null_bare_words(const char **bytes, size_t *len)
{
    static const char null[] = "null";
    const char *p = *bytes, *end = p + *len, *word;
    size_t size = *len, word_len = 0, count = 0;
    char *copy, *at;

    for (word = next_bare(p, end, &word_len); word < end;
         word = next_bare(word + word_len, end, &word_len))
        count++;
    if (count == 0)
        return true;
    copy = at = take(size + count * (sizeof null - 1));
    if (!copy)
        return false;
    while ((word = next_bare(p, end, &word_len)) < end) {
        memcpy(at, p, (size_t)(word - p));
        at += word - p;
        memcpy(at, null, sizeof null - 1);
        at += sizeof null - 1;
        p = word + word_len;
    }
    memcpy(at, p, (size_t)(end - p));
    *bytes = copy;
    *len = (size_t)(at - copy) + (size_t)(end - p);
    return true;
}

static void reset(void)
{
    if (arena.big)
        (void)munmap(arena.big, arena.big_max);
    arena.big = NULL;
    arena.small_len = arena.big_len = 0;
    arena.full = arena.taken = false;
}

static void explain(const char *bytes, size_t len, const char *stop,
                    bool complete, struct error *err)
{
    if (arena.full)
        (void)error_set(err, "not JSON: it takes more than %zu MiB",
                        arena.big_max >> 20);
    else if (len == 0)
        (void)error_set(err, "not JSON: it is empty");
    else
        (void)error_set(err, "not JSON: %s at byte %zu",
                        complete ? "something follows it" : "wrong",
                        stop ? (size_t)(stop - bytes) + 1 : 1);
}

/* The whole of it, or NULL; *stop is where it ended. */
static cJSON *parse(const char *bytes, size_t len, const char **stop)
{
    cJSON *root;

    arena.parsing = true;
    root = cJSON_ParseWithLengthOpts(bytes, len, stop, 0);
    arena.parsing = false;
    while (root && *stop < bytes + len && **stop && strchr(" \t\r\n", **stop))
        (*stop)++;
    return root;
}

/* Bare words are looked for when it is no JSON as it is: that is seldom, and
 * to look takes a tenth of the time of parsing. */
static const struct json *parse_within(size_t max, const char *bytes,
                                       size_t len, struct error *err)
{
    const char *stop = NULL;
    cJSON *root;

    assert(!arena.taken);
    arena.taken = true;
    arena.big_max = max;
    root = parse(bytes, len, &stop);
    if (!root && !arena.full) {
        reset();
        arena.taken = true;
        if (null_bare_words(&bytes, &len))
            root = parse(bytes, len, &stop);
    }
    if (!root || stop < bytes + len) {
        explain(bytes, len, stop, root != NULL, err);
        reset();
        return NULL;
    }
    return (const struct json *)root;
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

static const cJSON *item(const struct json *node)
{
    return (const cJSON *)node;
}

/* Missing and null are the same. */
static const struct json *present(const cJSON *node)
{
    return cJSON_IsNull(node) ? NULL : (const struct json *)node;
}

bool json_is_object(const struct json *node)
{
    return cJSON_IsObject(item(node));
}

bool json_is_array(const struct json *node)
{
    return cJSON_IsArray(item(node));
}

/* The first byte decides nearly always; this is the hottest loop of a poll. */
static bool is_called(const cJSON *node, const char *name, size_t len)
{
    if (len > 0 && node->string[0] != name[0])
        return false;
    return strncmp(node->string, name, len) == 0 && node->string[len] == '\0';
}

/* The first member called name[0..len). */
static const cJSON *member(const cJSON *node, const char *name, size_t len)
{
    const cJSON *child = cJSON_IsObject(node) ? node->child : NULL;

    while (child && !is_called(child, name, len))
        child = child->next;
    return child;
}

const struct json *json_path(const struct json *node, const char *path)
{
    const cJSON *at = item(node);

    while (at) {
        size_t len = strcspn(path, ".");

        at = member(at, path, len);
        if (path[len] == '\0')
            break;
        path += len + 1;
    }
    return present(at);
}

/* One reference token of a pointer without its escapes; false if too long. */
static bool unescape(const char *token, size_t len, char *out, size_t size)
{
    size_t i, n = 0;

    for (i = 0; i < len && n + 1 < size; i++) {
        char c = token[i];

        if (c == '~' && i + 1 < len)
            c = token[++i] == '1' ? '/' : '~';
        out[n++] = c;
    }
    out[n] = '\0';
    return i == len;
}

static const cJSON *element(const cJSON *array, const char *token)
{
    const cJSON *child = array->child;
    char *end = NULL;
    unsigned long index = strtoul(token, &end, 10);

    if (*token < '0' || *token > '9' || *end || (*token == '0' && token[1]))
        return NULL;
    while (child && index-- > 0)
        child = child->next;
    return child;
}

const struct json *json_pointer(const struct json *node, const char *pointer)
{
    const cJSON *at = item(node);
    char token[256];

    while (at && *pointer == '/') {
        size_t len = strcspn(++pointer, "/");

        if (!unescape(pointer, len, token, sizeof token))
            return NULL;
        at = cJSON_IsArray(at) ? element(at, token)
                               : member(at, token, strlen(token));
        pointer += len;
    }
    return *pointer ? NULL : present(at);
}

const struct json *json_first(const struct json *node)
{
    return node ? (const struct json *)item(node)->child : NULL;
}

const struct json *json_next(const struct json *node)
{
    return (const struct json *)item(node)->next;
}

const char *json_name(const struct json *node)
{
    return node ? item(node)->string : NULL;
}

const char *json_text(const struct json *node)
{
    return cJSON_GetStringValue(item(node));
}

bool json_number(const struct json *node, double *out)
{
    if (!cJSON_IsNumber(item(node)) || !isfinite(item(node)->valuedouble))
        return false;
    *out = item(node)->valuedouble;
    return true;
}

bool json_digits(const struct json *node, double *out)
{
    const char *text = json_text(node);
    char *end = NULL;
    size_t len;

    if (!text)
        return json_number(node, out);
    len = strlen(text);
    if (len == 0 || len > DIGITS_MAX || strspn(text, "+-.0123456789") != len)
        return false;
    *out = strtod(text, &end);
    return *end == '\0' && isfinite(*out);
}

bool json_truth(const struct json *node, bool *out)
{
    *out = cJSON_IsTrue(item(node));
    return cJSON_IsBool(item(node));
}
