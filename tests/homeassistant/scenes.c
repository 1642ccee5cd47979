#include "scenes.h"

#include "mapping/memory.h"

static void begin(struct scene *scene, const char *name)
{
    memset(scene, 0, sizeof *scene);
    scene->name = name;
    scene->bridge = (struct discovery_bridge){
        .prefix = "homeassistant",
        .base = "printer2mqtt",
        .bridge_topic = "printer2mqtt/bridge",
        .id = "printer2mqtt_bridge",
        .name = "printer2mqtt",
        .version = "0.1.0",
        .support_url = "https://example.org/printer2mqtt",
        .bridge_device = true,
    };
    scene->mapping = mapping_new();
    scene->routes = (struct routes){scene->mapping, "printer2mqtt", "mk4"};
    scene->printer.id = "mk4";
    scene->printer.identity = "SNMK4000000000001";
    scene->printer.name = "Prusa MK4S";
    scene->printer.routes = &scene->routes;
    scene->roster = (struct roster){&scene->instances, &scene->cameras};
    scene->printer.roster = &scene->roster;
}

void scene_report(struct scene *scene, enum field field)
{
    (void)slot_set_add(&scene->printer.reported, field_slot(field, 0));
}

static void report_all(struct scene *scene, const enum field *list, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        scene_report(scene, list[i]);
}

#define REPORT(scene, ...)                                                     \
    report_all(scene, (const enum field[]){__VA_ARGS__},                       \
               sizeof((const enum field[]){__VA_ARGS__}) / sizeof(enum field))

static void report_storage(struct scene *scene, const char *name, bool sizes)
{
    struct slot_set *reported = &scene->printer.reported;
    int i = instances_learn(&scene->instances, name, 0);

    (void)slot_set_add(reported, field_slot(FIELD_STORAGE_AVAILABLE, i));
    (void)slot_set_add(reported, field_slot(FIELD_STORAGE_READ_ONLY, i));
    if (!sizes)
        return;
    (void)slot_set_add(reported, field_slot(FIELD_STORAGE_FREE, i));
    (void)slot_set_add(reported, field_slot(FIELD_STORAGE_TOTAL, i));
    (void)slot_set_add(reported, field_slot(FIELD_STORAGE_FILES, i));
}

static void report_kept(struct scene *scene)
{
    REPORT(scene, FIELD_POLL_INTERVAL, FIELD_POLL_LATENCY,
           FIELD_POLL_LAST_SUCCESS, FIELD_POLL_FAILURES, FIELD_POLL_ERROR);
    REPORT(scene, FIELD_LAST_ID, FIELD_LAST_NAME, FIELD_LAST_PATH,
           FIELD_LAST_RESULT, FIELD_LAST_STARTED_AT, FIELD_LAST_ENDED_AT,
           FIELD_LAST_DURATION, FIELD_LAST_PROGRESS, FIELD_LAST_WEIGHT);
    REPORT(scene, FIELD_TOTAL_FINISHED, FIELD_TOTAL_CANCELLED,
           FIELD_TOTAL_FAILED, FIELD_TOTAL_TIME, FIELD_TOTAL_WEIGHT);
}

static void report_common(struct scene *scene)
{
    report_kept(scene);
    REPORT(scene, FIELD_STATE, FIELD_MESSAGE, FIELD_MATERIAL, FIELD_SPEED,
           FIELD_FLOW, FIELD_NOZZLE_TEMPERATURE, FIELD_NOZZLE_TARGET,
           FIELD_BED_TEMPERATURE, FIELD_BED_TARGET, FIELD_AXIS_X, FIELD_AXIS_Y,
           FIELD_AXIS_Z, FIELD_FAN_HOTEND, FIELD_FAN_PRINT);
    REPORT(scene, FIELD_JOB_ID, FIELD_JOB_STATE, FIELD_JOB_NAME, FIELD_JOB_PATH,
           FIELD_JOB_SIZE, FIELD_JOB_PROGRESS, FIELD_JOB_TIME_PRINTING,
           FIELD_JOB_TIME_REMAINING, FIELD_JOB_STARTED_AT,
           FIELD_JOB_FINISHES_AT);
    REPORT(scene, FIELD_TRANSFER_ACTIVE, FIELD_TRANSFER_ID, FIELD_TRANSFER_NAME,
           FIELD_TRANSFER_PATH, FIELD_TRANSFER_SIZE, FIELD_TRANSFER_BYTES,
           FIELD_TRANSFER_PROGRESS, FIELD_TRANSFER_REMAINING,
           FIELD_TRANSFER_TO_PRINT, FIELD_TRANSFER_SOURCE);
    REPORT(scene, FIELD_INFO_SERIAL, FIELD_INFO_HOSTNAME, FIELD_INFO_MODEL,
           FIELD_INFO_FIRMWARE, FIELD_INFO_SERVER, FIELD_INFO_API,
           FIELD_INFO_NOZZLE, FIELD_INFO_MIN_EXTRUSION, FIELD_INFO_MMU);
    memset(scene->printer.commands, true, sizeof scene->printer.commands);
}

