#include "mapping/routes.h"

#include "mapping/memory.h"

#include <math.h>

/* A temperature this near its target is regulated: its noise is no news. */
#define HEAT_NEAR      2.0
#define HEAT_DEADBAND  0.5
#define HEAT_MINUTE_MS 60000

static int pick(int wish, int otherwise)
{
    return wish >= 0 ? wish : otherwise;
}

static char *pick_text(char *wish, char *otherwise)
{
    return wish ? wish : otherwise;
}

/* What over says wins over what wish says; texts are borrowed. */
static void lay_over(struct field_wish *wish, const struct field_wish *over)
{
    wish->on = pick(over->on, wish->on);
    wish->topic = pick_text(over->topic, wish->topic);
    wish->retain = pick(over->retain, wish->retain);
    wish->qos = pick(over->qos, wish->qos);
    wish->decimals = pick(over->decimals, wish->decimals);
    if (over->deadband >= 0)
        wish->deadband = over->deadband;
    if (over->interval_ms >= 0)
        wish->interval_ms = over->interval_ms;
    wish->name = pick_text(over->name, wish->name);
    wish->icon = pick_text(over->icon, wish->icon);
    wish->enabled = pick(over->enabled, wish->enabled);
}

/* The user's wishes for one field of one instance; texts are borrowed. */
static struct field_wish wish_for(const struct mapping *mapping,
                                  enum field field, int instance,
                                  const char *name)
{
    struct field_wish wish = field == FIELD_CUSTOM
                                 ? mapping->custom[instance].wish
                                 : mapping->fields[field];
    int i;

    for (i = 0; i < mapping->instance_count; i++)
        if (mapping->instances[i].field == field &&
            strcmp(mapping->instances[i].instance, name) == 0)
            lay_over(&wish, &mapping->instances[i].wish);
    return wish;
}

/* Name of the instance ("" without scope), NULL when there is none. */
static const char *name_of(const struct routes *routes, enum field field,
                           int instance, const struct roster *roster)
{
    switch (field_row(field)->scope) {
    case SCOPE_ONE: return "";
    case SCOPE_STORAGE:
    case SCOPE_CAMERA:
        return roster_name(roster, field_row(field)->scope, instance);
    case SCOPE_CUSTOM:
        return instance < routes->mapping->custom_count ? "" : NULL;
    case SCOPE_COUNT: break;
    }
    return NULL;
}

static bool expand(const struct routes *routes, const struct field_wish *wish,
                   const char *name, struct route *out)
{
    const struct template_values values = {
        .base = routes->base,
        .printer = routes->printer,
        .field = out->key,
        .instance = name,
    };

    return template_expand(wish->topic ? wish->topic : routes->mapping->topic,
                           &values, out->topic, sizeof out->topic);
}

static void decide(const struct mapping *mapping, const struct field_wish *wish,
                   struct route *out)
{
    const struct quantity_row *q = quantity_row(out->quantity);

    out->retain = pick(wish->retain, 1);
    out->qos = pick(wish->qos, mapping->qos);
    out->decimals = pick(wish->decimals, q->decimals);
    out->own_deadband = wish->deadband >= 0;
    out->deadband = out->own_deadband ? wish->deadband : q->deadband;
    out->interval_ms = wish->interval_ms >= 0 ? wish->interval_ms
                                              : (int64_t)q->interval_s * 1000;
    out->name = wish->name;
    out->icon = wish->icon;
    out->enabled = wish->enabled;
}

/* All but the topic; name and wish are what the topic needs. */
static bool decide_all(const struct routes *routes, enum field field,
                       int instance, const struct roster *roster,
                       const char **name, struct field_wish *wish,
                       struct route *out)
{
    *name = name_of(routes, field, instance, roster);
    if (!*name)
        return false;
    *wish = wish_for(routes->mapping, field, instance, *name);
    if (wish->on == 0)
        return false;
    out->field = field;
    out->quantity = field_row(field)->quantity;
    if (field == FIELD_CUSTOM) {
        const struct custom_field *custom = &routes->mapping->custom[instance];

        out->quantity = custom->quantity;
        memcpy(out->key, custom->key, sizeof out->key);
    } else if (!field_key(field, *name, out->key, sizeof out->key)) {
        return false;
    }
    decide(routes->mapping, wish, out);
    return true;
}

