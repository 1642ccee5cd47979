/* What every driver's tables must keep, and who can do what when. */
#include "bridge/drivers/driver.h"
#include "check.h"

enum { BUDDY = 1, PI = 2 };

#define IDLE      STATE_BIT(STATE_IDLE)
#define READY     STATE_BIT(STATE_READY)
#define BUSY      STATE_BIT(STATE_BUSY)
#define PRINTING  STATE_BIT(STATE_PRINTING)
#define PAUSED    STATE_BIT(STATE_PAUSED)
#define FINISHED  STATE_BIT(STATE_FINISHED)
#define STOPPED   STATE_BIT(STATE_STOPPED)
#define ATTENTION STATE_BIT(STATE_ATTENTION)

static void drivers_are_found_by_name(void **state)
{
    size_t i;

    (void)state;
    assert_non_null(drivers[0]);
    for (i = 0; drivers[i]; i++)
        assert_ptr_equal(driver_find(drivers[i]->name), drivers[i]);
    assert_null(driver_find("PrusaLink"));
    assert_null(driver_find(""));
}

static void each_field_has_one_owner(void **state)
{
    const struct driver_endpoint *e;
    const struct driver_field *row;
    size_t i;

    (void)state;
    for (i = 0; drivers[i]; i++) {
        const struct driver_endpoint *owner[FIELD_COUNT] = {NULL};

        for (e = drivers[i]->endpoints; e->name; e++)
            for (row = e->fields; row->path; row++) {
                if (row->patch)
                    continue;
                if (owner[row->field] && owner[row->field] != e)
                    fail_msg("%s and %s both own %s", owner[row->field]->name,
                             e->name, field_row(row->field)->key);
                owner[row->field] = e;
            }
    }
}

static void every_driver_can_be_polled(void **state)
{
    size_t i, polls;
    int e;

    (void)state;
    for (i = 0; drivers[i]; i++) {
        const struct driver_endpoint *rows = drivers[i]->endpoints;

        for (e = 0, polls = 0; rows[e].name; e++) {
            struct request request;

            assert_int_equal(driver_endpoint_find(drivers[i], rows[e].name), e);
            polls += rows[e].cadence == CADENCE_POLL;
            driver_read(drivers[i], e, &request);
            assert_int_equal(request.method, HTTP_GET);
            assert_string_equal(request.target, rows[e].target);
            assert_false(request.once);
        }
        assert_int_equal(polls, 1);
        assert_true(e <= DRIVER_ENDPOINTS_MAX);
        assert_true(driver_reports(drivers[i], FIELD_STATE));
        assert_false(driver_reports(drivers[i], FIELD_POLL_LATENCY));
    }
    assert_int_equal(driver_endpoint_find(drivers[0], "nothing"), -1);
}

static void prusalink_reports_what_it_has(void **state)
{
    const struct driver *driver = driver_find("prusalink");

    (void)state;
    assert_true(driver_reports(driver, FIELD_TRANSFER_ACTIVE));
    assert_true(driver_reports(driver, FIELD_STORAGE_FREE));
    assert_true(driver_reports(driver, FIELD_INFO_SERVER));
    assert_true(driver_reports(driver, FIELD_MATERIAL));
    assert_false(driver_reports(driver, FIELD_STORAGE_FILES));
    assert_false(driver_reports(driver, FIELD_JOB_STARTED_AT));
}

static void orders_are_allowed_by_family_and_state(void **state)
{
    static const struct {
        enum command command;
        unsigned buddy, pi;
    } rows[] = {
        {COMMAND_PAUSE, PRINTING, PRINTING},
        {COMMAND_RESUME, PAUSED, PAUSED},
        {COMMAND_CANCEL, PRINTING | PAUSED | ATTENTION, PRINTING | PAUSED},
        {COMMAND_CONTINUE, ATTENTION, ATTENTION},
        {COMMAND_PRINT, IDLE | READY | STOPPED | FINISHED, IDLE | READY | BUSY},
    };
    const struct driver *driver = driver_find("prusalink");
    struct device buddy = {.variant = BUDDY}, pi = {.variant = PI};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum command c = rows[i].command;

        assert_int_equal(driver_states(driver, c, &buddy), rows[i].buddy);
        assert_int_equal(driver_states(driver, c, &pi), rows[i].pi);
        assert_true(driver_states(driver, c, NULL) != 0);
        assert_int_equal(driver_command(driver, c)->learned,
                         c == COMMAND_CONTINUE);
    }
}

static void the_bridges_own_orders_go_in_every_state(void **state)
{
    const struct driver *driver = driver_find("prusalink");
    enum command c;

    (void)state;
    for (c = 0; c < COMMAND_COUNT; c++) {
        if (!(command_row(c)->flags & COMMAND_OFFLINE))
            continue;
        assert_null(driver_command(driver, c));
        assert_int_equal(driver_states(driver, c, NULL),
                         STATE_BIT(STATE_COUNT) - 1);
    }
}

/* Did the awaited effect of a command show in this state and job? 5 is the job
 * that was current when the order was sent. */
static bool shown(enum command command, enum state is, int64_t job)
{
    const struct driver *driver = driver_find("prusalink");
    struct telemetry t = {0};
    bool done;

    if (is != STATE_COUNT)
        telemetry_set(&t, SLOT_STATE, value_word((int)is));
    if (job >= 0)
        telemetry_set(&t, SLOT_JOB_ID, value_integer(job));
    done = driver_step_done(&driver_command(driver, command)->steps[1], 5, &t);
    telemetry_release(&t);
    return done;
}

