/* The file of a job is read once, where nobody else tells what is in it. */
#include "bridge/facts_errand.h"
#include "life.h"
#include "mapping/memory.h"

#define FACTS                                                                  \
    "; filament used [g] = 12.50\n; filament used [mm] = 4100.0\n"             \
    "; filament_type = PETG\n; layer_height = 0.2\n"                           \
    "; estimated printing time (normal mode) = 1h 2m 3s\n"
#define DOWNLOAD "/usb/BOX~1.GCO"

struct scene {
    struct world life;
    struct facts_errand errand;
};

static void open_scene(struct scene *s, const struct printer_memory *memory)
{
    life_open(&s->life, memory);
    s->life.config.read_files = true;
    s->life.far.download = "\"" DOWNLOAD "\"";
    s->life.far.file = FACTS;
    s->life.far.job_size = (int)strlen(FACTS);
    facts_errand_init(&s->errand, s->life.printer);
}

static void print(struct scene *s, int job)
{
    s->life.far.job = job;
    s->life.far.state = job ? "PRINTING" : "IDLE";
    life_run(&s->life, 12000);
}

static int asked(const struct scene *s)
{
    return life_sent(&s->life, "/usb/");
}

static void the_file_tells_what_the_printer_does_not(void **state)
{
    static const struct {
        const char *key, *value;
    } rows[] = {
        {"job/filament_weight", "12.50"}, {"job/filament_length", "4100.00"},
        {"job/filament_type", "PETG"},    {"job/layer_height", "0.20"},
        {"job/time_estimated", "3723"},
    };
    struct scene s;
    size_t i;

    (void)state;
    open_scene(&s, NULL);
    print(&s, 7);
    assert_int_equal(asked(&s), 1);
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(life_value(&s.life, rows[i].key), rows[i].value);
    assert_true(slot_set_has(&printer_memory(s.life.printer)->reported,
                             SLOT_JOB_WEIGHT));
    print(&s, 0);
    assert_string_equal(life_value(&s.life, "job/filament_weight"), "None");
    print(&s, 8); /* the same file again */
    assert_string_equal(life_value(&s.life, "job/filament_weight"), "12.50");
    assert_int_equal(asked(&s), 1);
    life_close(&s.life);
}

static void what_is_out_of_reach_is_not_fetched(void **state)
{
    const size_t size = 5000000;
    char *text = memory_zero(size + 1, 1);
    struct scene s;

    (void)state;
    memset(text, 'G', size);
    memcpy(text + size - strlen(FACTS), FACTS, strlen(FACTS));
    open_scene(&s, NULL);
    s.life.far.file = text;
    s.life.far.job_size = (int)size;
    print(&s, 7);
    assert_int_equal(asked(&s), 1);
    assert_true(s.life.far.file_taken <= (128 << 10));
    assert_string_equal(life_value(&s.life, "job/filament_weight"), "None");
    print(&s, 0);
    print(&s, 8);
    assert_int_equal(asked(&s), 1);
    life_close(&s.life);
    free(text);
}

static void a_failure_is_not_repeated_for_the_job(void **state)
{
    static const struct {
        enum http_result result;
        const char *file;
    } rows[] = {
        {HTTP_TIMEOUT, FACTS}, {HTTP_BROKEN, FACTS}, {HTTP_ANSWERED, NULL}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene s;

        open_scene(&s, NULL);
        s.life.far.errand_result = rows[i].result;
        s.life.far.file = rows[i].file;
        print(&s, 7);
        assert_int_equal(asked(&s), 1);
        assert_true(printer_online(s.life.printer));
        s.life.far.errand_result = HTTP_ANSWERED;
        s.life.far.file = FACTS;
        print(&s, 0);
        print(&s, 8);
        assert_int_equal(asked(&s), 2);
        assert_string_equal(life_value(&s.life, "job/filament_weight"),
                            "12.50");
        life_close(&s.life);
    }
}

