#include "life.h"

#include "bridge/errand.h"
#include "bridge/files_page.h"
#include "mapping/memory.h"

static void on_log(void *arg, enum log_level level, const char *printer,
                   const char *text)
{
    struct world *life = arg;

    (void)level;
    if (life->log_count < LIFE_MAX)
        (void)snprintf(life->log[life->log_count++], sizeof life->log[0],
                       "%s: %s", printer, text);
}

static void on_answer(void *arg, struct printer *printer,
                      const struct order *order,
                      const struct order_answer *answer)
{
    struct world *life = arg;

    (void)printer;
    assert_true(life->answer_count < LIFE_MAX);
    (void)snprintf(life->answered[life->answer_count], sizeof life->answered[0],
                   "%.31s", order->name);
    life->answers[life->answer_count++] = *answer;
    life->before = order->state_before;
    (void)snprintf(life->value, sizeof life->value, "%s",
                   answer->value ? answer->value : "");
}

static void on_event(void *arg, struct printer *printer,
                     const struct job_event *event)
{
    struct world *life = arg;

    (void)printer;
    if (life->event_count == LIFE_MAX)
        return;
    (void)snprintf(life->event_files[life->event_count],
                   sizeof life->event_files[0], "%s",
                   event->job.name ? event->job.name : "");
    life->events[life->event_count++] = event->event;
}

static void on_work(void *arg, struct printer *printer, struct files_page *page)
{
    struct world *life = arg;

    assert_null(life->page);
    life->page = page;
    if (!life->workers)
        life_work_done(life);
    (void)printer;
}

void life_work_done(struct world *life)
{
    struct files_page *page = life->page;

    assert_non_null(page);
    life->page = NULL;
    files_page_read(page);
    printer_paged(life->printer, page, life->now);
}

static bool on_snapshot(void *arg, struct printer *printer, int camera,
                        const char *bytes, size_t len)
{
    struct world *life = arg;

    return life->snapshot && life->snapshot(arg, printer, camera, bytes, len);
}

static const struct printer_sink sink = {
    .log = on_log,
    .answer = on_answer,
    .event = on_event,
    .work = on_work,
    .snapshot = on_snapshot,
};

void life_open(struct world *life, const struct printer_memory *memory)
{
    *life = (struct world){
        .far = {.state = "IDLE",
                .serial = "S1",
                .printing = -1,
                .remaining = -1},
        .now = {.ms = 1000, .wall = 1800000000},
    };
    life->config = (struct config_printer){
        .id = "mk4",
        .url = memory_text("http://127.0.0.1"),
        .driver = memory_text("auto"),
        .poll_printing_ms = 2000,
        .poll_idle_ms = 5000,
        .poll_offline_ms = 5000,
        .poll_offline_max_ms = 60000,
        .timeout_ms = 5000,
        .mapping = mapping_new(),
    };
    life->printer = printer_new(&life->config, driver_find("prusalink"), memory,
                                &sink, life, life->now, 0);
}

void life_close(struct world *life)
{
    printer_free(life->printer);
    files_page_free(life->page);
    mapping_free((struct mapping *)(uintptr_t)life->config.mapping);
    free(life->config.url);
    free(life->config.driver);
}

static int status_body(const struct far_side *far, char *out, size_t size)
{
    int len = snprintf(out, size, "{");

    if (far->job) {
        len += snprintf(out + len, size - (size_t)len,
                        "\"job\":{\"id\":%d,\"progress\":%d.00", far->job,
                        far->progress);
        if (far->printing >= 0)
            len += snprintf(out + len, size - (size_t)len,
                            ",\"time_printing\":%d", far->printing);
        if (far->remaining >= 0)
            len += snprintf(out + len, size - (size_t)len,
                            ",\"time_remaining\":%d", far->remaining);
        len += snprintf(out + len, size - (size_t)len, "},");
    }
    return len + snprintf(out + len, size - (size_t)len,
                          "\"storage\":%s,"
                          "\"printer\":{\"state\":\"%s\","
                          "\"temp_nozzle\":25.0,\"target_nozzle\":0.0}}",
                          far->pi ? "[{\"path\":\"/local\"}]"
                                  : "{\"path\":\"/usb/\",\"name\":\"usb\"}",
                          far->state);
}

