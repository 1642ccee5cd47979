/* The keys of a printer. */
#include "config/draft.h"
#include "config/sections.h"
#include "config/url.h"

#define AT(member)    offsetof(struct config_printer, member)
#define DRAFT(member) offsetof(struct draft, member)

static void read_url(struct reader *r, const struct row *row,
                     const struct node *node, void *base);
static void read_commands(struct reader *r, const struct row *row,
                          const struct node *node, void *base);
static bool check_unique_id(const char *text, struct error *err);

const char *const auth_names[] = {
    [CONFIG_AUTH_AUTO] = "auto",
    [CONFIG_AUTH_DIGEST] = "digest",
    [CONFIG_AUTH_API_KEY] = "api_key",
    [CONFIG_AUTH_TOKEN] = "token",
    NULL,
};

static const struct row poll_rows[] = {
    {.key = "printing",
     .kind = KIND_DURATION,
     .offset = AT(poll_printing_ms),
     .fallback = "2s",
     .min = 500,
     .max = 3600000,
     .says = "While it prints."},
    {.key = "idle",
     .kind = KIND_DURATION,
     .offset = AT(poll_idle_ms),
     .fallback = "5s",
     .min = 500,
     .max = 3600000,
     .says = "While it does not."},
    {.key = "offline",
     .kind = KIND_DURATION,
     .offset = AT(poll_offline_ms),
     .fallback = "5s",
     .min = 500,
     .max = 3600000,
     .says = "At first, when it does not answer."},
    {.key = "offline_max",
     .kind = KIND_DURATION,
     .offset = AT(poll_offline_max_ms),
     .fallback = "60s",
     .min = 500,
     .max = 3600000,
     .says = "What that grows to."},
    {0},
};

const struct section poll_section = {
    .name = "poll",
    .title = "printers.<id>.poll",
    .rows = poll_rows,
};

static const struct row camera_rows[] = {
    {.key = "interval",
     .kind = KIND_DURATION,
     .offset = AT(snapshots_ms),
     .fallback = "0s",
     .min = 0,
     .max = 86400000,
     .says = "Time between snapshots of each camera, 5s or more; 0: only when "
             "one is ordered."},
    {0},
};

const struct section cameras_section = {
    .name = "cameras",
    .title = "printers.<id>.cameras",
    .rows = camera_rows,
};

static const struct row command_rows[] = {
    {.key = "enable",
     .kind = KIND_COMMANDS,
     .offset = AT(command_enabled),
     .says = "Allow these, also those that are off unless named here."},
    {.key = "disable",
     .kind = KIND_COMMANDS,
     .offset = AT(command_disabled),
     .says = "Refuse these."},
    {0},
};

const struct section commands_section = {
    .name = "commands",
    .title = "printers.<id>.commands",
    .rows = command_rows,
};

