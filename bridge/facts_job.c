/* What a job's file tells, where the printer does not: Buddy firmware knows
 * neither filament nor layer height nor the estimated time of a job. */
#include "bridge/printer_internal.h"

static struct file_mark mark_of(const struct telemetry *t)
{
    return (struct file_mark){
        .path = telemetry_text(t, SLOT_JOB_PATH),
        .name = telemetry_text(t, SLOT_JOB_NAME),
        .size = telemetry_integer(t, SLOT_JOB_SIZE, -1),
    };
}

static void complete(struct telemetry *t, int slot, double number)
{
    if (number > 0 && !telemetry_known(t, slot))
        telemetry_set(t, slot, value_number(number));
}

void facts_complete_job(const struct printer *p, struct telemetry *t)
{
    const struct file_mark file = mark_of(t);
    const struct file_facts *facts;

    if (!p->config->read_files || !telemetry_known(t, SLOT_JOB_ID) ||
        !driver_job_agrees(t, &p->device))
        return;
    facts = facts_find(&p->memory.facts, &file);
    if (!facts)
        return;
    complete(t, SLOT_JOB_WEIGHT, facts->weight_g);
    complete(t, SLOT_JOB_LENGTH, facts->length_mm);
    complete(t, SLOT_JOB_LAYER_HEIGHT, facts->layer_height_mm);
    if (facts->seconds > 0 && !telemetry_known(t, SLOT_JOB_TIME_ESTIMATED))
        telemetry_set(t, SLOT_JOB_TIME_ESTIMATED,
                      value_integer(facts->seconds));
    if (!telemetry_known(t, SLOT_JOB_MATERIAL))
        telemetry_set_text(t, SLOT_JOB_MATERIAL, facts->types);
}

bool printer_transfers(const struct printer *p)
{
    return p->transfer ||
           telemetry_integer(&p->telemetry, SLOT_TRANSFER_ACTIVE, 0) == 1;
}

static bool was_asked(const struct job_mark *asked, int64_t job)
{
    return asked->known && asked->id == job;
}

bool printer_wants_file(const struct printer *p, struct job_file *file)
{
    const struct telemetry *t = &p->telemetry;

    *file = (struct job_file){
        .job = telemetry_integer(t, SLOT_JOB_ID, -1),
        .mark = mark_of(t),
        .target = p->device.download,
    };
    return p->config->read_files && file->job >= 0 && file->target &&
           !printer_transfers(p) && driver_job_agrees(t, &p->device) &&
           !telemetry_known(t, SLOT_JOB_WEIGHT) &&
           !was_asked(&p->memory.facts.asked, file->job) &&
           !facts_find(&p->memory.facts, &file->mark);
}

void printer_file_asked(struct printer *p, int64_t job)
{
    p->memory.facts.asked = (struct job_mark){true, job};
    p->memory.files_changed = true;
}

void printer_file_read(struct printer *p, const struct file_mark *file,
                       const struct metadata *facts)
{
    const struct file_facts kept = {
        .weight_g = facts->weight_g,
        .length_mm = facts->length_mm,
        .layer_height_mm = facts->layer_height_mm,
        .seconds = facts->seconds,
        .types = facts->types,
    };

    if (!p->config->read_files)
        return;
    facts_add(&p->memory.facts, file, &kept);
    p->memory.files_changed = true;
}
