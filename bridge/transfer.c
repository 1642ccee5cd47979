#include "bridge/transfer.h"

#include <math.h>

#define LEAST_MS 900   /* between two looks: less is noise */
#define WEIGHT   0.3   /* of the newest look */
#define STALE_MS 20000 /* a transfer that was not looked at for so long */

void transfer_pace(struct transfer_pace *pace, int64_t bytes, int64_t now_ms)
{
    int64_t passed = now_ms - pace->ms;
    double rate;

    if (!pace->ms || bytes < pace->bytes || passed > STALE_MS) {
        *pace = (struct transfer_pace){.bytes = bytes, .ms = now_ms};
        return;
    }
    if (passed < LEAST_MS)
        return;
    rate = (double)(bytes - pace->bytes) * 1000 / (double)passed;
    pace->rate =
        pace->rate > 0 ? WEIGHT * rate + (1 - WEIGHT) * pace->rate : rate;
    pace->bytes = bytes;
    pace->ms = now_ms;
}

static void set_pace(const struct transfer_pace *pace, int64_t left,
                     struct telemetry *t)
{
    if (pace->rate < 1) {
        telemetry_clear(t, SLOT_TRANSFER_RATE);
        return;
    }
    telemetry_set(t, SLOT_TRANSFER_RATE, value_integer(llround(pace->rate)));
    if (left >= 0 && !telemetry_known(t, SLOT_TRANSFER_REMAINING))
        telemetry_set(t, SLOT_TRANSFER_REMAINING,
                      value_integer(llround((double)left / pace->rate)));
}

static void clear(struct telemetry *t)
{
    int slot;

    for (slot = SLOT_TRANSFER_ACTIVE; slot <= SLOT_TRANSFER_SOURCE; slot++)
        telemetry_clear(t, slot);
    telemetry_set(t, SLOT_TRANSFER_ACTIVE, value_truth(false));
}

void transfer_fields(const struct transfer *transfer,
                     const struct transfer_pace *pace, struct telemetry *t)
{
    const char *slash = transfer ? strrchr(transfer->path, '/') : NULL;

    if (!transfer) {
        clear(t);
        return;
    }
    telemetry_set(t, SLOT_TRANSFER_ACTIVE, value_truth(true));
    telemetry_set_text(t, SLOT_TRANSFER_NAME, slash ? slash + 1 : "");
    telemetry_set_text(t, SLOT_TRANSFER_PATH, transfer->path);
    telemetry_set_text(t, SLOT_TRANSFER_SOURCE, "bridge");
    telemetry_set(t, SLOT_TRANSFER_SIZE, value_integer(transfer->size));
    telemetry_set(t, SLOT_TRANSFER_BYTES, value_integer(transfer->sent));
    telemetry_set(t, SLOT_TRANSFER_TO_PRINT, value_truth(transfer->to_print));
    telemetry_clear(t, SLOT_TRANSFER_REMAINING);
    if (transfer->size > 0)
        telemetry_set(t, SLOT_TRANSFER_PROGRESS,
                      value_number(100.0 * (double)transfer->sent /
                                   (double)transfer->size));
    set_pace(pace, transfer->size - transfer->sent, t);
}

void transfer_derive(struct transfer_pace *pace, struct telemetry *t,
                     int64_t now_ms)
{
    int64_t bytes = telemetry_integer(t, SLOT_TRANSFER_BYTES, -1);
    int64_t size = telemetry_integer(t, SLOT_TRANSFER_SIZE, -1);

    if (!telemetry_integer(t, SLOT_TRANSFER_ACTIVE, 0) || bytes < 0) {
        *pace = (struct transfer_pace){.bytes = 0};
        telemetry_clear(t, SLOT_TRANSFER_RATE);
        return;
    }
    transfer_pace(pace, bytes, now_ms);
    set_pace(pace, size >= bytes ? size - bytes : -1, t);
}
