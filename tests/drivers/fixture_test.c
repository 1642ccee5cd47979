/* Runs the recorded answers below tests/fixtures/<driver>/<case>/:
 *
 *   01-status.http      status line, headers, empty line, body; the part after
 *                       the number is the endpoint's name. Answers are decoded
 *                       and settled in the order of their numbers, on one
 *                       snapshot. A step `NN-offline` makes all live fields
 *                       absent, as the bridge does.
 *   01-status.expected  what must hold after that step
 *   expected            what must hold at the end
 *   custom              the user's own fields: key endpoint pointer quantity
 *
 * Expected files hold lines `key value`: the payload on the field's topic,
 * `None` for absent. Also `can/<command> online|offline`, `unknown WORD` (an
 * invented state is to be reported; `None`: nothing is), `again yes|no` (the
 * job is to be read again) and `error TEXT` (the answer was refused, changed
 * nothing, and the sentence begins so). Every known field must be named, unless
 * a line `...` says that the file is not complete. `#` begins a comment. */
#include "bridge/drivers/driver.h"
#include "mapping/memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <unistd.h>

#define LINE_MAX_LEN 1024

struct world {
    const struct driver *driver;
    const char *dir;
    struct telemetry now, before;
    struct device device;
    struct mapping mapping;
    struct error refused; /* of the last step; "" if it was taken */
    int failures;
};

__attribute__((format(printf, 3, 4))) static void
fail(struct world *w, const char *where, const char *format, ...)
{
    va_list args;

    w->failures++;
    printf("  %s: ", where);
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    printf("\n");
}

/* A file as a NUL-terminated copy; NULL if it is not there. */
static char *load(const char *dir, const char *name, size_t *len)
{
    char path[PATH_MAX], chunk[4096];
    struct buffer bytes = {0};
    ssize_t got;
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    while ((got = read(fd, chunk, sizeof chunk)) > 0)
        (void)buffer_add(&bytes, chunk, (size_t)got);
    (void)close(fd);
    (void)buffer_add(&bytes, "", 0);
    *len = bytes.len;
    return bytes.bytes ? bytes.bytes : memory_text("");
}

/* ---- what a snapshot says ---- */

static void describe(const struct telemetry *t, int slot,
                     enum quantity quantity, char *out, size_t size)
{
    struct value v = telemetry_get(t, slot);
    char text[VALUE_FORMAT_MAX];

    if (v.kind == VALUE_ABSENT)
        (void)snprintf(out, size, "None");
    else if (v.kind == VALUE_TEXT)
        (void)snprintf(out, size, "%s", telemetry_text(t, slot));
    else {
        (void)value_format(v, quantity, quantity_row(quantity)->decimals, text);
        (void)snprintf(out, size, "%s", text);
    }
}

/* Key and quantity of a slot; false if it is no field of this printer now. */
static bool name_slot(const struct world *w, enum field field, int instance,
                      char *key, enum quantity *quantity)
{
    *quantity = field_row(field)->quantity;
    switch (field_row(field)->scope) {
    case SCOPE_ONE: return field_key(field, NULL, key, FIELD_KEY_MAX + 1);
    case SCOPE_STORAGE:
        return instance < w->device.storages.count &&
               field_key(field, w->device.storages.name[instance], key,
                         FIELD_KEY_MAX + 1);
    case SCOPE_CAMERA:
        return instance < w->device.cameras.count &&
               field_key(field, w->device.cameras.name[instance], key,
                         FIELD_KEY_MAX + 1);
    case SCOPE_CUSTOM:
        if (instance >= w->mapping.custom_count)
            return false;
        *quantity = w->mapping.custom[instance].quantity;
        memcpy(key, w->mapping.custom[instance].key, FIELD_KEY_MAX + 1);
        return true;
    case SCOPE_COUNT: break;
    }
    return false;
}

