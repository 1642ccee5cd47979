/* What the HTTP answer to an order means. PrusaLink's texts are for people and
 * differ between versions: the status decides, the text is only quoted. */
#include "bridge/drivers/driver.h"
#include "bridge/drivers/json.h"
#include "mapping/text.h"

#define QUOTE_MAX 120 /* characters of the printer's own words */
#define BODY_MAX  1023

static const char *const names[] = {
    [ORDER_OK] = "",
    [ORDER_CONFLICT] = "conflict",
    [ORDER_TIMEOUT] = "timeout",
    [ORDER_OFFLINE] = "offline",
    [ORDER_SUPERSEDED] = "superseded",
    [ORDER_NOT_SUPPORTED] = "not_supported",
    [ORDER_NOT_ALLOWED] = "not_allowed",
    [ORDER_INVALID] = "invalid",
    [ORDER_RETAINED] = "retained",
    [ORDER_EXPIRED] = "expired",
    [ORDER_WRONG_JOB] = "wrong_job",
    [ORDER_WRONG_PRINTER] = "wrong_printer",
    [ORDER_QUEUE_FULL] = "queue_full",
    [ORDER_NOT_FOUND] = "not_found",
    [ORDER_AUTH] = "auth",
    [ORDER_TOO_BIG] = "too_big",
    [ORDER_PRINTER_ERROR] = "printer_error",
};

const char *order_code_name(enum order_code code)
{
    return names[code];
}

struct verdict {
    int least, most;      /* HTTP status */
    enum command command; /* COMMAND_COUNT = any */
    enum order_code code;
    const char *sentence;
};

#define ANY COMMAND_COUNT
#define NO_PRINT                                                               \
    "the printer refused: it cannot start a print in this state; wait until "  \
    "it is idle"
#define OUTSIDE                                                                \
    "the printer refused: the credentials are wrong or the path lies outside " \
    "its storages"

