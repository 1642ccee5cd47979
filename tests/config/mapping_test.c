/* What is wrong with mappings, and with the topics they lead to. */
#include "world.h"

#define AT "config.yaml:"

static void rules_are_checked(void **state)
{
    static const struct faulty rows[] = {
        {PLAIN "mapping: {topic: '{base}/{printer}/{feld}'}\n",
         AT "3:18: mapping.topic: {feld} is not known here\n"},
        {PLAIN "mapping: {topic: '{base}/{printer}'}\n",
         AT "3:18: mapping.topic: the rule needs {field}, or all fields would "
            "have one topic\n"},
        {PLAIN "mapping: {topic: ''}\n",
         AT "3:18: mapping.topic: this cannot be empty\n"},
        {PLAIN "mapping: {topic: '{base}/+/{field}'}\n",
         AT "3:18: mapping.topic: a topic must not hold the wildcards + and "
            "#\n"},
        {PLAIN "mapping: {command_topic: '{base}/{printer}/{field}'}\n",
         AT "3:26: mapping.command_topic: {field} is not known here\n"},
        {PLAIN "mapping: {command_topic: '{base}/{printer}/c'}\n",
         AT "3:26: mapping.command_topic: the rule needs {command}, or all "
            "commands would have one topic\n"},
        {PLAIN "mapping: {absent: nothing, use: x}\n",
         AT "3:19: mapping.absent: 'nothing' is none of none, clear\n" AT
            "3:28: unknown key 'use' in mapping\n"},
        {PLAIN "mapping: off\n",
         AT "3:10: mapping: a map is expected here, not text\n"},
    };

    (void)state;
    WORLD_ROWS(rows);
}

static void wishes_are_checked(void **state)
{
    static const struct faulty rows[] = {
        {PLAIN "mapping: {fields: {job/nam: off, storage/USB/free: off}}\n",
         AT "3:20: unknown field 'job/nam' in mapping.fields; did you mean "
            "'job/name'?\n" AT
            "3:34: unknown field 'storage/USB/free' in mapping.fields; did "
            "you mean 'storage/<name>/free'?\n"},
        {PLAIN "mapping: {fields: {custom: off}}\n",
         AT "3:20: unknown field 'custom' in mapping.fields\n"},
        {PLAIN "mapping: {fields: {state: {qos: 3, decimals: x, deadband: -1, "
               "interval: 5m, retain: 2, icon: printer, nam: x}}}\n",
         AT "3:33: mapping.fields.state.qos: '3' is not a whole number from 0 "
            "to 2\n" AT
            "3:46: mapping.fields.state.decimals: 'x' is not a whole number "
            "from 0 to 9\n" AT
            "3:59: mapping.fields.state.deadband: '-1' is not a number from 0 "
            "to 1e+09\n" AT
            "3:73: mapping.fields.state.interval: '5m' is not a duration such "
            "as 500ms, 5s, 2min or 1h\n" AT
            "3:85: mapping.fields.state.retain: '2' is neither true nor "
            "false\n" AT
            "3:94: mapping.fields.state.icon: an icon is written as "
            "mdi:printer-3d\n" AT
            "3:103: unknown key 'nam' in mapping.fields.state; did you mean "
            "'name'?\n"},
        {PLAIN "mapping: {fields: {state: , message: [a], flow: '/x', speed: "
               "{off: no, topic: 'a//b'}}}\n",
         AT "3:27: mapping.fields.state: there is no value; give one or "
            "remove the key\n" AT
            "3:38: mapping.fields.message: a topic, a map or off is expected "
            "here, not a list\n" AT
            "3:49: mapping.fields.flow.topic: a topic must not begin or end "
            "with / or hold an empty level\n" AT
            "3:79: mapping.fields.speed.topic: a topic must not begin or end "
            "with / or hold an empty level\n"},
        {PLAIN "mapping: {fields: {storage/<name>/free: free, state: "
               "'x/{name}', storage/usb/free: usb}}\n",
         AT "3:41: mapping.fields.storage/<name>/free: there may be several "
            "of this field: put {name} into its topic\n" AT
            "3:54: mapping.fields.state: there is only one of this field, so "
            "{name} has no meaning in its topic\n"},
        {PLAIN "mapping: {commands: {puase: off, fly_up: off, resume: "
               "{topic: '{field}', qos: 1}}}\n",
         AT
         "3:22: unknown command 'puase' in mapping.commands; did you mean "
         "'pause'?\n" AT
         "3:34: unknown command 'fly_up' in mapping.commands\n" AT
         "3:63: mapping.commands.resume.topic: {field} is not known here\n" AT
         "3:74: unknown key 'qos' in mapping.commands.resume\n"},
        {PLAIN "mapping: {fields: [a], commands: x, custom: {}}\n",
         AT "3:19: mapping.fields: a map is expected here, not a list\n" AT
            "3:34: mapping.commands: a map is expected here, not text\n" AT
            "3:45: mapping.custom: a list of maps is expected here, not a "
            "map\n"},
    };

    (void)state;
    WORLD_ROWS(rows);
}

