#include "proto/forms/json_lift.h"

#include <string.h>

#include "proto/base/utf8.h"
#include "proto/forms/json_scan.h"

enum { WORTH_BYTES = 256 };

static bool read_hex(struct slice s, size_t at, uint32_t *code)
{
    *code = 0;
    if (at + 4 > s.len)
        return false;
    for (size_t i = at; i < at + 4; i++) {
        char c = s.ptr[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return false;
        *code = *code << 4 | digit;
    }
    return true;
}

// The code point of "\uXXXX" or of a pair of them at *at, which is behind the first 'u'.
static bool read_unicode(struct slice s, size_t *at, uint32_t *code)
{
    uint32_t low;
    if (!read_hex(s, *at, code) || *code == 0 || (*code >= 0xdc00 && *code < 0xe000))
        return false;
    *at += 4;
    if (*code < 0xd800 || *code >= 0xe000)
        return true;
    if (*at + 6 > s.len || memcmp(s.ptr + *at, "\\u", 2) != 0 || !read_hex(s, *at + 2, &low) ||
        low < 0xdc00 || low >= 0xe000)
        return false;
    *at += 6;
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

// The escape at *at, which is behind the backslash. Returns how many bytes were written, 0:
// invalid.
static size_t decode_escape(struct slice s, size_t *at, char *out)
{
    static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char c = s.ptr[(*at)++];
    const char *found = c ? strchr(plain, c) : NULL;
    uint32_t code;
    if (found) {
        *out = meant[found - plain];
        return 1;
    }
    return c == 'u' && read_unicode(s, at, &code) ? utf8_put(out, code) : 0;
}

// `s` is what stands between the quotation marks. No escape is shorter than what it stands for.
static bool decode(struct slice s, struct arena *arena, struct slice *text)
{
    char *out = arena_alloc(arena, s.len + 1);
    size_t used = 0;
    if (!out)
        return false;
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        while (i < s.len && s.ptr[i] != '\\' && (unsigned char)s.ptr[i] >= ' ')
            i++;
        memcpy(out + used, s.ptr + from, i - from);
        used += i - from;
        if (i == s.len)
            break;
        if (s.ptr[i++] != '\\' || i == s.len)
            return false;
        size_t len = decode_escape(s, &i, out + used);
        if (len == 0)
            return false;
        used += len;
    }
    *text = slice_from(out, used);
    return true;
}

// A reader that looks whether the text is markup finds the same.
static char placeholder(struct slice text)
{
    size_t i = 0;
    while (i < text.len && text.ptr[i] && strchr(" \t\r\n", text.ptr[i]))
        i++;
    return i < text.len && text.ptr[i] == '<' ? '<' : 'x';
}

static bool reduce(struct slice json, struct slice string, struct arena *arena,
                   struct json_lift *lift)
{
    size_t before = (size_t)(string.ptr - json.ptr), after = before + string.len;
    char *out = arena_alloc(arena, json.len - string.len + 1);
    if (!out)
        return false;
    memcpy(out, json.ptr, before);
    out[before] = placeholder(lift->text);
    memcpy(out + before + 1, json.ptr + after, json.len - after);
    lift->reduced = slice_from(out, json.len - string.len + 1);
    return true;
}

bool json_lift_text(struct slice json, struct arena *arena, struct json_lift *lift)
{
    static const char *const names[] = {"body", "body_text", "content_text"};
    struct slice value;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!json_scan_member(json, names[i], &value))
            continue;
        if (value.len < WORTH_BYTES || value.ptr[0] != '"' || value.ptr[value.len - 1] != '"')
            return false;
        struct slice string = slice_from(value.ptr + 1, value.len - 2);
        lift->name = names[i];
        return decode(string, arena, &lift->text) && reduce(json, string, arena, lift);
    }
    return false;
}
