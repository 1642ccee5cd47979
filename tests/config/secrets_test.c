/* !secret, !env and !file, and what is never shown. */
#include "world.h"

#define AT "config.yaml:"

static const char *secret_of(const char *value)
{
    static char secret[256];
    struct config *config;
    char yaml[256];

    (void)snprintf(yaml, sizeof yaml,
                   BROKER "printers: {a: {url: h, password: %s}}\n", value);
    config = world_load(yaml);
    (void)snprintf(secret, sizeof secret, "%s",
                   config->printers[0].secret ? config->printers[0].secret
                                              : "(none)");
    config_free(config);
    return secret;
}

static void a_secret_comes_from_the_file_beside(void **state)
{
    (void)state;
    world_write("secrets.yaml", "mk4: hunter2\nnumber: 0123\n");
    assert_string_equal(secret_of("!secret mk4"), "hunter2");
    assert_string_equal(secret_of("!secret number"), "0123");
}

static void a_credential_of_systemd_comes_first(void **state)
{
    (void)state;
    world_write("secrets.yaml", "mk4: beside\nother: beside\n");
    world_write("mk4", "credential\n");
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", *state, 1), 0);
    assert_string_equal(secret_of("!secret mk4"), "credential");
    assert_string_equal(secret_of("!secret other"), "beside");
    world_write("config.yaml",
                BROKER "printers: {a: {url: h, password: !secret mk3}}\n");
    world_problems(AT "2:34: there is no secret 'mk3' in secrets.yaml, nor in "
                      "$CREDENTIALS_DIRECTORY; did you mean 'mk4'?\n");
}

static void an_included_file_has_its_own_secrets_first(void **state)
{
    struct config *config;

    (void)state;
    assert_int_equal(system("mkdir sub"), 0);
    world_write("secrets.yaml", "a: main\nb: main\n");
    world_write("sub/secrets.yaml", "a: sub\n");
    world_write("sub/more.yaml",
                "printers: {x: {url: x, password: !secret a}, y: {url: y, "
                "password: !secret b}}\n");
    config = world_load(BROKER "include: sub/more.yaml\n");
    assert_string_equal(config->printers[0].secret, "sub");
    assert_string_equal(config->printers[1].secret, "main");
    config_free(config);
}

static void the_environment_is_read(void **state)
{
    (void)state;
    assert_int_equal(setenv("P2M_TEST", "from env", 1), 0);
    assert_int_equal(setenv("P2M_EMPTY", "", 1), 0);
    assert_int_equal(unsetenv("P2M_UNSET"), 0);
    assert_string_equal(secret_of("!env P2M_TEST"), "from env");
    assert_string_equal(secret_of("!env_var P2M_TEST other"), "from env");
    assert_string_equal(secret_of("!env_var P2M_UNSET two words"), "two words");
    assert_string_equal(secret_of("!env P2M_EMPTY"), "(none)");
}

static void a_file_holds_one_secret(void **state)
{
    (void)state;
    world_write("key", "secret in a file\n");
    world_write("dos", "two\nlines");
    assert_string_equal(secret_of("!file key"), "secret in a file");
}

static void tags_work_for_every_value(void **state)
{
    struct config *config;

    (void)state;
    assert_int_equal(setenv("P2M_TEST", "true", 1), 0);
    world_write("secrets.yaml", "host: mqtts://b\ntime: 7s\n");
    config = world_load("mqtt: {url: !secret host}\njson: !env P2M_TEST\n"
                        "printers: {a: {url: h, timeout: !secret time, name: "
                        "!!str 42}}\n");
    assert_string_equal(config->mqtt.url, "mqtts://b");
    assert_true(config->json);
    assert_int_equal(config->printers[0].timeout_ms, 7000);
    assert_string_equal(config->printers[0].name, "42");
    config_free(config);
}

static void what_is_not_there_is_told_once(void **state)
{
    static const struct faulty rows[] = {
        {BROKER "printers: {a: {url: h, password: !secret mk44, api_key: !env "
                "P2M_UNSET, token: !file nix}}\n",
         AT "2:34: there is no secret 'mk44' in secrets.yaml; did you mean "
            "'mk4'?\n" AT
            "2:57: the environment variable 'P2M_UNSET' is not set\n" AT
            "2:80: cannot read nix: No such file or directory\n"},
        {"mqtt: {url: !secret nix}\n" PRINTER,
         AT "1:13: there is no secret 'nix' in secrets.yaml\n"},
        {PLAIN "json: !foo x\nlog: !include x\nstate_dir: !env ''\n",
         AT "3:7: unknown tag '!foo'; known are !secret, !env, !env_var and "
            "!file\n" AT
            "4:6: there is no !include; use the key 'include' at the top of "
            "the file\n" AT "5:12: !env needs a name behind it\n"},
        {PLAIN "log: !secret {a: b}\n",
         AT "3:6: a tag must stand before text\n"},
        {PLAIN "!secret mk4: x\n", AT "3:1: a key must be plain text\n"},
        {"mqtt: {url: !secret map}\n" PRINTER,
         AT "1:13: the secret 'map' is not text in secrets.yaml\n"},
        {"mqtt: {url: !file .}\n" PRINTER,
         AT "1:13: cannot read .: it is not a file\n"},
    };

    (void)state;
    assert_int_equal(unsetenv("P2M_UNSET"), 0);
    world_write("secrets.yaml", "mk4: hunter2\nmap: {a: b}\n");
    WORLD_ROWS(rows);
    assert_int_equal(remove("secrets.yaml"), 0);
    world_write("config.yaml", "mqtt: {url: !secret a}\n" PRINTER);
    world_problems(AT "1:13: there is no secret 'a': secrets.yaml does not "
                      "exist\n");
}

