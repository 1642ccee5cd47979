#include "bridge/metadata/text.h"

#include <string.h>

#define SIDE_MAX 65535

/* "220x124 12345", "220 124 12345": width, height, characters of base64 */
static bool read_size(const char *text, struct metadata_image *image)
{
    double numbers[3];
    int i;

    for (i = 0; i < 3; i++) {
        text += strspn(text, i == 1 ? " x" : " ");
        if (!words_number(text, &text, &numbers[i]) || numbers[i] < 1)
            return false;
    }
    if (*text || numbers[0] > SIDE_MAX || numbers[1] > SIDE_MAX ||
        numbers[2] > METADATA_FAR)
        return false;
    image->width = (unsigned)numbers[0];
    image->height = (unsigned)numbers[1];
    image->bytes = ((size_t)numbers[2] + 3) / 4 * 3;
    return true;
}

/* What follows "thumbnail" up to " begin". */
static bool read_format(const char *text, size_t len,
                        struct metadata_image *image)
{
    static const struct {
        const char *name;
        enum metadata_format format;
    } formats[] = {
        {"", METADATA_PNG},
        {"_PNG", METADATA_PNG},
        {"_JPG", METADATA_JPG},
        {"_QOI", METADATA_QOI},
    };
    size_t i;

    for (i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strlen(formats[i].name) == len &&
            strncmp(formats[i].name, text, len) == 0) {
            image->format = formats[i].format;
            return true;
        }
    return false;
}

static void end_image(struct text *t, struct facts *f)
{
    t->inside = false;
    t->pictures = t->at;
    t->image.span = t->line - t->image.offset;
    if (t->known && t->image.span >= (int64_t)(t->image.bytes / 3 * 4) &&
        f->found.image_count < METADATA_IMAGES)
        f->found.images[f->found.image_count++] = t->image;
}

/* Is it a line of a picture? Its own lines are "; " and base64. */
static bool picture_line(struct text *t, const char *text, struct facts *f)
{
    static const char start[] = "thumbnail", begin[] = " begin ";
    const char *word;
    size_t len;

    if (strncmp(text, start, strlen(start)) != 0)
        return t->inside;
    text += strlen(start);
    len = strcspn(text, " ");
    word = text + len;
    if (t->inside && strcmp(word, " end") == 0) {
        end_image(t, f);
    } else if (strncmp(word, begin, strlen(begin)) == 0) {
        t->image = (struct metadata_image){.base64 = true, .offset = t->at};
        t->known = read_format(text, len, &t->image) &&
                   read_size(word + strlen(begin), &t->image);
        t->inside = true;
    }
    return true;
}

static void take_line(struct text *t, const char *line, struct facts *f)
{
    if (*line != ';') {
        t->inside = false;
        return;
    }
    line += strspn(line, "; \t");
    if (!picture_line(t, line, f))
        facts_line(f, line);
}

void text_feed(struct text *t, const char *bytes, size_t len, struct facts *f)
{
    while (len > 0) {
        const char *line;
        size_t part = lines_take(&t->lines, bytes, len, &line);

        t->at += (int64_t)part;
        if (line)
            take_line(t, line, f);
        if (bytes[part - 1] == '\n')
            t->line = t->at;
        bytes += part;
        len -= part;
    }
}

void text_end(struct text *t, struct facts *f)
{
    const char *line = lines_last(&t->lines);

    if (line)
        take_line(t, line, f);
}

void text_seek(struct text *t, int64_t offset)
{
    if (offset == t->at)
        return;
    t->lines.len = 0;
    t->lines.skip = true;
    t->inside = false;
    t->at = t->line = offset;
}
