/* What may be ordered and how it is answered: the contract with everybody who
 * sends MQTT messages. */
#include "bridge/order.h"
#include "mapping/memory.h"
#include "mapping/text.h"
#include "tests/unit.h"

#define NOW INT64_C(1795262400) /* 2026-11-21T12:00:00Z */

static const struct moment now = {.ms = 5000, .wall = NOW};

static struct order *read_order(const char *name, const char *payload,
                                enum order_code *code, struct error *err)
{
    const struct order_envelope envelope = {
        .name = name,
        .payload = payload,
        .len = strlen(payload),
        .expiry_s = -1,
    };

    err->text[0] = '\0';
    return order_read(&envelope, now, code, err);
}

/* ---- payloads ---- */

static const struct {
    const char *name, *payload;
    enum order_code code;
    const char *says; /* part of the refusal */
} payloads[] = {
    {"pause", "PRESS", ORDER_OK, NULL},
    {"pause", "press", ORDER_OK, NULL},
    {"pause", "{}", ORDER_OK, NULL},
    {"pause", " {\"job_id\": 5} \n", ORDER_OK, NULL},
    {"pause", "", ORDER_INVALID, "send PRESS"},
    {"pause", "now", ORDER_INVALID, "takes no argument; send PRESS"},
    {"pause", "{\"value\": \"PRESS\"}", ORDER_OK, NULL},
    {"print", "/usb/box.gcode", ORDER_OK, NULL},
    {"print", "{\"value\": \"/usb/box.gcode\"}", ORDER_OK, NULL},
    {"print", "{\"path\": \"/usb/box.gcode\"}", ORDER_OK, NULL},
    {"print", "box.gcode", ORDER_INVALID, "/usb/box.gcode"},
    {"print", "/", ORDER_INVALID, "needs the path of a file"},
    {"print", "{}", ORDER_INVALID, "needs the path of a file"},
    {"print", "{\"value\": 5}", ORDER_INVALID, "needs the path of a file"},
    {"set_poll_interval", "5", ORDER_OK, NULL},
    {"set_poll_interval", "2.5", ORDER_OK, NULL},
    {"set_poll_interval", "{\"value\": 300}", ORDER_OK, NULL},
    {"set_poll_interval", "{\"value\": \"300\"}", ORDER_OK, NULL},
    {"set_poll_interval", "0.5", ORDER_INVALID, "a number from 1 to 300"},
    {"set_poll_interval", "301", ORDER_INVALID, "a number from 1 to 300"},
    {"set_poll_interval", "5 s", ORDER_INVALID, "a number from 1 to 300"},
    {"set_poll_interval", "nan", ORDER_INVALID, "a number from 1 to 300"},
    {"set_poll_interval", "{\"value\": true}", ORDER_INVALID, "text or a"},
    {"set_poll_interval", "{\"value\": null}", ORDER_INVALID, "text or a"},
    {"explode", "PRESS", ORDER_NOT_SUPPORTED, "no command is called explode"},
    {"Pause", "PRESS", ORDER_NOT_SUPPORTED, "no command is called Pause"},

    {"pause", "{\"job_id\": 1.5}", ORDER_INVALID, "whole number"},
    {"pause", "{\"job_id\": -1}", ORDER_INVALID, "whole number"},
    {"pause", "{\"job_id\": \"5\"}", ORDER_INVALID, "whole number"},
    {"pause", "{\"job_id\": 1e300}", ORDER_INVALID, "whole number"},
    {"pause", "{\"idempotency_key\": \"\"}", ORDER_INVALID, "1 to 128 bytes"},
    {"pause", "{\"idempotency_key\": 7}", ORDER_INVALID, "1 to 128 bytes"},
    {"pause", "{\"answer\": \"none\"}", ORDER_INVALID, "only be \"final\""},
    {"pause", "{\"expires\": \"tomorrow\"}", ORDER_INVALID, "with a zone"},
    {"pause", "{\"expires\": 1795262400}", ORDER_EXPIRED, "expired"},
    {"pause", "{\"expires\": 1795262401}", ORDER_OK, NULL},
    {"pause", "{\"expires\": 253402300799}", ORDER_OK, NULL},
    {"pause", "{\"expires\": 1795262401000}", ORDER_INVALID, "seconds since"},
    {"pause", "{\"expires\": \"2026-11-21T12:00:00Z\"}", ORDER_EXPIRED,
     "expired"},
    {"pause", "{\"expires\": \"2026-11-21T13:00:01+01:00\"}", ORDER_OK, NULL},
    {"pause", "{\"force\": true}", ORDER_INVALID, "\"force\" is not known"},
    {"pause", "{\"job_id\": 5, \"job_id\": 6}", ORDER_INVALID, "twice"},
    {"print", "{\"value\": \"/usb/a.gcode\", \"path\": \"/usb/b.gcode\"}",
     ORDER_INVALID, "only one of"},
    {"snapshot", "{\"camera\": \"front\", \"value\": \"top\"}", ORDER_INVALID,
     "only one of"},
    {"upload", "{\"value\": \"a.gcode\", \"path\": \"/usb/b.gcode\"}", ORDER_OK,
     NULL},
    {"pause", "{\"job_id\": 5", ORDER_INVALID, "not valid JSON"},
    {"pause", "{} {}", ORDER_INVALID, "not valid JSON"},
    {"pause", "[1]", ORDER_INVALID, "send PRESS"},
    {"pause", "\xff", ORDER_INVALID, "not UTF-8"},
    {"upload", "{\"file\": 5}", ORDER_INVALID, "file must be a text"},
    {"upload", "{\"url\": [\"http://h/a\"]}", ORDER_INVALID,
     "url must be a text"},
    {"upload", "{\"file\": \"\"}", ORDER_INVALID, "say which file"},
    {"upload", "{\"file\": \"a.gcode\", \"path\": 5}", ORDER_INVALID,
     "such as /usb/parts/box.gcode"},
    {"upload", "{\"file\": \"a.gcode\", \"path\": \"\"}", ORDER_INVALID,
     "such as /usb/parts/box.gcode"},
    {"upload", "{\"file\": \"a.gcode\", \"print\": 1}", ORDER_INVALID,
     "print must be true or false"},
    {"camera_change", "{\"camera\": \"a\", \"config\": \"b\"}", ORDER_INVALID,
     "config must be an object"},
};

