/* Orders of one printer: who may, one at a time, sent once, answered always.
 *
 * An order goes CHECK (a fresh status: is it still this job, this state?),
 * SEND, SENT, WAIT (the effect must show). A request that met a challenge is
 * prepared again from CHECK; one that may have reached the printer is never
 * sent again: its effect is looked for instead. */
#include "bridge/printer_internal.h"
#include "mapping/memory.h"

#define REPEATS_MAX 2

/* What the active order does next; STEP_END for those the bridge does. */
static const struct driver_step *order_step(const struct printer *p)
{
    static const struct driver_step end;
    const struct driver_command *row =
        driver_command(p->driver, p->orders.active->command);

    return row ? &row->steps[p->orders.step] : &end;
}

/* Is its effect not looked for in the status? */
static bool is_read(const struct printer *p)
{
    return p->orders.asks_files || p->orders.active->command == COMMAND_REFRESH;
}

bool orders_hurry(const struct printer *p)
{
    return p->orders.active && !is_read(p) && !order_step(p)->update_gone;
}

static void begin(struct printer *p, struct order *order, struct moment now)
{
    struct orders *o = &p->orders;

    o->active = order;
    o->step = o->repeats = 0;
    o->overtaken = o->unsure = false;
    o->failed_before = p->polls_failed;
    o->mark = p->contact && now.ms - p->status_sent_ms < FRESH_MS
                  ? p->status_number - 1
                  : p->sent_count;
    o->deadline_ms = now.ms + command_row(order->command)->limit_s * 1000LL;
    o->look_at_ms = 0;
    o->phase = PHASE_CHECK;
    o->asks_files = order_step(p)->kind == STEP_FILES;
    if (order->command != COMMAND_REFRESH)
        return;
    o->phase = PHASE_WAIT;
    o->mark = p->sent_count;
    p->next_poll_ms = p->contact ? p->next_poll_ms : now.ms;
    p->missing = p->failed = 0;
    p->untried = printer_all_endpoints(p);
    printer_read_soon(p, printer_all_endpoints(p));
}

/* Was it asked who it is, since somebody asked anew who we are? */
static bool is_known(const struct printer *p)
{
    return p->identity_endpoint < 0 || p->identity_read;
}

static bool status_is_fresh(const struct printer *p)
{
    return p->contact && p->status_number > p->orders.mark;
}

static void accepted(struct printer *p, int http_status, struct moment now)
{
    struct order *order = p->orders.active;
    struct order_answer answer =
        order_answer_make(p, order, ORDER_ACCEPTED, ORDER_OK, now);

    if (order->final_only)
        return;
    answer.http_status = http_status;
    (void)snprintf(answer.message, sizeof answer.message,
                   "the printer took the order");
    order_log(p, order, &answer);
    p->sink->answer(p->arg, p, order, &answer);
}

static void time_out(struct printer *p, struct moment now)
{
    struct orders *o = &p->orders;
    struct order *order = o->active;
    int limit = command_row(order->command)->limit_s;

    if (!p->online)
        order_refuse(p, order, ORDER_OFFLINE, 0, now,
                     "the printer went offline before the effect showed: %s",
                     contact_error(p));
    else if (o->unsure)
        order_refuse(
            p, order, ORDER_TIMEOUT, 0, now,
            "the printer gave no answer and no effect showed within %d s; "
            "it may still act",
            limit);
    else if (o->phase == PHASE_WAIT)
        order_refuse(
            p, order, ORDER_TIMEOUT, 0, now,
            "the printer took the order but no effect showed within %d s",
            limit);
    else
        order_refuse(p, order, ORDER_TIMEOUT, 0, now,
                     "the printer gave no answer within %d s", limit);
}

static void note_worked(struct printer *p, const struct driver_command *row,
                        enum command command)
{
    uint64_t bit = UINT64_C(1) << command;

    if (!row->learned || p->memory.learned & bit)
        return;
    p->memory.learned |= bit;
    p->memory.changed = true;
}

/* Did the active order take effect, or can it not any more? */
static void look_for_effect(struct printer *p, struct moment now)
{
    struct orders *o = &p->orders;
    struct order *order = o->active;
    const struct driver_command *row =
        driver_command(p->driver, order->command);
    const struct driver_step *step = &row->steps[o->step];
    enum state state = telemetry_state(&p->telemetry);
    int64_t bound = order->arguments.job;
    char message[64];
    bool gone = bound >= 0 && driver_job_gone(bound, &p->telemetry);

    if (driver_step_done(step, bound >= 0 ? bound : o->job_before,
                         &p->telemetry)) {
        note_worked(p, row, order->command);
        (void)snprintf(message, sizeof message, "the printer is now %s",
                       state < STATE_COUNT
                           ? quantity_words(QUANTITY_STATE)[state]
                           : "in an unknown state");
        order_done(p, order, now, message);
        return;
    }
    order_read_changes(p, row);
    if (gone && !step->job_gone)
        order_refuse(p, order, ORDER_CONFLICT, 0, now,
                     "the job ended before %s took effect", order->name);
}

