/* Words that only look: status, job, info, version, storage, transfer,
 * legacy. */
#include "bridge/cli/choose.h"
#include "bridge/cli/client.h"
#include "bridge/cli/show.h"
#include "bridge/cli/words.h"
#include "bridge/drivers/json.h"
#include "mapping/memory.h"

#include <unistd.h>

static struct view view_of(const struct client *client)
{
    return (struct view){
        .config = client->config,
        .t = &client->t,
        .roster = {&client->device.storages, &client->device.cameras},
        .online = !client->failed,
        .error = client->err.text,
        .now = desk_now(client->desk).wall,
    };
}

/* ---- status ---- */

static const char *const status_plan[] = {"?version", "status", "?job",
                                          "?transfer", NULL};

static int print_table(struct client **clients, size_t count)
{
    bool colour = show_colour(STDOUT_FILENO);
    struct buffer out = {0};
    struct table table;
    size_t i;

    show_heading(&table, colour);
    for (i = 0; i < count; i++) {
        struct view view = view_of(clients[i]);

        show_row(&view, colour, &table);
    }
    table_write(&table, &out);
    return say_buffer(&out);
}

static int print_list(struct client **clients, size_t count)
{
    struct buffer out = {0};
    size_t i;

    (void)buffer_text_add(&out, "[");
    for (i = 0; i < count; i++) {
        struct view view = view_of(clients[i]);

        (void)buffer_text_add(&out, i ? ",\n " : "");
        show_json(&view, NULL, &out);
    }
    (void)buffer_text_add(&out, "]\n");
    return say_buffer(&out);
}

static int status_of_all(const struct call *call, struct client **clients,
                         size_t count)
{
    int status = call->options & OPTION_JSON ? print_list(clients, count)
                                             : print_table(clients, count);
    size_t i, silent = 0;

    for (i = 0; i < count; i++)
        silent += clients[i]->failed;
    if (silent > 0)
        return say_failed("%zu of %zu printers did not answer", silent, count);
    return status;
}

static int status_of_one(const struct call *call, const struct client *client)
{
    struct view view = view_of(client);
    struct buffer out = {0};

    if (call->options & OPTION_JSON) {
        show_json(&view, NULL, &out);
        (void)buffer_text_add(&out, "\n");
    } else if (view.online)
        show_printer(&view, show_colour(STDOUT_FILENO), &out);
    if (say_buffer(&out) != EXIT_DONE)
        return EXIT_FAILED;
    return view.online ? EXIT_DONE
                       : say_failed("%s: %s", view.config->id, view.error);
}

static int status(const struct call *call, struct desk *desk,
                  const struct choice *choice)
{
    struct client **clients =
        memory_zero(choice->count + 1, sizeof(struct client *));
    int result;
    size_t i;

    for (i = 0; i < choice->count; i++)
        clients[i] = desk_add(desk, &choice->printers[i]);
    desk_read(desk, status_plan);
    result = choice->all ? status_of_all(call, clients, choice->count)
                         : status_of_one(call, clients[0]);
    free(clients);
    return result;
}

int word_status(struct call *call)
{
    return choice_sit(call, status);
}

/* ---- job, info, version, storage, transfer ---- */

struct look {
    const char *word;
    const char *plan[6];
    const char *keys[6]; /* beginnings of the fields' keys */
    int needs;           /* slot that must be known, -1 = none */
    const char *nothing; /* what to say when it is not */
};

static const struct look looks[] = {
    {"job",
     {"?version", "status", "job"},
     {"job/"},
     SLOT_JOB_ID,
     "nothing is being printed"},
    {"info", {"?version", "info"}, {"info/"}, -1, NULL},
    {"version",
     {"version"},
     {"info/firmware", "info/server", "info/api", "info/hostname",
      "info/model"},
     -1,
     NULL},
    {"storage", {"storage"}, {"storage/"}, -1, NULL},
    {"transfer",
     {"?version", "status", "transfer"},
     {"transfer/"},
     SLOT_TRANSFER_ACTIVE,
     "nothing is being transferred"},
};

static const struct look *look_of(const char *word)
{
    const struct look *look = looks;

    while (strcmp(look->word, word) != 0)
        look++;
    return look;
}

static void storage_cells(const struct telemetry *t, int instance,
                          struct table *table)
{
    static const enum field sizes[] = {FIELD_STORAGE_FREE, FIELD_STORAGE_TOTAL};
    int there = field_slot(FIELD_STORAGE_AVAILABLE, instance);
    int locked = field_slot(FIELD_STORAGE_READ_ONLY, instance);
    struct buffer cell = {0};
    size_t i;

    table_text(table, telemetry_integer(t, there, 1) ? "present" : "absent");
    table_text(table,
               telemetry_integer(t, locked, 0) ? "read-only" : "writable");
    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        paint_value(&cell, t, field_slot(sizes[i], instance), QUANTITY_SIZE);
        table_add(table, &cell);
    }
}

static void put_storages(const struct view *view, struct buffer *out)
{
    static const char *const titles[] = {"STORAGE", "", "", "FREE", "TOTAL"};
    struct table table = {.columns = 5, .right = 1u << 3 | 1u << 4};
    int i;

    for (i = 0; i < table.columns; i++)
        table_text(&table, titles[i]);
    for (i = 0; i < view->roster.storages->count; i++) {
        struct buffer cell = {0};

        (void)buffer_format(&cell, "/%s", view->roster.storages->name[i]);
        table_add(&table, &cell);
        storage_cells(view->t, i, &table);
    }
    table_write(&table, out);
}