#define CUSTOM(rows) PLAIN "mapping:\n  custom:\n    - " rows "\n"

static void custom_fields_are_checked(void **state)
{
    static const struct faulty rows[] = {
        {CUSTOM("{key: a/b, endpoint: stats, pointer: a}"),
         AT "5:28: mapping.custom.1.endpoint: 'stats' is none of version, "
            "info, status, job, storage, printer; did you mean 'status'?\n" AT
            "5:44: mapping.custom.1.pointer: a JSON pointer begins with /\n"},
        {CUSTOM("{key: a/b, endpoint: job, pointer: /a~2}"),
         AT "5:42: mapping.custom.1.pointer: in a JSON pointer ~ is written "
            "~0, and / in a name ~1\n"},
        {CUSTOM("{name: x}"),
         AT "5:7: mapping.custom.1: the required key 'key' is missing\n" AT
            "5:7: mapping.custom.1: the required key 'endpoint' is missing\n" AT
            "5:7: mapping.custom.1: the required key 'pointer' is missing\n"},
        {CUSTOM("{key: A/b, endpoint: job, pointer: /a}"),
         AT "5:13: mapping.custom.1.key: a key is made of a-z, 0-9, _ and -, "
            "with / between its parts\n"},
        {CUSTOM("{key: can/x, endpoint: job, pointer: /a}"),
         AT "5:13: mapping.custom.1.key: a key cannot begin with 'can': that "
            "is the bridge's own\n"},
        {CUSTOM("{key: cmd/x, endpoint: job, pointer: /a}"),
         AT "5:13: mapping.custom.1.key: a key cannot begin with 'cmd': in "
            "Home Assistant that is a command\n"},
        {CUSTOM("{key: state, endpoint: job, pointer: /a}"),
         AT "5:13: mapping.custom.1: the key 'state' is the bridge's own "
            "already\n"},
        {CUSTOM("{key: nozzle, endpoint: job, pointer: /a}"),
         AT "5:13: mapping.custom.1: the key 'nozzle' clashes with "
            "'nozzle/temperature', which is the bridge's own: no key may be "
            "the beginning of another\n"},
        {CUSTOM("{key: storage/usb, endpoint: job, pointer: /a}"),
         AT "5:13: mapping.custom.1: the key 'storage/usb' clashes with "
            "'storage/<name>/available', which is the bridge's own: no key may "
            "be the beginning of another\n"},
        {CUSTOM("{key: nozzle_target, endpoint: job, pointer: /a}"),
         AT "5:13: mapping.custom.1: the key 'nozzle_target' is the same as "
            "'nozzle/target' for Home Assistant, where / becomes _\n"},
        {CUSTOM("{key: a/b, endpoint: job, pointer: /a}\n"
                "    - {key: a, endpoint: job, pointer: /a}\n"
                "    - {key: a/b, endpoint: job, pointer: /b}\n"
                "    - {key: a/c, endpoint: job, pointer: /b, topic: "
                "'{name}'}"),
         AT
         "6:13: mapping.custom.2: the key 'a' clashes with 'a/b', which is "
         "a custom field: no key may be the beginning of another\n" AT
         "7:13: mapping.custom.3: the key 'a/b' is a custom field already\n" AT
         "8:53: mapping.custom.4: {name} has no meaning in the topic of a "
         "custom field\n"},
        {CUSTOM("{key: storage/usb/smart, endpoint: job, pointer: /a}"), ""},
    };

    (void)state;
    WORLD_ROWS(rows);
}

/* Whatever quantities there are. */
static void a_quantity_must_be_one_of_ours(void **state)
{
    static const char start[] =
        AT "5:56: mapping.custom.1.quantity: 'lenght' is none of ";
    static const char end[] = "; did you mean 'length'?\n";
    struct config_problems problems = {.errors = 0};
    const char *text;

    (void)state;
    world_write(
        "config.yaml",
        CUSTOM("{key: a/b, endpoint: job, pointer: /a, quantity: lenght}"));
    assert_null(config_load("config.yaml", drivers, &problems));
    text = buffer_text(&problems.text);
    assert_memory_equal(text, start, sizeof start - 1);
    assert_non_null(strstr(text, ", temperature, "));
    assert_string_equal(text + strlen(text) - sizeof end + 1, end);
    buffer_release(&problems.text);
}

static void there_are_at_most_32_custom_fields(void **state)
{
    struct buffer yaml = {0};
    int i;

    (void)state;
    buffer_text_add(&yaml, PLAIN "mapping:\n  custom:\n");
    for (i = 0; i < 33; i++)
        buffer_format(&yaml, "    - {key: k%d, endpoint: job, pointer: /a}\n",
                      i);
    world_write("config.yaml", buffer_text(&yaml));
    world_problems(AT
                   "37:13: mapping.custom.33: there can be at most 32 custom "
                   "fields\n");
    buffer_release(&yaml);
}

