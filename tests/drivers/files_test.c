/* Listings and files of both families as data. */
#include "bridge/drivers/files.h"
#include "check.h"
#include "mapping/buffer.h"

enum { BUDDY = 1, PI = 2 };

static const struct driver *prusalink(void)
{
    return driver_find("prusalink");
}

static struct device device_of(int variant)
{
    struct device device = {.variant = variant};

    (void)instances_learn(&device.storages, variant == PI ? "/local" : "/usb/",
                          0);
    return device;
}

struct seen {
    struct file_list children;
    char self[FILE_PATH_MAX + 1];
    char name[1024];
    int64_t size;
    double weight;
    int64_t time;
    char type[64];
    int selves;
};

static void see_self(void *arg, const struct file_entry *entry)
{
    struct seen *seen = arg;

    seen->selves++;
    seen->size = entry->size;
    (void)snprintf(seen->self, sizeof seen->self, "%s", entry->path);
    (void)snprintf(seen->name, sizeof seen->name, "%s", entry->name);
    seen->weight = entry->meta->filament_weight;
    seen->time = entry->meta->time_estimated;
    (void)snprintf(seen->type, sizeof seen->type, "%s",
                   entry->meta->filament_type);
}

static void see_child(void *arg, const struct file_entry *entry)
{
    file_list_add(&((struct seen *)arg)->children, entry);
}

static size_t read_as(int variant, const char *path, const char *body,
                      struct seen *seen)
{
    struct device device = device_of(variant);
    struct file_reader reader = {seen, see_self, see_child, 0};
    struct error err = {0};

    memset(seen, 0, sizeof *seen);
    if (!driver_files(prusalink(), &device, path, body, strlen(body), &reader,
                      &err))
        fail_msg("%s", err.text);
    device_release(&device);
    return reader.left_out;
}

static void buddys_folder(void **state)
{
    static const char body[] =
        "{\"type\":\"FOLDER\",\"ro\":false,\"m_timestamp\":1700000000,"
        "\"name\":\"SUB\",\"children\":["
        "{\"name\":\"BOX~1.GCO\",\"ro\":false,\"type\":\"PRINT_FILE\","
        "\"m_timestamp\":1700000001,\"refs\":{\"icon\":\"/thumb/s/usb/"
        "BOX~1.GCO\",\"thumbnail\":\"/thumb/l/usb/BOX~1.GCO\",\"download\":"
        "\"/usb/BOX~1.GCO\"},\"display_name\":\"box with a long name.gcode\"},"
        "{\"name\":\"PART.GCO\",\"ro\":true,\"type\":\"PRINT_FILE\","
        "\"m_timestamp\":0,\"display_name\":\"part.gcode\"},"
        "{\"name\":\"SUB2\",\"ro\":false,\"type\":\"FOLDER\",\"m_timestamp\":0,"
        "\"display_name\":\"sub2\"}]}";
    const struct file_entry *e;
    struct seen seen;

    (void)state;
    assert_int_equal(read_as(BUDDY, "/usb/SUB/", body, &seen), 0);
    assert_string_equal(seen.self, "/usb/SUB");
    assert_int_equal(seen.children.count, 3);
    e = seen.children.entries;
    assert_int_equal(e[0].kind, FILE_PRINT);
    assert_string_equal(e[0].path, "/usb/SUB/BOX~1.GCO");
    assert_string_equal(e[0].name, "box with a long name.gcode");
    assert_int_equal(e[0].size, -1);
    assert_int_equal(e[0].modified, 1700000001);
    assert_false(e[0].read_only);
    assert_string_equal(e[0].thumbnail, "/thumb/l/usb/BOX~1.GCO");
    assert_string_equal(e[0].download, "/usb/BOX~1.GCO");
    assert_true(e[1].read_only);
    assert_string_equal(e[1].download, "");
    assert_int_equal(e[2].kind, FILE_FOLDER);
    assert_string_equal(e[2].path, "/usb/SUB/SUB2");
    file_list_release(&seen.children);
}

