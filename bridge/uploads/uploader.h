/* All uploads of one printer: one at a time, the others wait their turn. What
 * was accepted is kept on disk until it was answered, so that a restart of the
 * bridge loses nothing and repeats nothing. Killed between the answer and the
 * end of its record, it answers a second time: that is better than not at all,
 * and nothing is printed again. */
#ifndef BRIDGE_UPLOADS_UPLOADER_H
#define BRIDGE_UPLOADS_UPLOADER_H

#include "bridge/drivers/driver.h"
#include "bridge/http.h"
#include "bridge/metadata/metadata.h"
#include "bridge/order.h"
#include "bridge/printer.h"
#include "bridge/transfer.h"
#include "bridge/uploads/delivery.h"
#include "bridge/uploads/spool.h"
#include "config/config.h"

#define UPLOADS_MAX 8 /* that wait, of one printer */

struct uv_loop_s;
struct uploader;

struct uploader_setup {
    struct uv_loop_s *loop;
    struct http *http;
    const struct http_client *client; /* of the polls; its login is shared */
    const struct config_printer *config;
    const struct driver *driver;
    const struct spool *spool;
    uint64_t *last_id; /* of the bridge's deliveries; grows */
};

struct uploader_sink {
    void (*log)(void *arg, enum log_level level, const char *printer,
                const char *text);
    /* The upload was accepted. */
    void (*accepted)(void *arg, const struct order *order, const char *text);
    /* It is over; order is the callee's. */
    void (*finished)(void *arg, struct order *order, enum order_code code,
                     int http_status, const char *text);
    /* How far it is, about once a second and at its end (NULL). */
    void (*moved)(void *arg, const struct transfer *transfer);
    /* A file was stored on the printer, and what the slicer wrote into it. */
    void (*stored)(void *arg, const char *path, int64_t size,
                   const struct metadata *facts);
};

struct uploader *uploader_new(const struct uploader_setup *setup,
                              const struct uploader_sink *sink, void *arg);
/* The bridge stops: breaks off what runs; what was accepted stays on disk, all
 * else is answered. */
void uploader_stop(struct uploader *uploader);
/* Handles on the loop go in their close callbacks. Accepts NULL. */
void uploader_free(struct uploader *uploader);

/* What it may do: the printer is online and who it should be. device as it is
 * known; borrowed until the next call. */
void uploader_ready(struct uploader *uploader, bool ready,
                    const struct device *device);

/* A new delivery, of which everything but id, printer and stamp is filled;
 * owned from now on. bytes: of DELIVERY_PAYLOAD, else NULL. It is answered,
 * whatever happens. */
void uploader_take(struct uploader *uploader, struct delivery *delivery,
                   const void *bytes, size_t len);
/* One of an earlier life of the bridge; owned from now on. */
void uploader_resume(struct uploader *uploader, struct delivery *delivery);
/* End the upload that runs, else the first one that waits. False: there is
 * none. */
bool uploader_cancel(struct uploader *uploader, const char *why);

#endif
