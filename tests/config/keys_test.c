/* What is wrong with keys and values of every section but the mapping. */
#include "world.h"

#define AT "config.yaml:"

static void unknown_keys_get_a_hint(void **state)
{
    static const struct faulty rows[] = {
        {"mqtt: {url: broker}\nprinters:\n  mk4: {url: a, passwrod: hunter2}\n",
         AT "3:17: unknown key 'passwrod' in printers.mk4; did you mean "
            "'password'?\n"},
        {PLAIN "gadget: {}\nwizard: 1\n",
         AT "3:1: unknown key 'gadget'\n" AT "4:1: unknown key 'wizard'\n"},
        {PLAIN "log: {level: info, Mqtt: info}\n",
         AT "3:20: unknown key 'Mqtt' in log; did you mean 'mqtt'?\n"},
        {PLAIN "defaults: {poll: {idel: 5s}}\n",
         AT "3:19: unknown key 'idel' in defaults.poll; did you mean "
            "'idle'?\n"},
        /* a secret behind a colon without its blank is not shown */
        {"mqtt: {url: broker, password:hunter2}\n" PRINTER,
         AT "1:21: unknown key 'password' in mqtt; a blank belongs behind its "
            "colon\n"},
        {"mqtt: {url: broker, a:hunter2: 1, a:hunter2: 2}\n" PRINTER, AT
         "1:21: unknown key 'a' in mqtt; a blank belongs behind its "
         "colon\n" AT "1:35: duplicate key 'a'; it stands in line 1 already\n"},
        /* for anchors */
        {"x-anything: [1, {a: b}]\n" PLAIN, ""},
    };

    (void)state;
    WORLD_ROWS(rows);
}

static void what_is_missing_is_said(void **state)
{
    static const struct faulty rows[] = {
        {"", AT "1:1: the required key 'mqtt' is missing\n" AT
                "1:1: there are no printers; add one, for example printers: "
                "{mk4: {url: 192.168.1.50, password: ...}}\n"},
        {"mqtt: {qos: 1}\nprinters: {}\n",
         AT "1:7: mqtt: the required key 'url' is missing\n" AT
            "2:11: there are no printers; add one, for example printers: "
            "{mk4: {url: 192.168.1.50, password: ...}}\n"},
        {"mqtt:\nprinters:\n  mk4:\n",
         AT "1:6: mqtt: the required key 'url' is missing\n" AT
            "3:7: printers.mk4: the required key 'url' is missing\n"},
        {BROKER "printers:\n  - url: a\n",
         AT "3:5: printers: this printer has no id\n"},
        {"- a\n",
         AT "1:1: sections such as 'mqtt:' are expected here, not a list\n"},
        {"hello\n",
         AT "1:1: sections such as 'mqtt:' are expected here, not text\n"},
    };

    (void)state;
    WORLD_ROWS(rows);
}

static void a_value_of_the_wrong_kind_is_told(void **state)
{
    static const struct faulty rows[] = {
        {PLAIN "json: maybe\n",
         AT "3:7: json: 'maybe' is neither true nor false\n"},
        {PLAIN "json: 1\n", AT "3:7: json: '1' is neither true nor false\n"},
        {PLAIN "json:\n",
         AT "3:6: json: there is no value; give one or remove the key\n"},
        {PLAIN "json: {}\n",
         AT "3:7: json: true or false is expected here, not a map\n"},
        {PLAIN "state_dir: [a]\n",
         AT "3:12: state_dir: a path is expected here, not a list\n"},
        {PLAIN "log: [a]\n", AT "3:6: log: a map is expected here, not a "
                                "list\n"},
        {PLAIN "log: {mqtt: loud}\n",
         AT "3:13: log.mqtt: 'loud' is none of error, warning, info, debug\n"},
        {PLAIN "log: degub\n",
         AT "3:6: log.level: 'degub' is none of error, warning, info, debug; "
            "did you mean 'debug'?\n"},
        {PLAIN "homeassistant: perhaps\n",
         AT "3:16: homeassistant.enabled: 'perhaps' is neither true nor "
            "false\n"},
        {"mqtt: broker\n" PRINTER,
         AT "1:7: mqtt: a map is expected here, not text\n"},
        {BROKER "printers: mk4\n",
         AT "2:11: printers: a map or list of printers is expected here, not "
            "text\n"},
        {BROKER "printers: {mk4: 192.168.1.50}\n",
         AT "2:17: printers.mk4: a map is expected here, not text\n"},
        {PLAIN "instance: Attic\n",
         AT "3:11: instance: an instance is named with at most 32 of a-z, "
            "0-9, _ and -\n"},
        {PLAIN "state_dir: \"a\\nb\"\n",
         AT "3:12: state_dir: line breaks and control characters cannot stand "
            "here\n"},
    };

    (void)state;
    WORLD_ROWS(rows);
}

