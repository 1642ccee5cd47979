/* Orders of one printer: who may, one at a time, sent once, answered always.
 *
 * An order goes CHECK (a fresh status: is it still this job, this state?),
 * SEND, SENT, WAIT (the effect must show). A request that met a challenge is
 * prepared again from CHECK; one that may have reached the printer is never
 * sent again: its effect is looked for instead. */
#include "bridge/printer_internal.h"
#include "mapping/memory.h"

#include <stdarg.h>

#define REPEATS_MAX 2

static int64_t current_job(const struct printer *p)
{
    return telemetry_integer(&p->telemetry, SLOT_JOB_ID, -1);
}

static bool is_bridge_command(enum command command)
{
    return command_row(command)->flags & COMMAND_OFFLINE;
}

bool printer_able(const struct printer *p, enum command command)
{
    const struct driver_command *row = driver_command(p->driver, command);

    if (p->config->command_disabled[command])
        return false;
    if (is_bridge_command(command))
        return true;
    return !p->config->read_only && row &&
           driver_states(p->driver, command, &p->device) != 0 &&
           (!row->learned || p->memory.learned[command]);
}

bool printer_can(const struct printer *p, enum command command)
{
    enum state state = telemetry_state(&p->telemetry);

    if (is_bridge_command(command))
        return !p->config->command_disabled[command];
    return p->online && !p->config->read_only &&
           !p->config->command_disabled[command] && state != STATE_COUNT &&
           driver_states(p->driver, command, &p->device) & STATE_BIT(state);
}

/* --- answers ---------------------------------------------------------- */

static struct order_answer make_answer(const struct printer *p,
                                       const struct order *order,
                                       enum order_status status,
                                       enum order_code code, struct moment now)
{
    return (struct order_answer){
        .status = status,
        .code = code,
        .job =
            order->arguments.job >= 0 ? order->arguments.job : current_job(p),
        .state_after = telemetry_state(&p->telemetry),
        .took_ms = now.ms - order->arrived_ms,
    };
}

static struct remembered *recall(struct printer *p, const char *key,
                                 int64_t now_ms)
{
    int i;

    for (i = 0; p->orders.keys && i < KEYS_MAX; i++) {
        struct remembered *r = p->orders.keys[i];

        if (r && strcmp(r->key, key) == 0 && now_ms - r->at_ms < KEY_LIFE_MS)
            return r;
    }
    return NULL;
}

static void free_remembered(struct remembered *r)
{
    if (r)
        free(r->key);
    free(r);
}

static void remember(struct printer *p, const struct order *order,
                     const struct order_answer *answer, int64_t now_ms)
{
    struct orders *o = &p->orders;
    struct remembered *r;

    if (!order->key || recall(p, order->key, now_ms))
        return;
    if (!o->keys)
        o->keys = memory_zero(KEYS_MAX, sizeof(struct remembered *));
    r = memory_zero(1, sizeof *r);
    *r = (struct remembered){memory_text(order->key), *answer, now_ms};
    free_remembered(o->keys[o->next_key]);
    o->keys[o->next_key] = r;
    o->next_key = (o->next_key + 1) % KEYS_MAX;
}

/* Orders that repeat the key of one that is done now get its answer. */
static void answer_followers(struct printer *p, const struct order *order,
                             const struct order_answer *answer)
{
    struct orders *o = &p->orders;
    int i, kept = 0;

    for (i = 0; i < o->follower_count; i++) {
        struct order *follower = o->followers[i];

        if (!order->key || strcmp(follower->key, order->key) != 0) {
            o->followers[kept++] = follower;
            continue;
        }
        p->sink->answer(p->arg, p, follower, answer);
        order_free(follower);
    }
    o->follower_count = kept;
}

static void log_answer(struct printer *p, const struct order *order,
                       const struct order_answer *answer)
{
    if (answer->status == ORDER_ERROR)
        printer_log(p, LOG_LEVEL_WARNING, "order %s refused: %s", order->name,
                    answer->message);
    else
        printer_log(p, LOG_LEVEL_INFO, "order %s %s", order->name,
                    answer->status == ORDER_DONE ? "done" : "accepted");
}

