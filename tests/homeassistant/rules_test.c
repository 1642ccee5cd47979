/* Every document against Home Assistant's own rules: a key it does not know
 * (as ESPresense's "status_topic"), "object_id" (no longer heard of since
 * 2026.4), a missing "availability_mode" (OctoPrint's plugin: "latest") or a
 * duration without a fitting unit never leave this house. */
#include "files.h"
#include "rules.h"
#include "scenes.h"

/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static cJSON *rules;

static int load(void **state)
{
    (void)state;
    rules = file_json(HERE "/rules.json");
    return rules ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    cJSON_Delete(rules);
    return 0;
}

static void every_document_keeps_the_rules(void **state)
{
    struct scene scene;
    size_t i;

    (void)state;
    for (i = 0; i < scene_count; i++) {
        struct buffer complaints = {0}, text;
        cJSON *document;

        scenes[i](&scene);
        text = scene_document(&scene);
        document = cJSON_Parse(buffer_text(&text));
        rules_check(rules, document, &complaints);
        if (complaints.len)
            print_message("scene %zu:\n%s", i, buffer_text(&complaints));
        assert_int_equal(complaints.len, 0);
        cJSON_Delete(document);
        buffer_release(&complaints);
        buffer_release(&text);
        scene_release(&scene);
    }
}

/* What would be wrong, and what the rules say to it. The change is put into
 * the object at "where": a component's key or a part of the document. */
static const struct {
    const char *where, *key, *value, *complaint;
} wrong[] = {
    /* peers' mistakes: a wrong key, mode latest, object_id, h:mm:ss */
    {"", "status_topic", "\"a\"", "document: has the unknown key status_topic"},
    {"", "availability_mode", "\"latest\"", "not latest"},
    {"state", "object_id", "\"a\"", "state: has the unknown key object_id"},
    {"job_time_remaining", "unit_of_measurement", "\"h:mm:ss\"",
     "has the unfit unit h:mm:ss"},
    {"", "~", "\"a\"", "document: has the unknown key ~"},
    {"", "qos", "1", "document: has the unknown key qos"},
    {"", "availability", "[{\"topic\":\"a\",\"x\":1}]", "unknown key x"},
    {"", "availability", "[]", "document: needs availability"},
    {"device", "serial_number", "null", "has null at serial_number"},
    {"device", "model", "\"\"", "has no text at model"},
    {"device", "via_device", "\"SNMK4000000000001\"", "through itself"},
    {"device", "identifiers", "[]", "needs identifiers"},
    {"origin", "url", "\"a\"", "has the unknown key url"},
    {"state", "unique_id", "\"SNMK4000000000001_message\"", "is not alone"},
    {"state", "name", "\"Message\"", "has the same name as message"},
    {"message", "name", "null", "is a second main entity beside"},
    {"state", "platform", "\"light\"", "has the unknown platform light"},
    {"state", "options", "[]", "options belong to the class enum"},
    {"state", "command_topic", "\"a\"", "has the unknown key command_topic"},
    {"state", "icon", "\"\"", "has no icon"},
    {"state", "entity_category", "\"config\"", "cannot have the category"},
    {"state", "default_entity_id", "\"mk4_state\"", "has a bad entity id"},
    {"state", "default_entity_id", "\"sensor.mk4-s\"", "has a bad entity id"},
    {"state", "state_topic", "\"a/+\"", "has a bad topic at state_topic"},
    {"axis_z", "unit_of_measurement", "\"C\"", "has the unfit unit C"},
    {"axis_z", "device_class", "\"speed\"", "has the unfit unit mm"},
    {"axis_z", "device_class", "\"hight\"", "has the unknown class hight"},
    {"axis_z", "state_class", "\"mean\"", "has the unfit state class mean"},
    {"message", "suggested_display_precision", "1", "only a number"},
    {"printing", "device_class", "\"runs\"", "has the unknown class runs"},
    {"cmd_set_poll_interval", "min", "300", "needs min below"},
    {"job_event", "event_types", "[]", "needs event_types"},
    {"job_event", "event_types", "[\"a\",\"b\",\"a\"]", "twice the event a"},
    {"job_event", "retain", "true", "has the unknown key retain"},
    {"job_event", "device_class", "\"job\"", "has the unknown class job"},
    {"trigger_failed", "unique_id", "\"a\"", "has the unknown key unique_id"},
    {"trigger_failed", "name", "\"a\"", "has the unknown key name"},
    {"trigger_failed", "subtype", "\"\"", "has no text at subtype"},
    {"trigger_failed", "automation_type", "\"condition\"", "automation type"},
    {"trigger_failed", "payload", "\"\"", "needs a payload"},
    {"trigger_failed", "topic", "\"a/#\"", "has a bad topic at topic"},
    {"trigger_failed", "type", "\"ended\"", "same trigger as trigger_ended"},
};

static void put(cJSON *object, const char *key, const char *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, key);
    cJSON_AddItemToObject(object, key, cJSON_Parse(value));
}

static cJSON *find(cJSON *document, const char *where)
{
    cJSON *part = cJSON_GetObjectItemCaseSensitive(document, where);

    if (!*where)
        return document;
    if (part)
        return part;
    return cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(document, "components"), where);
}

static void the_rules_see_what_is_wrong(void **state)
{
    struct scene scene;
    struct buffer text;
    size_t i;

    (void)state;
    scene_buddy(&scene);
    text = scene_document(&scene);
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cJSON *document = cJSON_Parse(buffer_text(&text));
        struct buffer complaints = {0};

        put(find(document, wrong[i].where), wrong[i].key, wrong[i].value);
        rules_check(rules, document, &complaints);
        if (!strstr(buffer_text(&complaints), wrong[i].complaint))
            print_message("%s/%s: expected \"%s\" in \"%s\"\n", wrong[i].where,
                          wrong[i].key, wrong[i].complaint,
                          buffer_text(&complaints));
        assert_non_null(strstr(buffer_text(&complaints), wrong[i].complaint));
        buffer_release(&complaints);
        cJSON_Delete(document);
    }
    buffer_release(&text);
    scene_release(&scene);
}

static void too_many_enabled_entities_are_seen(void **state)
{
    struct buffer complaints = {0}, text;
    struct scene scene;
    cJSON *document, *component;

    (void)state;
    scene_buddy(&scene);
    text = scene_document(&scene);
    document = cJSON_Parse(buffer_text(&text));
    cJSON_ArrayForEach(component, find(document, "components"))
        cJSON_DeleteItemFromObject(component, "enabled_by_default");
    rules_check(rules, document, &complaints);
    assert_non_null(strstr(buffer_text(&complaints), "enables too many"));
    cJSON_Delete(document);
    buffer_release(&text);
    buffer_release(&complaints);
    scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_document_keeps_the_rules),
        cmocka_unit_test(the_rules_see_what_is_wrong),
        cmocka_unit_test(too_many_enabled_entities_are_seen),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