void scene_minimal(struct scene *scene)
{
    begin(scene, "minimal");
    scene->bridge.bridge_device = false;
    scene->bridge.support_url = NULL;
    scene->printer.name = NULL;
    scene_report(scene, FIELD_STATE);
}

static const char *const files[] = {
    "Gro\xc3\x9f & klein 100%.gcode",
    "parts/box.gcode",
    "box.gcode",
    NULL,
};

void scene_buddy(struct scene *scene)
{
    enum command c;

    begin(scene, "buddy");
    scene->printer.model = "MK4S";
    scene->printer.vendor = "Prusa";
    scene->printer.serial = "SNMK4000000000001";
    scene->printer.firmware = "6.5.1+12574";
    scene->printer.area = "Workshop";
    scene->printer.url = "http://192.168.1.50";
    report_common(scene);
    REPORT(scene, FIELD_JOB_CHANGE_IN, FIELD_JOB_CHANGE_AT);
    report_storage(scene, "/usb/", false);
    REPORT(scene, FIELD_FILES_LIST, FIELD_FILES_SELECTED,
           FIELD_FILES_SELECTED_NAME);
    scene->printer.files = files;
    scene->printer.file_selected = files[1];
    scene->printer.pictures = true;
    for (c = COMMAND_SNAPSHOT; c <= COMMAND_SERVER_UPDATE; c++)
        scene->printer.commands[c] = false; /* what only a Pi can do */
    scene->printer.commands[COMMAND_CANCEL_TRANSFER] = false;
    scene->printer.commands[COMMAND_DELETE] = false;
}

void scene_pi(struct scene *scene)
{
    begin(scene, "pi");
    scene->routes.printer = "mk3";
    scene->printer.id = "mk3";
    scene->printer.identity = "SNMK3000000000002";
    scene->printer.name = "Prusa MK3S+";
    scene->printer.model = "MK3S+";
    scene->printer.vendor = "Prusa";
    scene->printer.serial = "SNMK3000000000002";
    scene->printer.url = "http://prusalink.local:8080/";
    report_common(scene);
    REPORT(scene, FIELD_JOB_TIME_ESTIMATED, FIELD_JOB_UNRELIABLE,
           FIELD_JOB_SERIAL, FIELD_JOB_WEIGHT, FIELD_JOB_LENGTH,
           FIELD_JOB_MATERIAL, FIELD_JOB_LAYER_HEIGHT);
    REPORT(scene, FIELD_INFO_NAME, FIELD_INFO_LOCATION, FIELD_INFO_SD_READY,
           FIELD_INFO_FARM_MODE, FIELD_CONNECT_CONNECTED,
           FIELD_CONNECT_MESSAGE);
    report_storage(scene, "/local", true);
    report_storage(scene, "/sdcard", false);
    REPORT(scene, FIELD_FILES_LIST, FIELD_FILES_SELECTED_NAME);
    scene->printer.file_selected = "gone.gcode";
    scene->printer.pictures = true;
    (void)instances_learn(&scene->cameras, "Front", 0);
    REPORT(scene, FIELD_CAMERA_NAME, FIELD_CAMERA_RESOLUTION,
           FIELD_CAMERA_CONNECTED, FIELD_CAMERA_REGISTERED,
           FIELD_CAMERA_SNAPSHOT_AT, FIELD_SERVER_UPDATE, FIELD_SERVER_VERSION);
}

static void custom(struct scene *scene, const char *key, enum quantity quantity)
{
    int i = scene->mapping->custom_count++;
    struct custom_field *field = &scene->mapping->custom[i];

    (void)snprintf(field->key, sizeof field->key, "%s", key);
    field->quantity = quantity;
    field_wish_init(&field->wish);
    (void)slot_set_add(&scene->printer.reported, field_slot(FIELD_CUSTOM, i));
}

static void wish_text(char **wish, const char *text)
{
    free(*wish);
    *wish = memory_text(text);
}

