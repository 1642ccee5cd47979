/* Orders whose answer is what was asked for: pictures, lists, settings, and
 * whether there is a newer version. */
#include "bridge/printer_internal.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <cjson/cJSON.h>

#define VALUE_MAX ((size_t)64 << 10)

static void finish(struct printer *p, const struct http_answer *answer,
                   enum order_code code, const char *message, const char *value,
                   struct moment now)
{
    struct order *order = p->orders.active;
    struct order_answer out = order_answer_make(
        p, order, code == ORDER_OK ? ORDER_DONE : ORDER_ERROR, code, now);

    out.http_status = answer->status;
    out.value = value;
    (void)snprintf(out.message, sizeof out.message, "%s", message);
    order_finish(p, order, &out, now);
}

static bool is_picture(const struct http_answer *answer)
{
    return answer->status == 200 && answer->len > 0;
}

/* What was asked for without a name is the first camera's. */
static bool took_picture(struct printer *p, const struct http_answer *answer,
                         struct moment now)
{
    const char *camera = p->orders.active->arguments.path;
    int at = driver_camera_find(&p->device, camera);
    char message[128];

    if (!is_picture(answer)) {
        finish(p, answer, ORDER_NOT_FOUND,
               "the camera has no picture yet; try again in some seconds", NULL,
               now);
    } else if (at < 0 || !p->sink->snapshot ||
               !p->sink->snapshot(p->arg, p, at, answer->body, answer->len)) {
        finish(p, answer, ORDER_PRINTER_ERROR,
               "the camera's picture is neither PNG nor JPEG, or it cannot be "
               "kept",
               NULL, now);
    } else {
        (void)snprintf(message, sizeof message,
                       "a picture of %zu bytes of camera %s", answer->len,
                       p->device.cameras.name[at]);
        finish(p, answer, ORDER_OK, message, NULL, now);
    }
    return true;
}

/* Secrets stay inside: a camera's settings hold its token for Prusa Connect. */
static void drop_tokens(cJSON *node)
{
    cJSON *child;

    cJSON_DeleteItemFromObjectCaseSensitive(node, "token");
    cJSON_ArrayForEach(child, node)
    {
        drop_tokens(child);
    }
}

/* NULL if it is not what can be handed on; caller frees. */
static char *value_of(const struct http_answer *answer)
{
    cJSON *root = answer->len <= VALUE_MAX
                      ? cJSON_ParseWithLength(answer->body, answer->len)
                      : NULL;
    char *text, *copy;

    if (root)
        drop_tokens(root);
    text = root ? cJSON_PrintUnformatted(root) : NULL;
    copy = text && text_is_utf8(text, strlen(text)) ? memory_text(text) : NULL;
    cJSON_free(text);
    cJSON_Delete(root);
    return copy;
}

static bool took_value(struct printer *p, const struct http_answer *answer,
                       struct moment now)
{
    char *value = value_of(answer);

    if (value)
        finish(p, answer, ORDER_OK, "see value", value, now);
    else
        finish(p, answer, ORDER_PRINTER_ERROR,
               "the printer's answer is not what it should be", NULL, now);
    free(value);
    return true;
}

static bool took_check(struct printer *p, const struct http_answer *answer,
                       struct moment now)
{
    const char *version = telemetry_text(&p->telemetry, SLOT_SERVER_VERSION);
    char message[128];

    if (telemetry_integer(&p->telemetry, SLOT_SERVER_UPDATE, 0) == 1)
        (void)snprintf(message, sizeof message, "version %.80s is available",
                       version);
    else
        (void)snprintf(message, sizeof message, "there is no newer version");
    finish(p, answer, ORDER_OK, message, NULL, now);
    return true;
}

/* 204: nothing was to be done. */
static bool took_update(struct printer *p, const struct http_answer *answer,
                        struct moment now)
{
    if (answer->status != 204)
        return false;
    finish(p, answer, ORDER_OK, "there is no newer version", NULL, now);
    return true;
}

void order_read_changes(struct printer *p, const struct driver_command *row)
{
    if (row->changes)
        printer_read_soon(
            p, endpoint_bit(driver_endpoint_find(p->driver, row->changes)));
}

static const struct {
    enum command command;
    bool (*took)(struct printer *p, const struct http_answer *answer,
                 struct moment now);
} rows[] = {
    {COMMAND_SNAPSHOT, took_picture},   {COMMAND_CAMERA_TRIGGER, took_picture},
    {COMMAND_CAMERA_LIST, took_value},  {COMMAND_CAMERA_GET, took_value},
    {COMMAND_CHECK_UPDATE, took_check}, {COMMAND_SERVER_UPDATE, took_update},
};

bool order_took_answer(struct printer *p, const struct http_answer *answer,
                       struct moment now)
{
    enum command command = p->orders.active->command;
    const struct driver_command *row = driver_command(p->driver, command);
    enum step_kind after = row->steps[p->orders.step + 1].kind;
    size_t i;

    if (row->endpoint)
        (void)snapshot_fold(p, driver_endpoint_find(p->driver, row->endpoint),
                            answer, now);
    order_read_changes(p, row);
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].command == command && after != STEP_SEND)
            return rows[i].took(p, answer, now);
    return false;
}
