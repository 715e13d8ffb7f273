#include "daemon/store/problems.h"

#include <stdarg.h>
#include <stdio.h>

void problems_tell(struct problems *problems, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    problems->count++;
    if (problems->cb)
        problems->cb(text, problems->arg);
}
