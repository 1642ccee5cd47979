/* Printer APIs as constant tables. No I/O, no loop, no logging, no clock: a
 * driver says what to ask, reads what came, and says what to send.
 *
 * A function pointer in a row is the way out for an odd API. */
#ifndef BRIDGE_DRIVERS_DRIVER_H
#define BRIDGE_DRIVERS_DRIVER_H

#include "bridge/request.h"
#include "mapping/command.h"
#include "mapping/field.h"
#include "mapping/mapping.h"
#include "mapping/telemetry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRIVER_ENDPOINTS_MAX 16
#define CAMERA_ID_MAX        63

/* When an endpoint is read. */
enum cadence {
    CADENCE_POLL,     /* each poll: the one that says whether it is online */
    CADENCE_JOB,      /* when job id or state changed, until its id agrees */
    CADENCE_MINUTE,   /* every 60 s */
    CADENCE_CONTACT,  /* at each new contact, and hourly */
    CADENCE_TRANSFER, /* with each poll while a transfer runs */
    CADENCE_DAY,      /* once a day while nothing prints, for it takes long */
};

struct driver;
struct driver_files;
struct device;
struct json;    /* one parsed value, see json.h */
struct reading; /* one answer on its way into a snapshot, see reading.h */

/* JSON path -> field. The endpoint owns the fields of its rows: what its
 * answer lacks becomes absent. A patch row sets and never empties. Of several
 * rows for one field the first that finds a value wins. */
struct driver_field {
    /* "printer.temp_nozzle"; dots go down objects. "" = the endpoint's read
     * fills it; the row is there to say who owns the field. */
    const char *path;
    enum field field;
    bool patch;
    bool digits;  /* deployed servers send the number as text: "123456" */
    double scale; /* numbers are multiplied; 0 = 1 */
    /* Pairs "API word", "our word", NULL-ended. For a state any other word is
     * unknown; a text stays as it is; our word "" = absent. */
    const char *const *words;
    /* The way out: say what node (never NULL) means for slot. NULL = by the
     * quantity's kind. */
    void (*convert)(const struct json *node, int slot, struct reading *reading);
};

struct driver_endpoint {
    const char *name;   /* "status": for custom fields and messages */
    const char *target; /* "/api/v1/status" */
    enum cadence cadence;
    bool optional; /* 404: this printer has none; all fields absent */
    bool empty;    /* 204 is an answer: nothing there, all fields absent */
    const struct driver_field *fields; /* ends with path NULL */
    /* Reads lists and what no row can say, after the rows; NULL = none. root
     * is NULL when nothing is there. */
    void (*read)(const struct json *root, struct reading *reading);
    size_t answer_max;  /* 0 = 1 MiB */
    int64_t timeout_ms; /* 0 = the client's default */
    /* False: devices like this one have none, it is not asked. NULL = all. */
    bool (*has)(const struct device *device);
};

enum step_kind {
    STEP_END,
    STEP_SEND,  /* a request */
    STEP_WAIT,  /* until driver_step_done() */
    STEP_FILES, /* the printer's files are asked, see files.h */
};

struct driver_step {
    enum step_kind kind;
    enum http_method method;
    /* "/api/v1/job/{job}/pause"; {job}, {path}, {camera}, {/camera} (nothing
     * when there is but one), {new camera}: encoded */
    const char *target;
    int64_t timeout_ms; /* of the request; 0 = the client's default */
    unsigned until;     /* STATE_BIT()s that mean "it took effect" */
    bool job_gone;      /* or: the job it was bound to is not current */
    bool job_new;       /* or: a job with another id than before is current */
    bool transfer_gone; /* or: no transfer is active */
    bool creates;       /* {path} is a new name: it must be one */
    bool update_gone;   /* or: no newer server is known */
    const char *header; /* "Create-Folder: ?1"; NULL = none */
    bool picture;       /* the answer is one, up to 8 MiB */
    const char *body;   /* JSON with {json} or {cameras}; NULL = none */
    const char *force;  /* header that says `force`; NULL = none */
};