static void the_broker_is_checked(void **state)
{
    static const struct faulty rows[] = {
        {"mqtt: {url: http://h}\n" PRINTER,
         AT "1:13: mqtt.url: a broker's address begins with mqtt://, mqtts:// "
            "or unix://, or is just its host\n"},
        {"mqtt: {url: h:70000}\n" PRINTER,
         AT "1:13: mqtt.url: a port is a number from 1 to 65535\n"},
        {"mqtt: {url: h/topic}\n" PRINTER,
         AT "1:13: mqtt.url: nothing can follow the host and port of a "
            "broker\n"},
        {"mqtt: {url: unix://run/x}\n" PRINTER,
         AT "1:13: mqtt.url: a socket is given as unix:///path/to/it\n"},
        {"mqtt: {url: unix:x}\n" PRINTER,
         AT "1:13: mqtt.url: a port is a number from 1 to 65535\n"},
        {"mqtt: {url: 'mqtt://u:p%zz@h'}\n" PRINTER,
         AT "1:13: mqtt.url: user or password in the address is not encoded "
            "well; give them as keys of their own\n"},
        {"mqtt: {url: 'mqtt://u:p@h', password: p}\n" PRINTER,
         AT "1:13: mqtt: user and password stand in the address and as keys; "
            "give them once\n"},
        {"mqtt: {url: h, protocol: 4}\n" PRINTER,
         AT "1:26: mqtt.protocol: '4' is none of auto, 3.1.1, 5\n"},
        {"mqtt: {url: h, qos: 3}\n" PRINTER,
         AT "1:21: mqtt.qos: '3' is not a whole number from 0 to 2\n"},
        {"mqtt: {url: h, qos: 1.5}\n" PRINTER,
         AT "1:21: mqtt.qos: '1.5' is not a whole number from 0 to 2\n"},
        {"mqtt: {url: h, qos: -1}\n" PRINTER,
         AT "1:21: mqtt.qos: '-1' is not a whole number from 0 to 2\n"},
        {"mqtt: {url: h, keepalive: 1s}\n" PRINTER,
         AT "1:27: mqtt.keepalive: '1s' is not between 5s and 1h\n"},
        {"mqtt: {url: h, keepalive: 5 parsecs}\n" PRINTER,
         AT "1:27: mqtt.keepalive: '5 parsecs' is not a duration such as "
            "500ms, 5s, 2min or 1h\n"},
        {"mqtt: {url: h, base_topic: a/#}\n" PRINTER,
         AT "1:28: mqtt.base_topic: a topic must not hold the wildcards + and "
            "#\n"},
        {"mqtt: {url: h, base_topic: /a}\n" PRINTER,
         AT "1:28: mqtt.base_topic: a topic must not begin or end with / or "
            "hold an empty level\n"},
        {"mqtt: {url: h, base_topic: ''}\n" PRINTER,
         AT "1:28: mqtt.base_topic: this cannot be empty\n"},
        {"mqtt: {url: h, base_topic: homeassistant/p}\n" PRINTER,
         AT "1:28: mqtt.base_topic 'homeassistant/p' lies below Home "
            "Assistant's discovery_prefix 'homeassistant'; choose another\n"},
        {"mqtt: {url: h, password: p}\n" PRINTER,
         AT "1:7: mqtt: the password needs a username\n"},
        {"mqtt: {url: mqtts://h, ca_file: nix.pem}\n" PRINTER,
         AT "1:33: mqtt.ca_file: cannot read 'nix.pem': No such file or "
            "directory\n"},
        {"mqtt: {url: mqtts://h, cert_file: config.yaml}\n" PRINTER,
         AT "1:7: mqtt: cert_file and key_file belong together\n"},
    };

    (void)state;
    WORLD_ROWS(rows);
}

