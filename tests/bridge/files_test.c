/* The walk through a printer's folders, and what orders ask about files. */
#include "bridge/files_page.h"
#include "life.h"
#include "mapping/memory.h"

static const char usb[] = "{\"path\":\"/usb/\",\"name\":\"usb\"}";

#define MINUTES(n) ((n)*60000LL)

/* ---- a stick with two files, one of them in a folder ---- */

static bool gone; /* the file in the folder */
static int asked; /* listings, so far */

static int stick(struct far_side *far, const struct request *request,
                 struct http_headers *headers, char *body, size_t size)
{
    (void)far;
    asked += request->method == HTTP_GET;
    (void)snprintf(headers->etag, sizeof headers->etag, "\"%d\"", gone);
    if (request->condition == HTTP_IF_NONE_MATCH &&
        strcmp(request->validator, headers->etag) == 0)
        return 304;
    if (strcmp(request->target, "/api/v1/files/usb") == 0)
        (void)snprintf(body, size,
                       "{\"type\":\"FOLDER\",\"name\":\"usb\",\"children\":["
                       "{\"type\":\"FOLDER\",\"name\":\"SUB\","
                       "\"display_name\":\"sub\"},"
                       "{\"type\":\"PRINT_FILE\",\"name\":\"A.GCO\","
                       "\"display_name\":\"a.gcode\",\"m_timestamp\":5}]}");
    else if (strcmp(request->target, "/api/v1/files/usb/SUB") == 0)
        (void)snprintf(body, size,
                       "{\"type\":\"FOLDER\",\"name\":\"SUB\",\"children\":["
                       "%s]}",
                       gone ? ""
                            : "{\"type\":\"PRINT_FILE\",\"name\":\"B.GCO\","
                              "\"display_name\":\"b.gcode\","
                              "\"m_timestamp\":6}");
    else if (strcmp(request->target, "/api/v1/files/usb/A.GCO") == 0)
        (void)snprintf(body, size,
                       "{\"type\":\"PRINT_FILE\",\"name\":\"A.GCO\","
                       "\"size\":77}");
    else
        return 404;
    return 200;
}

static void begin(struct world *life)
{
    gone = false;
    asked = 0;
    life_open(life, NULL);
    life->far.storages = usb;
    life->far.files = stick;
    printer_watch_files(life->printer);
}

static void assert_list(const struct world *life, const char *names)
{
    const struct kept_view *view = printer_files(life->printer);
    struct buffer text = {0};
    int i;

    for (i = 0; view && i < view->count; i++)
        (void)buffer_format(&text, "%s ", view->files[i]->label);
    assert_string_equal(buffer_text(&text), names);
    buffer_release(&text);
}

static void the_first_contact_ends_with_a_walk(void **state)
{
    struct world life;

    (void)state;
    begin(&life);
    assert_null(printer_files(life.printer));
    life_run(&life, 10);
    assert_list(&life, "b.gcode a.gcode ");
    assert_true(printer_files_settled(life.printer));
    assert_string_equal(life_value(&life, "storage/usb/files"), "2");
    assert_int_equal(asked, 2);
    life_close(&life);
}

static void nobody_walks_who_was_not_told_to(void **state)
{
    struct world life;

    (void)state;
    gone = false;
    asked = 0;
    life_open(&life, NULL);
    life.far.storages = usb;
    life.far.files = stick;
    life_run(&life, MINUTES(6));
    assert_int_equal(asked, 0);
    life_order(&life, "list_files", "PRESS");
    life_run(&life, 10);
    assert_int_equal(asked, 2);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    life_close(&life);
}

static void what_did_not_change_is_asked_every_five_minutes(void **state)
{
    struct world life;

    (void)state;
    begin(&life);
    life_run(&life, 10);
    life_run(&life, MINUTES(5) - 20);
    assert_int_equal(asked, 2);
    life_run(&life, 6000);
    assert_int_equal(asked, 3); /* 304 for all of it */
    assert_list(&life, "b.gcode a.gcode ");
    gone = true;
    life_run(&life, MINUTES(5) + 6000);
    assert_int_equal(asked, 5);
    assert_list(&life, "a.gcode ");
    life_close(&life);
}

