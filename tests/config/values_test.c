/* What a valid configuration comes to. */
#include "world.h"

static void five_lines_are_enough_and_bring_the_defaults(void **state)
{
    struct config *config = world_load(PLAIN);
    const struct config_printer *mk4 = &config->printers[0];

    (void)state;
    assert_string_equal(config->mqtt.url, "mqtt://broker");
    assert_string_equal(config->mqtt.host, "broker");
    assert_int_equal(config->mqtt.port, 1883);
    assert_false(config->mqtt.tls);
    assert_null(config->mqtt.username);
    assert_null(config->mqtt.client_id);
    assert_int_equal(config->mqtt.protocol, CONFIG_PROTOCOL_AUTO);
    assert_int_equal(config->mqtt.keepalive_s, 30);
    assert_string_equal(config->mqtt.base_topic, "printer2mqtt");
    assert_int_equal(config->mqtt.qos, 0);
    assert_true(config->homeassistant.enabled);
    assert_true(config->homeassistant.bridge_device);
    assert_string_equal(config->homeassistant.discovery_prefix,
                        "homeassistant");
    assert_string_equal(config->homeassistant.status_topic,
                        "homeassistant/status");
    assert_int_equal(config->log_level, CONFIG_LOG_INFO);
    assert_int_equal(config->log_mqtt_level, CONFIG_LOG_WARNING);
    assert_true(config->json);
    assert_null(config->state_dir);
    assert_null(config->instance);
    assert_int_equal(config->printer_count, 1);
    assert_string_equal(mk4->id, "mk4");
    assert_string_equal(mk4->url, "http://192.168.1.50");
    assert_true(mk4->enabled);
    assert_string_equal(mk4->driver, "auto");
    assert_int_equal(mk4->auth, CONFIG_AUTH_AUTO);
    assert_string_equal(mk4->username, "maker");
    assert_null(mk4->secret);
    assert_int_equal(mk4->poll_printing_ms, 2000);
    assert_int_equal(mk4->poll_idle_ms, 5000);
    assert_int_equal(mk4->poll_offline_ms, 5000);
    assert_int_equal(mk4->poll_offline_max_ms, 60000);
    assert_int_equal(mk4->timeout_ms, 5000);
    assert_false(mk4->read_only);
    assert_true(mk4->read_files);
    assert_true(mk4->homeassistant);
    assert_ptr_equal(mk4->mapping, config->mappings[0]);
    assert_string_equal(mk4->file, "config.yaml");
    assert_int_equal(mk4->line, 2);
    config_free(config);
}