static int job_body(const struct far_side *far, char *out, size_t size)
{
    int id = far->job_name_id ? far->job_name_id : far->job;
    char refs[512] = "", bytes[32] = "";

    if (far->thumbnail || far->download)
        (void)snprintf(refs, sizeof refs,
                       ",\"refs\":{\"thumbnail\":%s,\"download\":%s}",
                       far->thumbnail ? far->thumbnail : "null",
                       far->download ? far->download : "null");
    if (far->job_size)
        (void)snprintf(bytes, sizeof bytes, ",\"size\":%d", far->job_size);
    return snprintf(out, size,
                    "{\"id\":%d,\"state\":\"PRINTING\",\"progress\":%d.00,"
                    "\"file\":{\"name\":\"BOX~1.GCO\","
                    "\"display_name\":\"box%d.gcode\",\"path\":\"/usb\""
                    "%s%s}}",
                    id, far->progress, id, bytes, refs);
}

static int read_body(const struct far_side *far, const char *target, char *out,
                     size_t size)
{
    if (strcmp(target, "/api/v1/status") == 0 && far->status_code == 0)
        (void)status_body(far, out, size);
    else if (strcmp(target, "/api/v1/status") == 0)
        return far->status_code;
    else if (strcmp(target, "/api/v1/job") == 0 && far->job)
        (void)job_body(far, out, size);
    else if (strcmp(target, "/api/v1/job") == 0)
        return 204;
    else if (strcmp(target, "/api/v1/info") == 0 && far->serial)
        (void)snprintf(out, size, "{\"serial\":\"%s\"%s%s%s}", far->serial,
                       far->name ? ",\"name\":\"" : "",
                       far->name ? far->name : "", far->name ? "\"" : "");
    else if (strcmp(target, "/api/version") == 0 && far->pi && far->server)
        (void)snprintf(out, size, "{\"sdk\":\"0.8.1\",\"server\":\"%s\"}",
                       far->server);
    else if (strcmp(target, "/api/version") == 0 && far->firmware)
        (void)snprintf(out, size, "{\"firmware\":\"%s\"}", far->firmware);
    else if (strcmp(target, "/api/version") == 0 ||
             strcmp(target, "/api/v1/info") == 0)
        (void)snprintf(out, size, far->pi ? "{\"sdk\":\"0.8.1\"}" : "{}");
    else if (strcmp(target, "/api/v1/storage") == 0)
        (void)snprintf(out, size, "{\"storage_list\":[%s]}",
                       far->storages ? far->storages : "");
    else if (strcmp(target, "/api/v1/update/prusalink") == 0 && far->update)
        (void)snprintf(out, size, "{\"new_version\":\"%s\"}", far->update);
    else if (strcmp(target, "/api/v1/update/prusalink") == 0 && far->pi)
        return 204;
    else if (strcmp(target, "/api/v1/cameras") == 0 && far->cameras)
        (void)snprintf(out, size, "%s", far->cameras);
    else if ((strncmp(target, "/thumb", 6) == 0 ||
              strncmp(target, "/api/v1/cameras/", 16) == 0) &&
             far->picture_code) {
        (void)snprintf(out, size, "%s", far->picture ? far->picture : "");
        return far->picture_code;
    } else
        return 404;
    return 200;
}

/* A file goes to whoever takes it, piece by piece. */
static void send_file(struct world *life, struct http_answer *a)
{
    const struct http_stream *stream = printer_stream(life->printer);
    const char *at = life->far.file;
    size_t left = at ? strlen(at) : 0;
    enum http_more more = HTTP_MORE;

    assert_non_null(stream);
    assert_true(stream->limit_ms > 0);
    a->status = at ? 200 : 404;
    while (left && more == HTTP_MORE && a->result == HTTP_ANSWERED) {
        size_t piece = left < 16384 ? left : 16384;

        if (life->far.on_piece)
            life->far.on_piece(life);
        more = stream->sink(stream->arg, at, piece);
        life->far.file_taken += piece;
        at += piece;
        left -= piece;
    }
    a->enough = more == HTTP_ENOUGH;
}