static void the_pis_folder(void **state)
{
    static const char body[] =
        "{\"type\":\"FOLDER\",\"name\":\"PrusaLink gcodes\",\"read_only\":"
        "false,\"m_timestamp\":1,\"size\":0,\"children\":["
        "{\"type\":\"PRINT_FILE\",\"name\":\"a b.gcode\",\"read_only\":false,"
        "\"m_timestamp\":1795261256,\"size\":72964,\"display_name\":\"a "
        "b.gcode\",\"refs\":{\"download\":\"/api/files/local/a b.gcode/raw\","
        "\"icon\":null,\"thumbnail\":null}},"
        "{\"type\":\"FOLDER\",\"name\":\"sub\",\"size\":12,\"read_only\":true},"
        "{\"type\":\"FIRMWARE\",\"name\":\"fw.hex\",\"size\":\"9\"},"
        "{\"type\":\"FILE\",\"name\":\"notes.txt\",\"size\":3}],"
        "\"display_name\":\"PrusaLink gcodes\"}";
    const struct file_entry *e;
    struct seen seen;

    (void)state;
    assert_int_equal(read_as(PI, "/local", body, &seen), 0);
    assert_string_equal(seen.self, "/local");
    assert_string_equal(seen.name, "PrusaLink gcodes");
    assert_int_equal(seen.size, -1);
    e = seen.children.entries;
    assert_int_equal(seen.children.count, 4);
    assert_string_equal(e[0].path, "/local/a b.gcode");
    assert_int_equal(e[0].size, 72964);
    assert_string_equal(e[0].download, "/api/files/local/a%20b.gcode/raw");
    assert_string_equal(e[0].thumbnail, "");
    assert_int_equal(e[1].kind, FILE_FOLDER);
    assert_int_equal(e[1].size, -1);
    assert_true(e[1].read_only);
    assert_int_equal(e[2].kind, FILE_FIRMWARE);
    assert_int_equal(e[2].size, 9);
    assert_int_equal(e[3].kind, FILE_OTHER);
    file_list_release(&seen.children);
}

static void a_file_with_slicer_data(void **state)
{
    static const char body[] =
        "{\"type\":\"PRINT_FILE\",\"name\":\"d.gcode\",\"size\":7,\"meta\":{"
        "\"filament used [g]\":12.5,\"filament used [mm]\":4000,"
        "\"estimated printing time (normal mode)\":\"12m 34s\","
        "\"filament_type\":\"PETG\",\"layer_height\":0.2}}";
    struct seen seen;

    (void)state;
    (void)read_as(PI, "/local/d.gcode", body, &seen);
    assert_int_equal(seen.selves, 1);
    assert_int_equal(seen.children.count, 0);
    assert_int_equal(seen.size, 7);
    assert_true(seen.weight > 12.4 && seen.weight < 12.6);
    assert_int_equal(seen.time, 754);
    assert_string_equal(seen.type, "PETG");
}

