/* A printer's life in random order: answers, orders, uploads, failures, clocks
 * that jump. The seeds are fixed, so each run is the same. Whatever happens:
 * each order gets one final answer, one request is in flight, nobody is woken
 * up for nothing, and every text that can be looked at is there. */
#include "bridge/facts_errand.h"
#include "bridge/files_page.h"
#include "bridge/printer.h"
#include "mapping/memory.h"
#include "tests/bridge/monkey.h"
#include "tests/unit.h"

#ifndef SEEDS
#define SEEDS 300
#endif
#define TURNS      250
#define ORDERS     (TURNS + 1)
#define AWAY       12
#define IDLE_TURNS 50      /* wake-ups in a row that lead to nothing */
#define CALM_MS    7200000 /* longer than any order may take */

struct monkey {
    struct far_side far;
    struct printer *printer;
    struct facts_errand facts;
    struct config_printer config;
    struct moment now;
    struct request request; /* in flight */
    bool asked;
    struct files_page *page;
    struct order *away[AWAY];
    int away_count;
    struct transfer transfer;
    bool lost[ORDERS]; /* goes on after a restart */
    int finals[ORDERS];
    int orders;
};

/* ---- what the printer tells ---- */

static void on_log(void *arg, enum log_level level, const char *printer,
                   const char *text)
{
    (void)arg, (void)level, (void)printer;
    assert_true(strlen(text) < 512);
}

static int number_of(const struct order *order)
{
    return (int)strtol(order->response_topic, NULL, 10);
}

static void on_answer(void *arg, struct printer *printer,
                      const struct order *order,
                      const struct order_answer *answer)
{
    struct monkey *m = arg;
    struct buffer json = {0};

    (void)printer;
    order_answer_json(order, answer, &json);
    buffer_release(&json);
    if (answer->status == ORDER_ACCEPTED)
        assert_int_equal(m->finals[number_of(order)], 0);
    else
        assert_int_equal(++m->finals[number_of(order)], 1);
}

static size_t length(const char *text)
{
    return text ? strlen(text) : 0;
}

static void on_event(void *arg, struct printer *printer,
                     const struct job_event *event)
{
    (void)arg, (void)printer;
    assert_true(length(event->job.name) + length(event->job.path) < 4096);
}

static void on_upload(void *arg, struct printer *printer, struct order *order)
{
    struct monkey *m = arg;

    if (m->away_count < AWAY && roll(&m->far, 4) > 0)
        m->away[m->away_count++] = order;
    else
        printer_carried_out(printer, order, ORDER_NOT_ALLOWED, 0, "no", m->now);
}

static void carry_out(struct monkey *m, int which)
{
    struct order *order = m->away[which];

    m->away[which] = m->away[--m->away_count];
    printer_transfer(m->printer, NULL, m->now);
    printer_carried_out(m->printer, order,
                        roll(&m->far, 2) ? ORDER_OK : ORDER_TOO_BIG, 204,
                        "so it is", m->now);
}

static bool on_cancel_upload(void *arg, struct printer *printer)
{
    struct monkey *m = arg;

    (void)printer;
    if (m->away_count == 0)
        return false;
    if (roll(&m->far, 2))
        carry_out(m, 0);
    return true;
}

static void on_work(void *arg, struct printer *printer, struct files_page *page)
{
    struct monkey *m = arg;

    (void)printer;
    assert_null(m->page);
    m->page = page;
}

static bool on_snapshot(void *arg, struct printer *printer, int camera,
                        const char *bytes, size_t len)
{
    struct monkey *m = arg;

    (void)bytes, (void)len;
    if (roll(&m->far, 3) == 0)
        return false;
    printer_note_snapshot(printer, camera, m->now);
    return true;
}

static const struct printer_sink sink = {
    .log = on_log,
    .answer = on_answer,
    .event = on_event,
    .upload = on_upload,
    .cancel_upload = on_cancel_upload,
    .work = on_work,
    .snapshot = on_snapshot,
};

/* ---- what it is answered ---- */

static void feed(struct monkey *m, const struct http_stream *stream,
                 struct http_answer *a)
{
    enum http_more more = HTTP_MORE;
    int pieces = (int)roll(&m->far, 4);

    while (pieces-- > 0 && more == HTTP_MORE)
        more = stream->sink(stream->arg,
                            "; filament used [g] = 12.5\nG1 X0 Y0\n", 36);
    a->enough = more == HTTP_ENOUGH;
    a->len = 0;
    a->body = "";
}

static void answer(struct monkey *m, enum http_result result)
{
    const struct http_stream *stream = printer_stream(m->printer);
    struct buffer body = {0};
    struct http_answer a = {
        .result = result,
        .status =
            result == HTTP_ANSWERED ? far_status(&m->far, &m->request) : 0,
        .sent = roll(&m->far, 4) > 0,
        .challenged = rarely(&m->far),
        .took_ms = 3,
        .reason = "as the dice fell",
        .body = "",
    };

    if (result == HTTP_ANSWERED) {
        far_body(&m->far, &m->request, &body);
        a.body = buffer_text(&body);
        a.len = body.len;
        (void)snprintf(a.headers.etag, sizeof a.headers.etag, "\"%d\"",
                       (int)roll(&m->far, 3));
    }
    if (stream && stream->sink && a.status == 200)
        feed(m, stream, &a);
    m->asked = false;
    printer_answered(m->printer, &a, m->now);
    buffer_release(&body);
}

