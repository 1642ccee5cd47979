/* PrusaLink, as it is deployed: in Prusa's own firmware ("Buddy": MINI, MK3.5,
 * MK3.9, MK4, XL, CORE One; v1 API since 4.7) and as a program on a Raspberry
 * Pi beside an MK2.5 or MK3 ("Pi"). Both speak /api/v1 and differ in many
 * details; where a row or function below looks odd, one of them is why.
 *
 * status owns what moves (job id, progress, times), job owns what the job is
 * (name, path, size, slicer data), transfer what a transfer is. They are
 * separate reads and may speak of different jobs: prusalink_settle.c drops
 * what does not belong together. */
#include "bridge/drivers/prusalink.h"

#include "bridge/drivers/reading.h"
#include "bridge/drivers/slicer.h"
#include "mapping/text.h"

#include <ctype.h>

/* Buddy answers 414 to longer targets (5.1 and later; 100 before). */
#define BUDDY_TARGET_MAX 168
#define STORAGES_MAX     16 /* entries of a storage list that are looked at */
#define PATH_BYTES_MAX   1024

static const char *const state_words[] = {
    "IDLE",     "idle",     "READY",     "ready",     "BUSY",
    "busy",     "PRINTING", "printing",  "PAUSED",    "paused",
    "ERROR",    "error",    "ATTENTION", "attention", "FINISHED",
    "finished", "STOPPED",  "stopped",   NULL,
};

/* ---- status ---- */

/* Buddy's storage is an object, the Pi's an array: the status itself tells
 * whom we talk to, before /api/version was read. */
static void recognise(const struct json *root, struct device *device)
{
    const struct json *storage = json_path(root, "storage");

    if (json_is_array(storage))
        device->variant = PRUSALINK_PI;
    else if (json_is_object(storage))
        device->variant = PRUSALINK_BUDDY;
}

/* Buddy tells the transfer's progress as a fraction, the Pi as per cent. */
static void read_status(const struct json *root, struct reading *reading)
{
    const struct json *transfer = json_path(root, "transfer");
    double progress;

    if (!root)
        return;
    recognise(root, reading->device);
    reading_set(reading, SLOT_TRANSFER_ACTIVE,
                value_truth(json_is_object(transfer)));
    if (!json_number(json_path(transfer, "progress"), &progress))
        return;
    if (reading->device->variant != PRUSALINK_PI)
        progress *= 100;
    reading_number(reading, SLOT_TRANSFER_PROGRESS, QUANTITY_PROGRESS,
                   progress);
}

static const char *const message_words[] = {"OK", "", NULL};

static const struct driver_field status_fields[] = {
    {"job.id", FIELD_JOB_ID},
    {"job.progress", FIELD_JOB_PROGRESS},
    {"job.time_remaining", FIELD_JOB_TIME_REMAINING},
    {"job.filament_change_in", FIELD_JOB_CHANGE_IN},
    {"job.time_printing", FIELD_JOB_TIME_PRINTING},
    {"transfer.id", FIELD_TRANSFER_ID},
    {"transfer.transferred", FIELD_TRANSFER_BYTES},      /* Buddy */
    {"transfer.data_transferred", FIELD_TRANSFER_BYTES}, /* Pi */
    {"", FIELD_TRANSFER_PROGRESS},
    {"", FIELD_TRANSFER_ACTIVE},
    {"printer.state", FIELD_STATE, .words = state_words},
    {"printer.temp_bed", FIELD_BED_TEMPERATURE},
    {"printer.target_bed", FIELD_BED_TARGET},
    {"printer.temp_nozzle", FIELD_NOZZLE_TEMPERATURE},
    {"printer.target_nozzle", FIELD_NOZZLE_TARGET},
    {"printer.axis_x", FIELD_AXIS_X},
    {"printer.axis_y", FIELD_AXIS_Y},
    {"printer.axis_z", FIELD_AXIS_Z},
    {"printer.flow", FIELD_FLOW},
    {"printer.speed", FIELD_SPEED},
    {"printer.fan_hotend", FIELD_FAN_HOTEND},
    {"printer.fan_print", FIELD_FAN_PRINT},
    {"printer.status_printer.message", FIELD_MESSAGE, .words = message_words},
    {"printer.status_connect.ok", FIELD_CONNECT_CONNECTED},
    {"printer.status_connect.message", FIELD_CONNECT_MESSAGE},
    {NULL},
};

