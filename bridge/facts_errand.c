#include "bridge/facts_errand.h"

#include "bridge/printer.h"
#include "mapping/memory.h"

#define READ_MAX (1 << 20)
#define LIMIT_MS 10000 /* polls wait for it */

static bool next(struct errand *errand, struct moment now,
                 struct request *request)
{
    struct facts_errand *e = (struct facts_errand *)errand;
    struct job_file file;

    (void)now;
    if (!printer_wants_file(e->printer, &file))
        return false;
    *request = (struct request){.method = HTTP_GET, .accept = "*/*"};
    memcpy(request->target, file.target, strlen(file.target) + 1);
    e->reader = metadata_reader_new(METADATA_FACTS, file.mark.size);
    e->left = false;
    e->path = memory_text(file.mark.path);
    e->name = memory_text(file.mark.name);
    e->size = file.mark.size;
    printer_file_asked(e->printer, file.job);
    return true;
}

static const struct http_stream *stream(struct errand *errand)
{
    return &((struct facts_errand *)errand)->stream;
}

/* The next piece. A damaged file tells no more than it told. */
static enum http_more take(void *arg, const char *bytes, size_t len)
{
    struct facts_errand *e = arg;
    int64_t wanted;

    e->left = printer_transfers(e->printer);
    if (e->left || !metadata_reader_feed(e->reader, bytes, len, NULL))
        return HTTP_ENOUGH;
    wanted = metadata_reader_next(e->reader);
    return wanted >= 0 && wanted < READ_MAX ? HTTP_MORE : HTTP_ENOUGH;
}

static void answered(struct errand *errand, const struct http_answer *answer,
                     struct moment now)
{
    struct facts_errand *e = (struct facts_errand *)errand;
    const struct file_mark file = {e->path, e->name, e->size};

    (void)now;
    if (answer->result == HTTP_ANSWERED && answer->status == 200 && !e->left) {
        if (!answer->enough)
            (void)metadata_reader_end(e->reader, NULL);
        printer_file_read(e->printer, &file, metadata_reader_facts(e->reader));
    }
    metadata_reader_free(e->reader);
    free(e->path);
    free(e->name);
    e->reader = NULL;
    e->path = e->name = NULL;
}

static int64_t wake(const struct errand *errand)
{
    const struct facts_errand *e = (const struct facts_errand *)errand;
    struct job_file file;

    return printer_wants_file(e->printer, &file) ? 0 : INT64_MAX;
}

static const struct errand_kind kind = {next, answered, wake, stream};

void facts_errand_init(struct facts_errand *e, struct printer *printer)
{
    *e = (struct facts_errand){
        .errand = {&kind},
        .printer = printer,
        .stream = {.sink = take, .arg = e, .limit_ms = LIMIT_MS},
    };
    printer_add_errand(printer, &e->errand);
}