static void step_refresh(struct printer *p, struct moment now)
{
    if (status_is_fresh(p) && !(p->untried & ~p->missing) &&
        p->flight == FLIGHT_NONE)
        order_done(p, p->orders.active, now, "all values were read");
    else if (!p->online && p->judged &&
             p->polls_failed > p->orders.failed_before)
        order_refuse(p, p->orders.active, ORDER_OFFLINE, 0, now,
                     "the printer is offline: %s", contact_error(p));
}

/* It may go on: to the printer, or to what is known of its files. */
static void checked(struct printer *p, struct moment now)
{
    struct orders *o = &p->orders;
    const struct order *order = o->active;
    enum page_use use = order->command == COMMAND_FILE_INFO ? PAGE_INFO
                        : *order->arguments.path            ? PAGE_LIST
                                                            : PAGE_WALK;
    struct error err;

    if (!o->asks_files) {
        o->phase = PHASE_SEND;
        return;
    }
    o->phase = PHASE_WAIT;
    if (!files_ask(p->files, use, order->arguments.path, now, &err))
        order_refuse(p, o->active, ORDER_INVALID, 0, now, "%s", err.text);
}

static void step_files(struct printer *p, struct moment now)
{
    const struct files_reply *reply = files_reply(p->files);
    struct order *order = p->orders.active;
    struct order_answer answer;

    if (!reply->ready)
        return;
    answer = order_answer_make(
        p, order, reply->code == ORDER_OK ? ORDER_DONE : ORDER_ERROR,
        reply->code, now);
    answer.http_status = reply->http_status;
    (void)snprintf(answer.message, sizeof answer.message, "%s", reply->message);
    if (reply->json.len)
        answer.value = buffer_text(&reply->json);
    order_finish(p, order, &answer, now);
}

static void step_active(struct printer *p, struct moment now)
{
    struct orders *o = &p->orders;

    if (o->active->command == COMMAND_REFRESH)
        step_refresh(p, now);
    else if (o->phase == PHASE_CHECK && is_known(p) && status_is_fresh(p)) {
        if (!order_refused_now(p, o->active, now))
            checked(p, now);
    } else if (o->phase == PHASE_WAIT && o->asks_files)
        step_files(p, now);
    else if (o->phase == PHASE_WAIT && status_is_fresh(p))
        look_for_effect(p, now);
    if (o->active && o->phase != PHASE_SENT && now.ms >= o->deadline_ms)
        time_out(p, now);
}

static bool may_begin(const struct printer *p)
{
    const struct orders *o = &p->orders;

    return !o->active && o->count > 0 &&
           (p->contact || o->queue[0]->command == COMMAND_REFRESH);
}

void orders_step(struct printer *p, struct moment now)
{
    struct orders *o = &p->orders;
    int turns = 2 * ORDERS_MAX;

    orders_drop_expired(p, now);
    do {
        if (may_begin(p))
            begin(p, orders_take_first(o), now);
        if (o->active)
            step_active(p, now);
    } while (may_begin(p) && --turns > 0);
}

bool orders_next(struct printer *p, struct moment now, struct request *request)
{
    struct orders *o = &p->orders;
    struct error err;

    if (!o->active || o->phase != PHASE_SEND)
        return false;
    switch (driver_encode(p->driver, o->active->command, o->step,
                          &o->active->arguments, &p->telemetry, &p->device,
                          request, &err)) {
    case ENCODE_SEND:
        request->once = true;
        o->job_before = printer_job(p);
        o->phase = PHASE_SENT;
        return true;
    case ENCODE_WAIT:
    case ENCODE_DONE: break;
    case ENCODE_REFUSED:
        order_refuse(p, o->active, ORDER_INVALID, 0, now, "%s", err.text);
        break;
    }
    return false;
}

/* The request met a challenge or a dead connection and was not carried out:
 * who and what is there is read again before it is sent once more. */
static void prepare_again(struct printer *p)
{
    p->orders.repeats++;
    p->orders.phase = PHASE_CHECK;
    p->orders.mark = p->sent_count;
    contact_doubt(p);
}

static void wait_for_effect(struct printer *p, struct moment now)
{
    p->orders.phase = PHASE_WAIT;
    p->orders.mark = p->sent_count;
    p->orders.look_at_ms = now.ms + AFTER_ORDER_MS;
}

static void step_on(struct printer *p, int http_status, struct moment now)
{
    struct orders *o = &p->orders;
    const struct driver_command *row =
        driver_command(p->driver, o->active->command);

    o->step++;
    switch (row->steps[o->step].kind) {
    case STEP_FILES:
    case STEP_SEND: o->phase = PHASE_SEND; break;
    case STEP_WAIT:
        accepted(p, http_status, now);
        wait_for_effect(p, now);
        break;
    case STEP_END:
        if (command_row(o->active->command)->flags & COMMAND_FILES)
            files_changed(p->files, now);
        order_done(p, o->active, now, "the printer did it");
        break;
    }
}

static void judge(struct printer *p, const struct http_answer *answer,
                  struct moment now)
{
    struct orders *o = &p->orders;
    char message[320];
    enum order_code code =
        driver_judge(p->driver, o->active->command, answer->status,
                     answer->body, answer->len, message, sizeof message);

