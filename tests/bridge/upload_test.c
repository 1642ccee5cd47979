/* One upload as a state machine, fed with answers. */
/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "bridge/upload.h"

#include <string.h>

enum { ANY, BUDDY, PI };

#define SIZE 1000
#define FILE_OF(size, time)                                                    \
    "{\"name\":\"BOX.GCO\",\"ro\":false,\"type\":\"PRINT_FILE\","              \
    "\"m_timestamp\":" #time ",\"size\":" #size ",\"display_name\":\"box\"}"
#define PARTIAL                                                                \
    "{\"name\":\"BOX.GCO\",\"ro\":true,\"type\":\"PRINT_FILE\","               \
    "\"m_timestamp\":1,\"size\":1000,\"display_name\":\"box\"}"
#define FOLDER                                                                 \
    "{\"type\":\"FOLDER\",\"ro\":false,\"name\":\"X\",\"children\":[]}"

struct trial {
    struct upload *upload;
    struct upload_plan plan;
    struct device device;
    struct request request; /* the last one */
    int64_t now_ms;
};

static struct upload_plan plan_of(int variant, const char *path)
{
    struct upload_plan plan = {.driver = driver_find("prusalink"),
                               .source = {.size = SIZE}};
    static struct device device;

    device_release(&device);
    device.variant = variant;
    if (variant == BUDDY)
        (void)instances_learn(&device.storages, "/usb/", 0);
    if (variant == PI) {
        (void)instances_learn(&device.storages, "/local", 0);
        (void)instances_learn(&device.storages, "/sdcard", 0);
    }
    plan.device = &device;
    (void)snprintf(plan.path, sizeof plan.path, "%s", path);
    return plan;
}

static void begin(struct trial *t, const struct upload_plan *plan)
{
    *t = (struct trial){.plan = *plan, .now_ms = 1000000};
    t->upload = upload_new(plan, t->now_ms);
}

static enum upload_want next(struct trial *t)
{
    return upload_next(t->upload, true, t->now_ms, &t->request);
}

static void hear(struct trial *t, enum http_result result, int status,
                 const char *body, bool sent_all)
{
    struct http_answer answer = {
        .result = result,
        .status = status,
        .body = body,
        .len = strlen(body),
        .sent = true,
        .sent_all = sent_all,
        .reason = "connection reset",
    };

    upload_answered(t->upload, &answer, t->now_ms);
}

/* It looks, and finds what body says ("" = nothing). */
static void look(struct trial *t, const char *body)
{
    assert_int_equal(next(t), UPLOAD_SEND);
    assert_int_equal(t->request.method, HTTP_GET);
    assert_int_equal(next(t), UPLOAD_WAIT);
    hear(t, HTTP_ANSWERED, *body ? 200 : 404, body, true);
}

/* It sends the body, and this comes of it. */
static void send_body(struct trial *t, enum http_result result, int status,
                      const char *body, bool sent_all)
{
    assert_int_equal(next(t), UPLOAD_STREAM);
    assert_int_equal(t->request.method, HTTP_PUT);
    assert_true(t->request.once);
    assert_int_equal(next(t), UPLOAD_WAIT);
    hear(t, result, status, body, sent_all);
}

/* It waits so long, not a millisecond less. */
static void wait_for(struct trial *t, int64_t ms)
{
    assert_int_equal(next(t), UPLOAD_WAIT);
    assert_int_equal(upload_wake(t->upload), t->now_ms + ms);
    assert_string_not_equal(upload_waiting_for(t->upload), "");
    t->now_ms += ms - 1;
    assert_int_equal(next(t), UPLOAD_WAIT);
    t->now_ms++;
}

static void ends(struct trial *t, enum order_code code, const char *says)
{
    const struct upload_result *r = upload_result(t->upload);

    assert_int_equal(next(t), UPLOAD_END);
    assert_int_equal(upload_wake(t->upload), INT64_MAX);
    assert_string_equal(upload_waiting_for(t->upload), "");
    if (r->code != code || !strstr(r->message, says))
        fail_msg("%s: \"%s\"", order_code_name(r->code), r->message);
    upload_free(t->upload);
}

/* ---- before a byte is sent ---- */

#define TEN    "0123456789"
#define FORTY  TEN TEN TEN TEN
#define EIGHTY FORTY FORTY
#define LONGEST                                                                \
    "/usb/" EIGHTY "012345678901"                                              \
    ".gcode" /* 103 bytes */
