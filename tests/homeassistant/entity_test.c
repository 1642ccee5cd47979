/* What the entities of a printer and of the bridge promise. */
#include "homeassistant/entity.h"
#include "mapping/event.h"
#include "scenes.h"

/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <cjson/cJSON.h>

static cJSON *document_of(struct scene *scene)
{
    struct buffer text = scene_document(scene);
    cJSON *document = cJSON_Parse(buffer_text(&text));

    buffer_release(&text);
    scene_release(scene);
    assert_non_null(document);
    return document;
}

static cJSON *document_from(scene_setup setup)
{
    struct scene scene;

    setup(&scene);
    return document_of(&scene);
}

static cJSON *component(const cJSON *document, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(document, "components"), key);
}

static const char *text(const cJSON *object, const char *key)
{
    const char *value =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

    return value ? value : "(none)";
}

/* The topics a component hangs on, "a b c"; those of the document if it does
 * not say. */
static const char *availability(const cJSON *document, const cJSON *object)
{
    static char topics[512];
    const cJSON *list =
        cJSON_GetObjectItemCaseSensitive(object, "availability");
    const cJSON *entry;

    if (!list)
        list = cJSON_GetObjectItemCaseSensitive(document, "availability");
    topics[0] = '\0';
    cJSON_ArrayForEach(entry, list)
    {
        size_t len = strlen(topics);

        (void)snprintf(topics + len, sizeof topics - len, "%s%s",
                       len ? " " : "", text(entry, "topic"));
    }
    return topics;
}

#define BRIDGE  "printer2mqtt/bridge/state"
#define PRINTER BRIDGE " printer2mqtt/mk4/availability"

static void an_entity_hangs_on_what_it_needs(void **state)
{
    static const struct {
        const char *key, *topics;
    } cases[] = {
        {"state", PRINTER},
        {"nozzle_temperature", PRINTER},
        {"attention", PRINTER},
        {"online", BRIDGE},
        {"info_firmware", BRIDGE},
        {"poll_latency", BRIDGE},
        {"last_job_result", BRIDGE},
        {"total_time_printing", BRIDGE},
        {"job_event", BRIDGE},
        {"cmd_refresh", BRIDGE},
        {"cmd_set_poll_interval", BRIDGE},
        {"cmd_pause", PRINTER " printer2mqtt/mk4/can/pause"},
        {"cmd_print", PRINTER " printer2mqtt/mk4/can/print"},
    };
    cJSON *document = document_from(scene_buddy);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        const cJSON *object = component(document, cases[i].key);

        assert_non_null(object);
        assert_string_equal(availability(document, object), cases[i].topics);
    }
    cJSON_Delete(document);
}

static void online_shows_the_printers_availability(void **state)
{
    cJSON *document = document_from(scene_minimal);
    const cJSON *online = component(document, "online");

    (void)state;
    assert_string_equal(text(online, "state_topic"),
                        "printer2mqtt/mk4/availability");
    assert_string_equal(text(online, "payload_on"), "online");
    assert_string_equal(text(online, "payload_off"), "offline");
    cJSON_Delete(document);
}

static bool has_word(const cJSON *list, const char *word)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(item->valuestring, word) == 0)
            return true;
    }
    return false;
}

/* Of the printer of which only the state is known: the first print of all
 * must be heard, so nothing waits for an event to have happened. */
static void every_event_is_heard_and_triggers(void **state)
{
    cJSON *document = document_from(scene_minimal);
    const cJSON *event = component(document, "job_event");
    const cJSON *types = cJSON_GetObjectItemCaseSensitive(event, "event_types");
    char key[64];
    enum event e;

    (void)state;
    assert_string_equal(text(event, "state_topic"), "printer2mqtt/mk4/event");
    assert_int_equal(cJSON_GetArraySize(types), EVENT_COUNT);
    for (e = 0; e < EVENT_COUNT; e++) {
        const char *name = event_row(e)->name;
        const cJSON *trigger;

        assert_true(has_word(types, name));
        (void)snprintf(key, sizeof key, "trigger_%s", name);
        trigger = component(document, key);
        assert_string_equal(text(trigger, "topic"), "printer2mqtt/mk4/event");
        assert_string_equal(text(trigger, "payload"), name);
    }
    cJSON_Delete(document);
}

