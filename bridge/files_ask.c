/* What orders ask about files. */
#include "bridge/files_internal.h"
#include "mapping/memory.h"

static void reply(struct files *f, enum order_code code, int status,
                  const char *message)
{
    struct files_reply *reply = &f->question->reply;

    reply->ready = true;
    reply->code = code;
    reply->http_status = status;
    (void)snprintf(reply->message, sizeof reply->message, "%.399s", message);
}

void files_reply_list(struct files *f, const char *failure)
{
    char message[160];
    size_t count = files_count(f);

    if (failure) {
        (void)snprintf(message, sizeof message,
                       "the files could not be read: %.100s", failure);
        reply(f, ORDER_PRINTER_ERROR, 0, message);
        return;
    }
    (void)snprintf(message, sizeof message, "%zu file%s to print%s", count,
                   count == 1 ? "" : "s",
                   count > (size_t)f->view.count ? "; the newest are listed"
                                                 : "");
    view_json(&f->view, &f->question->reply.json);
    reply(f, ORDER_OK, 0, message);
}

void files_question_page(struct files *f, struct files_page *page)
{
    char message[400];

    if (!page->read) {
        reply(f, ORDER_PRINTER_ERROR, 200, page->err.text);
        return;
    }
    if (page->use == PAGE_LIST && !page->is_folder) {
        reply(f, ORDER_INVALID, 200,
              "that is a file; list_files takes a folder, file_info a file");
        return;
    }
    (void)snprintf(message, sizeof message, "the printer told it");
    if (page->use == PAGE_LIST)
        (void)snprintf(message, sizeof message, "%zu entr%s%s", page->count,
                       page->count == 1 ? "y" : "ies",
                       page->cut ? "; not all fit into an answer" : "");
    f->question->reply.json = page->json;
    page->json = (struct buffer){0};
    reply(f, ORDER_OK, 200, message);
}

void files_question_answered(struct files *f, const struct http_answer *answer,
                             struct moment now)
{
    enum command command =
        f->question->use == PAGE_INFO ? COMMAND_FILE_INFO : COMMAND_LIST_FILES;
    char message[400];
    enum order_code code;

    if (answer->result == HTTP_ANSWERED && answer->status == 200) {
        f->asking = ASKING_QUESTION;
        files_hand_over(f, f->question->use, answer, now);
    } else if (answer->result == HTTP_ANSWERED) {
        code = driver_judge(f->p->driver, command, answer->status, answer->body,
                            answer->len, message, sizeof message);
        if (code == ORDER_OK)
            code = ORDER_PRINTER_ERROR;
        reply(f, code, answer->status, message);
    } else {
        (void)snprintf(message, sizeof message,
                       "the printer gave no answer: %s", answer->reason);
        reply(f,
              answer->result == HTTP_TOO_BIG ? ORDER_TOO_BIG
                                             : ORDER_PRINTER_ERROR,
              0, message);
    }
}

bool files_ask(struct files *f, enum page_use use, const char *path,
               struct moment now, struct error *err)
{
    struct request request;

    if (!f)
        return error_set(err, "the driver of this printer knows no files");
    if (use != PAGE_WALK &&
        !driver_read_files(f->p->driver, &f->p->device, path, &request, err))
        return false;
    files_forget(f);
    f->question = memory_zero(1, sizeof *f->question);
    f->question->use = use;
    f->question->path = memory_text(path);
    /* what we changed a moment ago is not to be missing */
    if (use == PAGE_WALK)
        files_want_at(f, f->forced && f->due_ms > now.ms ? f->due_ms : now.ms);
    return true;
}

const struct files_reply *files_reply(const struct files *f)
{
    return &f->question->reply;
}

void files_forget(struct files *f)
{
    if (!f || !f->question)
        return;
    f->orphaned = f->orphaned || f->asking == ASKING_QUESTION;
    buffer_release(&f->question->reply.json);
    free(f->question->path);
    free(f->question);
    f->question = NULL;
}

bool files_question_waits(const struct files *f)
{
    return f->question && f->question->use != PAGE_WALK && !f->question->sent;
}

bool files_question_next(struct files *f, struct request *request)
{
    struct error err = {0};

    f->question->sent = true;
    files_folder_release(&f->at);
    f->at = (struct folder){.path = memory_text(f->question->path)};
    if (!driver_read_files(f->p->driver, &f->p->device, f->at.path, request,
                           &err)) {
        reply(f, ORDER_INVALID, 0, err.text);
        return false;
    }
    f->asking = ASKING_QUESTION;
    f->orphaned = false;
    return true;
}
