/* The errand that fetches a job's picture: once, and not given up too soon. */
#include "bridge/pictures/thumbnail.h"
#include "life.h"

#define PNG    "\x89PNG\r\n\x1a\n-box"
#define TARGET "/thumb/l/usb/BOX~1.GCO"

struct frame {
    struct world life;
    struct thumbnail thumbnail;
    int64_t has; /* this job's picture is at hand; -1 = none */
    bool crowded;
    int under_way, most;
    int64_t taken[8], same[8];
    int takes, sames;
    size_t len;
};

static bool has(void *arg, int64_t job)
{
    return ((struct frame *)arg)->has == job;
}

static bool begin(void *arg)
{
    struct frame *f = arg;

    if (f->crowded)
        return false;
    if (++f->under_way > f->most)
        f->most = f->under_way;
    return true;
}

static void ended(void *arg)
{
    ((struct frame *)arg)->under_way--;
}

static void take(void *arg, int64_t job, const char *bytes, size_t len)
{
    struct frame *f = arg;

    assert_memory_equal(bytes, "\x89PNG", 4);
    f->taken[f->takes++ % 8] = job;
    f->has = job;
    f->len = len;
}

static void take_same(void *arg, int64_t job, int64_t same)
{
    struct frame *f = arg;

    assert_int_equal(f->has, same);
    f->same[f->sames++ % 8] = job;
    f->has = job;
}

static const struct thumbnail_sink sink = {has, begin, ended, take, take_same};

static void step(void *arg, struct moment now)
{
    thumbnail_step(arg, now);
}

static void hang(struct frame *f)
{
    *f = (struct frame){.has = -1};
    life_open(&f->life, NULL);
    thumbnail_init(&f->thumbnail, f->life.printer, &sink, f);
    printer_add_errand(f->life.printer, &f->thumbnail.errand);
    f->life.step = step;
    f->life.step_arg = &f->thumbnail;
    f->life.far.thumbnail = "\"" TARGET "\"";
    f->life.far.picture_code = 200;
    f->life.far.picture = PNG;
}

static void print(struct frame *f, int job)
{
    f->life.far.job = job;
    f->life.far.state = job ? "PRINTING" : "FINISHED";
}

static void take_down(struct frame *f)
{
    life_close(&f->life);
    thumbnail_release(&f->thumbnail);
    assert_int_equal(f->under_way, 0);
    assert_true(f->most <= 1);
}

static void a_picture_is_fetched_once_for_each_job(void **state)
{
    struct frame f;

    (void)state;
    hang(&f);
    life_run(&f.life, 10000);
    assert_int_equal(life_sent(&f.life, "/thumb"), 0); /* nothing prints */
    print(&f, 7);
    life_run(&f.life, 20000);
    assert_int_equal(f.takes, 1);
    assert_int_equal(f.taken[0], 7);
    assert_int_equal(f.len, strlen(PNG));
    assert_int_equal(life_sent(&f.life, TARGET), 1);
    f.life.sent_count = 0;
    print(&f, 0);
    life_run(&f.life, 10000);
    print(&f, 8);
    life_run(&f.life, 10000);
    assert_int_equal(f.takes, 2);
    assert_int_equal(f.taken[1], 8);
    take_down(&f);
}

static void one_that_is_too_large_is_left_out(void **state)
{
    struct frame f;
    int i;

    (void)state;
    hang(&f);
    f.life.far.errand_result = HTTP_TOO_BIG;
    print(&f, 7);
    for (i = 0; i < 30; i++) {
        life_run(&f.life, 20000);
        assert_int_equal(life_sent(&f.life, TARGET), i == 0);
        f.life.sent_count = 0;
    }
    assert_int_equal(f.takes, 0);
    f.life.far.errand_result = HTTP_ANSWERED;
    print(&f, 0);
    life_run(&f.life, 10000);
    print(&f, 8);
    life_run(&f.life, 10000);
    assert_int_equal(f.takes, 1); /* the next one's may be smaller */
    take_down(&f);
}

static void one_that_is_at_hand_is_not_fetched(void **state)
{
    struct frame f;

    (void)state;
    hang(&f);
    f.has = 7;
    print(&f, 7);
    life_run(&f.life, 10000);
    assert_int_equal(life_sent(&f.life, "/thumb"), 0);
    take_down(&f);
}

static void absent_in_the_first_moment_is_not_absent_for_good(void **state)
{
    struct frame f;

    (void)state;
    hang(&f);
    f.life.far.thumbnail = "null"; /* Pi: the first 0.1 s */
    print(&f, 7);
    life_run(&f.life, 6000);
    assert_int_equal(life_sent(&f.life, "/thumb"), 0);
    f.life.far.thumbnail = "\"" TARGET "\"";
    f.life.far.picture_code = 404; /* Buddy: while it is being written */
    life_run(&f.life, 20000);
    assert_int_equal(f.takes, 0);
    f.life.far.picture_code = 200;
    life_run(&f.life, 25000);
    assert_int_equal(f.takes, 1);
    take_down(&f);
}

