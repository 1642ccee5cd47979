/* Topic templates as users write them: a topic that comes out of a checked one
 * can always be published on. */
#include "mapping/memory.h"
#include "mapping/routes.h"
#include "mapping/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char names[][INSTANCE_NAME_MAX + 1] = {"usb", "sdcard"};
static const struct instances two = {names, 2, false};
static const struct roster storages = {&two, &two};

static void check_topic(const char *topic)
{
    size_t len = strlen(topic);

    if (len == 0 || len > TOPIC_MAX || strpbrk(topic, "+#{}") ||
        topic[0] == '$' || topic[0] == '/' || topic[len - 1] == '/' ||
        !text_is_utf8(topic, len))
        abort();
}

static void expand(const char *text)
{
    const struct template_values values = {"base", "mk4", "storage/usb/free",
                                           "pause", "usb"};
    char topic[TOPIC_MAX + 1], small[8];

    (void)template_uses(text, "name");
    if (template_expand(text, &values, small, sizeof small) &&
        strlen(small) >= sizeof small)
        abort();
    if (template_check(text, &values, NULL) &&
        template_expand(text, &values, topic, sizeof topic))
        check_topic(topic);
}

/* The template as a printer's whole mapping: what routes_check() lets pass has
 * a good topic for every field and command, each its own. */
static void route(const char *text)
{
    struct mapping *mapping = mapping_new();
    const struct routes routes = {mapping, "base", "mk4"};
    struct error err = {""};
    struct route route;
    enum field f;
    int i;

    free(mapping->topic);
    mapping->topic = memory_text(text);
    if (routes_check(&routes, "homeassistant", &err)) {
        for (f = 0; f < FIELD_COUNT; f++)
            for (i = 0; i < field_instances(f); i++)
                if (routes_field(&routes, f, i, &storages, &route))
                    check_topic(route.topic);
    } else if (!err.text[0]) {
        abort();
    }
    mapping_free(mapping);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = memory_copy(data, size);

    expand(text);
    route(text);
    free(text);
    return 0;
}