static void what_weakens_or_does_nothing_is_a_warning(void **state)
{
    static const struct faulty rows[] = {
        {"mqtt: {url: mqtts://h, insecure: true, qos: 2}\n" PRINTER,
         AT "1:34: warning: mqtt: the broker's certificate is not checked: "
            "anyone on the way can read and change what is sent\n" AT
            "1:45: warning: mqtt: QoS 2 costs four packets for every value; 1 "
            "is enough\n"},
        {"mqtt: {url: h, insecure: false, ca_file: config.yaml}\n" PRINTER,
         AT "1:42: warning: mqtt: ca_file has no effect without mqtts://\n"},
        {BROKER "printers: {a: {url: https://h, insecure: true}}\n",
         AT "2:42: warning: printers.a: the printer's certificate is not "
            "checked\n"},
        {BROKER "printers: {a: {url: h, insecure: true, ca_file: "
                "config.yaml}}\n",
         AT "2:34: warning: printers.a: insecure has no effect without "
            "https://\n" AT "2:49: warning: printers.a: ca_file has no effect "
            "without https://\n"},
        {BROKER "printers: {a: {url: h}, b: {url: 'http://H:80/'}, c: {url: h, "
                "remote_id: 1}, d: {url: h, enabled: false}}\n",
         AT "2:25: warning: printers.b has the same address and driver as "
            "a\n"},
    };

    (void)state;
    WORLD_ROWS(rows);
}

static void a_printer_is_checked(void **state)
{
    static const struct faulty rows[] = {
        {BROKER "printers: {a: {url: 'http://u:hunter2@h'}}\n",
         AT "2:21: printers.a.url: credentials do not belong in the address; "
            "use the keys username and password\n"},
        {BROKER "printers: {a: {url: 'h?q'}, b: {url: 2001:db8::5}}\n",
         AT "2:21: printers.a.url: the address of a printer has no ? or #\n" AT
            "2:38: printers.b.url: an IPv6 address needs brackets: "
            "http://[2001:db8::5]\n"},
        {BROKER "printers: {a: {url: ftp://h}, b: {url: ''}}\n",
         AT "2:21: printers.a.url: a printer's address begins with http:// or "
            "https://, or is just its host\n" AT
            "2:40: printers.b.url: the address has no host\n"},
        {BROKER "printers: {a: {url: h, driver: prusalnk, auth: basic}}\n",
         AT "2:32: printers.a.driver: 'prusalnk' is none of auto, prusalink, "
            "octoprint; did you mean 'prusalink'?\n" AT
            "2:48: printers.a.auth: 'basic' is none of auto, digest, api_key, "
            "token\n"},
        {BROKER
         "printers: {a: {url: h, password: hunter2, api_key: hunter3}}\n",
         AT "2:15: printers.a: both password and api_key are given; one is "
            "needed\n"},
        {BROKER "printers: {a: {url: h, auth: digest, token: hunter2}}\n",
         AT "2:15: printers.a: auth is digest, but token is given\n"},
        {BROKER "printers: {a: {url: h, auth: api_key}}\n",
         AT "2:30: printers.a: auth is api_key, but there is no api_key\n"},
        {BROKER "printers: {a: {url: h, unique_id: 'a b'}}\n",
         AT "2:35: printers.a.unique_id: an identity is at most 64 letters, "
            "digits, _ and -\n"},
        {BROKER "printers: {a: {url: h, poll: {printing: 0.2s}, timeout: "
                "2h}}\n",
         AT "2:41: printers.a.poll.printing: '0.2s' is not between 500ms and "
            "1h\n" AT
            "2:57: printers.a.timeout: '2h' is not between 500ms and 1min\n"},
        {BROKER "printers: {a: {url: h, poll: {offline: 2min, offline_max: "
                "1min}}}\n",
         AT "2:59: printers.a: poll.offline_max is shorter than "
            "poll.offline\n"},
        {BROKER "printers: {a: {url: h, commands: {enable: [puase, flyup], "
                "disable: {}}}}\n",
         AT "2:44: unknown command 'puase' in printers.a.commands.enable; did "
            "you mean 'pause'?\n" AT
            "2:51: unknown command 'flyup' in printers.a.commands.enable\n" AT
            "2:68: printers.a.commands.disable: a list is expected here, not "
            "a map\n"},
        {BROKER "printers: {a: {url: h, commands: {enable: pause, disable: "
                "[pause]}}}\n",
         AT "2:34: printers.a.commands: 'pause' is both enabled and "
            "disabled\n"},
        {BROKER "printers: {a: {url: h, password: \"hunter2\\n\"}}\n",
         AT "2:34: printers.a.password: line breaks and control characters "
            "cannot stand here\n"},
        {BROKER "printers: {a: {url: h, password: [hunter2]}}\n",
         AT "2:34: printers.a.password: text is expected here, not a list\n"},
    };

    (void)state;
    WORLD_ROWS(rows);
}

