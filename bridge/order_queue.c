/* Orders that come in: repeats, overtaking, the queue. */
#include "bridge/printer_internal.h"
#include "mapping/memory.h"

#include <strings.h>

static bool has_key(const struct order *order, const char *key)
{
    return order->key && strcmp(order->key, key) == 0;
}

/* The order with this key that is not done yet; NULL = none. */
static const struct order *find_pending(const struct orders *o, const char *key)
{
    int i;

    if (o->active && has_key(o->active, key))
        return o->active;
    for (i = 0; i < o->count; i++)
        if (has_key(o->queue[i], key))
            return o->queue[i];
    for (i = 0; i < o->away_count; i++)
        if (has_key(o->away[i], key))
            return o->away[i];
    return NULL;
}

/* Without remembering it: the first one's answer is the key's. */
static void answer_repeat(struct printer *p, struct order *order,
                          const struct order_answer *answer)
{
    p->sink->answer(p->arg, p, order, answer);
    order_free(order);
}

static void follow(struct printer *p, struct order *order, struct moment now)
{
    struct order_answer full;

    if (p->orders.follower_count < ORDERS_MAX) {
        p->orders.followers[p->orders.follower_count++] = order;
        return;
    }
    full = order_answer_make(p, order, ORDER_ERROR, ORDER_QUEUE_FULL, now);
    (void)snprintf(full.message, sizeof full.message,
                   "%d orders with this key wait for its answer already",
                   ORDERS_MAX);
    answer_repeat(p, order, &full);
}

/* The answer to another command would be none to this one. */
static void refuse_key(struct printer *p, struct order *order,
                       enum command first, struct moment now)
{
    struct order_answer answer =
        order_answer_make(p, order, ORDER_ERROR, ORDER_INVALID, now);

    (void)snprintf(answer.message, sizeof answer.message,
                   "the idempotency_key was that of %s; give each order one "
                   "of its own",
                   first < COMMAND_COUNT ? command_row(first)->name
                                         : "an unknown command");
    order_log(p, order, &answer);
    answer_repeat(p, order, &answer);
}

/* A key that was seen before: answered, not carried out, also when it is too
 * late by now. */
static bool is_repeat(struct printer *p, struct order *order, struct moment now)
{
    const struct remembered *r = order_recall(p, order->key, now.ms);
    const struct order *pending = find_pending(&p->orders, order->key);
    enum command first;

    if (!r && !pending)
        return false;
    first = r ? r->command : pending->command;
    if (first != order->command) {
        refuse_key(p, order, first, now);
    } else if (r) {
        order->state_before = r->state_before;
        answer_repeat(p, order, &r->answer);
    } else {
        follow(p, order, now);
    }
    return true;
}

bool order_begins_job(const struct printer *p, const struct order *order)
{
    const struct driver_command *row =
        driver_command(p->driver, order->command);
    int i;

    for (i = 0; row && i < DRIVER_STEPS_MAX; i++)
        if (row->steps[i].job_new)
            return true;
    return false;
}

