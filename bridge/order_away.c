/* Orders that are carried out beside the printer's own: uploads. They are on
 * their way for minutes, and meanwhile the printer can be paused. */
#include "bridge/printer_internal.h"

void order_send_away(struct printer *p, struct order *order)
{
    struct orders *o = &p->orders;

    if (o->away_count < AWAY_MAX)
        o->away[o->away_count++] = order;
}

void printer_adopt(struct printer *p, struct order *order, struct moment now)
{
    order->arrived_ms = now.ms;
    order_send_away(p, order);
}

void printer_accept(struct printer *p, const struct order *order,
                    const char *message, struct moment now)
{
    struct order_answer answer =
        order_answer_make(p, order, ORDER_ACCEPTED, ORDER_OK, now);

    if (order->final_only)
        return;
    (void)snprintf(answer.message, sizeof answer.message, "%s", message);
    order_log(p, order, &answer);
    p->sink->answer(p->arg, p, order, &answer);
}

static void come_back(struct orders *o, const struct order *order)
{
    int i;

    for (i = 0; i < o->away_count; i++)
        if (o->away[i] == order) {
            o->away[i] = o->away[--o->away_count];
            return;
        }
}

void printer_carried_out(struct printer *p, struct order *order,
                         enum order_code code, int http_status,
                         const char *message, struct moment now)
{
    struct order_answer answer = order_answer_make(
        p, order, code == ORDER_OK ? ORDER_DONE : ORDER_ERROR, code, now);

    p->version++;
    come_back(&p->orders, order);
    answer.http_status = http_status;
    (void)snprintf(answer.message, sizeof answer.message, "%s", message);
    order_finish(p, order, &answer, now);
}
