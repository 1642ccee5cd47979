/* Orders: anybody on the broker sends them. The first line of the input is the
 * command, the second the response topic, the rest the payload. */
#include "bridge/order.h"
#include "mapping/memory.h"
#include "mapping/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct moment now = {.ms = 1000, .wall = 1795262400};

/* Cut the next line off; caller frees. */
static char *line(const char **at, size_t *left)
{
    const char *end = memchr(*at, '\n', *left);
    size_t len = end ? (size_t)(end - *at) : *left;
    char *text = memory_copy(*at, len);

    *at += end ? len + 1 : len;
    *left -= end ? len + 1 : len;
    return text;
}

/* An answer is one JSON text without control characters, whatever came. */
static void answer(const struct order *order, const struct error *err)
{
    struct order_answer answer = {
        .status = ORDER_ERROR,
        .code = ORDER_INVALID,
        .job = order->arguments.job,
        .state_after = STATE_COUNT,
    };
    struct buffer out = {0};
    size_t i;

    (void)snprintf(answer.message, sizeof answer.message, "%.390s", err->text);
    order_answer_json(order, &answer, &out);
    if (out.len < 2 || out.bytes[0] != '{' || out.bytes[out.len - 1] != '}')
        abort();
    for (i = 0; i < out.len; i++)
        if ((unsigned char)out.bytes[i] < ' ')
            abort();
    buffer_release(&out);
}

static void check(const struct order *order, enum order_code code)
{
    const struct command_row *row;

    if (!text_is_utf8(order->name, strlen(order->name)))
        abort();
    if (code != ORDER_OK || order->request)
        return;
    row = command_row(order->command);
    if (row->argument == ARGUMENT_PATH && order->arguments.path[0] != '/')
        abort();
    if (row->argument == ARGUMENT_SECONDS &&
        !(order->arguments.number >= row->min &&
          order->arguments.number <= row->max))
        abort();
    if (order_expired(order, now))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data;
    char *name = line(&at, &size);
    char *topic = line(&at, &size);
    struct error err = {""};
    enum order_code code;
    int64_t seconds;
    struct order *order;
    const struct order_envelope envelope = {
        .name = name,
        .request = name[0] == 'l',
        .payload = at,
        .len = size,
        .expiry_s = -1,
        .response_topic = topic,
        .correlation = topic,
        .correlation_len = strlen(topic),
    };

    order = order_read(&envelope, now, &code, &err);
    check(order, code);
    answer(order, &err);
    order_free(order);
    if (order_response_topic_ok(topic, "p", "homeassistant") &&
        (strpbrk(topic, "+#") || topic[0] == '$' ||
         strncmp(topic, "homeassistant/", 14) == 0))
        abort();
    (void)order_parse_time(topic, &seconds);
    free(topic);
    free(name);
    return 0;
}