static void ids_are_checked(void **state)
{
    static const struct faulty rows[] = {
        {BROKER "printers: {bridge: {url: a}, bridge-2: {url: b}, all: {url: "
                "c}, group: {url: d}, fleet: {url: e}, bridges: {url: f}}\n",
         AT "2:12: printers: the id 'bridge' is reserved for the bridge\n" AT
            "2:30: printers: the id 'bridge-2' is reserved for the bridge\n" AT
            "2:50: printers: the id 'all' is reserved for the bridge\n" AT
            "2:65: printers: the id 'group' is reserved for the bridge\n" AT
            "2:82: printers: the id 'fleet' is reserved for the bridge\n"},
        {BROKER "printers: {My MK4: {url: a, password: x}}\n",
         AT "2:12: printers: a printer's id is made of a-z, 0-9, _ and -, at "
            "most 64 of them; for example 'my_mk4'\n"},
        {BROKER "printers: {'': {url: a}}\n",
         AT "2:12: printers: a printer's id is made of a-z, 0-9, _ and -, at "
            "most 64 of them\n"},
        {BROKER "printers: [{id: a, url: x}, {id: a, url: y}, {id: [a], url: "
                "z}, b]\n",
         AT "2:34: printers: the printer 'a' is defined twice; first at "
            "config.yaml:2:17\n" AT
            "2:51: printers: the id of a printer is expected here, not a "
            "list\n" AT
            "2:65: printers: a map with an id is expected here, not text\n"},
        {BROKER "printers: {a: {id: a, url: x}}\n",
         AT "2:16: 'id' belongs only to printers given as a list; here the "
            "key is the id\n"},
        {BROKER "printers: {a: {url: x, unique_id: u}, b: {url: y, unique_id: "
                "u}}\n",
         AT "2:39: printers.b has the same unique_id as a\n"},
        {PLAIN "defaults: {url: x, unique_id: y, remote_id: z}\n",
         AT "3:12: 'url' is each printer's own and cannot stand in "
            "defaults\n" AT
            "3:20: 'unique_id' is each printer's own and cannot stand in "
            "defaults\n" AT
            "3:34: 'remote_id' is each printer's own and cannot stand in "
            "defaults\n"},
    };

    (void)state;
    WORLD_ROWS(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(unknown_keys_get_a_hint),
        WORLD_TEST(what_is_missing_is_said),
        WORLD_TEST(a_value_of_the_wrong_kind_is_told),
        WORLD_TEST(the_broker_is_checked),
        WORLD_TEST(what_weakens_or_does_nothing_is_a_warning),
        WORLD_TEST(a_printer_is_checked),
        WORLD_TEST(ids_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
