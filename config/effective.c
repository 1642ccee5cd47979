/* The effective mapping as YAML: every field and command with its topic, so
 * that it can be read, edited and put back. */
#include "config/config.h"
#include "config/json.h"
#include "config/numbers.h"
#include "mapping/template.h"

/* A flow map that is being written. */
struct wish_writer {
    struct buffer *out;
    bool filled;
};

static void begin(struct wish_writer *w, const char *key)
{
    (void)buffer_format(w->out, "%s%s: ", w->filled ? ", " : "{", key);
    w->filled = true;
}

static void write_text(struct wish_writer *w, const char *key, const char *text)
{
    if (!text)
        return;
    begin(w, key);
    json_write_quote(w->out, text);
}

static void write_truth(struct wish_writer *w, const char *key, int truth)
{
    if (truth < 0)
        return;
    begin(w, key);
    (void)buffer_text_add(w->out, truth ? "true" : "false");
}

static void write_integer(struct wish_writer *w, const char *key, int number)
{
    if (number < 0)
        return;
    begin(w, key);
    (void)buffer_format(w->out, "%d", number);
}

/* Without exponent, without useless zeros. */
static void write_number(struct wish_writer *w, const char *key, double number)
{
    char text[64];
    size_t len;

    if (number < 0)
        return;
    (void)snprintf(text, sizeof text, "%.9f", number);
    len = strlen(text);
    while (text[len - 1] == '0')
        len--;
    len -= text[len - 1] == '.';
    begin(w, key);
    (void)buffer_add(w->out, text, len);
}

static void write_duration(struct wish_writer *w, const char *key, int64_t ms)
{
    char text[32];

    if (ms < 0)
        return;
    duration_write(ms, text, sizeof text);
    begin(w, key);
    (void)buffer_text_add(w->out, text);
}

static void end(struct wish_writer *w)
{
    (void)buffer_text_add(w->out, w->filled ? "}\n" : "{}\n");
}

/* The topic of a key by the rule: {field} is put in, the rest stays. */
static void topic_by_rule(const char *rule, const char *word, const char *key,
                          char *out, size_t size)
{
    char braces[32];
    size_t len = 0;
    int brace = snprintf(braces, sizeof braces, "{%s}", word);

    while (*rule && len + 1 < size) {
        if (brace > 0 && strncmp(rule, braces, (size_t)brace) == 0) {
            int n = snprintf(out + len, size - len, "%s", key);

            len += n > 0 ? (size_t)n : 0;
            rule += brace;
        } else {
            out[len++] = *rule++;
        }
    }
    out[len < size ? len : size - 1] = '\0';
}

/* "storage/<name>/free" as a template: "storage/{name}/free"; whatever an
 * instance is called in the key, a template calls it {name}. */
static void key_template(const char *key, char *out, size_t size)
{
    const char *open = strchr(key, '<');
    const char *close = open ? strchr(open, '>') : NULL;

    if (close)
        (void)snprintf(out, size, "%.*s{name}%s", (int)(open - key), key,
                       close + 1);
    else
        (void)snprintf(out, size, "%s", key);
}

/* What is said, and what follows from the quantity. A deadband that a
 * temperature was not given stays unsaid: given, it would also apply near the
 * target. */
static void write_quantity(struct wish_writer *w, const struct field_wish *wish,
                           enum quantity quantity)
{
    const struct quantity_row *row = quantity_row(quantity);
    int decimals = wish->decimals;
    double deadband = wish->deadband;
    int64_t interval = wish->interval_ms;

    if (decimals < 0 && row->kind == VALUE_NUMBER)
        decimals = row->decimals;
    if (deadband < 0 && row->deadband > 0 && quantity != QUANTITY_HEAT)
        deadband = row->deadband;
    if (interval < 0 && row->interval_s > 0)
        interval = (int64_t)row->interval_s * 1000;
    write_integer(w, "decimals", decimals);
    write_number(w, "deadband", deadband);
    write_duration(w, "interval", interval);
}

static void write_people(struct wish_writer *w, const struct field_wish *wish)
{
    write_text(w, "name", wish->name);
    write_text(w, "icon", wish->icon);
    write_truth(w, "enabled", wish->enabled);
}

static bool says_nothing(const struct field_wish *wish)
{
    return !wish->topic && !wish->name && !wish->icon && wish->retain < 0 &&
           wish->decimals < 0 && wish->deadband < 0 && wish->interval_ms < 0 &&
           wish->enabled < 0;
}

static void write_field(const struct mapping *mapping, enum field field,
                        struct buffer *out)
{
    const struct field_wish *wish = &mapping->fields[field];
    const struct field_row *row = field_row(field);
    struct wish_writer w = {.out = out};
    char key[FIELD_KEY_MAX + 1], topic[TOPIC_MAX * 2];

    (void)buffer_format(out, "    %s: ", row->key);
    /* Not one of several: the topic of those that are on is needed. */
    if (wish->on == 0 && field_instances(field) == 1 && says_nothing(wish)) {
        (void)buffer_text_add(out, "off\n");
        return;
    }
    key_template(row->key, key, sizeof key);
    topic_by_rule(mapping->topic, "field", key, topic, sizeof topic);
    if (wish->on == 0)
        write_truth(&w, "off", true);
    write_text(&w, "topic", wish->topic ? wish->topic : topic);
    write_truth(&w, "retain", wish->retain < 0 ? 1 : wish->retain);
    write_integer(&w, "qos", wish->qos);
    write_quantity(&w, wish, row->quantity);
    write_people(&w, wish);
    end(&w);
}

