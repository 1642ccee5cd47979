#include "bridge/drivers/driver.h"
#include "check.h"

enum { BUDDY = 1, PI = 2 };

static const struct driver *prusalink(void)
{
    return driver_find("prusalink");
}

static struct device device_of(int variant)
{
    struct device device = {.variant = variant};

    if (variant == BUDDY)
        (void)instances_learn(&device.storages, "/usb/", 0);
    if (variant == PI) {
        (void)instances_learn(&device.storages, "/local", 0);
        (void)instances_learn(&device.storages, "/sdcard", 0);
    }
    return device;
}

static enum encode_result print_path(int variant, const char *path,
                                     struct request *request, struct error *err)
{
    struct device device = device_of(variant);
    struct order_arguments arguments = {.job = -1};
    enum encode_result result;

    (void)snprintf(arguments.path, sizeof arguments.path, "%s", path);
    result = driver_encode(prusalink(), COMMAND_PRINT, 0, &arguments, NULL,
                           &device, request, err);
    device_release(&device);
    return result;
}

static void assert_target(int variant, const char *path, const char *target)
{
    struct request request;

    assert_int_equal(print_path(variant, path, &request, NULL), ENCODE_SEND);
    assert_string_equal(request.target, target);
}

static void assert_refused(int variant, const char *path, const char *part)
{
    struct request request;
    struct error err = {0};

    assert_int_equal(print_path(variant, path, &request, &err), ENCODE_REFUSED);
    if (!strstr(err.text, part))
        fail_msg("%s: \"%s\" does not say \"%s\"", path, err.text, part);
}

static void paths_are_percent_encoded(void **state)
{
    (void)state;
    assert_target(BUDDY, "/usb/BOX~1.GCO", "/api/v1/files/usb/BOX~1.GCO");
    assert_target(BUDDY, "/usb/a b+c%d.gcode",
                  "/api/v1/files/usb/a%20b%2Bc%25d.gcode");
    assert_target(BUDDY, "/usb/file?.gcode", "/api/v1/files/usb/file%3F.gcode");
    assert_target(BUDDY, "/usb/!@#$%^&*()[] {}",
                  "/api/v1/files/usb/"
                  "%21%40%23%24%25%5E%26%2A%28%29%5B%5D%20%7B%7D");
    assert_target(BUDDY, "/usb/k\u0159e.gcode",
                  "/api/v1/files/usb/k%C5%99e.gcode");
    assert_target(PI, "/local/parts/O'Neil.gcode",
                  "/api/v1/files/local/parts/O%27Neil.gcode");
    assert_target(PI, "/sdcard//a///b.gcode", "/api/v1/files/sdcard/a/b.gcode");
    assert_target(PI, "/local/..a/b..gcode",
                  "/api/v1/files/local/..a/b..gcode");
    assert_target(PI, "/local/...", "/api/v1/files/local/...");
}

static void a_print_is_sent_once_and_may_take_long(void **state)
{
    struct request request;

    (void)state;
    assert_int_equal(print_path(BUDDY, "/usb/a.g", &request, NULL),
                     ENCODE_SEND);
    assert_int_equal(request.method, HTTP_POST);
    assert_true(request.once);
    assert_int_equal(request.body_len, 0);
    assert_int_equal(request.timeout_ms, 15000);
}

