// JSON articles out of a stream: a line each, or values over several lines, or the elements of an
// array, or the items of a JSON Feed. A value that is broken is refused, and the next one is looked
// for.
#include <errno.h>
#include <string.h>

#include "proto/base/json.h"
#include "proto/base/utf8.h"
#include "proto/forms/html.h"
#include "proto/forms/json_form.h"
#include "proto/forms/json_scan.h"
#include "proto/forms/source_parts.h"

// Searches behind a value that never ended; each may look at the whole window again.
enum { RESYNCS_MAX = 64 };

// What stood here was not an article but holds some: look again.
enum { NEXT_AGAIN = 2 };

enum { COLUMN_MAX = 1024 };

static int refuse(struct forms_source *source, enum wire_code code)
{
    source->code = code;
    return -1;
}

// --- one value

static int read_article(struct forms_source *source, struct slice text, struct article *article,
                        struct err *err)
{
    struct json_defaults defaults = {.source = slice_from(NULL, 0)};
    if (source->in_array) {
        defaults.source = buf_slice(&source->array_source);
        defaults.language = buf_slice(&source->array_language);
    }
    enum wire_code code =
        json_form_read(text, source->place.line, &defaults, source->options.body_max,
                       forms_html_to_text, &source->arena, article, err);
    return code == WIRE_OK ? 1 : refuse(source, code);
}

// A name for the item's source field: one line, within its limit.
static void put_default(struct buf *out, struct slice text, size_t limit)
{
    buf_reset(out);
    for (size_t i = 0; i < text.len;) {
        size_t from = i;
        uint32_t code = utf8_next(text, &i);
        if (i > limit)
            return;
        if (code < 0x20 || code == 0x7f)
            buf_put_byte(out, ' ');
        else
            buf_put(out, text.ptr + from, i - from);
    }
}

// The feed without its items, parsed: NULL when `text` is no feed.
static json_t *parse_feed_head(struct slice text, struct slice items)
{
    struct buf head;
    buf_init(&head, FORMS_JSON_MAX);
    size_t before = (size_t)(items.ptr - text.ptr), after = before + items.len;
    buf_put(&head, text.ptr, before);
    buf_put_text(&head, "[]");
    buf_put(&head, text.ptr + after, text.len - after);
    json_t *root = NULL;
    if (!head.failed && json_form_parse(buf_slice(&head), 1, &root, NULL) == WIRE_OK &&
        !json_form_is_feed(root)) {
        json_decref(root);
        root = NULL;
    }
    buf_fini(&head);
    return root;
}

// If the value at the front of the window is a JSON Feed, goes to the first of its items. The items
// are then read one by one, so that a large feed is never parsed at once.
static bool enter_feed(struct forms_source *source, struct slice text)
{
    struct slice items;
    if (!text.len || text.ptr[0] != '{' || !memmem(text.ptr, text.len, "jsonfeed.org", 12) ||
        !json_scan_member(text, "items", &items) || !items.len || items.ptr[0] != '[')
        return false;
    json_t *head = parse_feed_head(text, items);
    if (!head)
        return false;
    put_default(&source->array_source, json_get_slice(head, "title"), WIRE_SOURCE_MAX);
    put_default(&source->array_language, json_get_slice(head, "language"), WIRE_LANGUAGE_MAX);
    json_decref(head);
    size_t before = (size_t)(items.ptr - text.ptr);
    source->array_tail = text.len - before - items.len;
    source->in_array = true;
    source->items--;
    input_consume(&source->in, before + 1);
    return true;
}

// --- finding values

// Reads on until `scan` knows where the value at the front ends. What exceeds the window's limit is
// thrown away: *dropped.
static enum json_scan_result find_end(struct forms_source *source, struct json_scan *scan,
                                      bool *dropped, int *read_error)
{
    for (;;) {
        enum json_scan_result result = json_scan_run(scan, input_window(&source->in));
        if (result != JSON_SCAN_MORE)
            return result;
        int more = input_more(&source->in);
        if (more == -E2BIG) {
            *dropped = true;
            input_consume(&source->in, scan->at);
            scan->at = 0;
        } else if (more != 1) {
            *read_error = more;
            return JSON_SCAN_MORE;
        }
    }
}

static bool line_begins_value(struct slice window, size_t at, size_t indent)
{
    if (at + indent >= window.len || window.ptr[at + indent] != '{')
        return false;
    for (size_t i = 0; i < indent; i++) {
        if (window.ptr[at + i] != ' ' && window.ptr[at + i] != '\t')
            return false;
    }
    return true;
}