/* ---- job ---- */

/* Buddy says ERROR here for whatever it has no word for, and never for an
 * error. */
static void job_state(const struct json *node, int slot,
                      struct reading *reading)
{
    const char *word = json_text(node);

    if (!word || (reading->device->variant == PRUSALINK_BUDDY &&
                  strcmp(word, "ERROR") == 0))
        return;
    reading_word(reading, slot, QUANTITY_STATE, state_words, word);
}

/* "/SD Card/x" -> "/sdcard/x"; the other storage is called as its owner likes
 * ("/PrusaLink gcodes/x" -> "/local/x"). */
static int pi_path(const char *path, char *out, size_t size)
{
    const char *rest = path[0] == '/' ? strchr(path + 1, '/') : NULL;
    bool card =
        strncmp(path, "/SD Card/", 9) == 0 || strncmp(path, "/sdcard/", 8) == 0;

    if (!rest)
        return -1;
    return snprintf(out, size, "%s%s", card ? "/sdcard" : "/local", rest);
}

/* The path that `print` takes: Buddy tells folder and short name apart, the Pi
 * one path that begins with the storage's name for people. What had to be
 * cleaned or cut is not that path any more and is left out. */
static void job_path(const struct json *file, int slot, struct reading *reading)
{
    const char *path = json_text(json_path(file, "path"));
    const char *name = json_text(json_path(file, "name"));
    char whole[PATH_BYTES_MAX], clean[4 * TELEMETRY_FIELD_MAX + 1];
    size_t len = path ? strlen(path) : 0;
    int written = -1;

    if (path && reading->device->variant == PRUSALINK_PI)
        written = pi_path(path, whole, sizeof whole);
    else if (path && name && *name)
        written = snprintf(whole, sizeof whole, "%s%s%s", path,
                           len && path[len - 1] == '/' ? "" : "/", name);
    if (written < 0 || (size_t)written >= sizeof whole)
        return;
    (void)text_clean(whole, TELEMETRY_FIELD_MAX, clean, sizeof clean);
    if (strcmp(whole, clean) == 0)
        reading_text(reading, slot, clean);
}

/* Remember whose answer this is. Pi 0.7 answers 200 when idle, too, with no
 * file. */
static void read_job(const struct json *root, struct reading *reading)
{
    struct job_mark *answered = &reading->device->answered;
    double id = -1;

    answered->known = json_number(json_path(root, "id"), &id) ||
                      json_is_object(json_path(root, "file"));
    answered->id = id >= 0 && id < 1e15 ? (int64_t)(id + 0.5) : -1;
    prusalink_read_picture(root, reading);
    prusalink_read_download(root, reading);
}

#define META "file.meta."

const struct driver_field prusalink_job_fields[] = {
    {"state", FIELD_JOB_STATE, .convert = job_state},
    {"file.display_name", FIELD_JOB_NAME},
    {"file.name", FIELD_JOB_NAME},
    {"file", FIELD_JOB_PATH, .convert = job_path},
    {"file.size", FIELD_JOB_SIZE},
    {"inaccurate_estimates", FIELD_JOB_UNRELIABLE},
    {"serial_print", FIELD_JOB_SERIAL},
    {META "estimated_print_time", FIELD_JOB_TIME_ESTIMATED},
    {META "estimated printing time (normal mode)", FIELD_JOB_TIME_ESTIMATED,
     .convert = slicer_duration},
    {META "filament used [g]", FIELD_JOB_WEIGHT, .convert = slicer_used},
    {META "filament used [g] per tool", FIELD_JOB_WEIGHT,
     .convert = slicer_used},
    {META "filament used [mm]", FIELD_JOB_LENGTH, .convert = slicer_used},
    {META "filament used [mm] per tool", FIELD_JOB_LENGTH,
     .convert = slicer_used},
    {META "filament_type", FIELD_JOB_MATERIAL},
    {META "filament_type per tool", FIELD_JOB_MATERIAL,
     .convert = slicer_materials},
    {META "layer_height", FIELD_JOB_LAYER_HEIGHT, .digits = true},
    {NULL},
};

