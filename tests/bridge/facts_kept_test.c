/* Which file is which: by path, or by name and size; and over restarts. */
#include "bridge/facts_kept.h"
#include "bridge/store_facts.h"
#include "tests/unit.h"

#include <cjson/cJSON.h>
#include <string.h>

static void add(struct facts_kept *kept, const char *path, const char *name,
                int64_t size, double weight)
{
    const struct file_mark file = {path, name, size};
    const struct file_facts facts = {.weight_g = weight, .types = "PLA"};

    facts_add(kept, &file, &facts);
}

/* 0 = not known */
static double weight(const struct facts_kept *kept, const char *path,
                     const char *name, int64_t size)
{
    const struct file_mark file = {path, name, size};
    const struct file_facts *facts = facts_find(kept, &file);

    return facts ? facts->weight_g : 0;
}

static void a_file_is_found_by_what_a_job_tells_of_it(void **state)
{
    static const struct {
        const char *says;
        const char *path, *name;
        int64_t size;
        bool found;
    } rows[] = {
        {"the same", "/usb/tower.gcode", "tower.gcode", 1000, true},
        {"the path alone", "/usb/tower.gcode", "", -1, true},
        {"a short name", "/usb/TOWER~1.GCO", "tower.gcode", 1000, true},
        {"FAT knows no case", "/usb/TOWER~1.GCO", "Tower.GCODE", 1000, true},
        {"no path", "", "tower.gcode", 1000, true},
        {"another size", "/usb/tower.gcode", "tower.gcode", 1001, false},
        {"a name without a size", "/usb/TOWER~1.GCO", "tower.gcode", -1, false},
        {"another name", "/usb/TOWER~1.GCO", "tower2.gcode", 1000, false},
        {"nothing", "", "", -1, false},
        {"only a size", "", "", 1000, false},
    };
    struct facts_kept kept = {0};
    size_t i;

    (void)state;
    add(&kept, "/usb/tower.gcode", "tower.gcode", 1000, 12.5);
    add(&kept, "/usb/other.gcode", "other.gcode", 77, 1);
    for (i = 0; i < ROWS(rows); i++) {
        ROW(rows[i].says);
        assert_near(weight(&kept, rows[i].path, rows[i].name, rows[i].size),
                    rows[i].found ? 12.5 : 0, 0.001);
    }
    facts_release(&kept);
    assert_int_equal(kept.count, 0);
}

static void a_new_file_takes_the_place_of_the_old(void **state)
{
    struct facts_kept kept = {0};

    (void)state;
    add(&kept, "/usb/a.gcode", "a.gcode", 10, 1);
    add(&kept, "/usb/A~1.GCO", "a.gcode", 20, 2);
    add(&kept, "/usb/a.gcode", "a.gcode", 30,
        3); /* at the place of the first */
    assert_int_equal(kept.count, 2);
    assert_near(weight(&kept, "", "a.gcode", 10), 0, 0);
    assert_near(weight(&kept, "", "a.gcode", 20), 2, 0);
    assert_near(weight(&kept, "/usb/a.gcode", "", -1), 3, 0);
    add(&kept, "/usb/sub/a.gcode", "a.gcode", 20, 4); /* taken for the same */
    assert_int_equal(kept.count, 2);
    assert_near(weight(&kept, "", "a.gcode", 20), 4, 0);
    facts_release(&kept);
}

static void the_oldest_go(void **state)
{
    struct facts_kept kept = {0};
    char path[32];
    int i;

    (void)state;
    for (i = 1; i <= FACTS_KEPT_MAX + 3; i++) {
        (void)snprintf(path, sizeof path, "/usb/%d.gcode", i);
        add(&kept, path, path + 5, i, i);
    }
    assert_int_equal(kept.count, FACTS_KEPT_MAX);
    assert_near(weight(&kept, "/usb/3.gcode", "", -1), 0, 0);
    assert_near(weight(&kept, "/usb/4.gcode", "", -1), 4, 0);
    facts_release(&kept);
}

static void a_name_is_kept_as_a_snapshot_has_it(void **state)
{
    struct facts_kept kept = {0};

    (void)state;
    add(&kept, "/usb/x", "a\tb\xff.gcode", 5, 1);
    assert_near(weight(&kept, "", "a b\xef\xbf\xbd.gcode", 5), 1, 0);
    facts_release(&kept);
}

static void all_of_it_comes_back(void **state)
{
    const struct file_mark file = {"/usb/t.bgcode", "t.bgcode", 123456789012};
    const struct file_facts facts = {12.25, 4096.5, 0.2, 3600, "PLA, PETG"};
    const struct file_mark bare = {"/usb/bare.gcode", "bare.gcode", -1};
    const struct file_facts none = {.types = ""};
    struct facts_kept kept = {.asked = {true, 7}}, back = {0};
    const struct file_facts *found;
    cJSON *row;

    (void)state;
    facts_add(&kept, &file, &facts);
    facts_add(&kept, &bare, &none);
    row = store_facts_write(&kept);
    store_facts_read(row, &back);
    assert_int_equal(back.count, 2);
    assert_true(back.asked.known);
    assert_int_equal(back.asked.id, 7);
    found = facts_find(&back, &file);
    assert_non_null(found);
    assert_near(found->weight_g, 12.25, 0);
    assert_near(found->length_mm, 4096.5, 0);
    assert_near(found->layer_height_mm, 0.2, 0);
    assert_int_equal(found->seconds, 3600);
    assert_string_equal(found->types, "PLA, PETG");
    found = facts_find(&back, &bare);
    assert_non_null(found); /* read, but it tells nothing */
    assert_near(found->weight_g, 0, 0);
    cJSON_Delete(row);
    facts_release(&kept);
    facts_release(&back);
}

static void what_makes_no_sense_is_not_read(void **state)
{
    static const struct {
        const char *json;
        int count;
    } rows[] = {
        {"null", 0},
        {"[]", 0},
        {"{\"files\":7,\"asked\":-1}", 0},
        {"{\"files\":[1,\"x\",null,{},{\"size\":5}],\"asked\":\"7\"}", 0},
        {"{\"files\":[{\"path\":5,\"name\":\"\\ud800\"}]}", 0},
        {"{\"files\":[{\"path\":\"/a\",\"size\":1e99,\"weight\":-4}]}", 1},
        {"{\"files\":[{\"name\":\"a\",\"weight\":1e30,\"types\":[]}]}", 1},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        struct facts_kept kept = {0};
        cJSON *row = cJSON_Parse(rows[i].json);

        ROW(rows[i].json);
        store_facts_read(row, &kept);
        assert_int_equal(kept.count, rows[i].count);
        assert_false(kept.asked.known);
        if (kept.count) {
            assert_int_equal(kept.files[0].size, -1);
            assert_near(kept.files[0].facts.weight_g, 0, 0);
        }
        cJSON_Delete(row);
        facts_release(&kept);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_found_by_what_a_job_tells_of_it),
        cmocka_unit_test(a_new_file_takes_the_place_of_the_old),
        cmocka_unit_test(the_oldest_go),
        cmocka_unit_test(a_name_is_kept_as_a_snapshot_has_it),
        cmocka_unit_test(all_of_it_comes_back),
        cmocka_unit_test(what_makes_no_sense_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