static void an_order_is_done_when_its_effect_shows(void **state)
{
    static const struct {
        enum command command;
        enum state is;
        int64_t job;
        bool done;
    } rows[] = {
        {COMMAND_PAUSE, STATE_PRINTING, 5, false},
        {COMMAND_PAUSE, STATE_PAUSED, 5, true},
        {COMMAND_PAUSE, STATE_ATTENTION, 5, false},
        {COMMAND_PAUSE, STATE_COUNT, -1, false},
        {COMMAND_RESUME, STATE_PAUSED, 5, false},
        {COMMAND_RESUME, STATE_PRINTING, 5, true},
        {COMMAND_RESUME, STATE_FINISHED, -1, true},
        {COMMAND_RESUME, STATE_ATTENTION, 5, false},
        {COMMAND_CANCEL, STATE_PRINTING, 5, false},
        {COMMAND_CANCEL, STATE_BUSY, -1, false},
        {COMMAND_CANCEL, STATE_STOPPED, -1, true},
        {COMMAND_CANCEL, STATE_IDLE, -1, true},
        {COMMAND_CANCEL, STATE_ERROR, -1, true},
        {COMMAND_CANCEL, STATE_PRINTING, 6, true},
        {COMMAND_CANCEL, STATE_COUNT, -1, false},
        {COMMAND_CONTINUE, STATE_ATTENTION, 5, false},
        {COMMAND_CONTINUE, STATE_PRINTING, 5, true},
        {COMMAND_CONTINUE, STATE_ERROR, 5, false},
        {COMMAND_PRINT, STATE_IDLE, -1, false},
        {COMMAND_PRINT, STATE_IDLE, 5, false},
        {COMMAND_PRINT, STATE_IDLE, 6, true},
        {COMMAND_PRINT, STATE_PRINTING, -1, true},
        {COMMAND_PRINT, STATE_ATTENTION, 6, true},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (shown(rows[i].command, rows[i].is, rows[i].job) != rows[i].done)
            fail_msg("row %zu: %s", i, command_row(rows[i].command)->name);
}

/* Texts that do not change cost nothing in a snapshot's arena. */
static void the_same_answer_again_changes_nothing(void **state)
{
    static const char body[] =
        "{\"id\":9,\"state\":\"PRINTING\",\"file\":{\"name\":\"A.GCO\","
        "\"display_name\":\"a long name.gcode\",\"path\":\"/usb\"}}";
    const struct driver *driver = driver_find("prusalink");
    int job = driver_endpoint_find(driver, "job");
    struct telemetry t = {0};
    struct device device = {.variant = BUDDY};
    size_t len = 0;
    int i;

    (void)state;
    for (i = 0; i < 3; i++) {
        assert_true(driver_decode(driver, job, 200, body, sizeof body - 1, NULL,
                                  &t, &device, NULL));
        assert_true(i == 0 || t.texts.len == len);
        len = t.texts.len;
    }
    assert_string_equal(telemetry_text(&t, SLOT_JOB_PATH), "/usb/A.GCO");
    telemetry_release(&t);
    device_release(&device);
}

/* What an endpoint told is forgotten; who the printer is, is not. */
static void forgetting_empties_what_an_endpoint_owned(void **state)
{
    static const char body[] = "{\"original\":\"PrusaLink I3MK3S\"}";
    const struct driver *driver = driver_find("prusalink");
    int version = driver_endpoint_find(driver, "version");
    struct telemetry t = {0};
    struct device device = {0};
    int i;

    (void)state;
    assert_true(driver_decode(driver, version, 200, body, sizeof body - 1, NULL,
                              &t, &device, NULL));
    assert_string_equal(telemetry_text(&t, SLOT_INFO_MODEL), "I3MK3S");
    for (i = 0; driver->endpoints[i].name; i++)
        driver_forget(driver, i, NULL, &t, &device);
    for (i = 0; i < SLOT_COUNT; i++)
        assert_false(telemetry_known(&t, i));
    assert_int_equal(device.variant, PI);
    telemetry_release(&t);
    device_release(&device);
}

/* The bridge may settle after each answer or once for several. */
static void settling_again_changes_nothing(void **state)
{
    static const char body[] =
        "{\"storage\":[],\"job\":{\"id\":9,\"progress\":0,\"time_printing\":1},"
        "\"printer\":{\"state\":\"ATTENTION\"}}";
    const struct driver *driver = driver_find("prusalink");
    struct telemetry prev = {0}, t = {0}, once = {0};
    struct device device = {.variant = PI};
    int i, slot;

    (void)state;
    for (i = 0; i < 3; i++) {
        telemetry_copy(&prev, &t);
        assert_true(driver_decode(driver, 0, 200, body, sizeof body - 1, NULL,
                                  &t, &device, NULL));
        driver->settle(&prev, &t, &device);
        telemetry_copy(&once, &t);
        driver->settle(&prev, &t, &device);
        driver->settle(&once, &t, &device);
        for (slot = 0; slot < SLOT_COUNT; slot++)
            assert_true(telemetry_equal(&once, &t, slot));
    }
    telemetry_release(&prev);
    telemetry_release(&t);
    telemetry_release(&once);
    device_release(&device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drivers_are_found_by_name),
        cmocka_unit_test(each_field_has_one_owner),
        cmocka_unit_test(every_driver_can_be_polled),
        cmocka_unit_test(prusalink_reports_what_it_has),
        cmocka_unit_test(orders_are_allowed_by_family_and_state),
        cmocka_unit_test(the_bridges_own_orders_go_in_every_state),
        cmocka_unit_test(an_order_is_done_when_its_effect_shows),
        cmocka_unit_test(the_same_answer_again_changes_nothing),
        cmocka_unit_test(forgetting_empties_what_an_endpoint_owned),
        cmocka_unit_test(settling_again_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
