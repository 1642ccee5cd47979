/* What the broker kept: whose it is, whether it is still true, and what of it
 * must be taken back. */
#include "mapping/memory.h"
#include "scenes.h"

/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <cjson/cJSON.h>

#define TOPIC "printer2mqtt/bridge"
#define BASE  "printer2mqtt"

static bool is_ours(const char *json, char *id)
{
    return discovery_is_ours(json, strlen(json), TOPIC, BASE, id, 33);
}

static void we_know_our_own_documents_again(void **state)
{
    char id[33] = "?";
    size_t i;

    (void)state;
    for (i = 0; i < scene_count; i++) {
        struct scene scene;
        struct buffer text;

        scenes[i](&scene);
        text = scene_document(&scene);
        assert_true(discovery_is_ours(text.bytes, text.len,
                                      scene.bridge.bridge_topic, BASE, id,
                                      sizeof id));
        assert_string_equal(id, scene.is_bridge ? "" : scene.printer.id);
        assert_false(discovery_is_ours(text.bytes, text.len,
                                       "printer2mqtt/bridge-west", BASE, id,
                                       sizeof id));
        buffer_release(&text);
        scene_release(&scene);
    }
}

#define HEAD                                                                   \
    "{\"device\":{},\"origin\":{\"name\":\"printer2mqtt\"},\"components\":{}"
#define STATE "{\"topic\":\"printer2mqtt/bridge/state\"}"

static void what_is_not_wholly_ours_is_not_ours(void **state)
{
    static const struct {
        const char *json, *id; /* NULL = not ours */
    } cases[] = {
        {HEAD ",\"availability\":[" STATE "]}", ""},
        {HEAD ",\"availability\":[" STATE
              ",{\"topic\":\"printer2mqtt/a_b-1/availability\"}]}",
         "a_b-1"},
        {HEAD ",\"availability\":[" STATE
              ",{\"topic\":\"printer2mqtt/a/b/availability\"}]}",
         NULL},
        {HEAD ",\"availability\":[" STATE
              ",{\"topic\":\"other/a/availability\"}]}",
         NULL},
        {HEAD ",\"availability\":[" STATE
              ",{\"topic\":\"printer2mqtt//availability\"}]}",
         NULL},
        {HEAD ",\"availability\":[" STATE
              ",{\"topic\":\"printer2mqtt/a/availability\"},{}]}",
         NULL},
        {HEAD ",\"availability\":[" STATE ",7]}", NULL},
        {HEAD ",\"availability\":[{\"topic\":\"printer2mqtt/bridge\"}]}", NULL},
        {HEAD ",\"availability\":[{\"topic\":7}]}", NULL},
        {HEAD ",\"availability\":[]}", NULL},
        {HEAD ",\"availability\":" STATE "}", NULL},
        {HEAD ",\"availability\":{\"a\":" STATE "}}", NULL},
        {HEAD "}", NULL},
        {"{\"device\":{},\"origin\":{\"name\":\"me\"},\"components\":{}"
         ",\"availability\":[" STATE "]}",
         NULL},
        {"{\"origin\":{\"name\":\"printer2mqtt\"},\"components\":{}"
         ",\"availability\":[" STATE "]}",
         NULL},
        {HEAD ",\"availability\":[" STATE "]} x", NULL},
        {"[]", NULL},
        {"null", NULL},
        {"{", NULL},
        {"", NULL},
    };
    char id[33];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool ours = is_ours(cases[i].json, id);

        if (ours != (cases[i].id != NULL))
            print_message("wrong about %s\n", cases[i].json);
        assert_int_equal(ours, cases[i].id != NULL);
        if (ours)
            assert_string_equal(id, cases[i].id);
    }
}

static void an_id_that_does_not_fit_is_not_ours(void **state)
{
    const char *json = HEAD ",\"availability\":[" STATE
                            ",{\"topic\":\"printer2mqtt/long/availability\"}]}";
    char id[5];

    (void)state;
    assert_true(
        discovery_is_ours(json, strlen(json), TOPIC, BASE, id, sizeof id));
    assert_false(
        discovery_is_ours(json, strlen(json), TOPIC, BASE, id, sizeof id - 1));
}

