/* Requests to printers, run to their end: the HTTP edge on a loop of its own,
 * and what the answers say, by the drivers' tables. Many printers can be asked
 * at once; each of them gets one request at a time. */
#ifndef BRIDGE_CLI_CLIENT_H
#define BRIDGE_CLI_CLIENT_H

#include "bridge/derive.h"
#include "bridge/drivers/driver.h"
#include "bridge/http.h"
#include "bridge/moment.h"
#include "config/config.h"
#include "mapping/buffer.h"
#include "mapping/error.h"
#include "mapping/telemetry.h"

struct desk;

struct client {
    struct desk *desk;
    const struct config_printer *config;
    const struct driver *driver;
    struct http_client *http; /* NULL: it cannot be asked, see err */
    struct telemetry t;
    struct device device;
    const char *const *plan; /* endpoints still to be read, NULL-ended */
    bool failed;             /* the last plan did not come to its end */
    struct error err;        /* why: a sentence without the printer's id */
};

/* printers: how many are expected. */
struct desk *desk_new(size_t printers);
/* Frees its clients, too. Accepts NULL. */
void desk_free(struct desk *desk);
/* config is borrowed. One that cannot be asked at all has failed. */
struct client *desk_add(struct desk *desk, const struct config_printer *config);
struct http *desk_http(struct desk *desk);
struct uv_loop_s *desk_loop(struct desk *desk);
struct moment desk_now(struct desk *desk);
/* Whoever is called back by the loop says so: a turn ends then. */
void desk_wake(struct desk *desk);
/* Let the loop run until something happened. */
void desk_turn(struct desk *desk);
/* The same, for at most so long. */
void desk_turn_for(struct desk *desk, int64_t ms);
/* From now on SIGINT, SIGTERM and SIGHUP are only noted, until the desk is
 * freed; those that were ignored stay so (nohup). */
void desk_catch_signals(struct desk *desk);
bool desk_signalled(const struct desk *desk);

/* Read endpoints by their names, one after the other, all clients at once. One
 * that a driver does not have is left out; a job or a transfer is left out when
 * the status said that there is none. After "?" stands one that may fail: what
 * it owns is then not known. Unreachable is always a failure. */
void desk_read(struct desk *desk, const char *const *plan);

/* An answer with its body, whose memory is the caller's. */
struct reply {
    struct http_answer answer; /* body points into bytes */
    struct buffer bytes;
};

/* Send and wait for the answer. False: there was none, or a 401, or a signal
 * came; err says why. Other statuses are the caller's. */
bool client_ask(struct client *client, const struct request *request,
                struct reply *reply, struct error *err);
void reply_release(struct reply *reply);
/* Does the configuration allow it? What is off by default is allowed. */
bool client_allows(const struct client *client, enum command command,
                   struct error *err);
/* Send an order of one request, by the driver's tables, if it is allowed, and
 * judge the answer. No other guards: see vigil.h for orders that a person
 * gives. */
bool client_order(struct client *client, enum command command,
                  const struct order_arguments *arguments, struct error *err);
struct http_target client_target(const struct config_printer *config);
const struct driver *client_driver(const struct config_printer *config);
/* How to give the secret that is missing or wrong. */
const char *client_login_remedy(const struct config_printer *config);
/* Why there is no (good) answer, and what to do. Is false. */
bool client_explain(const struct config_printer *config,
                    const struct http_answer *answer, struct error *err);

#endif