static void totals_have_statistics_and_the_last_job_has_none(void **state)
{
    cJSON *document = document_from(scene_buddy);
    const cJSON *object;

    (void)state;
    cJSON_ArrayForEach(object,
                       cJSON_GetObjectItemCaseSensitive(document, "components"))
    {
        if (strncmp(object->string, "total_", 6) == 0)
            assert_string_equal(text(object, "state_class"),
                                "total_increasing");
        if (strncmp(object->string, "last_job_", 9) == 0)
            assert_string_equal(text(object, "state_class"), "(none)");
    }
    cJSON_Delete(document);
}

static void every_field_and_command_has_an_entity(void **state)
{
    cJSON *document = document_from(scene_everything);
    char key[FIELD_KEY_MAX + 1];
    enum command c;
    enum field f;
    char *p;

    (void)state;
    for (f = 0; f < FIELD_CUSTOM; f++) {
        if (entity_of_field(f)->look == LOOK_HIDDEN ||
            field_row(f)->quantity == QUANTITY_LIST)
            continue;
        field_key(f, field_row(f)->scope == SCOPE_CAMERA ? "front" : "usb", key,
                  sizeof key);
        for (p = key; *p; p++)
            if (*p == '/')
                *p = '_';
        assert_non_null(component(document, key));
    }
    for (c = 0; c < COMMAND_COUNT; c++) {
        if (entity_of_command(c)->look == LOOK_HIDDEN)
            continue;
        (void)snprintf(key, sizeof key, "cmd_%s", command_row(c)->name);
        assert_non_null(component(document, key));
    }
    cJSON_Delete(document);
}

static void what_is_not_reported_or_off_is_not_announced(void **state)
{
    cJSON *document = document_from(scene_mapped);

    (void)state;
    assert_non_null(component(document, "nozzle_temperature"));
    assert_null(component(document, "nozzle_target"));   /* off */
    assert_null(component(document, "bed_temperature")); /* not reported */
    assert_null(component(document, "cmd_cancel"));      /* off */
    cJSON_Delete(document);
    document = document_from(scene_minimal);
    assert_null(component(document, "cmd_pause")); /* cannot be ordered */
    cJSON_Delete(document);
}

static void derived_entities_go_with_the_state(void **state)
{
    struct scene scene;
    cJSON *document;

    (void)state;
    scene_minimal(&scene);
    scene.mapping->fields[FIELD_STATE].on = 0;
    document = document_of(&scene);
    assert_null(component(document, "printing"));
    assert_null(component(document, "attention"));
    assert_non_null(component(document, "online"));
    cJSON_Delete(document);
}

static void topics_and_wishes_are_the_users(void **state)
{
    cJSON *document = document_from(scene_mapped);
    const cJSON *progress = component(document, "job_progress");

    (void)state;
    assert_string_equal(text(component(document, "state"), "name"), "Status");
    assert_string_equal(text(component(document, "printing"), "state_topic"),
                        "status/mk4");
    assert_string_equal(
        text(component(document, "cmd_resume"), "command_topic"),
        "farm/mk4/do/resume");
    assert_string_equal(text(component(document, "cmd_pause"), "name"), "Hold");
    assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(
        component(document, "cmd_pause"), "enabled_by_default")));
    assert_null(cJSON_GetObjectItemCaseSensitive(
        component(document, "info_firmware"), "enabled_by_default"));
    assert_true(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(
                    progress, "suggested_display_precision")) == 2);
    assert_true(cJSON_GetNumberValue(
                    cJSON_GetObjectItemCaseSensitive(progress, "qos")) == 1);
    cJSON_Delete(document);
}

static void a_key_that_is_taken_is_numbered(void **state)
{
    cJSON *document = document_from(scene_custom);

    (void)state;
    assert_string_equal(text(component(document, "online"), "device_class"),
                        "connectivity");
    assert_string_equal(text(component(document, "online_2"), "unique_id"),
                        "sn 1.2/ü_online_2");
    cJSON_Delete(document);
}

/* Clearing a retained topic says "absent" to people without Home Assistant;
 * Home Assistant would ignore it and show the old value. */
static void cleared_values_become_unknown(void **state)
{
    cJSON *document = document_from(scene_custom);

    (void)state;
    assert_string_equal(text(component(document, "state"), "value_template"),
                        "{{ value or None }}");
    assert_non_null(strstr(
        text(component(document, "job_time_remaining"), "value_template"),
        "is_number else None"));
    cJSON_Delete(document);
}