static void bytes_that_want_to_hurt_are_refused(void **state)
{
    size_t big = (size_t)600 << 10;
    char *bytes = memory_zero(big, 1);
    struct buffer out = {0};
    char id[33];

    (void)state;
    memset(bytes, '[', big);
    assert_false(discovery_is_ours(bytes, big, TOPIC, BASE, id, sizeof id));
    assert_false(discovery_is_ours(bytes, 9999, TOPIC, BASE, id, sizeof id));
    assert_false(discovery_equal(bytes, 9999, "{}"));
    assert_false(discovery_removal(bytes, 9999, "{\"components\":{}}", &out));
    assert_false(discovery_equal("{}\0{}", 5, "{}"));
    assert_false(discovery_equal("{\"1\":1,", 7, "{}"));
    assert_null(out.bytes);
    memset(bytes, ' ', big);
    memcpy(bytes, "{}", 2);
    assert_true(discovery_equal(bytes, 9999, "{}"));
    assert_false(discovery_equal(bytes, big, "{}"));
    free(bytes);
}

static bool equal(const char *a, const char *b)
{
    return discovery_equal(a, strlen(a), b);
}

static void equal_is_what_says_the_same(void **state)
{
    (void)state;
    assert_true(equal("{\"a\":1,\"b\":[1,2]}", "{\"a\":1,\"b\":[1,2]}"));
    assert_true(equal(" {\"b\": [1, 2], \"a\": 1}\n", "{\"a\":1,\"b\":[1,2]}"));
    assert_false(equal("{\"a\":1}", "{\"A\":1}"));
    assert_false(equal("{\"a\":1}", "{\"a\":1,\"b\":2}"));
    assert_false(equal("{\"a\":1,\"b\":2}", "{\"a\":1}"));
    assert_false(equal("{\"b\":[1,2]}", "{\"b\":[2,1]}"));
    assert_false(equal("", "{}"));
    assert_false(equal("{} x", "{}"));
}

#define COMPONENTS(inside) "{\"components\":{" inside "}}"
#define SENSOR(key)        "\"" key "\":{\"platform\":\"sensor\",\"name\":1}"

static void check_removal(const char *old, const char *fresh,
                          const char *expected)
{
    struct buffer out = {0};
    bool removal = discovery_removal(old, strlen(old), fresh, &out);

    assert_int_equal(removal, expected != NULL);
    assert_string_equal(buffer_text(&out), expected ? expected : "");
    buffer_release(&out);
}

static void what_went_is_reduced_to_its_platform(void **state)
{
    (void)state;
    check_removal(COMPONENTS(SENSOR("a") "," SENSOR("b")),
                  COMPONENTS(SENSOR("a")),
                  COMPONENTS(SENSOR("a") ",\"b\":{\"platform\":\"sensor\"}"));
    /* A crash between the two steps leaves it reduced: once more. */
    check_removal(COMPONENTS("\"b\":{\"platform\":\"sensor\"}"),
                  COMPONENTS(SENSOR("a")),
                  COMPONENTS(SENSOR("a") ",\"b\":{\"platform\":\"sensor\"}"));
}

/* The bridge has a sensor for each of 500 printers, and none for 501. */
static void all_that_went_is_reduced(void **state)
{
    struct buffer old = {0}, expected = {0};
    int i;

    (void)state;
    (void)buffer_text_add(&old, "{\"components\":{");
    (void)buffer_text_add(&expected, "{\"components\":{");
    for (i = 0; i < 500; i++) {
        (void)buffer_format(&old,
                            "%s\"printer_%d\":{\"platform\":\"sensor\","
                            "\"unique_id\":\"%d\"}",
                            i ? "," : "", i, i);
        (void)buffer_format(&expected,
                            "%s\"printer_%d\":{\"platform\":\"sensor\"}",
                            i ? "," : "", i);
    }
    (void)buffer_text_add(&old, "}}");
    (void)buffer_text_add(&expected, "}}");
    check_removal(buffer_text(&old), "{\"components\":{}}",
                  buffer_text(&expected));
    buffer_release(&old);
    buffer_release(&expected);
}

