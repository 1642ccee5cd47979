#include "homeassistant/entity.h"

#include "homeassistant/events.h"

#define DIAGNOSTIC CATEGORY_DIAGNOSTIC
#define CONFIG     CATEGORY_CONFIG
#define PRIMARY    CATEGORY_NONE

/* Enabled by default is what a person looks at: at most 20 of a printer, so
 * that its page stays readable and Home Assistant's recorder small. */
#define ON  true
#define OFF false

static bool fill_files(const struct place *place, const struct entity_row *row,
                       cJSON *component);
static bool fill_interval(const struct place *place,
                          const struct entity_row *row, cJSON *component);
static bool fill_online(const struct place *place, const struct entity_row *row,
                        cJSON *component);
static bool fill_states(const struct place *place, const struct entity_row *row,
                        cJSON *component);

/* clang-format off */
/* tail, look, name, icon, category, enabled */
static const struct entity_row fields[FIELD_COUNT] = {
    [FIELD_STATE]              = {NULL, 0, "", "mdi:printer-3d", PRIMARY, ON},
    [FIELD_MESSAGE]            = {NULL, 0, NULL, "mdi:message-alert-outline", PRIMARY, ON},
    [FIELD_MATERIAL]           = {NULL, 0, NULL, "mdi:palette-swatch-variant", PRIMARY, ON},
    [FIELD_SPEED]              = {NULL, 0, NULL, "mdi:speedometer", PRIMARY, OFF},
    [FIELD_FLOW]               = {NULL, 0, NULL, "mdi:water-percent", PRIMARY, OFF},

    [FIELD_NOZZLE_TEMPERATURE] = {NULL, 0, NULL, "mdi:printer-3d-nozzle-heat", PRIMARY, ON},
    [FIELD_NOZZLE_TARGET]      = {NULL, 0, NULL, "mdi:thermometer-check", PRIMARY, OFF},
    [FIELD_BED_TEMPERATURE]    = {NULL, 0, NULL, "mdi:radiator", PRIMARY, ON},
    [FIELD_BED_TARGET]         = {NULL, 0, NULL, "mdi:thermometer-check", PRIMARY, OFF},

    [FIELD_AXIS_X]             = {NULL, 0, NULL, "mdi:axis-x-arrow", DIAGNOSTIC, OFF},
    [FIELD_AXIS_Y]             = {NULL, 0, NULL, "mdi:axis-y-arrow", DIAGNOSTIC, OFF},
    [FIELD_AXIS_Z]             = {NULL, 0, NULL, "mdi:axis-z-arrow", PRIMARY, OFF},
    [FIELD_FAN_HOTEND]         = {NULL, 0, NULL, "mdi:fan", PRIMARY, OFF},
    [FIELD_FAN_PRINT]          = {NULL, 0, NULL, "mdi:fan", PRIMARY, OFF},

    [FIELD_JOB_ID]             = {NULL, 0, NULL, "mdi:identifier", DIAGNOSTIC, OFF},
    [FIELD_JOB_STATE]          = {NULL, 0, NULL, "mdi:state-machine", DIAGNOSTIC, OFF},
    [FIELD_JOB_NAME]           = {NULL, 0, NULL, "mdi:file-image-outline", PRIMARY, ON},
    [FIELD_JOB_PATH]           = {NULL, 0, NULL, "mdi:folder-file-outline", DIAGNOSTIC, OFF},
    [FIELD_JOB_SIZE]           = {NULL, 0, NULL, NULL, DIAGNOSTIC, OFF},
    [FIELD_JOB_PROGRESS]       = {NULL, 0, NULL, "mdi:progress-clock", PRIMARY, ON},
    [FIELD_JOB_TIME_PRINTING]  = {NULL, 0, NULL, "mdi:timer-outline", PRIMARY, OFF},
    [FIELD_JOB_TIME_REMAINING] = {NULL, 0, NULL, "mdi:timer-sand", PRIMARY, OFF},
    [FIELD_JOB_TIME_ESTIMATED] = {NULL, 0, NULL, "mdi:clock-fast", PRIMARY, OFF},
    [FIELD_JOB_STARTED_AT]     = {NULL, 0, NULL, "mdi:clock-start", PRIMARY, OFF},
    [FIELD_JOB_FINISHES_AT]    = {NULL, 0, NULL, "mdi:clock-end", PRIMARY, ON},
    [FIELD_JOB_CHANGE_IN]      = {NULL, 0, NULL, "mdi:timer-alert-outline", PRIMARY, OFF},
    [FIELD_JOB_CHANGE_AT]      = {NULL, 0, NULL, "mdi:clock-alert-outline", PRIMARY, ON},
    [FIELD_JOB_UNRELIABLE]     = {NULL, 0, NULL, "mdi:help-circle-outline", DIAGNOSTIC, OFF},
    [FIELD_JOB_SERIAL]         = {NULL, 0, NULL, "mdi:format-list-numbered", DIAGNOSTIC, OFF},
    [FIELD_JOB_WEIGHT]         = {NULL, 0, NULL, "mdi:weight-gram", PRIMARY, OFF},
    [FIELD_JOB_LENGTH]         = {NULL, LOOK_METRES, NULL, "mdi:tape-measure", PRIMARY, OFF},
    [FIELD_JOB_MATERIAL]       = {NULL, 0, NULL, "mdi:printer-3d-nozzle-outline", PRIMARY, OFF},
    [FIELD_JOB_LAYER_HEIGHT]   = {NULL, 0, NULL, "mdi:layers-outline", DIAGNOSTIC, OFF},

    [FIELD_LAST_ID]            = {NULL, 0, NULL, "mdi:identifier", DIAGNOSTIC, OFF},
    [FIELD_LAST_NAME]          = {NULL, 0, NULL, "mdi:file-image-outline", PRIMARY, OFF},
    [FIELD_LAST_PATH]          = {NULL, 0, NULL, "mdi:folder-file-outline", DIAGNOSTIC, OFF},
    [FIELD_LAST_RESULT]        = {NULL, 0, NULL, "mdi:history", PRIMARY, ON},
    [FIELD_LAST_STARTED_AT]    = {NULL, 0, NULL, "mdi:clock-start", PRIMARY, OFF},
    [FIELD_LAST_ENDED_AT]      = {NULL, 0, NULL, "mdi:clock-end", PRIMARY, OFF},
    [FIELD_LAST_DURATION]      = {NULL, 0, NULL, "mdi:timer-outline", PRIMARY, OFF},
    [FIELD_LAST_PROGRESS]      = {NULL, LOOK_FINAL_PERCENT, NULL, "mdi:progress-check", DIAGNOSTIC, OFF},
    [FIELD_LAST_WEIGHT]        = {NULL, 0, NULL, "mdi:weight-gram", PRIMARY, OFF},

    [FIELD_TOTAL_FINISHED]     = {NULL, LOOK_COUNTER, NULL, "mdi:check-circle-outline", DIAGNOSTIC, OFF},
    [FIELD_TOTAL_CANCELLED]    = {NULL, LOOK_COUNTER, NULL, "mdi:cancel", DIAGNOSTIC, OFF},
    [FIELD_TOTAL_FAILED]       = {NULL, LOOK_COUNTER, NULL, "mdi:alert-circle-outline", DIAGNOSTIC, OFF},
    [FIELD_TOTAL_TIME]         = {NULL, LOOK_TOTAL_HOURS, NULL, "mdi:timer-plus-outline", DIAGNOSTIC, OFF},
    [FIELD_TOTAL_WEIGHT]       = {NULL, LOOK_TOTAL_WEIGHT, NULL, "mdi:weight", DIAGNOSTIC, OFF},

    [FIELD_TRANSFER_ACTIVE]    = {NULL, LOOK_RUNNING, "Transfer", "mdi:upload", DIAGNOSTIC, OFF},
    [FIELD_TRANSFER_ID]        = {NULL, 0, NULL, "mdi:identifier", DIAGNOSTIC, OFF},
    [FIELD_TRANSFER_NAME]      = {NULL, 0, NULL, "mdi:file-upload-outline", DIAGNOSTIC, OFF},
    [FIELD_TRANSFER_PATH]      = {NULL, 0, NULL, "mdi:folder-upload-outline", DIAGNOSTIC, OFF},
    [FIELD_TRANSFER_SIZE]      = {NULL, 0, NULL, NULL, DIAGNOSTIC, OFF},
    [FIELD_TRANSFER_BYTES]     = {NULL, 0, NULL, NULL, DIAGNOSTIC, OFF},
    [FIELD_TRANSFER_PROGRESS]  = {NULL, 0, NULL, "mdi:progress-upload", DIAGNOSTIC, OFF},
    [FIELD_TRANSFER_REMAINING] = {NULL, LOOK_MINUTES, NULL, "mdi:timer-sand", DIAGNOSTIC, OFF},
    [FIELD_TRANSFER_TO_PRINT]  = {NULL, 0, NULL, "mdi:printer-3d-nozzle", DIAGNOSTIC, OFF},
    [FIELD_TRANSFER_SOURCE]    = {NULL, 0, NULL, "mdi:upload-network-outline", DIAGNOSTIC, OFF},

    [FIELD_STORAGE_AVAILABLE]  = {NULL, LOOK_CONNECTIVITY, "Storage", "mdi:harddisk", DIAGNOSTIC, OFF},
    [FIELD_STORAGE_READ_ONLY]  = {NULL, 0, "Read-only", "mdi:pencil-off-outline", DIAGNOSTIC, OFF},
    [FIELD_STORAGE_FREE]       = {NULL, LOOK_GIGABYTES, NULL, "mdi:harddisk", DIAGNOSTIC, OFF},
    [FIELD_STORAGE_TOTAL]      = {NULL, LOOK_GIGABYTES, NULL, "mdi:harddisk", DIAGNOSTIC, OFF},
    [FIELD_STORAGE_FILES]      = {NULL, 0, NULL, "mdi:folder-outline", DIAGNOSTIC, OFF},

    [FIELD_CAMERA_NAME]        = {NULL, 0, NULL, "mdi:webcam", DIAGNOSTIC, OFF},
    [FIELD_CAMERA_RESOLUTION]  = {NULL, 0, NULL, "mdi:image-size-select-large", DIAGNOSTIC, OFF},
    [FIELD_CAMERA_CONNECTED]   = {NULL, LOOK_CONNECTIVITY, NULL, NULL, DIAGNOSTIC, OFF},
    [FIELD_CAMERA_REGISTERED]  = {NULL, 0, NULL, "mdi:cloud-check-outline", DIAGNOSTIC, OFF},
    [FIELD_CAMERA_SNAPSHOT_AT] = {NULL, 0, NULL, "mdi:camera-timer", DIAGNOSTIC, OFF},

    [FIELD_SERVER_UPDATE]      = {NULL, LOOK_HIDDEN}, /* what the update entity shows */
    [FIELD_SERVER_VERSION]     = {NULL, LOOK_HIDDEN},

    [FIELD_FILES_SELECTED]     = {NULL, 0, NULL, "mdi:file-document-outline", DIAGNOSTIC, OFF},
    [FIELD_FILES_SELECTED_NAME] = {NULL, LOOK_HIDDEN}, /* what the select shows */

    [FIELD_INFO_SERIAL]        = {NULL, 0, NULL, "mdi:barcode", DIAGNOSTIC, OFF},
    [FIELD_INFO_HOSTNAME]      = {NULL, 0, NULL, "mdi:ip-network-outline", DIAGNOSTIC, OFF},
    [FIELD_INFO_MODEL]         = {NULL, 0, NULL, "mdi:printer-3d", DIAGNOSTIC, OFF},
    [FIELD_INFO_NAME]          = {NULL, 0, NULL, "mdi:tag-outline", DIAGNOSTIC, OFF},
    [FIELD_INFO_LOCATION]      = {NULL, 0, NULL, "mdi:map-marker-outline", DIAGNOSTIC, OFF},
    [FIELD_INFO_FIRMWARE]      = {NULL, 0, NULL, "mdi:chip", DIAGNOSTIC, OFF},
    [FIELD_INFO_SERVER]        = {NULL, 0, NULL, "mdi:server", DIAGNOSTIC, OFF},
    [FIELD_INFO_API]           = {NULL, 0, NULL, "mdi:api", DIAGNOSTIC, OFF},
    [FIELD_INFO_NOZZLE]        = {NULL, 0, NULL, "mdi:printer-3d-nozzle", DIAGNOSTIC, OFF},
    [FIELD_INFO_MIN_EXTRUSION] = {NULL, LOOK_TEMPERATURE_LIMIT, NULL, "mdi:thermometer-chevron-up", DIAGNOSTIC, OFF},
    [FIELD_INFO_MMU]           = {NULL, 0, NULL, "mdi:printer-3d-nozzle-outline", DIAGNOSTIC, OFF},
    [FIELD_INFO_SD_READY]      = {NULL, 0, NULL, "mdi:sd", DIAGNOSTIC, OFF},
    [FIELD_INFO_FARM_MODE]     = {NULL, 0, NULL, "mdi:home-group", DIAGNOSTIC, OFF},

    [FIELD_CONNECT_CONNECTED]  = {NULL, LOOK_CONNECTIVITY, NULL, NULL, DIAGNOSTIC, OFF},
    [FIELD_CONNECT_MESSAGE]    = {NULL, 0, NULL, "mdi:cloud-alert-outline", DIAGNOSTIC, OFF},

    [FIELD_POLL_INTERVAL]      = {NULL, 0, "Actual poll interval", "mdi:timer-outline", DIAGNOSTIC, OFF},
    [FIELD_POLL_LATENCY]       = {NULL, 0, NULL, "mdi:timer-outline", DIAGNOSTIC, OFF},
    [FIELD_POLL_LAST_SUCCESS]  = {NULL, 0, NULL, "mdi:update", DIAGNOSTIC, OFF},
    [FIELD_POLL_FAILURES]      = {NULL, 0, NULL, "mdi:lan-disconnect", DIAGNOSTIC, OFF},
    [FIELD_POLL_ERROR]         = {NULL, 0, NULL, "mdi:alert-circle-outline", DIAGNOSTIC, OFF},

    [FIELD_CUSTOM]             = {NULL, 0, NULL, NULL, PRIMARY, ON},
};

