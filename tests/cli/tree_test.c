#include "bridge/cli/tree.h"
#include "tests/cli/check.h"

#include <stdlib.h>

#define NOW   ((int64_t)1700000000)
#define HOURS ((int64_t)3600)

static struct tree here, there;
static struct buffer told;

static void is_here(const char *name, int64_t size, int64_t modified)
{
    tree_add(&here, name, name, size < 0, size, modified);
}

static void is_there(const char *name, int64_t size, int64_t modified)
{
    tree_add(&there, name, name, size < 0, size, modified);
}

/* The steps as one line: "upload a, delete b". */
static void compare(bool delete_rest, const char *expected)
{
    static const char *const words[] = {"make",   "upload", "replace",
                                        "delete", "keep",   "same"};
    struct steps steps;
    size_t i;

    tree_sort(&here);
    tree_sort(&there);
    tree_compare(&here, &there, delete_rest, &steps);
    for (i = 0; i < steps.count; i++) {
        const struct step *step = &steps.steps[i];

        (void)buffer_format(&told, "%s%s %s", i ? ", " : "", words[step->deed],
                            (step->here ? step->here : step->there)->name);
    }
    free(steps.steps);
    tree_release(&here);
    tree_release(&there);
    assert_written(&told, expected);
}

static void test_equal_folders_need_nothing(void **state)
{
    (void)state;
    is_here("a", 5, NOW);
    is_there("A", 5, NOW);
    compare(true, "same a");
}

static void test_what_is_only_here_is_uploaded_folders_first(void **state)
{
    (void)state;
    is_here("parts/b", 5, NOW);
    is_here("parts", -1, 0);
    is_here("a", 5, NOW);
    compare(true, "upload a, make parts, upload parts/b");
}

static void test_another_size_is_replaced(void **state)
{
    (void)state;
    is_here("a", 5, NOW);
    is_there("a", 6, NOW + HOURS);
    compare(false, "replace a");
}

static void test_an_unknown_size_counts_as_the_same(void **state)
{
    (void)state;
    is_here("a", 5, NOW);
    tree_add(&there, "a", "a", false, -1, NOW);
    compare(false, "same a");
}

static void test_a_newer_file_is_replaced_unless_zones_explain_it(void **state)
{
    (void)state;
    is_here("day", 5, NOW + 24 * HOURS);
    is_there("day", 5, NOW);
    is_here("zone", 5, NOW + 13 * HOURS);
    is_there("zone", 5, NOW);
    is_here("older", 5, NOW - 24 * HOURS);
    is_there("older", 5, NOW);
    is_here("unknown", 5, NOW);
    is_there("unknown", 5, 0);
    is_here("unset clock", 5, NOW);
    is_there("unset clock", 5, 315532800); /* 1980 */
    compare(false, "replace day, same older, same unknown, same unset clock, "
                   "same zone");
}

static void test_nothing_is_deleted_unless_it_is_said(void **state)
{
    (void)state;
    is_there("old", -1, 0);
    is_there("old/x", 5, NOW);
    compare(false, "keep old/x, keep old");
}

static void test_deleting_goes_from_the_inside_out_and_first(void **state)
{
    (void)state;
    is_here("new", 5, NOW);
    is_there("old", -1, 0);
    is_there("old/deep", -1, 0);
    is_there("old/deep/x", 5, NOW);
    compare(true, "delete old/deep/x, delete old/deep, delete old, upload new");
}

static void test_a_file_where_a_folder_shall_be(void **state)
{
    (void)state;
    is_here("x", -1, 0);
    is_here("x/y", 5, NOW);
    is_there("x", 5, NOW);
    compare(true, "delete x, make x, upload x/y");
}

static void test_empty_folders(void **state)
{
    (void)state;
    compare(true, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_folders_need_nothing),
        cmocka_unit_test(test_what_is_only_here_is_uploaded_folders_first),
        cmocka_unit_test(test_another_size_is_replaced),
        cmocka_unit_test(test_an_unknown_size_counts_as_the_same),
        cmocka_unit_test(test_a_newer_file_is_replaced_unless_zones_explain_it),
        cmocka_unit_test(test_nothing_is_deleted_unless_it_is_said),
        cmocka_unit_test(test_deleting_goes_from_the_inside_out_and_first),
        cmocka_unit_test(test_a_file_where_a_folder_shall_be),
        cmocka_unit_test(test_empty_folders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
