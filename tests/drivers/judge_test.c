#include "bridge/drivers/driver.h"
#include "check.h"
#include "mapping/text.h"

static char message[512];

static enum order_code judge(enum command command, int status, const char *body)
{
    return driver_judge(driver_find("prusalink"), command, status, body,
                        strlen(body), message, sizeof message);
}

static void says(const char *part)
{
    if (!strstr(message, part))
        fail_msg("\"%s\" does not say \"%s\"", message, part);
}

static void the_status_decides(void **state)
{
    static const struct {
        enum command command;
        int status;
        enum order_code code;
        const char *part;
    } rows[] = {
        {COMMAND_PAUSE, 200, ORDER_OK, ""},
        {COMMAND_PAUSE, 204, ORDER_OK, ""},
        {COMMAND_PRINT, 201, ORDER_OK, ""},
        {COMMAND_PAUSE, 404, ORDER_WRONG_JOB, "not the current one any more"},
        {COMMAND_CANCEL, 404, ORDER_WRONG_JOB, "not the current one any more"},
        {COMMAND_PRINT, 404, ORDER_NOT_FOUND, "no such file"},
        {COMMAND_PAUSE, 409, ORDER_CONFLICT, "paused only while printing"},
        {COMMAND_RESUME, 409, ORDER_CONFLICT, "resumed only while paused"},
        {COMMAND_CANCEL, 409, ORDER_CONFLICT, "nothing it can cancel"},
        {COMMAND_PRINT, 409, ORDER_CONFLICT, "wait until it is idle"},
        {COMMAND_CONTINUE, 400, ORDER_NOT_SUPPORTED, "at the printer"},
        {COMMAND_PAUSE, 400, ORDER_INVALID, "did not understand"},
        {COMMAND_PAUSE, 401, ORDER_AUTH, "check username and password"},
        {COMMAND_PAUSE, 403, ORDER_AUTH, "check username and password"},
        {COMMAND_PRINT, 403, ORDER_NOT_ALLOWED, "outside the storages"},
        {COMMAND_PAUSE, 405, ORDER_NOT_SUPPORTED, "no such order"},
        {COMMAND_PRINT, 408, ORDER_PRINTER_ERROR, "try again"},
        {COMMAND_PRINT, 413, ORDER_TOO_BIG, "too big"},
        {COMMAND_PRINT, 414, ORDER_TOO_BIG, "shorter name"},
        {COMMAND_PAUSE, 500, ORDER_PRINTER_ERROR, "HTTP 500"},
        {COMMAND_PAUSE, 503, ORDER_PRINTER_ERROR, "not ready yet"},
        {COMMAND_PAUSE, 507, ORDER_PRINTER_ERROR, "HTTP 507"},
        {COMMAND_PRINT_SELECTED, 404, ORDER_NOT_FOUND, "select"},
        {COMMAND_PRINT_SELECTED, 403, ORDER_NOT_ALLOWED, "outside"},
        {COMMAND_PRINT_SELECTED, 409, ORDER_CONFLICT, "wait until it is idle"},
        {COMMAND_REPRINT, 404, ORDER_NOT_FOUND, "last job"},
        {COMMAND_REPRINT, 409, ORDER_CONFLICT, "wait until it is idle"},
        {COMMAND_DELETE, 204, ORDER_OK, ""},
        {COMMAND_DELETE, 403, ORDER_NOT_ALLOWED, "outside"},
        {COMMAND_DELETE, 404, ORDER_NOT_FOUND, "not empty"},
        {COMMAND_DELETE, 409, ORDER_CONFLICT, "printed or transferred"},
        {COMMAND_CREATE_FOLDER, 201, ORDER_OK, ""},
        {COMMAND_CREATE_FOLDER, 409, ORDER_CONFLICT, "already"},
        {COMMAND_CREATE_FOLDER, 500, ORDER_PRINTER_ERROR, "folder above"},
        {COMMAND_CREATE_FOLDER, 507, ORDER_PRINTER_ERROR, "full or missing"},
        {COMMAND_LIST_FILES, 404, ORDER_NOT_FOUND, "no such folder"},
        {COMMAND_FILE_INFO, 404, ORDER_NOT_FOUND, "no such file"},
        {COMMAND_CANCEL_TRANSFER, 404, ORDER_NOT_SUPPORTED, "cannot stop"},
        {COMMAND_PAUSE, 302, ORDER_PRINTER_ERROR, "HTTP 302"},
        {COMMAND_PAUSE, 0, ORDER_PRINTER_ERROR, "HTTP 0"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(judge(rows[i].command, rows[i].status, ""),
                         rows[i].code);
        says(rows[i].part);
        assert_int_equal(message[0] == '\0', rows[i].code == ORDER_OK);
    }
}

static void the_printers_words_are_quoted(void **state)
{
    static const struct {
        const char *body, *quote;
    } rows[] = {
        {"{\"title\": \"409: Conflict\",\"message\":\"File is busy\"}",
         "(it says: \"File is busy\")"},
        {"409: Conflict\n\nFile is busy\n", "(it says: \"File is busy\")"},
        {"Bad X-Api-Key.", "(it says: \"Bad X-Api-Key.\")"},
        {"Not Printing\nPrinter is not printing.\n\nSee: http://x",
         "(it says: \"Printer is not printing.\")"},
        {"Not Printing\n\nSee: http://x", "(it says: \"Not Printing\")"},
        {"{\"message\":\"a\\u001b[31mb\\nc\"}", "(it says: \"a [31mb c\")"},
        {"{\"message\":\"\xff\"}", "(it says: \"\xef\xbf\xbd\")"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)judge(COMMAND_PRINT, 409, rows[i].body);
        says(rows[i].quote);
    }
}

static void buddy_cuts_its_json_at_127_bytes(void **state)
{
    char body[] =
        "{\"title\": \"409: Conflict\",\"message\":\"The \\\"file\\\" is "
        "being\\ntransferred and so on and so on and so on and so on "
        "and so on and so on and so on";

    (void)state;
    body[127] = '\0';
    assert_int_equal(judge(COMMAND_PRINT, 409, body), ORDER_CONFLICT);
    says("(it says: \"The \"file\" is being transferred and so on");
}

static void what_says_nothing_is_not_quoted(void **state)
{
    static const char *const bodies[] = {
        "",
        " \n ",
        "{\"title\": \"409: Conflict\",\"message\":\"\"}",
        "{\"title\": \"409: Conf",
        "{\"message\":",
        "{\"message\":7}",
        "<!DOCTYPE html><html><body>x</body></html>",
        "\n <html>",
        "[1,2]",
        "\"text\"",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        (void)judge(COMMAND_PRINT, 409, bodies[i]);
        assert_null(strstr(message, "it says"));
    }
}

static void a_title_alone_is_better_than_nothing(void **state)
{
    (void)state;
    (void)judge(COMMAND_PRINT, 409, "409: Conflict\n\n");
    says("(it says: \"409: Conflict\")");
}

static void any_body_makes_a_valid_message_of_any_size(void **state)
{
    char body[2000], small[300];
    size_t size;

    (void)state;
    memset(body, '\xc3', sizeof body);
    for (size = 1; size < sizeof small; size++) {
        (void)driver_judge(driver_find("prusalink"), COMMAND_PRINT, 507, body,
                           sizeof body, small, size);
        assert_true(strlen(small) < size);
        assert_true(text_is_utf8(small, strlen(small)));
    }
    (void)driver_judge(driver_find("prusalink"), COMMAND_PRINT, 507, NULL, 0,
                       message, sizeof message);
    says("HTTP 507");
}

static void codes_have_the_names_of_the_contract(void **state)
{
    (void)state;
    assert_string_equal(order_code_name(ORDER_OK), "");
    assert_string_equal(order_code_name(ORDER_CONFLICT), "conflict");
    assert_string_equal(order_code_name(ORDER_WRONG_JOB), "wrong_job");
    assert_string_equal(order_code_name(ORDER_PRINTER_ERROR), "printer_error");
    assert_string_equal(order_code_name(ORDER_QUEUE_FULL), "queue_full");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_status_decides),
        cmocka_unit_test(the_printers_words_are_quoted),
        cmocka_unit_test(buddy_cuts_its_json_at_127_bytes),
        cmocka_unit_test(what_says_nothing_is_not_quoted),
        cmocka_unit_test(a_title_alone_is_better_than_nothing),
        cmocka_unit_test(any_body_makes_a_valid_message_of_any_size),
        cmocka_unit_test(codes_have_the_names_of_the_contract),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