/* What could lead an order, or a download, elsewhere is not taken. */
static void hostile_names_and_targets(void **state)
{
    static const struct {
        const char *child;
        const char *path; /* NULL = not told */
        const char *download;
        size_t left_out;
    } rows[] = {
        {"{\"name\":\"..\",\"type\":\"FOLDER\"}", NULL, "", 0},
        {"{\"name\":\"a/../b\",\"type\":\"FOLDER\"}", NULL, "", 1},
        {"{\"name\":\"a\\\\b\",\"type\":\"FOLDER\"}", NULL, "", 1},
        {"{\"name\":\"a\\nb\",\"type\":\"FILE\"}", NULL, "", 1},
        {"{\"name\":\"a\xff\",\"type\":\"FILE\"}", NULL, "", 1},
        {"{\"name\":\"\",\"type\":\"FILE\"}", NULL, "", 1},
        {"{\"name\":5,\"type\":\"FILE\"}", NULL, "", 1},
        {"{\"type\":\"FILE\"}", NULL, "", 1},
        {"7", NULL, "", 1},
        {"{\"name\":\".x.gcode.part\"}", NULL, "", 0},
        {"{\"name\":\"X~1.GCO\",\"display_name\":\".x.gcode\"}", NULL, "", 0},
        {"{\"name\":\"a\",\"refs\":{\"download\":\"http://evil/a\"}}", "/usb/a",
         "", 0},
        {"{\"name\":\"a\",\"refs\":{\"download\":\"//evil/a\"}}", "/usb/a", "",
         0},
        {"{\"name\":\"a\",\"refs\":{\"download\":\"/x/../../a\"}}", "/usb/a",
         "", 0},
        {"{\"name\":\"a\",\"refs\":{\"download\":\"/x\\r\\nHost: y\"}}",
         "/usb/a", "", 0},
        {"{\"name\":\"a\",\"refs\":{\"download\":\"/a?b#c%d+e\"}}", "/usb/a",
         "/a%3Fb%23c%25d%2Be", 0},
        {"{\"name\":\"a\",\"refs\":{\"download\":17}}", "/usb/a", "", 0},
        {"{\"name\":\"a\",\"refs\":\"x\"}", "/usb/a", "", 0},
        {"{\"name\":\"K\xc3\xb6nig #1%+'.gcode\"}",
         "/usb/K\xc3\xb6nig #1%+'.gcode", "", 0},
    };
    char body[512];
    struct seen seen;
    size_t i, left;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)snprintf(body, sizeof body,
                       "{\"type\":\"FOLDER\",\"children\":[%s]}",
                       rows[i].child);
        left = read_as(BUDDY, "/usb", body, &seen);
        if (left != rows[i].left_out ||
            seen.children.count != (rows[i].path ? 1u : 0u))
            fail_msg("row %zu: %s", i, rows[i].child);
        if (rows[i].path) {
            assert_string_equal(seen.children.entries[0].path, rows[i].path);
            assert_string_equal(seen.children.entries[0].download,
                                rows[i].download);
        }
        file_list_release(&seen.children);
    }
}

static void odd_numbers(void **state)
{
    static const char *const sizes[] = {"-1", "1e300", "\"x\"", "null", "{}"};
    char body[256];
    struct seen seen;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        (void)snprintf(body, sizeof body,
                       "{\"type\":\"FOLDER\",\"children\":[{\"name\":\"a\","
                       "\"size\":%s,\"m_timestamp\":%s}]}",
                       sizes[i], sizes[i]);
        (void)read_as(PI, "/local", body, &seen);
        assert_int_equal(seen.children.entries[0].size, -1);
        assert_int_equal(seen.children.entries[0].modified, 0);
        file_list_release(&seen.children);
    }
}

static void a_name_too_long_is_left_out(void **state)
{
    struct buffer body = {0};
    struct seen seen;
    int i;

    (void)state;
    (void)buffer_text_add(&body, "{\"type\":\"FOLDER\",\"children\":[{"
                                 "\"name\":\"");
    for (i = 0; i < FILE_PATH_MAX; i++)
        (void)buffer_text_add(&body, "x");
    (void)buffer_text_add(&body, "\"}]}");
    assert_int_equal(read_as(PI, "/local", buffer_text(&body), &seen), 1);
    assert_int_equal(seen.children.count, 0);
    buffer_release(&body);
}

static void refused(const char *body)
{
    struct file_reader reader = {0};
    struct error err = {0};

    assert_false(driver_files(prusalink(), NULL, "/usb", body, strlen(body),
                              &reader, &err));
    assert_memory_equal(err.text, "files: ", 7);
}

static void what_is_no_listing(void **state)
{
    (void)state;
    refused("");
    refused("[]");
    refused("<html>");
    refused("{\"children\":[");
}