static void bad_paths_are_refused_with_a_remedy(void **state)
{
    static const struct {
        const char *path, *part;
    } rows[] = {
        {"", "begins with a slash"},
        {"/", "begins with a slash"},
        {"//usb/a.g", "begins with a slash"},
        {"usb/a.g", "begins with a slash"},
        {"/usb", "not a file"},
        {"/usb/", "not a file"},
        {"/usb/parts/", "not a file"},
        {"/usb/../a.g", ".. as a part"},
        {"/usb/..", ".. as a part"},
        {"/../usb/a.g", ".. as a part"},
        {"/usb/./a.g", ".. as a part"},
        {"/usb/x\\..\\a.g", ".. as a part"},
        {"/usb/a\n.g", "control characters"},
        {"/usb/a\x7f.g", "control characters"},
        {"/usb/\xff.g", "control characters"},
        {"/sdcard/a.g", "no storage /sdcard; begin the path with /usb"},
        {"/USB/a.g", "no storage /USB"},
        {"/usbx/a.g", "no storage /usbx"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_refused(BUDDY, rows[i].path, rows[i].part);
    assert_refused(PI, "/usb/a.g", "begin the path with /local, /sdcard");
}

static void an_unknown_printer_takes_any_storage(void **state)
{
    struct order_arguments arguments = {.path = "/stick/a.g", .job = -1};
    struct request request;

    (void)state;
    assert_int_equal(driver_encode(prusalink(), COMMAND_PRINT, 0, &arguments,
                                   NULL, NULL, &request, NULL),
                     ENCODE_SEND);
}

/* "/api/v1/files" and "/usb/" are 18 bytes of the target. */
static void buddy_takes_targets_of_168_bytes(void **state)
{
    char path[256] = "/usb/", target[300];
    struct request request;

    (void)state;
    memset(path + 5, 'x', 150);
    (void)snprintf(target, sizeof target, "/api/v1/files%s", path);
    assert_int_equal(strlen(target), 168);
    assert_target(BUDDY, path, target);
    path[155] = 'x';
    assert_refused(BUDDY, path,
                   "a request of 169 bytes and the printer takes "
                   "168; use a shorter name");
    assert_refused(0,
                   "/usb/\u0159\u0159\u0159\u0159\u0159\u0159\u0159\u0159"
                   "\u0159\u0159\u0159\u0159\u0159\u0159\u0159\u0159\u0159"
                   "\u0159\u0159\u0159\u0159\u0159\u0159\u0159\u0159\u0159",
                   "174 bytes");
    (void)snprintf(path, sizeof path, "/local/%0200d", 0);
    assert_int_equal(print_path(PI, path, &request, NULL), ENCODE_SEND);
}

static void the_longest_path_fits_the_request_or_is_refused(void **state)
{
    char path[512] = "/local/";
    struct request request;
    size_t i;

    (void)state;
    for (i = 7; i + 3 < sizeof path; i += 2)
        memcpy(path + i, "\u0159", 3);
    assert_refused(PI, path, "the printer takes 1024");
    (void)snprintf(path + 329, 2, "x");
    assert_int_equal(print_path(PI, path, &request, NULL), ENCODE_SEND);
    assert_true(strlen(request.target) <= REQUEST_TARGET_MAX);
}

static void job_orders_name_the_job(void **state)
{
    static const struct {
        enum command command;
        enum http_method method;
        const char *target;
    } rows[] = {
        {COMMAND_PAUSE, HTTP_PUT, "/api/v1/job/129/pause"},
        {COMMAND_RESUME, HTTP_PUT, "/api/v1/job/129/resume"},
        {COMMAND_CONTINUE, HTTP_PUT, "/api/v1/job/129/continue"},
        {COMMAND_CANCEL, HTTP_DELETE, "/api/v1/job/129"},
    };
    struct order_arguments arguments = {.job = 129};
    struct request request;
    struct error err = {0};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        arguments.job = 129;
        assert_int_equal(driver_encode(prusalink(), rows[i].command, 0,
                                       &arguments, NULL, NULL, &request, &err),
                         ENCODE_SEND);
        assert_int_equal(request.method, rows[i].method);
        assert_string_equal(request.target, rows[i].target);
        assert_true(request.once);
        arguments.job = -1;
        assert_int_equal(driver_encode(prusalink(), rows[i].command, 0,
                                       &arguments, NULL, NULL, &request, &err),
                         ENCODE_REFUSED);
        assert_non_null(strstr(err.text, "there is no job to "));
    }
}

static enum encode_result order_path(int variant, enum command command,
                                     const char *path, bool force,
                                     struct request *request, struct error *err)
{
    struct device device = device_of(variant);
    struct order_arguments arguments = {.job = -1, .force = force};
    enum encode_result result;

    (void)snprintf(arguments.path, sizeof arguments.path, "%s", path);
    result = driver_encode(prusalink(), command, 0, &arguments, NULL, &device,
                           request, err);
    device_release(&device);
    return result;
}

static void folders_are_made_by_a_header(void **state)
{
    struct request request;

    (void)state;
    assert_int_equal(order_path(BUDDY, COMMAND_CREATE_FOLDER, "/usb/a b", false,
                                &request, NULL),
                     ENCODE_SEND);
    assert_int_equal(request.method, HTTP_PUT);
    assert_string_equal(request.target, "/api/v1/files/usb/a%20b");
    assert_string_equal(request.headers[0], "Create-Folder: ?1");
    assert_null(request.headers[1]);
    assert_true(request.once);
}

/* The firmware would cut it, or refuse it at the end. */
static void new_names_must_be_some_that_can_be(void **state)
{
    static const struct {
        int variant;
        const char *path;
        const char *part; /* of the refusal; NULL = it may be sent */
    } rows[] = {
        {BUDDY, "/usb/a:b", "character"},
        {BUDDY, "/usb/a\"b", "character"},
        {BUDDY, "/usb/a./b", "ends with a dot"},
        {BUDDY, "/usb/a ", "ends with a dot"},
        {BUDDY, "/usb/\u00ef\u00b0", NULL},
        {PI, "/local/a:b.", NULL},
        {PI, "/local/100%", "character"},
        {PI, "/local/\u00ef", NULL}, /* shares bytes with what it refuses */
        {PI, "/local/a\u00b0", "character"},
        {PI, "/local", "not a file"},
    };
    struct request request;
    char path[128];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = {0};
        enum encode_result result =
            order_path(rows[i].variant, COMMAND_CREATE_FOLDER, rows[i].path,
                       false, &request, &err);

        if ((result == ENCODE_SEND) != !rows[i].part ||
            (rows[i].part && !strstr(err.text, rows[i].part)))
            fail_msg("%s: %s", rows[i].path, err.text);
    }
    memset(path, 'x', sizeof path);
    memcpy(path, "/usb/", 5);
    path[103] = '\0';
    assert_int_equal(
        order_path(BUDDY, COMMAND_CREATE_FOLDER, path, false, &request, NULL),
        ENCODE_SEND);
    path[103] = 'x';
    path[104] = '\0';
    assert_int_equal(
        order_path(BUDDY, COMMAND_CREATE_FOLDER, path, false, &request, NULL),
        ENCODE_REFUSED);
    /* what is there already has such a name all the same */
    assert_int_equal(
        order_path(BUDDY, COMMAND_DELETE, path, false, &request, NULL),
        ENCODE_SEND);
}

