#include "bridge/uploads/delivery.h"

#include "mapping/memory.h"

#include <cjson/cJSON.h>

static const char *const sources[] = {
    [DELIVERY_DIRECTORY] = "directory",
    [DELIVERY_URL] = "url",
    [DELIVERY_PAYLOAD] = "payload",
    [DELIVERY_WATCHED] = "watched",
};

const char *delivery_name(const struct delivery *delivery)
{
    const char *slash = strrchr(delivery->to, '/');

    return slash ? slash + 1 : delivery->to;
}

void delivery_free(struct delivery *delivery)
{
    if (!delivery)
        return;
    order_free(delivery->order);
    free(delivery->from);
    free(delivery);
}

/* ---- written ---- */

/* Numbers as text: JSON's have 53 bits. */
static void add_number(cJSON *json, const char *key, int64_t number)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%lld", (long long)number);
    (void)cJSON_AddStringToObject(json, key, text);
}

static void add_text(cJSON *json, const char *key, const char *text)
{
    if (text)
        (void)cJSON_AddStringToObject(json, key, text);
}

static void add_bytes(cJSON *json, const char *key, const unsigned char *bytes,
                      size_t len)
{
    struct buffer hex = {0};
    size_t i;

    for (i = 0; i < len; i++)
        (void)buffer_format(&hex, "%02x", bytes[i]);
    add_text(json, key, len ? buffer_text(&hex) : NULL);
    buffer_release(&hex);
}

static void add_order(cJSON *json, const struct order *order)
{
    cJSON *to = cJSON_AddObjectToObject(json, "order");

    add_text(to, "name", order->name);
    add_text(to, "transaction", order->transaction);
    add_text(to, "idempotency_key", order->key);
    add_text(to, "response_topic", order->response_topic);
    add_bytes(to, "correlation", order->correlation, order->correlation_len);
    add_number(to, "expires", order->expires);
    (void)cJSON_AddBoolToObject(to, "final_only", order->final_only);
}

char *delivery_text(const struct delivery *d)
{
    cJSON *json = cJSON_CreateObject();
    char *text, *copy;

    add_number(json, "id", (int64_t)d->id);
    add_text(json, "printer", d->printer);
    add_text(json, "source", sources[d->source]);
    add_text(json, "from", d->from);
    add_text(json, "to", d->to);
    (void)cJSON_AddBoolToObject(json, "print", d->print);
    (void)cJSON_AddBoolToObject(json, "overwrite", d->overwrite);
    (void)cJSON_AddBoolToObject(json, "spooled", d->spooled);
    (void)cJSON_AddBoolToObject(json, "started", d->started);
    add_number(json, "started_at", d->started_at);
    add_number(json, "size", d->stamp.size);
    add_number(json, "mtime_ns", d->stamp.mtime_ns);
    add_number(json, "inode", (int64_t)d->stamp.inode);
    add_number(json, "device", (int64_t)d->stamp.device);
    if (d->order)
        add_order(json, d->order);
    text = cJSON_PrintUnformatted(json);
    copy = memory_text(text);
    cJSON_free(text);
    cJSON_Delete(json);
    return copy;
}

/* ---- read back ---- */

static const char *text_of(const cJSON *json, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
}

static bool truth_of(const cJSON *json, const char *key)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, key));
}

static bool read_number(const cJSON *json, const char *key, int64_t *number)
{
    const char *text = text_of(json, key);
    char *end;

    if (!text || !*text)
        return false;
    *number = strtoll(text, &end, 10);
    return *end == '\0';
}

static bool read_text(const cJSON *json, const char *key, char *out,
                      size_t size)
{
    const char *text = text_of(json, key);

    if (!text || strlen(text) >= size)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static bool read_source(const cJSON *json, struct delivery *d)
{
    const char *text = text_of(json, "source");
    enum delivery_source s;

    for (s = 0; text && s < DELIVERY_SOURCES; s++)
        if (strcmp(sources[s], text) == 0) {
            d->source = s;
            return true;
        }
    return false;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static void read_bytes(const char *hex, struct order *order)
{
    size_t len = hex ? strlen(hex) / 2 : 0, i;
    unsigned char *bytes;

    if (!len)
        return;
    order->correlation = bytes = memory_zero(len, 1);
    for (i = 0; i < len; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

        if (high < 0 || low < 0)
            return;
        bytes[i] = (unsigned char)(high * 16 + low);
    }
    order->correlation_len = len;
}

static struct order *read_order(const cJSON *json)
{
    struct order *order;

    if (!cJSON_IsObject(json))
        return NULL;
    order = memory_zero(1, sizeof *order);
    (void)read_text(json, "name", order->name, sizeof order->name);
    order->command = command_find(order->name);
    order->arguments.job = -1;
    order->expires = order->expires_ms = INT64_MAX;
    order->state_before = STATE_COUNT;
    order->transaction = memory_text(text_of(json, "transaction"));
    order->key = memory_text(text_of(json, "idempotency_key"));
    order->response_topic = memory_text(text_of(json, "response_topic"));
    (void)read_number(json, "expires", &order->expires);
    order->final_only = truth_of(json, "final_only");
    read_bytes(text_of(json, "correlation"), order);
    return order;
}

static bool read_stamp(const cJSON *json, struct http_stamp *stamp)
{
    int64_t inode, device;

    if (!read_number(json, "size", &stamp->size) ||
        !read_number(json, "mtime_ns", &stamp->mtime_ns) ||
        !read_number(json, "inode", &inode) ||
        !read_number(json, "device", &device))
        return false;
    stamp->inode = (uint64_t)inode;
    stamp->device = (uint64_t)device;
    return true;
}

static bool read_all(const cJSON *json, struct delivery *d)
{
    int64_t id;
    const char *from = text_of(json, "from");

    if (!read_number(json, "id", &id) || id <= 0 ||
        !read_text(json, "printer", d->printer, sizeof d->printer) ||
        !read_source(json, d) || !read_text(json, "to", d->to, sizeof d->to) ||
        !read_number(json, "started_at", &d->started_at) ||
        !read_stamp(json, &d->stamp) ||
        (!from && d->source != DELIVERY_PAYLOAD) ||
        (from && strlen(from) > DELIVERY_FROM_MAX))
        return false;
    d->id = (uint64_t)id;
    d->from = memory_text(from);
    d->print = truth_of(json, "print");
    d->overwrite = truth_of(json, "overwrite");
    d->spooled = truth_of(json, "spooled");
    d->started = truth_of(json, "started");
    d->order = read_order(cJSON_GetObjectItemCaseSensitive(json, "order"));
    return true;
}

struct delivery *delivery_read(const char *text, size_t len, struct error *err)
{
    cJSON *json = cJSON_ParseWithLength(text, len);
    struct delivery *d = memory_zero(1, sizeof *d);
    bool good = json && read_all(json, d);

    cJSON_Delete(json);
    if (good)
        return d;
    delivery_free(d);
    (void)error_set(err, "this is no record of an upload");
    return NULL;
}
