/* The effective mapping as YAML, put back, has the same effect. */
#include "mapping/routes.h"
#include "world.h"

static const char wishes[] =
    "mapping:\n"
    "  topic: \"farm/{printer}/{field}\"\n"
    "  absent: clear\n"
    "  fields:\n"
    "    state: off\n"
    "    message: {off: true, topic: \"m/{printer}\", name: \"a \\\"b\\\" "
    "\\\\ \xc3\xa4\"}\n"
    "    bed/temperature: {deadband: 0.25, decimals: 2}\n"
    "    nozzle/temperature: {interval: 1.5s, icon: \"mdi:fire\", enabled: "
    "no}\n"
    "    job/progress: {retain: off, qos: 2, deadband: 5, interval: 0}\n"
    "    storage/<name>/free: off\n"
    "    storage/usb/free: on\n"
    "    storage/sdcard/total: {topic: \"sd/{printer}\", qos: 0, retain: off}\n"
    "  commands:\n"
    "    pause: {name: Hold, icon: \"mdi:hand\", enabled: true}\n"
    "    resume: off\n"
    "    cancel: {off: true, topic: \"c/{printer}\"}\n"
    "  custom:\n"
    "    - {key: a/b, endpoint: job, pointer: /a~1b, quantity: temperature, "
    "deadband: 2}\n"
    "mappings:\n"
    "  named: {absent: none, fields: {state: on, flow: \"f/{printer}\"}, "
    "command_topic: \"do/{printer}/{command}\", custom: [{key: c, endpoint: "
    "status, pointer: /c, quantity: heat, name: C}]}\n";

static const char printers[] =
    "printers:\n"
    "  a: {url: a}\n"
    "  b: {url: b, mapping: named}\n"
    "  c: {url: c, mapping: {use: named, topic: \"x/{printer}/{field}\", "
    "fields: {speed: off, storage/<name>/files: off, storage/usb/files: on}}}\n"
    "  d: {url: d, mapping: {fields: {state: \"s/{printer}\"}}}\n";

static const char again[] =
    "printers: {a: {url: a}, b: {url: b, mapping: named}, c: {url: c, mapping: "
    "c}, d: {url: d, mapping: d}}\n";

static void assert_text(const char *a, const char *b)
{
    if (!a || !b)
        assert_true(a == b);
    else
        assert_string_equal(a, b);
}

static void assert_field(const struct config *one, const struct config *two,
                         size_t printer, enum field field, int instance)
{
    static char names[][INSTANCE_NAME_MAX + 1] = {"usb", "sdcard", "x"};
    static const struct instances instances = {names, 3, false};
    const struct roster roster = {&instances, &instances};
    const struct routes a = {one->printers[printer].mapping, "b", "p"};
    const struct routes b = {two->printers[printer].mapping, "b", "p"};
    struct route x, y;
    bool on = routes_field(&a, field, instance, &roster, &x);

    assert_int_equal(on, routes_field(&b, field, instance, &roster, &y));
    if (!on)
        return;
    assert_string_equal(x.topic, y.topic);
    assert_string_equal(x.key, y.key);
    assert_int_equal(x.quantity, y.quantity);
    assert_int_equal(x.retain, y.retain);
    assert_int_equal(x.qos, y.qos);
    assert_int_equal(x.decimals, y.decimals);
    assert_true(x.deadband >= y.deadband && x.deadband <= y.deadband);
    assert_int_equal(x.interval_ms, y.interval_ms);
    assert_int_equal(x.enabled, y.enabled);
    assert_text(x.name, y.name);
    assert_text(x.icon, y.icon);
    if (x.quantity == QUANTITY_HEAT)
        assert_int_equal(x.own_deadband, y.own_deadband);
}

static void assert_command(const struct config *one, const struct config *two,
                           size_t printer, enum command command)
{
    const struct routes a = {one->printers[printer].mapping, "b", "p"};
    const struct routes b = {two->printers[printer].mapping, "b", "p"};
    char x[TOPIC_MAX + 1] = "", y[TOPIC_MAX + 1] = "";
    const struct command_wish *v = &a.mapping->commands[command];
    const struct command_wish *w = &b.mapping->commands[command];

    assert_int_equal(routes_command(&a, command, x, sizeof x),
                     routes_command(&b, command, y, sizeof y));
    assert_string_equal(x, y);
    assert_text(v->name, w->name);
    assert_text(v->icon, w->icon);
    assert_int_equal(v->enabled, w->enabled);
}