/* 200 bytes of UTF-8 in the request, 70 in the name */
#define ENCODED "/usb/ééééééééééééééééééééééééé"

static const struct {
    int variant;
    const char *path;
    bool print;
    int64_t size;
    enum order_code code;
    const char *says;
} names[] = {
    {BUDDY, "/usb/box.gcode", true, 1, ORDER_OK, ""},
    {BUDDY, "/usb/new folder/100% + box.BGCODE", true, 1, ORDER_OK, ""},
    {BUDDY, LONGEST, false, 1, ORDER_OK, ""},
    {BUDDY, "/usb/1" EIGHTY "012345678901.gcode", false, 1, ORDER_INVALID,
     "104 bytes and the printer takes 103"},
    {BUDDY, ENCODED ".gcode", false, 1, ORDER_INVALID, "printer takes 168"},
    {BUDDY, "/usb/../box.gcode", false, 1, ORDER_INVALID, ".."},
    {BUDDY, "/usb/a\\..\\box.gcode", false, 1, ORDER_INVALID, ".."},
    {BUDDY, "/usb/what?.gcode", false, 1, ORDER_INVALID, "refuses in names"},
    {BUDDY, "/usb/a:b.gcode", false, 1, ORDER_INVALID, "refuses in names"},
    {BUDDY, "/usb/folder./box.gcode", false, 1, ORDER_INVALID, "ends with a"},
    {BUDDY, "/usb/a\nb.gcode", false, 1, ORDER_INVALID, "control"},
    {BUDDY, "/usb/\xff.gcode", false, 1, ORDER_INVALID, "UTF-8"},
    {BUDDY, "/usb", false, 1, ORDER_INVALID, "not a file"},
    {BUDDY, "usb/box.gcode", false, 1, ORDER_INVALID, "begins with a slash"},
    {BUDDY, "/usb/firmware.bbf", false, 1, ORDER_INVALID, "only G-code"},
    {BUDDY, "/usb/.gcode", false, 1, ORDER_INVALID, "only G-code"},
    {BUDDY, "/usb/box.stl", false, 1, ORDER_INVALID, ".bgcode"},
    {BUDDY, "/usb/box.gcode", false, 0, ORDER_INVALID, "empty"},
    {BUDDY, "/usb/box.gcode", false, 4294967295, ORDER_OK, ""},
    {BUDDY, "/usb/box.gcode", false, 4294967296, ORDER_TOO_BIG, "up to"},
    {PI, "/local/what: a box*.gcode", true, 4294967296, ORDER_OK, ""},
    {PI, "/local/1" EIGHTY EIGHTY "/box.gcode", false, 1, ORDER_OK, ""},
    {PI, "/local/" EIGHTY EIGHTY EIGHTY "12.gcode", false, 1, ORDER_OK, ""},
    {PI, "/local/" EIGHTY EIGHTY EIGHTY "123.gcode", false, 1, ORDER_INVALID,
     "249 bytes and the printer takes 248"},
    {PI, "/local/100%.gcode", false, 1, ORDER_INVALID, "refuses in names"},
    {PI, "/local/20°.gcode", false, 1, ORDER_INVALID, "refuses in names"},
    {PI, "/local/20é.gcode", false, 1, ORDER_OK, ""},
    {PI, "/local/../box.gcode", false, 1, ORDER_INVALID, ".."},
    {PI, "/sdcard/box.gcode", false, 1, ORDER_NOT_SUPPORTED, "card"},
    {PI, "/local/box.bgcode", true, 1, ORDER_INVALID, "prints only .gcode"},
    {PI, "/local/box.bgcode", false, 1, ORDER_OK, ""},
    {ANY, "/usb/1" EIGHTY "012345678901.gcode", false, 1, ORDER_INVALID, "103"},
    {ANY, "/sdcard/box.gcode", false, 1, ORDER_OK, ""},
};

static void what_cannot_go_is_refused_before_a_byte_is_sent(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct upload_plan plan = plan_of(names[i].variant, names[i].path);
        struct error err = {""};
        struct trial t;
        enum order_code code;

        plan.print = names[i].print;
        plan.source.size = names[i].size;
        code = upload_check(&plan, &err);
        if (code != names[i].code || !strstr(err.text, names[i].says))
            fail_msg("%s: %s \"%s\"", names[i].path, order_code_name(code),
                     err.text);
        begin(&t, &plan);
        if (code == ORDER_OK) {
            look(&t, "");
            upload_free(t.upload);
        } else {
            ends(&t, names[i].code, names[i].says);
        }
    }
}