    if (code == ORDER_OK && order_took_answer(p, answer, now))
        return;
    if (code == ORDER_NOT_FOUND)
        files_changed(p->files, now); /* what is known of them is old */
    if (code == ORDER_OK)
        step_on(p, answer->status, now);
    else
        order_refuse(p, o->active, code, answer->status, now, "%s", message);
}

/* It never left, or the printer may have done it all the same. */
static void no_answer(struct printer *p, const struct http_answer *answer,
                      struct moment now)
{
    struct orders *o = &p->orders;

    if (!answer->sent) {
        order_refuse(p, o->active, ORDER_OFFLINE, 0, now,
                     "the printer could not be reached: %s", answer->reason);
        return;
    }
    o->unsure = true;
    o->step++;
    if (order_step(p)->kind == STEP_END)
        order_refuse(p, o->active, ORDER_TIMEOUT, 0, now,
                     "the printer gave no answer (%s); it may have done it all "
                     "the same",
                     answer->reason);
    else
        wait_for_effect(p, now);
}

void orders_answered(struct printer *p, const struct http_answer *answer,
                     struct moment now)
{
    struct orders *o = &p->orders;
    bool answered = answer->result == HTTP_ANSWERED && answer->status != 408;
    bool undone = answered ? answer->status == 401 : !answer->sent;
    bool waits;

    if (!o->active)
        return;
    if (undone && !o->overtaken && o->repeats < REPEATS_MAX) {
        prepare_again(p);
        return;
    }
    waits = !o->overtaken || (!undone && orders_await_job(p));
    if (answered && !(undone && o->overtaken))
        judge(p, answer, now);
    else if (waits)
        no_answer(p, answer, now);
    if (o->active && !waits) /* nobody waits for its effect */
        order_refuse(p, o->active, ORDER_SUPERSEDED, answer->status, now,
                     "overtaken by a cancel");
}

static void refuse_offline(struct printer *p, struct order *order,
                           bool stopping, struct moment now)
{
    bool sent = order == p->orders.active && p->orders.phase >= PHASE_SENT;

    if (stopping)
        order_refuse(p, order, ORDER_OFFLINE, 0, now, "the bridge stops%s",
                     sent && !is_read(p) ? "; the printer may still act" : "");
    else if (p->trouble == TROUBLE_WRONG_PRINTER)
        order_refuse(p, order, ORDER_WRONG_PRINTER, 0, now, "%s. %s",
                     printer_error(p), printer_remedy(p));
    else
        order_refuse(p, order, ORDER_OFFLINE, 0, now,
                     "the printer is offline: %s", contact_error(p));
}

void orders_offline(struct printer *p, bool stopping, struct moment now)
{
    struct orders *o = &p->orders;
    int i, count = o->count;

    for (i = 0; i < count; i++) {
        struct order *order = orders_take_first(o);

        if (!stopping && order->command == COMMAND_REFRESH)
            o->queue[o->count++] = order;
        else
            refuse_offline(p, order, stopping, now);
    }
    if (o->active &&
        (stopping || p->trouble == TROUBLE_WRONG_PRINTER ||
         o->phase == PHASE_CHECK || o->phase == PHASE_SEND || o->asks_files))
        refuse_offline(p, o->active, stopping, now);
}

void orders_stop(struct printer *p, struct moment now)
{
    struct orders *o = &p->orders;

    orders_offline(p, true, now);
    /* they repeat the keys of uploads that go on after a restart */
    while (o->follower_count > 0)
        refuse_offline(p, o->followers[--o->follower_count], true, now);
}

void orders_release(struct printer *p)
{
    struct orders *o = &p->orders;
    int i;

    order_free(o->active);
    for (i = 0; i < o->count; i++)
        order_free(o->queue[i]);
    for (i = 0; i < o->follower_count; i++)
        order_free(o->followers[i]);
    for (i = 0; o->keys && i < KEYS_MAX; i++)
        order_forget(o->keys[i]);
    free(o->keys);
}

/* While the effect is awaited: once soon after the order, then each second. */
static int64_t next_look(const struct printer *p)
{
    return p->orders.look_at_ms > p->status_sent_ms
               ? p->orders.look_at_ms
               : p->status_sent_ms + LEAST_GAP_MS;
}

bool orders_want_status(const struct printer *p, struct moment now)
{
    const struct orders *o = &p->orders;

    if (!o->active || !p->contact)
        return false;
    if (o->phase == PHASE_CHECK)
        return !status_is_fresh(p);
    return o->phase == PHASE_WAIT && !is_read(p) && now.ms >= next_look(p);
}

int64_t orders_wake(const struct printer *p)
{
    const struct orders *o = &p->orders;

    if (!o->active)
        return INT64_MAX;
    if (o->phase == PHASE_CHECK || o->phase == PHASE_SEND)
        return p->contact ? 0 : o->deadline_ms;
    if (o->phase == PHASE_WAIT && p->contact && !is_read(p)) {
        int64_t look = next_look(p);

        return look < o->deadline_ms ? look : o->deadline_ms;
    }
    return o->deadline_ms;
}
