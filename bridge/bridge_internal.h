/* What the files of the bridge share: bridge.c (start, stop), unit.c (one
 * printer on the loop), session.c (one connection to the broker), inbox.c (what
 * comes in), cleanup.c (printers that
 * left), requests.c (bridge/request), report.c (bridge/info, ...),
 * discover.c (what Home Assistant is told). */
#ifndef BRIDGE_BRIDGE_INTERNAL_H
#define BRIDGE_BRIDGE_INTERNAL_H

#include "bridge/announce.h"
#include "bridge/bridge.h"
#include "bridge/events.h"
#include "bridge/facts_errand.h"
#include "bridge/http.h"
#include "bridge/log.h"
#include "bridge/mqtt.h"
#include "bridge/pictures/pictures.h"
#include "bridge/printer.h"
#include "bridge/publisher.h"
#include "bridge/store.h"
#include "bridge/uploads/spool.h"
#include "bridge/uploads/uploader.h"
#include "homeassistant/discovery.h"
#include "mapping/template.h"

#include <uv.h>

struct bridge;

/* Whose discovery document it is: a printer's, or the bridge's own. */
struct subject {
    struct bridge *bridge;
    struct unit *unit; /* NULL = the bridge */
};

/* One printer on the loop. */
struct unit {
    struct bridge *bridge;
    const struct config_printer *config;
    struct subject subject;
    struct printer *printer;
    struct publisher *publisher;
    struct album *album;
    struct facts_errand facts;
    struct http_client *http;
    struct uploader *uploader; /* NULL = no uploads */
    const void *payload; /* a file that came as a message, while it is taken */
    size_t payload_len;
    uv_timer_t timer;
    bool running;   /* unit_run() is on the stack */
    bool duplicate; /* another printer has its serial */
    bool announced; /* its document was made since the last change */
    bool announced_once;
    bool remembered;        /* it was reached in an earlier life */
    bool unsaid;            /* something could not be published */
    uint64_t name_hash;     /* of its name for people */
    uint64_t files_version; /* as it was last announced */
    bool listed_online;     /* as bridge/printers last said */
    enum trouble listed_trouble;
};

/* An order topic that the mapping moved. */
struct moved_topic {
    char *topic;
    struct unit *unit;
    enum command command;
};

enum session {
    SESSION_DOWN,   /* no connection */
    SESSION_LISTEN, /* first connection: does another copy live? */
    SESSION_LIVE,
    SESSION_STANDBACK, /* another copy lives; look again in a minute */
};

struct bridge {
    const struct config *config;
    uv_loop_t loop;
    uv_timer_t second;   /* once a second: health, discovery, deadlines */
    uv_timer_t wake;     /* session and announcements */
    uv_timer_t save;     /* when what is remembered is written */
    uv_timer_t patience; /* how long the end may take */
    uv_signal_t signals[2];
    uv_prepare_t prepare;
    uv_check_t check;
    struct http *http;
    struct mqtt *mqtt;
    struct store *store;
    struct spool spool;
    uint64_t last_upload;
    struct announce *announce;
    struct events *events;
    struct subject subject;
    struct outlet outlet;
    struct pictures pictures;
    struct unit *units;  /* in the order of the file */
    struct unit **index; /* sorted by printer id */
    size_t count;
    struct moved_topic *moved; /* sorted by topic */
    size_t moved_count;

    char host[64];
    char client_id[256];
    char device_id[256]; /* of the bridge, for Home Assistant */
    char device_name[96];
    char topic[TOPIC_MAX / 2]; /* base/bridge or base/bridge-NAME */
    int64_t started;           /* wall seconds */
    int64_t started_ms;

    enum session session;
    bool was_live;   /* there was a live session before */
    bool say_online; /* bridge/state must still be said */
    bool say_start;  /* and before it every printer's offline */
    bool reading_back;
    uint64_t reason_hash; /* of why there is no connection, as logged */
    char rejected[TOPIC_MAX + 100]; /* what the broker did not take, and why */
    bool rejected_told;             /* once for each connection */
    int64_t session_ms;             /* when the connection came */
    int64_t asked_ms;               /* a subscription was not answered yet */
    int64_t heard_ms;               /* the last retained message read back */
    bool other_online, other_host;
    char other_name[64];
    bool stood_back;                            /* that was said already */
    uint64_t other_health, other_health_before; /* hashes */
    bool found_printers; /* our retained bridge/printers was there */
    bool swept;
    char **leaving; /* ids of printers that may have left the file */
    char **gone;    /* topic trees of those that did */
    char **stale;   /* topics that must still be emptied */
    size_t leaving_count, gone_count, stale_count;

    bool bridge_announced;
    bool identities_due; /* who they are has changed: are there twins? */
    bool trimmed;        /* the start's memory was given back */
    bool announce_stuck; /* a document could not go out: not before drained */
    bool state_after_birth; /* say all state when discovery is out */