/* ---- transfer ---- */

/* FROM_CLIENT -> "client", FROM_CONNECT -> "connect", TO_CLIENT -> ... */
static void transfer_source(const struct json *node, int slot,
                            struct reading *reading)
{
    const char *text = json_text(node);
    char word[64];
    size_t i;

    if (!text)
        return;
    if (strncmp(text, "FROM_", 5) == 0)
        text += 5;
    for (i = 0; text[i] && i + 1 < sizeof word; i++)
        word[i] = (char)tolower((unsigned char)text[i]);
    word[i] = '\0';
    reading_text(reading, slot, word);
}

/* On Buddy 0 means unknown. */
static void transfer_remaining(const struct json *node, int slot,
                               struct reading *reading)
{
    double seconds;

    if (json_number(node, &seconds) && seconds > 0)
        reading_number(reading, slot, QUANTITY_DURATION, seconds);
}

const struct driver_field prusalink_transfer_fields[] = {
    {"type", FIELD_TRANSFER_SOURCE, .convert = transfer_source},
    {"display_name", FIELD_TRANSFER_NAME},
    {"path", FIELD_TRANSFER_PATH},
    {"size", FIELD_TRANSFER_SIZE, .digits = true}, /* Buddy: "123456" */
    {"time_remaining", FIELD_TRANSFER_REMAINING, .convert = transfer_remaining},
    {"to_print", FIELD_TRANSFER_TO_PRINT},
    {NULL},
};

/* ---- storage, material ---- */

/* The Pi's print_files is a size in bytes, for all its name: no row. */
static const struct driver_field storage_item[] = {
    {"available", FIELD_STORAGE_AVAILABLE},
    {"read_only", FIELD_STORAGE_READ_ONLY},
    {"ro", FIELD_STORAGE_READ_ONLY},
    {"free_space", FIELD_STORAGE_FREE},
    {"total_space", FIELD_STORAGE_TOTAL},
    {NULL},
};

static void read_storage(const struct json *root, struct reading *reading)
{
    const struct json *item = json_first(json_path(root, "storage_list"));
    bool used[INSTANCES_STORAGE] = {false};
    int i;

    for (i = 0; item && i < STORAGES_MAX; i++, item = json_next(item)) {
        const char *path = json_text(json_path(item, "path"));
        int at = -1, occurrence = 0;

        while (path &&
               (at = instances_learn(&reading->device->storages, path,
                                     occurrence)) >= 0 &&
               used[at])
            occurrence++;
        if (at < 0)
            continue;
        used[at] = true;
        reading_rows(reading, storage_item, item, at);
    }
}

static const struct driver_field storage_fields[] = {
    {"", FIELD_STORAGE_AVAILABLE},
    {"", FIELD_STORAGE_READ_ONLY},
    {"", FIELD_STORAGE_FREE},
    {"", FIELD_STORAGE_TOTAL},
    {NULL},
};

/* "---" on Buddy, " - " on a Pi: nothing is loaded, or nobody knows. */
static const char *const material_words[] = {"---", "", " - ", "",
                                             "-",   "", NULL};

static const struct driver_field legacy_fields[] = {
    {"telemetry.material", FIELD_MATERIAL, .words = material_words},
    {"sd.ready", FIELD_INFO_SD_READY, .patch = true}, /* Pi only */
    {NULL},
};

/* ---- info, version ---- */

/* No host name here: on a Pi it is the one of Prusa Connect's server. */
static const struct driver_field info_fields[] = {
    {"serial", FIELD_INFO_SERIAL},
    {"name", FIELD_INFO_NAME},
    {"location", FIELD_INFO_LOCATION},
    {"nozzle_diameter", FIELD_INFO_NOZZLE},
    {"min_extrusion_temp", FIELD_INFO_MIN_EXTRUSION},
    {"mmu", FIELD_INFO_MMU},
    {"sd_ready", FIELD_INFO_SD_READY, .patch = true}, /* only in the spec */
    {"farm_mode", FIELD_INFO_FARM_MODE},
    {NULL},
};