/* Give the final answer and forget the order. */
static void finish(struct printer *p, struct order *order,
                   const struct order_answer *answer, struct moment now)
{
    log_answer(p, order, answer);
    p->sink->answer(p->arg, p, order, answer);
    if (answer->code != ORDER_RETAINED) {
        remember(p, order, answer, now.ms);
        answer_followers(p, order, answer);
    }
    if (p->orders.active == order)
        p->orders.active = NULL;
    order_free(order);
}

static void refuse(struct printer *p, struct order *order, enum order_code code,
                   int http_status, struct moment now, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

static void refuse(struct printer *p, struct order *order, enum order_code code,
                   int http_status, struct moment now, const char *format, ...)
{
    struct order_answer answer = make_answer(p, order, ORDER_ERROR, code, now);
    va_list args;

    answer.http_status = http_status;
    va_start(args, format);
    (void)vsnprintf(answer.message, sizeof answer.message, format, args);
    va_end(args);
    finish(p, order, &answer, now);
}

static void done(struct printer *p, struct order *order, struct moment now,
                 const char *message)
{
    struct order_answer answer =
        make_answer(p, order, ORDER_DONE, ORDER_OK, now);

    (void)snprintf(answer.message, sizeof answer.message, "%s", message);
    finish(p, order, &answer, now);
}

/* --- guards ----------------------------------------------------------- */

/* Guards that need no fresh status. True if the order was refused. */
static bool refused_at_once(struct printer *p, struct order *order,
                            struct moment now)
{
    enum command c = order->command;

    if (!is_bridge_command(c) && driver_states(p->driver, c, &p->device) == 0)
        refuse(p, order, ORDER_NOT_SUPPORTED, 0, now, "%s cannot do %s",
               p->config->id, order->name);
    else if (p->config->command_disabled[c])
        refuse(p, order, ORDER_NOT_ALLOWED, 0, now,
               "%s is disabled for %s in the configuration", order->name,
               p->config->id);
    else if (p->config->read_only && !is_bridge_command(c))
        refuse(p, order, ORDER_NOT_ALLOWED, 0, now,
               "%s is read_only in the configuration", p->config->id);
    else if (is_bridge_command(c))
        return false;
    else if (p->trouble == TROUBLE_WRONG_PRINTER)
        refuse(p, order, ORDER_WRONG_PRINTER, 0, now, "%s. %s",
               printer_error(p), printer_remedy(p));
    else if (!p->online)
        refuse(p, order, ORDER_OFFLINE, 0, now, "%s is offline%s%s",
               p->config->id, p->error[0] ? ": " : "", p->error);
    else
        return false;
    return true;
}

/* "printing or paused" of a mask of states. */
static void name_states(unsigned states, char *out, size_t size)
{
    const char *const *words = quantity_words(QUANTITY_STATE);
    size_t len = 0;
    int i;

    out[0] = '\0';
    for (i = 0; i < STATE_COUNT && len < size; i++)
        if (states & STATE_BIT(i)) {
            bool last = !(states >> (i + 1));
            int n = snprintf(out + len, size - len, "%s%s",
                             len == 0 ? "" : (last ? " or " : ", "), words[i]);

            len += n > 0 ? (size_t)n : 0;
        }
}

static bool refused_by_job(struct printer *p, struct order *order,
                           struct moment now)
{
    int64_t job = current_job(p);

    if (!(command_row(order->command)->flags & COMMAND_JOB) &&
        !order->job_given)
        return false;
    if (order->arguments.job < 0)
        order->arguments.job = job;
    if (job < 0 && !order->job_given && order->arguments.job < 0)
        refuse(p, order, ORDER_CONFLICT, 0, now, "nothing is being printed");
    else if (order->no_job)
        refuse(p, order, ORDER_WRONG_JOB, 0, now,
               "nothing was being printed when the order came; job %lld began "
               "since",
               (long long)job);
    else if (job < 0)
        refuse(p, order, ORDER_WRONG_JOB, 0, now,
               "job %lld is not current any more; nothing is being printed",
               (long long)order->arguments.job);
    else if (job != order->arguments.job)
        refuse(p, order, ORDER_WRONG_JOB, 0, now,
               "job %lld is not the current one, that is job %lld",
               (long long)order->arguments.job, (long long)job);
    else
        return false;
    return true;
}

/* Guards on a fresh status. True if the order was refused. */
static bool refused_now(struct printer *p, struct order *order,
                        struct moment now)
{
    unsigned states = driver_states(p->driver, order->command, &p->device);
    enum state state = telemetry_state(&p->telemetry);
    char names[160];

    if (p->memory.serial[0] && !p->serial_checked) {
        refuse(p, order, ORDER_WRONG_PRINTER, 0, now,
               "the printer has not told its serial number yet, so it may be "
               "another one; try again in a minute");
        return true;
    }
    if (order_expired(order, now)) {
        refuse(p, order, ORDER_EXPIRED, 0, now,
               "the order expired before it could be sent");
        return true;
    }
    if (refused_by_job(p, order, now))
        return true;
    if (state < STATE_COUNT && states & STATE_BIT(state))
        return false;
    name_states(states, names, sizeof names);
    refuse(p, order, ORDER_CONFLICT, 0, now,
           "%s can only be ordered while the printer is %s; it is %s",
           order->name, names,
           state < STATE_COUNT ? quantity_words(QUANTITY_STATE)[state]
                               : "in an unknown state");
    return true;
}

/* --- coming in -------------------------------------------------------- */

static bool repeats_pending(const struct printer *p, const struct order *order)
{
    const struct orders *o = &p->orders;
    int i;

    if (o->active && o->active->key && strcmp(o->active->key, order->key) == 0)
        return true;
    for (i = 0; i < o->count; i++)
        if (o->queue[i]->key && strcmp(o->queue[i]->key, order->key) == 0)
            return true;
    return false;
}

/* Without remembering it: the first one's answer is the key's. */
static void answer_repeat(struct printer *p, struct order *order,
                          const struct order_answer *answer)
{
    p->sink->answer(p->arg, p, order, answer);
    order_free(order);
}

/* A key that was seen before: answered, not carried out, also when it is too
 * late by now. */
static bool is_repeat(struct printer *p, struct order *order, struct moment now)
{
    const struct remembered *r = recall(p, order->key, now.ms);
    struct order_answer full;

    if (r) {
        answer_repeat(p, order, &r->answer);
        return true;
    }
    if (!repeats_pending(p, order))
        return false;
    if (p->orders.follower_count < ORDERS_MAX) {
        p->orders.followers[p->orders.follower_count++] = order;
        return true;
    }
    full = make_answer(p, order, ORDER_ERROR, ORDER_QUEUE_FULL, now);
    (void)snprintf(full.message, sizeof full.message,
                   "%d orders with this key wait for its answer already",
                   ORDERS_MAX);
    answer_repeat(p, order, &full);
    return true;
}

/* cancel ends what waits, and what was taken but has not shown yet. */
static void overtake(struct printer *p, const struct order *by,
                     struct moment now)
{
    struct orders *o = &p->orders;
    struct order *waiting[ORDERS_MAX];
    int i, count = o->count;

    memcpy(waiting, o->queue, sizeof waiting);
    o->count = 0;
    for (i = 0; i < count; i++)
        refuse(p, waiting[i], ORDER_SUPERSEDED, 0, now, "overtaken by %s",
               by->name);
    if (!o->active || command_row(o->active->command)->flags & COMMAND_OVERTAKE)
        return;
    if (o->phase == PHASE_SENT)
        o->overtaken = true;
    else
        refuse(p, o->active, ORDER_SUPERSEDED, 0, now, "overtaken by %s",
               by->name);
}

static void set_poll_interval(struct printer *p, struct order *order,
                              struct moment now)
{
    p->interval_ms = (int64_t)(order->arguments.number * 1000);
    p->next_poll_ms = p->misses < 2 ? now.ms : p->next_poll_ms;
    telemetry_set(&p->telemetry, SLOT_POLL_INTERVAL,
                  value_integer((p->interval_ms + 500) / 1000));
    done(p, order, now, "the poll interval is set until the bridge restarts");
}

/* The job that its sender saw, be it that there was none; what waits behind a
 * print may be meant for that. */
static void bind_to_job(const struct printer *p, struct order *order)
{
    order->arguments.job = current_job(p);
    order->no_job = order->arguments.job < 0 &&
                    !telemetry_known(&p->telemetry, SLOT_JOB_PROGRESS) &&
                    !p->orders.active && p->orders.count == 0;
}

void printer_order(struct printer *p, struct order *order, enum order_code code,
                   const struct error *err, struct moment now)
{
    unsigned flags;

    order->state_before = telemetry_state(&p->telemetry);
    if (order->key && code != ORDER_RETAINED && is_repeat(p, order, now))
        return;
    if (code != ORDER_OK) {
        refuse(p, order, code, 0, now, "%s", err->text);
        return;
    }
    if (refused_at_once(p, order, now))
        return;
    if (order->command == COMMAND_SET_POLL_INTERVAL) {
        set_poll_interval(p, order, now);
        return;
    }
    flags = command_row(order->command)->flags;
    if (flags & COMMAND_JOB && !order->job_given)
        bind_to_job(p, order);
    if (flags & COMMAND_OVERTAKE)
        overtake(p, order, now);
    if (p->orders.count == ORDERS_MAX) {
        refuse(p, order, ORDER_QUEUE_FULL, 0, now,
               "%d orders wait already; try again when they are done",
               ORDERS_MAX);
        return;
    }
    p->orders.queue[p->orders.count++] = order;
    orders_step(p, now);
}

/* --- going on --------------------------------------------------------- */

static struct order *take_first(struct orders *o)
{
    struct order *first = o->queue[0];

    o->count--;
    memmove(o->queue, o->queue + 1, (size_t)o->count * sizeof *o->queue);
    return first;
}

static void drop_expired(struct printer *p, struct moment now)
{
    struct orders *o = &p->orders;
    int i = 0;

    while (i < o->count) {
        struct order *order = o->queue[i];

        if (!order_expired(order, now)) {
            i++;
            continue;
        }
        o->count--;
        memmove(o->queue + i, o->queue + i + 1,
                (size_t)(o->count - i) * sizeof *o->queue);
        refuse(p, order, ORDER_EXPIRED, 0, now,
               "the order expired while it waited");
    }
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
    if (order->command != COMMAND_REFRESH)
        return;
    o->phase = PHASE_WAIT;
    o->mark = p->sent_count;
    p->next_poll_ms = p->contact ? p->next_poll_ms : now.ms;
    p->missing = p->failed = 0;
    p->untried = printer_all_endpoints(p);
    printer_read_soon(p, printer_all_endpoints(p));
}

static bool status_is_fresh(const struct printer *p)
{
    return p->contact && p->status_number > p->orders.mark;
}

static void accepted(struct printer *p, int http_status, struct moment now)
{
    struct order *order = p->orders.active;
    struct order_answer answer =
        make_answer(p, order, ORDER_ACCEPTED, ORDER_OK, now);

    if (order->final_only)
        return;
    answer.http_status = http_status;
    (void)snprintf(answer.message, sizeof answer.message,
                   "the printer took the order");
    log_answer(p, order, &answer);
    p->sink->answer(p->arg, p, order, &answer);
}

static void time_out(struct printer *p, struct moment now)
{
    struct orders *o = &p->orders;
    struct order *order = o->active;
    int limit = command_row(order->command)->limit_s;

    if (!p->online)
        refuse(p, order, ORDER_OFFLINE, 0, now,
               "the printer went offline before the effect showed: %s",
               p->error);
    else if (o->unsure)
        refuse(p, order, ORDER_TIMEOUT, 0, now,
               "the printer gave no answer and no effect showed within %d s; "
               "it may still act",
               limit);
    else if (o->phase == PHASE_WAIT)
        refuse(p, order, ORDER_TIMEOUT, 0, now,
               "the printer took the order but no effect showed within %d s",
               limit);
    else
        refuse(p, order, ORDER_TIMEOUT, 0, now,
               "the printer gave no answer within %d s", limit);
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
    bool gone = bound >= 0 && current_job(p) != bound;

    if (driver_step_done(step, bound >= 0 ? bound : o->job_before,
                         &p->telemetry)) {
        if (row->learned && !p->memory.learned[order->command])
            p->memory.learned[order->command] = p->memory.changed = true;
        (void)snprintf(message, sizeof message, "the printer is now %s",
                       state < STATE_COUNT
                           ? quantity_words(QUANTITY_STATE)[state]
                           : "in an unknown state");
        done(p, order, now, message);
        return;
    }
    if (gone && !step->job_gone)
        refuse(p, order, ORDER_CONFLICT, 0, now,
               "the job ended before %s took effect", order->name);
}

static void step_refresh(struct printer *p, struct moment now)
{
    if (status_is_fresh(p) && !(p->untried & ~p->missing) &&
        p->flight == FLIGHT_NONE)
        done(p, p->orders.active, now, "all values were read");
    else if (!p->online && p->judged &&
             p->polls_failed > p->orders.failed_before)
        refuse(p, p->orders.active, ORDER_OFFLINE, 0, now,
               "the printer is offline: %s", p->error);
}

static void step_active(struct printer *p, struct moment now)
{
    struct orders *o = &p->orders;

    if (o->active->command == COMMAND_REFRESH)
        step_refresh(p, now);
    else if (o->phase == PHASE_CHECK && status_is_fresh(p)) {
        if (!refused_now(p, o->active, now))
            o->phase = PHASE_SEND;
    } else if (o->phase == PHASE_WAIT && status_is_fresh(p))
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

    drop_expired(p, now);
    do {
        if (may_begin(p))
            begin(p, take_first(o), now);
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
        o->job_before = current_job(p);
        o->phase = PHASE_SENT;
        return true;
    case ENCODE_WAIT:
    case ENCODE_DONE: break;
    case ENCODE_REFUSED:
        refuse(p, o->active, ORDER_INVALID, 0, now, "%s", err.text);
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
    case STEP_SEND: o->phase = PHASE_SEND; break;
    case STEP_WAIT:
        accepted(p, http_status, now);
        wait_for_effect(p, now);
        break;
    case STEP_END: done(p, o->active, now, "the printer took the order"); break;
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

    if (code == ORDER_OK)
        step_on(p, answer->status, now);
    else
        refuse(p, o->active, code, answer->status, now, "%s", message);
}

void orders_answered(struct printer *p, const struct http_answer *answer,
                     struct moment now)
{
    struct orders *o = &p->orders;
    bool answered = answer->result == HTTP_ANSWERED && answer->status != 408;

    if (!o->active)
        return;
    if (o->overtaken) {
        refuse(p, o->active, ORDER_SUPERSEDED, answer->status, now,
               "overtaken by a cancel");
        return;
    }
    if (((answered && answer->status == 401) || (!answered && !answer->sent)) &&
        o->repeats < REPEATS_MAX) {
        prepare_again(p);
        return;
    }
    if (answered) {
        judge(p, answer, now);
        return;
    }
    if (!answer->sent) {
        refuse(p, o->active, ORDER_OFFLINE, 0, now,
               "the printer could not be reached: %s", answer->reason);
        return;
    }
    o->unsure = true;
    o->step++;
    wait_for_effect(p, now);
}

static void refuse_offline(struct printer *p, struct order *order,
                           bool stopping, struct moment now)
{
    if (stopping)
        refuse(p, order, ORDER_OFFLINE, 0, now, "the bridge stops");
    else if (p->trouble == TROUBLE_WRONG_PRINTER)
        refuse(p, order, ORDER_WRONG_PRINTER, 0, now, "%s. %s",
               printer_error(p), printer_remedy(p));
    else
        refuse(p, order, ORDER_OFFLINE, 0, now, "the printer is offline: %s",
               p->error);
}

void orders_offline(struct printer *p, bool stopping, struct moment now)
{
    struct orders *o = &p->orders;
    int i, count = o->count;

    for (i = 0; i < count; i++) {
        struct order *order = take_first(o);

        if (!stopping && order->command == COMMAND_REFRESH)
            o->queue[o->count++] = order;
        else
            refuse_offline(p, order, stopping, now);
    }
    if (o->active && (stopping || p->trouble == TROUBLE_WRONG_PRINTER ||
                      o->phase == PHASE_CHECK || o->phase == PHASE_SEND))
        refuse_offline(p, o->active, stopping, now);
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
        free_remembered(o->keys[i]);
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
    return o->phase == PHASE_WAIT && o->active->command != COMMAND_REFRESH &&
           now.ms >= next_look(p);
}

int64_t orders_wake(const struct printer *p)
{
    const struct orders *o = &p->orders;

    if (!o->active)
        return INT64_MAX;
    if (o->phase == PHASE_CHECK || o->phase == PHASE_SEND)
        return p->contact ? 0 : o->deadline_ms;
    if (o->phase == PHASE_WAIT && p->contact &&
        o->active->command != COMMAND_REFRESH) {
        int64_t look = next_look(p);

        return look < o->deadline_ms ? look : o->deadline_ms;
    }
    return o->deadline_ms;
}