static void only_force_deletes_what_is_in_a_folder(void **state)
{
    struct request request;

    (void)state;
    assert_int_equal(
        order_path(PI, COMMAND_DELETE, "/local/a", false, &request, NULL),
        ENCODE_SEND);
    assert_int_equal(request.method, HTTP_DELETE);
    assert_null(request.headers[0]);
    assert_int_equal(
        order_path(PI, COMMAND_DELETE, "/local/a", true, &request, NULL),
        ENCODE_SEND);
    assert_string_equal(request.headers[0], "Force: ?1");
    assert_int_equal(
        order_path(PI, COMMAND_DELETE, "/local", true, &request, NULL),
        ENCODE_REFUSED);
}

static void a_transfer_is_cancelled_where_it_can_be(void **state)
{
    struct device buddy = device_of(BUDDY), pi = device_of(PI);
    struct request request;
    const struct driver_step *wait =
        &driver_command(prusalink(), COMMAND_CANCEL_TRANSFER)->steps[1];
    struct telemetry t = {0};

    (void)state;
    assert_int_equal(
        driver_states(prusalink(), COMMAND_CANCEL_TRANSFER, &buddy), 0);
    assert_true(driver_states(prusalink(), COMMAND_CANCEL_TRANSFER, &pi) != 0);
    assert_int_equal(
        order_path(PI, COMMAND_CANCEL_TRANSFER, "", false, &request, NULL),
        ENCODE_SEND);
    assert_string_equal(request.target, "/api/v1/transfer");
    telemetry_set(&t, SLOT_TRANSFER_ACTIVE, value_truth(true));
    assert_false(driver_step_done(wait, -1, &t));
    telemetry_set(&t, SLOT_TRANSFER_ACTIVE, value_truth(false));
    assert_true(driver_step_done(wait, -1, &t));
    device_release(&buddy);
    device_release(&pi);
    telemetry_release(&t);
}

