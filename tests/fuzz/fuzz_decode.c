/* What printers answer. The input is a row of frames, each ended by 0x1e: a
 * digit (which endpoint), a letter (what: a = 200, b = 204, c = 404, j = the
 * answer to an order, p = a path to print, o = gone offline) and the bytes. */
#include "bridge/drivers/driver.h"
#include "mapping/text.h"

#include <math.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
    const struct driver *driver;
    struct mapping mapping;
    struct telemetry now, before;
    struct device device;
};

static void must(bool held)
{
    if (!held)
        abort();
}

static size_t characters(const char *text)
{
    size_t n = 0;

    for (; *text; n++)
        text += text_utf8(text, strlen(text));
    return n;
}

static void check_value(const struct telemetry *t, int slot,
                        enum quantity quantity)
{
    struct value v = telemetry_get(t, slot);
    const char *text = telemetry_text(t, slot);

    if (v.kind == VALUE_ABSENT)
        return;
    must(v.kind == quantity_row(quantity)->kind);
    if (v.kind == VALUE_NUMBER)
        must(fabs(v.number) <= 1e15);
    if (v.kind == VALUE_INTEGER || v.kind == VALUE_TIME)
        must(v.integer >= 0);
    if (v.kind == VALUE_WORD)
        must(v.integer >= 0 && v.integer < STATE_COUNT);
    if (v.kind == VALUE_TEXT)
        must(*text && text_is_utf8(text, strlen(text)) &&
             characters(text) <= TELEMETRY_FIELD_MAX);
}

static void check(const struct world *w)
{
    enum field f;
    int i;

    for (f = 0; f < FIELD_COUNT; f++)
        for (i = 0; i < field_instances(f); i++)
            check_value(&w->now, field_slot(f, i),
                        f == FIELD_CUSTOM ? w->mapping.custom[i].quantity
                                          : field_row(f)->quantity);
    if (w->device.unknown_word)
        must(text_is_utf8(w->device.unknown_word,
                          strlen(w->device.unknown_word)));
}

static void answer(struct world *w, int endpoint, int status, const char *body,
                   size_t len)
{
    struct error err;
    int slot;

    telemetry_copy(&w->before, &w->now);
    if (driver_decode(w->driver, endpoint, status, body, len, &w->mapping,
                      &w->now, &w->device, &err)) {
        w->driver->settle(&w->before, &w->now, &w->device);
        (void)driver_job_agrees(&w->now, &w->device);
    } else {
        for (slot = 0; slot < SLOT_COUNT; slot++)
            must(telemetry_equal(&w->before, &w->now, slot));
    }
    check(w);
}

static void judge(const struct world *w, int digit, const char *body,
                  size_t len)
{
    static const int statuses[] = {200, 400, 401, 403, 404,
                                   409, 414, 500, 0,   9};
    char message[200];
    enum command c;

    for (c = 0; c < COMMAND_COUNT; c++) {
        (void)driver_judge(w->driver, c, statuses[digit], body, len, message,
                           sizeof message);
        must(text_is_utf8(message, strlen(message)));
    }
}

static void print_path(const struct world *w, const char *body, size_t len)
{
    struct order_arguments arguments = {.job = -1};
    struct request request;
    struct error err;

    memcpy(arguments.path, body,
           len < sizeof arguments.path ? len : sizeof arguments.path - 1);
    if (driver_encode(w->driver, COMMAND_PRINT, 0, &arguments, &w->now,
                      &w->device, &request, &err) != ENCODE_SEND)
        return;
    must(strncmp(request.target, "/api/v1/files/", 14) == 0);
    must(strspn(request.target, "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/%") ==
         strlen(request.target));
    must(!strstr(request.target, "/../"));
}

static void frame(struct world *w, const char *bytes, size_t len)
{
    int digit;

    if (len < 2 || bytes[0] < '0' || bytes[0] > '9')
        return;
    digit = bytes[0] - '0';
    switch (bytes[1]) {
    case 'j': judge(w, digit, bytes + 2, len - 2); return;
    case 'p': print_path(w, bytes + 2, len - 2); return;
    case 'o': telemetry_clear_life(&w->now, LIFE_LIVE); return;
    default: break;
    }
    if (bytes[1] < 'a' || bytes[1] > 'c' || digit > 6)
        return;
    answer(w, digit,
           bytes[1] == 'a'   ? 200
           : bytes[1] == 'b' ? 204
                             : 404,
           bytes + 2, len - 2);
}

static void add_custom(struct mapping *mapping, char *endpoint, char *pointer,
                       enum quantity quantity)
{
    struct custom_field *custom = &mapping->custom[mapping->custom_count++];

    custom->endpoint = endpoint;
    custom->pointer = pointer;
    custom->quantity = quantity;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char status[] = "status", info[] = "info";
    static char temp[] = "/printer/chamber/temp", first[] = "/list/0",
                word[] = "/printer/inner", odd[] = "/a~1b/c~0d";
    struct world w = {.driver = driver_find("prusalink")};
    const uint8_t *end;

    add_custom(&w.mapping, status, temp, QUANTITY_TEMPERATURE);
    add_custom(&w.mapping, status, first, QUANTITY_SIZE);
    add_custom(&w.mapping, status, word, QUANTITY_STATE);
    add_custom(&w.mapping, info, odd, QUANTITY_TEXT);
    while (size > 0) {
        end = memchr(data, 0x1e, size);
        frame(&w, (const char *)data, end ? (size_t)(end - data) : size);
        if (!end)
            break;
        size -= (size_t)(end + 1 - data);
        data = end + 1;
    }
    telemetry_release(&w.now);
    telemetry_release(&w.before);
    device_release(&w.device);
    return 0;
}
