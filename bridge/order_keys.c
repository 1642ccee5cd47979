/* The payload of an order: one argument, or a JSON object whose keys a table
 * tells. */
#include "bridge/order_internal.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <cjson/cJSON.h>
#include <math.h>

static enum order_code json_value(struct order *order, const cJSON *item,
                                  struct error *err)
{
    char number[32];

    if (cJSON_IsString(item))
        return order_take_argument(order, item->valuestring, err);
    if (!cJSON_IsNumber(item))
        return order_say(err, ORDER_INVALID,
                         "value must be a text or a number");
    (void)snprintf(number, sizeof number, "%.17g", item->valuedouble);
    return order_take_argument(order, number, err);
}

static enum order_code json_job(struct order *order, const cJSON *item,
                                struct error *err)
{
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 ||
        item->valuedouble > 9e15 ||
        floor(item->valuedouble) < item->valuedouble)
        return order_say(err, ORDER_INVALID, "job_id must be a whole number");
    order->arguments.job = (int64_t)item->valuedouble;
    order->job_given = true;
    return ORDER_OK;
}

static enum order_code json_transaction(struct order *order, const cJSON *item,
                                        struct error *err)
{
    char *text = cJSON_PrintUnformatted(item);

    if (text && strlen(text) <= ORDER_TRANSACTION_MAX)
        order->transaction = memory_text(text);
    cJSON_free(text);
    if (!order->transaction)
        return order_say(err, ORDER_INVALID, "transaction is longer than 1 kB");
    return ORDER_OK;
}

static enum order_code json_key(struct order *order, const cJSON *item,
                                struct error *err)
{
    if (!cJSON_IsString(item) || !*item->valuestring ||
        strlen(item->valuestring) > ORDER_KEY_MAX)
        return order_say(err, ORDER_INVALID,
                         "idempotency_key must be a text of 1 to 128 bytes");
    order->key = memory_text(item->valuestring);
    return ORDER_OK;
}

/* The last second of the year 9999: what is later was meant as milliseconds,
 * and would never expire. */
#define EXPIRES_MAX 253402300799.0

static enum order_code json_expires(struct order *order, const cJSON *item,
                                    struct error *err)
{
    if (cJSON_IsNumber(item) && fabs(item->valuedouble) <= EXPIRES_MAX)
        order->expires = (int64_t)item->valuedouble;
    else if (!cJSON_IsString(item) ||
             !order_parse_time(item->valuestring, &order->expires))
        return order_say(err, ORDER_INVALID,
                         "expires must be seconds since 1970 or a time with a "
                         "zone, such as 2026-11-21T12:00:00Z");
    return ORDER_OK;
}

static enum order_code json_answer(struct order *order, const cJSON *item,
                                   struct error *err)
{
    if (!cJSON_IsString(item) || strcmp(item->valuestring, "final") != 0)
        return order_say(err, ORDER_INVALID, "answer can only be \"final\"");
    order->final_only = true;
    return ORDER_OK;
}

static enum order_code json_file(struct order *order, const cJSON *item,
                                 struct error *err)
{
    if (!cJSON_IsString(item))
        return order_say(err, ORDER_INVALID, "file must be a text");
    return order_take_source(order, item->valuestring, false, err);
}

static enum order_code json_url(struct order *order, const cJSON *item,
                                struct error *err)
{
    if (!cJSON_IsString(item))
        return order_say(err, ORDER_INVALID, "url must be a text");
    return order_take_source(order, item->valuestring, true, err);
}

/* Where an upload goes: a path, or a name in the usual folder. */
static enum order_code json_target(struct order *order, const cJSON *item,
                                   struct error *err)
{
    if (!cJSON_IsString(item) || !*item->valuestring)
        return order_say(
            err, ORDER_INVALID,
            "path must be where the file goes on the printer, such "
            "as /usb/parts/box.gcode");
    return order_take_text(order, item->valuestring, err);
}

static enum order_code json_truth(const cJSON *item, bool *truth,
                                  struct error *err)
{
    if (!cJSON_IsBool(item)) {
        (void)error_set(err, "%.40s must be true or false", item->string);
        return ORDER_INVALID;
    }
    *truth = cJSON_IsTrue(item);
    return ORDER_OK;
}

static enum order_code json_print(struct order *order, const cJSON *item,
                                  struct error *err)
{
    return json_truth(item, &order->source.print, err);
}

static enum order_code json_overwrite(struct order *order, const cJSON *item,
                                      struct error *err)
{
    return json_truth(item, &order->source.overwrite, err);
}

