#include "config/url.h"

#include "mapping/buffer.h"
#include "mapping/memory.h"

#include <arpa/inet.h>
#include <ctype.h>

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void url_release(struct url *url)
{
    free(url->scheme);
    free(url->username);
    wipe(url->password);
    free(url->host);
    free(url->path);
    *url = (struct url){0};
}

static void lower(char *text)
{
    for (; *text; text++)
        *text = (char)tolower((unsigned char)*text);
}

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Decode %41 in place; false if a % is not followed by two hex digits or
 * stands for a control character. */
static bool decode(char *text)
{
    char *to = text;

    for (; *text; text++) {
        int high, low;

        if (*text != '%') {
            *to++ = *text;
            continue;
        }
        high = hex(text[1]);
        low = high < 0 ? -1 : hex(text[2]);
        if (low < 0 || high * 16 + low < 0x20)
            return false;
        *to++ = (char)(high * 16 + low);
        text += 2;
    }
    explicit_bzero(to, (size_t)(text - to)); /* the end of what it was */
    return true;
}

static bool take_credentials(const char *text, size_t len, struct url *url,
                             struct error *err)
{
    const char *colon = memchr(text, ':', len);
    size_t name = colon ? (size_t)(colon - text) : len;

    url->username = memory_copy(text, name);
    if (colon)
        url->password = memory_copy(colon + 1, len - name - 1);
    if (!decode(url->username) || (url->password && !decode(url->password)))
        return error_set(err, "user or password in the address is not encoded "
                              "well; give them as keys of their own");
    return true;
}

static bool check_zone(const char *zone, struct error *err)
{
    size_t len = strspn(zone, "abcdefghijklmnopqrstuvwxyz0123456789._-");

    if (len == 0 || zone[len])
        return error_set(err, "the zone of the IPv6 address is not valid");
    return true;
}

static bool take_ipv6(const char *text, size_t len, struct url *url,
                      struct error *err)
{
    unsigned char address[16];
    char *zone;

    url->ipv6 = true;
    url->host = memory_copy(text, len);
    lower(url->host);
    zone = strchr(url->host, '%');
    if (zone)
        *zone = '\0';
    if (inet_pton(AF_INET6, url->host, address) != 1)
        return error_set(err, "there is no IPv6 address in the brackets");
    if (!zone)
        return true;
    /* RFC 6874 writes %25 where people write %. */
    if (strncmp(zone + 1, "25", 2) == 0)
        memmove(zone + 1, zone + 3, strlen(zone + 3) + 1);
    *zone = '%';
    return check_zone(zone + 1, err);
}

static bool take_name(const char *text, size_t len, struct url *url,
                      struct error *err)
{
    size_t i;

    if (len == 0)
        return error_set(err, "the address has no host");
    if (len > 253)
        return error_set(err, "the host is longer than 253 characters");
    for (i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("._-", text[i]))
            return error_set(err, "a host holds only letters, digits, dots and "
                                  "hyphens");
    url->host = memory_copy(text, len);
    lower(url->host);
    return true;
}

static bool take_port(const char *text, size_t len, struct url *url,
                      struct error *err)
{
    size_t i;

    for (i = 0; i < len && isdigit((unsigned char)text[i]) && i < 6; i++)
        url->port = url->port * 10 + (text[i] - '0');
    if (len == 0 || i < len || url->port < 1 || url->port > 65535)
        return error_set(err, "a port is a number from 1 to 65535");
    return true;
}

/* host[:port] or [ipv6][:port] */
static bool take_host(const char *text, size_t len, struct url *url,
                      struct error *err)
{
    const char *end =
        len && *text == '[' ? memchr(text, ']', len) : memchr(text, ':', len);
    size_t host = end ? (size_t)(end - text) : len;
    bool ok;

    if (len && *text == '[') {
        if (!end)
            return error_set(err, "the address lacks its ]");
        ok = take_ipv6(text + 1, host - 1, url, err);
        host++;
    } else {
        if (end && memchr(end + 1, ':', len - host - 1))
            return error_set(err, "an IPv6 address needs brackets: "
                                  "http://[2001:db8::5]");
        ok = take_name(text, host, url, err);
    }
    if (!ok || host == len)
        return ok;
    if (text[host] != ':')
        return error_set(err, "only a port can follow the address in brackets");
    return take_port(text + host + 1, len - host - 1, url, err);
}

static bool is_scheme(const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("+-.", text[i]))
            return false;
    return len > 0 && len < 16;
}

static bool check_bytes(const char *text, struct error *err)
{
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f)
            return error_set(err, "an address holds only plain ASCII without "
                                  "blanks");
    return true;
}

static bool take_all(const char *text, struct url *url, struct error *err)
{
    const char *mark = strstr(text, "://");
    const char *at;
    size_t len;

    if (!check_bytes(text, err))
        return false;
    if (mark && is_scheme(text, (size_t)(mark - text))) {
        url->scheme = memory_copy(text, (size_t)(mark - text));
        lower(url->scheme);
        text = mark + 3;
    }
    len = strcspn(text, "/?#");
    at = memrchr(text, '@', len);
    url->path = memory_text(text + len);
    if (at) {
        if (!take_credentials(text, (size_t)(at - text), url, err))
            return false;
        len -= (size_t)(at - text) + 1;
        text = at + 1;
    }
    if (url->scheme && strcmp(url->scheme, "unix") == 0) {
        url->host = memory_copy(text, len);
        return true;
    }
    return take_host(text, len, url, err);
}

bool url_parse(const char *text, struct url *url, struct error *err)
{
    *url = (struct url){0};
    if (take_all(text, url, err))
        return true;
    url_release(url);
    return false;
}

static bool check_printer(const struct url *url, struct error *err)
{
    if (url->scheme && strcmp(url->scheme, "http") != 0 &&
        strcmp(url->scheme, "https") != 0)
        return error_set(err, "a printer's address begins with http:// or "
                              "https://, or is just its host");
    if (url->username)
        return error_set(err, "credentials do not belong in the address; use "
                              "the keys username and password");
    if (strpbrk(url->path, "?#"))
        return error_set(err, "the address of a printer has no ? or #");
    return true;
}

static void write_host(const struct url *url, struct buffer *b)
{
    const char *zone = url->ipv6 ? strchr(url->host, '%') : NULL;

    if (zone) /* RFC 6874: the % before a zone is itself encoded */
        buffer_format(b, "[%.*s%%25%s]", (int)(zone - url->host), url->host,
                      zone + 1);
    else if (url->ipv6)
        buffer_format(b, "[%s]", url->host);
    else
        buffer_text_add(b, url->host);
}

char *url_printer(const char *text, struct error *err)
{
    struct buffer b = {0};
    struct url url;
    size_t len;

    if (!url_parse(text, &url, err))
        return NULL;
    if (check_printer(&url, err)) {
        const char *scheme = url.scheme ? url.scheme : "http";

        buffer_format(&b, "%s://", scheme);
        write_host(&url, &b);
        if (url.port && url.port != (strcmp(scheme, "http") == 0 ? 80 : 443))
            buffer_format(&b, ":%d", url.port);
        len = strlen(url.path);
        while (len > 0 && url.path[len - 1] == '/')
            len--;
        buffer_add(&b, url.path, len);
    }
    url_release(&url);
    return b.bytes;
}
