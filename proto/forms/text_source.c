// Plain text: the first line is the title, the rest the body, the file's path the uri.
#include <string.h>

#include "proto/forms/source_parts.h"

static struct slice trim_end(struct slice line)
{
    while (line.len && strchr(" \t\r", line.ptr[line.len - 1]))
        line.len--;
    return line;
}

static struct slice trim_blank_lines(struct slice text)
{
    size_t line = 0;
    for (size_t i = 0; i < text.len && strchr(" \t\r\n", text.ptr[i]) && text.ptr[i]; i++) {
        if (text.ptr[i] == '\n')
            line = i + 1;
    }
    return slice_from(text.ptr + line, text.len - line);
}

// A first line that is too long for a title is the body's first line.
static void split(struct slice text, struct article *article)
{
    text = trim_blank_lines(text);
    const char *newline = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
    size_t first = newline ? (size_t)(newline - text.ptr) : text.len;
    article->body = text;
    if (first > WIRE_TITLE_MAX)
        return;
    article->title = trim_end(slice_from(text.ptr, first));
    first += newline != NULL;
    article->body = trim_blank_lines(slice_from(text.ptr + first, text.len - first));
}

int text_source_next(struct forms_source *source, struct article *article, struct err *err)
{
    source_mark_item(source);
    if (!source->uri)
        return source_fail(source, WIRE_BAD_ARTICLE, err,
                           "this is neither JSON nor a feed, and text needs a file whose name "
                           "becomes its uri; save it to a file, or push JSON lines");
    size_t limit = source->options.body_max + WIRE_TITLE_MAX;
    if (source_read_whole(source, limit, "text", err) != 0)
        return -1;
    article->uri = slice_from_text(source->uri);
    split(input_window(&source->in), article);
    enum wire_code code = article_check(article, source->options.body_max, err);
    source->mode = SOURCE_DONE;
    if (code == WIRE_OK)
        return 1;
    source->code = code;
    return -1;
}