static void steps_are_send_wait_done(void **state)
{
    struct order_arguments arguments = {.job = 1};
    struct request request;
    int step;

    (void)state;
    for (step = 0; step < 6; step++)
        assert_int_equal(driver_encode(prusalink(), COMMAND_PAUSE, step,
                                       &arguments, NULL, NULL, &request, NULL),
                         step == 0   ? ENCODE_SEND
                         : step == 1 ? ENCODE_WAIT
                                     : ENCODE_DONE);
}

static void what_the_bridge_does_itself_is_not_encoded(void **state)
{
    struct order_arguments arguments = {.job = 1};
    struct request request;
    struct error err = {0};

    (void)state;
    assert_int_equal(driver_encode(prusalink(), COMMAND_REFRESH, 0, &arguments,
                                   NULL, NULL, &request, &err),
                     ENCODE_REFUSED);
    assert_string_equal(err.text, "the driver prusalink cannot refresh");
}

static struct device with_cameras(void)
{
    static const char list[] =
        "{\"camera_list\":[{\"camera_id\":\"Front 1\",\"connected\":true},"
        "{\"camera_id\":\"TOP\",\"connected\":true}]}";
    struct device device = device_of(PI);
    struct telemetry t = {0};
    int endpoint = driver_endpoint_find(prusalink(), "cameras");

    assert_true(driver_decode(prusalink(), endpoint, 200, list, strlen(list),
                              NULL, &t, &device, NULL));
    telemetry_release(&t);
    return device;
}

struct camera_case {
    enum command command;
    const char *camera, *json; /* as the order says it */
    enum http_method method;
    const char *target, *body; /* "" = none; target NULL = refused */
};

static void check_camera(const struct device *device,
                         const struct camera_case *c)
{
    struct order_arguments arguments = {.job = -1};
    struct request request;
    struct error err = {0};

    (void)snprintf(arguments.path, sizeof arguments.path, "%s", c->camera);
    (void)snprintf(arguments.json, sizeof arguments.json, "%s", c->json);
    assert_int_equal(driver_encode(prusalink(), c->command, 0, &arguments, NULL,
                                   device, &request, &err),
                     c->target ? ENCODE_SEND : ENCODE_REFUSED);
    if (!c->target) {
        assert_true(strstr(err.text, c->body) != NULL);
        return;
    }
    assert_int_equal(request.method, c->method);
    assert_string_equal(request.target, c->target);
    assert_int_equal(request.body_len, strlen(c->body));
    assert_memory_equal(request.body, c->body, request.body_len);
}

#define CAM "/api/v1/cameras/Front%201"