#define DRIVER_STEPS_MAX 4

struct driver_command {
    unsigned states; /* STATE_BIT()s in which it can be ordered */
    bool learned;    /* announced only after it once worked here */
    struct driver_step steps[DRIVER_STEPS_MAX];
    /* Its answer is also that of this endpoint; NULL = of none. */
    const char *endpoint;
    const char *changes; /* endpoint to be read again after it; NULL = none */
    /* States for other models of the family; NULL = states. */
    unsigned (*states_of)(const struct device *device);
};

/* A job that may be none. */
struct job_mark {
    bool known;
    int64_t id; /* -1: a job that has no id yet */
};

/* What is learned about one printer behind a driver and must outlive a
 * snapshot. Zeroed = nothing known. Owns its texts: device_release(). */
struct device {
    struct instances storages, cameras;
    int first_camera; /* of the list, connected; -1 = none */
    int connected_cameras;
    /* For the API, INSTANCES_CAMERA of them, NULL = not told; made with the
     * first one that is told. */
    char **camera_ids;
    int variant; /* of the driver's family, 0 = not known yet */
    /* An invented state word came: report unknown_word and set this to false;
     * it becomes true again only for another word. */
    bool unknown_state;
    char *unknown_word;
    struct job_mark answered; /* whose job answer the snapshot holds */
    struct job_mark seen;     /* the last one that was current */
    struct job_mark ran;      /* the last one seen printing or paused */
    double doubted;           /* progress left over from the job before; 0 */
    /* It says PRINTING and nothing has moved since it was paused or asked: it
     * goes on, or it ends. */
    bool halted;
    struct {
        struct job_mark job; /* that was paused or asked */
        int64_t time;        /* its time printing then, -1 = not told */
        double progress;
    } halt;
    /* Target of the picture of the job whose answer it was, of at most
     * REQUEST_TARGET_MAX bytes; NULL = none told. */
    char *picture;
    /* Target of that job's file where the answer itself does not tell what the
     * slicer wrote into it, as long at most; NULL = none told, or no need. */
    char *download;
};

/* Nothing is known afterwards. Accepts a zeroed one. */
void device_release(struct device *device);
/* to, which holds nothing, becomes equal to from and shares nothing with it. */
void device_copy(struct device *to, const struct device *from);
/* The id of a camera for the API; NULL = not told, or there is none. */
const char *device_camera_id(const struct device *device, int camera);

/* What an order's HTTP answer means. */
enum order_code {
    ORDER_OK,
    ORDER_CONFLICT,
    ORDER_TIMEOUT,
    ORDER_OFFLINE,
    ORDER_SUPERSEDED,
    ORDER_NOT_SUPPORTED,
    ORDER_NOT_ALLOWED,
    ORDER_INVALID,
    ORDER_RETAINED,
    ORDER_EXPIRED,
    ORDER_WRONG_JOB,
    ORDER_WRONG_PRINTER,
    ORDER_QUEUE_FULL,
    ORDER_NOT_FOUND,
    ORDER_AUTH,
    ORDER_TOO_BIG,
    ORDER_PRINTER_ERROR,
};

/* What an answer to an upload is followed by. */
enum refusal {
    REFUSAL_FINAL,   /* the same again would be refused again */
    REFUSAL_BUSY,    /* somebody else is at it: wait, try again */
    REFUSAL_BROKEN,  /* the upload broke: look what is there, try again */
    REFUSAL_STORED,  /* the file is there, but is not printed */
    REFUSAL_UNCLEAR, /* or not: look; if it is not there, final */
};

/* One meaning of an answer to an upload; the first row that fits counts. */
struct driver_refusal {
    int status;
    const char *words; /* that the body must contain; NULL = any body */
    enum refusal refusal;
    enum order_code code;
    const char *message; /* cause and remedy */
};