static void not_while_it_prints(void **state)
{
    struct world life;

    (void)state;
    begin(&life);
    life.far.state = "PRINTING";
    life.far.job = 7;
    life_run(&life, MINUTES(12));
    assert_int_equal(asked, 0);
    assert_true(printer_files_settled(life.printer));
    life_order(&life, "list_files", "PRESS");
    life_run(&life, 2000);
    assert_int_equal(asked, 2);
    assert_list(&life, "b.gcode a.gcode ");
    life_run(&life, MINUTES(12));
    assert_int_equal(asked, 2);
    life.far.state = "FINISHED";
    life.far.job = 0;
    life_run(&life, 6000);
    assert_true(asked > 2);
    life_close(&life);
}

static void a_walk_that_breaks_keeps_what_is_known(void **state)
{
    struct world life;

    (void)state;
    begin(&life);
    life_run(&life, 10);
    gone = true;
    life.far.files_result = HTTP_TIMEOUT;
    life_run(&life, MINUTES(5) + 6000);
    assert_list(&life, "b.gcode a.gcode ");
    assert_true(printer_online(life.printer));
    life.far.files_result = HTTP_ANSWERED;
    life_run(&life, MINUTES(2));
    assert_list(&life, "a.gcode ");
    life_close(&life);
}

static void a_listing_too_big_is_told_once(void **state)
{
    struct world life;
    int i, told = 0;

    (void)state;
    begin(&life);
    life.far.files_result = HTTP_TOO_BIG;
    life_run(&life, MINUTES(16));
    for (i = 0; i < life.log_count; i++)
        told += strstr(life.log[i], "over 16 MiB") != NULL;
    assert_int_equal(told, 1);
    assert_null(printer_files(life.printer));
    assert_string_equal(life_value(&life, "storage/usb/files"), "None");
    life_close(&life);
}

/* ---- folders without an end ---- */

static int wide; /* folders in each folder */

static int maze(struct far_side *far, const struct request *request,
                struct http_headers *headers, char *body, size_t size)
{
    size_t len = (size_t)snprintf(body, size,
                                  "{\"type\":\"FOLDER\",\"children\":[{"
                                  "\"name\":\"f\",\"type\":\"PRINT_FILE\"}");
    int i;

    (void)far, (void)request, (void)headers;
    asked++;
    for (i = 0; i < wide; i++)
        len += (size_t)snprintf(body + len, size - len,
                                ",{\"name\":\"%d\",\"type\":\"FOLDER\"}", i);
    (void)snprintf(body + len, size - len, "]}");
    return 200;
}

static void walk_the_maze(struct world *life, int width)
{
    wide = width;
    asked = 0;
    life_open(life, NULL);
    life->far.storages = usb;
    life->far.files = maze;
    printer_watch_files(life->printer);
}

static void folders_end_at_a_depth(void **state)
{
    struct world life;

    (void)state;
    walk_the_maze(&life, 1);
    life_run(&life, 10);
    assert_int_equal(asked, FOLDERS_DEPTH_MAX);
    assert_string_equal(life_value(&life, "storage/usb/files"), "16");
    life_close(&life);
}

static void and_at_a_number(void **state)
{
    struct world life;
    int turn;

    (void)state;
    walk_the_maze(&life, 40);
    for (turn = 0; turn < 30; turn++)
        life_run(&life, 0);
    assert_string_equal(life_value(&life, "storage/usb/files"), "1000");
    life_close(&life);
}

/* ---- a large answer ---- */

static int heap(struct far_side *far, const struct request *request,
                struct http_headers *headers, char *body, size_t size)
{
    size_t len =
        (size_t)snprintf(body, size, "{\"type\":\"FOLDER\",\"children\":[0");
    int i;

    (void)far, (void)request, (void)headers;
    asked++;
    for (i = 0; i < 1000; i++)
        len += (size_t)snprintf(body + len, size - len,
                                ",{\"name\":\"F%d.GCO\",\"m_timestamp\":%d,"
                                "\"type\":\"PRINT_FILE\"}",
                                i, i + 1);
    (void)snprintf(body + len, size - len, "]}");
    return 200;
}

