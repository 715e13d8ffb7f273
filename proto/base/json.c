#include "proto/base/json.h"

#include <inttypes.h>
#include <stdio.h>

#include "proto/base/utf8.h"

// Deepest nesting of brackets outside strings. jansson's own limit (2,048) is a compile-time
// constant, far too generous here.
static bool depth_is_within(struct slice text, int limit)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > limit)
                return false;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return true;
}

json_t *json_parse(struct slice text, struct err *err)
{
    return json_parse_from(text, 1, err);
}

json_t *json_parse_from(struct slice text, uint64_t first_line, struct err *err)
{
    size_t valid = utf8_valid_prefix(text);
    if (valid < text.len) {
        err_set(err, "not UTF-8 at byte %zu (0x%02x); convert it to UTF-8 first", valid,
                (unsigned char)text.ptr[valid]);
        return NULL;
    }
    // jansson's scanner takes a raw NUL behind a number for the end of its input, and goes on.
    const char *nul = text.len ? memchr(text.ptr, 0, text.len) : NULL;
    if (nul) {
        err_set(err, "NUL at byte %zu; remove it", (size_t)(nul - text.ptr));
        return NULL;
    }
    if (!depth_is_within(text, JSON_MAX_DEPTH)) {
        err_set(err, "nested more than %d deep", JSON_MAX_DEPTH);
        return NULL;
    }
    json_error_t where;
    json_t *root = json_loadb(text.len ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES, &where);
    if (!root && json_error_code(&where) == json_error_null_character)
        snprintf(where.text, sizeof where.text, "\\u0000 is not text; remove it");
    if (!root && where.line <= 1)
        err_set(err, "column %d: %s", where.column, where.text);
    else if (!root)
        err_set(err, "line %" PRIu64 ", column %d: %s", first_line + (uint64_t)where.line - 1,
                where.column, where.text);
    return root;
}

struct slice json_get_slice(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value))
        return slice_from(NULL, 0);
    return slice_from(json_string_value(value), json_string_length(value));
}

static void put_escape(struct buf *out, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    static const char *const known[0x20] = {
        ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"};
    if (c == '"')
        buf_put(out, "\\\"", 2);
    else if (c == '\\')
        buf_put(out, "\\\\", 2);
    else if (known[c])
        buf_put(out, known[c], 2);
    else
        buf_put(out, (char[]){'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]}, 6);
}

void json_put_string(struct buf *out, struct slice text)
{
    buf_put_byte(out, '"');
    size_t plain = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_put(out, text.ptr + plain, i - plain);
        put_escape(out, c);
        plain = i + 1;
    }
    if (text.len)
        buf_put(out, text.ptr + plain, text.len - plain);
    buf_put_byte(out, '"');
}

static int put_chunk_cb(const char *chunk, size_t size, void *data)
{
    buf_put(data, chunk, size);
    return 0;
}

void json_put_value(struct buf *out, const json_t *value)
{
    size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15);
    if (json_dump_callback(value, put_chunk_cb, out, flags) != 0)
        out->failed = true;
}
