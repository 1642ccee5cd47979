/* The newest files, and names that tell them apart. */
#include "bridge/files_kept.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static void add(struct kept_files *kept, const char *path, const char *name,
                const char *folder, int64_t modified)
{
    const struct file_entry entry = {
        .kind = FILE_PRINT,
        .path = path,
        .name = name,
        .modified = modified,
        .size = -1,
    };

    kept_add(kept, &entry, folder);
}

static void the_newest_are_kept_newest_first(void **state)
{
    struct kept_files kept = {0};
    char path[32];
    int i;

    (void)state;
    for (i = 0; i < 1000; i++) {
        (void)snprintf(path, sizeof path, "/usb/%d", i);
        add(&kept, path, path, "", (i * 7919) % 1000);
    }
    assert_int_equal(kept.count, FILES_KEPT);
    for (i = 0; i < FILES_KEPT; i++)
        assert_int_equal(kept.files[i].modified, 999 - i);
    kept_release(&kept);
}

static void lists_of_folders_become_one(void **state)
{
    struct kept_files one = {0}, two = {0};
    char path[32];
    int i;

    (void)state;
    for (i = 0; i < FILES_KEPT; i++) {
        (void)snprintf(path, sizeof path, "/usb/%d", i);
        add(i % 2 ? &one : &two, path, path, "", i);
    }
    add(&one, "/usb/new", "new", "", 1000);
    kept_merge(&one, &two);
    assert_int_equal(two.count, 0);
    assert_int_equal(one.count, FILES_KEPT);
    assert_string_equal(one.files[0].path, "/usb/new");
    for (i = 1; i < FILES_KEPT; i++)
        assert_int_equal(one.files[i].modified, FILES_KEPT - i);
    kept_release(&one);
}

static void equal_names_get_their_folders(void **state)
{
    struct kept_files usb = {0}, card = {0};
    struct kept_view view = {0};
    const char *const labels[] = {"only.gcode", "parts/box.gcode",
                                  "/usb/box.gcode", "/sdcard/box.gcode",
                                  "/usb/NONE"};
    int i;

    (void)state;
    add(&usb, "/usb/ONLY~1.GCO", "only.gcode", "deep/er", 9);
    add(&usb, "/usb/PARTS/BOX~1.GCO", "box.gcode", "parts", 8);
    add(&usb, "/usb/BOX~1.GCO", "box.gcode", "", 7);
    add(&card, "/sdcard/box.gcode", "box.gcode", "", 6);
    add(&usb, "/usb/NONE", "none", "", 5);
    view_add(&view, &usb);
    view_add(&view, &card);
    view_label(&view);
    assert_int_equal(view.count, 5);
    for (i = 0; i < 5; i++)
        assert_string_equal(view.files[i]->label, labels[i]);
    assert_string_equal(view_find(&view, "parts/box.gcode")->path,
                        "/usb/PARTS/BOX~1.GCO");
    assert_string_equal(view_find(&view, "/usb/PARTS/BOX~1.GCO")->path,
                        "/usb/PARTS/BOX~1.GCO");
    assert_string_equal(view_find(&view, "/usb/parts/box.gcode")->path,
                        "/usb/PARTS/BOX~1.GCO");
    assert_null(view_find(&view, "box.gcode"));
    view_release(&view);
    kept_release(&usb);
    kept_release(&card);
}

/* Home Assistant takes 255 characters. */
static void a_name_too_long_is_a_path(void **state)
{
    struct kept_files usb = {0};
    struct kept_view view = {0};
    char name[255 + 1], folder[21];

    (void)state;
    memset(name, 'n', 255);
    name[255] = '\0';
    memset(folder, 'f', 20);
    folder[20] = '\0';
    add(&usb, "/usb/A", name, "", 2);
    add(&usb, "/usb/F/A", name, folder, 1);
    view_add(&view, &usb);
    view_label(&view);
    assert_string_equal(view.files[0]->label, name);
    assert_string_equal(view.files[1]->label, "/usb/F/A");
    view_release(&view);
    kept_release(&usb);
}

static void the_chosen_one_stays_in_view(void **state)
{
    struct kept_files kept = {0}, old = {0};
    struct kept_view view = {0};
    char path[32];
    int i;

    (void)state;
    for (i = 0; i < FILES_KEPT; i++) {
        (void)snprintf(path, sizeof path, "/usb/%d", i);
        add(&kept, path, path, "", 100 + i);
    }
    add(&old, "/usb/old", "old", "", 1);
    view_add(&view, &kept);
    view_insist(&view, &old.files[0]);
    assert_int_equal(view.count, FILES_KEPT);
    assert_string_equal(view.files[FILES_KEPT - 1]->path, "/usb/old");
    view_insist(&view, &old.files[0]);
    assert_string_equal(view.files[FILES_KEPT - 2]->path, "/usb/1");
    view_release(&view);
    kept_release(&kept);
    kept_release(&old);
}

static void the_list_is_bounded_json(void **state)
{
    struct kept_files kept = {0};
    struct kept_view view = {0};
    struct buffer json = {0};
    char path[400];
    int i;

    (void)state;
    add(&kept, "/usb/A.GCO", "a \"b\".gcode", "", 1700000000);
    view_add(&view, &kept);
    view_label(&view);
    view_json(&view, &json);
    assert_string_equal(buffer_text(&json),
                        "[{\"name\":\"a \\\"b\\\".gcode\",\"path\":\"/usb/"
                        "A.GCO\",\"modified\":\"2023-11-14T22:13:20+00:00\"}]");
    memset(path, 'x', sizeof path);
    memcpy(path, "/usb/", 5);
    path[sizeof path - 1] = '\0';
    for (i = 0; i < FILES_KEPT; i++)
        add(&kept, path, path + 5, "", i);
    view_release(&view);
    view_add(&view, &kept);
    view_label(&view);
    buffer_reset(&json);
    view_json(&view, &json);
    assert_true(json.len <= FILES_JSON_MAX && json.len > FILES_JSON_MAX / 2);
    assert_string_equal(buffer_text(&json) + json.len - 2, "}]");
    buffer_release(&json);
    view_release(&view);
    kept_release(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_are_kept_newest_first),
        cmocka_unit_test(lists_of_folders_become_one),
        cmocka_unit_test(equal_names_get_their_folders),
        cmocka_unit_test(a_name_too_long_is_a_path),
        cmocka_unit_test(the_chosen_one_stays_in_view),
        cmocka_unit_test(the_list_is_bounded_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
