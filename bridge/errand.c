/* Errands of one printer: what is read beside the polls. */
#include "bridge/errand.h"

#include "bridge/printer_internal.h"

void printer_add_errand(struct printer *printer, struct errand *errand)
{
    if (printer->errand_count < ERRANDS_MAX)
        printer->errands[printer->errand_count++] = errand;
}

/* An order that is only waited for leaves the connection free. */
bool printer_runs_errands(const struct printer *p)
{
    return printer_sure(p) && p->settled &&
           (!p->orders.active || p->orders.phase == PHASE_WAIT);
}

bool errands_next(struct printer *p, struct moment now, struct request *request)
{
    int i;

    if (!printer_runs_errands(p))
        return false;
    for (i = 0; i < p->errand_count; i++) {
        struct errand *errand = p->errands[i];

        if (errand->kind->wake(errand) > now.ms ||
            !errand->kind->next(errand, now, request))
            continue;
        p->running = errand;
        p->flight = FLIGHT_ERRAND;
        p->sent_ms = now.ms;
        p->sent_count++;
        return true;
    }
    return false;
}

const struct http_stream *printer_stream(const struct printer *p)
{
    struct errand *errand = p->flight == FLIGHT_ERRAND ? p->running : NULL;

    return errand && errand->kind->stream ? errand->kind->stream(errand) : NULL;
}

/* No valid answer: the status, asked at once, says whether the printer is
 * there. One that asked who we are may be another printer by now. */
void errands_answered(struct printer *p, const struct http_answer *answer,
                      struct moment now)
{
    struct errand *errand = p->running;

    p->running = NULL;
    if (answer->challenged)
        contact_doubt(p);
    if (answer->result != HTTP_ANSWERED && answer->result != HTTP_ABORTED)
        p->next_poll_ms = now.ms;
    errand->kind->answered(errand, answer, now);
}

int64_t errands_wake(const struct printer *p)
{
    int64_t wake = INT64_MAX;
    int i;

    if (!printer_runs_errands(p))
        return INT64_MAX;
    for (i = 0; i < p->errand_count; i++)
        if (p->errands[i]->kind->wake(p->errands[i]) < wake)
            wake = p->errands[i]->kind->wake(p->errands[i]);
    return wake;
}
