/* Log lines for people, to stderr: transitions, not traffic. Repeats are
 * folded. What comes from outside is escaped, secrets never get here. */
#ifndef BRIDGE_LOG_H
#define BRIDGE_LOG_H

#include "bridge/printer.h" /* enum log_level */

/* Prefix lines with <n> priorities when stderr is the journal. */
void log_init(enum log_level level);
void log_set_level(enum log_level level);
enum log_level log_level(void);
const char *log_level_name(enum log_level level);
/* LOG_LEVEL_DEBUG + 1 if there is no such level. */
enum log_level log_level_find(const char *name);

/* Also hand every line of at most `level` to hook (bridge/log on MQTT). hook
 * must not log. printer is NULL for the bridge itself. */
typedef void log_hook(void *arg, enum log_level level, const char *printer,
                      const char *text);
void log_set_hook(log_hook *hook, void *arg, enum log_level level);

void log_write(enum log_level level, const char *printer, const char *text);
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
