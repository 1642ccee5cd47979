/* What a printer that is poked at random has to say: see printer_monkey_test.c.
 */
#ifndef TESTS_BRIDGE_MONKEY_H
#define TESTS_BRIDGE_MONKEY_H

#include "bridge/http.h"
#include "mapping/buffer.h"

#include <stdbool.h>
#include <stdint.h>

#define PICK(dice, list) ((list)[roll((dice), ROWS(list))])

struct far_side {
    uint64_t dice;
    uint64_t luck;     /* one in so many goes wrong */
    bool calm;         /* nothing does */
    bool pi;           /* it is a Raspberry Pi, else a Buddy */
    const char *state; /* of the printer, */
    int job;           /* and its job; 0 = none */
};

/* 0 to sides - 1; the same each time for the same seed. */
uint64_t roll(struct far_side *far, uint64_t sides);
bool rarely(struct far_side *far);

/* What comes of a request: the transport's result, a status, and the body of
 * the answer. */
enum http_result far_result(struct far_side *far);
int far_status(struct far_side *far, const struct request *request);
void far_body(struct far_side *far, const struct request *request,
              struct buffer *out);

#endif