/* ---- what happens ---- */

/* To look at everything: AddressSanitizer tells of what is gone. */
static void look(const struct monkey *m)
{
    const struct printer *p = m->printer;
    const struct kept_view *view = printer_files(p);
    const struct printer_memory *memory =
        printer_memory((struct printer *)(uintptr_t)p);
    struct request request;
    struct job_file file;
    size_t total = 0;
    int i;

    for (i = 0; view && i < view->count; i++) {
        assert_non_null(view->files[i]->path);
        assert_non_null(view->files[i]->label);
        total += strlen(view->files[i]->path) + strlen(view->files[i]->label);
    }
    for (i = 0; i < SLOT_COUNT; i++)
        if (telemetry_get(printer_telemetry(p), i).kind == VALUE_TEXT)
            total += strlen(telemetry_text(printer_telemetry(p), i));
    total += length(memory->selected) + length(memory->selected_name) +
             length(memory->job.now.name) + length(memory->job.last.name) +
             strlen(printer_error(p)) + strlen(printer_remedy(p)) +
             strlen(printer_picture(p));
    (void)printer_wants_file(p, &file);
    (void)printer_snapshot_target(p, 0, &request);
    (void)printer_can(p);
    assert_true(total < (size_t)1 << 20);
}

/* Asked as the loop asks: at its wake-up, and then not again and again without
 * any request. */
static void ask(struct monkey *m)
{
    int turns = 0;

    while (!m->asked) {
        m->asked = printer_next(m->printer, m->now, &m->request);
        assert_true(m->request.target[0] == '/' || !m->asked);
        if (m->asked || printer_wake(m->printer) > m->now.ms)
            break;
        m->now.ms++;
        assert_true(++turns < IDLE_TURNS);
    }
    if (m->asked) {
        assert_false(printer_next(m->printer, m->now, &m->request));
        assert_true(printer_wake(m->printer) == INT64_MAX);
    }
}

static const char *const payloads[] = {
    "PRESS",
    "/usb/box.gcode",
    "/usb/BOX~1.GCO",
    "box.gcode",
    "none",
    "30",
    "",
    "{\"value\":\"PRESS\",\"idempotency_key\":\"k1\"}",
    "{\"path\":\"/usb/box.gcode\",\"idempotency_key\":\"k2\"}",
    "{\"file\":\"box.gcode\",\"idempotency_key\":\"k1\"}",
    "{\"file\":\"box.gcode\",\"answer\":\"final\",\"transaction\":[1]}",
    "{\"value\":\"PRESS\",\"job_id\":2,\"idempotency_key\":\"k3\"}",
    "{\"expires\":1800000400,\"value\":\"/usb\"}",
    "{"};

/* One that fits the command, or any. */
static const char *payload_for(struct monkey *m, enum command command)
{
    static const char *const fitting[] = {
        [ARGUMENT_NONE] = "PRESS",
        [ARGUMENT_PATH] = "/usb/box.gcode",
        [ARGUMENT_FOLDER] = "/usb",
        [ARGUMENT_CHOICE] = "box.gcode",
        [ARGUMENT_SOURCE] = "{\"file\":\"b\",\"idempotency_key\":\"k1\"}",
        [ARGUMENT_CAMERA] = "front",
        [ARGUMENT_SECONDS] = "5",
    };

    return roll(&m->far, 3) ? fitting[command_row(command)->argument]
                            : PICK(&m->far, payloads);
}

static void order(struct monkey *m)
{
    enum command command = (enum command)roll(&m->far, COMMAND_COUNT);
    const char *payload = payload_for(m, command);
    char topic[16];
    const struct order_envelope envelope = {
        .name = command_row(command)->name,
        .payload = payload,
        .len = strlen(payload),
        .expiry_s = rarely(&m->far) ? (int64_t)roll(&m->far, 60) : -1,
        .retained = rarely(&m->far),
        .response_topic = topic,
    };
    struct error err = {""};
    enum order_code code;
    struct order *order;

    (void)snprintf(topic, sizeof topic, "%d", m->orders++);
    order = order_read(&envelope, m->now, &code, &err);
    printer_order(m->printer, order, code, &err, m->now);
    if (printer_is_held_up(m->printer))
        answer(m, HTTP_ABORTED);
}

static void paged(struct monkey *m)
{
    struct files_page *page = m->page;

    m->page = NULL;
    files_page_read(page);
    printer_paged(m->printer, page, m->now);
}