/* The first row that fits. */
static const struct verdict verdicts[] = {
    {200, 204, ANY, ORDER_OK, ""},
    {400, 400, COMMAND_CONTINUE, ORDER_NOT_SUPPORTED,
     "this firmware has no continue; answer the question at the printer"},
    {400, 400, ANY, ORDER_INVALID, "the printer did not understand the order"},
    {401, 401, ANY, ORDER_AUTH,
     "the printer refused the credentials; check username and password"},
    {403, 403, COMMAND_PRINT, ORDER_NOT_ALLOWED,
     "the printer refused: the credentials are wrong or the file lies "
     "outside the storages it prints from"},
    {404, 405, COMMAND_CANCEL_TRANSFER, ORDER_NOT_SUPPORTED,
     "this printer cannot stop a transfer"},
    {403, 403, COMMAND_PRINT_SELECTED, ORDER_NOT_ALLOWED, OUTSIDE},
    {403, 403, COMMAND_REPRINT, ORDER_NOT_ALLOWED, OUTSIDE},
    {403, 403, COMMAND_LIST_FILES, ORDER_NOT_ALLOWED, OUTSIDE},
    {403, 403, COMMAND_FILE_INFO, ORDER_NOT_ALLOWED, OUTSIDE},
    {403, 403, COMMAND_CREATE_FOLDER, ORDER_NOT_ALLOWED, OUTSIDE},
    {403, 403, COMMAND_DELETE, ORDER_NOT_ALLOWED, OUTSIDE},
    {403, 403, ANY, ORDER_AUTH,
     "the printer refused the credentials; check username and password"},
    {404, 404, COMMAND_PRINT, ORDER_NOT_FOUND,
     "the printer has no such file; check storage, folder and name"},
    {404, 404, COMMAND_PRINT_SELECTED, ORDER_NOT_FOUND,
     "the selected file is not there any more; order list_files and select "
     "one"},
    {404, 404, COMMAND_REPRINT, ORDER_NOT_FOUND,
     "the file of the last job is not there any more"},
    {404, 404, COMMAND_LIST_FILES, ORDER_NOT_FOUND,
     "the printer has no such folder; check storage and name"},
    {404, 404, COMMAND_FILE_INFO, ORDER_NOT_FOUND,
     "the printer has no such file; check storage, folder and name"},
    /* Buddy says so whatever the reason is. */
    {404, 404, COMMAND_DELETE, ORDER_NOT_FOUND,
     "the printer has no such file or folder, or the folder is not empty: a "
     "Buddy deletes only what is empty"},
    {404, 404, COMMAND_CREATE_FOLDER, ORDER_NOT_FOUND,
     "the printer has no such storage"},
    {404, 404, COMMAND_CAMERA_LIST, ORDER_NOT_SUPPORTED,
     "this printer has no cameras"},
    {404, 404, COMMAND_CHECK_UPDATE, ORDER_NOT_SUPPORTED,
     "this PrusaLink does not update itself"},
    {404, 404, COMMAND_SERVER_UPDATE, ORDER_NOT_SUPPORTED,
     "this PrusaLink does not update itself"},
    {404, 404, ANY, ORDER_WRONG_JOB, "the job is not the current one any more"},
    {405, 405, ANY, ORDER_NOT_SUPPORTED, "this firmware has no such order"},
    {408, 408, ANY, ORDER_PRINTER_ERROR,
     "the printer waited too long for the request; try again"},
    {409, 409, COMMAND_PAUSE, ORDER_CONFLICT,
     "the printer refused: it can be paused only while printing"},
    {409, 409, COMMAND_RESUME, ORDER_CONFLICT,
     "the printer refused: it can be resumed only while paused"},
    {409, 409, COMMAND_CANCEL, ORDER_CONFLICT,
     "the printer refused: there is nothing it can cancel in this state; a "
     "question is answered at the printer"},
    {409, 409, COMMAND_CONTINUE, ORDER_CONFLICT,
     "the printer refused: there is nothing to continue in this state"},
    {409, 409, COMMAND_PRINT, ORDER_CONFLICT, NO_PRINT},
    {409, 409, COMMAND_PRINT_SELECTED, ORDER_CONFLICT, NO_PRINT},
    {409, 409, COMMAND_REPRINT, ORDER_CONFLICT, NO_PRINT},
    {409, 409, COMMAND_DELETE, ORDER_CONFLICT,
     "the printer refused: the file is printed or transferred now, or the "
     "folder is not empty (\"force\": true deletes what is in it, on a "
     "Raspberry Pi)"},
    {409, 409, COMMAND_CREATE_FOLDER, ORDER_CONFLICT,
     "the printer refused: there is such a file or folder already, or the "
     "storage cannot be written"},
    {409, 409, COMMAND_SERVER_UPDATE, ORDER_CONFLICT,
     "PrusaLink could not update itself; see its log"},
    {409, 409, ANY, ORDER_CONFLICT, "the printer refused in this state"},
    {500, 500, COMMAND_CREATE_FOLDER, ORDER_PRINTER_ERROR,
     "the printer could not create it; is there such a "
     "folder above it, and room?"},
    {507, 507, COMMAND_CREATE_FOLDER, ORDER_PRINTER_ERROR,
     "the printer's storage is full or missing"},
    {410, 410, ANY, ORDER_NOT_SUPPORTED, "this firmware dropped this order"},
    {413, 413, ANY, ORDER_TOO_BIG, "the printer found the order too big"},
    {414, 414, ANY, ORDER_TOO_BIG,
     "the printer found the path too long; use a shorter name or folder"},
    {501, 501, ANY, ORDER_NOT_SUPPORTED, "this firmware has no such order"},
    {503, 503, ANY, ORDER_PRINTER_ERROR,
     "the printer's server is not ready yet; try again in a minute"},
    {0, 0, ANY, ORDER_PRINTER_ERROR, NULL},
};

/* What is different for orders to cameras. */
static const struct verdict camera_verdicts[] = {
    {400, 400, COMMAND_CAMERA_CREATE, ORDER_INVALID,
     "the printer refused these settings; a camera needs name, driver and "
     "path, such as {\"name\": \"Front\", \"driver\": \"V4L2\", \"path\": "
     "\"/dev/video0\"}"},
    {404, 404, ANY, ORDER_NOT_FOUND,
     "the printer has no such camera, or it is not connected; order "
     "camera_list"},
    {409, 409, COMMAND_CAMERA_TRIGGER, ORDER_CONFLICT,
     "the printer refused: this camera gives no pictures"},
    {409, 409, COMMAND_CAMERA_CREATE, ORDER_CONFLICT,
     "the printer refused: the camera runs already; use camera_change, or "
     "delete it first"},
    {409, 409, COMMAND_CAMERA_DELETE, ORDER_CONFLICT,
     "the printer refused: the camera is plugged in; unplug it first"},
    {409, 409, COMMAND_CAMERA_REGISTER, ORDER_CONFLICT,
     "the printer refused: the camera is registered already"},
    {409, 409, COMMAND_CAMERA_UNREGISTER, ORDER_CONFLICT,
     "the printer refused: the camera is not registered"},
    /* 0.8.1 took the picture and cannot send it; it is asked for then. */
    {500, 500, COMMAND_CAMERA_TRIGGER, ORDER_OK, ""},
    {0, 0, ANY, ORDER_PRINTER_ERROR, NULL},
};

