/* The pictures of one printer: what is said of them, and what is left when
 * another printer takes its place. */
#include "bridge/pictures/pictures.h"
#include "life.h"
#include "mapping/memory.h"

#include <uv.h>

#define JPEG "\xff\xd8\xff\xe0picture"
#define PNG  "\x89PNG\r\n\x1a\n-box"
#define SNAP "/api/v1/cameras/Front/snap"

struct desk {
    struct world life;
    uv_loop_t loop;
    struct pictures pictures;
    struct outlet outlet;
    struct routes routes;
    struct album *album;
    struct said {
        char topic[128], payload[64];
    } said[64];
    int count;
};

static bool publish(void *arg, const struct mqtt_message *message)
{
    struct desk *d = arg;
    struct said *said = &d->said[d->count++ % 64];

    (void)snprintf(said->topic, sizeof said->topic, "%s", message->topic);
    (void)snprintf(said->payload, sizeof said->payload, "%.*s",
                   (int)message->len, (const char *)message->payload);
    return true;
}

/* What the broker keeps; NULL = nothing was ever said. */
static const char *shown(const struct desk *d, const char *topic)
{
    int i;

    assert_true(d->count <= 64);
    for (i = d->count; i-- > 0;)
        if (strcmp(d->said[i].topic, topic) == 0)
            return d->said[i].payload;
    return NULL;
}

static void step(void *arg, struct moment now)
{
    struct desk *d = arg;

    album_step(d->album, now);
    (void)album_sync(d->album, now);
}

static bool on_snapshot(void *arg, struct printer *printer, int camera,
                        const char *bytes, size_t len)
{
    (void)arg, (void)printer, (void)camera, (void)bytes, (void)len;
    return false;
}

static void sit_down(struct desk *d, int64_t snapshots_ms)
{
    struct error err;

    *d = (struct desk){.count = 0};
    life_open(&d->life, NULL);
    d->life.config.thumbnails = true;
    d->life.config.snapshots_ms = snapshots_ms;
    d->life.snapshot = on_snapshot;
    d->outlet = (struct outlet){publish, d};
    d->routes = (struct routes){d->life.config.mapping, "p", "mk4"};
    assert_int_equal(uv_loop_init(&d->loop), 0);
    pictures_open(&d->pictures, &d->loop, "", &d->outlet, &err);
    pictures_connected(&d->pictures);
    d->album = album_new(&d->pictures, &d->routes, d->life.printer);
    d->life.step = step;
    d->life.step_arg = d;
}

static void with_camera(struct desk *d)
{
    sit_down(d, 10000);
    d->life.far.pi = true;
    d->life.far.cameras =
        "{\"camera_list\":[{\"camera_id\":\"Front\",\"connected\":true}]}";
    d->life.far.picture_code = 200;
    d->life.far.picture = JPEG;
}

static void run(struct desk *d, int64_t ms)
{
    life_run(&d->life, ms);
    (void)uv_run(&d->loop, UV_RUN_DEFAULT);
}

static void get_up(struct desk *d)
{
    d->pictures.closed = true;
    life_close(&d->life);
    (void)uv_run(&d->loop, UV_RUN_DEFAULT);
    assert_int_equal(d->pictures.reading, 0);
    album_free(d->album);
    pictures_close(&d->pictures);
    assert_int_equal(uv_loop_close(&d->loop), 0);
}

static void forget(struct desk *d)
{
    printer_forget(d->life.printer, d->life.now);
    album_forget(d->album);
}

static void print(struct desk *d, int job)
{
    d->life.far.thumbnail = "\"/thumb/l/usb/BOX~1.GCO\"";
    d->life.far.picture_code = 200;
    d->life.far.picture = PNG;
    d->life.far.job = job;
    d->life.far.state = job ? "PRINTING" : "FINISHED";
}

static void a_job_shows_its_picture_and_leaves_it(void **state)
{
    struct desk d;

    (void)state;
    sit_down(&d, 0);
    print(&d, 7);
    run(&d, 10000);
    assert_string_equal(shown(&d, "p/mk4/job/thumbnail"), PNG);
    assert_string_equal(shown(&d, "p/mk4/has/last_job/thumbnail"), "offline");
    print(&d, 0);
    run(&d, 10000);
    run(&d, 10000);
    assert_string_equal(shown(&d, "p/mk4/job/thumbnail"), "");
    assert_string_equal(shown(&d, "p/mk4/last_job/thumbnail"), PNG);
    get_up(&d);
}