static void nobody_asks_who_need_not_or_must_not(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, NULL);
    s.life.config.read_files = false;
    print(&s, 7);
    assert_int_equal(asked(&s), 0);
    life_close(&s.life);
    open_scene(&s, NULL);
    s.life.far.pi = true;
    print(&s, 7);
    assert_int_equal(asked(&s), 0);
    life_close(&s.life);
    open_scene(&s, NULL);
    s.life.far.download = "\"http://elsewhere/box.gcode\"";
    print(&s, 7);
    assert_int_equal(life_sent(&s.life, "http"), 0);
    life_close(&s.life);
}

static const struct transfer transfer = {.path = "/usb/new.gcode", .size = 100};

static void begin_transfer(struct world *life)
{
    printer_transfer(life->printer, &transfer, life->now);
}

static void an_upload_goes_first(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, NULL);
    life_run(&s.life, 2000);
    begin_transfer(&s.life);
    print(&s, 7);
    assert_int_equal(asked(&s), 0);
    printer_transfer(s.life.printer, NULL, s.life.now);
    life_run(&s.life, 2000);
    assert_int_equal(asked(&s), 1);
    assert_string_equal(life_value(&s.life, "job/filament_weight"), "12.50");
    life_close(&s.life);
}

static void a_download_makes_room_for_an_upload(void **state)
{
    char text[50000];
    struct scene s;

    (void)state;
    memset(text, '\n', sizeof text);
    memcpy(text + sizeof text - sizeof FACTS, FACTS, sizeof FACTS);
    open_scene(&s, NULL);
    s.life.far.file = text;
    s.life.far.job_size = (int)sizeof text - 1;
    s.life.far.on_piece = begin_transfer;
    print(&s, 7);
    assert_int_equal(asked(&s), 1);
    assert_int_equal(s.life.far.file_taken, 16384);
    assert_string_equal(life_value(&s.life, "job/filament_weight"), "None");
    s.life.far.on_piece = NULL;
    printer_transfer(s.life.printer, NULL, s.life.now);
    print(&s, 0);
    print(&s, 8); /* nothing is known of the file yet */
    assert_int_equal(asked(&s), 2);
    assert_string_equal(life_value(&s.life, "job/filament_weight"), "12.50");
    life_close(&s.life);
}

static void a_restart_asks_nothing_again(void **state)
{
    const struct file_mark file = {DOWNLOAD, "box7.gcode", strlen(FACTS)};
    const struct file_facts facts = {.weight_g = 3, .types = "PLA"};
    struct printer_memory memory = {.serial = "S1"};
    struct scene s;

    (void)state;
    memory.facts.asked = (struct job_mark){true, 7};
    open_scene(&s, &memory);
    print(&s, 7);
    assert_int_equal(asked(&s), 0);
    life_close(&s.life);

    memory.facts = (struct facts_kept){.count = 0};
    facts_add(&memory.facts, &file, &facts);
    open_scene(&s, &memory);
    print(&s, 7);
    assert_int_equal(asked(&s), 0);
    assert_string_equal(life_value(&s.life, "job/filament_weight"), "3.00");
    assert_string_equal(life_value(&s.life, "job/filament_length"), "None");
    life_close(&s.life);
}

static void a_cancelled_job_used_its_share(void **state)
{
    struct scene s;

    (void)state;
    open_scene(&s, NULL);
    s.life.far.progress = 40;
    s.life.far.job = 7;
    print(&s, 7);
    s.life.far.job = 0;
    s.life.far.state = "STOPPED";
    life_run(&s.life, 5000);
    assert_string_equal(life_value(&s.life, "last_job/filament_weight"),
                        "5.00");
    life_close(&s.life);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_tells_what_the_printer_does_not),
        cmocka_unit_test(what_is_out_of_reach_is_not_fetched),
        cmocka_unit_test(a_failure_is_not_repeated_for_the_job),
        cmocka_unit_test(nobody_asks_who_need_not_or_must_not),
        cmocka_unit_test(an_upload_goes_first),
        cmocka_unit_test(a_download_makes_room_for_an_upload),
        cmocka_unit_test(a_restart_asks_nothing_again),
        cmocka_unit_test(a_cancelled_job_used_its_share),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
