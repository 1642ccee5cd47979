#include "bridge/log.h"

#include "mapping/text.h"

#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_CHARS 480
#define FOLD_S         60 /* the same line again is counted, not written */

static const char *const names[] = {"error", "warning", "info", "debug"};
static const int priorities[] = {3, 4, 6, 7};

static struct {
    enum log_level level;
    bool journal;
    log_hook *hook;
    void *arg;
    enum log_level hook_level;
    char last[LINE_MAX_CHARS * 4 + 81];
    enum log_level last_level;
    time_t last_at;
    unsigned repeats;
} state = {.level = LOG_LEVEL_INFO};

void log_init(enum log_level level)
{
    state.level = level;
    state.journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_set_level(enum log_level level)
{
    state.level = level;
}

enum log_level log_level(void)
{
    return state.level;
}

const char *log_level_name(enum log_level level)
{
    return names[level];
}

enum log_level log_level_find(const char *name)
{
    enum log_level level = LOG_LEVEL_ERROR;

    while (level <= LOG_LEVEL_DEBUG && strcmp(names[level], name) != 0)
        level++;
    return level;
}

void log_set_hook(log_hook *hook, void *arg, enum log_level level)
{
    state.hook = hook;
    state.arg = arg;
    state.hook_level = level;
}

static void write_line(enum log_level level, const char *text)
{
    char at[32] = "";
    time_t now = time(NULL);
    struct tm tm;

    if (state.journal) {
        fprintf(stderr, "<%d>%s\n", priorities[level], text);
        return;
    }
    if (localtime_r(&now, &tm))
        (void)strftime(at, sizeof at, "%H:%M:%S", &tm);
    fprintf(stderr, "%s %-7s %s\n", at, names[level], text);
}

/* True if the line is the one before again, within a minute. */
static bool folded(enum log_level level, const char *line)
{
    time_t now = time(NULL);
    char text[64];

    if (strcmp(line, state.last) == 0 && now - state.last_at < FOLD_S) {
        state.repeats++;
        return true;
    }
    if (state.repeats && state.last_level <= state.level) {
        (void)snprintf(text, sizeof text,
                       "(the line before came %u more times)", state.repeats);
        write_line(state.last_level, text);
    }
    state.last_level = level;
    (void)snprintf(state.last, sizeof state.last, "%s", line);
    state.last_at = now;
    state.repeats = 0;
    return false;
}

void log_write(enum log_level level, const char *printer, const char *text)
{
    char clean[LINE_MAX_CHARS * 4 + 1], line[sizeof clean + 80];

    if (level > state.level && (!state.hook || level > state.hook_level))
        return;
    text_clean(text, LINE_MAX_CHARS, clean, sizeof clean);
    (void)snprintf(line, sizeof line, "%s%s%s", printer ? printer : "",
                   printer ? ": " : "", clean);
    if (folded(level, line))
        return;
    if (level <= state.level)
        write_line(level, line);
    if (state.hook && level <= state.hook_level)
        state.hook(state.arg, level, printer, clean);
}

#define LOG_FORMATTED(level)                                                   \
    do {                                                                       \
        char text[512];                                                        \
        va_list args;                                                          \
                                                                               \
        va_start(args, format);                                                \
        (void)vsnprintf(text, sizeof text, format, args);                      \
        va_end(args);                                                          \
        log_write(level, NULL, text);                                          \
    } while (0)

void log_error(const char *format, ...)
{
    LOG_FORMATTED(LOG_LEVEL_ERROR);
}

void log_warning(const char *format, ...)
{
    LOG_FORMATTED(LOG_LEVEL_WARNING);
}

void log_info(const char *format, ...)
{
    LOG_FORMATTED(LOG_LEVEL_INFO);
}
