/* A folder of its own for each test, and configurations written into it. */
#ifndef TESTS_CONFIG_WORLD_H
#define TESTS_CONFIG_WORLD_H

#include "config/config.h"
#include "tests/unit.h"

/* What most configurations begin with. */
#define BROKER  "mqtt: {url: broker}\n"
#define PRINTER "printers: {mk4: {url: 192.168.1.50}}\n"
#define PLAIN   BROKER PRINTER

/* A text and the problems it has, one line each. */
struct faulty {
    const char *yaml;
    const char *lines;
};

extern const struct config_driver drivers[];

/* Setup and teardown of a test: it runs in an empty folder. */
int world_enter(void **state);
int world_leave(void **state);

/* Write a file that only its owner can read. */
void world_write(const char *path, const char *text);
void world_mode(const char *path, unsigned mode);
/* Write config.yaml and load it; caller frees. Fails the test if it does not
 * load. */
struct config *world_load(const char *yaml);
/* Load config.yaml as it is: exactly these problems? */
void world_problems(const char *lines);
/* Each row: write it as config.yaml and compare its problems. */
void world_rows(const struct faulty *rows, size_t count);

#define WORLD_TEST(name)                                                       \
    cmocka_unit_test_setup_teardown(name, world_enter, world_leave)
#define WORLD_ROWS(rows) world_rows(rows, sizeof(rows) / sizeof *(rows))

#endif