static enum order_code json_force(struct order *order, const cJSON *item,
                                  struct error *err)
{
    return json_truth(item, &order->arguments.force, err);
}

/* Settings of a camera, as the API wants them. */
static enum order_code json_config(struct order *order, const cJSON *item,
                                   struct error *err)
{
    char *text = cJSON_IsObject(item) ? cJSON_PrintUnformatted(item) : NULL;
    size_t size = sizeof order->arguments.json;
    bool fits = text && strlen(text) < size;

    if (fits)
        memcpy(order->arguments.json, text, strlen(text) + 1);
    cJSON_free(text);
    if (fits)
        return ORDER_OK;
    (void)error_set(err, "config must be an object of at most %zu bytes",
                    size - 1);
    return ORDER_INVALID;
}

/* Names of cameras in a new order. */
static enum order_code json_cameras(struct order *order, const cJSON *item,
                                    struct error *err)
{
    struct buffer list = {0};
    const cJSON *name;
    bool ok = cJSON_IsArray(item);

    cJSON_ArrayForEach(name, item)
    {
        ok = ok && cJSON_IsString(name) && *name->valuestring &&
             !strchr(name->valuestring, ',');
        if (ok)
            (void)buffer_format(&list, "%s%s", list.len ? "," : "",
                                name->valuestring);
    }
    ok = ok && list.len && list.len < sizeof order->arguments.path;
    if (ok)
        memcpy(order->arguments.path, buffer_text(&list), list.len + 1);
    buffer_release(&list);
    return ok ? ORDER_OK
              : order_say(err, ORDER_INVALID,
                          "cameras must be a list of cameras: [\"front\", "
                          "\"top\"]");
}

#define OF(command) ((uint64_t)1 << COMMAND_##command)

_Static_assert(COMMAND_COUNT <= 64, "a bit for each command");

/* commands: whose key it is; 0 = everybody's. */
static const struct {
    const char *key;
    enum order_code (*read)(struct order *, const cJSON *, struct error *);
    uint64_t commands;
} keys[] = {
    {"path", json_target, OF(UPLOAD)},
    {"value", json_value},
    {"path", json_value},
    {"job_id", json_job},
    {"transaction", json_transaction},
    {"idempotency_key", json_key},
    {"expires", json_expires},
    {"answer", json_answer},
    {"force", json_force, OF(DELETE)},
    {"file", json_file, OF(UPLOAD)},
    {"url", json_url, OF(UPLOAD)},
    {"print", json_print, OF(UPLOAD)},
    {"overwrite", json_overwrite, OF(UPLOAD)},
    {"config", json_config, OF(CAMERA_CREATE) | OF(CAMERA_CHANGE)},
    {"cameras", json_cameras, OF(CAMERA_ORDER)},
    {"camera", json_value,
     OF(SNAPSHOT) | OF(CAMERA_TRIGGER) | OF(CAMERA_GET) | OF(CAMERA_CREATE) |
         OF(CAMERA_CHANGE) | OF(CAMERA_RESET) | OF(CAMERA_DELETE) |
         OF(CAMERA_REGISTER) | OF(CAMERA_UNREGISTER)},
};

static bool takes_key(const struct order *order, size_t i)
{
    if (order->command == COMMAND_COUNT)
        return keys[i].commands == 0;
    return !keys[i].commands || keys[i].commands & (uint64_t)1
                                                       << order->command;
}

static enum order_code read_key(struct order *order, const cJSON *item,
                                struct error *err)
{
    struct buffer own = {0};
    size_t i;

    for (i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(item->string, keys[i].key) == 0 && takes_key(order, i))
            return keys[i].read(order, item, err);
    for (i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].commands && takes_key(order, i))
            (void)buffer_format(&own, "%s, ", keys[i].key);
    (void)error_set(err,
                    "the key \"%.40s\" is not known; this order may hold "
                    "value, job_id, transaction, idempotency_key, %sexpires "
                    "and answer",
                    item->string, buffer_text(&own));
    buffer_release(&own);
    return ORDER_INVALID;
}

static enum order_code read_item(struct order *order, const cJSON *root,
                                 const cJSON *item, struct error *err)
{
    if (cJSON_GetObjectItemCaseSensitive(root, item->string) != item)
        return order_say(err, ORDER_INVALID, "the same key comes twice");
    return read_key(order, item, err);
}

/* Each key is looked for among the others. */
#define KEYS_OF_ONE_MAX 64

/* One thing by several names. */
static bool is_value(const struct order *order, const char *key)
{
    return strcmp(key, "value") == 0 || strcmp(key, "camera") == 0 ||
           (strcmp(key, "path") == 0 && order->command != COMMAND_UPLOAD);
}

