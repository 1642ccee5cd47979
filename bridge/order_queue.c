/* Orders that come in: repeats, overtaking, the queue. */
#include "bridge/printer_internal.h"
#include "mapping/memory.h"

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
    const struct remembered *r = order_recall(p, order->key, now.ms);
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
    full = order_answer_make(p, order, ORDER_ERROR, ORDER_QUEUE_FULL, now);
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
        order_refuse(p, waiting[i], ORDER_SUPERSEDED, 0, now, "overtaken by %s",
                     by->name);
    if (!o->active || command_row(o->active->command)->flags & COMMAND_OVERTAKE)
        return;
    if (o->phase == PHASE_SENT)
        o->overtaken = true;
    else
        order_refuse(p, o->active, ORDER_SUPERSEDED, 0, now, "overtaken by %s",
                     by->name);
}

static void set_poll_interval(struct printer *p, struct order *order,
                              struct moment now)
{
    p->interval_ms = (int64_t)(order->arguments.number * 1000);
    p->next_poll_ms = p->misses < 2 ? now.ms : p->next_poll_ms;
    telemetry_set(&p->telemetry, SLOT_POLL_INTERVAL,
                  value_integer((p->interval_ms + 500) / 1000));
    order_done(p, order, now,
               "the poll interval is set until the bridge restarts");
}

/* The job that its sender saw, be it that there was none; what waits behind a
 * print may be meant for that. */
static void bind_to_job(const struct printer *p, struct order *order)
{
    order->arguments.job = printer_job(p);
    order->no_job = order->arguments.job < 0 &&
                    !telemetry_known(&p->telemetry, SLOT_JOB_PROGRESS) &&
                    !p->orders.active && p->orders.count == 0;
}

void printer_order(struct printer *p, struct order *order, enum order_code code,
                   const struct error *err, struct moment now)
{
    unsigned flags;

    p->version++;
    order->state_before = telemetry_state(&p->telemetry);
    if (order->key && code != ORDER_RETAINED && is_repeat(p, order, now))
        return;
    if (code != ORDER_OK) {
        order_refuse(p, order, code, 0, now, "%s", err->text);
        return;
    }
    if (order_refused_at_once(p, order, now))
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
        order_refuse(p, order, ORDER_QUEUE_FULL, 0, now,
                     "%d orders wait already; try again when they are done",
                     ORDERS_MAX);
        return;
    }
    p->orders.queue[p->orders.count++] = order;
    orders_step(p, now);
}

struct order *orders_take_first(struct orders *o)
{
    struct order *first = o->queue[0];

    o->count--;
    memmove(o->queue, o->queue + 1, (size_t)o->count * sizeof *o->queue);
    return first;
}

void orders_drop_expired(struct printer *p, struct moment now)
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
        order_refuse(p, order, ORDER_EXPIRED, 0, now,
                     "the order expired while it waited");
    }
}