static void answer(struct world *life, const struct request *request)
{
    static const char files[] = "/api/v1/files";
    const size_t size = (size_t)256 << 10;
    char *body = memory_zero(size, 1);
    struct http_answer a = {
        .result = life->far.result,
        .sent = true,
        .challenged = life->far.challenges,
        .took_ms = 3,
    };

    if (request->method != HTTP_GET) {
        assert_true(request->once);
        if (a.result == HTTP_ANSWERED)
            a.result = life->far.order_result;
        a.status = life->far.order_code ? life->far.order_code : 204;
        if (a.result == HTTP_ANSWERED && a.status == 204 && life->far.on_order)
            life->far.on_order(&life->far);
        if (life->far.order_lost)
            a.result = HTTP_BROKEN;
    } else {
        if ((strcmp(request->target, "/errand") == 0 ||
             strncmp(request->target, "/thumb", 6) == 0 ||
             strncmp(request->target, "/usb/", 5) == 0) &&
            life->far.errand_result != HTTP_ANSWERED)
            a.result = life->far.errand_result;
        a.status = read_body(&life->far, request->target, body, size);
        if (strncmp(request->target, "/usb/", 5) == 0)
            send_file(life, &a);
        if (strncmp(request->target, files, sizeof files - 1) == 0) {
            a.result = a.result ? a.result : life->far.files_result;
            if (life->far.files)
                a.status = life->far.files(&life->far, request, &a.headers,
                                           body, size);
        }
    }
    if (a.result != HTTP_ANSWERED) {
        a.status = 0;
        a.sent = a.result != HTTP_UNREACHABLE;
        (void)snprintf(a.reason, sizeof a.reason, "no luck");
        body[0] = '\0';
    }
    if (life->far.modified)
        (void)snprintf(a.headers.last_modified, sizeof a.headers.last_modified,
                       "%s", life->far.modified);
    if (life->far.etag)
        (void)snprintf(a.headers.etag, sizeof a.headers.etag, "%s",
                       life->far.etag);
    a.body = body;
    a.len = strlen(body);
    printer_answered(life->printer, &a, life->now);
    free(body);
}

static void turn(struct world *life)
{
    struct request request;
    int turns = 0;

    for (;;) {
        if (life->step)
            life->step(life->step_arg, life->now);
        if (!printer_next(life->printer, life->now, &request))
            break;
        assert_true(++turns < 2000);
        life->sent[life->sent_count++ % LIFE_MAX] = request;
        if (life->hold &&
            strncmp(request.target, life->hold, strlen(life->hold)) == 0)
            break;
        answer(life, &request);
    }
}

void life_run(struct world *life, int64_t ms)
{
    int64_t end = life->now.ms + ms;
    int turns = 0;

    for (;;) {
        int64_t wake;

        turn(life);
        assert_true(++turns < 100000);
        wake = printer_wake(life->printer);
        if (wake <= life->now.ms)
            wake = life->now.ms + 1;
        if (wake > end)
            break;
        life->now.wall += (wake - life->now.ms + life->now.ms % 1000) / 1000;
        life->now.ms = wake;
    }
    life->now.wall += (end - life->now.ms + life->now.ms % 1000) / 1000;
    life->now.ms = end;
}

int life_sent(const struct world *life, const char *prefix)
{
    int i, n = 0;

    assert_true(life->sent_count <= LIFE_MAX);
    for (i = 0; i < life->sent_count; i++)
        n += strncmp(life->sent[i].target, prefix, strlen(prefix)) == 0;
    return n;
}

void life_order(struct world *life, const char *name, const char *payload)
{
    const struct order_envelope envelope = {
        .name = name,
        .payload = payload,
        .len = strlen(payload),
        .expiry_s = -1,
    };
    struct error err = {""};
    enum order_code code;
    struct order *order = order_read(&envelope, life->now, &code, &err);

    printer_order(life->printer, order, code, &err, life->now);
    turn(life);
}

int life_answers(const struct world *life, const char *name)
{
    int i, n = 0;

    for (i = 0; i < life->answer_count; i++)
        n += strcmp(life->answered[i], name) == 0;
    return n;
}

const struct order_answer *life_answer(const struct world *life)
{
    assert_true(life->answer_count > 0);
    return &life->answers[life->answer_count - 1];
}

const char *life_value(const struct world *life, const char *key)
{
    static char out[VALUE_FORMAT_MAX];
    const struct telemetry *t = printer_telemetry(life->printer);
    enum field field = field_find(key, NULL);
    int slot = field_slot(field, 0);
    struct value v;

    assert_true(field != FIELD_COUNT);
    v = telemetry_get(t, slot);
    if (v.kind == VALUE_TEXT)
        return telemetry_text(t, slot);
    if (v.kind == VALUE_ABSENT)
        return "None";
    value_format(v, field_row(field)->quantity,
                 quantity_row(field_row(field)->quantity)->decimals, out);
    return out;
}