/* Buddy's `printer`, type.version.subversion (firmware 6.4 and later). */
static const char *const models[] = {
    "1.3.5",  "MK3.5", "1.3.6", "MK3.5S", "1.3.9", "MK3.9",    "1.3.10",
    "MK3.9S", "1.4.0", "MK4",   "1.4.1",  "MK4S",  "2.1.0",    "MINI",
    "3.1.0",  "XL",    "4.1.0", "iX",     "7.1.0", "CORE One", NULL,
};

static void version_model(const struct json *node, int slot,
                          struct reading *reading)
{
    static const char prefix[] = "PrusaLink ";
    const char *text = json_text(node);

    if (text && strncmp(text, prefix, strlen(prefix)) == 0)
        reading_text(reading, slot, text + strlen(prefix));
}

/* On Buddy `server` is the version of its TCP/IP library. */
static void read_version(const struct json *root, struct reading *reading)
{
    bool pi = json_path(root, "original") || json_path(root, "sdk");
    const char *server = json_text(json_path(root, pi ? "server" : "text"));

    if (root)
        reading->device->variant = pi ? PRUSALINK_PI : PRUSALINK_BUDDY;
    if (server)
        reading_text(reading, SLOT_INFO_SERVER, server);
    prusalink_note_server(reading);
}

static const struct driver_field version_fields[] = {
    {"original", FIELD_INFO_MODEL, .convert = version_model}, /* Pi */
    {"printer", FIELD_INFO_MODEL, .words = models},           /* Buddy */
    {"firmware", FIELD_INFO_FIRMWARE},
    {"", FIELD_INFO_SERVER},
    {"", FIELD_SERVER_UPDATE, .patch = true},
    {"api", FIELD_INFO_API},
    {"hostname", FIELD_INFO_HOSTNAME},
    {NULL},
};

static const struct driver_endpoint endpoints[] = {
    {"status", "/api/v1/status", CADENCE_POLL, .fields = status_fields,
     .read = read_status},
    {"job", "/api/v1/job", CADENCE_JOB, .empty = true,
     .fields = prusalink_job_fields, .read = read_job},
    {"version", "/api/version", CADENCE_CONTACT, .fields = version_fields,
     .read = read_version},
    {"info", "/api/v1/info", CADENCE_CONTACT, .fields = info_fields},
    {"storage", "/api/v1/storage", CADENCE_MINUTE, .fields = storage_fields,
     .read = read_storage},
    {"legacy", "/api/printer", CADENCE_MINUTE, .optional = true,
     .fields = legacy_fields},
    {"cameras", "/api/v1/cameras", CADENCE_MINUTE, .optional = true,
     .fields = prusalink_camera_fields, .read = prusalink_read_cameras,
     .has = prusalink_is_no_buddy},
    /* It is due with each poll: the others come first. */
    {"transfer", "/api/v1/transfer", CADENCE_TRANSFER, .optional = true,
     .empty = true, .fields = prusalink_transfer_fields},
    /* It asks pip. */
    {"update", "/api/v1/update/prusalink", CADENCE_DAY, .optional = true,
     .empty = true, .fields = prusalink_update_fields,
     .read = prusalink_read_update, .timeout_ms = 60000,
     .has = prusalink_is_no_buddy},
    {NULL},
};

/* ---- orders ---- */

#define IDLE      STATE_BIT(STATE_IDLE)
#define READY     STATE_BIT(STATE_READY)
#define BUSY      STATE_BIT(STATE_BUSY)
#define PRINTING  STATE_BIT(STATE_PRINTING)
#define PAUSED    STATE_BIT(STATE_PAUSED)
#define FINISHED  STATE_BIT(STATE_FINISHED)
#define STOPPED   STATE_BIT(STATE_STOPPED)
#define ATTENTION STATE_BIT(STATE_ATTENTION)
#define ANY_STATE (STATE_BIT(STATE_COUNT) - 1)

/* The Pi answers 409 in ATTENTION. */
static unsigned cancel_states(const struct device *device)
{
    return device->variant == PRUSALINK_PI ? PRINTING | PAUSED
                                           : PRINTING | PAUSED | ATTENTION;
}

/* The Pi answers 409 during the 11 s it stays STOPPED or FINISHED. */
static unsigned print_states(const struct device *device)
{
    return device->variant == PRUSALINK_PI ? IDLE | READY | BUSY
                                           : IDLE | READY | STOPPED | FINISHED;
}