static void assert_custom(const struct config *one, const struct config *two,
                          size_t printer)
{
    const struct mapping *a = one->printers[printer].mapping;
    const struct mapping *b = two->printers[printer].mapping;
    int i;

    assert_int_equal(a->absent, b->absent);
    assert_int_equal(a->custom_count, b->custom_count);
    for (i = 0; i < a->custom_count; i++) {
        assert_string_equal(a->custom[i].key, b->custom[i].key);
        assert_string_equal(a->custom[i].endpoint, b->custom[i].endpoint);
        assert_string_equal(a->custom[i].pointer, b->custom[i].pointer);
    }
}

static void assert_same_effect(const struct config *one,
                               const struct config *two)
{
    size_t printer;
    enum field f;
    enum command c;
    int i;

    for (printer = 0; printer < one->printer_count; printer++) {
        for (f = 0; f < FIELD_COUNT; f++)
            for (i = 0; i < field_instances(f); i++)
                assert_field(one, two, printer, f, i);
        for (c = 0; c < COMMAND_COUNT; c++)
            assert_command(one, two, printer, c);
        assert_custom(one, two, printer);
    }
}

static struct config *load(const char *head, const char *mapping,
                           const char *tail)
{
    struct buffer yaml = {0};
    struct config *config;

    buffer_format(&yaml, "%s%s%s", head, mapping, tail);
    config = world_load(buffer_text(&yaml));
    buffer_release(&yaml);
    return config;
}

static void put_back_it_has_the_same_effect(void **state)
{
    static const char broker[] = "mqtt: {url: broker, qos: 1}\n";
    struct buffer first = {0}, second = {0}, third = {0};
    struct config *one = load(broker, wishes, printers);
    struct config *two, *three;

    (void)state;
    config_mapping(one, &first);
    two = load(broker, buffer_text(&first), again);
    assert_same_effect(one, two);
    config_mapping(two, &second);
    three = load(broker, buffer_text(&second), again);
    config_mapping(three, &third);
    assert_string_equal(buffer_text(&second), buffer_text(&third));
    config_free(one);
    config_free(two);
    config_free(three);
    buffer_release(&first);
    buffer_release(&second);
    buffer_release(&third);
}

static void every_field_and_command_is_listed_with_its_topic(void **state)
{
    struct config *config = world_load(PLAIN);
    struct buffer out = {0};
    char line[256];
    enum field f;
    enum command c;

    (void)state;
    config_mapping(config, &out);
    assert_non_null(strstr(buffer_text(&out), "# of mk4\nmapping:\n"));
    assert_non_null(strstr(
        buffer_text(&out),
        "\n    storage/<name>/free: {topic: "
        "\"{base}/{printer}/storage/{name}/free\", retain: true, qos: 0}\n"));
    for (f = 0; f < FIELD_CUSTOM; f++) {
        (void)snprintf(line, sizeof line, "\n    %s: {topic: \"",
                       field_row(f)->key);
        assert_non_null(strstr(buffer_text(&out), line));
    }
    for (c = 0; c < COMMAND_COUNT; c++) {
        (void)snprintf(line, sizeof line,
                       "\n    %s: {topic: \"{base}/{printer}/command/%s\"}\n",
                       command_row(c)->name, command_row(c)->name);
        assert_non_null(strstr(buffer_text(&out), line));
    }
    config_free(config);
    buffer_release(&out);
}

static void a_printers_own_mapping_has_a_name_of_its_own(void **state)
{
    struct config *config = world_load(
        BROKER "mappings: {a: {absent: clear}}\n"
               "defaults: {mapping: {fields: {flow: off}}}\n"
               "printers: {a: {url: a, mapping: {fields: {state: off}}}, b: "
               "{url: b, mapping: a}, c: {url: c}}\n");

    (void)state;
    assert_int_equal(config->mapping_count, 4);
    assert_string_equal(config->mapping_names[0], "");
    assert_string_equal(config->mapping_names[1], "a");
    assert_string_equal(config->mapping_names[2], "defaults");
    assert_string_equal(config->mapping_names[3], "a-2");
    assert_ptr_equal(config->printers[2].mapping, config->mappings[2]);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(put_back_it_has_the_same_effect),
        WORLD_TEST(every_field_and_command_is_listed_with_its_topic),
        WORLD_TEST(a_printers_own_mapping_has_a_name_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
