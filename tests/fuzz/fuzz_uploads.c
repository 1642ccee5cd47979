/* What an upload is made of: an address of an order, and a record of an earlier
 * life, which a disk may have damaged. */
#include "bridge/uploads/delivery.h"
#include "bridge/uploads/origin.h"
#include "mapping/memory.h"
#include "mapping/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is allowed stays below its origin and can go into a request. */
static void allow(const char *text)
{
    static char first[] = "http://h/files", second[] = "https://[2001:db8::5]";
    char *const origins[] = {first, second, NULL};
    struct origin_target target;
    struct error err = {""};
    const char *at;

    if (!origin_allows(origins, text, &target, &err)) {
        if (!err.text[0])
            abort();
        return;
    }
    if (strcmp(target.server, "http://h:80") != 0 &&
        strcmp(target.server, "https://[2001:db8::5]:443") != 0)
        abort();
    for (at = target.target; *at && *at != '?'; at++)
        if (strncmp(at, "/..", 3) == 0 && (at[3] == '/' || at[3] == '\0'))
            abort();
    if (!target.name[0] || strchr(target.name, '/') ||
        !text_is_utf8(target.name, strlen(target.name)))
        abort();
}

/* Whatever is read is written the same. */
static void remember(const char *text, size_t size)
{
    struct error err = {""};
    struct delivery *d = delivery_read(text, size, &err);
    struct delivery *again;
    char *first, *second;

    if (!d) {
        if (!err.text[0])
            abort();
        return;
    }
    first = delivery_text(d);
    again = delivery_read(first, strlen(first), &err);
    if (!again)
        abort();
    second = delivery_text(again);
    if (strcmp(first, second) != 0)
        abort();
    free(first);
    free(second);
    delivery_free(d);
    delivery_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = memory_copy(data, size);

    allow(text);
    remember(text, size);
    free(text);
    return 0;
}
