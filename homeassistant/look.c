#include "homeassistant/look.h"

/* A number in another unit. Not a number ("None", or an empty payload where
 * absent values are cleared) becomes unknown. */
#define SCALED(divisor, rounding)                                              \
    "{{ (value | float / " divisor ") | round(" rounding ") "                  \
    "if value | is_number else None }}"

/* Home Assistant rounds hours to the precision and cuts what is left down to
 * whole minutes: 62 min would be "1h 1m" with two decimals, and 61 min "1h 0m"
 * when 1.01666 comes in. So four decimals, the last one rounded up (0.4 s at
 * most); minutes and their seconds alike. */
#define HOURS   SCALED("3600", "4, 'ceil'")
#define MINUTES SCALED("60", "4, 'ceil'")

static const struct look_row rows[] = {
    [LOOK_TEXT] = {"sensor", .icon = "mdi:text", .precision = -1},
    [LOOK_WORD] = {"sensor", "enum", .icon = "mdi:state-machine",
                   .precision = -1},
    [LOOK_FLAG] = {"binary_sensor", .icon = "mdi:flag-outline",
                   .precision = -1},
    [LOOK_CONNECTIVITY] = {"binary_sensor", "connectivity", .precision = -1},
    [LOOK_PROBLEM] = {"binary_sensor", "problem", .precision = -1},
    [LOOK_RUNNING] = {"binary_sensor", "running", .precision = -1},
    [LOOK_TEMPERATURE] = {"sensor", "temperature", "measurement"},
    [LOOK_TEMPERATURE_LIMIT] = {"sensor", "temperature"},
    [LOOK_POSITION] = {"sensor", "distance", "measurement", .precision = 1},
    [LOOK_LENGTH] = {"sensor", "distance", .precision = 2},
    [LOOK_METRES] = {"sensor", "distance", NULL, "m",
                     .template = SCALED("1000", "3"), .precision = 2},
    [LOOK_FAN] = {"sensor", NULL, "measurement", .icon = "mdi:fan"},
    [LOOK_PERCENT] = {"sensor", NULL, "measurement", .icon = "mdi:percent"},
    [LOOK_FINAL_PERCENT] = {"sensor", .icon = "mdi:percent"},
    [LOOK_HOURS] = {"sensor", "duration", NULL, "h", .template = HOURS,
                    .precision = 4},
    [LOOK_TOTAL_HOURS] = {"sensor", "duration", "total_increasing", "h",
                          .template = HOURS, .precision = 4},
    [LOOK_MINUTES] = {"sensor", "duration", NULL, "min", .template = MINUTES,
                      .precision = 4},
    [LOOK_SECONDS] = {"sensor", "duration"},
    [LOOK_LATENCY] = {"sensor", "duration", "measurement"},
    [LOOK_TIMESTAMP] = {"sensor", "timestamp", .precision = -1},
    [LOOK_WEIGHT] = {"sensor", "weight", .precision = 1},
    [LOOK_TOTAL_WEIGHT] = {"sensor", "weight", "total_increasing"},
    [LOOK_MEGABYTES] = {"sensor", "data_size", NULL, "MB",
                        .template = SCALED("1000000", "3"), .precision = 2},
    [LOOK_GIGABYTES] = {"sensor", "data_size", "measurement", "GB",
                        .template = SCALED("1000000000", "3"), .precision = 1},
    [LOOK_RATE] = {"sensor", "data_rate", "measurement", "MB/s",
                   .template = SCALED("1000000", "3"), .precision = 2},
    [LOOK_TALLY] = {"sensor", NULL, "measurement", .icon = "mdi:counter"},
    [LOOK_COUNTER] = {"sensor", NULL, "total_increasing",
                      .icon = "mdi:counter"},
    [LOOK_EVENT] = {"event", .icon = "mdi:bell-outline", .precision = -1},
    [LOOK_BUTTON] = {"button", .icon = "mdi:gesture-tap-button",
                     .precision = -1},
    [LOOK_RESTART] = {"button", "restart", .precision = -1},
    [LOOK_PATH_INPUT] = {"text", .icon = "mdi:form-textbox", .precision = -1},
    [LOOK_SECONDS_INPUT] = {"number", "duration", NULL, "s", .precision = -1},
    [LOOK_CHOICE] = {"select", .icon = "mdi:format-list-bulleted",
                     .precision = -1},
    [LOOK_PICTURE] = {"image", .icon = "mdi:image-outline", .precision = -1},
    [LOOK_SNAPSHOT] = {"image", .icon = "mdi:webcam", .precision = -1},
    [LOOK_UPDATE] = {"update", .icon = "mdi:package-up", .precision = -1},
    [LOOK_HIDDEN] = {NULL},
};

const struct look_row *look_row(enum look look)
{
    return &rows[look];
}

/* No default: the compiler names a quantity that is missing here. */
enum look look_of_quantity(enum quantity quantity)
{
    switch (quantity) {
    case QUANTITY_STATE:
    case QUANTITY_RESULT: return LOOK_WORD;
    case QUANTITY_TEXT:
    case QUANTITY_IDENTIFIER: return LOOK_TEXT;
    case QUANTITY_FLAG: return LOOK_FLAG;
    case QUANTITY_HEAT:
    case QUANTITY_TEMPERATURE: return LOOK_TEMPERATURE;
    case QUANTITY_POSITION: return LOOK_POSITION;
    case QUANTITY_LENGTH: return LOOK_LENGTH;
    case QUANTITY_FAN: return LOOK_FAN;
    case QUANTITY_PROGRESS:
    case QUANTITY_PERCENT: return LOOK_PERCENT;
    case QUANTITY_JOB_TIME:
    case QUANTITY_DURATION: return LOOK_HOURS;
    case QUANTITY_TIMESTAMP:
    case QUANTITY_SEEN: return LOOK_TIMESTAMP;
    case QUANTITY_WEIGHT: return LOOK_WEIGHT;
    case QUANTITY_SIZE: return LOOK_MEGABYTES;
    case QUANTITY_RATE: return LOOK_RATE;
    case QUANTITY_TALLY: return LOOK_TALLY;
    case QUANTITY_PERIOD: return LOOK_SECONDS;
    case QUANTITY_LATENCY: return LOOK_LATENCY;
    case QUANTITY_LIST: return LOOK_HIDDEN;
    case QUANTITY_COUNT: break;
    }
    return LOOK_TEXT;
}

enum look look_of_argument(enum argument argument)
{
    switch (argument) {
    case ARGUMENT_NONE: return LOOK_BUTTON;
    case ARGUMENT_FOLDER: return LOOK_BUTTON; /* pressed: all folders */
    case ARGUMENT_CAMERA: return LOOK_BUTTON; /* pressed: the first */
    case ARGUMENT_PATH: return LOOK_PATH_INPUT;
    case ARGUMENT_SOURCE:
    case ARGUMENT_CHOICE: return LOOK_CHOICE;
    case ARGUMENT_SECONDS: return LOOK_SECONDS_INPUT;
    }
    return LOOK_BUTTON;
}