static void polls_go_on_while_a_worker_reads(void **state)
{
    struct world life;
    int polls;

    (void)state;
    begin(&life);
    life.far.files = heap;
    life.workers = true;
    life_run(&life, 10);
    assert_non_null(life.page);
    assert_null(printer_files(life.printer));
    polls = life_sent(&life, "/api/v1/status");
    life_run(&life, 20000);
    assert_true(life_sent(&life, "/api/v1/status") >= polls + 4);
    assert_int_equal(asked, 1);
    life_work_done(&life);
    life_run(&life, 10);
    assert_string_equal(life_value(&life, "storage/usb/files"), "1000");
    assert_int_equal(printer_files(life.printer)->count, FILES_KEPT);
    life_close(&life);
}

static void a_page_that_comes_too_late_is_nobodys(void **state)
{
    struct world life;

    (void)state;
    begin(&life);
    life.far.files = heap;
    life_run(&life, 10);
    life.workers = true;
    life_order(&life, "list_files", "/usb");
    life_run(&life, 1100);
    assert_non_null(life.page);
    life_run(&life, 130000); /* past the order's limit */
    assert_int_equal(life_answer(&life)->code, ORDER_TIMEOUT);
    assert_int_equal(life_answers(&life, "list_files"), 1);
    life.far.files = stick;
    life_order(&life, "list_files", "/usb/SUB");
    life_run(&life, 1100);
    life_work_done(&life); /* of the first order */
    life_run(&life, 1100);
    assert_int_equal(life_answers(&life, "list_files"), 2);
    assert_non_null(strstr(life.value, "B.GCO"));
    life_close(&life);
}

static const char two[] = "{\"path\":\"/usb/\",\"name\":\"usb\"},"
                          "{\"path\":\"/sd/\",\"name\":\"sd\"}";

static void two_large_storages(struct world *life)
{
    begin(life);
    life->far.storages = two;
    life->far.files = heap;
    life->workers = true;
    life_run(life, 10);
    life_work_done(life);
    life_run(life, 10);
    life_work_done(life);
    life_run(life, 10);
    assert_string_equal(life_value(life, "storage/sd/files"), "1000");
}

static void what_is_known_stays_while_it_is_read_again(void **state)
{
    struct world life;
    const struct kept_view *view;

    (void)state;
    two_large_storages(&life);
    life_order(&life, "list_files", "PRESS");
    life_run(&life, 1100);
    life_work_done(&life); /* one of two */
    view = printer_files(life.printer);
    assert_int_equal(view->count, FILES_KEPT);
    assert_string_equal(view->files[0]->label, "/usb/F999.GCO");
    life_run(&life, 10);
    life_work_done(&life);
    life_run(&life, 6000);
    assert_int_equal(life_answers(&life, "list_files"), 1);
    life_close(&life);
}

/* As discovery does, at any time. */
static void look_at_the_list(void *arg, struct moment now)
{
    const struct world *life = arg;
    const struct kept_view *view = printer_files(life->printer);
    int i;

    (void)now;
    for (i = 0; view && i < view->count; i++)
        assert_true(*view->files[i]->label == '/');
}

static void also_when_one_cannot_be_read_any_more(void **state)
{
    struct world life;

    (void)state;
    two_large_storages(&life);
    life.step = look_at_the_list;
    life.step_arg = &life;
    life.far.files_result = HTTP_TOO_BIG;
    life_order(&life, "list_files", "PRESS");
    life_run(&life, 6000);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    assert_null(printer_files(life.printer));
    life_close(&life);
}

/* ---- orders ---- */

static void list_and_info_answer_with_json(void **state)
{
    struct world life;

    (void)state;
    begin(&life);
    life_run(&life, 10);
    life_order(&life, "list_files", "/usb/SUB");
    life_run(&life, 1100);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    assert_non_null(strstr(life.value, "\"path\":\"/usb/SUB/B.GCO\""));
    life_order(&life, "file_info", "/usb/A.GCO");
    life_run(&life, 1100);
    assert_non_null(strstr(life.value, "\"size\":77"));
    life_order(&life, "file_info", "/usb/C.GCO");
    life_run(&life, 1100);
    assert_int_equal(life_answer(&life)->code, ORDER_NOT_FOUND);
    assert_string_equal(life.value, "");
    life_order(&life, "list_files", "/usb/A.GCO");
    life_run(&life, 1100);
    assert_int_equal(life_answer(&life)->code, ORDER_INVALID);
    life_close(&life);
}