static const struct entity_row commands[COMMAND_COUNT] = {
    [COMMAND_PAUSE]    = {NULL, 0, "Pause print", "mdi:pause", PRIMARY, ON},
    [COMMAND_RESUME]   = {NULL, 0, "Resume print", "mdi:play", PRIMARY, ON},
    [COMMAND_CANCEL]   = {NULL, 0, "Cancel print", "mdi:cancel", PRIMARY, ON},
    [COMMAND_CONTINUE] = {NULL, 0, "Continue print", "mdi:play-circle", PRIMARY, ON},
    [COMMAND_PRINT]    = {NULL, 0, "Print path", "mdi:printer-3d-nozzle", CONFIG, OFF},
    [COMMAND_PRINT_SELECTED] = {NULL, 0, NULL, "mdi:printer-3d-nozzle", PRIMARY, ON},
    [COMMAND_REPRINT]  = {NULL, 0, "Reprint last", "mdi:repeat", PRIMARY, OFF},
    [COMMAND_SELECT_FILE] = {NULL, 0, NULL, "mdi:file-cog", PRIMARY, ON, .fill = fill_files},
    [COMMAND_LIST_FILES] = {NULL, 0, NULL, "mdi:folder-refresh", DIAGNOSTIC, OFF},
    [COMMAND_FILE_INFO] = {NULL, LOOK_HIDDEN}, /* answers with JSON */
    [COMMAND_CREATE_FOLDER] = {NULL, LOOK_HIDDEN},
    [COMMAND_DELETE]   = {NULL, LOOK_HIDDEN}, /* no text field to type into */
    [COMMAND_UPLOAD]   = {NULL, LOOK_HIDDEN}, /* needs a file */
    [COMMAND_CANCEL_TRANSFER] = {NULL, 0, NULL, "mdi:upload-off", DIAGNOSTIC, OFF},
    [COMMAND_SNAPSHOT] = {NULL, 0, "Get snapshot", "mdi:camera", PRIMARY, OFF},
    [COMMAND_CAMERA_TRIGGER] = {NULL, 0, NULL, "mdi:camera-iris", PRIMARY, OFF},
    /* answer with JSON, or need it */
    [COMMAND_CAMERA_LIST] = {NULL, LOOK_HIDDEN},
    [COMMAND_CAMERA_GET] = {NULL, LOOK_HIDDEN},
    [COMMAND_CAMERA_ORDER] = {NULL, LOOK_HIDDEN},
    [COMMAND_CAMERA_CREATE] = {NULL, LOOK_HIDDEN},
    [COMMAND_CAMERA_CHANGE] = {NULL, LOOK_HIDDEN},
    /* not by a finger that slips */
    [COMMAND_CAMERA_RESET] = {NULL, LOOK_HIDDEN},
    [COMMAND_CAMERA_DELETE] = {NULL, LOOK_HIDDEN},
    [COMMAND_CAMERA_REGISTER] = {NULL, LOOK_HIDDEN},
    [COMMAND_CAMERA_UNREGISTER] = {NULL, LOOK_HIDDEN},
    [COMMAND_CHECK_UPDATE] = {NULL, 0, NULL, "mdi:package-down", DIAGNOSTIC, OFF},
    [COMMAND_SERVER_UPDATE] = {NULL, LOOK_HIDDEN}, /* the update entity does it */
    [COMMAND_REFRESH]  = {NULL, 0, NULL, "mdi:refresh", DIAGNOSTIC, OFF},
    [COMMAND_SET_POLL_INTERVAL] = {NULL, 0, NULL, "mdi:timer-cog-outline", CONFIG, OFF, .fill = fill_interval},
};

