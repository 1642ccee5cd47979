#include "mapping/memory.h"
#include "tests/unit.h"

static void a_kept_text_is_a_copy(void **state)
{
    char text[] = "box.gcode";
    char *kept = NULL;

    (void)state;
    memory_keep(&kept, text);
    text[0] = 'f';
    assert_string_equal(kept, "box.gcode");
    memory_keep(&kept, text);
    assert_string_equal(kept, "fox.gcode");
    memory_keep(&kept, NULL);
    assert_null(kept);
}

static void no_text_keeps_nothing(void **state)
{
    char *kept = NULL;

    (void)state;
    memory_keep(&kept, "");
    assert_null(kept);
    memory_keep(&kept, "x");
    memory_keep(&kept, "");
    assert_null(kept);
}

static void the_same_again_stays_where_it_is(void **state)
{
    char *kept = NULL, *at;

    (void)state;
    memory_keep(&kept, "usb");
    at = kept;
    memory_keep(&kept, "usb");
    assert_ptr_equal(kept, at);
    memory_keep(&kept, NULL);
}

static void a_part_of_itself_can_be_kept(void **state)
{
    char *kept = NULL;

    (void)state;
    memory_keep(&kept, "/usb/box.gcode");
    memory_keep(&kept, kept + strlen("/usb/"));
    assert_string_equal(kept, "box.gcode");
    memory_keep(&kept, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kept_text_is_a_copy),
        cmocka_unit_test(no_text_keeps_nothing),
        cmocka_unit_test(the_same_again_stays_where_it_is),
        cmocka_unit_test(a_part_of_itself_can_be_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