static void a_question_without_a_good_answer_is_answered(void **state)
{
    static const struct {
        const char *order, *path;
        enum http_result result;
        enum order_code code;
        const char *says;
    } rows[] = {
        {"list_files", "/usb", HTTP_TOO_BIG, ORDER_TOO_BIG, "no answer"},
        {"list_files", "/usb", HTTP_BROKEN, ORDER_PRINTER_ERROR, "no answer"},
        {"list_files", "PRESS", HTTP_BROKEN, ORDER_PRINTER_ERROR,
         "the files could not be read: "},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world life;

        begin(&life);
        life_run(&life, 10);
        life.far.files_result = rows[i].result;
        life_order(&life, rows[i].order, rows[i].path);
        life_run(&life, 10000);
        print_message("%s\n", life_answer(&life)->message);
        assert_int_equal(life_answer(&life)->status, ORDER_ERROR);
        assert_int_equal(life_answer(&life)->code, rows[i].code);
        assert_non_null(strstr(life_answer(&life)->message, rows[i].says));
        life_close(&life);
    }
}

static void a_question_to_a_printer_that_goes_off_is_answered(void **state)
{
    struct world life;

    (void)state;
    begin(&life);
    life.far.files = heap;
    life_run(&life, 10);
    life.workers = true;
    life_order(&life, "list_files", "/usb");
    life_run(&life, 1100);
    life.far.result = HTTP_UNREACHABLE;
    life_run(&life, 15000); /* well before the order's limit */
    assert_false(printer_online(life.printer));
    assert_int_equal(life_answer(&life)->code, ORDER_OFFLINE);
    life_work_done(&life);
    life_run(&life, 1000);
    assert_int_equal(life_answers(&life, "list_files"), 1);
    life_close(&life);
}

static void a_repeated_key_gets_the_value_again(void **state)
{
    static const char order[] = "{\"value\":\"/usb/SUB\","
                                "\"idempotency_key\":\"k\"}";
    struct world life;
    int before;

    (void)state;
    begin(&life);
    life_run(&life, 10);
    life_order(&life, "list_files", order);
    life_run(&life, 1100);
    before = asked;
    life.value[0] = '\0';
    life_order(&life, "list_files", order);
    assert_non_null(strstr(life.value, "\"path\":\"/usb/SUB/B.GCO\""));
    assert_int_equal(asked, before);
    life_close(&life);
}

static void the_chosen_file_is_followed(void **state)
{
    struct world life;

    (void)state;
    begin(&life);
    life_run(&life, 10);
    assert_false(printer_can(life.printer) >> COMMAND_PRINT_SELECTED & 1);
    life_order(&life, "select_file", "/usb/sub/b.gcode");
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    assert_string_equal(life_value(&life, "files/selected"), "/usb/SUB/B.GCO");
    assert_string_equal(life_value(&life, "files/selected_name"), "b.gcode");
    assert_true(printer_can(life.printer) >> COMMAND_PRINT_SELECTED & 1);
    life_run(&life, MINUTES(6)); /* 304 */
    assert_string_equal(life_value(&life, "files/selected_name"), "b.gcode");
    gone = true;
    life_run(&life, MINUTES(6));
    assert_string_equal(life_value(&life, "files/selected"), "None");
    assert_false(printer_can(life.printer) >> COMMAND_PRINT_SELECTED & 1);
    life_close(&life);
}

static void what_is_unknown_is_not_chosen(void **state)
{
    struct world life;

    (void)state;
    begin(&life);
    life_run(&life, 10);
    life_order(&life, "select_file", "c.gcode");
    assert_int_equal(life_answer(&life)->code, ORDER_NOT_FOUND);
    life_order(&life, "select_file", "/usb/C.GCO");
    assert_int_equal(life_answer(&life)->code, ORDER_NOT_FOUND);
    assert_string_equal(life_value(&life, "files/selected"), "None");
    life_close(&life);
}

static void another_printer_has_other_files(void **state)
{
    struct world life;

    (void)state;
    begin(&life);
    life_run(&life, 10);
    life_order(&life, "select_file", "a.gcode");
    life.far.serial = "S2";
    printer_forget(life.printer, life.now);
    assert_string_equal(life_value(&life, "files/selected"), "None");
    life.far.files = NULL;
    life_run(&life, 6000);
    assert_null(printer_files(life.printer));
    life_close(&life);
}

