#include "mapping/mapping.h"

#include "mapping/memory.h"

void field_wish_init(struct field_wish *wish)
{
    *wish = (struct field_wish){
        .on = -1,
        .retain = -1,
        .qos = -1,
        .decimals = -1,
        .deadband = -1,
        .interval_ms = -1,
        .enabled = -1,
    };
}

void field_wish_release(struct field_wish *wish)
{
    free(wish->topic);
    free(wish->name);
    free(wish->icon);
    field_wish_init(wish);
}

static void merge_text(char **text, const char *over)
{
    if (!over)
        return;
    free(*text);
    *text = memory_text(over);
}

static void merge_int(int *number, int over)
{
    if (over >= 0)
        *number = over;
}

void field_wish_merge(struct field_wish *wish, const struct field_wish *over)
{
    merge_int(&wish->on, over->on);
    merge_text(&wish->topic, over->topic);
    merge_int(&wish->retain, over->retain);
    merge_int(&wish->qos, over->qos);
    merge_int(&wish->decimals, over->decimals);
    if (over->deadband >= 0)
        wish->deadband = over->deadband;
    if (over->interval_ms >= 0)
        wish->interval_ms = over->interval_ms;
    merge_text(&wish->name, over->name);
    merge_text(&wish->icon, over->icon);
    merge_int(&wish->enabled, over->enabled);
}

struct mapping *mapping_new(void)
{
    struct mapping *mapping = memory_zero(1, sizeof *mapping);
    int i;

    mapping->topic = memory_text(MAPPING_TOPIC);
    mapping->command_topic = memory_text(MAPPING_COMMAND_TOPIC);
    for (i = 0; i < FIELD_COUNT; i++)
        field_wish_init(&mapping->fields[i]);
    for (i = 0; i < COMMAND_COUNT; i++)
        mapping->commands[i] = (struct command_wish){.on = -1, .enabled = -1};
    for (i = 0; i < CUSTOM_MAX; i++)
        field_wish_init(&mapping->custom[i].wish);
    return mapping;
}

static struct field_wish copy_wish(const struct field_wish *from)
{
    struct field_wish wish = *from;

    wish.topic = memory_text(from->topic);
    wish.name = memory_text(from->name);
    wish.icon = memory_text(from->icon);
    return wish;
}

static void copy_lists(struct mapping *copy, const struct mapping *mapping)
{
    int i;

    copy->instances =
        memory_zero((size_t)mapping->instance_count, sizeof *copy->instances);
    for (i = 0; i < mapping->instance_count; i++) {
        copy->instances[i] = mapping->instances[i];
        copy->instances[i].wish = copy_wish(&mapping->instances[i].wish);
    }
    for (i = 0; i < mapping->custom_count; i++) {
        struct custom_field *custom = &copy->custom[i];

        *custom = mapping->custom[i];
        custom->endpoint = memory_text(custom->endpoint);
        custom->pointer = memory_text(custom->pointer);
        custom->wish = copy_wish(&mapping->custom[i].wish);
    }
}

struct mapping *mapping_copy(const struct mapping *mapping)
{
    struct mapping *copy = memory_zero(1, sizeof *copy);
    int i;

    *copy = *mapping;
    copy->topic = memory_text(mapping->topic);
    copy->command_topic = memory_text(mapping->command_topic);
    for (i = 0; i < FIELD_COUNT; i++)
        copy->fields[i] = copy_wish(&mapping->fields[i]);
    for (i = 0; i < COMMAND_COUNT; i++) {
        struct command_wish *wish = &copy->commands[i];

        wish->topic = memory_text(wish->topic);
        wish->name = memory_text(wish->name);
        wish->icon = memory_text(wish->icon);
    }
    copy_lists(copy, mapping);
    return copy;
}

void mapping_free(struct mapping *mapping)
{
    int i;

    if (!mapping)
        return;
    for (i = 0; i < FIELD_COUNT; i++)
        field_wish_release(&mapping->fields[i]);
    for (i = 0; i < COMMAND_COUNT; i++) {
        free(mapping->commands[i].topic);
        free(mapping->commands[i].name);
        free(mapping->commands[i].icon);
    }
    for (i = 0; i < mapping->instance_count; i++)
        field_wish_release(&mapping->instances[i].wish);
    for (i = 0; i < mapping->custom_count; i++) {
        free(mapping->custom[i].endpoint);
        free(mapping->custom[i].pointer);
        field_wish_release(&mapping->custom[i].wish);
    }
    free(mapping->instances);
    free(mapping->topic);
    free(mapping->command_topic);
    free(mapping);
}
