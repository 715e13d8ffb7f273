#include "proto/base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
    [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
};

static _Atomic int current_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    atomic_store(&current_level, (int)level);
}

int log_level_from_name(const char *name)
{
    for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++)
        if (strcmp(level_names[i], name) == 0)
            return i;
    return -1;
}

void log_write(enum log_level level, const char *format, ...)
{
    if ((int)level > atomic_load(&current_level))
        return;
    char line[2048];
    // JOURNAL_STREAM is set by systemd when stderr is the journal, which reads the numeric prefix.
    int used = getenv("JOURNAL_STREAM") ? snprintf(line, sizeof line, "<%d>", (int)level)
                                        : snprintf(line, sizeof line, "%s: ", level_names[level]);
    va_list args;
    va_start(args, format);
    used += vsnprintf(line + used, sizeof line - (size_t)used - 1, format, args);
    va_end(args);
    size_t len = (size_t)used < sizeof line - 1 ? (size_t)used : sizeof line - 2;
    // One record, one line: text that came from outside must not start another.
    for (size_t i = 0; i < len; i++)
        if (line[i] == '\n' || line[i] == '\r')
            line[i] = ' ';
    line[len] = '\n';
    // One write, so that lines of several threads and processes do not mix; a log that cannot be
    // written is lost.
    if (write(STDERR_FILENO, line, len + 1) < 0)
        return;
}