static void another_platform_takes_two_steps(void **state)
{
    (void)state;
    check_removal(COMPONENTS(SENSOR("a")),
                  COMPONENTS("\"a\":{\"platform\":\"number\",\"min\":1}"),
                  COMPONENTS("\"a\":{\"platform\":\"sensor\"}"));
}

static void what_went_can_be_put_back(void **state)
{
    const char *old = COMPONENTS(SENSOR("a") "," SENSOR("b"));
    struct buffer out = {0};

    (void)state;
    assert_true(discovery_restored(
        old, strlen(old), COMPONENTS("\"a\":{\"platform\":\"number\"}"), &out));
    assert_string_equal(buffer_text(&out), old);
    buffer_release(&out);
    assert_false(discovery_restored(old, strlen(old), old, &out));
    assert_false(discovery_restored("{", 1, old, &out));
    assert_string_equal(buffer_text(&out), "");
    buffer_release(&out);
}

static void nothing_is_removed_without_need(void **state)
{
    (void)state;
    check_removal(COMPONENTS(SENSOR("a")), COMPONENTS(SENSOR("a")), NULL);
    check_removal(COMPONENTS(SENSOR("a")),
                  COMPONENTS(SENSOR("a") "," SENSOR("b")), NULL);
    check_removal("{}", COMPONENTS(SENSOR("a")), NULL);
    check_removal("", COMPONENTS(SENSOR("a")), NULL);
    check_removal("{\"components\":[1]}", COMPONENTS(SENSOR("a")), NULL);
    /* no platform, or none Home Assistant can have taken */
    check_removal(COMPONENTS("\"b\":{}"), COMPONENTS(SENSOR("a")), NULL);
    check_removal(COMPONENTS("\"b\":{\"platform\":7}"), COMPONENTS(SENSOR("a")),
                  NULL);
    check_removal(COMPONENTS("\"b\":{\"platform\":\"A B\"}"),
                  COMPONENTS(SENSOR("a")), NULL);
}

static void a_fields_going_is_a_removal_of_its_entity(void **state)
{
    struct buffer old, fresh, out = {0};
    struct scene scene;
    cJSON *document, *gone;

    (void)state;
    scene_buddy(&scene);
    old = scene_document(&scene);
    scene.mapping->fields[FIELD_JOB_PROGRESS].on = 0;
    fresh = scene_document(&scene);
    assert_true(
        discovery_removal(old.bytes, old.len, buffer_text(&fresh), &out));
    document = cJSON_Parse(buffer_text(&out));
    gone = cJSON_GetObjectItem(cJSON_GetObjectItem(document, "components"),
                               "job_progress");
    assert_int_equal(cJSON_GetArraySize(gone), 1);
    cJSON_Delete(document);
    buffer_release(&old);
    buffer_release(&fresh);
    buffer_release(&out);
    scene_release(&scene);
}

static void a_trigger_goes_like_an_entity(void **state)
{
    const char *trigger = "\"trigger_finished\":{\"platform\":"
                          "\"device_automation\",\"type\":\"finished\"}";
    struct buffer old = {0};

    (void)state;
    (void)buffer_format(&old, COMPONENTS(SENSOR("a") ",%s"), trigger);
    check_removal(buffer_text(&old), COMPONENTS(SENSOR("a")),
                  COMPONENTS(SENSOR("a") ",\"trigger_finished\":{\"platform\":"
                                         "\"device_automation\"}"));
    buffer_release(&old);
}

/* The skeleton tells what the whole document would have told. */
static void check_skeleton(const char *old, size_t len, const char *fresh)
{
    struct buffer skeleton = {0}, whole = {0}, out = {0};
    bool removal = discovery_removal(old, len, fresh, &whole);

    discovery_skeleton(old, len, &skeleton);
    assert_int_equal(
        discovery_removal(skeleton.bytes, skeleton.len, fresh, &out), removal);
    assert_string_equal(buffer_text(&out), buffer_text(&whole));
    assert_true(skeleton.len <= len ||
                strcmp(buffer_text(&skeleton), COMPONENTS("")) == 0);
    buffer_release(&skeleton);
    buffer_release(&whole);
    buffer_release(&out);
}

