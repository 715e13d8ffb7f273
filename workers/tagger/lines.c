#include "workers/tagger/lines.h"

#include <errno.h>
#include <stdbool.h>

#include "proto/base/utf8.h"
#include "workers/tagger/unicode.h"

enum { UNWRAPPED_WIDTH_MIN = 140, UNWRAPPED_LINES_MIN = 3 };

// Code point that ends before *at; moves *at to its start.
static uint32_t code_before(struct slice text, size_t *at)
{
    do
        (*at)--;
    while (*at && ((unsigned char)text.ptr[*at] & 0xc0) == 0x80);
    size_t again = *at;
    return utf8_next(text, &again);
}

static bool is_blank_code(uint32_t code)
{
    return unicode_class_of(code) == UNICODE_SPACE || unicode_class_of(code) == UNICODE_CONTROL;
}

static void line_trim(struct line *line, struct slice text)
{
    size_t start = line->start, end = line->end, next = start;
    while (start < end && is_blank_code(utf8_next(text, &next)))
        start = next;
    if (text.ptr[line->start] == '\t' || start - line->start >= 2)
        line->flags |= LINE_INDENTED;
    size_t before = end;
    while (end > start && code_before(text, &before) != 0xad && // a soft hyphen at the end speaks
           is_blank_code(utf8_next(text, &(size_t){before})))
        end = before;
    line->start = (uint32_t)start;
    line->end = (uint32_t)end;
}

static bool is_list_sign(uint32_t code)
{
    return unicode_is_dash(code) || code == '*' || code == 0x2022 || code == 0x25cf ||
           code == 0x25aa || code == 0xb7;
}

static uint16_t line_first_flags(struct slice line)
{
    size_t at = 0;
    uint32_t code = utf8_next(line, &at);
    uint16_t flags = 0;
    if (is_list_sign(code) && at < line.len &&
        unicode_class_of(utf8_next(line, &(size_t){at})) == UNICODE_SPACE)
        flags |= LINE_BULLET;
    while (at < line.len && (unicode_is_opening(code) || is_list_sign(code) || code == ' '))
        code = utf8_next(line, &at);
    return unicode_class_of(code) == UNICODE_LOWER ? flags | LINE_LOWER_FIRST : flags;
}

static uint16_t line_last_flags(struct slice line)
{
    size_t at = line.len;
    uint32_t code = code_before(line, &at);
    if (code == 0xad)
        return LINE_ENDS_HYPHEN;
    if ((code == '-' || code == 0x2010) && at) {
        uint32_t before = code_before(line, &(size_t){at});
        return unicode_is_letter(unicode_class_of(before)) ? LINE_ENDS_HYPHEN : 0;
    }
    if (code == ',')
        return LINE_ENDS_COMMA;
    while (at && unicode_is_closing(code))
        code = code_before(line, &at);
    bool ends = code == '.' || code == '!' || code == '?' || code == ':' || code == 0x2026;
    return ends ? LINE_ENDS_SENTENCE : 0;
}

static void line_measure(struct line *line, struct slice text)
{
    line_trim(line, text);
    struct slice inside = slice_from(text.ptr + line->start, line->end - line->start);
    if (!inside.len) {
        line->flags = LINE_BLANK;
        return;
    }
    // A line this long is wide in any script that is wrapped by hand; its exact width is nobody's
    // business.
    bool wide = inside.len > 2 * LINE_WIDTH_MAX;
    size_t width = wide ? LINE_WIDTH_MAX : utf8_count(inside), word = 0, at = 0;
    while (at < inside.len && word < LINE_WIDTH_MAX) {
        if (unicode_class_of(utf8_next(inside, &at)) == UNICODE_SPACE)
            break;
        word++;
    }
    line->width = (uint8_t)(width < LINE_WIDTH_MAX ? width : LINE_WIDTH_MAX);
    line->first_word = (uint8_t)word;
    line->flags |= line_first_flags(inside) | line_last_flags(inside);
}

// Bytes of the line end at `at`, or 0: \n, \r\n, \r, \v, \f, NEL, line and paragraph separator.
static size_t line_end_length(struct slice text, size_t at)
{
    const unsigned char *p = (const unsigned char *)text.ptr + at;
    size_t left = text.len - at;
    if (p[0] == '\r')
        return left > 1 && p[1] == '\n' ? 2 : 1;
    if (p[0] >= '\n' && p[0] < '\r')
        return 1;
    if (p[0] == 0xc2)
        return left > 1 && p[1] == 0x85 ? 2 : 0;
    if (p[0] == 0xe2)
        return left > 2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9) ? 3 : 0;
    return 0;
}

// Bytes that may begin a line end.
static const char ending_bytes[] =
    "..........xxxx.................................................."  // 00
    "................................................................"  // 40
    "................................................................"  // 80
    "..x...............................x............................."; // c0

// A byte below \r's successor, or one of 0xc2 and 0xe2: surely found where there is one.
static bool may_hold_ending(const char *eight)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    uint64_t bytes;
    memcpy(&bytes, eight, sizeof bytes);
    uint64_t small = (bytes - ones * ('\r' + 1)) & ~bytes;
    uint64_t lead = (bytes & ~(ones * 0x20)) ^ ones * 0xc2;
    return ((small | ((lead - ones) & ~lead)) & tops) != 0;
}

static size_t line_end_find(struct slice text, size_t at)
{
    while (text.len - at >= 8 && !may_hold_ending(text.ptr + at))
        at += 8;
    while (at < text.len && ending_bytes[(unsigned char)text.ptr[at]] != 'x')
        at++;
    return at;
}

static struct line *lines_add(struct lines *lines, size_t *capacity, struct arena *arena)
{
    if (lines->count == *capacity) {
        size_t grown = *capacity ? *capacity * 4 : 64;
        struct line *at = arena_alloc_array_uncleared(arena, grown, sizeof *at);
        if (!at)
            return NULL;
        if (lines->count)
            memcpy(at, lines->at, lines->count * sizeof *at);
        lines->at = at;
        *capacity = grown;
    }
    return &lines->at[lines->count++];
}

int lines_split(struct lines *out, struct slice text, struct arena *arena)
{
    *out = (struct lines){0};
    size_t capacity = 0, start = 0, at = 0, wide = 0;
    while (start < text.len) {
        at = line_end_find(text, at);
        size_t ending = at < text.len ? line_end_length(text, at) : 0;
        if (at < text.len && !ending) {
            at++;
            continue;
        }
        struct line *line = lines_add(out, &capacity, arena);
        if (!line)
            return -ENOMEM;
        *line = (struct line){.start = (uint32_t)start, .end = (uint32_t)at};
        if (at > start)
            line_measure(line, text);
        else
            line->flags = LINE_BLANK;
        wide += line->width > UNWRAPPED_WIDTH_MIN;
        at += ending;
        start = at;
    }
    out->unwrapped = wide >= UNWRAPPED_LINES_MIN;
    return 0;
}