// Behind a broken value: to the next line that begins like it, with a bracket at its indentation.
static void resync(struct forms_source *source, size_t indent)
{
    for (;;) {
        struct slice window = input_window(&source->in);
        size_t at = 0;
        while (at < window.len) {
            const char *newline = memchr(window.ptr + at, '\n', window.len - at);
            if (!newline)
                break;
            at = (size_t)(newline - window.ptr) + 1;
            if (line_begins_value(window, at, indent)) {
                input_consume(&source->in, at);
                return;
            }
        }
        // A last line that is too short to tell is looked at again.
        bool undecided = at > 0 && window.len - at <= indent;
        input_consume(&source->in, undecided ? at - 1 : window.len);
        if (input_more(&source->in) != 1) {
            input_consume(&source->in, input_window(&source->in).len);
            return;
        }
    }
}

static int refuse_broken(struct forms_source *source, enum json_scan_result result, size_t looked,
                         size_t indent, struct err *err)
{
    if (result == JSON_SCAN_BROKEN)
        err_set(err, "not JSON: a bracket or a quotation mark is missing");
    else
        err_set(err, "not JSON: the file ends inside the article");
    bool give_up = looked > 65536 && ++source->resyncs > RESYNCS_MAX;
    if (give_up)
        input_consume(&source->in, input_window(&source->in).len);
    else
        resync(source, indent);
    return refuse(source, WIRE_BAD_JSON);
}

// The value whose bracket is at the front of the window, `indent` bytes into its line.
static int value_next(struct forms_source *source, size_t indent, struct article *article,
                      struct err *err)
{
    struct json_scan scan = {.at = 0};
    bool dropped = false;
    int read_error = 0;
    enum json_scan_result result = find_end(source, &scan, &dropped, &read_error);
    if (read_error < 0)
        return source_fail_read(source, read_error, err);
    if (result != JSON_SCAN_DONE)
        return refuse_broken(source, result, scan.at, indent, err);
    struct slice text = slice_from(input_window(&source->in).ptr, scan.at);
    if (!source->in_array && !dropped && enter_feed(source, text))
        return NEXT_AGAIN;
    int answer;
    if (dropped) {
        err_set(err, "longer than %d bytes", FORMS_FEED_MAX);
        answer = refuse(source, WIRE_TOO_LARGE);
    } else {
        answer = read_article(source, text, article, err);
    }
    input_consume(&source->in, scan.at);
    return answer;
}

// --- arrays

static int array_end(struct forms_source *source)
{
    size_t left = input_window(&source->in).len - 1;
    input_consume(&source->in, 1 + (source->array_tail < left ? source->array_tail : left));
    source->in_array = false;
    source->array_tail = 0;
    return 0;
}

// Something that is neither an object nor the array's end: skipped up to the next comma.
static int skip_scalar(struct forms_source *source, struct err *err)
{
    size_t at = 0;
    struct slice window = input_window(&source->in);
    struct json_scan scan = {.at = 0};
    bool dropped = false;
    int read_error = 0;
    if (window.ptr[0] == '"' || window.ptr[0] == '[') {
        (void)find_end(source, &scan, &dropped, &read_error);
        at = scan.at;
    }
    window = input_window(&source->in);
    while (at < window.len && window.ptr[at] && !strchr(",]\n", window.ptr[at]))
        at++;
    input_consume(&source->in, at ? at : 1);
    err_set(err, "not an article: an article is an object {\"uri\": ..., \"title\": ..., "
                 "\"body\": ...}");
    return refuse(source, WIRE_BAD_ARTICLE);
}

// Bytes between the last line end and the front of the window; COLUMN_MAX when there are more.
static size_t column(const struct input *in)
{
    size_t back = in->start < COLUMN_MAX ? in->start : COLUMN_MAX;
    const char *front = in->bytes + in->start;
    const char *newline = back ? memrchr(front - back, '\n', back) : NULL;
    return newline ? (size_t)(front - newline) - 1 : back;
}

// To the next element. 1; 0 at the array's end; a negative errno of input_more.
static int array_skip(struct input *in)
{
    for (;;) {
        int more = input_skip_space(in);
        if (more != 1)
            return more == 0 ? -ENODATA : more;
        char c = input_window(in).ptr[0];
        if (c != ',')
            return c != ']';
        input_consume(in, 1);
    }
}