static void a_skeleton_is_enough_to_take_back(void **state)
{
    struct buffer fresh;
    struct scene scene;
    size_t i;

    (void)state;
    scene_minimal(&scene);
    fresh = scene_document(&scene);
    scene_release(&scene);
    for (i = 0; i < scene_count; i++) {
        struct buffer old;

        scenes[i](&scene);
        old = scene_document(&scene);
        check_skeleton(old.bytes, old.len, buffer_text(&fresh));
        check_skeleton(old.bytes, old.len, COMPONENTS(""));
        buffer_release(&old);
        scene_release(&scene);
    }
    buffer_release(&fresh);
}

static void a_skeleton_has_only_what_can_be_taken_back(void **state)
{
    static const struct {
        const char *old, *skeleton;
    } cases[] = {
        {COMPONENTS(SENSOR("a")),
         COMPONENTS("\"a\":{\"platform\":\"sensor\"}")},
        {COMPONENTS("\"a\":{\"platform\":\"sensor\"},"
                    "\"a\":{\"platform\":\"text\"}"),
         COMPONENTS("\"a\":{\"platform\":\"sensor\"},"
                    "\"a\":{\"platform\":\"text\"}")},
        {COMPONENTS(SENSOR("\\u0001")), COMPONENTS("")},
        {COMPONENTS(SENSOR("\xc3\xa9")), COMPONENTS("")},
        {COMPONENTS(SENSOR("")), COMPONENTS("")},
        {COMPONENTS("\"a\":{\"platform\":\"\\u0001\"}"), COMPONENTS("")},
        {COMPONENTS("\"a\":{\"platform\":7}"), COMPONENTS("")},
        {COMPONENTS("\"a\":[{\"platform\":\"sensor\"}],\"b\":null"),
         COMPONENTS("")},
        {"{\"components\":[{\"platform\":\"sensor\"}]}", COMPONENTS("")},
        {"{\"components\":\"a\"}", COMPONENTS("")},
        {"{\"components\":{\"a\":{\"platform\":\"sensor\"}}", COMPONENTS("")},
        {"[]", COMPONENTS("")},
        {"{", COMPONENTS("")},
        {"", COMPONENTS("")},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].old);
        struct buffer out = {0};

        discovery_skeleton(cases[i].old, len, &out);
        assert_string_equal(buffer_text(&out), cases[i].skeleton);
        check_skeleton(cases[i].old, len, COMPONENTS(SENSOR("z")));
        buffer_release(&out);
    }
}

/* A control character is one byte as it comes and six as it is written. */
static void a_skeleton_never_grows(void **state)
{
    size_t big = (size_t)500 << 10;
    struct buffer old = {0};
    char *key = memory_zero(big, 1);

    (void)state;
    memset(key, 1, big - 1);
    (void)buffer_format(&old, COMPONENTS("\"%s\":{\"platform\":\"text\"}"),
                        key);
    check_skeleton(old.bytes, old.len, COMPONENTS(SENSOR("a")));
    memset(key, '[', big - 1);
    check_skeleton(key, big - 1, COMPONENTS(SENSOR("a")));
    buffer_release(&old);
    free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(we_know_our_own_documents_again),
        cmocka_unit_test(what_is_not_wholly_ours_is_not_ours),
        cmocka_unit_test(an_id_that_does_not_fit_is_not_ours),
        cmocka_unit_test(bytes_that_want_to_hurt_are_refused),
        cmocka_unit_test(equal_is_what_says_the_same),
        cmocka_unit_test(what_went_is_reduced_to_its_platform),
        cmocka_unit_test(all_that_went_is_reduced),
        cmocka_unit_test(another_platform_takes_two_steps),
        cmocka_unit_test(what_went_can_be_put_back),
        cmocka_unit_test(nothing_is_removed_without_need),
        cmocka_unit_test(a_fields_going_is_a_removal_of_its_entity),
        cmocka_unit_test(a_trigger_goes_like_an_entity),
        cmocka_unit_test(a_skeleton_is_enough_to_take_back),
        cmocka_unit_test(a_skeleton_has_only_what_can_be_taken_back),
        cmocka_unit_test(a_skeleton_never_grows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
