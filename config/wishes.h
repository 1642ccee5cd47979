/* The rows of a field's wish, for the sections that hold one. */
#ifndef CONFIG_WISHES_H
#define CONFIG_WISHES_H

#include "config/schema.h"
#include "mapping/mapping.h"
#include "mapping/template.h"

/* A topic template for one field. */
bool wish_check_topic(const char *text, struct error *err);
bool wish_check_icon(const char *text, struct error *err);

/* Rows whose members begin at offset `at` of their struct. */
#define WISH_ROWS(at)                                                          \
    {.key = "topic",                                                           \
     .kind = KIND_TEXT,                                                        \
     .offset = (at) + offsetof(struct field_wish, topic),                      \
     .max = TOPIC_MAX,                                                         \
     .flags = ROW_FILLED,                                                      \
     .check = wish_check_topic,                                                \
     .says = "Topic template of this field, instead of the rule; may hold "    \
             "`{base}`, `{printer}`, `{field}`, and `{name}` where there "     \
             "are several."},                                                  \
        {.key = "retain",                                                      \
         .kind = KIND_SWITCH,                                                  \
         .offset = (at) + offsetof(struct field_wish, retain),                 \
         .says = "Does the broker keep the last value? Yes if not said."},     \
        {.key = "qos",                                                         \
         .kind = KIND_INTEGER,                                                 \
         .offset = (at) + offsetof(struct field_wish, qos),                    \
         .max = 2,                                                             \
         .says = "QoS of its messages, instead of `mqtt.qos`."},               \
        {.key = "decimals",                                                    \
         .kind = KIND_INTEGER,                                                 \
         .offset = (at) + offsetof(struct field_wish, decimals),               \
         .max = 9,                                                             \
         .says = "Digits behind the point, instead of the quantity's."},       \
        {.key = "deadband",                                                    \
         .kind = KIND_NUMBER,                                                  \
         .offset = (at) + offsetof(struct field_wish, deadband),               \
         .max = 1e9,                                                           \
         .says = "Smallest change worth a message, in the field's unit."},     \
        {.key = "interval",                                                    \
         .kind = KIND_DURATION,                                                \
         .offset = (at) + offsetof(struct field_wish, interval_ms),            \
         .max = 86400000,                                                      \
         .says = "At most one message in this time."},                         \
        {.key = "name",                                                        \
         .kind = KIND_TEXT,                                                    \
         .offset = (at) + offsetof(struct field_wish, name),                   \
         .says = "Its name in Home Assistant."},                               \
        {.key = "icon",                                                        \
         .kind = KIND_TEXT,                                                    \
         .offset = (at) + offsetof(struct field_wish, icon),                   \
         .check = wish_check_icon,                                             \
         .says = "Its icon in Home Assistant: `mdi:printer-3d`."},             \
    {                                                                          \
        .key = "enabled", .kind = KIND_SWITCH,                                 \
        .offset = (at) + offsetof(struct field_wish, enabled),                 \
        .says = "Is it enabled in Home Assistant from the start?"              \
    }

#endif