/* How the printers of one variant take uploads. */
struct driver_upload {
    int variant;        /* see struct device; 0 = not known which */
    const char *target; /* "/api/v1/files{path}"; also says what is there */
    const char *content_type; /* to be sent whatever the file is */
    const char *print_header; /* "Print-After-Upload: ?1" */
    const char *overwrite_header;
    const char *folder;        /* for files that name none: "/usb" */
    int64_t login_max_ms;      /* a login is good for so long, surely */
    size_t path_max;           /* bytes of the path, not encoded; 0 = any */
    size_t part_max;           /* bytes of each part of it; 0 = any */
    int64_t size_max;          /* bytes of a file; 0 = any */
    const char *forbidden;     /* characters (UTF-8) that no name can have */
    bool fat;                  /* no part may end with a dot or a space */
    const char *const *takes;  /* endings, ".gcode"; NULL = any; NULL-ended */
    const char *const *prints; /* endings; NULL-ended */
    /* Storages that exist and cannot be written; NULL-ended; may be NULL. */
    const char *const *read_only;
    /* A body of rest modulo this gets stuck: one newline more; 0 = none. */
    int64_t stuck_modulus, stuck_rest;
    const struct driver_refusal *refusals; /* ends with status 0 */
};

struct driver {
    const char *name;   /* "prusalink" */
    const char *vendor; /* "Prusa Research" for the device page */
    const struct driver_endpoint *endpoints; /* ends with name NULL */
    const struct driver_command *commands;   /* by command; all 0 = it cannot */
    /* What one answer alone cannot say: values that vanish in ATTENTION and
     * belong to the same job, the old job's progress on a new id. Called after
     * driver_decode(), once per answer or once for several; prev is the
     * snapshot before them (all live fields absent at first contact, and
     * again after the printer was offline). NULL = nothing to settle. */
    void (*settle)(const struct telemetry *prev, struct telemetry *next,
                   struct device *device);
    /* Longest request target this printer takes; NULL = REQUEST_TARGET_MAX. */
    size_t (*target_max)(const struct device *device);
    const char *snapshot; /* target of a camera\'s picture: {camera}; NULL */
    bool pictures;        /* its job answer may fill device.picture */
    const char *model_default; /* for the device page until it is known; NULL */
    /* One per variant, 0 among them; ends with target NULL. NULL = none. */
    const struct driver_upload *uploads;
    const struct driver_files *files; /* see files.h; NULL = none */
};

/* All drivers, ends with NULL; by name, NULL if there is none. */
extern const struct driver *const drivers[];
const struct driver *driver_find(const char *name);

/* Index of an endpoint by name, -1 if there is none. */
int driver_endpoint_find(const struct driver *driver, const char *name);
/* NULL if the driver cannot do it, and for commands that the bridge carries
 * out itself (COMMAND_OFFLINE). */
const struct driver_command *driver_command(const struct driver *driver,
                                            enum command command);
/* Can the driver ever fill this field (announce it)? Fields of `read` and
 * `convert` count by their rows; the driver's table lists them all. */
bool driver_reports(const struct driver *driver, enum field field);

/* States in which command can be ordered on this device (NULL = one nothing is
 * known of); 0 = it cannot. COMMAND_OFFLINE ones can in all states. */
unsigned driver_states(const struct driver *driver, enum command command,
                       const struct device *device);

/* Fold one answer into t. 204 (where allowed) empties every field the endpoint
 * owns. mapping (may be NULL): the user's fields of this printer; those with
 * this endpoint's name are read into FIELD_CUSTOM slots. On false t is
 * untouched and err says which endpoint and why: that is a missed poll.
 * Borrows body. */
bool driver_decode(const struct driver *driver, int endpoint, int status,
                   const char *body, size_t len, const struct mapping *mapping,
                   struct telemetry *t, struct device *device,
                   struct error *err);

/* What the endpoint owned is not known any more (it did not answer as it
 * should, while the printer itself is there): all its fields become absent. */
void driver_forget(const struct driver *driver, int endpoint,
                   const struct mapping *mapping, struct telemetry *t,
                   struct device *device);

/* Does the job answer that t holds belong to t's current job? While false,
 * CADENCE_JOB endpoints are read again. */