static void an_existing_file_is_refused_before_its_body_is_sent(void **state)
{
    struct upload_plan plan = plan_of(BUDDY, "/usb/box.gcode");
    struct trial t;

    (void)state;
    begin(&t, &plan);
    look(&t, FILE_OF(5, 1));
    ends(&t, ORDER_CONFLICT, "overwrite");
    begin(&t, &plan);
    look(&t, FOLDER);
    ends(&t, ORDER_CONFLICT, "folder");
}

/* ---- what is asked ---- */

static void the_request_says_all_that_the_printer_needs(void **state)
{
    struct upload_plan plan = plan_of(PI, "/local/a +b%.gcode");
    struct trial t;

    (void)state;
    (void)snprintf(plan.path, sizeof plan.path, "/local/a +b.gcode");
    plan.print = plan.overwrite = true;
    begin(&t, &plan);
    look(&t, "");
    assert_int_equal(t.request.login_max_ms, 50000);
    send_body(&t, HTTP_ANSWERED, 201, "", true);
    assert_string_equal(t.request.target, "/api/v1/files/local/a%20%2Bb.gcode");
    assert_string_equal(t.request.content_type, "text/x.gcode");
    assert_string_equal(t.request.headers[0], "Print-After-Upload: ?1");
    assert_string_equal(t.request.headers[1], "Overwrite: ?1");
    assert_true(upload_result(t.upload)->stored);
    assert_true(upload_result(t.upload)->printed);
    assert_int_equal(upload_result(t.upload)->tries, 1);
    ends(&t, ORDER_OK, "");
    plan.print = plan.overwrite = false;
    begin(&t, &plan);
    look(&t, "");
    send_body(&t, HTTP_ANSWERED, 201, "", true);
    assert_null(t.request.headers[0]);
    assert_false(upload_result(t.upload)->printed);
    ends(&t, ORDER_OK, "");
}

static void a_length_that_gets_stuck_is_made_another(void **state)
{
    struct upload_plan plan = plan_of(PI, "/local/box.gcode");
    struct trial t;

    (void)state;
    for (int i = 0; i < 5; i++) {
        plan.source.size = 2 * 65365 - 1 + i;
        begin(&t, &plan);
        if (i == 2)
            assert_string_equal(upload_tail(t.upload), "\n");
        else
            assert_null(upload_tail(t.upload));
        upload_free(t.upload);
    }
    plan = plan_of(BUDDY, "/usb/box.gcode");
    plan.source.size = 65366;
    begin(&t, &plan);
    assert_null(upload_tail(t.upload));
    upload_free(t.upload);
}

/* ---- refusals ---- */