static void unknown_facts_are_left_out(void **state)
{
    cJSON *document = document_from(scene_minimal);
    const cJSON *device = cJSON_GetObjectItemCaseSensitive(document, "device");
    const cJSON *origin = cJSON_GetObjectItemCaseSensitive(document, "origin");

    (void)state;
    assert_int_equal(cJSON_GetArraySize(device), 2);
    assert_string_equal(text(device, "name"), "mk4");
    assert_int_equal(cJSON_GetArraySize(origin), 2);
    cJSON_Delete(document);
}

/* One URL that Home Assistant refuses costs the whole document. */
static void only_a_fit_url_goes_out(void **state)
{
    static const struct {
        const char *url;
        bool fit;
    } cases[] = {
        {"http://192.168.1.50", true},
        {"https://printer.local:8080/a/b?c=d#e", true},
        {"http://[fe80::1]:80/", true},
        {"http://a_b-c.d/", true},
        {"192.168.1.50", false},
        {"ftp://192.168.1.50", false},
        {"http://", false},
        {"http:///path", false},
        {"http://:80/", false},
        {"http://[]/", false},
        {"http://[::1", false},
        {"http://host:", false},
        {"http://host:0", false},
        {"http://host:65536", false},
        {"http://host:8x", false},
        {"http://host:99999999999999999999", false},
        {"http://maker:secret@host/", false},
        {"http://host/@user", false},
        {"http://ho st/", false},
        {"http://host/a b", false},
        {"http://host/\n", false},
        {"", false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;
        cJSON *document;

        scene_minimal(&scene);
        scene.printer.url = cases[i].url;
        document = document_of(&scene);
        assert_string_equal(
            text(cJSON_GetObjectItemCaseSensitive(document, "device"),
                 "configuration_url"),
            cases[i].fit ? cases[i].url : "(none)");
        cJSON_Delete(document);
    }
}

static void a_device_is_never_reached_through_itself(void **state)
{
    struct scene scene;
    cJSON *document;

    (void)state;
    scene_buddy(&scene);
    document = document_of(&scene);
    assert_string_equal(
        text(cJSON_GetObjectItem(document, "device"), "via_device"),
        "printer2mqtt_bridge");
    cJSON_Delete(document);
    scene_buddy(&scene);
    scene.printer.identity = scene.bridge.id;
    document = document_of(&scene);
    assert_string_equal(
        text(cJSON_GetObjectItem(document, "device"), "via_device"), "(none)");
    cJSON_Delete(document);
}

/* Dots, spaces and slashes make an illegal discovery topic, and nothing
 * happens; two serials must not become one topic either. */
static void an_identity_makes_a_legal_topic_of_its_own(void **state)
{
    static const char *const alike[] = {"a.b", "a b", "a/b", "a_b", "a:b"};
    char topics[5][128], small[10];
    size_t i, k;

    (void)state;
    assert_true(discovery_topic("homeassistant", "SN-1_a", topics[0], 128));
    assert_string_equal(topics[0], "homeassistant/device/SN-1_a/config");
    for (i = 0; i < 5; i++) {
        assert_true(discovery_topic("ha", alike[i], topics[i], 128));
        assert_int_equal(
            strspn(topics[i] + 10, "abcdefghijklmnopqrstuvwxyz0123456789_-"),
            strlen(topics[i] + 10) - strlen("/config"));
        for (k = 0; k < i; k++)
            assert_string_not_equal(topics[i], topics[k]);
    }
    assert_false(discovery_topic("ha", "", topics[0], 128));
    assert_false(discovery_topic("ha", "SN1", small, sizeof small));
}

static void the_bridges_own_connection_never_hides(void **state)
{
    cJSON *document = document_from(scene_bridge);
    const cJSON *connection = component(document, "connection");
    const cJSON *list =
        cJSON_GetObjectItemCaseSensitive(connection, "availability");

    (void)state;
    assert_true(cJSON_IsArray(list));
    assert_int_equal(cJSON_GetArraySize(list), 0);
    cJSON_Delete(document);
}

static void every_configured_printer_has_a_row_on_the_bridge(void **state)
{
    cJSON *document = document_from(scene_bridge);
    const cJSON *row = component(document, "printer_mini-2");

    (void)state;
    assert_non_null(component(document, "printer_mk4"));
    assert_string_equal(text(row, "name"), "mini-2");
    assert_string_equal(text(row, "default_entity_id"),
                        "binary_sensor.printer2mqtt_bridge_printer_mini_2");
    assert_string_equal(text(row, "json_attributes_topic"),
                        "printer2mqtt/bridge/printers");
    cJSON_Delete(document);
}

/* The topics that an entity's availability hangs on, joined by spaces. */
static void hangs_on(const cJSON *entity, const char *topics)
{
    const cJSON *list =
        cJSON_GetObjectItemCaseSensitive(entity, "availability");
    struct buffer joined = {0};
    const cJSON *entry;

    cJSON_ArrayForEach(entry, list)
    {
        (void)buffer_format(&joined, "%s%s", joined.len ? " " : "",
                            text(entry, "topic") + strlen("printer2mqtt/"));
    }
    assert_string_equal(buffer_text(&joined), topics);
    buffer_release(&joined);
}

static void a_picture_that_is_not_there_is_unavailable(void **state)
{
    cJSON *document = document_from(scene_pi);

    (void)state;
    hangs_on(component(document, "job_thumbnail"),
             "bridge/state mk3/availability mk3/has/job/thumbnail");
    /* the last job's stays when the plug has cut the power */
    hangs_on(component(document, "last_job_thumbnail"),
             "bridge/state mk3/has/last_job/thumbnail");
    hangs_on(component(document, "camera_front_snapshot"),
             "bridge/state mk3/availability mk3/has/camera/front/snapshot");
    cJSON_Delete(document);
}

static void forget(struct scene *scene, int slot)
{
    scene->printer.reported.bits[slot / 64] &= ~(UINT64_C(1) << slot % 64);
}

static void pictures_are_announced_where_there_are_any(void **state)
{
    struct scene scene;
    cJSON *document;

    (void)state;
    scene_pi(&scene);
    scene.printer.pictures = false;
    forget(&scene, SLOT_CAMERA_CONNECTED);
    document = document_of(&scene);
    assert_null(component(document, "job_thumbnail"));
    assert_null(component(document, "last_job_thumbnail"));
    assert_null(component(document, "camera_front_snapshot"));
    cJSON_Delete(document);
}

static void an_update_is_announced_once_the_version_is_known(void **state)
{
    struct scene scene;
    cJSON *document;

    (void)state;
    scene_pi(&scene);
    forget(&scene, SLOT_INFO_SERVER);
    document = document_of(&scene);
    assert_null(component(document, "server_update"));
    cJSON_Delete(document);
}

static void an_update_is_installed_only_if_that_is_allowed(void **state)
{
    cJSON *document = document_from(scene_pi);
    struct scene scene;

    (void)state;
    assert_string_equal(
        text(component(document, "server_update"), "command_topic"),
        "printer2mqtt/mk3/command/server_update");
    assert_string_equal(
        text(component(document, "server_update"), "payload_install"), "PRESS");
    cJSON_Delete(document);
    scene_pi(&scene);
    scene.printer.commands[COMMAND_SERVER_UPDATE] = false;
    document = document_of(&scene);
    assert_non_null(component(document, "server_update"));
    assert_null(cJSON_GetObjectItemCaseSensitive(
        component(document, "server_update"), "command_topic"));
    cJSON_Delete(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entity_hangs_on_what_it_needs),
        cmocka_unit_test(online_shows_the_printers_availability),
        cmocka_unit_test(every_event_is_heard_and_triggers),
        cmocka_unit_test(totals_have_statistics_and_the_last_job_has_none),
        cmocka_unit_test(every_field_and_command_has_an_entity),
        cmocka_unit_test(what_is_not_reported_or_off_is_not_announced),
        cmocka_unit_test(derived_entities_go_with_the_state),
        cmocka_unit_test(topics_and_wishes_are_the_users),
        cmocka_unit_test(a_key_that_is_taken_is_numbered),
        cmocka_unit_test(cleared_values_become_unknown),
        cmocka_unit_test(unknown_facts_are_left_out),
        cmocka_unit_test(only_a_fit_url_goes_out),
        cmocka_unit_test(a_device_is_never_reached_through_itself),
        cmocka_unit_test(an_identity_makes_a_legal_topic_of_its_own),
        cmocka_unit_test(a_picture_that_is_not_there_is_unavailable),
        cmocka_unit_test(pictures_are_announced_where_there_are_any),
        cmocka_unit_test(an_update_is_announced_once_the_version_is_known),
        cmocka_unit_test(an_update_is_installed_only_if_that_is_allowed),
        cmocka_unit_test(the_bridges_own_connection_never_hides),
        cmocka_unit_test(every_configured_printer_has_a_row_on_the_bridge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