static void cameras_are_named_by_name_or_id(void **state)
{
    static const struct camera_case cases[] = {
        {COMMAND_SNAPSHOT, "front_1", "", HTTP_GET, CAM "/snap", ""},
        {COMMAND_SNAPSHOT, "Front 1", "", HTTP_GET, CAM "/snap", ""},
        {COMMAND_SNAPSHOT, "", "", HTTP_GET, CAM "/snap", ""},
        {COMMAND_SNAPSHOT, "top", "", HTTP_GET, "/api/v1/cameras/TOP/snap", ""},
        {COMMAND_SNAPSHOT, "nobody", "", HTTP_GET, NULL, "no camera nobody"},
        {COMMAND_CAMERA_TRIGGER, "", "", HTTP_POST, CAM "/snap", ""},
        {COMMAND_CAMERA_LIST, "", "", HTTP_GET, "/api/v1/cameras", ""},
        {COMMAND_CAMERA_GET, "front_1", "", HTTP_GET, CAM, ""},
        {COMMAND_CAMERA_RESET, "front_1", "", HTTP_DELETE, CAM "/config", ""},
        {COMMAND_CAMERA_DELETE, "front_1", "", HTTP_DELETE, CAM, ""},
        {COMMAND_CAMERA_REGISTER, "front_1", "", HTTP_POST, CAM "/connection",
         ""},
        {COMMAND_CAMERA_UNREGISTER, "front_1", "", HTTP_DELETE,
         CAM "/connection", ""},
    };
    struct device device = with_cameras();
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        check_camera(&device, &cases[i]);
    device_release(&device);
}

static void settings_and_orders_of_cameras_are_bodies(void **state)
{
    static const char config[] = "{\"name\":\"Front\"}";
    static const struct camera_case cases[] = {
        {COMMAND_CAMERA_CHANGE, "front_1", config, HTTP_PATCH, CAM "/config",
         "{\"name\":\"Front\"}"},
        {COMMAND_CAMERA_CHANGE, "front_1", "", HTTP_PATCH, NULL, "settings"},
        {COMMAND_CAMERA_CREATE, "a/b", config, HTTP_POST,
         "/api/v1/cameras/a%2Fb", "{\"config\":{\"name\":\"Front\"}}"},
        {COMMAND_CAMERA_CREATE, "", config, HTTP_POST, NULL, "by its id"},
        {COMMAND_CAMERA_CREATE, "..", config, HTTP_POST, NULL, ". or .."},
        {COMMAND_CAMERA_ORDER, "top,Front 1", "", HTTP_PUT, "/api/v1/cameras",
         "[\"TOP\",\"Front 1\"]"},
        {COMMAND_CAMERA_ORDER, "top,nobody", "", HTTP_PUT, NULL, "nobody"},
        {COMMAND_CAMERA_ORDER, "top,,front_1", "", HTTP_PUT, NULL, "no camera"},
        {COMMAND_CAMERA_ORDER, "", "", HTTP_PUT, NULL, "new order"},
    };
    struct device device = with_cameras();
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        check_camera(&device, &cases[i]);
    device_release(&device);
}

static void the_only_camera_is_the_servers_first(void **state)
{
    static const struct camera_case one = {
        COMMAND_SNAPSHOT, "", "", HTTP_GET, "/api/v1/cameras/snap", ""};
    struct device device = with_cameras();

    (void)state;
    device.connected_cameras = 1;
    check_camera(&device, &one);
    device_release(&device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cameras_are_named_by_name_or_id),
        cmocka_unit_test(settings_and_orders_of_cameras_are_bodies),
        cmocka_unit_test(the_only_camera_is_the_servers_first),
        cmocka_unit_test(paths_are_percent_encoded),
        cmocka_unit_test(a_print_is_sent_once_and_may_take_long),
        cmocka_unit_test(bad_paths_are_refused_with_a_remedy),
        cmocka_unit_test(an_unknown_printer_takes_any_storage),
        cmocka_unit_test(buddy_takes_targets_of_168_bytes),
        cmocka_unit_test(the_longest_path_fits_the_request_or_is_refused),
        cmocka_unit_test(job_orders_name_the_job),
        cmocka_unit_test(folders_are_made_by_a_header),
        cmocka_unit_test(new_names_must_be_some_that_can_be),
        cmocka_unit_test(only_force_deletes_what_is_in_a_folder),
        cmocka_unit_test(a_transfer_is_cancelled_where_it_can_be),
        cmocka_unit_test(steps_are_send_wait_done),
        cmocka_unit_test(what_the_bridge_does_itself_is_not_encoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