static const struct {
    int variant, status;
    const char *body;
    enum order_code code;
    enum refusal refusal;
    const char *says;
} refusals[] = {
    {BUDDY, 409, "409: Conflict\n\nFile already exists\n", ORDER_CONFLICT,
     REFUSAL_FINAL, "overwrite"},
    {BUDDY, 409, "{\"message\":\"File is busy\"}", ORDER_CONFLICT,
     REFUSAL_FINAL, "wait until the print ends"},
    {BUDDY, 409, "Another transfer in progress", ORDER_CONFLICT, REFUSAL_BUSY,
     "another transfer"},
    {BUDDY, 409, "File is being transferred", ORDER_CONFLICT, REFUSAL_BUSY,
     "transfer to this file"},
    {BUDDY, 409, "Is a directory or ongoing transfer", ORDER_CONFLICT,
     REFUSAL_BUSY, "folder has this name"},
    {BUDDY, 409, "Conflicting upload path", ORDER_CONFLICT, REFUSAL_FINAL,
     "another folder"},
    {BUDDY, 409, "Can't print right now", ORDER_CONFLICT, REFUSAL_STORED,
     "is not printed"},
    {BUDDY, 404, "Destination directory does not exist", ORDER_NOT_FOUND,
     REFUSAL_FINAL, "check the path"},
    {BUDDY, 411, "", ORDER_PRINTER_ERROR, REFUSAL_FINAL, "length"},
    {BUDDY, 413, "", ORDER_TOO_BIG, REFUSAL_FINAL, "too big"},
    {BUDDY, 414, "", ORDER_TOO_BIG, REFUSAL_FINAL, "shorter"},
    {BUDDY, 415, "Not a GCODE", ORDER_INVALID, REFUSAL_FINAL, ".gcode"},
    {BUDDY, 422, "Filename contains invalid characters", ORDER_INVALID,
     REFUSAL_FINAL, "letters"},
    {BUDDY, 501, "", ORDER_INVALID, REFUSAL_FINAL, "empty"},
    {BUDDY, 507, "USB drive full", ORDER_PRINTER_ERROR, REFUSAL_FINAL,
     "delete files"},
    {BUDDY, 507, "Failed to open file", ORDER_PRINTER_ERROR, REFUSAL_FINAL,
     "is there a USB drive"},
    {BUDDY, 507, "File is not contiguous", ORDER_PRINTER_ERROR, REFUSAL_FINAL,
     "format"},
    {BUDDY, 500, "", ORDER_PRINTER_ERROR, REFUSAL_FINAL, "restart"},
    {BUDDY, 503, "Upload stopped from connect", ORDER_CONFLICT, REFUSAL_FINAL,
     "Prusa Connect"},
    {BUDDY, 503, "", ORDER_PRINTER_ERROR, REFUSAL_BUSY, "not ready"},
    {BUDDY, 400, "Connection closed by client", ORDER_PRINTER_ERROR,
     REFUSAL_BROKEN, "given up after 6 tries"},
    {BUDDY, 403, "", ORDER_AUTH, REFUSAL_FINAL, "password"},
    {BUDDY, 418, "<html>", ORDER_PRINTER_ERROR, REFUSAL_FINAL, "HTTP 418"},
    {PI, 409,
     "{\"title\":\"Not in state to print\",\"message\":\"Printer is "
     "not in state to print.\"}",
     ORDER_CONFLICT, REFUSAL_STORED, "is not printed"},
    {PI, 409, "File Already Exists\nFile already exists.", ORDER_CONFLICT,
     REFUSAL_FINAL, "overwrite"},
    {PI, 409, "SD Card Read Only\nSD Card storage is read only.",
     ORDER_NOT_SUPPORTED, REFUSAL_FINAL, "/local"},
    {PI, 409, "File is currently printed", ORDER_CONFLICT, REFUSAL_FINAL,
     "printed now"},
    {PI, 400, "File Upload Failed", ORDER_PRINTER_ERROR, REFUSAL_BROKEN,
     "given up"},
    {PI, 400, "Forbidden Characters", ORDER_INVALID, REFUSAL_FINAL, "letters"},
    {PI, 415, "", ORDER_INVALID, REFUSAL_FINAL, "G-code"},
    {PI, 411, "", ORDER_PRINTER_ERROR, REFUSAL_FINAL, "length"},
    {PI, 500, "<html><h1>Internal Server Error</h1></html>",
     ORDER_PRINTER_ERROR, REFUSAL_BUSY, "another upload"},
    {PI, 507, "", ORDER_PRINTER_ERROR, REFUSAL_FINAL, "delete files"},
    {ANY, 409, "Printer is not in state to print.", ORDER_CONFLICT,
     REFUSAL_STORED, "is not printed"},
    {ANY, 409, "Can't print right now", ORDER_CONFLICT, REFUSAL_STORED,
     "is not printed"},
};

static const int64_t again_ms[] = {2000, 5000, 15000, 30000, 60000};
static const int64_t busy_ms[] = {5000, 10000, 20000, 30000, 60000, 60000};

static void every_refusal_is_a_sentence_and_a_remedy(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct upload_plan plan = plan_of(
            refusals[i].variant,
            refusals[i].variant == PI ? "/local/box.gcode" : "/usb/box.gcode");
        int waits = refusals[i].refusal == REFUSAL_BUSY     ? 6
                    : refusals[i].refusal == REFUSAL_BROKEN ? 5
                                                            : 0;
        struct trial t;

        begin(&t, &plan);
        look(&t, "");
        for (int n = 0; n < waits; n++) {
            send_body(&t, HTTP_ANSWERED, refusals[i].status, refusals[i].body,
                      true);
            wait_for(&t, waits == 6 ? busy_ms[n] : again_ms[n]);
            look(&t, "");
        }
        send_body(&t, HTTP_ANSWERED, refusals[i].status, refusals[i].body,
                  true);
        assert_int_equal(upload_result(t.upload)->http_status,
                         refusals[i].status);
        assert_int_equal(upload_result(t.upload)->stored,
                         refusals[i].refusal == REFUSAL_STORED);
        assert_false(upload_result(t.upload)->printed);
        ends(&t, refusals[i].code, refusals[i].says);
    }
}

