/* Feeds the files of a folder to a fuzz target once, where there is no
 * libFuzzer: what was found once stays found with every compiler. */
#include "mapping/buffer.h"

#include <dirent.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(const char *folder, const char *name)
{
    struct buffer path = {0}, input = {0};
    char part[4096];
    size_t got;
    FILE *file;

    (void)buffer_format(&path, "%s/%s", folder, name);
    file = fopen(buffer_text(&path), "rb");
    if (!file) {
        perror(buffer_text(&path));
        exit(1);
    }
    while ((got = fread(part, 1, sizeof part, file)) > 0)
        (void)buffer_add(&input, part, got);
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput((const uint8_t *)buffer_text(&input),
                                 input.len);
    buffer_release(&input);
    buffer_release(&path);
}

int main(int argc, char **argv)
{
    const struct dirent *entry;
    int count = 0;
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;

    if (!dir) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.') {
            feed(argv[1], entry->d_name);
            count++;
        }
    (void)closedir(dir);
    printf("%d inputs\n", count);
    return count ? 0 : 1;
}
