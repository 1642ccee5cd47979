#include "mapping/memory.h"
#include "mapping/routes.h"
#include "tests/unit.h"

/* Topics that a user gives to some fields and commands, and what is said. */
struct wish {
    enum field field;     /* FIELD_COUNT = the wish is for a command */
    enum command command; /* COMMAND_COUNT = the rule for all */
    const char *topic;
};

#define OF_FIELD(f)   FIELD_##f, COMMAND_COUNT
#define OF_COMMAND(c) FIELD_COUNT, COMMAND_##c
#define RULE          FIELD_COUNT, COMMAND_COUNT

static const struct {
    const char *name;
    struct wish wishes[2];
    const char *says[2]; /* parts of the sentence; none = all is well */
} cases[] = {
    {"nothing wished", {{RULE, NULL}}, {NULL}},
    {"topics of one's own",
     {{OF_FIELD(STATE), "home/{printer}"}, {OF_COMMAND(PAUSE), "home/pause"}},
     {NULL}},
    {"two fields on one topic",
     {{OF_FIELD(STATE), "home/x"}, {OF_FIELD(MATERIAL), "home/x"}},
     {"state and material", "home/x"}},
    {"a field on another's place",
     {{OF_FIELD(STATE), "p/mk4/job/id"}},
     {"job/id", "the same topic"}},
    {"a field where orders come in",
     {{OF_FIELD(STATE), "home/x"}, {OF_COMMAND(PAUSE), "home/x"}},
     {"command pause", "state"}},
    {"instances without a name in the topic",
     {{OF_FIELD(STORAGE_FREE), "home/{printer}/free"}},
     {"storage/a/free and storage/b/free", "home/mk4/free"}},
    {"below command",
     {{OF_FIELD(STATE), "p/mk4/command/x"}},
     {"state", "p/mk4/command"}},
    {"on response", {{OF_FIELD(STATE), "p/mk4/response"}}, {"state", NULL}},
    {"below can", {{OF_FIELD(STATE), "p/mk4/can/x"}}, {"state", NULL}},
    {"below has", {{OF_FIELD(STATE), "p/mk4/has/x"}}, {"state", NULL}},
    {"on availability",
     {{OF_FIELD(STATE), "p/mk4/availability"}},
     {"state", "the bridge's own"}},
    {"on the event topic", {{OF_FIELD(STATE), "p/mk4/event"}}, {"state", NULL}},
    {"on the JSON topic",
     {{OF_FIELD(STATE), "{base}/{printer}"}},
     {"state", NULL}},
    {"below the bridge",
     {{OF_FIELD(STATE), "{base}/bridge/state"}},
     {"state", "p/bridge"}},
    {"a command on a topic of the bridge's own",
     {{OF_COMMAND(PAUSE), "p/mk4/availability"}},
     {"command pause", "p/mk4/availability"}},
    {"a command below the answers",
     {{OF_COMMAND(PAUSE), "p/mk4/response/pause"}},
     {"command pause", "p/mk4/response"}},
    {"a command below the bridge",
     {{OF_COMMAND(PAUSE), "{base}/bridge/x"}},
     {"command pause", "p/bridge"}},
    {"below the discovery prefix",
     {{OF_FIELD(STATE), "homeassistant/x"}},
     {"discovery prefix", "homeassistant"}},
    {"a command below the discovery prefix",
     {{OF_COMMAND(PAUSE), "homeassistant/x"}},
     {"discovery prefix", "command pause"}},
    {"a bridge of another name is a neighbour",
     {{OF_FIELD(STATE), "{base}/bridges/x"}},
     {NULL}},
};

static void wish(struct mapping *m, const struct wish *w)
{
    if (!w->topic)
        return;
    if (w->field != FIELD_COUNT)
        m->fields[w->field].topic = memory_text(w->topic);
    else
        m->commands[w->command].topic = memory_text(w->topic);
}

static void topics_do_not_meet(void **state)
{
    size_t i, j;

    (void)state;
    for (i = 0; i < ROWS(cases); i++) {
        struct mapping *m = mapping_new();
        const struct routes routes = {m, "p", "mk4"};
        struct error err = {""};
        bool well = true;

        ROW(cases[i].name);
        wish(m, &cases[i].wishes[0]);
        wish(m, &cases[i].wishes[1]);
        for (j = 0; j < ROWS(cases[i].says); j++)
            well = well && !cases[i].says[j];
        assert_int_equal(routes_check(&routes, "homeassistant", &err), well);
        for (j = 0; j < ROWS(cases[i].says); j++)
            if (cases[i].says[j])
                assert_non_null(strstr(err.text, cases[i].says[j]));
        mapping_free(m);
    }
}

static void what_is_off_meets_nobody(void **state)
{
    struct mapping *m = mapping_new();
    const struct routes routes = {m, "p", "mk4"};

    (void)state;
    m->fields[FIELD_STATE].topic = memory_text("home/x");
    m->fields[FIELD_MATERIAL].topic = memory_text("home/x");
    m->fields[FIELD_MATERIAL].on = 0;
    m->commands[COMMAND_PAUSE].topic = memory_text("home/x");
    m->commands[COMMAND_PAUSE].on = 0;
    m->commands[COMMAND_RESUME].on = 0;
    assert_true(routes_check(&routes, "homeassistant", NULL));
    mapping_free(m);
}

static void without_home_assistant_no_prefix_is_taken(void **state)
{
    struct mapping *m = mapping_new();
    const struct routes routes = {m, "p", "mk4"};

    (void)state;
    m->fields[FIELD_STATE].topic = memory_text("homeassistant/x");
    assert_true(routes_check(&routes, NULL, NULL));
    mapping_free(m);
}

static void a_rule_without_the_field_puts_all_on_one_topic(void **state)
{
    struct mapping *m = mapping_new();
    const struct routes routes = {m, "p", "mk4"};
    struct error err;

    (void)state;
    free(m->topic);
    m->topic = memory_text("home/{printer}");
    assert_false(routes_check(&routes, NULL, &err));
    assert_non_null(strstr(err.text, "home/mk4"));
    mapping_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_do_not_meet),
        cmocka_unit_test(what_is_off_meets_nobody),
        cmocka_unit_test(without_home_assistant_no_prefix_is_taken),
        cmocka_unit_test(a_rule_without_the_field_puts_all_on_one_topic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
