#include "proto/forms/tag_guard.h"

#include <string.h>
#include <strings.h>

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

// --- HTML: tags as libxml2's htmlParseStartElement reads them

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_name(char c, bool first)
{
    return is_letter(c) || c == '_' || c == ':' || c == '.' ||
           (!first && (c == '-' || (c >= '0' && c <= '9')));
}

static bool is_tag_end(struct slice html, size_t at)
{
    return html.ptr[at] == '>' ||
           (html.ptr[at] == '/' && at + 1 < html.len && html.ptr[at + 1] == '>');
}

static size_t skip_blanks(struct slice html, size_t at)
{
    while (at < html.len && is_blank(html.ptr[at]))
        at++;
    return at;
}

static size_t skip_value(struct slice html, size_t at)
{
    char quote = at < html.len ? html.ptr[at] : '\0';
    if (quote == '"' || quote == '\'') {
        const char *end = memchr(html.ptr + at + 1, quote, html.len - at - 1);
        return end ? (size_t)(end - html.ptr) + 1 : html.len;
    }
    while (at < html.len && !is_blank(html.ptr[at]) && !is_tag_end(html, at))
        at++;
    return at;
}

// One attribute; or what is none, which is dropped up to the next blank.
static size_t skip_attribute(struct slice html, size_t at)
{
    size_t start = at;
    while (at < html.len && is_name(html.ptr[at], at == start))
        at++;
    if (at == start) {
        while (at < html.len && !is_blank(html.ptr[at]) && !is_tag_end(html, at))
            at++;
        return at;
    }
    size_t sign = skip_blanks(html, at);
    if (sign < html.len && html.ptr[sign] == '=')
        return skip_value(html, skip_blanks(html, sign + 1));
    return at;
}

// The place behind `mark`, or the end.
static size_t skip_behind(struct slice html, size_t at, const char *mark)
{
    size_t len = strlen(mark);
    const char *found = at < html.len ? memmem(html.ptr + at, html.len - at, mark, len) : NULL;
    return found ? (size_t)(found - html.ptr) + len : html.len;
}

// The end tag that ends a script or style sheet; `at` when the element is neither.
static size_t skip_raw(struct slice html, size_t at, struct slice name)
{
    bool raw = (name.len == 6 && strncasecmp(name.ptr, "script", 6) == 0) ||
               (name.len == 5 && strncasecmp(name.ptr, "style", 5) == 0);
    while (raw && at < html.len) {
        at = skip_behind(html, at, "</");
        raw = html.len - at < name.len || strncasecmp(html.ptr + at, name.ptr, name.len) != 0;
    }
    return at;
}

// `at` is behind the "<". Returns the place behind the tag; 0: too many attributes.
static size_t skip_start_tag(struct slice html, size_t at)
{
    size_t start = at;
    unsigned attributes = 0;
    while (at < html.len && is_name(html.ptr[at], false))
        at++;
    struct slice name = slice_from(html.ptr + start, at - start);
    for (;;) {
        at = skip_blanks(html, at);
        if (at >= html.len || is_tag_end(html, at))
            break;
        if (++attributes > SEPARATORS_MAX)
            return 0;
        at = skip_attribute(html, at);
    }
    if (at < html.len && html.ptr[at] == '>')
        return skip_raw(html, at + 1, name);
    return at < html.len ? at + 2 : html.len;
}

bool tag_guard_html(struct slice html)
{
    for (size_t at = 0; at < html.len;) {
        const char *open = memchr(html.ptr + at, '<', html.len - at);
        if (!open)
            return true;
        at = (size_t)(open - html.ptr) + 1;
        struct slice rest = slice_from(html.ptr + at, html.len - at);
        if (slice_begins(rest, "!--"))
            at = skip_behind(html, at + 3, "-->");
        else if (rest.len && is_letter(rest.ptr[0]))
            at = skip_start_tag(html, at);
        if (!at)
            return false;
    }
    return true;
}