static const struct verdict *find_in(const struct verdict *row,
                                     enum command command, int status)
{
    while (row->sentence && (status < row->least || status > row->most ||
                             (row->command != ANY && row->command != command)))
        row++;
    return row;
}

static const struct verdict *find_verdict(enum command command, int status)
{
    const struct verdict *row = NULL;

    if (command_row(command)->argument == ARGUMENT_CAMERA)
        row = find_in(camera_verdicts, command, status);
    return row && row->sentence ? row : find_in(verdicts, command, status);
}

/* Buddy cuts its JSON at 127 bytes: take what is there of "message". */
static void words_of_cut_json(char *body, char *out, size_t size)
{
    static const char key[] = "\"message\":";
    char *at = strstr(body, key);
    size_t len = 0;

    out[0] = '\0';
    if (!at)
        return;
    at += strlen(key);
    at += strspn(at, " ");
    if (*at++ != '"')
        return;
    for (; *at && *at != '"' && len + 1 < size; at++) {
        bool escaped = *at == '\\' && at[1];

        at += escaped;
        out[len] = *at;
        if (escaped && strchr("nrt", *at))
            out[len] = ' ';
        len++;
    }
    out[len] = '\0';
}

/* "409: Conflict\n\nFile is busy\n" and "Title\nText\n\nSee: URL": the first
 * line is the title unless it is all there is. */
static void words_of_text(char *body, char *out, size_t size)
{
    char *line = body + strspn(body, " \t\r\n");
    char *rest = strchr(line, '\n');

    if (rest) {
        *rest++ = '\0';
        rest += strspn(rest, " \t\r\n");
        rest[strcspn(rest, "\r\n")] = '\0';
        if (*rest && strncmp(rest, "See:", 4) != 0)
            line = rest;
    }
    (void)snprintf(out, size, "%s", line);
}

/* The printer's own words, cleaned; "" if there are none worth quoting. */
static void find_words(const char *body, size_t len, char *out, size_t size)
{
    const struct json *root = len ? json_parse(body, len, NULL) : NULL;
    const char *message = json_text(json_path(root, "message"));
    char copy[BODY_MAX + 1], words[BODY_MAX + 1] = "";
    const char *start;

    if (len > BODY_MAX)
        len = BODY_MAX;
    if (len)
        memcpy(copy, body, len);
    copy[len] = '\0';
    start = copy + strspn(copy, " \t\r\n");
    if (message)
        (void)snprintf(words, sizeof words, "%s", message);
    else if (!root && *start == '{')
        words_of_cut_json(copy, words, sizeof words);
    else if (!root && *start != '<')
        words_of_text(copy, words, sizeof words);
    json_free(root);
    (void)text_clean(words, QUOTE_MAX, out, size);
}

/* snprintf may have cut inside a character. */
static void mend(char *message)
{
    size_t len = strlen(message), at = 0, n;

    while (at < len && (n = text_utf8(message + at, len - at)) > 0)
        at += n;
    message[at] = '\0';
}

void driver_quote(const char *sentence, const char *body, size_t len,
                  char *message, size_t size)
{
    char words[4 * QUOTE_MAX + 1];

    find_words(body, len, words, sizeof words);
    (void)snprintf(message, size, "%s%s%s%s", sentence,
                   *words ? " (it says: \"" : "", words, *words ? "\")" : "");
    mend(message);
}

enum order_code driver_judge(const struct driver *driver, enum command command,
                             int status, const char *body, size_t len,
                             char *message, size_t size)
{
    const struct verdict *verdict = find_verdict(command, status);
    char sentence[64];

    (void)driver;
    if (verdict->code == ORDER_OK) {
        message[0] = '\0';
        return ORDER_OK;
    }
    (void)snprintf(sentence, sizeof sentence, "the printer answered HTTP %d",
                   status);
    driver_quote(verdict->sentence ? verdict->sentence : sentence, body, len,
                 message, size);
    return verdict->code;
}