/* "409: Conflict\n\nCan", and the connection is cut. */
static void a_refusal_without_its_words_is_looked_into(void **state)
{
    struct upload_plan plan = plan_of(BUDDY, "/usb/box.gcode");
    struct trial t;

    (void)state;
    plan.print = true;
    begin(&t, &plan);
    look(&t, "");
    send_body(&t, HTTP_ANSWERED, 409, "", true);
    look(&t, FILE_OF(1000, 5));
    assert_true(upload_result(t.upload)->stored);
    assert_false(upload_result(t.upload)->printed);
    assert_false(upload_result(t.upload)->unsure);
    ends(&t, ORDER_CONFLICT, "is not printed");
    begin(&t, &plan);
    look(&t, "");
    send_body(&t, HTTP_ANSWERED, 409, "odd words", true);
    look(&t, "");
    assert_false(upload_result(t.upload)->stored);
    assert_int_equal(upload_result(t.upload)->tries, 1);
    ends(&t, ORDER_CONFLICT, "odd words");
    begin(&t, &plan);
    look(&t, "");
    send_body(&t, HTTP_ANSWERED, 409, "odd words", true);
    look(&t, FILE_OF(7, 5)); /* somebody else's */
    ends(&t, ORDER_CONFLICT, "odd words");
    begin(&t, &plan);
    look(&t, "");
    send_body(&t, HTTP_ANSWERED, 409, "odd words", false);
    ends(&t, ORDER_CONFLICT, "odd words");
}

static void a_transfer_of_somebody_else_is_waited_for(void **state)
{
    struct upload_plan plan = plan_of(BUDDY, "/usb/box.gcode");
    struct trial t;

    (void)state;
    begin(&t, &plan);
    look(&t, PARTIAL);
    wait_for(&t, 5000);
    look(&t, "");
    send_body(&t, HTTP_ANSWERED, 409, "Another transfer in progress", false);
    wait_for(&t, 10000);
    look(&t, "");
    send_body(&t, HTTP_ANSWERED, 201, "", true);
    ends(&t, ORDER_OK, "");
}

static void an_old_login_costs_one_more_try_only(void **state)
{
    struct upload_plan plan = plan_of(BUDDY, "/usb/box.gcode");
    struct trial t;

    (void)state;
    begin(&t, &plan);
    look(&t, "");
    send_body(&t, HTTP_ANSWERED, 401, "", false);
    look(&t, "");
    send_body(&t, HTTP_ANSWERED, 401, "", false);
    ends(&t, ORDER_AUTH, "password");
    begin(&t, &plan);
    assert_int_equal(next(&t), UPLOAD_SEND);
    hear(&t, HTTP_ANSWERED, 401, "", true);
    assert_int_equal(upload_result(t.upload)->tries, 0);
    ends(&t, ORDER_AUTH, "password");
}

/* ---- what breaks ---- */

static void a_transfer_that_breaks_is_tried_again_with_pauses(void **state)
{
    static const struct {
        enum http_result result;
        enum order_code code;
    } ways[] = {{HTTP_BROKEN, ORDER_PRINTER_ERROR},
                {HTTP_TIMEOUT, ORDER_TIMEOUT},
                {HTTP_UNREACHABLE, ORDER_OFFLINE}};
    struct upload_plan plan = plan_of(BUDDY, "/usb/box.gcode");
    struct trial t;

    (void)state;
    for (int way = 0; way < 3; way++) {
        begin(&t, &plan);
        for (int i = 0; i < 5; i++) {
            look(&t, "");
            send_body(&t, ways[way].result, 0, "", false);
            assert_string_equal(upload_waiting_for(t.upload),
                                "connection reset");
            wait_for(&t, again_ms[i]);
        }
        look(&t, "");
        send_body(&t, ways[way].result, 0, "", false);
        assert_int_equal(upload_result(t.upload)->tries, 6);
        assert_false(upload_result(t.upload)->unsure);
        ends(&t, ways[way].code, "given up after 6 tries: connection reset");
    }
}