// The next element. 0 behind the last one.
static int array_next(struct forms_source *source, struct article *article, struct err *err)
{
    int more = array_skip(&source->in);
    if (more == -ENODATA)
        return source_fail(source, WIRE_BAD_JSON, err,
                           "the file ends inside the array: \"]\" is missing");
    if (more < 0)
        return source_fail_read(source, more, err);
    if (more == 0)
        return array_end(source);
    source_mark_item(source);
    if (input_window(&source->in).ptr[0] == '{')
        return value_next(source, column(&source->in), article, err);
    return skip_scalar(source, err);
}

// --- lines

// The line at the front of the window without its newline. 1; 0 at the end; -E2BIG: longer than the
// window, thrown away.
static int line_find(struct forms_source *source, struct slice *line)
{
    size_t looked = 0;
    bool dropped = false;
    for (;;) {
        struct slice window = input_window(&source->in);
        const char *newline =
            window.len > looked ? memchr(window.ptr + looked, '\n', window.len - looked) : NULL;
        *line = slice_from(window.ptr, newline ? (size_t)(newline - window.ptr) : window.len);
        if (newline)
            break;
        looked = window.len;
        int more = input_more(&source->in);
        if (more == -E2BIG) {
            dropped = true;
            input_consume(&source->in, window.len);
            looked = 0;
        } else if (more < 0) {
            return more;
        } else if (more == 0) {
            break;
        }
    }
    if (dropped)
        input_consume(&source->in, line->len);
    return dropped ? -E2BIG : line->len > 0;
}

static int line_next(struct forms_source *source, struct article *article, struct err *err)
{
    int more = input_skip_space(&source->in);
    if (more == 0)
        source->mode = SOURCE_DONE;
    if (more <= 0)
        return more == 0 ? 0 : source_fail_read(source, more, err);
    source_mark_item(source);
    struct slice line;
    int found = line_find(source, &line);
    if (found == -E2BIG) {
        err_set(err, "the line is longer than %d bytes", FORMS_FEED_MAX);
        return refuse(source, WIRE_TOO_LARGE);
    }
    if (found < 0)
        return source_fail_read(source, found, err);
    if (!source->options.lines && enter_feed(source, line))
        return NEXT_AGAIN;
    int answer = read_article(source, line, article, err);
    input_consume(&source->in, line.len);
    return answer;
}

// --- whole documents

static int document_next(struct forms_source *source, struct article *article, struct err *err)
{
    int more = input_skip_space(&source->in);
    if (more == 0)
        source->mode = SOURCE_DONE;
    if (more <= 0)
        return more == 0 ? 0 : source_fail_read(source, more, err);
    source_mark_item(source);
    if (input_window(&source->in).ptr[0] == '{')
        return value_next(source, 0, article, err);
    err_set(err, "not JSON: \"{\" is expected here");
    resync(source, 0);
    return refuse(source, WIRE_BAD_JSON);
}

int json_source_next(struct forms_source *source, struct article *article, struct err *err)
{
    int answer;
    do {
        answer = source->in_array ? array_next(source, article, err) : 0;
        if (answer == 0 && source->mode == SOURCE_LINES)
            answer = line_next(source, article, err);
        else if (answer == 0 && source->mode == SOURCE_VALUES)
            answer = document_next(source, article, err);
    } while (answer == NEXT_AGAIN);
    return answer;
}

// --- recognition

// True when the first line holds a whole value, or one that is broken within the line: then every
// line is taken for itself. An object that goes on behind the line is a document, unless the next
// line begins with a bracket too (its first line was cut off).
static bool is_by_lines(struct forms_source *source)
{
    struct json_scan scan = {.at = 0};
    for (;;) {
        struct slice window = input_window(&source->in);
        const char *newline = memchr(window.ptr, '\n', window.len);
        size_t len = newline ? (size_t)(newline - window.ptr) : window.len;
        enum json_scan_result result = json_scan_run(&scan, slice_from(window.ptr, len));
        if (result != JSON_SCAN_MORE)
            return true;
        bool next_line = newline && (size_t)(newline - window.ptr) + 2 < window.len;
        if (next_line)
            return scan.in_string || (newline[1] == '{' && newline[2] == '"');
        if (input_more(&source->in) != 1)
            return false;
    }
}

void json_source_begin(struct forms_source *source)
{
    if (source->mode == SOURCE_LINES)
        return;
    if (input_window(&source->in).ptr[0] == '[') {
        source->mode = SOURCE_VALUES;
        source->in_array = true;
        input_consume(&source->in, 1);
    } else {
        source->mode = is_by_lines(source) ? SOURCE_LINES : SOURCE_VALUES;
    }
}