static const struct entity_row derived[] = {
    {"online", LOOK_CONNECTIVITY, "Online", NULL, DIAGNOSTIC, ON, NEEDS_BRIDGE, .fill = fill_online},
    {"job_event", LOOK_EVENT, "Job", "mdi:printer-3d-nozzle", PRIMARY, ON, NEEDS_BRIDGE, .fill = events_fill},
    {"printing", LOOK_RUNNING, "Printing", "mdi:printer-3d", PRIMARY, OFF, .fill = fill_states,
        .states = STATE_BIT(STATE_PRINTING)},
    {"attention", LOOK_PROBLEM, "Needs attention", NULL, PRIMARY, ON, .fill = fill_states,
        .states = STATE_BIT(STATE_ATTENTION) | STATE_BIT(STATE_ERROR)},
    {"error", LOOK_PROBLEM, "Error", NULL, DIAGNOSTIC, OFF, .fill = fill_states,
        .states = STATE_BIT(STATE_ERROR)},
};
/* clang-format on */

bool place_route(const struct place *place, enum field field,
                 struct route *route)
{
    const struct discovery_printer *printer = place->printer;

    return slot_set_has(&printer->reported, field_slot(field, 0)) &&
           routes_field(printer->routes, field, 0, printer->roster, route);
}