static void payloads_are_taken_or_refused_with_a_reason(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(payloads); i++) {
        enum order_code code;
        struct error err;
        struct order *order;

        ROW(payloads[i].payload);
        order = read_order(payloads[i].name, payloads[i].payload, &code, &err);
        assert_int_equal(code, payloads[i].code);
        if (payloads[i].says)
            assert_non_null(strstr(err.text, payloads[i].says));
        order_free(order);
    }
}

static void all_keys_arrive(void **state)
{
    enum order_code code;
    struct error err;
    struct order *order = read_order(
        "print",
        "{\"value\": \"/usb/a.gcode\", \"job_id\": 129, "
        "\"transaction\": {\"a\": [1]}, \"idempotency_key\": \"k1\", "
        "\"expires\": 1795262500, \"answer\": \"final\"}",
        &code, &err);

    (void)state;
    assert_int_equal(code, ORDER_OK);
    assert_int_equal(order->command, COMMAND_PRINT);
    assert_string_equal(order->arguments.path, "/usb/a.gcode");
    assert_int_equal(order->arguments.job, 129);
    assert_true(order->job_given);
    assert_string_equal(order->transaction, "{\"a\":[1]}");
    assert_string_equal(order->key, "k1");
    assert_int_equal(order->expires, 1795262500);
    assert_true(order->final_only);
    assert_int_equal(order->arrived_ms, 5000);
    order_free(order);
}

static void without_keys_nothing_is_assumed(void **state)
{
    enum order_code code;
    struct error err;
    struct order *order = read_order("pause", "PRESS", &code, &err);

    (void)state;
    assert_int_equal(order->arguments.job, -1);
    assert_false(order->job_given);
    assert_null(order->transaction);
    assert_null(order->key);
    assert_null(order->response_topic);
    assert_false(order->final_only);
    assert_true(order->expires == INT64_MAX);
    assert_int_equal(order->state_before, STATE_COUNT);
    order_free(order);
    order_free(NULL);
}

static void a_refused_order_still_echoes_its_transaction(void **state)
{
    enum order_code code;
    struct error err;
    struct order *order =
        read_order("pause", "{\"x\": 1, \"transaction\": \"t\"}", &code, &err);

    (void)state;
    assert_int_equal(code, ORDER_INVALID);
    assert_string_equal(order->transaction, "\"t\"");
    order_free(order);
}

/* A payload of len bytes: {"KEY": "xxx..."} */
static char *long_payload(const char *key, size_t len)
{
    char *text = memory_zero(len + 64, 1);
    int head = snprintf(text, 64, "{\"%s\": \"", key);

    memset(text + head, 'x', len);
    memcpy(text + head + len, "\"}", 3);
    return text;
}

