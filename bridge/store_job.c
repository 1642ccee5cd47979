#include "bridge/store_job.h"

#include "mapping/memory.h"
#include "mapping/text.h"

#include <cjson/cJSON.h>
#include <math.h>

#define NUMBER_MOST 9e15

static const char *const phases[] = {
    [JOB_NONE] = "none",           [JOB_BEGINNING] = "beginning",
    [JOB_PRINTING] = "printing",   [JOB_PAUSED] = "paused",
    [JOB_ATTENTION] = "attention",
};

#define PHASES (sizeof phases / sizeof *phases)

/* Most are whole. cJSON would print each, read it back and compare, which was
 * half of what it costs to remember a job. */
static void write_number(cJSON *row, const char *key, double number)
{
    char digits[24];

    if (!(number >= 0))
        return;
    if (number > NUMBER_MOST || floor(number) < number) {
        cJSON_AddNumberToObject(row, key, number);
        return;
    }
    (void)snprintf(digits, sizeof digits, "%lld", (long long)number);
    cJSON_AddRawToObject(row, key, digits);
}

static cJSON *write_record(const struct job_record *r)
{
    cJSON *row = cJSON_CreateObject();

    write_number(row, "id", (double)r->id);
    if (r->name)
        cJSON_AddStringToObject(row, "name", r->name);
    if (r->path)
        cJSON_AddStringToObject(row, "path", r->path);
    write_number(row, "started_at", (double)r->started_at);
    write_number(row, "ended_at", (double)r->ended_at);
    write_number(row, "duration", (double)r->duration);
    write_number(row, "progress", r->progress);
    write_number(row, "weight", r->weight);
    if (r->result < RESULT_COUNT)
        cJSON_AddStringToObject(row, "result",
                                quantity_words(QUANTITY_RESULT)[r->result]);
    return row;
}

cJSON *store_job_write(const struct job *job)
{
    cJSON *row = cJSON_CreateObject();

    cJSON_AddBoolToObject(row, "known", job->known);
    if (!job->known)
        return row;
    cJSON_AddBoolToObject(row, "online", job->online);
    cJSON_AddStringToObject(row, "phase", phases[job->phase]);
    cJSON_AddBoolToObject(row, "printed", job->printed);
    cJSON_AddBoolToObject(row, "change_told", job->change_told);
    write_number(row, "seen_at", (double)job->seen_at);
    cJSON_AddItemToObject(row, "now", write_record(&job->now));
    cJSON_AddItemToObject(row, "last", write_record(&job->last));
    write_number(row, "finished", (double)job->finished);
    write_number(row, "cancelled", (double)job->cancelled);
    write_number(row, "failed", (double)job->failed);
    write_number(row, "time_printing", (double)job->time_printing);
    write_number(row, "weight", job->weight);
    return row;
}

static double read_number(const cJSON *row, const char *key, double otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);

    return cJSON_IsNumber(item) && item->valuedouble >= 0 &&
                   item->valuedouble <= NUMBER_MOST
               ? item->valuedouble
               : otherwise;
}

static int64_t read_integer(const cJSON *row, const char *key,
                            int64_t otherwise)
{
    return llround(read_number(row, key, (double)otherwise));
}

static bool read_truth(const cJSON *row, const char *key)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(row, key));
}

/* Index of the word that stands at key, count if it is none of them. */
static size_t read_word(const cJSON *row, const char *key,
                        const char *const *words, size_t count)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);
    size_t i = 0;

    while (i < count &&
           (!cJSON_IsString(item) || strcmp(words[i], item->valuestring) != 0))
        i++;
    return i;
}

static char *read_text(const cJSON *row, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);
    char clean[TELEMETRY_FIELD_MAX * 4 + 1];

    if (!cJSON_IsString(item) ||
        text_clean(item->valuestring, TELEMETRY_FIELD_MAX, clean,
                   sizeof clean) == 0)
        return NULL;
    return memory_text(clean);
}

static struct job_record read_record(const cJSON *row)
{
    return (struct job_record){
        .id = read_integer(row, "id", -1),
        .name = read_text(row, "name"),
        .path = read_text(row, "path"),
        .started_at = read_integer(row, "started_at", -1),
        .ended_at = read_integer(row, "ended_at", -1),
        .duration = read_integer(row, "duration", -1),
        .progress = read_number(row, "progress", -1),
        .weight = read_number(row, "weight", -1),
        .result = (enum result)read_word(
            row, "result", quantity_words(QUANTITY_RESULT), RESULT_COUNT),
    };
}

void store_job_read(const cJSON *row, struct job *job)
{
    size_t phase = read_word(row, "phase", phases, PHASES);

    if (!read_truth(row, "known") || phase == PHASES)
        return;
    *job = (struct job){
        .known = true,
        .online = read_truth(row, "online"),
        .phase = (enum job_phase)phase,
        .printed = read_truth(row, "printed"),
        .change_told = read_truth(row, "change_told"),
        .seen_at = read_integer(row, "seen_at", 0),
        .now = read_record(cJSON_GetObjectItemCaseSensitive(row, "now")),
        .last = read_record(cJSON_GetObjectItemCaseSensitive(row, "last")),
        .finished = read_integer(row, "finished", 0),
        .cancelled = read_integer(row, "cancelled", 0),
        .failed = read_integer(row, "failed", 0),
        .time_printing = read_integer(row, "time_printing", 0),
        .weight = read_number(row, "weight", 0),
    };
    if (job->phase != JOB_NONE && job->now.id < 0)
        job->phase = JOB_NONE;
}
