#include "bridge/drivers/json_node.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 32

/* Missing and null are the same. */
static const struct json *present(const struct json *node)
{
    return node && node->kind != JSON_NULL ? node : NULL;
}

bool json_is_object(const struct json *node)
{
    return node && node->kind == JSON_OBJECT;
}

bool json_is_array(const struct json *node)
{
    return node && node->kind == JSON_ARRAY;
}

/* The first member called name[0..len). This is the hottest loop of a poll, and
 * the length decides nearly always. */
static const struct json *member(const struct json *node, const char *name,
                                 size_t len)
{
    const struct json *child = json_is_object(node) ? node->child : NULL;

    while (child &&
           (child->name_len != len || memcmp(child->name, name, len) != 0))
        child = child->next;
    return child;
}

const struct json *json_path(const struct json *node, const char *path)
{
    const struct json *at = node;

    while (at) {
        size_t len = (size_t)(strchrnul(path, '.') - path);

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

static const struct json *element(const struct json *array, const char *token)
{
    const struct json *child = array->child;
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
    const struct json *at = node;
    char token[256];

    while (at && *pointer == '/') {
        size_t len = strcspn(++pointer, "/");

        if (!unescape(pointer, len, token, sizeof token))
            return NULL;
        at = json_is_array(at) ? element(at, token)
                               : member(at, token, strlen(token));
        pointer += len;
    }
    return *pointer ? NULL : present(at);
}

const struct json *json_first(const struct json *node)
{
    return json_is_object(node) || json_is_array(node) ? node->child : NULL;
}

const struct json *json_next(const struct json *node)
{
    return node->next;
}

void json_name(const struct json *node, char *out, size_t size)
{
    (void)snprintf(out, size, "%.*s",
                   node && node->name ? (int)node->name_len : 0,
                   node && node->name ? node->name : "");
}

const char *json_text(const struct json *node)
{
    return node && node->kind == JSON_TEXT ? node->text : NULL;
}

bool json_number(const struct json *node, double *out)
{
    if (!node || node->kind != JSON_NUMBER || !isfinite(node->number))
        return false;
    *out = node->number;
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
    *out = node && node->kind == JSON_TRUE;
    return *out || (node && node->kind == JSON_FALSE);
}
