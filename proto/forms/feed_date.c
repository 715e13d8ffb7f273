#include "proto/forms/feed_date.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proto/base/clock.h"
#include "proto/wire/limits.h"

// A word or a number of the date; separators are spaces, commas and hyphens.
struct token {
    const char *ptr;
    size_t len;
};

enum { TOKENS_MAX = 8 };

static size_t split(struct slice text, struct token *tokens)
{
    size_t count = 0, i = 0;
    while (count < TOKENS_MAX) {
        while (i < text.len && strchr(" \t\r\n,", text.ptr[i]) && text.ptr[i])
            i++;
        size_t from = i;
        while (i < text.len && text.ptr[i] && !strchr(" \t\r\n,", text.ptr[i]))
            i++;
        if (i == from)
            break;
        tokens[count++] = (struct token){.ptr = text.ptr + from, .len = i - from};
    }
    return i < text.len ? 0 : count;
}

static bool read_number(const struct token *token, size_t from, size_t to, int *number)
{
    *number = 0;
    if (to > token->len || from >= to || to - from > 4)
        return false;
    for (size_t i = from; i < to; i++) {
        if (token->ptr[i] < '0' || token->ptr[i] > '9')
            return false;
        *number = *number * 10 + (token->ptr[i] - '0');
    }
    return true;
}

static bool read_month(const struct token *token, int *month)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; token->len >= 3 && i < 12; i++) {
        if (strncasecmp(token->ptr, names + 3 * i, 3) == 0) {
            *month = i + 1;
            return true;
        }
    }
    return false;
}

// RFC 2822, 4.3: two digits below 50 are this century, three and others below 1000 the last.
static bool read_year(const struct token *token, int *year)
{
    if (!read_number(token, 0, token->len, year))
        return false;
    if (token->len == 2)
        *year += *year < 50 ? 2000 : 1900;
    else if (token->len == 3)
        *year += 1900;
    return true;
}

// "18:05" or "18:05:00", at least one digit for the hour.
static bool read_time(const struct token *token, int *hour, int *minute, int *second)
{
    const char *colon = memchr(token->ptr, ':', token->len);
    size_t at = colon ? (size_t)(colon - token->ptr) : 0;
    *second = 0;
    if (at < 1 || at > 2 || !read_number(token, 0, at, hour) ||
        !read_number(token, at + 1, at + 3, minute))
        return false;
    if (token->len == at + 3)
        return true;
    return token->len >= at + 6 && token->ptr[at + 3] == ':' &&
           read_number(token, at + 4, at + 6, second);
}

struct zone {
    const char *name;
    int hours;
};

static bool read_zone(const struct token *token, int *minutes)
{
    static const struct zone zones[] = {
        {"UT", 0},   {"GMT", 0},  {"UTC", 0},  {"Z", 0},    {"EST", -5}, {"EDT", -4},
        {"CST", -6}, {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7},
        {"WET", 0},  {"BST", 1},  {"CET", 1},  {"WEST", 1}, {"MEZ", 1},  {"CEST", 2},
        {"MESZ", 2}, {"EET", 2},  {"EEST", 3}, {"MSK", 3}};
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        if (strlen(zones[i].name) == token->len &&
            strncasecmp(token->ptr, zones[i].name, token->len) == 0) {
            *minutes = zones[i].hours * 60;
            return true;
        }
    }
    bool colon = token->len == 6 && token->ptr[3] == ':';
    int hours, rest;
    if ((token->len != 5 && !colon) || !strchr("+-", token->ptr[0]) ||
        !read_number(token, 1, 3, &hours) ||
        !read_number(token, colon ? 4 : 3, colon ? 6 : 5, &rest))
        return false;
    *minutes = (hours * 60 + rest) * (token->ptr[0] == '-' ? -1 : 1);
    return true;
}

// [weekday] day month year time [zone]. A zone nobody knows is UTC (RFC 2822, 4.3).
static bool read_rfc822(struct slice text, int64_t *wall_ms)
{
    struct token tokens[TOKENS_MAX];
    size_t count = split(text, tokens), at = 0;
    int day, month, year, hour = 0, minute = 0, second = 0, zone = 0;
    if (count && (tokens[0].ptr[0] < '0' || tokens[0].ptr[0] > '9'))
        at++;
    if (count < at + 3 || !read_number(&tokens[at], 0, tokens[at].len, &day) ||
        !read_month(&tokens[at + 1], &month) || !read_year(&tokens[at + 2], &year))
        return false;
    at += 3;
    if (at < count && !read_time(&tokens[at++], &hour, &minute, &second))
        return false;
    if (at < count)
        (void)read_zone(&tokens[at], &zone);
    char iso[32];
    int len = snprintf(iso, sizeof iso, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, hour,
                       minute, second);
    if (!clock_parse(slice_from(iso, (size_t)len), wall_ms))
        return false;
    *wall_ms -= (int64_t)zone * 60000;
    return true;
}

// Without the milliseconds, which RFC 822 does not have.
static struct slice format(int64_t wall_ms, struct arena *arena)
{
    char text[CLOCK_TEXT_BYTES];
    clock_format(wall_ms, text);
    memcpy(text + 19, "Z", 2);
    return arena_copy(arena, slice_from(text, 20));
}

static struct slice trim(struct slice text)
{
    while (text.len && (unsigned char)text.ptr[0] <= ' ')
        text = slice_from(text.ptr + 1, text.len - 1);
    while (text.len && (unsigned char)text.ptr[text.len - 1] <= ' ')
        text.len--;
    return text;
}

struct slice feed_date_read(struct slice text, struct arena *arena)
{
    int64_t wall_ms;
    text = trim(text);
    if (text.len > WIRE_PUBLISHED_MAX)
        return slice_from(NULL, 0);
    if (!clock_parse(text, &wall_ms) && read_rfc822(text, &wall_ms))
        return format(wall_ms, arena);
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
            return slice_from(NULL, 0);
    }
    return text.len ? arena_copy(arena, text) : text;
}
