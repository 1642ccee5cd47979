/* transfer/ fields: the bridge's own upload, and the pace of others. */
#include "bridge/transfer.h"
#include "tests/unit.h"

static int64_t whole(const struct telemetry *t, int slot)
{
    return telemetry_integer(t, slot, -1);
}

static void an_upload_of_the_bridge_is_told(void **state)
{
    const struct transfer transfer = {"/usb/parts/box.gcode", 1000, 250, true};
    struct transfer_pace pace = {0};
    struct telemetry t = {.texts = {0}};

    (void)state;
    telemetry_set(&t, SLOT_TRANSFER_PROGRESS, value_number(3));
    transfer_pace(&pace, 0, 1000);
    transfer_pace(&pace, 250, 2000);
    transfer_fields(&transfer, &pace, &t);
    assert_string_equal(telemetry_text(&t, SLOT_TRANSFER_NAME), "box.gcode");
    assert_string_equal(telemetry_text(&t, SLOT_TRANSFER_SOURCE), "bridge");
    assert_int_equal(whole(&t, SLOT_TRANSFER_BYTES), 250);
    assert_int_equal(whole(&t, SLOT_TRANSFER_RATE), 250);
    assert_int_equal(whole(&t, SLOT_TRANSFER_REMAINING), 3);
    assert_near(telemetry_get(&t, SLOT_TRANSFER_PROGRESS).number, 25, 0.01);
    transfer_fields(NULL, &pace, &t);
    assert_int_equal(whole(&t, SLOT_TRANSFER_ACTIVE), 0);
    assert_false(telemetry_known(&t, SLOT_TRANSFER_NAME));
    telemetry_release(&t);
}

static void the_pace_of_others_is_worked_out(void **state)
{
    struct transfer_pace pace = {0};
    struct telemetry t = {.texts = {0}};
    int64_t s;

    (void)state;
    telemetry_set(&t, SLOT_TRANSFER_ACTIVE, value_truth(true));
    telemetry_set(&t, SLOT_TRANSFER_SIZE, value_integer(1000000));
    for (s = 1; s <= 10; s++) {
        telemetry_set(&t, SLOT_TRANSFER_BYTES, value_integer(s * 50000));
        telemetry_clear(&t, SLOT_TRANSFER_REMAINING);
        transfer_derive(&pace, &t, s * 1000);
    }
    assert_int_equal(whole(&t, SLOT_TRANSFER_RATE), 50000);
    assert_int_equal(whole(&t, SLOT_TRANSFER_REMAINING), 10);
    /* what the printer says itself stays */
    telemetry_set(&t, SLOT_TRANSFER_REMAINING, value_integer(77));
    transfer_derive(&pace, &t, 11000);
    assert_int_equal(whole(&t, SLOT_TRANSFER_REMAINING), 77);
    telemetry_set(&t, SLOT_TRANSFER_ACTIVE, value_truth(false));
    transfer_derive(&pace, &t, 12000);
    assert_false(telemetry_known(&t, SLOT_TRANSFER_RATE));
    telemetry_release(&t);
}

static void the_pace_begins_anew_with_another_transfer(void **state)
{
    struct transfer_pace pace = {0};

    (void)state;
    transfer_pace(&pace, 0, 1000);
    transfer_pace(&pace, 5000, 2000);
    assert_near(pace.rate, 5000, 1);
    transfer_pace(&pace, 5100, 2100); /* too soon to tell */
    assert_near(pace.rate, 5000, 1);
    transfer_pace(&pace, 100, 3000);
    assert_near(pace.rate, 0, 1);
    transfer_pace(&pace, 200, 60000); /* nobody looked for long */
    assert_near(pace.rate, 0, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upload_of_the_bridge_is_told),
        cmocka_unit_test(the_pace_of_others_is_worked_out),
        cmocka_unit_test(the_pace_begins_anew_with_another_transfer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
