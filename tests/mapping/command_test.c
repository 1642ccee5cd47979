#include "mapping/command.h"
#include "tests/unit.h"

static void commands_are_found_by_their_names(void **state)
{
    enum command c;

    (void)state;
    for (c = 0; c < COMMAND_COUNT; c++)
        assert_int_equal(command_find(command_row(c)->name), c);
    assert_int_equal(command_find("PAUSE"), COMMAND_COUNT);
    assert_int_equal(command_find(""), COMMAND_COUNT);
}

static void names_fit_into_a_topic_and_a_unique_id(void **state)
{
    enum command c;

    (void)state;
    for (c = 0; c < COMMAND_COUNT; c++) {
        const char *name = command_row(c)->name;

        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"),
                         strlen(name));
        assert_true(command_row(c)->label[0]);
    }
}

static void numbers_have_a_range(void **state)
{
    enum command c;

    (void)state;
    for (c = 0; c < COMMAND_COUNT; c++)
        if (command_row(c)->argument == ARGUMENT_SECONDS)
            assert_true(command_row(c)->min < command_row(c)->max);
}

static void every_order_ends(void **state)
{
    enum command c;

    (void)state;
    for (c = 0; c < COMMAND_COUNT; c++)
        if (c != COMMAND_UPLOAD) /* as long as the file takes */
            assert_in_range(command_row(c)->limit_s, 1,
                            c == COMMAND_SERVER_UPDATE ? 900 : 180);
}

static void what_changes_a_running_print_is_bound_to_it(void **state)
{
    static const enum command bound[] = {COMMAND_PAUSE, COMMAND_RESUME,
                                         COMMAND_CANCEL, COMMAND_CONTINUE};
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(bound); i++)
        assert_true(command_row(bound[i])->flags & COMMAND_JOB);
    assert_true(command_row(COMMAND_CANCEL)->flags & COMMAND_OVERTAKE);
    assert_false(command_row(COMMAND_PAUSE)->flags & COMMAND_OVERTAKE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_found_by_their_names),
        cmocka_unit_test(names_fit_into_a_topic_and_a_unique_id),
        cmocka_unit_test(numbers_have_a_range),
        cmocka_unit_test(every_order_ends),
        cmocka_unit_test(what_changes_a_running_print_is_bound_to_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
