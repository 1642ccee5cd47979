#include "mapping/text.h"

#include <stdint.h>

#define NEAREST_MAX 64 /* longer words are not compared */

/* Smallest code point of each sequence length: shorter is overlong. */
static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

static size_t sequence_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    if (first >= 0xf0 && first <= 0xf4)
        return 4;
    return 0;
}

size_t text_utf8(const char *text, size_t len)
{
    static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t n = len ? sequence_length((unsigned char)text[0]) : 0;
    uint32_t code;
    size_t i;

    if (n == 0 || n > len)
        return 0;
    code = (unsigned char)text[0] & mask[n];
    for (i = 1; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (c & 0x3fu);
    }
    if (code < smallest[n] || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff) || (code & 0xfffe) == 0xfffe ||
        (code >= 0xfdd0 && code <= 0xfdef))
        return 0;
    return n;
}

bool text_is_utf8(const char *text, size_t len)
{
    while (len > 0) {
        size_t n = *text ? text_utf8(text, len) : 0;

        if (n == 0)
            return false;
        text += n;
        len -= n;
    }
    return true;
}

/* C0, DEL and C1 (U+0080 to U+009F). */
static bool is_control(const char *text, size_t n)
{
    unsigned char c = (unsigned char)text[0];

    if (n == 1)
        return c < 0x20 || c == 0x7f;
    return n == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0;
}

size_t text_clean(const char *text, size_t characters, char *out, size_t size)
{
    size_t left = strlen(text);
    size_t len = 0;

    while (left > 0 && characters > 0 && len + 4 < size) {
        size_t n = text_utf8(text, left);

        if (n == 0) {
            memcpy(out + len, "\xef\xbf\xbd", 3);
            len += 3;
            n = 1;
        } else if (is_control(text, n)) {
            out[len++] = ' ';
        } else {
            memcpy(out + len, text, n);
            len += n;
        }
        text += n;
        left -= n;
        characters--;
        if (len == 1 && out[0] == ' ')
            len = 0, characters++;
    }
    while (len > 0 && out[len - 1] == ' ')
        len--;
    out[len] = '\0';
    return len;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int low(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static size_t distance(const char *a, const char *b)
{
    size_t row[NEAREST_MAX + 1];
    size_t width = strlen(b);
    size_t i, j;

    for (j = 0; j <= width; j++)
        row[j] = j;
    for (i = 0; a[i]; i++) {
        size_t corner = row[0];

        row[0] = i + 1;
        for (j = 0; j < width; j++) {
            size_t above = row[j + 1];
            size_t change = corner + (low(a[i]) != low(b[j]));

            row[j + 1] = smaller(change, smaller(above, row[j]) + 1);
            corner = above;
        }
    }
    return row[width];
}

const char *text_nearest(const char *word, const char *const *candidates)
{
    size_t len = strlen(word);
    size_t best = len / 3 + 2;
    const char *nearest = NULL, *longer = NULL;
    int longer_count = 0;

    if (len == 0 || len > NEAREST_MAX)
        return NULL;
    for (; *candidates; candidates++) {
        size_t d;

        if (strlen(*candidates) > NEAREST_MAX)
            continue;
        d = distance(word, *candidates);
        if (d < best && d < len && (2 * d < len || **candidates == *word)) {
            best = d;
            nearest = *candidates;
        }
        if (len > 1 && strncmp(word, *candidates, len) == 0) {
            longer = *candidates;
            longer_count++;
        }
    }
    return nearest || longer_count != 1 ? nearest : longer;
}

uint64_t text_hash_bytes(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    uint64_t hash = 1469598103934665603u;

    while (len-- > 0)
        hash = (hash ^ *p++) * 1099511628211u;
    return hash ? hash : 1;
}

size_t text_place(const void *rows, size_t count, size_t size, const char *text)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *const *row =
            (const void *)((const char *)rows + middle * size);

        if (strcmp(*row, text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t text_hash(const char *text)
{
    return text_hash_bytes(text, strlen(text));
}
