/* What the files that read an order share; nobody else includes it. */
#ifndef BRIDGE_ORDER_INTERNAL_H
#define BRIDGE_ORDER_INTERNAL_H

#include "bridge/order.h"

/* Fill err with text and return code. */
enum order_code order_say(struct error *err, enum order_code code,
                          const char *text);
/* Keep text as the order's argument. */
enum order_code order_take_text(struct order *order, const char *text,
                                struct error *err);
/* Keep where an upload's file is. */
enum order_code order_take_source(struct order *order, const char *text,
                                  bool url, struct error *err);
/* Read text as the command wants its argument; "" = none was given. */
enum order_code order_take_argument(struct order *order, const char *text,
                                    struct error *err);
/* All of a payload: plain, or JSON. */
enum order_code order_read_payload(struct order *order,
                                   const struct order_envelope *envelope,
                                   struct error *err);

#endif
