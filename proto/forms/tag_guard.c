#include "proto/forms/tag_guard.h"

enum { SEPARATORS_MAX = 1024 };

static bool begins_tag(struct slice waiting)
{
    return waiting.len >= 2 && waiting.ptr[0] == '<' && waiting.ptr[1] != '!' &&
           waiting.ptr[1] != '?' && waiting.ptr[1] != '/';
}

// White space and equals signs outside quotation marks: attributes have at least one each.
static void look_at(struct tag_guard *guard, char c)
{
    if (guard->quote) {
        if (c == guard->quote)
            guard->quote = '\0';
        return;
    }
    bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (guard->after_equals && (c == '"' || c == '\''))
        guard->quote = c;
    if (!blank)
        guard->after_equals = c == '=';
    guard->separators += blank || c == '=';
}

bool tag_guard_check(struct tag_guard *guard, uint64_t position, struct slice waiting)
{
    if (!begins_tag(waiting)) {
        *guard = (struct tag_guard){.position = UINT64_MAX};
        return true;
    }
    if (guard->position != position)
        *guard = (struct tag_guard){.position = position};
    for (; guard->looked < waiting.len; guard->looked++)
        look_at(guard, waiting.ptr[guard->looked]);
    return guard->separators <= SEPARATORS_MAX;
}