static void named_mappings_are_checked(void **state)
{
    static const struct faulty rows[] = {
        {BROKER "mappings: {plain: {absent: clear}, 'a b': {}, flat: x}\n"
                "printers: {a: {url: x, mapping: plian}, b: {url: y, mapping: "
                "{use: [a], use2: 1}}, c: {url: z, mapping: [a]}}\n",
         AT "2:36: mappings: the name of a mapping is made of letters, digits, "
            "_ and -\n" AT
            "2:53: mappings.flat: a map is expected here, not text\n" AT
            "3:33: unknown mapping 'plian' in printers.a.mapping; did you mean "
            "'plain'?\n" AT
            "3:68: printers.b.mapping: the name of a mapping is expected here, "
            "not a list\n" AT
            "3:73: unknown key 'use2' in printers.b.mapping; did you mean "
            "'use'?\n" AT
            "3:105: printers.c.mapping: a map is expected here, not a list\n"},
        {PLAIN "mappings: [a]\n",
         AT "3:11: mappings: a map is expected here, not a list\n"},
    };

    (void)state;
    WORLD_ROWS(rows);
}

#define TWO "printers: {a: {url: x}, b: {url: y}}\n"

static void topics_that_meet_are_refused(void **state)
{
    static const struct faulty rows[] = {
        {BROKER TWO "mapping: {topic: '{base}/{field}'}\n",
         AT "2:25: printers.b: the topic printer2mqtt/axis/x is one of a, too; "
            "put {printer} into the mapping's topics\n"},
        {BROKER TWO "mapping: {commands: {pause: 'all/stop'}}\n",
         AT "2:25: printers.b: the topic all/stop is one of a, too; put "
            "{printer} into the mapping's topics\n"},
        {BROKER TWO "mapping: {topic: '{base}/b/{field}'}\n",
         AT "2:12: printers.a: the topic printer2mqtt/b/state belongs to the "
            "printer b\n"},
        /* a field of one printer on an order's topic of another */
        {BROKER "printers: {a: {url: x, mapping: {fields: {state: x/y}}}, b: "
                "{url: y, mapping: {commands: {pause: x/y}}}}\n",
         AT "2:58: printers.b: the topic x/y is one of a, too; put {printer} "
            "into the mapping's topics\n"},
        {BROKER TWO "mapping: {fields: {state: '{base}/{printer}/message'}}\n",
         AT "2:12: printers.a: state and message have the same topic "
            "printer2mqtt/a/message\n"},
        {BROKER TWO "mapping: {topic: '{printer}/{field}'}\n"
                    "homeassistant: {discovery_prefix: b}\n",
         AT "2:25: printers.b: the topic b/state lies below the discovery "
            "prefix b\n"},
        {BROKER TWO "mapping: {topic: 'homeassistant/{printer}/{field}'}\n",
         AT "2:12: printers.a: state: topics below the discovery prefix "
            "homeassistant belong to Home Assistant\n"},
        {BROKER TWO "mapping: {topic: 'homeassistant/{printer}/{field}'}\n"
                    "homeassistant: false\n",
         ""},
        {BROKER TWO "mapping: {fields: {state: '{base}/{printer}/event'}}\n",
         AT "2:12: printers.a: state: the topic printer2mqtt/a/event is the "
            "bridge's own; choose another\n"},
        {BROKER TWO "mapping: {topic: '{base}/bridge-x/{printer}/{field}'}\n",
         AT "2:12: printers.a: the topic printer2mqtt/bridge-x/a/state belongs "
            "to the bridge bridge-x\n" AT
            "2:25: printers.b: the topic printer2mqtt/bridge-x/b/state belongs "
            "to the bridge bridge-x\n"},
        {PLAIN "mapping: {fields: {state: homeassistant/status}}\n"
               "homeassistant: {discovery_prefix: ha}\n",
         AT "2:12: printers.mk4: the topic homeassistant/status is the one on "
            "which Home Assistant says its status\n"},
        /* one that is not enabled does not count */
        {BROKER "printers: {a: {url: x}, b: {url: y, enabled: false}}\n"
                "mapping: {topic: '{base}/{field}'}\n",
         ""},
    };

    (void)state;
    WORLD_ROWS(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(rules_are_checked),
        WORLD_TEST(wishes_are_checked),
        WORLD_TEST(custom_fields_are_checked),
        WORLD_TEST(a_quantity_must_be_one_of_ours),
        WORLD_TEST(there_are_at_most_32_custom_fields),
        WORLD_TEST(named_mappings_are_checked),
        WORLD_TEST(topics_that_meet_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