/* Only a Pi has cameras and a server that can be updated. */
static unsigned pi_states(const struct device *device)
{
    return device->variant == PRUSALINK_PI ? ANY_STATE : 0;
}

/* An update ends in a restart of PrusaLink, which is beside a print. */
static unsigned update_states(const struct device *device)
{
    return device->variant == PRUSALINK_PI
               ? IDLE | READY | STOPPED | FINISHED | STATE_BIT(STATE_ERROR)
               : 0;
}

/* A Buddy's transfer cannot be stopped from outside. */
static unsigned cancel_transfer_states(const struct device *device)
{
    return device->variant == PRUSALINK_PI ? ANY_STATE : 0;
}

#define JOB     "/api/v1/job/{job}"
#define CAMERAS "/api/v1/cameras"
#define CAMERA  CAMERAS "/{camera}"
#define UPDATE  "/api/v1/update/prusalink"
#define FILES   "/api/v1/files{path}"

/* Buddy waits for its planner to take the print before it answers, then shows
 * IDLE for some seconds. A question counts: the print was taken. */
#define PRINT_STEPS                                                            \
    {                                                                          \
        {STEP_SEND, HTTP_POST, FILES, .timeout_ms = 15000},                    \
            {STEP_WAIT, .until = PRINTING | ATTENTION, .job_new = true},       \
    }

/* 204 means "order taken". Buddy's PAUSED covers pausing and resuming, its
 * PRINTING also aborting: only the next polls show the effect. A resumed print
 * may end before the next poll; attention is not what was ordered. */