static const struct row printer_rows[] = {
    {.key = "id",
     .kind = KIND_TEXT,
     .offset = DRAFT(id),
     .flags = ROW_OWN | ROW_LISTED | ROW_REQUIRED,
     .says = "Its id, where printers are given as a list."},
    {.key = "url",
     .kind = KIND_TEXT,
     .offset = AT(url),
     .flags = ROW_OWN | ROW_REQUIRED,
     .read = read_url,
     .says = "Its address: `192.168.1.50`, `mk4.lan:8080` or "
             "`https://host/path`."},
    {.key = "enabled",
     .kind = KIND_TRUTH,
     .offset = AT(enabled),
     .fallback = "true",
     .says = "`false`: left alone, as if it were not here."},
    {.key = "driver",
     .kind = KIND_DRIVER,
     .offset = AT(driver),
     .fallback = "auto",
     .says = "The API it speaks; `auto` finds out."},
    {.key = "auth",
     .kind = KIND_CHOICE,
     .offset = AT(auth),
     .fallback = "auto",
     .choices = auth_names,
     .says = "How it is told who we are; follows from the key that holds the "
             "secret."},
    {.key = "username",
     .kind = KIND_TEXT,
     .offset = AT(username),
     .fallback = "maker",
     .says = "User that goes with `password`."},
    {.key = "password",
     .kind = KIND_SECRET,
     .offset = DRAFT(password),
     .says = "Its password; best as `!secret name`."},
    {.key = "api_key",
     .kind = KIND_SECRET,
     .offset = DRAFT(api_key),
     .says = "Or: its API key."},
    {.key = "token",
     .kind = KIND_SECRET,
     .offset = DRAFT(token),
     .says = "Or: its access token."},
    {.key = "remote_id",
     .kind = KIND_TEXT,
     .offset = AT(remote_id),
     .flags = ROW_OWN,
     .says = "Its id in an account that serves many printers."},
    {.key = "unique_id",
     .kind = KIND_TEXT,
     .offset = AT(unique_id),
     .flags = ROW_OWN,
     .check = check_unique_id,
     .says = "Identity in Home Assistant, instead of its serial number."},
    {.key = "name",
     .kind = KIND_TEXT,
     .offset = AT(name),
     .says = "What people call it; its own name if not said."},
    {.key = "model",
     .kind = KIND_TEXT,
     .offset = AT(model),
     .says = "Its model, where it does not tell."},
    {.key = "area",
     .kind = KIND_TEXT,
     .offset = AT(area),
     .says = "The area suggested to Home Assistant."},
    {.key = "tags",
     .kind = KIND_LIST,
     .offset = AT(tags),
     .says = "Words to group printers by."},
    {.key = "poll",
     .kind = KIND_SECTION,
     .section = &poll_section,
     .says = "How often it is asked."},
    {.key = "timeout",
     .kind = KIND_DURATION,
     .offset = AT(timeout_ms),
     .fallback = "5s",
     .min = 500,
     .max = 60000,
     .says = "How long an answer may take."},
    {.key = "thumbnails",
     .kind = KIND_TRUTH,
     .offset = AT(thumbnails),
     .fallback = "true",
     .says = "Show the pictures of its jobs."},
    {.key = "read_files",
     .kind = KIND_TRUTH,
     .offset = AT(read_files),
     .fallback = "true",
     .says = "Read a job's filament from its file where the printer does not "
             "tell it: one bounded download per job."},
    {.key = "cameras",
     .kind = KIND_SECTION,
     .section = &cameras_section,
     .says = "What its cameras are asked for."},
    {.key = "filament_change_warning",
     .kind = KIND_DURATION,
     .offset = AT(change_warning_ms),
     .fallback = "5min",
     .min = 0,
     .max = 3600000,
     .says = "How long before a filament change the event comes."},
    {.key = "read_only",
     .kind = KIND_TRUTH,
     .offset = AT(read_only),
     .fallback = "false",
     .says = "Refuse every order."},
    {.key = "commands",
     .kind = KIND_SECTION,
     .section = &commands_section,
     .read = read_commands,
     .says = "Which orders it takes."},
    {.key = "uploads",
     .kind = KIND_SECTION,
     .section = &uploads_section,
     .says = "Where files for it may come from; off until something is said "
             "here."},
    {.key = "mapping",
     .kind = KIND_MAPPING,
     .offset = AT(mapping),
     .section = &inline_mapping_section,
     .read = mapping_choice_read,
     .says = "Name of one of `mappings`, or a mapping of its own that changes "
             "`mapping`."},
    {.key = "homeassistant",
     .kind = KIND_TRUTH,
     .offset = AT(homeassistant),
     .fallback = "true",
     .says = "Announce it to Home Assistant."},
    {.key = "ca_file",
     .kind = KIND_PATH,
     .offset = AT(ca_file),
     .flags = ROW_EXISTS,
     .says = "Certificates to trust with `https://`, instead of the "
             "system's."},
    {.key = "insecure",
     .kind = KIND_TRUTH,
     .offset = AT(insecure),
     .fallback = "false",
     .says = "Do not check its certificate."},
    {0},
};

const struct section printer_section = {
    .name = "printer",
    .title = "printers.<id>",
    .rows = printer_rows,
};

static bool check_unique_id(const char *text, struct error *err)
{
    size_t len = strlen(text);

    if (len > 64 ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789_-") < len)
        return error_set(err, "an identity is at most 64 letters, digits, _ "
                              "and -");
    return true;
}

static void read_url(struct reader *r, const struct row *row,
                     const struct node *node, void *base)
{
    struct draft *draft = base;
    struct error err;
    char *url;

    (void)row;
    if (node->kind != NODE_TEXT || node_is_nothing(node)) {
        reader_wrong(r, node, "an address");
        return;
    }
    url = url_printer(node->text, &err);
    if (!url)
        reader_error(r, node, "%s", err.text);
    free(draft->printer.url);
    draft->printer.url = url;
}

/* What a printer says of a command wins over what defaults say of it. */
static void read_commands(struct reader *r, const struct row *row,
                          const struct node *node, void *base)
{
    struct config_printer *printer = base;
    bool enable = node_get(node, "enable") != NULL;
    bool disable = node_get(node, "disable") != NULL;
    enum command c;

    section_read(r, row->section, node, base, 0);
    for (c = 0; c < COMMAND_COUNT; c++) {
        if (!printer->command_enabled[c] || !printer->command_disabled[c])
            continue;
        if (enable && disable)
            reader_error(r, node, "'%s' is both enabled and disabled",
                         command_row(c)->name);
        else if (enable)
            printer->command_disabled[c] = false;
        else
            printer->command_enabled[c] = false;
    }
}
