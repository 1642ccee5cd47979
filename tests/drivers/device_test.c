/* What is learned about a printer beside its values, and who owns it. */
#include "bridge/drivers/driver.h"
#include "check.h"

enum { BUDDY = 1, PI = 2 };

static void read_as(struct device *device, const char *endpoint,
                    const char *body)
{
    const struct driver *driver = driver_find("prusalink");
    struct telemetry t = {0};

    assert_true(driver_decode(driver, driver_endpoint_find(driver, endpoint),
                              200, body, strlen(body), NULL, &t, device, NULL));
    telemetry_release(&t);
}

/* A Buddy that tells all a device can hold, cameras included. */
static struct device full(void)
{
    struct device device = {.variant = BUDDY};

    read_as(&device, "storage", "{\"storage_list\":[{\"path\":\"/usb/\"}]}");
    read_as(&device, "cameras",
            "{\"camera_list\":[{\"camera_id\":\"Front 1\",\"connected\":true}]"
            "}");
    read_as(&device, "status",
            "{\"printer\":{\"state\":\"DANCING\"},\"storage\":{}}");
    read_as(&device, "job",
            "{\"id\":7,\"file\":{\"refs\":{\"thumbnail\":\"/thumb/l/B.GCO\","
            "\"download\":\"/usb/B.GCO\"}}}");
    return device;
}

static void a_copy_shares_nothing(void **state)
{
    struct device device = full(), copy;

    (void)state;
    device_copy(&copy, &device);
    assert_ptr_not_equal(copy.storages.name, device.storages.name);
    assert_ptr_not_equal(copy.cameras.name, device.cameras.name);
    assert_ptr_not_equal(copy.camera_ids, device.camera_ids);
    assert_ptr_not_equal(copy.camera_ids[0], device.camera_ids[0]);
    assert_ptr_not_equal(copy.unknown_word, device.unknown_word);
    assert_ptr_not_equal(copy.picture, device.picture);
    assert_ptr_not_equal(copy.download, device.download);
    device_release(&device);
    assert_int_equal(copy.variant, BUDDY);
    assert_int_equal(instances_find(&copy.storages, "usb"), 0);
    assert_int_equal(instances_find(&copy.cameras, "front_1"), 0);
    assert_string_equal(device_camera_id(&copy, 0), "Front 1");
    assert_string_equal(copy.unknown_word, "DANCING");
    assert_string_equal(copy.picture, "/thumb/l/B.GCO");
    assert_string_equal(copy.download, "/usb/B.GCO");
    assert_int_equal(copy.answered.id, 7);
    device_release(&copy);
}

static void nothing_known_owns_nothing(void **state)
{
    struct device device = full(), nothing = {0}, copy;

    (void)state;
    device_release(&device);
    assert_memory_equal(&device, &nothing, sizeof device);
    device_copy(&copy, &nothing);
    assert_memory_equal(&copy, &nothing, sizeof copy);
    device_release(&copy);
}

static void the_next_job_may_have_no_picture(void **state)
{
    struct device device = full();

    (void)state;
    read_as(&device, "job", "{\"id\":8,\"file\":{\"refs\":{}}}");
    assert_null(device.picture);
    assert_null(device.download);
    read_as(&device, "job",
            "{\"id\":9,\"file\":{\"refs\":{\"thumbnail\":null,"
            "\"icon\":\"/thumb/s/C.GCO\",\"download\":\"http://x/\"}}}");
    assert_string_equal(device.picture, "/thumb/s/C.GCO");
    assert_null(device.download);
    device_release(&device);
}

/* The longest one there can be, and one byte more. */
static void a_target_has_an_end(void **state)
{
    struct device device = {.variant = PI};
    char body[REQUEST_TARGET_MAX + 100];
    size_t len;

    (void)state;
    for (len = REQUEST_TARGET_MAX; len < REQUEST_TARGET_MAX + 2; len++) {
        char name[REQUEST_TARGET_MAX + 2];

        memset(name, 'x', len - 1);
        name[len - 1] = '\0';
        (void)snprintf(body, sizeof body,
                       "{\"id\":1,\"file\":{\"refs\":{\"thumbnail\":\"/%s\"}}}",
                       name);
        read_as(&device, "job", body);
        if (len <= REQUEST_TARGET_MAX)
            assert_int_equal(strlen(device.picture), len);
        else
            assert_null(device.picture);
    }
    device_release(&device);
}

/* After a restart only their names are known. */
static void a_camera_has_an_id_once_it_is_told(void **state)
{
    struct device device = {.variant = PI};
    struct request request;

    (void)state;
    (void)instances_learn(&device.cameras, "Front 1", 0);
    assert_null(device_camera_id(&device, 0));
    assert_int_equal(driver_camera_find(&device, "front_1"), -1);
    assert_false(driver_camera_target("/{camera}", 0, &device, &request));
    read_as(&device, "cameras",
            "{\"camera_list\":[{\"camera_id\":\"Front 1\"}]}");
    assert_int_equal(driver_camera_find(&device, "front_1"), 0);
    assert_int_equal(driver_camera_find(&device, "Front 1"), 0);
    assert_true(driver_camera_target("/{camera}", 0, &device, &request));
    assert_string_equal(request.target, "/Front%201");
    assert_null(device_camera_id(&device, 1));
    assert_null(device_camera_id(&device, -1));
    assert_null(device_camera_id(&device, INSTANCES_CAMERA));
    device_release(&device);
}

static void an_unknown_word_is_reported_once(void **state)
{
    static const struct {
        const char *word;
        bool news;
    } rows[] = {{"", false},       {"DANCING", true},  {"DANCING", false},
                {"SINGING", true}, {"\\u0007", false}, {"DANCING", true}};
    struct device device = {.variant = BUDDY};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        char body[100];

        (void)snprintf(body, sizeof body, "{\"printer\":{\"state\":\"%s\"}}",
                       rows[i].word);
        read_as(&device, "status", body);
        if (device.unknown_state != rows[i].news)
            fail_msg("%zu: \"%s\"", i, rows[i].word);
        if (rows[i].news)
            assert_string_equal(device.unknown_word, rows[i].word);
        device.unknown_state = false;
    }
    device_release(&device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_shares_nothing),
        cmocka_unit_test(nothing_known_owns_nothing),
        cmocka_unit_test(the_next_job_may_have_no_picture),
        cmocka_unit_test(a_target_has_an_end),
        cmocka_unit_test(a_camera_has_an_id_once_it_is_told),
        cmocka_unit_test(an_unknown_word_is_reported_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