static void the_chosen_file_is_printed(void **state)
{
    struct world life;

    (void)state;
    begin(&life);
    life_run(&life, 10);
    life_order(&life, "select_file", "b.gcode");
    life_order(&life, "print_selected", "PRESS");
    life_run(&life, 2000);
    assert_int_equal(life_sent(&life, "/api/v1/files/usb/SUB/B.GCO"), 1);
    life_close(&life);
}

static void one_that_is_not_there_is_looked_for(void **state)
{
    struct world life;

    (void)state;
    begin(&life);
    life_run(&life, 10);
    life_order(&life, "select_file", "b.gcode");
    gone = true;
    life.far.files = NULL; /* 404 */
    life.far.order_code = 404;
    life_order(&life, "print_selected", "PRESS");
    life_run(&life, 1100);
    assert_int_equal(life_answer(&life)->code, ORDER_NOT_FOUND);
    life.far.files = stick;
    life_run(&life, 5000);
    assert_string_equal(life_value(&life, "files/selected"), "None");
    life_close(&life);
}

static void a_list_waits_for_what_was_changed_a_moment_ago(void **state)
{
    struct world life;

    (void)state;
    begin(&life);
    life_run(&life, 10);
    life.config.command_enabled[COMMAND_DELETE] = true;
    life_order(&life, "delete", "/usb/A.GCO");
    life_run(&life, 1100);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    life_order(&life, "list_files", "PRESS");
    life_run(&life, 300);
    assert_int_equal(asked, 2); /* a Pi would still list it */
    life_run(&life, 6000);
    assert_int_equal(asked, 4);
    assert_int_equal(life_answers(&life, "list_files"), 1);
    life_close(&life);
}

static void deleting_is_off_until_it_is_enabled(void **state)
{
    struct world life;

    (void)state;
    begin(&life);
    life_run(&life, 10);
    life_order(&life, "delete", "/usb/A.GCO");
    assert_int_equal(life_answer(&life)->code, ORDER_NOT_ALLOWED);
    life.config.command_enabled[COMMAND_DELETE] = true;
    assert_int_equal(life_sent(&life, "/api/v1/files/usb/A.GCO"), 0);
    life_order(&life, "delete", "/usb/A.GCO");
    life_run(&life, 1100);
    assert_int_equal(life_sent(&life, "/api/v1/files/usb/A.GCO"), 1);
    assert_int_equal(life_answer(&life)->status, ORDER_DONE);
    life_run(&life, 3000);
    assert_int_equal(asked, 2 + 2); /* and then looked again */
    life_close(&life);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_contact_ends_with_a_walk),
        cmocka_unit_test(nobody_walks_who_was_not_told_to),
        cmocka_unit_test(what_did_not_change_is_asked_every_five_minutes),
        cmocka_unit_test(not_while_it_prints),
        cmocka_unit_test(a_walk_that_breaks_keeps_what_is_known),
        cmocka_unit_test(a_listing_too_big_is_told_once),
        cmocka_unit_test(folders_end_at_a_depth),
        cmocka_unit_test(and_at_a_number),
        cmocka_unit_test(polls_go_on_while_a_worker_reads),
        cmocka_unit_test(a_page_that_comes_too_late_is_nobodys),
        cmocka_unit_test(what_is_known_stays_while_it_is_read_again),
        cmocka_unit_test(also_when_one_cannot_be_read_any_more),
        cmocka_unit_test(list_and_info_answer_with_json),
        cmocka_unit_test(a_question_without_a_good_answer_is_answered),
        cmocka_unit_test(a_question_to_a_printer_that_goes_off_is_answered),
        cmocka_unit_test(a_repeated_key_gets_the_value_again),
        cmocka_unit_test(the_chosen_file_is_followed),
        cmocka_unit_test(what_is_unknown_is_not_chosen),
        cmocka_unit_test(another_printer_has_other_files),
        cmocka_unit_test(the_chosen_file_is_printed),
        cmocka_unit_test(one_that_is_not_there_is_looked_for),
        cmocka_unit_test(a_list_waits_for_what_was_changed_a_moment_ago),
        cmocka_unit_test(deleting_is_off_until_it_is_enabled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
