#include "mapping/template.h"

#include "mapping/text.h"

#include <ctype.h>

#define NAME_MAX_LEN 16

#define NAME(name, member)                                                     \
    {                                                                          \
        name, sizeof(name) - 1, offsetof(struct template_values, member)       \
    }

static const struct {
    const char *name;
    size_t len;
    size_t offset; /* of its value */
} names[] = {
    NAME("base", base),       NAME("printer", printer), NAME("field", field),
    NAME("command", command), NAME("name", instance),
};

/* The value of {name} of length len, NULL if it may not stand here. */
static const char *value_of(const struct template_values *v, const char *name,
                            size_t len)
{
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].len == len && memcmp(names[i].name, name, len) == 0)
            return *(const char *const *)((const char *)v + names[i].offset);
    return NULL;
}

static bool append(char *out, size_t size, size_t *len, const char *bytes,
                   size_t count)
{
    if (count >= size - *len)
        return false;
    memcpy(out + *len, bytes, count);
    *len += count;
    out[*len] = '\0';
    return true;
}

bool template_expand(const char *text, const struct template_values *values,
                     char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    while (*text) {
        size_t plain = strcspn(text, "{}");
        const char *value;
        size_t name;

        if (!append(out, size, &len, text, plain))
            return false;
        text += plain;
        if (!*text)
            break;
        name = strcspn(text + 1, "{}");
        value = *text == '{' && text[1 + name] == '}'
                    ? value_of(values, text + 1, name)
                    : NULL;
        if (!value || !append(out, size, &len, value, strlen(value)))
            return false;
        text += name + 2;
    }
    return true;
}

bool template_uses(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (; (text = strchr(text, '{')); text++)
        if (strncmp(text + 1, name, len) == 0 && text[1 + len] == '}')
            return true;
    return false;
}

static bool check_braces(const char *text, const struct template_values *values,
                         struct error *err)
{
    for (; *text; text++) {
        size_t name;

        if (*text == '}')
            return error_set(err, "there is a } without a { before it");
        if (*text != '{')
            continue;
        name = strcspn(text + 1, "{}");
        if (text[1 + name] != '}')
            return error_set(err, "a { is not closed");
        if (!value_of(values, text + 1, name))
            return error_set(err, "{%.*s} is not known here",
                             name > NAME_MAX_LEN ? NAME_MAX_LEN : (int)name,
                             text + 1);
        text += name + 1;
    }
    return true;
}

bool topic_check(const char *topic, struct error *err)
{
    size_t len = strlen(topic);

    if (len == 0)
        return error_set(err, "a topic must not be empty");
    if (len > TOPIC_MAX)
        return error_set(err, "the topic is longer than %d bytes", TOPIC_MAX);
    if (strpbrk(topic, "+#"))
        return error_set(err, "a topic must not hold the wildcards + and #");
    if (topic[0] == '$')
        return error_set(err, "a topic must not begin with $");
    if (topic[0] == '/' || topic[len - 1] == '/' || strstr(topic, "//"))
        return error_set(err, "a topic must not begin or end with / "
                              "or hold an empty level");
    if (!text_is_utf8(topic, len))
        return error_set(err, "a topic must be valid UTF-8");
    for (; *topic; topic++)
        if (iscntrl((unsigned char)*topic))
            return error_set(err, "a topic must not hold control characters");
    return true;
}

bool template_check(const char *text, const struct template_values *values,
                    struct error *err)
{
    char topic[TOPIC_MAX + 1];
    const struct template_values sample = {
        values->base ? "b" : NULL,     values->printer ? "p" : NULL,
        values->field ? "f" : NULL,    values->command ? "c" : NULL,
        values->instance ? "n" : NULL,
    };

    if (!check_braces(text, &sample, err))
        return false;
    if (!template_expand(text, &sample, topic, sizeof topic))
        return error_set(err, "the topic is longer than %d bytes", TOPIC_MAX);
    return topic_check(topic, err);
}

bool topic_below(const char *topic, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(topic, prefix, len) == 0 &&
           (topic[len] == '\0' || topic[len] == '/');
}
