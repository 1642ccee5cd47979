/* Fuzz the configuration: whatever a file holds, it is read or refused; and the
 * effective mapping of what was read is YAML again. */
#include "config/config.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const endpoints[] = {"status", "job", NULL};
static const struct config_driver drivers[] = {{"prusalink", endpoints}, {0}};

/* Load bytes from a file that exists in memory only. */
static struct config *load(const void *data, size_t size,
                           struct config_problems *problems)
{
    int fd = memfd_create("config.yaml", MFD_CLOEXEC);
    struct config *config;
    char path[64];

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    config = config_load(path, drivers, problems);
    (void)close(fd);
    return config;
}

static void load_mapping(const struct config *config)
{
    struct config_problems problems = {.errors = 0};
    struct buffer yaml = {0};

    (void)buffer_text_add(&yaml, "mqtt: {url: h}\nprinters: {p: {url: h}}\n");
    config_mapping(config, &yaml);
    config_free(load(yaml.bytes, yaml.len, &problems));
    if (strstr(buffer_text(&problems.text), "not valid YAML") ||
        strstr(buffer_text(&problems.text), "unknown"))
        abort();
    buffer_release(&problems.text);
    buffer_release(&yaml);
}

/* Each line names a place and is one line of text. */
static void check_problems(const struct config_problems *problems)
{
    const char *c = buffer_text(&problems->text);

    for (; *c; c++)
        if ((unsigned char)*c < ' ' && *c != '\n')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_problems problems = {.errors = 0};
    struct config *config = load(data, size, &problems);

    if (!config == !problems.errors)
        abort();
    check_problems(&problems);
    if (config)
        load_mapping(config);
    config_free(config);
    buffer_release(&problems.text);
    return 0;
}
