#include "bridge/uploads/origin.h"

#include "config/url.h"
#include "mapping/text.h"

static int port_of(const struct url *url)
{
    if (url->port)
        return url->port;
    return strcmp(url->scheme, "https") == 0 ? 443 : 80;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)((at - digits) % 16) : -1;
}

/* The byte at text, of which len bytes are left; *used of them say it. -1 if
 * a % is not followed by two digits. */
static int next_byte(const char *text, size_t len, size_t *used)
{
    int high, low;

    *used = 1;
    if (*text != '%')
        return (unsigned char)*text;
    *used = 3;
    high = len > 2 ? hex_digit(text[1]) : -1;
    low = high >= 0 ? hex_digit(text[2]) : -1;
    return low < 0 ? -1 : high * 16 + low;
}

/* Decode one part of a path; false for what a server might take for another
 * part, or for none. */
static bool decode_part(const char *part, size_t len, char *out, size_t size)
{
    size_t i, used, n = 0;

    for (i = 0; i < len && n + 1 < size; i += used) {
        int c = next_byte(part + i, len - i, &used);

        if (c < 0x20 || c == 0x7f || c == '/' || c == '\\')
            return false;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return i == len && n > 0 && strcmp(out, ".") != 0 && strcmp(out, "..") != 0;
}

/* Both paths part by part; *rest is what follows in path. */
static bool begins_with(const char *path, const char *origin, const char **rest)
{
    char a[256], b[256];

    while (*origin && strcmp(origin, "/") != 0) {
        size_t n = strcspn(origin + 1, "/"), m;

        if (*path != '/')
            return false;
        m = strcspn(path + 1, "/?");
        if (!decode_part(origin + 1, n, a, sizeof a) ||
            !decode_part(path + 1, m, b, sizeof b) || strcmp(a, b) != 0)
            return false;
        origin += n + 1;
        path += m + 1;
    }
    *rest = path;
    return true;
}

/* Every part of what is left must be harmless; the last one is the name. */
static bool take_name(const char *rest, char *name, size_t size)
{
    if (*rest != '/')
        return false;
    while (*rest == '/') {
        size_t n = strcspn(rest + 1, "/?");

        if (!decode_part(rest + 1, n, name, size))
            return false;
        rest += n + 1;
    }
    return text_is_utf8(name, strlen(name));
}

static bool same_server(const struct url *a, const struct url *b)
{
    return strcmp(a->scheme, b->scheme) == 0 && strcmp(a->host, b->host) == 0 &&
           port_of(a) == port_of(b);
}

static bool is_below(const char *origin, const struct url *url, char *name,
                     size_t size)
{
    struct url allowed;
    const char *rest;
    bool below;

    if (!url_parse(origin, &allowed, NULL))
        return false;
    below = same_server(&allowed, url) &&
            begins_with(url->path, allowed.path, &rest) &&
            take_name(rest, name, size);
    url_release(&allowed);
    return below;
}

static bool fill(const struct url *url, struct origin_target *out,
                 struct error *err)
{
    int len = snprintf(out->server, sizeof out->server, "%s://%s%s%s:%d",
                       url->scheme, url->ipv6 ? "[" : "", url->host,
                       url->ipv6 ? "]" : "", port_of(url));

    if (len < 0 || (size_t)len >= sizeof out->server ||
        strlen(url->path) >= sizeof out->target)
        return error_set(err, "the address is longer than %d bytes",
                         REQUEST_TARGET_MAX);
    memcpy(out->target, url->path, strlen(url->path) + 1);
    return true;
}

static bool check(const struct url *url, struct error *err)
{
    if (!url->scheme ||
        (strcmp(url->scheme, "http") != 0 && strcmp(url->scheme, "https") != 0))
        return error_set(err, "the address must begin with http:// or "
                              "https://");
    if (url->username || url->password)
        return error_set(err, "the address must not hold a user or password");
    if (strchr(url->path, '#'))
        return error_set(err, "the address must not hold a #");
    return true;
}

static bool allows(char *const *origins, const struct url *url,
                   struct origin_target *out, struct error *err)
{
    size_t i;

    if (!check(url, err))
        return false;
    for (i = 0; origins && origins[i]; i++)
        if (is_below(origins[i], url, out->name, sizeof out->name))
            return fill(url, out, err);
    return error_set(err, "files from there are not allowed; name it in "
                          "uploads.origins of the configuration");
}

bool origin_allows(char *const *origins, const char *url,
                   struct origin_target *out, struct error *err)
{
    struct url parts;
    bool ok;

    if (!url_parse(url, &parts, err))
        return false;
    ok = allows(origins, &parts, out, err);
    url_release(&parts);
    return ok;
}
