/* Text from printers and configurations: cleaned, compared, made into names,
 * read as keys. */
#include "mapping/field.h"
#include "mapping/memory.h"
#include "mapping/telemetry.h"
#include "mapping/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHARACTERS 30

static void clean(const char *text)
{
    char out[4 * CHARACTERS + 1], again[4 * CHARACTERS + 1];
    size_t len = text_clean(text, CHARACTERS, out, sizeof out);
    size_t i;

    if (len != strlen(out) || !text_is_utf8(out, len))
        abort();
    for (i = 0; i < len; i++)
        if ((unsigned char)out[i] < ' ' || out[i] == 0x7f)
            abort();
    if (text_clean(out, CHARACTERS, again, sizeof again) != len ||
        strcmp(out, again) != 0)
        abort();
}

static void name(const char *text)
{
    char name[INSTANCE_NAME_MAX + 1], key[FIELD_KEY_MAX + 1];
    char found[INSTANCE_NAME_MAX + 1];
    struct instances known = {.count = 0};

    instance_name(text, name);
    if (!name[0] ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(name))
        abort();
    if (!field_key(FIELD_STORAGE_FREE, name, key, sizeof key) ||
        field_find(key, found) != FIELD_STORAGE_FREE ||
        strcmp(found, name) != 0)
        abort();
    if (instances_learn(&known, text, 0) != 0 ||
        instances_learn(&known, text, 1) != 1 ||
        instances_learn(&known, text, 0) != 0)
        abort();
    instances_release(&known);
}

static void store(const char *text)
{
    struct telemetry t = {0};
    int i;

    for (i = 0; i < 3; i++) {
        telemetry_set_text(&t, SLOT_MESSAGE, text);
        telemetry_set_text(&t, SLOT_JOB_NAME, text);
        telemetry_set_text(&t, SLOT_MESSAGE, "other");
    }
    if (strcmp(telemetry_text(&t, SLOT_MESSAGE), "other") != 0)
        abort();
    telemetry_release(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const words[] = {"state", "nozzle/temperature", NULL};
    char *text = memory_copy(data, size);
    char instance[INSTANCE_NAME_MAX + 1];

    clean(text);
    name(text);
    store(text);
    (void)text_is_utf8((const char *)data, size);
    (void)text_nearest(text, words);
    (void)field_find(text, instance);
    free(text);
    return 0;
}