    bool printers_due, info_due; /* must be said again */
    int64_t printers_ms;
    uint64_t printers_hash, info_hash; /* as last said in this session */
    int64_t health_ms, watchdog_ms;
    uint64_t lag_max_us, turn_began_ns, poll_began_ns, idle_before_ns;
    bool save_due, saving, save_failed;
    int64_t save_ms;      /* when the next one is due */
    int64_t saved_ms;     /* when the last one began */
    uint64_t save_number; /* which it was */
    bool stopping;
    enum bridge_end end;
};

struct moment bridge_now(const struct bridge *bridge);
/* Something waits that needs more than the tick of each second. */
void bridge_wake_soon(struct bridge *bridge);
/* Begin to stop; bridge_run() returns when all is said and closed. */
void bridge_stop(struct bridge *bridge, enum bridge_end end);
/* Publish below the bridge's own topic. */
bool bridge_say(struct bridge *bridge, const char *tail, const char *payload,
                int qos, bool retain);
struct unit *bridge_unit(struct bridge *bridge, const char *id);
/* Is it in the file, be it switched off there? */
bool bridge_configures(const struct bridge *bridge, const char *id);
/* What printers remember changed: write it soon. */
void bridge_save_soon(struct bridge *bridge);
/* Write it in the next turn of the loop, or a moment later when many ask; the
 * number of the save that will hold what is known by then. */
uint64_t bridge_save_at_once(struct bridge *bridge);
/* A printer's memory changed: hand it to the store. */
void unit_remember(struct unit *unit);

/* unit.c */
bool unit_open(struct unit *unit, struct bridge *bridge,
               const struct config_printer *config, int64_t delay_ms,
               struct error *err);
void unit_close(struct unit *unit);
/* Let it do what is due: requests, publications, its next wake-up. */
void unit_run(struct unit *unit);
/* Publish what changed; false if something could not go out. */
bool unit_sync(struct unit *unit);
void unit_answer(void *arg, struct printer *printer, const struct order *order,
                 const struct order_answer *answer);
void unit_event(void *arg, struct printer *printer,
                const struct job_event *event);
void unit_work(void *arg, struct printer *printer, struct files_page *page);
void unit_log(void *arg, enum log_level level, const char *printer,
              const char *text);

/* unit_uploads.c */
void unit_open_uploads(struct unit *unit, const struct driver *driver);
void unit_run_uploads(struct unit *unit);
void unit_upload(void *arg, struct printer *printer, struct order *order);
bool unit_cancel_upload(void *arg, struct printer *printer);
/* All units are open: what an earlier life accepted goes on. */
void uploads_open(struct bridge *bridge);

/* answer.c: on <tree>/response/<name> and where its sender wished. */
void answer_say(struct bridge *bridge, const char *tree,
                const struct order *order, const struct order_answer *answer);

/* session.c */
void session_connected(void *arg);
void session_disconnected(void *arg, const char *reason, int64_t retry_ms);
void session_drained(void *arg);
void session_refused(void *arg, const char *filter);
void session_rejected(void *arg, const char *topic, const char *reason);
/* The timers' part: reading back ends, a minute of standing back is over. */
void session_tick(struct bridge *bridge);
bool session_open(struct bridge *bridge, struct error *err);

/* inbox.c */
void inbox_message(void *arg, const struct mqtt_message *message);
void inbox_prepare(struct bridge *bridge);
void inbox_release(struct bridge *bridge);

/* cleanup.c */
/* Our retained bridge/printers. */
void cleanup_list(struct bridge *bridge, const struct mqtt_message *message);
/* We are live: ask for what must go. */
void cleanup_begin(struct bridge *bridge);
void cleanup_message(struct bridge *bridge, const struct mqtt_message *message);
/* Empty what came, as far as it can go out, once Home Assistant does not look
 * at it any more. */
void cleanup_tick(struct bridge *bridge);
/* Whatever was to come has come. */
void cleanup_end(struct bridge *bridge);
void cleanup_release(struct bridge *bridge);

/* requests.c */
/* Takes ownership of order. code and err: what order_read() said. */
void requests_take(struct bridge *bridge, struct order *order,
                   enum order_code code, const struct error *err);

/* report.c */
void report_info(struct bridge *bridge);
void report_printers(struct bridge *bridge);
void report_health(struct bridge *bridge);
/* Whatever of them is due. */
void report_tick(struct bridge *bridge);
void report_log(void *arg, enum log_level level, const char *printer,
                const char *text);

/* discover.c */
/* The announce_make of struct subject. */
char *discover_document(void *subject);
void discover_tick(struct bridge *bridge);
/* A message below the discovery prefix. */
void discover_message(struct bridge *bridge, const struct mqtt_message *m);
void discover_again(struct bridge *bridge, int64_t delay_ms);
/* The printer is not who it was: its document goes. */
void discover_forget(struct unit *unit);
/* The printer's name for people. */
const char *discover_name(const struct unit *unit);
const char *discover_identity(const struct unit *unit);

#endif