static void a_broken_secrets_file_is_told_once(void **state)
{
    static const char config[] =
        "mqtt: {url: !secret a, username: u, password: !secret b}\n" PRINTER;

    (void)state;
    world_write("config.yaml", config);
    world_write("secrets.yaml", "a: [\n");
    world_problems("secrets.yaml:2:1: not valid YAML: a value is missing here, "
                   "or a bracket before it is not closed\n");
    world_write("secrets.yaml", "- a\n");
    world_problems("secrets.yaml:1:1: a map of names to secrets is expected\n");
    world_write("secrets.yaml", "a: !env HOME\nb: x\n");
    world_problems("config.yaml:1:13: the secret 'a' is not text in "
                   "secrets.yaml\n"
                   "secrets.yaml:1:4: tags have no meaning in this file\n");
}

static void a_tag_in_quotes_is_a_warning(void **state)
{
    (void)state;
    world_write("config.yaml",
                "mqtt: {url: h}\n"
                "printers: {a: {url: h, password: \"!secret mk4\"},"
                " b: {url: i, password: '!secrets'}}\n");
    world_problems(AT "2:34: warning: printers.a.password: taken as the secret "
                      "itself; for the one it names take the quotes away: "
                      "!secret name\n");
}

static void a_secret_that_everyone_can_read_is_a_warning(void **state)
{
    struct config_problems problems = {.errors = 0};
    struct config *config;

    (void)state;
    world_write("config.yaml",
                "mqtt: {url: h, username: u, password: hunter2}\n"
                "printers: {a: {url: h, password: hunter2}}\n");
    world_mode("config.yaml", 0644);
    world_problems(AT "1:39: warning: mqtt.password: a plain secret in a file "
                      "that everyone can read; chmod 600 it, or use !secret\n");
    world_write("config.yaml", "mqtt: {url: 'mqtt://u:p@h'}\n" PRINTER);
    world_mode("config.yaml", 0644);
    world_problems(AT "1:13: warning: mqtt.url: a plain secret in a file that "
                      "everyone can read; chmod 600 it, or use !secret\n");
    world_write("secrets.yaml", "p: hunter2\n");
    world_mode("secrets.yaml", 0644);
    world_write("config.yaml",
                "mqtt: {url: h, username: u, password: !secret p}\n" PRINTER);
    world_mode("config.yaml", 0644);
    world_problems("secrets.yaml:1:1: warning: everyone can read these "
                   "secrets; chmod 600 the file\n");
    config = config_load("config.yaml", drivers, &problems);
    assert_non_null(config); /* it still loads */
    config_free(config);
    buffer_release(&problems.text);
}

static void secrets_are_in_no_text(void **state)
{
    static const char *const texts[] = {
        "mqtt: {url: 'mqtt://u:hunter2@h:x'}\n" PRINTER,
        "mqtt: {url: 'mqtt://u:hunter2@h/x'}\n" PRINTER,
        "mqtt: {url: 'http://u:hunter2@h'}\n" PRINTER,
        "mqtt: {url: h, username: u, password: [hunter2]}\n" PRINTER,
        "mqtt: {password:hunter2}\n" PRINTER,
        "mqtt: {url: h, qos: !secret s, protocol: !secret s, keepalive: "
        "!secret s, insecure: !secret s, ca_file: !secret s}\n" PRINTER,
        "mqtt: {url: h}\nprinters: {a: {url: 'http://u:hunter2@h'}}\n",
        "mqtt: {url: h}\nprinters: {a: {url: h, driver: !secret s, mapping: "
        "!secret s, commands: {enable: !secret s}, unique_id: !secret s}}\n",
        "mqtt: {url: h}\nprinters: {a: {url: !secret s, password: hunter2, "
        "api_key: hunter2, token: hunter2}}\n",
        PLAIN "mapping: {topic: !secret s}\n",
    };
    size_t i;

    (void)state;
    world_write("secrets.yaml", "s: hunter2 x\n");
    for (i = 0; i < ROWS(texts); i++) {
        struct config_problems problems = {.errors = 0};

        world_write("config.yaml", texts[i]);
        assert_null(config_load("config.yaml", drivers, &problems));
        if (strstr(buffer_text(&problems.text), "hunter2"))
            fail_msg("%s: %s", texts[i], buffer_text(&problems.text));
        buffer_release(&problems.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_secret_comes_from_the_file_beside),
        WORLD_TEST(a_credential_of_systemd_comes_first),
        WORLD_TEST(an_included_file_has_its_own_secrets_first),
        WORLD_TEST(the_environment_is_read),
        WORLD_TEST(a_file_holds_one_secret),
        WORLD_TEST(tags_work_for_every_value),
        WORLD_TEST(what_is_not_there_is_told_once),
        WORLD_TEST(a_broken_secrets_file_is_told_once),
        WORLD_TEST(a_tag_in_quotes_is_a_warning),
        WORLD_TEST(a_secret_that_everyone_can_read_is_a_warning),
        WORLD_TEST(secrets_are_in_no_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
