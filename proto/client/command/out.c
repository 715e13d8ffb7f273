#include "proto/client/command/out.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "proto/base/clock.h"
#include "proto/base/utf8.h"

bool out_color(const struct context *context, FILE *file)
{
    if (strcmp(context->color, "auto") != 0)
        return strcmp(context->color, "always") == 0;
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if ((no_color && *no_color) || !term || strcmp(term, "dumb") == 0)
        return false;
    return isatty(fileno(file));
}

size_t out_width(FILE *file)
{
    struct winsize size;
    if (ioctl(fileno(file), TIOCGWINSZ, &size) != 0 || size.ws_col < 20)
        return SIZE_MAX;
    return size.ws_col;
}

enum out_style out_style_of(struct slice type)
{
    static const struct {
        const char *type;
        enum out_style style;
    } styles[] = {
        {"person", STYLE_PERSON}, {"organisation", STYLE_ORGANISATION}, {"place", STYLE_PLACE},
        {"event", STYLE_EVENT},   {"product", STYLE_PRODUCT},
    };
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++)
        if (slice_is(type, styles[i].type))
            return styles[i].style;
    return STYLE_OTHER;
}

void out_begin(FILE *file, bool color, enum out_style style)
{
    static const char *const codes[] = {
        [STYLE_PLAIN] = "",         [STYLE_DIM] = "\x1b[2m",     [STYLE_BOLD] = "\x1b[1m",
        [STYLE_BAD] = "\x1b[1;31m", [STYLE_PERSON] = "\x1b[33m", [STYLE_ORGANISATION] = "\x1b[36m",
        [STYLE_PLACE] = "\x1b[32m", [STYLE_EVENT] = "\x1b[35m",  [STYLE_PRODUCT] = "\x1b[34m",
        [STYLE_OTHER] = "\x1b[37m",
    };
    if (color)
        fputs(codes[style], file);
}

void out_end(FILE *file, bool color)
{
    if (color)
        fputs("\x1b[0m", file);
}

// C0, DEL, C1, line and paragraph separators, marks that turn the direction of writing.
static bool code_steers(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

// Writes up to the first line end when `lines`. Returns the bytes it dealt with.
static size_t write_clean(FILE *file, struct slice text, bool lines, size_t *width)
{
    struct slice valid = slice_from(text.ptr, utf8_valid_prefix(text));
    size_t at = 0, written = 0; // what lies between is clean
    while (at < valid.len) {
        size_t before = at;
        uint32_t code = utf8_next(valid, &at);
        bool ends = lines && code == '\n';
        *width += !ends;
        if (!ends && !code_steers(code))
            continue;
        fwrite(valid.ptr + written, 1, before - written, file);
        written = at;
        if (ends)
            return at;
        putc(' ', file);
    }
    if (valid.len)
        fwrite(valid.ptr + written, 1, valid.len - written, file);
    return text.len;
}

size_t out_line(FILE *file, struct slice text)
{
    size_t width = 0;
    write_clean(file, text, false, &width);
    return width;
}

void out_block(FILE *file, struct slice text, const char *indent)
{
    while (text.len) {
        size_t width = 0;
        fputs(indent, file);
        size_t used = write_clean(file, text, true, &width);
        putc('\n', file);
        text = slice_from(text.ptr + used, text.len - used);
    }
}

void out_cell(FILE *file, struct slice text, size_t width)
{
    for (size_t used = out_line(file, text); used < width; used++)
        putc(' ', file);
}

void out_time(FILE *file, struct slice time)
{
    int64_t wall_ms;
    char text[CLOCK_TEXT_BYTES];
    if (!clock_parse(time, &wall_ms)) {
        out_line(file, time);
        return;
    }
    clock_format(wall_ms, text);
    fprintf(file, "%.10s %.8s", text, text + 11);
}

uint64_t out_integer(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? (uint64_t)json_integer_value(value) : 0;
}

bool out_is_abandoned(void)
{
    struct pollfd item = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&item, 1, 0) > 0 && (item.revents & POLLERR);
}
