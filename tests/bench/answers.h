/* What a simulated printer answers: PrusaLink of the Buddy firmware, a print
 * running, seven status fields moving with each poll. One of them, axis_x, is
 * the clock (us, monotonic) at which the answer was made: who sees it somewhere
 * else knows how long it was on its way. */
#ifndef TESTS_BENCH_ANSWERS_H
#define TESTS_BENCH_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANSWER_MAX 2048

struct far {
    int index;
    unsigned polls;
    bool paused;
    uint64_t nonce;
    int64_t nonce_us; /* when it was given out; 0 = never */
};

/* What a request was, for the statistics. */
enum asked {
    ASKED_STATUS,
    ASKED_OTHER,
    ASKED_ORDER,   /* pause or resume, carried out */
    ASKED_REFUSED, /* answered 401 */
    ASKED_COUNT
};

int64_t clock_us(void);
/* nonce_us: how long a nonce lives; 0 = no login is asked for. */
void answers_init(int64_t nonce_us);
/* Answer the request whose head (method to empty line, NUL-terminated) is at
 * head; out holds ANSWER_MAX bytes, *len becomes the answer's length. */
enum asked answers_make(struct far *far, const char *head, char *out,
                        size_t *len);

#endif
