/* What is remembered over restarts, also over bad ones. */
#include "bridge/durable.h"
#include "bridge/store.h"
#include "mapping/memory.h"
#include "tests/unit.h"

#include <sys/stat.h>
#include <unistd.h>

/* A directory of its own for each test. */
struct world {
    char directory[64];
    struct mapping *mapping;
    struct error err;
};

static int set_up(void **state)
{
    struct world *w = memory_zero(1, sizeof *w);

    (void)snprintf(w->directory, sizeof w->directory, "/tmp/store_testXXXXXX");
    assert_non_null(mkdtemp(w->directory));
    w->mapping = mapping_new();
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const files[] = {"state.json",     "state.json.damaged",
                                        "state.json.new", "state-two.json",
                                        "lock",           "lock-two"};
    struct world *w = *state;
    char path[128];
    size_t i;

    for (i = 0; i < ROWS(files); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", w->directory, files[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(w->directory), 0);
    mapping_free(w->mapping);
    free(w);
    return 0;
}

static struct store *open_store(struct world *w)
{
    struct store *store = store_open(w->directory, NULL, &w->err);

    assert_non_null(store);
    return store;
}

static void save(struct store *store)
{
    char *text = store_text(store);

    assert_true(durable_write(store_path(store), text, strlen(text), NULL));
    free(text);
}

static void write_file(const struct world *w, const char *text)
{
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/state.json", w->directory);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static struct printer_memory a_memory(void)
{
    struct printer_memory memory = {
        .serial = "10589-1234567890123",
        .model = memory_text("MK4S"),
        .firmware = memory_text("6.2.4"),
    };

    (void)instances_learn(&memory.storages, "usb", 0);
    (void)instances_learn(&memory.storages, "local", 0);
    (void)slot_set_add(&memory.reported, SLOT_STATE);
    (void)slot_set_add(&memory.reported, field_slot(FIELD_STORAGE_FREE, 1));
    memory.learned = UINT64_C(1) << COMMAND_CONTINUE;
    return memory;
}

static void recall(const struct store *store, const char *printer,
                   const struct mapping *mapping, struct printer_memory *memory)
{
    printer_memory_release(memory);
    store_recall(store, printer, mapping, memory);
}

static void nothing_is_remembered_at_first(void **state)
{
    struct world *w = *state;
    struct store *store = open_store(w);
    struct printer_memory memory = a_memory();

    assert_string_equal(w->err.text, "");
    recall(store, "mk4", w->mapping, &memory);
    assert_string_equal(memory.serial, "");
    assert_int_equal(memory.storages.count, 0);
    assert_false(slot_set_has(&memory.reported, SLOT_STATE));
    printer_memory_release(&memory);
    store_close(store);
    store_close(NULL);
}

static void everything_comes_back_after_a_restart(void **state)
{
    struct world *w = *state;
    struct store *store = open_store(w);
    struct printer_memory memory = a_memory();

    store_remember(store, "mk4", &memory, w->mapping);
    save(store);
    store_close(store);

    store = open_store(w);
    recall(store, "mk4", w->mapping, &memory);
    assert_string_equal(memory.serial, "10589-1234567890123");
    assert_string_equal(memory.model, "MK4S");
    assert_string_equal(memory.firmware, "6.2.4");
    assert_string_equal(memory.storages.name[1], "local");
    assert_true(slot_set_has(&memory.reported, SLOT_STATE));
    assert_true(
        slot_set_has(&memory.reported, field_slot(FIELD_STORAGE_FREE, 1)));
    assert_false(slot_set_has(&memory.reported, SLOT_STORAGE_FREE));
    assert_true(memory.learned == UINT64_C(1) << COMMAND_CONTINUE);
    printer_memory_release(&memory);
    store_close(store);
}

static void the_chosen_file_comes_back_if_it_can_be_one(void **state)
{
    static const struct {
        const char *path, *name;
        bool good;
    } rows[] = {
        {"/usb/BOX~1.GCO", "b\u00f6x \"1\".gcode", true},
        {"box.gcode", "box.gcode", false},
        {"", "", false},
    };
    struct world *w = *state;
    size_t i;

    for (i = 0; i < ROWS(rows); i++) {
        struct printer_memory memory = a_memory();
        struct store *store = open_store(w);

        ROW(rows[i].path);
        memory.selected = memory_text(rows[i].path);
        memory.selected_name = memory_text(rows[i].name);
        store_remember(store, "mk4", &memory, w->mapping);
        save(store);
        store_close(store);
        store = open_store(w);
        recall(store, "mk4", w->mapping, &memory);
        assert_int_equal(memory.selected != NULL, rows[i].good);
        assert_int_equal(memory.selected_name != NULL, rows[i].good);
        if (rows[i].good) {
            assert_string_equal(memory.selected, rows[i].path);
            assert_string_equal(memory.selected_name, rows[i].name);
        }
        printer_memory_release(&memory);
        store_close(store);
    }
}

/* Otherwise each start would announce it anew, and forget what was learned
 * with this firmware. */
static void long_texts_come_back_whole(void **state)
{
    static const char firmware[] = "6.4.0-RC1+11974.PRUSA-CORE-ONE";
    struct world *w = *state;
    struct store *store = open_store(w);
    struct printer_memory memory = a_memory();
    char name[REMEMBERED_SIZE];

    (void)snprintf(name, sizeof name, "%064d", 7);
    memory_keep(&memory.firmware, firmware);
    memory_keep(&memory.name, name);
    store_remember(store, "mk4", &memory, w->mapping);
    recall(store, "mk4", w->mapping, &memory);
    assert_string_equal(memory.firmware, firmware);
    assert_int_equal(strlen(memory.name), 64);
    printer_memory_release(&memory);
    store_close(store);
}

/* The job changes most and is kept apart; the file knows nothing of that. */
static void a_job_alone_can_be_remembered(void **state)
{
    struct world *w = *state;
    struct store *store = open_store(w);
    struct printer_memory memory = a_memory();
    char name[] = "box \"1\"";
    struct job job = {
        .known = true,
        .phase = JOB_PRINTING,
        .seen_at = 1700000000,
        .now = {.id = 77, .name = name, .progress = 12.5, .weight = -1},
        .last = {.id = -1, .ended_at = -1, .progress = -1, .weight = 0.1},
        .finished = 3,
        .time_printing = INT64_C(9000000000000000),
        .weight = 1e15 / 8,
    };

    store_remember_job(store, "mini", &job); /* nothing else is known of it */
    store_remember(store, "mk4", &memory, w->mapping);
    store_remember_job(store, "mk4", &job);
    save(store);
    store_close(store);

    store = open_store(w);
    assert_string_equal(w->err.text, "");
    recall(store, "mini", w->mapping, &memory);
    assert_string_equal(memory.serial, "");
    assert_int_equal(memory.job.now.id, 77);
    recall(store, "mk4", w->mapping, &memory);
    assert_string_equal(memory.serial, "10589-1234567890123");
    assert_true(memory.job.known);
    assert_int_equal(memory.job.phase, JOB_PRINTING);
    assert_int_equal(memory.job.seen_at, 1700000000);
    assert_string_equal(memory.job.now.name, "box \"1\"");
    assert_true(memory.job.now.progress == 12.5);
    assert_true(memory.job.now.weight == -1);
    assert_int_equal(memory.job.last.id, -1);
    assert_true(memory.job.last.weight == 0.1);
    assert_int_equal(memory.job.finished, 3);
    assert_true(memory.job.time_printing == INT64_C(9000000000000000));
    assert_true(memory.job.weight == 1e15 / 8);
    printer_memory_release(&memory);
    store_close(store);
}

static void a_row_that_is_none_gets_a_job(void **state)
{
    struct world *w = *state;
    struct printer_memory memory = {.changed = false};
    struct job job = {.known = true, .phase = JOB_NONE, .finished = 5};
    struct store *store;
    char *text;

    write_file(w, "{\"printers\": {\"a\": 5, \"b\": {}, "
                  "\"c\": {\"job\": 5}, \"d\": {\"job\": {}}}}");
    store = open_store(w);
    text = store_text(store);
    assert_string_equal(text, "{\"version\":1,\"printers\":{\n\"a\":{},\n"
                              "\"b\":{},\n\"c\":{\"job\":5},\n"
                              "\"d\":{\"job\":{}}}}\n");
    free(text);
    store_remember_job(store, "a", &job);
    store_remember_job(store, "c", &job);
    save(store);
    store_close(store);
    store = open_store(w);
    assert_string_equal(w->err.text, "");
    recall(store, "a", w->mapping, &memory);
    assert_int_equal(memory.job.finished, 5);
    recall(store, "b", w->mapping, &memory);
    assert_false(memory.job.known);
    recall(store, "c", w->mapping, &memory);
    assert_int_equal(memory.job.finished, 5);
    printer_memory_release(&memory);
    store_close(store);
}

static void add_custom(struct mapping *mapping, const char *key)
{
    struct custom_field *custom = &mapping->custom[mapping->custom_count++];

    (void)snprintf(custom->key, sizeof custom->key, "%s", key);
}

static void custom_fields_are_remembered_by_their_keys(void **state)
{
    struct world *w = *state;
    struct store *store = open_store(w);
    struct printer_memory memory = a_memory();
    struct mapping *other = mapping_new();

    add_custom(w->mapping, "chamber/heat");
    add_custom(w->mapping, "printer/zulu");
    add_custom(other, "printer/zulu");
    add_custom(other, "chamber/heat");
    (void)slot_set_add(&memory.reported, SLOT_CUSTOM + 1);
    store_remember(store, "mk4", &memory, w->mapping);
    recall(store, "mk4", other, &memory);
    assert_true(slot_set_has(&memory.reported, SLOT_CUSTOM));
    assert_false(slot_set_has(&memory.reported, SLOT_CUSTOM + 1));
    mapping_free(other);
    printer_memory_release(&memory);
    store_close(store);
}

static void count_one(void *arg, const char *printer)
{
    int *counts = arg;

    counts[0]++;
    counts[1] += strcmp(printer, "mk4") == 0;
}

static void the_newest_memory_counts_until_it_is_forgotten(void **state)
{
    struct world *w = *state;
    struct store *store = open_store(w);
    struct printer_memory memory = a_memory();
    int counts[2] = {0, 0};

    store_remember(store, "mk4", &memory, w->mapping);
    store_remember(store, "MK4", &memory, w->mapping);
    memory_keep(&memory.model, "MK4");
    store_remember(store, "mk4", &memory, w->mapping);
    store_each(store, count_one, counts);
    assert_int_equal(counts[0], 2);
    assert_int_equal(counts[1], 1);
    recall(store, "mk4", w->mapping, &memory);
    assert_string_equal(memory.model, "MK4");
    store_forget(store, "mk4");
    store_forget(store, "nobody");
    recall(store, "mk4", w->mapping, &memory);
    assert_string_equal(memory.serial, "");
    printer_memory_release(&memory);
    store_close(store);
}

static void note_id(void *arg, const char *printer)
{
    struct buffer *ids = arg;

    (void)buffer_format(ids, "%s ", printer);
}

/* In whatever order they come and go, and whatever they are called. */
static void printers_are_told_apart(void **state)
{
    static const char *const ids[] = {"mk4", "a", "mini", "mk", "z\"}{", "xl"};
    struct world *w = *state;
    struct store *store = open_store(w);
    struct printer_memory memory = a_memory();
    struct buffer told = {0};
    size_t i;

    for (i = 0; i < ROWS(ids); i++) {
        char model[64];

        (void)snprintf(model, sizeof model, "model of %s", ids[i]);
        memory_keep(&memory.model, model);
        store_remember(store, ids[i], &memory, w->mapping);
    }
    store_forget(store, "mini");
    save(store);
    store_close(store);

    store = open_store(w);
    assert_string_equal(w->err.text, "");
    for (i = 0; i < ROWS(ids); i++) {
        char model[64] = "";

        if (strcmp(ids[i], "mini") != 0)
            (void)snprintf(model, sizeof model, "model of %s", ids[i]);
        recall(store, ids[i], w->mapping, &memory);
        assert_string_equal(memory.model ? memory.model : "", model);
    }
    store_each(store, note_id, &told);
    assert_string_equal(buffer_text(&told), "a mk mk4 xl z\"}{ ");
    buffer_release(&told);
    printer_memory_release(&memory);
    store_close(store);
}

static void a_second_copy_is_refused(void **state)
{
    struct world *w = *state;
    struct store *store = open_store(w);
    struct store *other = store_open(w->directory, "two", &w->err);

    assert_null(store_open(w->directory, NULL, &w->err));
    assert_non_null(strstr(w->err.text, w->directory));
    assert_non_null(strstr(w->err.text, "instance:"));
    assert_non_null(other);
    assert_string_not_equal(store_path(other), store_path(store));
    store_close(other);
    store_close(store);
    store_close(open_store(w));
}

static void a_damaged_file_is_set_aside(void **state)
{
    static const char *const damages[] = {
        "",         "{\"printers\":",         "[]",   "{}",
        "\xff\xfe", "{\"printers\": [1, 2]}", "null", "{\"printers\": 5}",
    };
    struct world *w = *state;
    char path[128];
    size_t i;

    (void)snprintf(path, sizeof path, "%s/state.json.damaged", w->directory);
    for (i = 0; i < ROWS(damages); i++) {
        struct printer_memory memory = {.changed = false};
        struct store *store;

        ROW(damages[i]);
        write_file(w, damages[i]);
        store = open_store(w);
        assert_non_null(strstr(w->err.text, "damaged"));
        assert_int_equal(access(path, R_OK), 0);
        recall(store, "mk4", w->mapping, &memory);
        assert_string_equal(memory.serial, "");
        printer_memory_release(&memory);
        store_close(store);
    }
}

/* A new one in its place would cost what it remembers. */
static void one_that_cannot_be_read_is_set_aside_too(void **state)
{
    struct world *w = *state;
    char path[128];
    struct stat status;

    (void)snprintf(path, sizeof path, "%s/state.json", w->directory);
    assert_int_equal(symlink(path, path), 0); /* also root cannot follow it */
    store_close(open_store(w));
    assert_non_null(strstr(w->err.text, "could not be read"));
    (void)snprintf(path, sizeof path, "%s/state.json.damaged", w->directory);
    assert_int_equal(lstat(path, &status), 0);
}

static void odd_rows_are_taken_as_far_as_they_go(void **state)
{
    struct world *w = *state;
    struct printer_memory memory = {.changed = false};
    struct store *store;

    write_file(w, "{\"printers\": {\"a\": 5, \"mk4\": {\"serial\": 7, "
                  "\"model\": \"M\\nK\", \"storages\": [1, \"usb\"], "
                  "\"reported\": [\"state\", \"storage/local/free\", "
                  "\"storage/usb/free\", \"weather\", null], "
                  "\"learned\": [\"continue\", \"fly\", {}]}}}");
    store = open_store(w);
    recall(store, "a", w->mapping, &memory);
    assert_null(memory.model);
    recall(store, "mk4", w->mapping, &memory);
    assert_string_equal(memory.serial, "");
    assert_string_equal(memory.model, "M K");
    assert_true(slot_set_has(&memory.reported, SLOT_STATE));
    assert_true(slot_set_has(&memory.reported, SLOT_STORAGE_FREE));
    assert_false(
        slot_set_has(&memory.reported, field_slot(FIELD_STORAGE_FREE, 1)));
    assert_true(memory.learned == UINT64_C(1) << COMMAND_CONTINUE);
    printer_memory_release(&memory);
    store_close(store);
}

static void the_file_is_private_and_no_rest_lies_about(void **state)
{
    struct world *w = *state;
    struct store *store = open_store(w);
    char path[160];
    struct stat file;

    save(store);
    assert_int_equal(stat(store_path(store), &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    (void)snprintf(path, sizeof path, "%s.new", store_path(store));
    assert_int_not_equal(access(path, F_OK), 0);
    store_close(store);
}

static void a_failed_write_is_told_and_changes_nothing(void **state)
{
    struct world *w = *state;
    char path[160];

    (void)snprintf(path, sizeof path, "%s/no/such/state.json", w->directory);
    assert_false(durable_write(path, "{}", 2, &w->err));
    assert_non_null(strstr(w->err.text, "cannot write"));
    assert_non_null(strstr(w->err.text, path));
}

static void without_a_directory_memory_must_do(void **state)
{
    struct world *w = *state;
    struct printer_memory memory = a_memory();
    struct store *store = store_open("/proc/nowhere", NULL, &w->err);

    assert_non_null(store);
    assert_non_null(strstr(w->err.text, "/proc/nowhere"));
    assert_string_equal(store_path(store), "");
    store_remember(store, "mk4", &memory, w->mapping);
    recall(store, "mk4", w->mapping, &memory);
    assert_string_equal(memory.model, "MK4S");
    printer_memory_release(&memory);
    store_close(store);
}

static void systemd_may_say_the_directory(void **state)
{
    struct world *w = *state;
    char list[160];
    struct store *store;

    (void)snprintf(list, sizeof list, "%s:/proc/nowhere", w->directory);
    assert_int_equal(setenv("STATE_DIRECTORY", list, 1), 0);
    store = store_open(NULL, NULL, &w->err);
    assert_int_equal(unsetenv("STATE_DIRECTORY"), 0);
    assert_string_equal(w->err.text, "");
    assert_int_equal(
        strncmp(store_path(store), w->directory, strlen(w->directory)), 0);
    store_close(store);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_remembered_at_first),
        TEST(everything_comes_back_after_a_restart),
        TEST(the_chosen_file_comes_back_if_it_can_be_one),
        TEST(long_texts_come_back_whole),
        TEST(a_job_alone_can_be_remembered),
        TEST(a_row_that_is_none_gets_a_job),
        TEST(custom_fields_are_remembered_by_their_keys),
        TEST(the_newest_memory_counts_until_it_is_forgotten),
        TEST(printers_are_told_apart),
        TEST(a_second_copy_is_refused),
        TEST(a_damaged_file_is_set_aside),
        TEST(one_that_cannot_be_read_is_set_aside_too),
        TEST(odd_rows_are_taken_as_far_as_they_go),
        TEST(the_file_is_private_and_no_rest_lies_about),
        TEST(a_failed_write_is_told_and_changes_nothing),
        TEST(without_a_directory_memory_must_do),
        TEST(systemd_may_say_the_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