/* Nanoseconds since 1970 are more than a double can tell apart. */
static void a_transaction_comes_back_as_it_was(void **state)
{
    static const char *const rows[][2] = {
        {"{\"transaction\": 1763780592123456789}", "1763780592123456789"},
        {"{\"answer\":\"final\",\"transaction\" :-9007199254740993 }",
         "-9007199254740993"},
        {"{\"transaction\":[\"transaction\", {\"transaction\": 2}]}",
         "[\"transaction\",{\"transaction\":2}]"},
        {"{\"transaction\":\"a\\\"\\u00e9\"}", "\"a\\\"\u00e9\""},
        {"{\"transaction\":0}", "0"},
        {"{\"transaction\":1.50}", "1.5"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        enum order_code code;
        struct error err;
        struct order *order = read_order("pause", rows[i][0], &code, &err);

        ROW(rows[i][0]);
        assert_int_equal(code, ORDER_OK);
        assert_string_equal(order->transaction, rows[i][1]);
        order_free(order);
    }
}

static void limits_hold(void **state)
{
    static const struct {
        const char *command, *key;
        size_t len;
        enum order_code code;
        const char *says;
    } sizes[] = {
        {"pause", "idempotency_key", 128, ORDER_OK},
        {"pause", "idempotency_key", 129, ORDER_INVALID},
        {"pause", "transaction", ORDER_TRANSACTION_MAX - 2, ORDER_OK},
        {"pause", "transaction", ORDER_TRANSACTION_MAX - 1, ORDER_INVALID},
        {"print", "value", 600, ORDER_INVALID},
        {"upload", "path", 600, ORDER_INVALID, "the value is too long"},
        {"upload", "file", 2049, ORDER_INVALID, "longer than 2 kB"},
        {"pause", "transaction", ORDER_PAYLOAD_MAX, ORDER_TOO_BIG},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(sizes); i++) {
        char *text = long_payload(sizes[i].key, sizes[i].len);
        enum order_code code;
        struct error err;

        ROW(sizes[i].key);
        order_free(read_order(sizes[i].command, text, &code, &err));
        assert_int_equal(code, sizes[i].code);
        if (sizes[i].says)
            assert_non_null(strstr(err.text, sizes[i].says));
        free(text);
    }
}

static void the_settings_of_a_camera_have_a_limit(void **state)
{
    char text[3000];
    enum order_code code;
    struct error err;

    (void)state;
    (void)snprintf(text, sizeof text,
                   "{\"camera\": \"a\", \"config\": {\"name\": \"%02500d\"}}",
                   1);
    order_free(read_order("camera_change", text, &code, &err));
    assert_int_equal(code, ORDER_INVALID);
    assert_non_null(strstr(err.text, "config must be an object of at most"));
}

static void deep_nesting_is_refused(void **state)
{
    static char text[60000];
    enum order_code code;
    struct error err;

    (void)state;
    memset(text, '[', sizeof text - 1);
    memcpy(text, "{\"transaction\":", 15);
    order_free(read_order("pause", text, &code, &err));
    assert_int_equal(code, ORDER_INVALID);
}

/* ---- what comes besides the payload ---- */

static void an_order_has_few_keys(void **state)
{
    struct buffer payload = {0};
    enum order_code code;
    struct error err;
    int i;

    (void)state;
    (void)buffer_text_add(&payload, "{\"transaction\": 7");
    for (i = 0; i < 64; i++)
        (void)buffer_format(&payload, ", \"%d\": 0", i);
    (void)buffer_text_add(&payload, "}");
    order_free(read_order("pause", buffer_text(&payload), &code, &err));
    assert_int_equal(code, ORDER_INVALID);
    assert_non_null(strstr(err.text, "too many keys"));
    buffer_release(&payload);
}

static void retained_orders_are_refused(void **state)
{
    const struct order_envelope envelope = {
        .name = "pause",
        .payload = "{\"transaction\": 1}",
        .len = 18,
        .retained = true,
        .expiry_s = -1,
    };
    enum order_code code;
    struct error err;
    struct order *order = order_read(&envelope, now, &code, &err);

    (void)state;
    assert_int_equal(code, ORDER_RETAINED);
    assert_non_null(strstr(err.text, "without retain"));
    assert_string_equal(order->transaction, "1");
    order_free(order);
}

/* That of MQTT says how long, that of the payload until when: a clock that is
 * set moves only the latter. */
static void the_earlier_expiry_counts(void **state)
{
    static const struct {
        const char *payload;
        int64_t expiry_s, lasts_s, lasts_with_clock_set_back_s;
        enum order_code code;
    } rows[] = {
        {"PRESS", 10, 10, 10, ORDER_OK},
        {"PRESS", 0, 0, 0, ORDER_EXPIRED},
        {"{\"expires\": 1795262405}", 10, 5, 10, ORDER_OK},
        {"{\"expires\": 1795262415}", 10, 10, 10, ORDER_OK},
        {"{\"expires\": 1795262405}", -1, 5, 5 + 3600, ORDER_OK},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        const struct order_envelope envelope = {
            .name = "pause",
            .payload = rows[i].payload,
            .len = strlen(rows[i].payload),
            .expiry_s = rows[i].expiry_s,
        };
        enum order_code code;
        struct error err;
        struct order *order = order_read(&envelope, now, &code, &err);
        int64_t s;

        assert_int_equal(code, rows[i].code);
        for (s = 0; s < 4000; s++) {
            struct moment then = {now.ms + s * 1000, now.wall + s};
            struct moment back = {then.ms, then.wall - 3600};

            assert_int_equal(order_expired(order, then), s >= rows[i].lasts_s);
            assert_int_equal(order_expired(order, back),
                             s >= rows[i].lasts_with_clock_set_back_s);
        }
        order_free(order);
    }
}

static void where_to_answer_is_kept(void **state)
{
    const struct order_envelope envelope = {
        .name = "pause",
        .payload = "PRESS",
        .len = 5,
        .expiry_s = -1,
        .response_topic = "me/answers",
        .correlation = "\0\xff",
        .correlation_len = 2,
    };
    enum order_code code;
    struct error err;
    struct order *order = order_read(&envelope, now, &code, &err);

    (void)state;
    assert_string_equal(order->response_topic, "me/answers");
    assert_int_equal(order->correlation_len, 2);
    assert_memory_equal(order->correlation, "\0\xff", 2);
    order_free(order);
}

static void a_name_from_outside_is_cleaned(void **state)
{
    enum order_code code;
    struct error err;
    struct order *order =
        read_order("a\nb\x01\xff"
                   "0123456789012345678901234567890123456789012345678901234",
                   "PRESS", &code, &err);

    (void)state;
    assert_int_equal(code, ORDER_NOT_SUPPORTED);
    assert_int_equal(strncmp(order->name, "a b \xef\xbf\xbd", 7), 0);
    order_free(order);
}

static void requests_to_the_bridge_take_any_text(void **state)
{
    static const char *const texts[] = {"debug", "{\"value\": \"debug\"}"};
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(texts); i++) {
        const struct order_envelope envelope = {
            .name = "log_level",
            .request = true,
            .payload = texts[i],
            .len = strlen(texts[i]),
            .expiry_s = -1,
        };
        enum order_code code;
        struct error err;
        struct order *order = order_read(&envelope, now, &code, &err);

        assert_int_equal(code, ORDER_OK);
        assert_string_equal(order->name, "log_level");
        assert_string_equal(order->arguments.path, "debug");
        order_free(order);
    }
}

