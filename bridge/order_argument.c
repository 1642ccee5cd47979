/* The argument of an order as text, by what its command takes. */
#include "bridge/order_internal.h"
#include "mapping/memory.h"

#include <math.h>
#include <strings.h>

#define SOURCE_MAX 2048 /* bytes of a path or an address */

enum order_code order_say(struct error *err, enum order_code code,
                          const char *text)
{
    (void)error_set(err, "%s", text);
    return code;
}

enum order_code order_take_text(struct order *order, const char *text,
                                struct error *err)
{
    if (strlen(text) >= sizeof order->arguments.path)
        return order_say(err, ORDER_INVALID, "the value is too long");
    memcpy(order->arguments.path, text, strlen(text) + 1);
    return ORDER_OK;
}

enum order_code order_take_source(struct order *order, const char *text,
                                  bool url, struct error *err)
{
    if (!*text)
        return order_say(
            err, ORDER_INVALID,
            "say which file: \"file\" (below uploads.directory) or "
            "\"url\" (below one of uploads.origins)");
    if (order->source.from)
        return order_say(err, ORDER_INVALID,
                         "only one of file and url can be "
                         "given");
    if (strlen(text) > SOURCE_MAX)
        return order_say(err, ORDER_INVALID,
                         "the file's path or address is "
                         "longer than 2 kB");
    order->source.from = memory_text(text);
    order->source.url = url;
    return ORDER_OK;
}

static bool is_press(const char *text)
{
    return strcasecmp(text, "PRESS") == 0;
}

static enum order_code take_press(struct order *order, const char *text,
                                  struct error *err)
{
    if (is_press(text))
        return ORDER_OK;
    (void)error_set(err, "%s takes no argument; send PRESS",
                    command_row(order->command)->name);
    return ORDER_INVALID;
}

static enum order_code take_folder(struct order *order, const char *text,
                                   struct error *err)
{
    if (is_press(text) || !*text)
        return ORDER_OK;
    if (text[0] == '/')
        return order_take_text(order, text, err);
    (void)error_set(err, "%s needs PRESS or a folder, such as /usb",
                    command_row(order->command)->name);
    return ORDER_INVALID;
}

static enum order_code take_camera(struct order *order, const char *text,
                                   struct error *err)
{
    return is_press(text) || !*text ? ORDER_OK
                                    : order_take_text(order, text, err);
}

static enum order_code take_source(struct order *order, const char *text,
                                   struct error *err)
{
    return order_take_source(order, text, false, err);
}

static enum order_code take_path(struct order *order, const char *text,
                                 struct error *err)
{
    if (text[0] == '/' && text[1] &&
        strlen(text) < sizeof order->arguments.path)
        return order_take_text(order, text, err);
    (void)error_set(err,
                    "%s needs the path of a file on the printer, such as "
                    "/usb/box.gcode",
                    command_row(order->command)->name);
    return ORDER_INVALID;
}

static enum order_code take_seconds(struct order *order, const char *text,
                                    struct error *err)
{
    const struct command_row *row = command_row(order->command);
    char *end;

    order->arguments.number = strtod(text, &end);
    if (end != text && *end == '\0' && isfinite(order->arguments.number) &&
        order->arguments.number >= row->min &&
        order->arguments.number <= row->max)
        return ORDER_OK;
    (void)error_set(err, "%s needs a number from %g to %g", row->name, row->min,
                    row->max);
    return ORDER_INVALID;
}

/* The argument as text, plain or from JSON. */
enum order_code order_take_argument(struct order *order, const char *text,
                                    struct error *err)
{
    static enum order_code (*const takers[])(struct order *, const char *,
                                             struct error *) = {
        [ARGUMENT_NONE] = take_press,      [ARGUMENT_PATH] = take_path,
        [ARGUMENT_FOLDER] = take_folder,   [ARGUMENT_CHOICE] = order_take_text,
        [ARGUMENT_CAMERA] = take_camera,   [ARGUMENT_SOURCE] = take_source,
        [ARGUMENT_SECONDS] = take_seconds,
    };

    if (order->request)
        return order_take_text(order, text, err);
    if (order->command == COMMAND_COUNT)
        return ORDER_OK;
    return takers[command_row(order->command)->argument](order, text, err);
}