static void ten_thousand_files(void **state)
{
    struct buffer body = {0};
    struct seen seen;
    int i;

    (void)state;
    (void)buffer_text_add(&body, "{\"type\":\"FOLDER\",\"children\":[");
    for (i = 0; i < 10000; i++)
        (void)buffer_format(
            &body,
            "%s{\"name\":\"F%05d~1.GCO\",\"ro\":false,\"type\":\"PRINT_FILE\","
            "\"m_timestamp\":%d,\"refs\":{\"icon\":\"/thumb/s/usb/x\","
            "\"thumbnail\":\"/thumb/l/usb/x\",\"download\":\"/usb/x\"},"
            "\"display_name\":\"file number %d.gcode\"}",
            i ? "," : "", i, 1700000000 + i, i);
    (void)buffer_text_add(&body, "]}");
    assert_int_equal(read_as(BUDDY, "/usb", buffer_text(&body), &seen), 0);
    assert_int_equal(seen.children.count, 10000);
    assert_string_equal(seen.children.entries[9999].path, "/usb/F09999~1.GCO");
    file_list_release(&seen.children);
    buffer_release(&body);
}

static void lists_are_bounded_and_sorted(void **state)
{
    static const char body[] =
        "{\"type\":\"FOLDER\",\"children\":[{\"name\":\"b\"},{\"name\":\"A\"},"
        "{\"name\":\"z\",\"type\":\"FOLDER\"},{\"name\":\"c\"}]}";
    struct device device = device_of(BUDDY);
    struct file_list list = {.max = 3};
    struct file_reader reader = {.arg = &list, .child = file_list_child};

    (void)state;
    assert_true(driver_files(prusalink(), &device, "/usb", body, strlen(body),
                             &reader, NULL));
    assert_int_equal(list.count, 3);
    assert_int_equal(list.dropped, 1);
    file_list_sort(&list);
    assert_string_equal(list.entries[0].name, "z");
    assert_string_equal(list.entries[1].name, "A");
    assert_string_equal(list.entries[2].name, "b");
    file_list_release(&list);
    device_release(&device);
}

static void asking_for_a_folder(void **state)
{
    struct device device = device_of(BUDDY);
    struct request request;

    (void)state;
    assert_true(
        driver_read_files(prusalink(), &device, "/usb", &request, NULL));
    assert_string_equal(request.target, "/api/v1/files/usb");
    assert_int_equal(request.method, HTTP_GET);
    assert_true(
        driver_read_files(prusalink(), &device, "/usb/a b+%/", &request, NULL));
    assert_string_equal(request.target, "/api/v1/files/usb/a%20b%2B%25");
    assert_int_equal(request.answer_max, FILES_ANSWER_MAX);
    device_release(&device);
}

static void what_is_never_asked(void **state)
{
    static const char *const paths[] = {
        "",          "/",         "usb",    "//usb", "/usb/..", "/usb/a/../b",
        "/usb/a\nb", "/usb/\xff", "/local",
    };
    struct device device = device_of(BUDDY);
    struct request request;
    char longest[FILE_PATH_MAX + 2];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct error err = {0};

        if (driver_read_files(prusalink(), &device, paths[i], &request, &err))
            fail_msg("%s", paths[i]);
        assert_true(err.text[0]);
    }
    memset(longest, 'x', sizeof longest - 1);
    memcpy(longest, "/usb/", 5);
    longest[sizeof longest - 1] = '\0';
    assert_false(
        driver_read_files(prusalink(), &device, longest, &request, NULL));
    longest[160] = '\0'; /* fits a path, but not Buddy's 168 bytes */
    assert_false(
        driver_read_files(prusalink(), &device, longest, &request, NULL));
    device_release(&device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buddys_folder),
        cmocka_unit_test(the_pis_folder),
        cmocka_unit_test(a_file_with_slicer_data),
        cmocka_unit_test(hostile_names_and_targets),
        cmocka_unit_test(odd_numbers),
        cmocka_unit_test(a_name_too_long_is_left_out),
        cmocka_unit_test(what_is_no_listing),
        cmocka_unit_test(ten_thousand_files),
        cmocka_unit_test(lists_are_bounded_and_sorted),
        cmocka_unit_test(asking_for_a_folder),
        cmocka_unit_test(what_is_never_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
