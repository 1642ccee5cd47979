#include "bridge/order.h"

#include "mapping/memory.h"
#include "mapping/template.h"
#include "mapping/text.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <strings.h>
#include <time.h>

#define SOURCE_MAX 2048 /* bytes of a path or an address */

void order_free(struct order *order)
{
    if (!order)
        return;
    free(order->source.from);
    free(order->transaction);
    free(order->key);
    free(order->response_topic);
    free(order->correlation);
    free(order);
}

bool order_response_topic_ok(const char *topic, const char *base,
                             const char *discovery_prefix)
{
    char response[] = "/response/";
    const char *tail;

    if (!topic_check(topic, NULL) || topic_below(topic, discovery_prefix))
        return false;
    if (!topic_below(topic, base))
        return true;
    tail = topic + strlen(base);
    tail = *tail ? strchr(tail + 1, '/') : NULL;
    return tail && strncmp(tail, response, sizeof response - 1) == 0;
}

/* -1 if text does not begin with two digits. */
static int two_digits(const char *text)
{
    if (strspn(text, "0123456789") < 2)
        return -1;
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* "+01:00", "-0530" or "Z" to seconds east of UTC. */
static bool parse_zone(const char *text, long *offset)
{
    int hours, minutes;
    const char *rest;

    *offset = 0;
    if (strcasecmp(text, "Z") == 0)
        return true;
    if (*text != '+' && *text != '-')
        return false;
    hours = two_digits(text + 1);
    if (hours < 0 || hours > 14)
        return false;
    rest = text + 3 + (text[3] == ':');
    minutes = two_digits(rest);
    if (minutes < 0 || minutes > 59 || rest[2])
        return false;
    *offset = (hours * 60L + minutes) * 60L * (*text == '-' ? -1 : 1);
    return true;
}

bool order_parse_time(const char *text, int64_t *seconds)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    long offset;

    if (!rest)
        rest = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
    if (!rest)
        return false;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    if (!parse_zone(rest, &offset))
        return false;
    *seconds = (int64_t)timegm(&tm) - offset;
    return true;
}

static enum order_code refuse(struct error *err, enum order_code code,
                              const char *text)
{
    (void)error_set(err, "%s", text);
    return code;
}

static enum order_code read_text(struct order *order, const char *text,
                                 struct error *err)
{
    if (strlen(text) >= sizeof order->arguments.path)
        return refuse(err, ORDER_INVALID, "the value is too long");
    memcpy(order->arguments.path, text, strlen(text) + 1);
    return ORDER_OK;
}

