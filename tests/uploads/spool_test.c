/* What was accepted survives a restart, whole or not at all. */
#include "bridge/uploads/spool.h"
#include "mapping/memory.h"
#include "tests/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static char place[64];
static struct spool spool;
static struct delivery *loaded[8];
static int count;

static bool closes_badly;

int __real_close(int fd);
int __wrap_close(int fd);

int __wrap_close(int fd)
{
    int result = __real_close(fd);

    if (!closes_badly)
        return result;
    errno = EDQUOT;
    return -1;
}

static int enter(void **state)
{
    char path[128];
    struct error err;

    (void)state;
    (void)snprintf(place, sizeof place, "/tmp/p2m-spool-XXXXXX");
    if (!mkdtemp(place))
        return -1;
    (void)snprintf(path, sizeof path, "%s/state.json", place);
    count = 0;
    return spool_open(&spool, path, NULL, true, &err) ? 0 : -1;
}

static int leave(void **state)
{
    char command[128];

    (void)state;
    while (count > 0)
        delivery_free(loaded[--count]);
    (void)snprintf(command, sizeof command, "rm -rf %s", place);
    return system(command);
}

static void take(void *arg, struct delivery *delivery)
{
    (void)arg;
    assert_true(count < 8);
    loaded[count++] = delivery;
}

/* A delivery with everything in it. */
static struct delivery *full(uint64_t id)
{
    struct delivery *d = memory_zero(1, sizeof *d);

    d->id = id;
    (void)snprintf(d->printer, sizeof d->printer, "mk4");
    d->source = DELIVERY_URL;
    d->from = memory_text("https://h/a \"b\".gcode");
    (void)snprintf(d->to, sizeof d->to, "/usb/sub/b\xc3\xa4r.gcode");
    d->print = d->spooled = d->started = true;
    d->started_at = 1800000000;
    d->stamp = (struct http_stamp){5000000000, 1800000000123456789,
                                   UINT64_MAX - 1, 77};
    d->order = memory_zero(1, sizeof *d->order);
    (void)snprintf(d->order->name, sizeof d->order->name, "upload");
    d->order->transaction = memory_text("{\"a\":[1,\"x\"]}");
    d->order->key = memory_text("k");
    d->order->response_topic = memory_text("flow/answers");
    d->order->correlation = memory_copy("\0\xff!", 3);
    d->order->correlation_len = 3;
    d->order->final_only = true;
    return d;
}

static void keep(struct delivery *d)
{
    struct error err = {""};
    char *text = delivery_text(d);

    assert_true(spool_keep(&spool, d->id, text, &err));
    free(text);
    delivery_free(d);
}

