/* cameras, snap [CAMERA] FILE. */
#include "bridge/cli/choose.h"
#include "bridge/cli/save.h"
#include "bridge/cli/show.h"
#include "bridge/cli/words.h"

#define PICTURE_MAX ((size_t)8 << 20)

static const char *const plan[] = {"version", "cameras", NULL};

/* ---- cameras ---- */

static void put_flag(const struct telemetry *t, int slot, const char *yes,
                     const char *no, struct table *table)
{
    int64_t truth = telemetry_integer(t, slot, -1);

    table_text(table, truth < 0 ? "" : truth ? yes : no);
}

static void put_camera(const struct view *view, int i, struct table *table)
{
    struct buffer cell = {0};

    paint_text(&cell, view->roster.cameras->name[i]);
    table_add(table, &cell);
    paint_text(&cell,
               telemetry_text(view->t, field_slot(FIELD_CAMERA_NAME, i)));
    table_add(table, &cell);
    paint_text(&cell,
               telemetry_text(view->t, field_slot(FIELD_CAMERA_RESOLUTION, i)));
    table_add(table, &cell);
    put_flag(view->t, field_slot(FIELD_CAMERA_CONNECTED, i), "connected",
             "not connected", table);
    put_flag(view->t, field_slot(FIELD_CAMERA_REGISTERED, i),
             "in Prusa Connect", "not in Prusa Connect", table);
}

static void put_cameras(const struct view *view, struct buffer *out)
{
    struct table table = {.columns = 5};
    int i;

    if (view->roster.cameras->count == 0)
        (void)buffer_text_add(out, "the printer has no cameras\n");
    for (i = 0; i < view->roster.cameras->count; i++)
        put_camera(view, i, &table);
    table_write(&table, out);
}

static void put_text(const char *key, const struct telemetry *t, int slot,
                     struct buffer *out)
{
    if (telemetry_known(t, slot))
        show_json_member(key, telemetry_text(t, slot), out);
}

static void put_truth(const char *key, const struct telemetry *t, int slot,
                      struct buffer *out)
{
    if (telemetry_known(t, slot))
        (void)buffer_format(out, ",\"%s\":%s", key,
                            telemetry_integer(t, slot, 0) ? "true" : "false");
}

/* {"printer":"mk3","cameras":[{"id":"front",...}]} */
static void put_json(const struct view *view, struct buffer *out)
{
    int i;

    show_json_begin(view->config, out);
    (void)buffer_text_add(out, ",\"cameras\":[");
    for (i = 0; i < view->roster.cameras->count; i++) {
        (void)buffer_text_add(out, i ? ",{\"id\":" : "{\"id\":");
        show_json_text(view->roster.cameras->name[i], out);
        put_text("name", view->t, field_slot(FIELD_CAMERA_NAME, i), out);
        put_text("resolution", view->t, field_slot(FIELD_CAMERA_RESOLUTION, i),
                 out);
        put_truth("connected", view->t, field_slot(FIELD_CAMERA_CONNECTED, i),
                  out);
        put_truth("registered", view->t, field_slot(FIELD_CAMERA_REGISTERED, i),
                  out);
        (void)buffer_text_add(out, "}");
    }
    (void)buffer_text_add(out, "]}\n");
}

static int cameras(const struct call *call, struct client *client)
{
    const struct view view = {
        .config = client->config,
        .t = &client->t,
        .roster.cameras = &client->device.cameras,
    };
    struct buffer out = {0};

    if (client->failed)
        return say_failed("%s: %s", client->config->id, client->err.text);
    if (call->options & OPTION_JSON)
        put_json(&view, &out);
    else
        put_cameras(&view, &out);
    return say_buffer(&out);
}

int word_cameras(struct call *call)
{
    return choice_run(call, plan, cameras);
}

/* ---- snap ---- */

/* A camera by the name that people gave it, else as the driver knows it. */
static const char *id_of(const struct client *client, const char *wish)
{
    const struct instances *cameras = &client->device.cameras;
    int i;

    for (i = 0; i < cameras->count && *wish; i++)
        if (strcmp(wish, telemetry_text(&client->t,
                                        field_slot(FIELD_CAMERA_NAME, i))) == 0)
            return cameras->name[i];
    return wish;
}

