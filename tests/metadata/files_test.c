/* Files of real slicers, with the figures that the slicers themselves show.
 * Only heads and tails are kept (record.py): between them stands made-up
 * G-code, so that each file is as long as it was. Prints one line a file and,
 * last, the worst difference of a weight. */
#include "bridge/metadata/metadata.h"
#include "mapping/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define ALLOWED 0.01

struct file {
    char name[100], types[100], pictures[400];
    char *bytes;
    size_t len;
    int64_t head, size;
    double weight, length, layer, seconds;
    int64_t read; /* bytes that were asked for */
};

static int wrong, weights;
static double worst;

#define fail(file, ...)                                                        \
    (printf("FAIL %s: ", (file)->name), printf(__VA_ARGS__), printf("\n"),     \
     (void)wrong++)

static char byte_at(const struct file *file, int64_t offset)
{
    static const char filler[] = "G1 X10.1 Y20.2 E.0123\n";
    int64_t tail = file->size - ((int64_t)file->len - file->head);

    if (offset < file->head)
        return file->bytes[offset];
    if (offset >= tail)
        return file->bytes[file->head + offset - tail];
    if (offset == tail - 1)
        return '\n';
    return filler[(size_t)(offset - file->head) % strlen(filler)];
}

static long read_file(void *context, int64_t offset, void *bytes, size_t len,
                      struct error *err)
{
    struct file *file = context;
    size_t i;

    (void)err;
    for (i = 0; i < len && offset + (int64_t)i < file->size; i++)
        ((char *)bytes)[i] = byte_at(file, offset + (int64_t)i);
    file->read += (int64_t)i;
    return (long)i;
}

static double difference(double ours, double theirs)
{
    return theirs > 0 ? fabs(ours - theirs) / theirs : ours;
}

static void check_picture(const struct file *file,
                          const struct metadata_source *source,
                          const struct metadata_image *image, const char **want)
{
    static const char *const names[] = {"PNG", "JPG", "QOI"};
    struct buffer picture = {0};
    struct error err = {""};
    char have[100];

    if (!metadata_image_read(source, image, &picture, &err))
        fail(file, "%s", err.text);
    (void)snprintf(have, sizeof have, "%ux%u:%s:%08lx", image->width,
                   image->height, names[image->format],
                   crc32(0, (const Bytef *)picture.bytes, (uInt)picture.len));
    if (strncmp(*want, have, strlen(have)) != 0)
        fail(file, "picture %s, not %s", have, *want);
    *want += strcspn(*want, ",");
    *want += strspn(*want, ",");
    buffer_release(&picture);
}

static void check_facts(const struct file *file, const struct metadata *m)
{
    const char *types = strcmp(file->types, "-") == 0 ? "" : file->types;
    double off = difference(m->weight_g, file->weight);

    if (off > ALLOWED)
        fail(file, "weight %g g, the slicer says %g g", m->weight_g,
             file->weight);
    if (difference(m->length_mm, file->length) > ALLOWED)
        fail(file, "length %g mm, the slicer says %g mm", m->length_mm,
             file->length);
    if (difference(m->layer_height_mm, file->layer) > 0)
        fail(file, "layer height %g mm", m->layer_height_mm);
    if (m->seconds != (int64_t)file->seconds)
        fail(file, "%lld s, the slicer says %g s", (long long)m->seconds,
             file->seconds);
    if (strcmp(m->types, types) != 0)
        fail(file, "type \"%s\", not \"%s\"", m->types, types);
    if (off > worst)
        worst = off;
}

static void check(struct file *file)
{
    struct metadata_source source = {read_file, file, file->size};
    struct metadata m, facts;
    struct error err = {""};
    const char *want = file->pictures + (*file->pictures == '-');
    int64_t all;
    size_t i;

    if (!metadata_read(&source, METADATA_FACTS | METADATA_PICTURES, &m, &err))
        fail(file, "%s", err.text);
    all = file->read;
    file->read = 0;
    check_facts(file, &m);
    if (!metadata_read(&source, METADATA_FACTS, &facts, &err))
        fail(file, "%s", err.text);
    check_facts(file, &facts);
    weights += file->weight > 0;
    printf("%-36s %8.2f g  slicer %8.2f g  %6.2f %%  read %lld, with "
           "pictures %lld of %lld\n",
           file->name, m.weight_g, file->weight,
           100 * difference(m.weight_g, file->weight), (long long)file->read,
           (long long)all, (long long)file->size);
    for (i = 0; i < m.image_count; i++)
        check_picture(file, &source, &m.images[i], &want);
    if (*want)
        fail(file, "pictures not found: %s", want);
}

static char *slurp(const char *folder, const char *name, size_t *len)
{
    char path[1000], *bytes = memory_zero(1, 100000);
    FILE *in;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    in = fopen(path, "rb");
    *len = in ? fread(bytes, 1, 99999, in) : 0;
    if (in)
        (void)fclose(in);
    return bytes;
}

static char *column(char **row)
{
    char *text = *row;
    size_t len = strcspn(text, "\t");

    *row = text + len + (text[len] == '\t');
    text[len] = '\0';
    return text;
}

static void check_row(const char *folder, char *row)
{
    struct file file = {.read = 0};

    (void)snprintf(file.name, sizeof file.name, "%s", column(&row));
    file.head = strtoll(column(&row), NULL, 10);
    file.size = strtoll(column(&row), NULL, 10);
    file.weight = strtod(column(&row), NULL);
    file.length = strtod(column(&row), NULL);
    file.layer = strtod(column(&row), NULL);
    file.seconds = strtod(column(&row), NULL);
    (void)snprintf(file.types, sizeof file.types, "%s", column(&row));
    (void)snprintf(file.pictures, sizeof file.pictures, "%s", column(&row));
    file.bytes = slurp(folder, file.name, &file.len);
    if ((int64_t)file.len < file.head || file.len == 0)
        fail(&file, "not as long as files.tsv says");
    else
        check(&file);
    free(file.bytes);
}

int main(int argc, char **argv)
{
    size_t len;
    char *list, *row, *next;

    if (argc != 2)
        return 2;
    list = slurp(argv[1], "files.tsv", &len);
    for (row = list; *row; row = next) {
        size_t end = strcspn(row, "\n");

        next = row + end + (row[end] == '\n');
        row[end] = '\0';
        if (*row != '#')
            check_row(argv[1], row);
    }
    free(list);
    printf("weights of %d files: worst difference %.2f %%, allowed %.2f %%\n",
           weights, 100 * worst, 100 * ALLOWED);
    return wrong > 0 || weights < 20;
}
