#include "proto/forms/json_scan.h"

#include <string.h>

static bool close_bracket(struct json_scan *scan, bool object)
{
    // Deeper than 64 the kinds are forgotten; the parser refuses such depths anyway.
    bool known = scan->depth <= 64;
    bool matches = !known || (scan->kinds & 1) == (uint64_t)object;
    scan->depth--;
    scan->kinds >>= known;
    return matches;
}

static void open_bracket(struct json_scan *scan, bool object)
{
    if (++scan->depth <= 64)
        scan->kinds = scan->kinds << 1 | object;
}

// Inside a string: at its end, or at the end of the bytes.
static bool scan_string(struct json_scan *scan, struct slice bytes)
{
    for (; scan->at < bytes.len; scan->at++) {
        char c = bytes.ptr[scan->at];
        if (scan->escaped) {
            scan->escaped = false;
        } else if (c == '\\') {
            scan->escaped = true;
        } else if (c == '"') {
            scan->in_string = false;
            scan->at++;
            return true;
        } else if (c == '\n') {
            return false;
        }
    }
    return true;
}

enum json_scan_result json_scan_run(struct json_scan *scan, struct slice bytes)
{
    while (scan->at < bytes.len) {
        if (scan->in_string) {
            if (!scan_string(scan, bytes))
                return JSON_SCAN_BROKEN;
            if (scan->depth == 0 && !scan->in_string)
                return JSON_SCAN_DONE;
            continue;
        }
        char c = bytes.ptr[scan->at++];
        if (c == '"')
            scan->in_string = true;
        else if (c == '{' || c == '[')
            open_bracket(scan, c == '{');
        else if ((c == '}' || c == ']') && !close_bracket(scan, c == '}'))
            return JSON_SCAN_BROKEN;
        if (scan->depth == 0 && !scan->in_string)
            return JSON_SCAN_DONE;
    }
    return JSON_SCAN_MORE;
}

static size_t skip_blank(struct slice text, size_t at)
{
    while (at < text.len && text.ptr[at] && strchr(" \t\r\n,:", text.ptr[at]))
        at++;
    return at;
}

// Behind the value at `at`: a string, something in brackets, or a bare word or number.
static size_t skip_value(struct slice text, size_t at)
{
    struct json_scan scan = {.at = 0};
    struct slice rest = slice_from(text.ptr + at, text.len - at);
    if (rest.len && strchr("{[\"", rest.ptr[0]))
        return json_scan_run(&scan, rest) == JSON_SCAN_DONE ? at + scan.at : text.len;
    while (at < text.len && !strchr(",}] \t\r\n", text.ptr[at]))
        at++;
    return at;
}

bool json_scan_member(struct slice text, const char *name, struct slice *value)
{
    size_t len = strlen(name);
    size_t at = skip_blank(text, 1);
    while (at < text.len && text.ptr[at] == '"') {
        size_t key = at + 1, key_end = skip_value(text, at);
        size_t begin = skip_blank(text, key_end), end = skip_value(text, begin);
        if (key_end == key + len + 1 && memcmp(text.ptr + key, name, len) == 0) {
            *value = slice_from(text.ptr + begin, end - begin);
            return true;
        }
        at = skip_blank(text, end);
    }
    return false;
}