static void upload(struct monkey *m)
{
    m->transfer.sent += (int64_t)roll(&m->far, 1000);
    if (m->away_count > 0 && roll(&m->far, 3) == 0) {
        printer_accept(m->printer, m->away[0], "later", m->now);
    } else if (m->away_count > 0 && roll(&m->far, 2)) {
        printer_transfer(m->printer, &m->transfer, m->now);
    } else if (m->away_count > 0) {
        carry_out(m, (int)roll(&m->far, (uint64_t)m->away_count));
        printer_files_changed(m->printer, m->now);
    }
}

static void pass(struct monkey *m, int64_t ms)
{
    m->now.wall += (m->now.ms % 1000 + ms) / 1000;
    m->now.ms += ms;
}

static void time_goes_on(struct monkey *m)
{
    int64_t wake = printer_wake(m->printer);

    if (wake == INT64_MAX || roll(&m->far, 2))
        pass(m, (int64_t)(roll(&m->far, 3) ? roll(&m->far, 40)
                                           : roll(&m->far, 8000)));
    else if (wake > m->now.ms)
        pass(m, wake - m->now.ms);
    if (roll(&m->far, 60) == 0)
        pass(m, (int64_t)roll(&m->far, 4000000));
    if (roll(&m->far, 60) == 0)
        m->now.wall += (int64_t)roll(&m->far, 2000000000) - 1000000000;
}

static void turn(struct monkey *m)
{
    switch (roll(&m->far, 10)) {
    case 0: order(m); break;
    case 1: upload(m); break;
    case 2:
        if (m->page)
            paged(m);
        break;
    case 3:
        if (roll(&m->far, 20) == 0)
            printer_forget(m->printer, m->now);
        break;
    case 4: time_goes_on(m); break;
    default:
        if (m->asked)
            answer(m, far_result(&m->far));
        else
            time_goes_on(m);
    }
    ask(m);
    look(m);
}

/* ---- one life ---- */

static void begin(struct monkey *m, uint64_t seed)
{
    static const uint64_t lucks[] = {5, 20, 100, 1000};

    *m = (struct monkey){
        .far = {.state = "IDLE",
                .pi = seed % 8 < 4,
                .luck = lucks[seed % ROWS(lucks)],
                .dice = seed * 2654435769u + 88172645463325252u},
        .now = {.ms = 1000, .wall = 1800000000},
        .transfer = {.path = "/usb/box.gcode", .size = 100000},
        .config = {.id = "mk4",
                   .url = memory_text("http://127.0.0.1"),
                   .driver = memory_text("auto"),
                   .poll_printing_ms = 2000,
                   .poll_idle_ms = 5000,
                   .poll_offline_ms = 5000,
                   .poll_offline_max_ms = 60000,
                   .timeout_ms = 5000,
                   .change_warning_ms = 300000,
                   .read_files = true,
                   .uploads = {.enabled = true},
                   .mapping = mapping_new()},
    };
    m->config.command_enabled[COMMAND_DELETE] = true;
    m->config.command_enabled[COMMAND_CAMERA_DELETE] = true;
    m->config.command_enabled[COMMAND_SERVER_UPDATE] = true;
    m->printer = printer_new(&m->config, driver_find("prusalink"), NULL, &sink,
                             m, m->now, 0);
    printer_watch_files(m->printer);
    facts_errand_init(&m->facts, m->printer);
}

static bool all_answered(const struct monkey *m)
{
    int i = 0;

    while (i < m->orders && m->finals[i] == 1)
        i++;
    return i == m->orders;
}

/* With a printer that is well nobody waits for an answer for ever. */
static void calm_down(struct monkey *m)
{
    int64_t end = m->now.ms + CALM_MS;

    m->far.calm = true;
    while (m->away_count > 0)
        carry_out(m, 0);
    while (!all_answered(m)) {
        assert_true(m->now.ms < end);
        if (m->page)
            paged(m);
        ask(m);
        if (m->asked)
            answer(m, HTTP_ANSWERED);
        else
            pass(m, printer_wake(m->printer) - m->now.ms);
    }
}

/* Some uploads end with the bridge, others go on in its next life. */
static void end(struct monkey *m)
{
    int i;

    while (m->away_count > 0 && roll(&m->far, 2))
        carry_out(m, 0);
    printer_stop(m->printer, m->now);
    for (i = 0; i < m->away_count; i++) {
        m->lost[number_of(m->away[i])] = true;
        order_free(m->away[i]);
    }
    if (m->asked)
        answer(m, roll(&m->far, 2) ? HTTP_ABORTED : HTTP_ANSWERED);
    if (m->page && roll(&m->far, 2))
        paged(m);
    printer_free(m->printer);
    files_page_free(m->page);
    for (i = 0; i < m->orders; i++)
        assert_int_equal(m->finals[i], m->lost[i] ? 0 : 1);
    mapping_free((struct mapping *)(uintptr_t)m->config.mapping);
    free(m->config.url);
    free(m->config.driver);
}

static void whatever_happens(void **state)
{
    static struct monkey m;
    uint64_t seed;
    int i;

    (void)state;
    for (seed = 1; seed <= SEEDS; seed++) {
        begin(&m, seed);
        for (i = 0; i < TURNS; i++)
            turn(&m);
        if (seed / 4 % 2)
            calm_down(&m);
        end(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
