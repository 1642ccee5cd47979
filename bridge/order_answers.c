/* What is answered to orders, and remembered of it: a repeated idempotency key
 * gets the first final answer again. */
#include "bridge/printer_internal.h"
#include "mapping/memory.h"

#include <stdarg.h>

struct order_answer order_answer_make(const struct printer *p,
                                      const struct order *order,
                                      enum order_status status,
                                      enum order_code code, struct moment now)
{
    return (struct order_answer){
        .status = status,
        .code = code,
        .job =
            order->arguments.job >= 0 ? order->arguments.job : printer_job(p),
        .state_after = telemetry_state(&p->telemetry),
        .took_ms = now.ms - order->arrived_ms,
    };
}

struct remembered *order_recall(struct printer *p, const char *key,
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

void order_forget(struct remembered *r)
{
    if (r) {
        free(r->key);
        free((void *)(uintptr_t)r->answer.value);
    }
    free(r);
}

static void remember(struct printer *p, const struct order *order,
                     const struct order_answer *answer, int64_t now_ms)
{
    struct orders *o = &p->orders;
    struct remembered *r;

    if (!order->key || order_recall(p, order->key, now_ms))
        return;
    if (!o->keys)
        o->keys = memory_zero(KEYS_MAX, sizeof(struct remembered *));
    r = memory_zero(1, sizeof *r);
    *r = (struct remembered){memory_text(order->key), order->command,
                             order->state_before, *answer, now_ms};
    r->answer.value = memory_text(answer->value);
    order_forget(o->keys[o->next_key]);
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
        follower->state_before = order->state_before;
        p->sink->answer(p->arg, p, follower, answer);
        order_free(follower);
    }
    o->follower_count = kept;
}

void order_log(struct printer *p, const struct order *order,
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
void order_finish(struct printer *p, struct order *order,
                  const struct order_answer *answer, struct moment now)
{
    order_log(p, order, answer);
    p->sink->answer(p->arg, p, order, answer);
    if (answer->code != ORDER_RETAINED) {
        remember(p, order, answer, now.ms);
        answer_followers(p, order, answer);
    }
    if (order_begins_job(p, order))
        p->orders.printed =
            answer->status == ORDER_DONE || answer->code == ORDER_TIMEOUT;
    if (p->orders.active == order) {
        p->orders.active = NULL;
        files_forget(p->files);
    }
    order_free(order);
}

void order_refuse(struct printer *p, struct order *order, enum order_code code,
                  int http_status, struct moment now, const char *format, ...)
{
    struct order_answer answer =
        order_answer_make(p, order, ORDER_ERROR, code, now);
    va_list args;

    answer.http_status = http_status;
    va_start(args, format);
    (void)vsnprintf(answer.message, sizeof answer.message, format, args);
    va_end(args);
    order_finish(p, order, &answer, now);
}

void order_done(struct printer *p, struct order *order, struct moment now,
                const char *message)
{
    struct order_answer answer =
        order_answer_make(p, order, ORDER_DONE, ORDER_OK, now);

    (void)snprintf(answer.message, sizeof answer.message, "%s", message);
    order_finish(p, order, &answer, now);
}