void scene_custom(struct scene *scene)
{
    struct field_wish *wish;

    begin(scene, "custom");
    scene->mapping->absent = ABSENT_CLEAR;
    scene->printer.identity = "sn 1.2/ü";
    scene_report(scene, FIELD_STATE);
    scene_report(scene, FIELD_JOB_TIME_REMAINING);
    custom(scene, "chamber/temperature", QUANTITY_TEMPERATURE);
    custom(scene, "door_open", QUANTITY_FLAG);
    custom(scene, "online", QUANTITY_TEXT);
    custom(scene, "log/size", QUANTITY_SIZE);
    wish = &scene->mapping->custom[0].wish;
    wish_text(&wish->name, "Enclosure");
    wish_text(&wish->icon, "mdi:greenhouse");
    wish->decimals = 2;
    wish->enabled = 0;
    wish_text(&scene->mapping->custom[2].wish.name, "Cloud");
}

void scene_mapped(struct scene *scene)
{
    struct mapping *mapping;

    begin(scene, "mapped");
    mapping = scene->mapping;
    REPORT(scene, FIELD_STATE, FIELD_NOZZLE_TEMPERATURE, FIELD_NOZZLE_TARGET,
           FIELD_JOB_PROGRESS, FIELD_INFO_FIRMWARE);
    memset(scene->printer.commands, true, sizeof scene->printer.commands);
    wish_text(&mapping->topic, "farm/{printer}/{field}");
    wish_text(&mapping->command_topic, "farm/{printer}/do/{command}");
    wish_text(&mapping->fields[FIELD_STATE].topic, "status/{printer}");
    wish_text(&mapping->fields[FIELD_STATE].name, "Status");
    mapping->fields[FIELD_NOZZLE_TARGET].on = 0;
    mapping->fields[FIELD_JOB_PROGRESS].qos = 1;
    mapping->fields[FIELD_JOB_PROGRESS].decimals = 2;
    mapping->fields[FIELD_INFO_FIRMWARE].enabled = 1;
    mapping->commands[COMMAND_CANCEL].on = 0;
    mapping->commands[COMMAND_PAUSE].enabled = 0;
    wish_text(&mapping->commands[COMMAND_PAUSE].name, "Hold");
    wish_text(&mapping->commands[COMMAND_PAUSE].icon, "mdi:hand-back-left");
}

void scene_everything(struct scene *scene)
{
    static const char *const names[] = {"usb", "local", "sdcard", "a",
                                        "b",   "c",     "d-e",    "f_g"};
    static const char *const cameras[] = {"front", "top", "a", "b",
                                          "c",     "d",   "e", "f"};
    size_t i;

    begin(scene, NULL);
    for (i = 0; i < sizeof names / sizeof *names; i++)
        instances_learn(&scene->instances, names[i], 0);
    for (i = 0; i < sizeof cameras / sizeof *cameras; i++)
        instances_learn(&scene->cameras, cameras[i], 0);
    scene->printer.pictures = true;
    memset(&scene->printer.reported, 0xff, sizeof scene->printer.reported);
    memset(scene->printer.commands, true, sizeof scene->printer.commands);
    /* Of what people look at, no printer has all: here one has to go. */
    scene->mapping->fields[FIELD_CONNECT_CONNECTED].enabled = 0;
}

void scene_bridge(struct scene *scene)
{
    begin(scene, "bridge");
    scene->is_bridge = true;
    scene->rows[0] = (struct discovery_row){"mk4", "Prusa MK4S"};
    scene->rows[1] = (struct discovery_row){"mini-2", NULL};
    scene->row_count = 2;
}

void scene_instance(struct scene *scene)
{
    begin(scene, "instance");
    scene->is_bridge = true;
    scene->bridge.bridge_topic = "printer2mqtt/bridge-east";
    scene->bridge.id = "printer2mqtt_bridge-east";
    scene->bridge.name = "printer2mqtt east";
}

const scene_setup scenes[] = {
    scene_minimal, scene_buddy,      scene_pi,     scene_custom,
    scene_mapped,  scene_everything, scene_bridge, scene_instance,
};
const size_t scene_count = sizeof scenes / sizeof *scenes;

struct buffer scene_document(const struct scene *scene)
{
    struct buffer out = {0};

    if (scene->is_bridge)
        discovery_bridge_document(&scene->bridge, scene->rows, scene->row_count,
                                  &out);
    else
        discovery_printer_document(&scene->bridge, &scene->printer, &out);
    return out;
}

void scene_release(struct scene *scene)
{
    mapping_free(scene->mapping);
    instances_release(&scene->instances);
    instances_release(&scene->cameras);
}