bool orders_await_job(const struct printer *p)
{
    const struct orders *o = &p->orders;

    return o->active && order_begins_job(p, o->active) && printer_job(p) < 0 &&
           (o->phase == PHASE_SENT || o->phase == PHASE_WAIT);
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
    else if (!orders_await_job(p))
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

/* Which file it is about is fixed when it comes. False: refused. */
static bool bind_to_file(struct printer *p, struct order *order,
                         struct moment now)
{
    const char *path = "";

    if (order->command == COMMAND_PRINT_SELECTED && p->memory.selected)
        path = p->memory.selected;
    else if (order->command == COMMAND_REPRINT)
        path = telemetry_text(&p->telemetry, SLOT_LAST_PATH);
    else if (order->command != COMMAND_PRINT_SELECTED)
        return true;
    (void)snprintf(order->arguments.path, sizeof order->arguments.path, "%s",
                   path);
    if (*path)
        return true;
    order_refuse(p, order, ORDER_CONFLICT, 0, now, "%s",
                 order_lacks(p, order->command));
    return false;
}

static void select_none(struct printer *p, struct order *order,
                        struct moment now)
{
    files_select(p->files, NULL, NULL);
    order_done(p, order, now, "no file is selected");
}

/* By its path or its name. One that is not among the newest is believed to be
 * there until the next walk through all folders. */
static void select_file(struct printer *p, struct order *order,
                        struct moment now)
{
    const char *wish = order->arguments.path;
    const struct kept_view *view = files_view(p->files);
    const struct kept_file *file = view ? view_find(view, wish) : NULL;
    struct request request;
    struct error err;

    if (!*wish || strcasecmp(wish, "none") == 0) {
        select_none(p, order, now);
    } else if (file) {
        files_select(p->files, file->path, file->label);
        order_done(p, order, now, "the file is selected");
    } else if (*wish != '/' || files_complete(p->files)) {
        order_refuse(p, order, ORDER_NOT_FOUND, 0, now,
                     "no such file is known; take a path or a name out of "
                     "files/list, or order list_files first");
    } else if (!driver_read_files(p->driver, &p->device, wish, &request,
                                  &err)) {
        order_refuse(p, order, ORDER_INVALID, 0, now, "%s", err.text);
    } else {
        files_select(p->files, wish, strrchr(wish, '/') + 1);
        files_changed(p->files, now);
        order_done(p, order, now, "the file is selected");
    }
}

static bool behind_a_print(const struct printer *p)
{
    const struct orders *o = &p->orders;
    int i;

    if (o->active && order_begins_job(p, o->active))
        return true;
    for (i = 0; i < o->count; i++)
        if (order_begins_job(p, o->queue[i]))
            return true;
    return false;
}

/* The job that its sender saw, be it that there was none; what waits behind a
 * print may be meant for that. */
static void bind_to_job(const struct printer *p, struct order *order)
{
    order->arguments.job = printer_job(p);
    order->no_job = order->arguments.job < 0 &&
                    !telemetry_known(&p->telemetry, SLOT_JOB_PROGRESS);
    order->next_job = order->no_job && behind_a_print(p);
}

static bool names_another_job(const struct printer *p,
                              const struct order *order)
{
    return order->job_given && order->arguments.job != printer_job(p);
}

/* Of what needs no fresh status. */
static bool refused_by_known_job(struct printer *p, struct order *order,
                                 struct moment now)
{
    enum command c = order->command;

    if (!names_another_job(p, order) ||
        !(order_is_bridges(c) ||
          (p->online && (c == COMMAND_SELECT_FILE || c == COMMAND_UPLOAD ||
                         c == COMMAND_CANCEL_TRANSFER))))
        return false;
    order_refuse(p, order, ORDER_WRONG_JOB, 0, now,
                 "job %lld is not the current one",
                 (long long)order->arguments.job);
    return true;
}

static void upload(struct printer *p, struct order *order)
{
    order_send_away(p, order);
    p->sink->upload(p->arg, p, order);
}

/* What the bridge does by itself. False: the printer must be asked. */
static bool do_ourselves(struct printer *p, struct order *order,
                         struct moment now)
{
    switch ((int)order->command) {
    case COMMAND_SET_POLL_INTERVAL: set_poll_interval(p, order, now); break;
    case COMMAND_SELECT_FILE: select_file(p, order, now); break;
    case COMMAND_UPLOAD: upload(p, order); break;
    default: return false;
    }
    return true;
}

static void enqueue(struct printer *p, struct order *order, struct moment now)
{
    unsigned flags = command_row(order->command)->flags;

    if (flags & COMMAND_OVERTAKE && !names_another_job(p, order))
        overtake(p, order, now);
    if (flags & COMMAND_JOB && !order->job_given)
        bind_to_job(p, order);
    if (p->orders.count == ORDERS_MAX) {
        order_refuse(p, order, ORDER_QUEUE_FULL, 0, now,
                     "%d orders wait already; try again when they are done",
                     ORDERS_MAX);
        return;
    }
    p->orders.queue[p->orders.count++] = order;
    orders_step(p, now);
}

/* An upload of the bridge, also one that waits for a printer that is off. */
static bool broke_off(struct printer *p, struct order *order, struct moment now)
{
    if (order->command != COMMAND_CANCEL_TRANSFER || !p->sink->cancel_upload ||
        !p->sink->cancel_upload(p->arg, p))
        return false;
    order_done(p, order, now, "the upload is broken off");
    return true;
}

void printer_order(struct printer *p, struct order *order, enum order_code code,
                   const struct error *err, struct moment now)
{
    p->version++;
    order->state_before = telemetry_state(&p->telemetry);
    if (order->key && code != ORDER_RETAINED && is_repeat(p, order, now))
        return;
    if (code != ORDER_OK)
        order_refuse(p, order, code, 0, now, "%s", err->text);
    else if (!order_refused_at_once(p, order, now) &&
             !refused_by_known_job(p, order, now) &&
             !broke_off(p, order, now) && !order_refused_away(p, order, now) &&
             !do_ourselves(p, order, now) && bind_to_file(p, order, now))
        enqueue(p, order, now);
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