static void a_printer_that_is_away_costs_no_body(void **state)
{
    struct upload_plan plan = plan_of(BUDDY, "/usb/box.gcode");
    struct trial t;

    (void)state;
    begin(&t, &plan);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(next(&t), UPLOAD_SEND);
        hear(&t, HTTP_UNREACHABLE, 0, "", true);
        wait_for(&t, again_ms[i]);
    }
    assert_int_equal(next(&t), UPLOAD_SEND);
    hear(&t, HTTP_UNREACHABLE, 0, "", true);
    assert_int_equal(upload_result(t.upload)->tries, 0);
    ends(&t, ORDER_OFFLINE, "given up");
}

static void a_file_whose_answer_got_lost_is_found(void **state)
{
    struct upload_plan plan = plan_of(BUDDY, "/usb/box.gcode");
    struct trial t;

    (void)state;
    begin(&t, &plan);
    look(&t, "");
    send_body(&t, HTTP_BROKEN, 0, "", true);
    wait_for(&t, 2000);
    look(&t, FILE_OF(1000, 5));
    assert_true(upload_result(t.upload)->stored);
    assert_int_equal(upload_result(t.upload)->tries, 1);
    ends(&t, ORDER_OK, "");
    /* one that did not all go out cannot be there */
    begin(&t, &plan);
    look(&t, "");
    send_body(&t, HTTP_BROKEN, 0, "", false);
    wait_for(&t, 2000);
    look(&t, FILE_OF(1000, 5));
    ends(&t, ORDER_CONFLICT, "already");
    /* nor is half of it */
    begin(&t, &plan);
    look(&t, "");
    send_body(&t, HTTP_BROKEN, 0, "", true);
    wait_for(&t, 2000);
    look(&t, FILE_OF(999, 5));
    ends(&t, ORDER_CONFLICT, "already");
}

static void nothing_is_printed_twice_for_a_lost_answer(void **state)
{
    struct upload_plan plan = plan_of(BUDDY, "/usb/box.gcode");
    struct trial t;

    (void)state;
    plan.print = true;
    begin(&t, &plan);
    look(&t, "");
    send_body(&t, HTTP_TIMEOUT, 0, "", true);
    wait_for(&t, 2000);
    look(&t, FILE_OF(1000, 5));
    assert_true(upload_result(t.upload)->stored);
    assert_true(upload_result(t.upload)->unsure);
    assert_false(upload_result(t.upload)->printed);
    ends(&t, ORDER_TIMEOUT, "order print if it does not");
}

static void an_old_file_of_the_same_size_is_not_taken_for_the_new(void **state)
{
    struct upload_plan plan = plan_of(BUDDY, "/usb/box.gcode");
    struct trial t;

    (void)state;
    plan.overwrite = true;
    begin(&t, &plan);
    look(&t, FILE_OF(1000, 5));
    send_body(&t, HTTP_BROKEN, 0, "", true);
    wait_for(&t, 2000);
    look(&t, FILE_OF(1000, 5));
    send_body(&t, HTTP_BROKEN, 0, "", true);
    wait_for(&t, 5000);
    look(&t, FILE_OF(1000, 6)); /* now it is */
    assert_int_equal(upload_result(t.upload)->tries, 2);
    ends(&t, ORDER_OK, "");
}

static void the_newline_counts(void **state)
{
    struct upload_plan plan = plan_of(PI, "/local/box.gcode");
    struct trial t;

    (void)state;
    plan.source.size = 65366;
    begin(&t, &plan);
    look(&t, "");
    send_body(&t, HTTP_BROKEN, 0, "", true);
    wait_for(&t, 2000);
    look(&t, FILE_OF(65367, 5));
    ends(&t, ORDER_OK, "");
}

static void a_file_that_changes_is_not_sent_again(void **state)
{
    struct upload_plan plan = plan_of(BUDDY, "/usb/box.gcode");
    struct trial t;

    (void)state;
    begin(&t, &plan);
    look(&t, "");
    send_body(&t, HTTP_LOCAL, 0, "", false);
    ends(&t, ORDER_INVALID, "send it again when it is complete");
}

/* ---- after a restart ---- */