bool driver_job_agrees(const struct telemetry *t, const struct device *device);

/* Does this device have the endpoint, as far as is known? */
bool driver_has(const struct driver *driver, int endpoint,
                const struct device *device);
/* Which camera that is, by its name or id; "" = the first of the list that is
 * connected. -1 = there is none. */
int driver_camera_find(const struct device *device, const char *camera);
/* Fill only request->target with pattern, {camera} put in. False: there is no
 * such camera now. */
bool driver_camera_target(const char *pattern, int camera,
                          const struct device *device, struct request *request);

/* Fill a GET for an endpoint. */
void driver_read(const struct driver *driver, int endpoint,
                 struct request *request);

/* Arguments of an order. */
struct order_arguments {
    /* PATH: /usb/box.gcode; UTF-8, not encoded. CAMERA: name or id; "" = the
     * first. */
    char path[512];
    double number;                   /* SECONDS */
    char json[REQUEST_BODY_MAX + 1]; /* settings of a camera; "" = none */
    bool force;  /* delete a folder with all that is in it */
    int64_t job; /* the job it is bound to, -1 = none */
};

enum encode_result {
    ENCODE_SEND,    /* request is filled */
    ENCODE_WAIT,    /* wait as step says */
    ENCODE_DONE,    /* no more steps */
    ENCODE_REFUSED, /* cannot be sent; err says why and what to do */
};

/* Step number `step` (from 0) of a command. Whether the printer's state allows
 * it is not asked here: see driver_states(). device may be NULL. */
enum encode_result driver_encode(const struct driver *driver,
                                 enum command command, int step,
                                 const struct order_arguments *arguments,
                                 const struct telemetry *t,
                                 const struct device *device,
                                 struct request *request, struct error *err);

/* How this device (NULL = nothing known of it) takes uploads; NULL = not at
 * all. */
const struct driver_upload *driver_upload(const struct driver *driver,
                                          const struct device *device);
/* The folder for files that name none; "" where nothing can be uploaded. */
const char *driver_upload_folder(const struct driver *driver,
                                 const struct device *device);
/* Can path ("/usb/box.gcode", UTF-8) be written there? Its form, its lengths,
 * its characters, the storage, its ending (print: must be printable too). */
enum order_code driver_upload_check(const struct driver *driver,
                                    const struct device *device,
                                    const char *path, bool print,
                                    struct error *err);

/* What the answer to an upload's body means: a code, what to do next, and in
 * message a sentence with cause and remedy ("" for ORDER_OK). */
enum order_code driver_upload_judge(const struct driver_upload *row, int status,
                                    const char *body, size_t len,
                                    enum refusal *refusal, char *message,
                                    size_t size);

/* Fill only request->target: pattern with path in place of {path}, checked and
 * encoded as for an order. */
bool driver_target(const struct driver *driver, const char *pattern,
                   const char *path, const struct device *device,
                   struct request *request, struct error *err);

/* Is job not the current one any more? Not so while the printer is busy: Buddy
 * drops the job for a while when it recovers from a crash. */
bool driver_job_gone(int64_t job, const struct telemetry *t);
/* Does t, read after the order was taken, show what a STEP_WAIT waits for?
 * job: the job that was current when the order was sent, -1 = none. */
bool driver_step_done(const struct driver_step *step, int64_t job,
                      const struct telemetry *t);

/* "conflict", "timeout", ...; "" for ORDER_OK. */
const char *order_code_name(enum order_code code);

/* Judge the answer to a step's request: a code and, in message, a sentence with
 * cause and remedy ("" for ORDER_OK), valid UTF-8. body may hold the printer's
 * own words (JSON, whole or cut, or text); they are cleaned and quoted. */
enum order_code driver_judge(const struct driver *driver, enum command command,
                             int status, const char *body, size_t len,
                             char *message, size_t size);
/* sentence, and the printer's own words behind it if there are any. */
void driver_quote(const char *sentence, const char *body, size_t len,
                  char *message, size_t size);

#endif