static bool has_file(const char *const *files, const char *name)
{
    while (*files && strcmp(*files, name) != 0)
        files++;
    return *files != NULL;
}

/* "none" is chosen when nothing is. Home Assistant logs an error for a state
 * that is no option. */
static bool fill_files(const struct place *place, const struct entity_row *row,
                       cJSON *component)
{
    static const char *const nothing[] = {NULL};
    const struct discovery_printer *printer = place->printer;
    const char *const *files = printer->files ? printer->files : nothing;
    cJSON *options = cJSON_AddArrayToObject(component, "options");
    struct route route;

    (void)row;
    cJSON_AddItemToArray(options, cJSON_CreateString("none"));
    if (printer->file_selected && !has_file(files, printer->file_selected))
        cJSON_AddItemToArray(options,
                             cJSON_CreateString(printer->file_selected));
    for (; *files; files++)
        cJSON_AddItemToArray(options, cJSON_CreateString(*files));
    if (!routes_field(printer->routes, FIELD_FILES_SELECTED_NAME, 0,
                      printer->roster, &route))
        return true;
    cJSON_AddStringToObject(component, "state_topic", route.topic);
    cJSON_AddStringToObject(component, "value_template",
                            "{{ 'none' if value in ['None', ''] else value }}");
    return true;
}