static enum order_code read_source(struct order *order, const char *text,
                                   bool url, struct error *err)
{
    if (!*text)
        return refuse(err, ORDER_INVALID,
                      "say which file: \"file\" (below uploads.directory) or "
                      "\"url\" (below one of uploads.origins)");
    if (order->source.from)
        return refuse(err, ORDER_INVALID,
                      "only one of file and url can be "
                      "given");
    if (strlen(text) > SOURCE_MAX)
        return refuse(err, ORDER_INVALID,
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
        return read_text(order, text, err);
    (void)error_set(err, "%s needs PRESS or a folder, such as /usb",
                    command_row(order->command)->name);
    return ORDER_INVALID;
}

static enum order_code take_camera(struct order *order, const char *text,
                                   struct error *err)
{
    return is_press(text) || !*text ? ORDER_OK : read_text(order, text, err);
}

static enum order_code take_source(struct order *order, const char *text,
                                   struct error *err)
{
    return read_source(order, text, false, err);
}

static enum order_code take_path(struct order *order, const char *text,
                                 struct error *err)
{
    if (text[0] == '/' && text[1] &&
        strlen(text) < sizeof order->arguments.path)
        return read_text(order, text, err);
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
static enum order_code read_argument(struct order *order, const char *text,
                                     struct error *err)
{
    static enum order_code (*const takers[])(struct order *, const char *,
                                             struct error *) = {
        [ARGUMENT_NONE] = take_press,      [ARGUMENT_PATH] = take_path,
        [ARGUMENT_FOLDER] = take_folder,   [ARGUMENT_CHOICE] = read_text,
        [ARGUMENT_CAMERA] = take_camera,   [ARGUMENT_SOURCE] = take_source,
        [ARGUMENT_SECONDS] = take_seconds,
    };

    if (order->request)
        return read_text(order, text, err);
    if (order->command == COMMAND_COUNT)
        return ORDER_OK;
    return takers[command_row(order->command)->argument](order, text, err);
}

static enum order_code json_value(struct order *order, const cJSON *item,
                                  struct error *err)
{
    char number[32];

    if (cJSON_IsString(item))
        return read_argument(order, item->valuestring, err);
    if (!cJSON_IsNumber(item))
        return refuse(err, ORDER_INVALID, "value must be a text or a number");
    (void)snprintf(number, sizeof number, "%.17g", item->valuedouble);
    return read_argument(order, number, err);
}

static enum order_code json_job(struct order *order, const cJSON *item,
                                struct error *err)
{
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 ||
        item->valuedouble > 9e15 ||
        floor(item->valuedouble) < item->valuedouble)
        return refuse(err, ORDER_INVALID, "job_id must be a whole number");
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
        return refuse(err, ORDER_INVALID, "transaction is longer than 1 kB");
    return ORDER_OK;
}

static enum order_code json_key(struct order *order, const cJSON *item,
                                struct error *err)
{
    if (!cJSON_IsString(item) || !*item->valuestring ||
        strlen(item->valuestring) > ORDER_KEY_MAX)
        return refuse(err, ORDER_INVALID,
                      "idempotency_key must be a text of 1 to 128 bytes");
    order->key = memory_text(item->valuestring);
    return ORDER_OK;
}

static enum order_code json_expires(struct order *order, const cJSON *item,
                                    struct error *err)
{
    if (cJSON_IsNumber(item) && fabs(item->valuedouble) < 9e15)
        order->expires = (int64_t)item->valuedouble;
    else if (!cJSON_IsString(item) ||
             !order_parse_time(item->valuestring, &order->expires))
        return refuse(err, ORDER_INVALID,
                      "expires must be seconds since 1970 or a time with a "
                      "zone, such as 2026-11-21T12:00:00Z");
    return ORDER_OK;
}

static enum order_code json_answer(struct order *order, const cJSON *item,
                                   struct error *err)
{
    if (!cJSON_IsString(item) || strcmp(item->valuestring, "final") != 0)
        return refuse(err, ORDER_INVALID, "answer can only be \"final\"");
    order->final_only = true;
    return ORDER_OK;
}

static enum order_code json_file(struct order *order, const cJSON *item,
                                 struct error *err)
{
    if (!cJSON_IsString(item))
        return refuse(err, ORDER_INVALID, "file must be a text");
    return read_source(order, item->valuestring, false, err);
}

static enum order_code json_url(struct order *order, const cJSON *item,
                                struct error *err)
{
    if (!cJSON_IsString(item))
        return refuse(err, ORDER_INVALID, "url must be a text");
    return read_source(order, item->valuestring, true, err);
}

/* Where an upload goes: a path, or a name in the usual folder. */
static enum order_code json_target(struct order *order, const cJSON *item,
                                   struct error *err)
{
    if (!cJSON_IsString(item) || !*item->valuestring)
        return refuse(err, ORDER_INVALID,
                      "path must be where the file goes on the printer, such "
                      "as /usb/parts/box.gcode");
    return read_text(order, item->valuestring, err);
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
              : refuse(err, ORDER_INVALID,
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

/* All keys are read, so that a refusal can still echo the transaction. */
static enum order_code read_object(struct order *order, const cJSON *root,
                                   struct error *err)
{
    enum order_code code = ORDER_OK;
    bool value = false;
    const cJSON *item;

    cJSON_ArrayForEach(item, root)
    {
        struct error this_error;
        enum order_code this_code;
        bool again =
            cJSON_GetObjectItemCaseSensitive(root, item->string) != item;

        if (again && code == ORDER_OK)
            code = refuse(err, ORDER_INVALID, "the same key comes twice");
        if (again)
            continue;
        value = value || strcmp(item->string, "value") == 0 ||
                strcmp(item->string, "path") == 0;
        this_code = read_key(order, item, &this_error);
        if (this_code != ORDER_OK && code == ORDER_OK)
            code = refuse(err, this_code, this_error.text);
    }
    if (order->command == COMMAND_UPLOAD)
        value = order->source.from != NULL;
    if (code == ORDER_OK && !value && order->command != COMMAND_COUNT &&
        command_row(order->command)->argument != ARGUMENT_NONE)
        return read_argument(order, "", err);
    return code;
}

/* A file may be called "{1}.gcode", and Home Assistant sends its bare name. */
static bool may_be_a_name(const struct order *order)
{
    return order->command != COMMAND_COUNT &&
           command_row(order->command)->argument == ARGUMENT_CHOICE;
}

static enum order_code read_json(struct order *order, const char *text,
                                 struct error *err)
{
    cJSON *root = cJSON_ParseWithOpts(text, NULL, true);
    enum order_code code;

    if (!cJSON_IsObject(root) && may_be_a_name(order))
        code = read_argument(order, text, err);
    else if (!cJSON_IsObject(root))
        code = refuse(err, ORDER_INVALID, "the payload is not valid JSON");
    else
        code = read_object(order, root, err);
    cJSON_Delete(root);
    return code;
}

static enum order_code read_payload(struct order *order,
                                    const struct order_envelope *envelope,
                                    struct error *err)
{
    enum order_code code;
    char *text;

    if (envelope->len > ORDER_PAYLOAD_MAX)
        return refuse(err, ORDER_TOO_BIG, "the payload is over 64 kB");
    if (envelope->len == 0)
        return refuse(err, ORDER_INVALID,
                      "an empty payload is never an order; send PRESS");
    if (!text_is_utf8(envelope->payload, envelope->len))
        return refuse(err, ORDER_INVALID, "the payload is not UTF-8 text");
    text = memory_copy(envelope->payload, envelope->len);
    if (text[strspn(text, " \t\r\n")] == '{')
        code = read_json(order, text, err);
    else
        code = read_argument(order, text, err);
    free(text);
    return code;
}

bool order_expired(const struct order *order, struct moment now)
{
    return order->expires <= now.wall || order->expires_ms <= now.ms;
}

static enum order_code judge(struct order *order, enum order_code code,
                             const struct order_envelope *envelope,
                             struct moment now, struct error *err)
{
    if (envelope->retained)
        return refuse(err, ORDER_RETAINED,
                      "retained orders are never carried out, they would act "
                      "again at each reconnect; send it without retain and "
                      "clear the topic");
    if (!order->request && order->command == COMMAND_COUNT) {
        (void)error_set(err, "no command is called %.40s", order->name);
        return ORDER_NOT_SUPPORTED;
    }
    if (code == ORDER_OK && order_expired(order, now))
        return refuse(err, ORDER_EXPIRED, "the order had expired");
    return code;
}

struct order *order_read(const struct order_envelope *envelope,
                         struct moment now, enum order_code *code,
                         struct error *err)
{
    struct order *order = memory_zero(1, sizeof *order);

    text_clean(envelope->name, ORDER_NAME_MAX, order->name, sizeof order->name);
    order->request = envelope->request;
    order->command =
        order->request ? COMMAND_COUNT : command_find(envelope->name);
    order->arguments.job = -1;
    order->arrived_ms = now.ms;
    order->expires = order->expires_ms = INT64_MAX;
    order->state_before = STATE_COUNT;
    if (envelope->response_topic)
        order->response_topic = memory_text(envelope->response_topic);
    order->correlation =
        memory_copy(envelope->correlation, envelope->correlation_len);
    order->correlation_len = envelope->correlation_len;
    *code = envelope->file ? ORDER_OK : read_payload(order, envelope, err);
    if (envelope->expiry_s >= 0)
        order->expires_ms = now.ms + envelope->expiry_s * 1000;
    *code = judge(order, *code, envelope, now, err);
    return order;
}

static const char *const statuses[] = {
    [ORDER_ACCEPTED] = "accepted",
    [ORDER_DONE] = "done",
    [ORDER_ERROR] = "error",
};

static void add_state(cJSON *root, const char *key, enum state state)
{
    if (state < STATE_COUNT)
        cJSON_AddStringToObject(root, key,
                                quantity_words(QUANTITY_STATE)[state]);
}

void order_answer_json(const struct order *order,
                       const struct order_answer *answer, struct buffer *out)
{
    cJSON *root = cJSON_CreateObject();
    char message[4 * sizeof answer->message + 1];
    char *text;

    /* it may quote what came from outside, cut anywhere */
    (void)text_clean(answer->message, sizeof answer->message, message,
                     sizeof message);
    cJSON_AddStringToObject(root, "command", order->name);
    cJSON_AddStringToObject(root, "status", statuses[answer->status]);
    cJSON_AddBoolToObject(root, "final", answer->status != ORDER_ACCEPTED);
    cJSON_AddStringToObject(root, "message", message);
    if (answer->code != ORDER_OK)
        cJSON_AddStringToObject(root, "code", order_code_name(answer->code));
    if (answer->http_status)
        cJSON_AddNumberToObject(root, "http_status", answer->http_status);
    if (answer->job >= 0)
        cJSON_AddNumberToObject(root, "job_id", (double)answer->job);
    add_state(root, "state_before", order->state_before);
    add_state(root, "state_after", answer->state_after);
    cJSON_AddNumberToObject(root, "took_ms", (double)answer->took_ms);
    if (answer->value)
        cJSON_AddRawToObject(root, "value", answer->value);
    if (order->transaction)
        cJSON_AddRawToObject(root, "transaction", order->transaction);
    text = cJSON_PrintUnformatted(root);
    if (text)
        buffer_text_add(out, text);
    cJSON_free(text);
    cJSON_Delete(root);
}
