#include "tests/bridge/monkey.h"

#include "tests/unit.h"

uint64_t roll(struct far_side *far, uint64_t sides)
{
    far->dice ^= far->dice << 13;
    far->dice ^= far->dice >> 7;
    far->dice ^= far->dice << 17;
    return far->dice % sides;
}

bool rarely(struct far_side *far)
{
    return !far->calm && roll(far, far->luck) == 0;
}

static const char *const states[] = {
    "IDLE",    "BUSY",  "PRINTING",  "PRINTING", "PAUSED",  "FINISHED",
    "STOPPED", "ERROR", "ATTENTION", "READY",    "NONSENSE"};

static const char *const files[] = {
    ("{\"type\":\"FOLDER\",\"name\":\"usb\",\"children\":["
     "{\"name\":\"BOX~1.GCO\",\"display_name\":\"box.gcode\",\"type\":"
     "\"PRINT_FILE\",\"m_timestamp\":1700000000},"
     "{\"name\":\"parts\",\"type\":\"FOLDER\"}]}"),
    ("{\"type\":\"FOLDER\",\"name\":\"parts\",\"children\":["
     "{\"name\":\"b.bgcode\",\"type\":\"PRINT_FILE\",\"m_timestamp\":5}]}"),
    "{\"type\":\"FOLDER\",\"children\":[]}",
    "{\"type\":\"PRINT_FILE\",\"name\":\"b.gcode\",\"size\":12}",
    "[]",
};

static const char *const cameras[] = {
    ("{\"camera_list\":[{\"camera_id\":\"c1\",\"config\":{\"name\":\"front\"},"
     "\"connected\":true}]}"),
    "{\"camera_list\":[]}",
    "{\"name\":\"front\",\"token\":\"secret\"}",
};

static const char *const storages[] = {
    ("{\"storage_list\":[{\"name\":\"usb\",\"type\":\"USB\",\"path\":\"/usb/\","
     "\"available\":true}]}"),
    ("{\"storage_list\":[{\"name\":\"usb\",\"type\":\"USB\",\"path\":\"/usb/\","
     "\"available\":false},{\"name\":\"l\",\"type\":\"LOCAL\",\"path\":"
     "\"/local\",\"available\":true}]}"),
    "{\"storage_list\":[]}",
};

static const char *const updates[] = {"{\"new_version\":\"0.9\"}", "{}"};

static const char *const numbers[] = {"0",  "1",    "50.5", "99.9",
                                      "-3", "9e18", "1e300"};

static void status(struct far_side *far, struct buffer *out)
{
    if (roll(far, 6) == 0) {
        far->state = PICK(far, states);
        far->job = (int)roll(far, 4);
    }
    (void)buffer_format(out, "{\"storage\":{\"path\":\"/usb/\",\"name\":"
                             "\"usb\",\"read_only\":false},");
    if (far->job)
        (void)buffer_format(out,
                            "\"job\":{\"id\":%d,\"progress\":%s,"
                            "\"time_printing\":%s,\"time_remaining\":%s},",
                            far->job, PICK(far, numbers), PICK(far, numbers),
                            PICK(far, numbers));
    if (roll(far, 5) == 0)
        (void)buffer_format(out,
                            "\"transfer\":{\"id\":%d,\"progress\":%s,"
                            "\"data_transferred\":%s,\"time_transferring\":3},",
                            (int)roll(far, 3), PICK(far, numbers),
                            PICK(far, numbers));
    (void)buffer_format(out,
                        "\"printer\":{\"state\":\"%s\",\"temp_nozzle\":%s}}",
                        far->state, PICK(far, numbers));
}

static void info(struct far_side *far, struct buffer *out)
{
    if (rarely(far))
        (void)buffer_text_add(out, roll(far, 2) ? "{}" : "{\"serial\":\"S2\"}");
    else
        (void)buffer_format(out, "{\"serial\":\"S1\",\"hostname\":\"m%d\"}",
                            (int)roll(far, 2));
}

static void version(struct far_side *far, struct buffer *out)
{
    (void)buffer_text_add(
        out, far->pi ? "{\"sdk\":\"0.8.1\",\"server\":\"0.8.1\"}"
                     : "{\"api\":\"2.0.0\",\"text\":\"PrusaLink\"}");
}

static void job(struct far_side *far, struct buffer *out)
{
    static const char *const names[] = {"box", "a box", "other", "b"};
    const char *name = PICK(far, names);

    (void)buffer_format(
        out,
        "{\"id\":%d,\"state\":\"PRINTING\",\"progress\":%s,\"time_printing\":%"
        "s,"
        "\"file\":{\"name\":\"BOX~1.GCO\",\"display_name\":\"%s.gcode\","
        "\"path\":\"/usb\",\"size\":%d,\"refs\":{\"download\":"
        "\"/usb/BOX~1.GCO\",\"thumbnail\":\"/thumb/l/usb/BOX~1.GCO\"}}}",
        rarely(far) ? 1 : far->job, PICK(far, numbers), PICK(far, numbers),
        name, (int)roll(far, 3) * 1000);
}

static const struct {
    const char *target; /* begins so */
    const char *const *bodies;
    size_t count;
    void (*make)(struct far_side *far, struct buffer *out);
} rows[] = {
    {.target = "/api/v1/status", .make = status},
    {.target = "/api/v1/job", .make = job},
    {.target = "/api/v1/info", .make = info},
    {"/api/v1/storage", storages, ROWS(storages), NULL},
    {"/api/v1/cameras", cameras, ROWS(cameras), NULL},
    {"/api/v1/files", files, ROWS(files), NULL},
    {"/api/v1/update", updates, ROWS(updates), NULL},
    {.target = "/api/version", .make = version},
};

void far_body(struct far_side *far, const struct request *request,
              struct buffer *out)
{
    size_t i = 0;

    while (i < ROWS(rows) && strncmp(request->target, rows[i].target,
                                     strlen(rows[i].target)) != 0)
        i++;
    if (i == ROWS(rows) || rarely(far))
        (void)buffer_text_add(out, roll(far, 2) ? "; gcode\n" : "{\"x\":");
    else if (rows[i].make)
        rows[i].make(far, out);
    else
        (void)buffer_text_add(out, rows[i].bodies[roll(far, rows[i].count)]);
}

enum http_result far_result(struct far_side *far)
{
    static const enum http_result results[] = {HTTP_UNREACHABLE, HTTP_TIMEOUT,
                                               HTTP_BROKEN, HTTP_TOO_BIG};

    return rarely(far) ? PICK(far, results) : HTTP_ANSWERED;
}

int far_status(struct far_side *far, const struct request *request)
{
    static const int codes[] = {204, 304, 401, 403, 404, 408, 409, 500, 503};

    if (rarely(far))
        return PICK(far, codes);
    return request->method == HTTP_GET ? 200 : 204;
}
