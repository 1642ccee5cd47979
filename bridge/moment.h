/* A point in time, always an argument: pure code never asks the clock. */
#ifndef BRIDGE_MOMENT_H
#define BRIDGE_MOMENT_H

#include <stdint.h>

struct moment {
    int64_t ms;   /* monotonic: for intervals and time-outs */
    int64_t wall; /* seconds since 1970: for what people read */
};

#endif