static bool is_named(const char *expected, const char *key)
{
    size_t len = strlen(key);
    const char *line = expected;

    while (line) {
        if (strncmp(line, key, len) == 0 && line[len] == ' ')
            return true;
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return false;
}

typedef void field_visit(struct world *w, const char *key, const char *is,
                         void *arg);

/* Every field this printer can have now, with its payload. */
static void each_field(struct world *w, field_visit *visit, void *arg)
{
    char key[FIELD_KEY_MAX + 1], is[LINE_MAX_LEN];
    enum quantity quantity;
    enum field f;
    int i;

    for (f = 0; f < FIELD_COUNT; f++)
        for (i = 0; i < field_instances(f); i++)
            if (name_slot(w, f, i, key, &quantity)) {
                describe(&w->now, field_slot(f, i), quantity, is, sizeof is);
                visit(w, key, is, arg);
            }
}

struct line {
    const char *where, *key, *value;
    bool found;
};

static void compare(struct world *w, const char *key, const char *is, void *arg)
{
    struct line *line = arg;

    if (strcmp(line->key, key) != 0)
        return;
    line->found = true;
    if (strcmp(line->value, is) != 0)
        fail(w, line->where, "%s is %s, expected %s", key, is, line->value);
}

static void check_field(struct world *w, const char *where, const char *key,
                        const char *value)
{
    struct line line = {where, key, value, false};

    each_field(w, compare, &line);
    if (!line.found &&
        (strcmp(value, "None") != 0 || field_find(key, NULL) == FIELD_COUNT))
        fail(w, where, "no field %s", key);
}

static void expect_named(struct world *w, const char *key, const char *is,
                         void *arg)
{
    if (strcmp(is, "None") != 0 && !is_named(arg, key))
        fail(w, "complete list", "%s is %s and not expected at all", key, is);
}

/* ---- lines that are no fields ---- */

static void check_can(struct world *w, const char *where, const char *key,
                      const char *value)
{
    const char *command = key + strlen("can/");
    enum command c = command_find(command);
    enum state state = telemetry_state(&w->now);
    bool can = c != COMMAND_COUNT && state < STATE_COUNT &&
               (driver_states(w->driver, c, &w->device) & STATE_BIT(state));

    if (c == COMMAND_COUNT)
        fail(w, where, "no command is called %s", command);
    else if (strcmp(value, can ? "online" : "offline") != 0)
        fail(w, where, "can/%s is %s", command, can ? "online" : "offline");
}

static void check_unknown(struct world *w, const char *where, const char *key,
                          const char *value)
{
    const char *is = w->device.unknown_state ? w->device.unknown_word : "None";

    (void)key;
    if (strcmp(is, value) != 0)
        fail(w, where, "unknown word is %s", is);
    w->device.unknown_state = false; /* the bridge has reported it */
}

static void check_again(struct world *w, const char *where, const char *key,
                        const char *value)
{
    bool again = !driver_job_agrees(&w->now, &w->device);

    (void)key;
    if (strcmp(value, again ? "yes" : "no") != 0)
        fail(w, where, "the job is %sread again", again ? "" : "not ");
}

static void check_error(struct world *w, const char *where, const char *key,
                        const char *value)
{
    (void)key;
    if (strncmp(value, w->refused.text, strlen(value)) != 0)
        fail(w, where, "error is \"%s\"", w->refused.text);
}

static void check_line(struct world *w, const char *where, const char *key,
                       const char *value)
{
    static const struct {
        const char *key;
        void (*check)(struct world *w, const char *where, const char *key,
                      const char *value);
    } rows[] = {
        {"can/", check_can},    {"unknown", check_unknown},
        {"again", check_again}, {"error", check_error},
        {"", check_field},
    };
    size_t i = 0;

    while (strncmp(rows[i].key, key, strlen(rows[i].key)) != 0)
        i++;
    rows[i].check(w, where, key, value);
}

static void check(struct world *w, const char *name, char *expected)
{
    bool complete =
        !strstr(expected, "\n...\n") && !is_named(expected, "error");
    char *copy = memory_text(expected);
    char *line = expected, *end, *value;

    for (; line && *line; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        value = strchr(line, ' ');
        if (*line == '#' || *line == '\0' || !value)
            continue;
        *value++ = '\0';
        check_line(w, name, line, value);
    }
    if (complete)
        each_field(w, expect_named, copy);
    free(copy);
}

/* ---- steps ---- */

/* Status and body of a recorded answer; false if it is not one. */
static bool split(char *file, size_t len, int *status, const char **body,
                  size_t *body_len)
{
    char *at = strchr(file, ' ');

    if (strncmp(file, "HTTP/", 5) != 0 || !at)
        return false;
    *status = (int)strtol(at, NULL, 10);
    while ((at = strchr(at, '\n')) != NULL) {
        at++;
        if (*at == '\r')
            at++;
        if (*at == '\n')
            break;
    }
    *body = at ? at + 1 : file + len;
    *body_len = len - (size_t)(*body - file);
    return true;
}

static void check_untouched(struct world *w, const char *name)
{
    int slot;

    for (slot = 0; slot < SLOT_COUNT; slot++)
        if (!telemetry_equal(&w->before, &w->now, slot))
            fail(w, name, "slot %d changed although refused", slot);
}

static void answer(struct world *w, const char *name, const char *endpoint)
{
    int index = driver_endpoint_find(w->driver, endpoint);
    size_t len, body_len;
    char *file = load(w->dir, name, &len);
    const char *body;
    int status;

    if (index < 0 || !split(file, len, &status, &body, &body_len)) {
        fail(w, name, "no such endpoint, or no recorded answer");
    } else if (driver_decode(w->driver, index, status, body, body_len,
                             &w->mapping, &w->now, &w->device, &w->refused)) {
        w->refused.text[0] = '\0';
        w->driver->settle(&w->before, &w->now, &w->device);
    } else {
        check_untouched(w, name);
    }
    free(file);
}

/* NN-endpoint.http */
static void step(struct world *w, const char *name)
{
    char endpoint[64], expected_name[80];
    char *expected;
    size_t len;

    (void)snprintf(endpoint, sizeof endpoint, "%s",
                   name + strspn(name, "0123456789-"));
    endpoint[strcspn(endpoint, ".")] = '\0';
    telemetry_copy(&w->before, &w->now);
    w->refused.text[0] = '\0';
    if (strcmp(endpoint, "offline") == 0)
        telemetry_clear_life(&w->now, LIFE_LIVE);
    else
        answer(w, name, endpoint);
    (void)snprintf(expected_name, sizeof expected_name, "%.*s.expected",
                   (int)strcspn(name, "."), name);
    expected = load(w->dir, expected_name, &len);
    if (w->refused.text[0] && !(expected && is_named(expected, "error")))
        fail(w, name, "refused: %s", w->refused.text);
    if (expected)
        check(w, expected_name, expected);
    free(expected);
}

/* ---- cases ---- */

static void load_custom(struct world *w)
{
    size_t len;
    char *file = load(w->dir, "custom", &len), *line = file, *end;
    struct custom_field *custom = w->mapping.custom;

    for (; line && *line && w->mapping.custom_count < CUSTOM_MAX; line = end) {
        char key[64], endpoint[64], pointer[256], quantity[32];

        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        if (sscanf(line, "%63s %63s %255s %31s", key, endpoint, pointer,
                   quantity) != 4)
            continue;
        (void)snprintf(custom->key, sizeof custom->key, "%s", key);
        custom->endpoint = memory_text(endpoint);
        custom->pointer = memory_text(pointer);
        custom->quantity = quantity_find(quantity);
        custom++;
        w->mapping.custom_count++;
    }
    free(file);
}

static int is_step(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return entry->d_name[0] >= '0' && entry->d_name[0] <= '9' &&
           !(dot && strcmp(dot, ".expected") == 0);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void run_case(struct world *w)
{
    struct dirent **names = NULL;
    int i, count = scandir(w->dir, &names, is_step, alphasort);
    char *expected;
    size_t len;

    load_custom(w);
    for (i = 0; i < count; i++) {
        step(w, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    expected = load(w->dir, "expected", &len);
    if (expected)
        check(w, "expected", expected);
    if (count <= 0)
        fail(w, w->dir, "no steps");
    free(expected);
    telemetry_release(&w->now);
    telemetry_release(&w->before);
    device_release(&w->device);
    for (i = 0; i < w->mapping.custom_count; i++) {
        free(w->mapping.custom[i].endpoint);
        free(w->mapping.custom[i].pointer);
    }
}

static int run_driver(const char *root, const char *name, int *cases)
{
    char dir[PATH_MAX], path[PATH_MAX];
    struct dirent **names = NULL;
    int i, failures = 0, count;

    (void)snprintf(dir, sizeof dir, "%s/%s", root, name);
    count = scandir(dir, &names, is_visible, alphasort);
    for (i = 0; i < count; i++) {
        struct world *w = memory_zero(1, sizeof *w);
        int len = snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);

        w->driver = driver_find(name);
        w->dir = path;
        if (!w->driver || len < 0 || (size_t)len >= sizeof path)
            fail(w, name, "no such driver");
        else
            run_case(w);
        if (w->failures)
            printf("FAILED %s/%s\n", name, names[i]->d_name);
        failures += w->failures > 0;
        *cases += 1;
        free(w);
        free(names[i]);
    }
    free(names);
    return failures;
}

int main(int argc, char **argv)
{
    struct dirent **names = NULL;
    int i, count, cases = 0, failures = 0;

    if (argc != 2)
        return 2;
    count = scandir(argv[1], &names, is_visible, alphasort);
    for (i = 0; i < count; i++) {
        if (driver_find(names[i]->d_name))
            failures += run_driver(argv[1], names[i]->d_name, &cases);
        free(names[i]);
    }
    free(names);
    printf("%d cases, %d failed\n", cases, failures);
    return failures || cases == 0;
}