/* The poll interval that is in use may lie outside of what can be set (an
 * unreachable printer is asked ever more rarely); Home Assistant logs an error
 * for such a state. */
static bool fill_interval(const struct place *place,
                          const struct entity_row *row, cJSON *component)
{
    const struct command_row *command = command_row(COMMAND_SET_POLL_INTERVAL);
    char template[128];
    struct route route;

    (void)row;
    if (!place_route(place, FIELD_POLL_INTERVAL, &route))
        return true;
    (void)snprintf(template, sizeof template,
                   "{{ value if value | is_number and "
                   "%.0f <= value | float <= %.0f else None }}",
                   command->min, command->max);
    cJSON_AddStringToObject(component, "state_topic", route.topic);
    cJSON_AddStringToObject(component, "value_template", template);
    return true;
}

/* The one entity that must not use the printer's availability: it shows it. */
static bool fill_online(const struct place *place, const struct entity_row *row,
                        cJSON *component)
{
    (void)row;
    cJSON_AddStringToObject(component, "state_topic", place->availability);
    cJSON_AddStringToObject(component, "payload_on", "online");
    cJSON_AddStringToObject(component, "payload_off", "offline");
    return true;
}

static bool fill_states(const struct place *place, const struct entity_row *row,
                        cJSON *component)
{
    const char *const *words = quantity_words(QUANTITY_STATE);
    struct buffer template = {0};
    const char *comma = "";
    struct route route;
    int state;

    if (!place_route(place, FIELD_STATE, &route))
        return false;
    (void)buffer_text_add(&template, "{{ 'ON' if value in [");
    for (state = 0; state < STATE_COUNT; state++) {
        if (!(row->states & STATE_BIT(state)))
            continue;
        (void)buffer_format(&template, "%s'%s'", comma, words[state]);
        comma = ", ";
    }
    (void)buffer_text_add(&template,
                          "] else None if value in ['None', ''] else 'OFF' }}");
    cJSON_AddStringToObject(component, "state_topic", route.topic);
    cJSON_AddStringToObject(component, "value_template",
                            buffer_text(&template));
    buffer_release(&template);
    return true;
}

const struct entity_row *entity_of_field(enum field field)
{
    return &fields[field];
}

const struct entity_row *entity_of_command(enum command command)
{
    return &commands[command];
}

const struct entity_row *entity_derived(size_t index)
{
    return index < sizeof derived / sizeof *derived ? &derived[index] : NULL;
}