/* Only what is said: the rest comes from the field. */
static void write_instance(const struct instance_wish *instance,
                           struct buffer *out)
{
    const struct field_wish *wish = &instance->wish;
    struct wish_writer w = {.out = out};
    char key[FIELD_KEY_MAX + 1];

    if (!field_key(instance->field, instance->instance, key, sizeof key))
        return;
    (void)buffer_format(out, "    %s: ", key);
    if (wish->on == 0)
        write_truth(&w, "off", true);
    write_text(&w, "topic", wish->topic);
    write_truth(&w, "retain", wish->retain);
    write_integer(&w, "qos", wish->qos);
    write_integer(&w, "decimals", wish->decimals);
    write_number(&w, "deadband", wish->deadband);
    write_duration(&w, "interval", wish->interval_ms);
    write_people(&w, wish);
    end(&w);
}

static void write_command(const struct mapping *mapping, enum command command,
                          struct buffer *out)
{
    const struct command_wish *wish = &mapping->commands[command];
    const char *name = command_row(command)->name;
    struct wish_writer w = {.out = out};
    char topic[TOPIC_MAX * 2];

    (void)buffer_format(out, "    %s: ", name);
    topic_by_rule(mapping->command_topic, "command", name, topic, sizeof topic);
    if (wish->on == 0)
        write_truth(&w, "off", true);
    write_text(&w, "topic", wish->topic ? wish->topic : topic);
    write_text(&w, "name", wish->name);
    write_text(&w, "icon", wish->icon);
    write_truth(&w, "enabled", wish->enabled);
    end(&w);
}

static void write_custom(const struct mapping *mapping, int i,
                         struct buffer *out)
{
    const struct custom_field *custom = &mapping->custom[i];
    struct wish_writer w = {.out = out};
    char topic[TOPIC_MAX * 2];

    (void)buffer_text_add(out, "    - ");
    topic_by_rule(mapping->topic, "field", custom->key, topic, sizeof topic);
    write_text(&w, "key", custom->key);
    write_text(&w, "endpoint", custom->endpoint);
    write_text(&w, "pointer", custom->pointer);
    write_text(&w, "quantity", quantity_row(custom->quantity)->name);
    write_text(&w, "topic", custom->wish.topic ? custom->wish.topic : topic);
    write_truth(&w, "retain",
                custom->wish.retain < 0 ? 1 : custom->wish.retain);
    write_integer(&w, "qos", custom->wish.qos);
    write_quantity(&w, &custom->wish, custom->quantity);
    write_people(&w, &custom->wish);
    end(&w);
}

static void write_mapping(const struct mapping *mapping, struct buffer *out)
{
    enum field f;
    enum command c;
    int i;

    (void)buffer_text_add(out, "  topic: ");
    json_write_quote(out, mapping->topic);
    (void)buffer_text_add(out, "\n  command_topic: ");
    json_write_quote(out, mapping->command_topic);
    (void)buffer_format(out, "\n  absent: %s\n  fields:\n",
                        mapping->absent == ABSENT_CLEAR ? "clear" : "none");
    for (f = 0; f < FIELD_CUSTOM; f++)
        write_field(mapping, f, out);
    for (i = 0; i < mapping->instance_count; i++)
        write_instance(&mapping->instances[i], out);
    (void)buffer_text_add(out, "  commands:\n");
    for (c = 0; c < COMMAND_COUNT; c++)
        write_command(mapping, c, out);
    if (mapping->custom_count > 0)
        (void)buffer_text_add(out, "  custom:\n");
    for (i = 0; i < mapping->custom_count; i++)
        write_custom(mapping, i, out);
}

/* Which printers have it, as a comment. */
static void write_users(const struct config *config, size_t mapping,
                        const char *indent, struct buffer *out)
{
    bool any = false;
    size_t i;

    for (i = 0; i < config->printer_count; i++) {
        if (config->printers[i].mapping != config->mappings[mapping])
            continue;
        (void)buffer_format(out, "%s%s", any ? ", " : indent,
                            any ? "" : "# of ");
        (void)buffer_text_add(out, config->printers[i].id);
        any = true;
    }
    if (any)
        (void)buffer_add(out, "\n", 1);
}

static void add_indented(struct buffer *out, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");

        len += text[len] == '\n';
        (void)buffer_add(out, "  ", 2);
        (void)buffer_add(out, text, len);
        text += len;
    }
}

void config_mapping(const struct config *config, struct buffer *out)
{
    size_t i;

    write_users(config, 0, "", out);
    (void)buffer_text_add(out, "mapping:\n");
    write_mapping(config->mappings[0], out);
    if (config->mapping_count > 1)
        (void)buffer_text_add(out, "mappings:\n");
    for (i = 1; i < config->mapping_count; i++) {
        struct buffer text = {0};

        write_users(config, i, "  ", out);
        (void)buffer_format(out, "  %s:\n", config->mapping_names[i]);
        write_mapping(config->mappings[i], &text);
        add_indented(out, buffer_text(&text));
        buffer_release(&text);
    }
}