/* ---- response topics ---- */

static void answers_do_not_go_where_they_could_harm(void **state)
{
    static const struct {
        const char *topic;
        bool ok;
    } rows[] = {
        {"me/answers", true},
        {"printer2mqtts/x", true},
        {"printer2mqtt/mk4/response/pause", true},
        {"printer2mqtt/mk4/response/mine/1", true},
        {"printer2mqtt/bridge/response/health", true},
        {"printer2mqtt/mk4/command/cancel", false},
        {"printer2mqtt/mk4/responses/x", false},
        {"printer2mqtt/mk4/response", false},
        {"printer2mqtt/mk4/x/response/y", false},
        {"printer2mqtt/response/y", false},
        {"printer2mqtt/mk4/state", false},
        {"printer2mqtt", false},
        {"homeassistant/device/x/config", false},
        {"homeassistant", false},
        {"$SYS/x", false},
        {"a/+/b", false},
        {"a/#", false},
        {"", false},
        {"/a", false},
        {"a\n", false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        ROW(rows[i].topic);
        assert_int_equal(order_response_topic_ok(rows[i].topic, "printer2mqtt",
                                                 "homeassistant"),
                         rows[i].ok);
    }
    assert_true(
        order_response_topic_ok("a/b/mk4/response/x", "a/b", "homeassistant"));
    assert_false(
        order_response_topic_ok("a/b/mk4/command/x", "a/b", "homeassistant"));
}

/* ---- times ---- */

static void times_are_read_with_their_zone(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1 = refused */
    } rows[] = {
        {"2026-11-21T12:00:00Z", NOW},
        {"2026-11-21t12:00:00z", -1},
        {"2026-11-21 12:00:00Z", NOW},
        {"2026-11-21T12:00:00+00:00", NOW},
        {"2026-11-21T13:00:00+01:00", NOW},
        {"2026-11-21T06:30:00-0530", NOW},
        {"2026-11-21T12:00:00.999Z", NOW},
        {"2026-11-21T12:00:00.Z", NOW},
        {"1970-01-01T00:00:01Z", 1},
        {"2026-11-21T12:00:00", -1},
        {"2026-11-21T12:00Z", -1},
        {"2026-11-21T12:00:00 Z", -1},
        {"2026-11-21T12:00:00Zx", -1},
        {"2026-11-21T12:00:00+15:00", -1},
        {"2026-11-21T12:00:00+01:60", -1},
        {"2026-11-21T12:00:00+01:00x", -1},
        {"2026-11-21T12:00:00+01", -1},
        {"2026-13-21T12:00:00Z", -1},
        {"today", -1},
        {"", -1},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        int64_t seconds = -2;

        ROW(rows[i].text);
        assert_int_equal(order_parse_time(rows[i].text, &seconds),
                         rows[i].seconds != -1);
        if (rows[i].seconds != -1)
            assert_int_equal(seconds, rows[i].seconds);
    }
}