static void
a_file_without_picture_is_left_alone_after_some_minutes(void **state)
{
    struct frame f;
    int i, asked = 0;

    (void)state;
    hang(&f);
    f.life.far.picture_code = 404;
    print(&f, 7);
    for (i = 0; i < 60; i++) {
        f.life.sent_count = 0;
        life_run(&f.life, 10000);
        asked += life_sent(&f.life, "/thumb");
    }
    assert_int_equal(asked, 6);
    take_down(&f);
}

static void what_is_no_picture_is_not_asked_for_again(void **state)
{
    struct frame f;

    (void)state;
    hang(&f);
    f.life.far.picture = "qoif and more";
    print(&f, 7);
    life_run(&f.life, 30000);
    assert_int_equal(f.takes, 0);
    assert_int_equal(life_sent(&f.life, "/thumb"), 1);
    take_down(&f);
}

static void the_same_file_again_is_asked_for_only_if_it_changed(void **state)
{
    struct frame f;

    (void)state;
    hang(&f);
    f.life.far.etag = "\"4711\"";
    print(&f, 7);
    life_run(&f.life, 10000);
    print(&f, 0);
    life_run(&f.life, 10000);
    f.life.sent_count = 0;
    f.life.far.picture_code = 304;
    print(&f, 8);
    life_run(&f.life, 10000);
    assert_int_equal(f.sames, 1);
    assert_int_equal(f.same[0], 8);
    assert_int_equal(life_sent(&f.life, "/thumb"), 1);
    take_down(&f);
}

static void one_that_is_lost_is_fetched_whole(void **state)
{
    struct frame f;
    int i;

    (void)state;
    hang(&f);
    f.life.far.etag = "\"4711\"";
    print(&f, 7);
    life_run(&f.life, 10000);
    print(&f, 0);
    life_run(&f.life, 10000);
    f.life.sent_count = 0;
    f.has = -1;
    print(&f, 8);
    life_run(&f.life, 10000);
    for (i = 0; i < f.life.sent_count; i++)
        assert_int_equal(f.life.sent[i].condition, HTTP_ALWAYS);
    assert_int_equal(f.takes, 2);
    take_down(&f);
}

static void it_waits_when_too_many_are_under_way(void **state)
{
    struct frame f;

    (void)state;
    hang(&f);
    f.crowded = true;
    print(&f, 7);
    life_run(&f.life, 5000);
    assert_int_equal(f.takes, 0);
    f.crowded = false;
    life_run(&f.life, 1000);
    assert_int_equal(f.takes, 1);
    take_down(&f);
}

static void addresses_elsewhere_are_not_followed(void **state)
{
    static const char *const refs[] = {
        "\"http://evil.example/x.png\"",
        "\"//evil.example/x.png\"",
        "\"thumb/x.png\"",
        "\"/thumb/../../secret\"",
        "\"/thumb/\\u0001\"",
        "\"\"",
        "7",
        "{}",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof refs / sizeof *refs; i++) {
        struct frame f;

        hang(&f);
        f.life.far.thumbnail = refs[i];
        print(&f, 7);
        life_run(&f.life, 5000);
        assert_string_equal(printer_picture(f.life.printer), "");
        assert_int_equal(f.takes, 0);
        take_down(&f);
    }
}

static void spaces_and_signs_are_encoded(void **state)
{
    struct frame f;

    (void)state;
    hang(&f);
    f.life.far.thumbnail = "\"/thumbnails/PrusaLink gcodes/50%+\xc3\xa4.png\"";
    print(&f, 7);
    life_run(&f.life, 5000);
    assert_string_equal(printer_picture(f.life.printer),
                        "/thumbnails/PrusaLink%20gcodes/50%25%2B%C3%A4.png");
    take_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_is_fetched_once_for_each_job),
        cmocka_unit_test(one_that_is_too_large_is_left_out),
        cmocka_unit_test(one_that_is_at_hand_is_not_fetched),
        cmocka_unit_test(absent_in_the_first_moment_is_not_absent_for_good),
        cmocka_unit_test(
            a_file_without_picture_is_left_alone_after_some_minutes),
        cmocka_unit_test(what_is_no_picture_is_not_asked_for_again),
        cmocka_unit_test(the_same_file_again_is_asked_for_only_if_it_changed),
        cmocka_unit_test(one_that_is_lost_is_fetched_whole),
        cmocka_unit_test(it_waits_when_too_many_are_under_way),
        cmocka_unit_test(addresses_elsewhere_are_not_followed),
        cmocka_unit_test(spaces_and_signs_are_encoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