static void one_job_after_the_other_has_its_own(void **state)
{
    struct desk d;

    (void)state;
    sit_down(&d, 0);
    print(&d, 7);
    run(&d, 10000);
    print(&d, 8);
    d.life.far.picture = PNG "8";
    run(&d, 10000);
    run(&d, 10000);
    assert_string_equal(shown(&d, "p/mk4/job/thumbnail"), PNG "8");
    assert_string_equal(shown(&d, "p/mk4/last_job/thumbnail"), PNG);
    get_up(&d);
}

/* A printer that was reset counts anew. */
static void one_with_the_number_of_the_last_one_has_its_own_too(void **state)
{
    struct desk d;

    (void)state;
    sit_down(&d, 0);
    print(&d, 1);
    run(&d, 10000);
    print(&d, 0);
    run(&d, 10000);
    print(&d, 1);
    d.life.far.picture = PNG "2";
    run(&d, 10000);
    run(&d, 10000);
    assert_string_equal(shown(&d, "p/mk4/job/thumbnail"), PNG "2");
    assert_string_equal(shown(&d, "p/mk4/last_job/thumbnail"), PNG);
    print(&d, 0);
    run(&d, 10000);
    run(&d, 10000);
    assert_string_equal(shown(&d, "p/mk4/last_job/thumbnail"), PNG "2");
    get_up(&d);
}

static void nothing_is_shown_of_the_printer_before(void **state)
{
    struct desk d;

    (void)state;
    sit_down(&d, 0);
    print(&d, 7);
    run(&d, 10000);
    print(&d, 0);
    run(&d, 10000);
    run(&d, 10000);
    assert_string_equal(shown(&d, "p/mk4/last_job/thumbnail"), PNG);
    forget(&d);
    print(&d, 7);
    d.life.far.picture_code = 404;
    run(&d, 10000);
    assert_string_equal(shown(&d, "p/mk4/last_job/thumbnail"), "");
    assert_string_equal(shown(&d, "p/mk4/has/last_job/thumbnail"), "offline");
    assert_string_equal(shown(&d, "p/mk4/has/job/thumbnail"), "offline");
    get_up(&d);
}

static void bytes_that_come_late_are_not_said(void **state)
{
    struct desk d;

    (void)state;
    with_camera(&d);
    life_run(&d.life, 6000); /* the gallery has not answered yet */
    album_again(d.album);
    forget(&d);
    d.life.far.cameras = "{\"camera_list\":[]}";
    d.life.far.picture_code = 404;
    (void)uv_run(&d.loop, UV_RUN_DEFAULT);
    run(&d, 20000);
    assert_string_equal(shown(&d, "p/mk4/camera/front/snapshot"), "");
    get_up(&d);
}

static void another_printers_camera_is_asked_without_conditions(void **state)
{
    struct desk d;
    int i;

    (void)state;
    with_camera(&d);
    d.life.far.modified = "Sat, 21 Nov 2026 18:00:00 GMT";
    run(&d, 6000);
    assert_string_equal(shown(&d, "p/mk4/camera/front/snapshot"), JPEG);
    forget(&d);
    d.life.sent_count = 0;
    run(&d, 15000);
    assert_true(life_sent(&d.life, SNAP) > 0);
    for (i = 0; strcmp(d.life.sent[i].target, SNAP) != 0; i++)
        continue;
    assert_int_equal(d.life.sent[i].condition, HTTP_ALWAYS);
    get_up(&d);
}

static void a_snapshot_under_way_is_not_the_next_printers(void **state)
{
    const struct http_answer answer = {
        .status = 200,
        .sent = true,
        .body = JPEG,
        .len = strlen(JPEG),
    };
    struct desk d;

    (void)state;
    with_camera(&d);
    d.life.hold = SNAP;
    run(&d, 6000);
    assert_int_equal(life_sent(&d.life, SNAP), 1);
    forget(&d);
    printer_answered(d.life.printer, &answer, d.life.now);
    assert_int_equal(d.pictures.under_way, 0);
    d.life.hold = NULL;
    d.life.far.picture_code = 404;
    run(&d, 1000);
    assert_string_equal(shown(&d, "p/mk4/has/camera/front/snapshot"),
                        "offline");
    get_up(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_shows_its_picture_and_leaves_it),
        cmocka_unit_test(one_job_after_the_other_has_its_own),
        cmocka_unit_test(one_with_the_number_of_the_last_one_has_its_own_too),
        cmocka_unit_test(nothing_is_shown_of_the_printer_before),
        cmocka_unit_test(bytes_that_come_late_are_not_said),
        cmocka_unit_test(another_printers_camera_is_asked_without_conditions),
        cmocka_unit_test(a_snapshot_under_way_is_not_the_next_printers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