static void put_look(const struct look *look, const struct view *view,
                     struct buffer *out)
{
    if (look->needs >= 0 && !telemetry_integer(view->t, look->needs, 0))
        (void)buffer_format(out, "%s\n", look->nothing);
    else if (strcmp(look->word, "storage") == 0)
        put_storages(view, out);
    else {
        show_fields(view, look->keys, out);
        if (out->len == 0)
            (void)buffer_text_add(out, "the printer tells nothing about it\n");
    }
}

static int look_at(const struct call *call, struct client *client)
{
    const struct look *look = look_of(call->word->name);
    struct view view = view_of(client);
    struct buffer out = {0};

    if (!view.online)
        return say_failed("%s: %s", view.config->id, view.error);
    if (call->options & OPTION_JSON) {
        show_json(&view, look->keys, &out);
        (void)buffer_text_add(&out, "\n");
    } else
        put_look(look, &view, &out);
    return say_buffer(&out);
}

int word_look(struct call *call)
{
    return choice_run(call, look_of(call->word->name)->plan, look_at);
}

/* ---- legacy ---- */

#define NAME_SIZE 128 /* of a key that is shown */
#define DEPTH_MAX 8

static void put_leaf(const char *key, const struct json *node,
                     struct buffer *out)
{
    const char *text = json_text(node);
    double number;
    bool truth;

    paint_text(out, key);
    (void)buffer_text_add(out, "  ");
    if (text)
        paint_text(out, text);
    else if (json_number(node, &number))
        (void)buffer_format(out, "%.15g", number);
    else if (json_truth(node, &truth))
        (void)buffer_text_add(out, truth ? "yes" : "no");
    else
        (void)buffer_text_add(out, "-");
    (void)buffer_text_add(out, "\n");
}

/* "temperature.tool0.actual  214.9", one line a value. */
static void put_tree(const char *key, const struct json *node, int depth,
                     struct buffer *out)
{
    const struct json *child = json_first(node);

    if (!child || depth == DEPTH_MAX) {
        put_leaf(key, node, out);
        return;
    }
    for (; child; child = json_next(child)) {
        struct buffer name = {0};
        char part[NAME_SIZE];

        json_name(child, part, sizeof part);
        (void)buffer_format(&name, "%s%s%s", key, *key ? "." : "", part);
        put_tree(buffer_text(&name), child, depth + 1, out);
        buffer_release(&name);
    }
}

static void put_json(const struct json *node, struct buffer *out);

static void put_children(const struct json *node, struct buffer *out)
{
    bool object = json_is_object(node);
    const struct json *child = json_first(node);
    char name[NAME_SIZE];

    (void)buffer_text_add(out, object ? "{" : "[");
    for (; child; child = json_next(child)) {
        if (object) {
            json_name(child, name, sizeof name);
            show_json_text(name, out);
            (void)buffer_text_add(out, ":");
        }
        put_json(child, out);
        (void)buffer_text_add(out, json_next(child) ? "," : "");
    }
    (void)buffer_text_add(out, object ? "}" : "]");
}

/* The tree as JSON: what came may hold nan. */
static void put_json(const struct json *node, struct buffer *out)
{
    double number;
    bool truth;

    if (json_text(node))
        show_json_text(json_text(node), out);
    else if (json_number(node, &number))
        (void)buffer_format(out, "%.15g", number);
    else if (json_truth(node, &truth))
        (void)buffer_text_add(out, truth ? "true" : "false");
    else if (json_is_object(node) || json_is_array(node))
        put_children(node, out);
    else
        (void)buffer_text_add(out, "null");
}

/* One document, for people or as it came. */
static bool put_document(struct client *client, const char *target, bool json,
                         struct buffer *out, struct error *err)
{
    struct request request = {.method = HTTP_GET};
    const struct json *root = NULL;
    struct reply reply;
    bool ok;

    (void)snprintf(request.target, sizeof request.target, "%s", target);
    ok = client_ask(client, &request, &reply, err);
    if (ok && reply.answer.status != 200)
        ok = client_explain(client->config, &reply.answer, err);
    if (ok)
        root = json_parse(reply.answer.body, reply.answer.len, err);
    if (ok && !root)
        ok = error_prefix(err, "%s", target);
    if (ok && json)
        put_json(root, out);
    else if (ok)
        put_tree("", root, 0, out);
    json_free(root);
    reply_release(&reply);
    return ok;
}

static int legacy(const struct call *call, struct client *client)
{
    bool json = call->options & OPTION_JSON;
    struct buffer out = {0};
    struct error err = {""};
    bool ok;

    (void)buffer_text_add(&out, json ? "{\"printer\":" : "");
    ok = put_document(client, "/api/printer", json, &out, &err);
    (void)buffer_text_add(&out, json ? ",\"job\":" : "\n");
    ok = ok && put_document(client, "/api/job", json, &out, &err);
    (void)buffer_text_add(&out, json ? "}\n" : "");
    if (ok)
        return say_buffer(&out);
    buffer_release(&out);
    return say_failed("%s: %s", client->config->id, err.text);
}

int word_legacy(struct call *call)
{
    return choice_run(call, NULL, legacy);
}