/* ---- answers ---- */

static void an_answer_says_everything_that_is_known(void **state)
{
    struct buffer out = {0};
    enum order_code code;
    struct error err;
    struct order *order =
        read_order("pause", "{\"transaction\": \"t1\"}", &code, &err);
    const struct order_answer answer = {
        .status = ORDER_ERROR,
        .code = ORDER_CONFLICT,
        .message = "it is \"idle\"",
        .http_status = 409,
        .job = 129,
        .state_after = STATE_IDLE,
        .took_ms = 840,
    };

    (void)state;
    order->state_before = STATE_PRINTING;
    order_answer_json(order, &answer, &out);
    assert_string_equal(
        buffer_text(&out),
        "{\"command\":\"pause\",\"status\":\"error\",\"final\":true,"
        "\"message\":\"it is \\\"idle\\\"\",\"code\":\"conflict\","
        "\"http_status\":409,\"job_id\":129,\"state_before\":\"printing\","
        "\"state_after\":\"idle\",\"took_ms\":840,\"transaction\":\"t1\"}");
    buffer_release(&out);
    order_free(order);
}

static void an_answer_leaves_out_what_is_not_known(void **state)
{
    struct buffer out = {0};
    enum order_code code;
    struct error err;
    struct order *order = read_order("pause", "PRESS", &code, &err);
    const struct order_answer answer = {
        .status = ORDER_ACCEPTED,
        .job = -1,
        .state_after = STATE_COUNT,
    };

    (void)state;
    order_answer_json(order, &answer, &out);
    assert_string_equal(
        buffer_text(&out),
        "{\"command\":\"pause\",\"status\":\"accepted\",\"final\":false,"
        "\"message\":\"\",\"took_ms\":0}");
    buffer_release(&out);
    order_free(order);
}

/* Not all who read JSON forgive what is not UTF-8. */
static void an_answer_that_quotes_half_a_character_is_clean(void **state)
{
    struct order order = {.name = "pause"};
    struct order_answer answer = {.status = ORDER_ERROR, .job = -1};
    struct buffer json = {0};

    (void)state;
    (void)snprintf(answer.message, sizeof answer.message, "B\xc3");
    order_answer_json(&order, &answer, &json);
    assert_true(text_is_utf8(json.bytes, json.len));
    assert_non_null(strstr(json.bytes, "\"B\xef\xbf\xbd\""));
    buffer_release(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_that_quotes_half_a_character_is_clean),
        cmocka_unit_test(payloads_are_taken_or_refused_with_a_reason),
        cmocka_unit_test(all_keys_arrive),
        cmocka_unit_test(without_keys_nothing_is_assumed),
        cmocka_unit_test(a_refused_order_still_echoes_its_transaction),
        cmocka_unit_test(a_transaction_comes_back_as_it_was),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(the_settings_of_a_camera_have_a_limit),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(an_order_has_few_keys),
        cmocka_unit_test(retained_orders_are_refused),
        cmocka_unit_test(the_earlier_expiry_counts),
        cmocka_unit_test(where_to_answer_is_kept),
        cmocka_unit_test(a_name_from_outside_is_cleaned),
        cmocka_unit_test(requests_to_the_bridge_take_any_text),
        cmocka_unit_test(answers_do_not_go_where_they_could_harm),
        cmocka_unit_test(times_are_read_with_their_zone),
        cmocka_unit_test(an_answer_says_everything_that_is_known),
        cmocka_unit_test(an_answer_leaves_out_what_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