static void brokers_are_found_however_they_are_written(void **state)
{
    static const struct {
        const char *written, *url, *host;
        int port;
        bool tls;
    } rows[] = {
        {"broker", "mqtt://broker", "broker", 1883, false},
        {"Broker.LAN:1884", "mqtt://broker.lan:1884", "broker.lan", 1884,
         false},
        {"mqtts://h", "mqtts://h", "h", 8883, true},
        {"MQTT://h/", "mqtt://h", "h", 1883, false},
        {"tcp://h:1", "tcp://h:1", "h", 1, false},
        {"'[::1]:1883'", "mqtt://[::1]:1883", "::1", 1883, false},
        {"unix:///run/m.sock", "unix:///run/m.sock", "/run/m.sock", 0, false},
        {"/run/m.sock", "unix:///run/m.sock", "/run/m.sock", 0, false},
        {"mqtt://u:p%40:x@h", "mqtt://h", "h", 1883, false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        char yaml[256];
        struct config *config;

        (void)snprintf(yaml, sizeof yaml, "mqtt: {url: %s}\n" PRINTER,
                       rows[i].written);
        config = world_load(yaml);
        assert_string_equal(config->mqtt.url, rows[i].url);
        assert_string_equal(config->mqtt.host, rows[i].host);
        assert_int_equal(config->mqtt.port, rows[i].port);
        assert_int_equal(config->mqtt.tls, rows[i].tls);
        if (strchr(rows[i].written, '@')) {
            assert_string_equal(config->mqtt.username, "u");
            assert_string_equal(config->mqtt.password, "p@:x");
        }
        config_free(config);
    }
}

static void every_key_reaches_its_member(void **state)
{
    struct config *config = world_load(
        "mqtt: {url: h, username: u, password: p, client_id: c, protocol: "
        "3.1.1, keepalive: 2min, base_topic: a/b, qos: 1}\n"
        "homeassistant: {enabled: no, discovery_prefix: ha, status_topic: s, "
        "bridge_device: off}\n"
        "log: {level: debug, mqtt: error}\n"
        "state_dir: state\njson: off\ninstance: attic-2\n"
        "printers:\n"
        "  p:\n"
        "    {url: h, enabled: off, driver: prusalink, auth: digest, "
        "username: 007, password: 0123, remote_id: 12, unique_id: U_1, name: "
        "N, model: M, area: A, tags: [x, y], poll: {printing: 500ms, idle: "
        "1.5s, offline: 2, offline_max: 1h}, timeout: 1min, read_only: yes, "
        "read_files: no, commands: {enable: [pause], disable: cancel}, "
        "homeassistant: "
        "false}\n");
    const struct config_printer *p = &config->printers[0];

    (void)state;
    assert_string_equal(config->mqtt.username, "u");
    assert_string_equal(config->mqtt.password, "p");
    assert_string_equal(config->mqtt.client_id, "c");
    assert_int_equal(config->mqtt.protocol, CONFIG_PROTOCOL_3);
    assert_int_equal(config->mqtt.keepalive_s, 120);
    assert_string_equal(config->mqtt.base_topic, "a/b");
    assert_int_equal(config->mqtt.qos, 1);
    assert_false(config->homeassistant.enabled);
    assert_false(config->homeassistant.bridge_device);
    assert_string_equal(config->homeassistant.discovery_prefix, "ha");
    assert_string_equal(config->homeassistant.status_topic, "s");
    assert_int_equal(config->log_level, CONFIG_LOG_DEBUG);
    assert_int_equal(config->log_mqtt_level, CONFIG_LOG_ERROR);
    assert_string_equal(config->state_dir, "state");
    assert_false(config->json);
    assert_string_equal(config->instance, "attic-2");
    assert_false(p->enabled);
    assert_string_equal(p->driver, "prusalink");
    assert_int_equal(p->auth, CONFIG_AUTH_DIGEST);
    assert_string_equal(p->username, "007");
    assert_string_equal(p->secret, "0123");
    assert_string_equal(p->remote_id, "12");
    assert_string_equal(p->unique_id, "U_1");
    assert_string_equal(p->name, "N");
    assert_string_equal(p->model, "M");
    assert_string_equal(p->area, "A");
    assert_string_equal(p->tags[0], "x");
    assert_string_equal(p->tags[1], "y");
    assert_null(p->tags[2]);
    assert_int_equal(p->poll_printing_ms, 500);
    assert_int_equal(p->poll_idle_ms, 1500);
    assert_int_equal(p->poll_offline_ms, 2000);
    assert_int_equal(p->poll_offline_max_ms, 3600000);
    assert_int_equal(p->timeout_ms, 60000);
    assert_true(p->read_only);
    assert_false(p->read_files);
    assert_true(p->command_enabled[COMMAND_PAUSE]);
    assert_false(p->command_enabled[COMMAND_CANCEL]);
    assert_true(p->command_disabled[COMMAND_CANCEL]);
    assert_false(p->homeassistant);
    config_free(config);
}

static void short_forms_mean_the_same(void **state)
{
    struct config *config =
        world_load(PLAIN "homeassistant: false\nlog: error\n");

    (void)state;
    assert_false(config->homeassistant.enabled);
    assert_int_equal(config->log_level, CONFIG_LOG_ERROR);
    assert_int_equal(config->log_mqtt_level, CONFIG_LOG_WARNING);
    config_free(config);
}

static void defaults_hold_for_all_that_do_not_say_otherwise(void **state)
{
    struct config *config = world_load(
        BROKER
        "printers:\n"
        "  - {id: a, url: x}\n"
        "  - {id: b, url: y, api_key: k, tags: z, poll: {idle: 7s}, commands: "
        "{enable: pause}}\n"
        "  - {id: c, url: z, name: '', poll: {offline: 2min}}\n"
        "defaults: {password: p, name: N, tags: [t, u], poll: {idle: 9s, "
        "printing: 3s}, commands: {disable: [pause, cancel]}}\n");
    const struct config_printer *a = &config->printers[0], *b = a + 1,
                                *c = a + 2;

    (void)state;
    assert_string_equal(a->secret, "p");
    assert_int_equal(a->auth, CONFIG_AUTH_AUTO);
    assert_string_equal(a->name, "N");
    assert_string_equal(a->tags[1], "u");
    assert_int_equal(a->poll_idle_ms, 9000);
    assert_true(a->command_disabled[COMMAND_PAUSE]);
    assert_string_equal(b->secret, "k");
    assert_int_equal(b->auth, CONFIG_AUTH_API_KEY);
    assert_string_equal(b->tags[0], "z");
    assert_null(b->tags[1]);
    assert_int_equal(b->poll_idle_ms, 7000);
    assert_int_equal(b->poll_printing_ms, 3000);
    assert_true(b->command_enabled[COMMAND_PAUSE]);
    assert_false(b->command_disabled[COMMAND_PAUSE]);
    assert_true(b->command_disabled[COMMAND_CANCEL]);
    assert_null(c->name); /* an empty text is none */
    assert_int_equal(c->poll_offline_max_ms, 120000);
    config_free(config);
}

static void the_kind_of_secret_says_how_to_log_in(void **state)
{
    static const struct {
        const char *key;
        enum config_auth auth;
    } rows[] = {
        {"password", CONFIG_AUTH_AUTO},
        {"auth: digest, password", CONFIG_AUTH_DIGEST},
        {"api_key", CONFIG_AUTH_API_KEY},
        {"token", CONFIG_AUTH_TOKEN},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        char yaml[256];
        struct config *config;

        (void)snprintf(yaml, sizeof yaml,
                       BROKER "printers: {a: {url: h, %s: x}}\n", rows[i].key);
        config = world_load(yaml);
        assert_int_equal(config->printers[0].auth, rows[i].auth);
        assert_string_equal(config->printers[0].secret, "x");
        config_free(config);
    }
}

static void files_are_seen_from_the_configuration(void **state)
{
    struct config *config;

    (void)state;
    world_write("ca.pem", "x");
    config = world_load("mqtt: {url: mqtts://h, ca_file: ca.pem, cert_file: "
                        "./ca.pem, key_file: ca.pem}\nstate_dir: /var/x\n"
                        "printers: {a: {url: https://h, ca_file: ca.pem}}\n");
    assert_string_equal(config->mqtt.ca_file, "ca.pem");
    assert_string_equal(config->mqtt.cert_file, "./ca.pem");
    assert_string_equal(config->printers[0].ca_file, "ca.pem");
    assert_string_equal(config->state_dir, "/var/x");
    config_free(config);
}

static void mappings_lie_one_over_the_other(void **state)
{
    struct config *config = world_load(
        "mqtt: {url: h, qos: 1}\n"
        "mapping: {absent: clear, fields: {state: off, message: 'm/{printer}', "
        "speed: {qos: 0}, storage/usb/free: off}, custom: [{key: k, endpoint: "
        "job, pointer: /a}]}\n"
        "mappings:\n"
        "  named: {absent: none, fields: {state: {retain: off}}, custom: "
        "[{key: l, endpoint: job, pointer: /b, quantity: size}, {key: k, "
        "endpoint: status, pointer: /c}]}\n"
        "defaults: {mapping: named}\n"
        "printers:\n"
        "  a: {url: a}\n"
        "  b: {url: b, mapping: {commands: {pause: off, resume: "
        "'r/{printer}'}}}\n"
        "  c: {url: c, mapping: {use: named, fields: {message: {off: true}}}}\n"
        "  d: {url: d}\n");
    const struct mapping *all = config->mappings[0];
    const struct mapping *a = config->printers[0].mapping;
    const struct mapping *b = config->printers[1].mapping;
    const struct mapping *c = config->printers[2].mapping;

    (void)state;
    assert_int_equal(all->absent, ABSENT_CLEAR);
    assert_int_equal(all->fields[FIELD_STATE].on, 0);
    assert_int_equal(all->fields[FIELD_SPEED].qos, 0);
    assert_int_equal(all->fields[FIELD_MESSAGE].qos, 1);
    assert_string_equal(all->fields[FIELD_MESSAGE].topic, "m/{printer}");
    assert_int_equal(all->instance_count, 1);
    assert_int_equal(all->instances[0].wish.on, 0);
    assert_string_equal(all->instances[0].instance, "usb");
    assert_int_equal(all->custom_count, 1);
    assert_int_equal(all->custom[0].quantity, QUANTITY_TEXT);

    assert_ptr_equal(a, config->printers[3].mapping);
    assert_int_equal(a->absent, ABSENT_NONE);
    assert_int_equal(a->fields[FIELD_STATE].on, 1);
    assert_int_equal(a->fields[FIELD_STATE].retain, 0);
    assert_int_equal(a->instance_count, 1);
    assert_int_equal(a->custom_count, 2);
    assert_string_equal(a->custom[0].key, "k");
    assert_string_equal(a->custom[0].endpoint, "status");
    assert_int_equal(a->custom[1].quantity, QUANTITY_SIZE);

    assert_int_equal(b->fields[FIELD_STATE].on, 0);
    assert_int_equal(b->commands[COMMAND_PAUSE].on, 0);
    assert_string_equal(b->commands[COMMAND_RESUME].topic, "r/{printer}");
    assert_int_equal(b->commands[COMMAND_CANCEL].on, -1);

    assert_int_equal(c->fields[FIELD_MESSAGE].on, 0);
    assert_int_equal(c->fields[FIELD_STATE].on, 1);
    assert_int_equal(c->custom_count, 2);
    config_free(config);
}

static void a_thousand_printers_are_read(void **state)
{
    struct buffer yaml = {0};
    struct config *config;
    int i;

    (void)state;
    buffer_text_add(&yaml, BROKER "printers:\n");
    for (i = 0; i < 1000; i++)
        buffer_format(&yaml, "  p%d: {url: h%d, password: p%d}\n", i, i, i);
    config = world_load(buffer_text(&yaml));
    assert_int_equal(config->printer_count, 1000);
    assert_string_equal(config->printers[999].secret, "p999");
    assert_int_equal(config->mapping_count, 1);
    config_free(config);
    buffer_release(&yaml);
}

static void the_file_is_found(void **state)
{
    struct error err;
    char *found;

    assert_int_equal(setenv("HOME", *state, 1), 0);
    assert_int_equal(unsetenv("PRINTER2MQTT_CONFIG"), 0);
    assert_null(config_find(NULL, &err));
    assert_non_null(strstr(err.text, "/.config/printer2mqtt/config.yaml"));
    assert_non_null(strstr(err.text, "/etc/printer2mqtt/config.yaml"));
    assert_int_equal(setenv("PRINTER2MQTT_CONFIG", "variable.yaml", 1), 0);
    found = config_find(NULL, &err);
    assert_string_equal(found, "variable.yaml");
    free(found);
    found = config_find("option.yaml", &err);
    assert_string_equal(found, "option.yaml");
    free(found);
    assert_int_equal(unsetenv("PRINTER2MQTT_CONFIG"), 0);
}

static void a_missing_file_is_one_problem(void **state)
{
    (void)state;
    world_problems("config.yaml:1:1: cannot read the file: No such file or "
                   "directory\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(five_lines_are_enough_and_bring_the_defaults),
        WORLD_TEST(brokers_are_found_however_they_are_written),
        WORLD_TEST(every_key_reaches_its_member),
        WORLD_TEST(short_forms_mean_the_same),
        WORLD_TEST(defaults_hold_for_all_that_do_not_say_otherwise),
        WORLD_TEST(the_kind_of_secret_says_how_to_log_in),
        WORLD_TEST(files_are_seen_from_the_configuration),
        WORLD_TEST(mappings_lie_one_over_the_other),
        WORLD_TEST(a_thousand_printers_are_read),
        WORLD_TEST(the_file_is_found),
        WORLD_TEST(a_missing_file_is_one_problem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