static void write_file(const char *name, const char *text)
{
    char path[SPOOL_PATH_MAX];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", spool.folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static bool exists(const char *name)
{
    char path[SPOOL_PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/%s", spool.folder, name);
    return access(path, F_OK) == 0;
}

static void a_record_comes_back_as_it_was(void **state)
{
    const struct delivery *d;

    (void)state;
    keep(full(7));
    assert_int_equal(spool_load(&spool, take, NULL), 7);
    assert_int_equal(count, 1);
    d = loaded[0];
    assert_string_equal(d->printer, "mk4");
    assert_int_equal(d->source, DELIVERY_URL);
    assert_string_equal(d->from, "https://h/a \"b\".gcode");
    assert_string_equal(delivery_name(d), "b\xc3\xa4r.gcode");
    assert_true(d->print && d->spooled && d->started && !d->overwrite);
    assert_true(d->stamp.size == 5000000000 &&
                d->stamp.mtime_ns == 1800000000123456789 &&
                d->stamp.inode == UINT64_MAX - 1 && d->stamp.device == 77);
    assert_int_equal(d->order->command, command_find("upload"));
    assert_string_equal(d->order->transaction, "{\"a\":[1,\"x\"]}");
    assert_string_equal(d->order->response_topic, "flow/answers");
    assert_int_equal(d->order->correlation_len, 3);
    assert_memory_equal(d->order->correlation, "\0\xff!", 3);
    assert_true(d->order->final_only);
}

/* MQTT allows so much; twice as much in hex. */
static void a_long_correlation_comes_back(void **state)
{
    struct delivery *d = full(7);

    (void)state;
    free(d->order->correlation);
    d->order->correlation = memory_zero(65535, 1);
    d->order->correlation_len = 65535;
    keep(d);
    (void)spool_load(&spool, take, NULL);
    assert_int_equal(count, 1);
    assert_int_equal(loaded[0]->order->correlation_len, 65535);
}

static void records_come_in_their_order(void **state)
{
    (void)state;
    keep(full(10));
    keep(full(9));
    keep(full(123));
    assert_int_equal(spool_load(&spool, take, NULL), 123);
    assert_int_equal(count, 3);
    assert_int_equal(loaded[0]->id, 9);
    assert_int_equal(loaded[2]->id, 123);
    spool_remove(&spool, 10);
    assert_false(exists("000000000010.json"));
}

static void what_a_crash_left_is_swept(void **state)
{
    (void)state;
    keep(full(3));
    write_file("000000000003.data", "kept");
    write_file("000000000004.data", "no record");
    write_file("000000000005.json.new", "half");
    (void)spool_load(&spool, take, NULL);
    assert_true(exists("000000000003.data"));
    assert_false(exists("000000000004.data"));
    assert_false(exists("000000000005.json.new"));
}

static void a_damaged_record_is_set_aside(void **state)
{
    static const char *const texts[] = {
        "", "{", "[]", "{\"id\":\"1\"}",
        "{\"id\":\"1\",\"printer\":\"mk4\",\"source\":\"moon\",\"to\":\"/a\"}"};
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(texts); i++) {
        write_file("000000000001.json", texts[i]);
        (void)spool_load(&spool, take, NULL);
        assert_int_equal(count, 0);
        assert_false(exists("000000000001.json"));
        assert_true(exists("000000000001.json.damaged"));
    }
}

static void bytes_come_back_with_their_stamp(void **state)
{
    struct http_stamp written, read;
    struct error err = {""};
    int fd = spool_create(&spool, 2, &err);

    (void)state;
    assert_true(fd >= 0 && spool_write(fd, "12345", 5, &err));
    assert_true(spool_finish(fd, &written, &err));
    fd = spool_read(&spool, 2, &read, &err);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(read.size, 5);
    assert_memory_equal(&written, &read, sizeof read);
    assert_int_equal(spool_read(&spool, 99, &read, &err), -1);
    assert_non_null(strstr(err.text, "gone"));
}

static void a_full_disk_is_said(void **state)
{
    struct error err = {""};
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    (void)state;
    assert_true(fd >= 0);
    assert_false(spool_write(fd, "12345", 5, &err));
    assert_non_null(strstr(err.text, "No space left"));
    (void)close(fd);
}

/* A network's quota may be told as late as that. */
static void a_file_that_closes_badly_is_not_kept(void **state)
{
    struct http_stamp stamp;
    struct error err = {""};
    int fd = spool_create(&spool, 7, &err);

    (void)state;
    assert_true(spool_write(fd, "G28\n", 4, &err));
    closes_badly = true;
    assert_false(spool_finish(fd, &stamp, &err));
    closes_badly = false;
    assert_string_not_equal(err.text, "");
}

static void without_a_state_directory_nothing_is_kept(void **state)
{
    struct spool none;
    struct error err = {""};

    (void)state;
    assert_false(spool_open(&none, "", NULL, true, &err));
    assert_non_null(strstr(err.text, "no state directory"));
    err.text[0] = '\0';
    assert_false(spool_keep(&none, 1, "{}", &err));
    assert_non_null(strstr(err.text, "no state directory"));
    err.text[0] = '\0';
    assert_int_equal(spool_create(&none, 1, &err), -1);
    assert_non_null(strstr(err.text, "no state directory"));
}

#define SPOOL_TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        SPOOL_TEST(a_record_comes_back_as_it_was),
        SPOOL_TEST(a_long_correlation_comes_back),
        SPOOL_TEST(records_come_in_their_order),
        SPOOL_TEST(what_a_crash_left_is_swept),
        SPOOL_TEST(a_damaged_record_is_set_aside),
        SPOOL_TEST(bytes_come_back_with_their_stamp),
        SPOOL_TEST(a_full_disk_is_said),
        SPOOL_TEST(a_file_that_closes_badly_is_not_kept),
        SPOOL_TEST(without_a_state_directory_nothing_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