/* All keys are read, so that a refusal can still echo the transaction. */
static enum order_code read_object(struct order *order, const cJSON *root,
                                   struct error *err)
{
    enum order_code code = ORDER_OK;
    bool value = false, again = false;
    const cJSON *item;

    if (cJSON_GetArraySize(root) > KEYS_OF_ONE_MAX)
        return order_say(err, ORDER_INVALID, "too many keys for an order");
    cJSON_ArrayForEach(item, root)
    {
        struct error this_error;
        enum order_code this_code = read_item(order, root, item, &this_error);

        again = again || (value && is_value(order, item->string));
        value = value || is_value(order, item->string);
        if (this_code != ORDER_OK && code == ORDER_OK)
            code = order_say(err, this_code, this_error.text);
    }
    if (code == ORDER_OK && again)
        return order_say(err, ORDER_INVALID,
                         "only one of value, path and camera can be given");
    if (order->command == COMMAND_UPLOAD)
        value = order->source.from != NULL;
    if (code == ORDER_OK && !value && order->command != COMMAND_COUNT &&
        command_row(order->command)->argument != ARGUMENT_NONE)
        return order_take_argument(order, "", err);
    return code;
}

/* A file may be called "{1}.gcode", and Home Assistant sends its bare name. */
static bool may_be_a_name(const struct order *order)
{
    return order->command != COMMAND_COUNT &&
           command_row(order->command)->argument == ARGUMENT_CHOICE;
}

/* Behind the string that text begins with. */
static const char *skip_string(const char *text)
{
    for (text++; *text && *text != '"'; text++)
        text += *text == '\\' && text[1];
    return text + (*text != '\0');
}

/* What stands behind "key": if that is what text begins with; else NULL. */
static const char *behind_key(const char *text, const char *key)
{
    size_t len = strlen(key);

    if (strncmp(text + 1, key, len) != 0 || text[len + 1] != '"')
        return NULL;
    text += len + 2;
    text += strspn(text, " \t\r\n");
    return *text == ':' ? text + 1 + strspn(text + 1, " \t\r\n") : NULL;
}

/* The value of this key of an object, as it came; NULL if none is so spelled.
 * text is valid JSON. */
static const char *find_raw(const char *text, const char *key)
{
    const char *raw = NULL;
    int depth = 0;

    while (*text && !raw) {
        depth += *text == '{' || *text == '[';
        depth -= *text == '}' || *text == ']';
        if (*text == '"' && depth == 1)
            raw = behind_key(text, key);
        text = *text == '"' ? skip_string(text) : text + 1;
    }
    return raw;
}

/* A whole number may have more digits than a double holds. */
static void keep_digits(struct order *order, const char *text)
{
    const char *raw = find_raw(text, "transaction");
    const char *digits = raw ? raw + (*raw == '-') : "";
    size_t len = strspn(digits, "0123456789");

    if (*digits < '1' || *digits > '9' || strchr(".eE+-", digits[len]))
        return;
    free(order->transaction);
    order->transaction = memory_zero(len + 2, 1);
    memcpy(order->transaction, raw, len + (size_t)(digits - raw));
}

static enum order_code read_json(struct order *order, const char *text,
                                 struct error *err)
{
    cJSON *root = cJSON_ParseWithOpts(text, NULL, true);
    enum order_code code;

    if (!cJSON_IsObject(root) && may_be_a_name(order))
        code = order_take_argument(order, text, err);
    else if (!cJSON_IsObject(root))
        code = order_say(err, ORDER_INVALID, "the payload is not valid JSON");
    else
        code = read_object(order, root, err);
    if (cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(root, "transaction")) &&
        order->transaction)
        keep_digits(order, text);
    cJSON_Delete(root);
    return code;
}

enum order_code order_read_payload(struct order *order,
                                   const struct order_envelope *envelope,
                                   struct error *err)
{
    enum order_code code;
    char *text;

    if (envelope->len > ORDER_PAYLOAD_MAX)
        return order_say(err, ORDER_TOO_BIG, "the payload is over 64 kB");
    if (envelope->len == 0)
        return order_say(err, ORDER_INVALID,
                         "an empty payload is never an order; send PRESS");
    if (!text_is_utf8(envelope->payload, envelope->len))
        return order_say(err, ORDER_INVALID, "the payload is not UTF-8 text");
    text = memory_copy(envelope->payload, envelope->len);
    if (text[strspn(text, " \t\r\n")] == '{')
        code = read_json(order, text, err);
    else
        code = order_take_argument(order, text, err);
    free(text);
    return code;
}
