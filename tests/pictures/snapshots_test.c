/* The errand that fetches the cameras' pictures. */
#include "bridge/pictures/snapshots.h"
#include "life.h"

#define JPEG "\xff\xd8\xff\xe0picture"

struct frame {
    struct world life;
    struct snapshots snapshots;
    int takes, under_way;
    bool crowded;
    int cameras[8];
};

static bool begin(void *arg)
{
    struct frame *f = arg;

    if (f->crowded)
        return false;
    f->under_way++;
    return true;
}

static void ended(void *arg)
{
    ((struct frame *)arg)->under_way--;
}

static void take(void *arg, int camera, const char *bytes, size_t len)
{
    struct frame *f = arg;

    assert_int_equal(len, strlen(JPEG));
    assert_memory_equal(bytes, JPEG, len);
    f->cameras[f->takes++ % 8] = camera;
}

static const struct snapshots_sink sink = {begin, ended, take};

static void hang(struct frame *f, int64_t interval_ms)
{
    *f = (struct frame){.takes = 0};
    life_open(&f->life, NULL);
    snapshots_init(&f->snapshots, f->life.printer, interval_ms, &sink, f);
    printer_add_errand(f->life.printer, &f->snapshots.errand);
    f->life.far.pi = true;
    f->life.far.cameras =
        "{\"camera_list\":[{\"camera_id\":\"Front\",\"connected\":true}]}";
    f->life.far.picture_code = 200;
    f->life.far.picture = JPEG;
}

static int asked(struct frame *f, int64_t ms)
{
    f->life.sent_count = 0;
    life_run(&f->life, ms);
    return life_sent(&f->life, "/api/v1/cameras/Front/snap");
}

static void take_down(struct frame *f)
{
    life_close(&f->life);
    assert_int_equal(f->under_way, 0);
}

static void a_picture_comes_each_interval(void **state)
{
    struct frame f;

    (void)state;
    hang(&f, 10000);
    assert_int_equal(asked(&f, 45000), 5);
    assert_int_equal(f.takes, 5);
    take_down(&f);
}

static void no_camera_is_asked_too_often(void **state)
{
    struct frame f;

    (void)state;
    hang(&f, 1);
    assert_true(asked(&f, 20000) <= 5);
    take_down(&f);
}

static void what_has_not_changed_is_not_taken(void **state)
{
    struct frame f;
    int i;

    (void)state;
    hang(&f, 10000);
    f.life.far.modified = "Sat, 21 Nov 2026 18:00:00 GMT";
    assert_int_equal(asked(&f, 5000), 1);
    f.life.far.picture_code = 304;
    assert_int_equal(asked(&f, 10000), 1);
    assert_int_equal(f.takes, 1);
    assert_string_equal(f.snapshots.modified[0], f.life.far.modified);
    snapshots_again(&f.snapshots);
    f.life.far.picture_code = 200;
    assert_int_equal(asked(&f, 10000), 1);
    for (i = 0; i < f.life.sent_count; i++)
        assert_int_equal(f.life.sent[i].condition, HTTP_ALWAYS);
    assert_int_equal(f.takes, 2);
    take_down(&f);
}

static void one_that_is_not_there_yet_is_asked_for_again_soon(void **state)
{
    struct frame f;

    (void)state;
    hang(&f, 3600000);
    f.life.far.picture_code = 204;
    assert_int_equal(asked(&f, 5000), 1);
    f.life.far.picture_code = 200;
    assert_int_equal(asked(&f, 15000), 1);
    assert_int_equal(f.takes, 1);
    assert_int_equal(asked(&f, 60000), 0);
    take_down(&f);
}

static void only_connected_cameras_are_asked(void **state)
{
    struct frame f;

    (void)state;
    hang(&f, 5000);
    f.life.far.cameras =
        "{\"camera_list\":[{\"camera_id\":\"Top\",\"connected\":true},"
        "{\"camera_id\":\"Front\",\"connected\":false}]}";
    assert_int_equal(asked(&f, 20000), 0);
    assert_true(f.takes > 0);
    assert_int_equal(f.cameras[0], 0);
    take_down(&f);
}

static void it_waits_when_too_many_are_under_way(void **state)
{
    struct frame f;

    (void)state;
    hang(&f, 60000);
    f.crowded = true;
    assert_int_equal(asked(&f, 5000), 0);
    f.crowded = false;
    assert_int_equal(asked(&f, 1000), 1);
    take_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_comes_each_interval),
        cmocka_unit_test(no_camera_is_asked_too_often),
        cmocka_unit_test(what_has_not_changed_is_not_taken),
        cmocka_unit_test(one_that_is_not_there_yet_is_asked_for_again_soon),
        cmocka_unit_test(only_connected_cameras_are_asked),
        cmocka_unit_test(it_waits_when_too_many_are_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