static void what_a_run_before_sent_is_looked_for(void **state)
{
    struct upload_plan plan = plan_of(BUDDY, "/usb/box.gcode");
    struct trial t;

    (void)state;
    plan.resumed = true;
    begin(&t, &plan);
    look(&t, FILE_OF(1000, 5));
    assert_int_equal(upload_result(t.upload)->tries, 0);
    ends(&t, ORDER_OK, "");
    begin(&t, &plan);
    look(&t, "");
    send_body(&t, HTTP_ANSWERED, 201, "", true);
    ends(&t, ORDER_OK, "");
    /* overwriting once more does no harm, printing once more does */
    plan.overwrite = true;
    begin(&t, &plan);
    look(&t, FILE_OF(1000, 5));
    send_body(&t, HTTP_ANSWERED, 201, "", true);
    ends(&t, ORDER_OK, "");
    plan.print = true;
    begin(&t, &plan);
    look(&t, FILE_OF(1000, 5));
    ends(&t, ORDER_TIMEOUT, "look whether it prints");
}

/* ---- cancel ---- */

static void it_can_be_cancelled_at_any_moment(void **state)
{
    struct upload_plan plan = plan_of(BUDDY, "/usb/box.gcode");
    struct trial t;

    (void)state;
    for (int moment = 0; moment < 6; moment++) {
        begin(&t, &plan);
        if (moment >= 1)
            assert_int_equal(next(&t), UPLOAD_SEND);
        if (moment >= 2)
            hear(&t, HTTP_ANSWERED, 404, "", true);
        if (moment >= 3)
            assert_int_equal(next(&t), UPLOAD_STREAM);
        if (moment >= 4)
            hear(&t, HTTP_BROKEN, 0, "", moment == 5);
        upload_cancel(t.upload);
        if (moment == 1 || moment == 3)
            hear(&t, HTTP_ABORTED, 0, "", false);
        assert_false(upload_result(t.upload)->stored);
        assert_int_equal(upload_result(t.upload)->unsure, moment == 5);
        ends(&t, ORDER_SUPERSEDED, "cancelled");
    }
    /* it was quicker */
    begin(&t, &plan);
    look(&t, "");
    assert_int_equal(next(&t), UPLOAD_STREAM);
    upload_cancel(t.upload);
    hear(&t, HTTP_ANSWERED, 201, "", true);
    assert_true(upload_result(t.upload)->stored);
    ends(&t, ORDER_OK, "");
    /* no answer keeps it alive */
    begin(&t, &plan);
    assert_int_equal(next(&t), UPLOAD_SEND);
    upload_cancel(t.upload);
    hear(&t, HTTP_ANSWERED, 404, "", true);
    ends(&t, ORDER_SUPERSEDED, "cancelled");
    upload_free(NULL);
}

static void a_silly_answer_to_the_look_does_no_harm(void **state)
{
    static const char *const bodies[] = {"{", "[]", "null", "\"x\"", "{}"};
    struct upload_plan plan = plan_of(BUDDY, "/usb/box.gcode");
    struct trial t;

    (void)state;
    for (int i = 0; i < 5; i++) {
        begin(&t, &plan);
        assert_int_equal(next(&t), UPLOAD_SEND);
        hear(&t, HTTP_ANSWERED, i == 4 ? 500 : 200, bodies[i], true);
        send_body(&t, HTTP_ANSWERED, 201, "", true);
        ends(&t, ORDER_OK, "");
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_go_is_refused_before_a_byte_is_sent),
        cmocka_unit_test(an_existing_file_is_refused_before_its_body_is_sent),
        cmocka_unit_test(the_request_says_all_that_the_printer_needs),
        cmocka_unit_test(a_length_that_gets_stuck_is_made_another),
        cmocka_unit_test(every_refusal_is_a_sentence_and_a_remedy),
        cmocka_unit_test(a_refusal_without_its_words_is_looked_into),
        cmocka_unit_test(a_transfer_of_somebody_else_is_waited_for),
        cmocka_unit_test(an_old_login_costs_one_more_try_only),
        cmocka_unit_test(a_transfer_that_breaks_is_tried_again_with_pauses),
        cmocka_unit_test(a_printer_that_is_away_costs_no_body),
        cmocka_unit_test(a_file_whose_answer_got_lost_is_found),
        cmocka_unit_test(nothing_is_printed_twice_for_a_lost_answer),
        cmocka_unit_test(an_old_file_of_the_same_size_is_not_taken_for_the_new),
        cmocka_unit_test(the_newline_counts),
        cmocka_unit_test(a_file_that_changes_is_not_sent_again),
        cmocka_unit_test(what_a_run_before_sent_is_looked_for),
        cmocka_unit_test(it_can_be_cancelled_at_any_moment),
        cmocka_unit_test(a_silly_answer_to_the_look_does_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