static bool ask(struct client *client, enum command command,
                const struct order_arguments *arguments, struct reply *reply,
                struct error *err)
{
    struct request request;

    *reply = (struct reply){.answer = {.body = ""}};
    if (driver_encode(client->driver, command, 0, arguments, &client->t,
                      &client->device, &request, err) != ENCODE_SEND)
        return false;
    request.accept = "image/*";
    request.answer_max = PICTURE_MAX;
    return client_ask(client, &request, reply, err);
}

/* The newest picture; a camera that has none yet is told to take one. */
static bool fetch(struct client *client,
                  const struct order_arguments *arguments, struct reply *reply,
                  struct error *err)
{
    if (!ask(client, COMMAND_SNAPSHOT, arguments, reply, err))
        return false;
    if (reply->answer.status != 204)
        return true;
    reply_release(reply);
    if (!ask(client, COMMAND_CAMERA_TRIGGER, arguments, reply, err))
        return false;
    reply_release(reply);
    return ask(client, COMMAND_SNAPSHOT, arguments, reply, err);
}

static bool check(const struct client *client, const struct reply *reply,
                  struct error *err)
{
    const struct http_answer *answer = &reply->answer;

    if (answer->status == 204 || (answer->status == 200 && answer->len == 0))
        return error_set(err, "the camera has no picture yet; try again");
    if (answer->status == 404)
        return error_set(err, "the printer has no such camera, or it is not "
                              "connected");
    if (answer->status != 200)
        return client_explain(client->config, answer, err);
    if (strncmp(answer->headers.content_type, "image/", 6) != 0)
        return error_set(err, "what came is no picture");
    return true;
}

static bool store(const char *file, const struct http_answer *picture,
                  struct error *err)
{
    struct save save = {.fd = -1};
    bool ok = save_open(&save, file, true, err);

    if (ok) {
        (void)save_write(&save, picture->body, picture->len);
        ok = save_keep(&save, err);
    }
    save_close(&save);
    return ok;
}

static int say_stored(const struct call *call, const struct client *client,
                      const char *file, const struct reply *reply)
{
    struct buffer out = {0};

    if (call->options & OPTION_JSON) {
        show_json_begin(client->config, &out);
        show_json_member("file", file, &out);
        show_json_member("type", reply->answer.headers.content_type, &out);
        (void)buffer_format(&out, ",\"size\":%zu}\n", reply->answer.len);
    } else {
        paint_text(&out, file);
        (void)buffer_text_add(&out, ": ");
        paint_text(&out, reply->answer.headers.content_type);
        (void)buffer_text_add(&out, ", ");
        paint_size(&out, (int64_t)reply->answer.len);
        (void)buffer_text_add(&out, "\n");
    }
    return say_buffer(&out);
}

static int snap(const struct call *call, struct client *client)
{
    const char *file = call->argv[call->argc - 1];
    struct order_arguments arguments = {.job = -1};
    struct error err = {""};
    struct reply reply = {0};
    bool to_stdout = strcmp(file, "-") == 0, ok;
    int status;

    (void)snprintf(arguments.path, sizeof arguments.path, "%s",
                   call->argc > 1 ? id_of(client, call->argv[0]) : "");
    if (client->failed)
        ok = error_set(&err, "%s", client->err.text);
    else if (client->device.cameras.count == 0)
        ok = error_set(&err, "the printer has no cameras");
    else
        ok = fetch(client, &arguments, &reply, &err) &&
             check(client, &reply, &err) &&
             (to_stdout || store(file, &reply.answer, &err));
    if (!ok)
        status = say_failed("%s: %s", client->config->id, err.text);
    else if (to_stdout) {
        (void)fwrite(reply.answer.body, 1, reply.answer.len, stdout);
        status = say_written();
    } else
        status = say_stored(call, client, file, &reply);
    reply_release(&reply);
    return status;
}

int word_snap(struct call *call)
{
    return choice_run(call, plan, snap);
}