static const struct driver_command commands[COMMAND_COUNT] = {
    [COMMAND_PAUSE] = {PRINTING, .steps = {{STEP_SEND, HTTP_PUT, JOB "/pause"},
                                           {STEP_WAIT, .until = PAUSED}}},
    [COMMAND_RESUME] = {PAUSED,
                        .steps = {{STEP_SEND, HTTP_PUT, JOB "/resume"},
                                  {STEP_WAIT, .until = PRINTING | FINISHED}}},
    [COMMAND_CANCEL] = {.states_of = cancel_states,
                        .steps = {{STEP_SEND, HTTP_DELETE, JOB},
                                  {STEP_WAIT,
                                   .until = IDLE | READY | STOPPED | FINISHED,
                                   .job_gone = true}}},
    /* Buddy answers 400, the Pi 204 and does nothing: announced only where a
     * firmware proves to have it. */
    [COMMAND_CONTINUE] = {ATTENTION, .learned = true,
                          .steps = {{STEP_SEND, HTTP_PUT, JOB "/continue"},
                                    {STEP_WAIT, .until = IDLE | READY | BUSY |
                                                         PRINTING | PAUSED |
                                                         FINISHED | STOPPED}}},
    [COMMAND_PRINT] = {.states_of = print_states, .steps = PRINT_STEPS},
    [COMMAND_PRINT_SELECTED] = {.states_of = print_states,
                                .steps = PRINT_STEPS},
    [COMMAND_REPRINT] = {.states_of = print_states, .steps = PRINT_STEPS},
    [COMMAND_SELECT_FILE] = {ANY_STATE, .steps = {{STEP_FILES}}},
    [COMMAND_LIST_FILES] = {ANY_STATE, .steps = {{STEP_FILES}}},
    [COMMAND_FILE_INFO] = {ANY_STATE, .steps = {{STEP_FILES}}},
    [COMMAND_CREATE_FOLDER] = {ANY_STATE,
                               .steps = {{STEP_SEND, HTTP_PUT, FILES,
                                          .creates = true,
                                          .header = "Create-Folder: ?1"}}},
    /* Only the Pi can delete a folder with something in it. */
    [COMMAND_DELETE] = {ANY_STATE,
                        .steps = {{STEP_SEND, HTTP_DELETE, FILES,
                                   .timeout_ms = 15000, .force = "Force: ?1"}}},
    [COMMAND_CANCEL_TRANSFER] = {.states_of = cancel_transfer_states,
                                 .steps = {{STEP_SEND, HTTP_DELETE,
                                            "/api/v1/transfer"},
                                           {STEP_WAIT, .transfer_gone = true}}},
    [COMMAND_SNAPSHOT] = {.states_of = pi_states,
                          .steps = {{STEP_SEND, HTTP_GET,
                                     CAMERAS "{/camera}/snap",
                                     .timeout_ms = 15000, .picture = true}}},
    /* 0.8.1 takes the picture and then fails to send it (500). */
    [COMMAND_CAMERA_TRIGGER] = {.states_of = pi_states,
                                .steps = {{STEP_SEND, HTTP_POST, CAMERA "/snap",
                                           .timeout_ms = 30000,
                                           .picture = true},
                                          {STEP_SEND, HTTP_GET, CAMERA "/snap",
                                           .timeout_ms = 15000,
                                           .picture = true}}},
    [COMMAND_CAMERA_LIST] = {.states_of = pi_states,
                             .endpoint = "cameras",
                             .steps = {{STEP_SEND, HTTP_GET, CAMERAS}}},
    [COMMAND_CAMERA_GET] = {.states_of = pi_states,
                            .steps = {{STEP_SEND, HTTP_GET, CAMERA}}},
    [COMMAND_CAMERA_ORDER] = {.states_of = pi_states,
                              .changes = "cameras",
                              .steps = {{STEP_SEND, HTTP_PUT, CAMERAS,
                                         .body = "{cameras}"}}},
    [COMMAND_CAMERA_CREATE] = {.states_of = pi_states,
                               .changes = "cameras",
                               .steps = {{STEP_SEND, HTTP_POST,
                                          CAMERAS "/{new camera}",
                                          .timeout_ms = 30000,
                                          .body = "{\"config\":{json}}"}}},
    [COMMAND_CAMERA_CHANGE] = {.states_of = pi_states,
                               .changes = "cameras",
                               .steps = {{STEP_SEND, HTTP_PATCH,
                                          CAMERA "/config", .timeout_ms = 30000,
                                          .body = "{json}"}}},
    [COMMAND_CAMERA_RESET] = {.states_of = pi_states,
                              .changes = "cameras",
                              .steps = {{STEP_SEND, HTTP_DELETE,
                                         CAMERA "/config",
                                         .timeout_ms = 30000}}},
    [COMMAND_CAMERA_DELETE] = {.states_of = pi_states,
                               .changes = "cameras",
                               .steps = {{STEP_SEND, HTTP_DELETE, CAMERA,
                                          .timeout_ms = 15000}}},
    /* It waits 5 s for Prusa Connect. */
    [COMMAND_CAMERA_REGISTER] = {.states_of = pi_states,
                                 .changes = "cameras",
                                 .steps = {{STEP_SEND, HTTP_POST,
                                            CAMERA "/connection",
                                            .timeout_ms = 15000}}},
    [COMMAND_CAMERA_UNREGISTER] = {.states_of = pi_states,
                                   .changes = "cameras",
                                   .steps = {{STEP_SEND, HTTP_DELETE,
                                              CAMERA "/connection",
                                              .timeout_ms = 15000}}},
    [COMMAND_CHECK_UPDATE] = {.states_of = pi_states,
                              .endpoint = "update",
                              .steps = {{STEP_SEND, HTTP_GET, UPDATE,
                                         .timeout_ms = 60000}}},
    /* pip takes minutes on a small Pi; nobody is asked meanwhile. */
    [COMMAND_SERVER_UPDATE] = {.states_of = update_states,
                               .changes = "version",
                               .steps = {{STEP_SEND, HTTP_POST, UPDATE,
                                          .timeout_ms = 60000},
                                         {STEP_WAIT, .update_gone = true}}},
};

static size_t target_max(const struct device *device)
{
    return device->variant == PRUSALINK_PI ? REQUEST_TARGET_MAX
                                           : BUDDY_TARGET_MAX;
}

const struct driver prusalink_driver = {
    .name = "prusalink",
    .vendor = "Prusa Research",
    .endpoints = endpoints,
    .commands = commands,
    .settle = prusalink_settle,
    .target_max = target_max,
    .uploads = prusalink_uploads,
    .pictures = true,
    .snapshot = "/api/v1/cameras/{camera}/snap",
    .files = &prusalink_files,
};