bool routes_rule(const struct routes *routes, enum field field, int instance,
                 const struct roster *roster, struct route *out)
{
    const char *name;
    struct field_wish wish;

    return decide_all(routes, field, instance, roster, &name, &wish, out);
}

bool routes_field(const struct routes *routes, enum field field, int instance,
                  const struct roster *roster, struct route *out)
{
    const char *name;
    struct field_wish wish;

    return decide_all(routes, field, instance, roster, &name, &wish, out) &&
           expand(routes, &wish, name, out);
}

bool routes_command(const struct routes *routes, enum command command,
                    char *out, size_t size)
{
    const struct command_wish *wish = &routes->mapping->commands[command];
    const struct template_values values = {
        .base = routes->base,
        .printer = routes->printer,
        .command = command_row(command)->name,
    };

    return wish->on != 0 &&
           template_expand(wish->topic ? wish->topic
                                       : routes->mapping->command_topic,
                           &values, out, size);
}

bool routes_topic(const struct routes *routes, const char *tail, char *out,
                  size_t size)
{
    int len = snprintf(out, size, "%s/%s%s%s", routes->base, routes->printer,
                       *tail ? "/" : "", tail);

    return len > 0 && (size_t)len < size;
}

static bool is_number(const struct value *v)
{
    return v->kind == VALUE_NUMBER || v->kind == VALUE_INTEGER;
}

static double number_of(const struct value *v)
{
    return v->kind == VALUE_NUMBER ? v->number : (double)v->integer;
}

/* More than a unit of the last place apart: rounding cannot make them equal, so
 * that nothing need be formatted to know. */
static bool are_far(double a, double b, int decimals)
{
    static const double units[] = {1, 0.1, 0.01, 0.001};

    return decimals >= 0 && decimals <= 3 &&
           fabs(a - b) > 1.001 * units[decimals];
}

/* Would both, of one kind, be the same payload? */
static bool same(const struct route *route, const struct value *was,
                 const struct value *is)
{
    char a[VALUE_FORMAT_MAX], b[VALUE_FORMAT_MAX];

    switch (is->kind) {
    case VALUE_ABSENT: return true;
    case VALUE_TEXT: return false;
    case VALUE_TRUTH:
    case VALUE_INTEGER:
    case VALUE_TIME:
    case VALUE_WORD: return was->integer == is->integer;
    case VALUE_NUMBER:
        if (are_far(was->number, is->number, route->decimals))
            return false;
    }
    value_format(*was, route->quantity, route->decimals, a);
    value_format(*is, route->quantity, route->decimals, b);
    return strcmp(a, b) == 0;
}

static bool number_due(const struct route *route, const struct value *was,
                       const struct value *is, const struct value *target,
                       int64_t since_ms)
{
    double now = number_of(is);
    double step = fabs(now - number_of(was));
    double deadband = route->deadband;

    if ((fpclassify(now) == FP_ZERO) != (fpclassify(number_of(was)) == FP_ZERO))
        return true;
    if (route->quantity == QUANTITY_HEAT && !route->own_deadband &&
        is_number(target) && fabs(now - number_of(target)) <= HEAT_NEAR &&
        since_ms < HEAT_MINUTE_MS)
        deadband = HEAT_DEADBAND;
    return step > deadband - 1e-6;
}

bool route_due(const struct route *route, const struct value *was,
               const struct value *is, const struct value *target,
               int64_t since_ms, bool forced)
{
    if (was->kind != is->kind)
        return true;
    if (!forced && since_ms < route->interval_ms)
        return false;
    if (!forced && is_number(is) &&
        !number_due(route, was, is, target, since_ms))
        return false;
    return !same(route, was, is);
}
