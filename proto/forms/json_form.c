#include "proto/forms/json_form.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/json.h"
#include "proto/base/utf8.h"
#include "proto/forms/json_lift.h"

// Names of our own: they mean the article's fields wherever they stand and never occur in extra.
static const char *const OWN_NAMES[] = {"uri", "title", "source", "language", "published", "body"};

enum { OWN_COUNT = sizeof OWN_NAMES / sizeof OWN_NAMES[0] };

void json_refuse(struct json_reading *r, enum wire_code code, const char *format, ...)
{
    if (r->code != WIRE_OK)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(r->err->text, sizeof r->err->text, format, args);
    va_end(args);
    r->code = code;
}

static const char *type_name(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number",  [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null"};
    return names[json_typeof(value)];
}

static bool is_given(const json_t *value)
{
    return value && !json_is_null(value);
}

static void mark_taken(struct json_reading *r, const json_t *value)
{
    if (r->taken_count < JSON_TAKEN_MAX)
        r->taken[r->taken_count++] = value;
}

static bool is_taken(const struct json_reading *r, const json_t *value)
{
    for (size_t i = 0; i < r->taken_count; i++) {
        if (r->taken[i] == value)
            return true;
    }
    return false;
}

static struct slice string_of(const struct json_reading *r, const json_t *value)
{
    if (value == r->lifted)
        return r->lifted_text;
    return slice_from(json_string_value(value), json_string_length(value));
}

struct slice json_take_value(struct json_reading *r, const json_t *value, const char *name)
{
    if (!is_given(value))
        return slice_from(NULL, 0);
    if (!json_is_string(value)) {
        json_refuse(r, WIRE_BAD_ARTICLE, "%s is %s; it must be a string", name, type_name(value));
        return slice_from(NULL, 0);
    }
    mark_taken(r, value);
    struct slice text = string_of(r, value);
    if (!text.len || value == r->lifted)
        return text;
    return arena_copy(r->arena, text);
}

struct slice json_take_text(struct json_reading *r, const char *name)
{
    return json_take_value(r, json_object_get(r->object, name), name);
}

struct slice json_take_html(struct json_reading *r, const json_t *value, const char *name)
{
    struct slice text = slice_from(NULL, 0);
    if (!is_given(value))
        return text;
    if (!json_is_string(value)) {
        json_refuse(r, WIRE_BAD_ARTICLE, "%s is %s; it must be a string", name, type_name(value));
        return text;
    }
    if (!r->html) {
        json_refuse(r, WIRE_BAD_ARTICLE,
                    "%s is HTML and there is no plain text; push it through telex push, which "
                    "makes text of it",
                    name);
        return text;
    }
    mark_taken(r, value);
    struct slice html = string_of(r, value);
    struct err reason = {.text = ""};
    if (r->html(html, r->arena, &text, &reason) != 0)
        json_refuse(r, WIRE_BAD_ARTICLE, "%s: %s", name, err_text(&reason));
    return text;
}

// --- JSON Feed

bool json_form_is_feed(const json_t *root)
{
    static const char prefix[] = "https://jsonfeed.org/version/";
    struct slice version = json_get_slice(root, "version");
    return version.len >= sizeof prefix - 1 &&
           memcmp(version.ptr, prefix, sizeof prefix - 1) == 0 &&
           json_is_array(json_object_get(root, "items"));
}

static bool is_feed_item(const json_t *object)
{
    static const char *const marks[] = {"content_text",  "content_html", "date_published",
                                        "date_modified", "external_url", "url"};
    if (is_given(json_object_get(object, "uri")))
        return false;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (json_object_get(object, marks[i]))
            return true;
    }
    return false;
}

// JSON Feed 1.1: "If an id is presented as a number, a JSON Feed reader must coerce it to a
// string."
static struct slice feed_id(struct json_reading *r)
{
    const json_t *id = json_object_get(r->object, "id");
    if (!json_is_integer(id))
        return json_take_value(r, id, "id");
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
    mark_taken(r, id);
    return arena_copy(r->arena, slice_from(digits, (size_t)len));
}

static void feed_item_read(struct json_reading *r)
{
    r->out->uri = feed_id(r);
    if (!r->out->uri.len)
        r->out->uri = json_take_text(r, "url");
    if (!r->out->uri.len)
        json_refuse(r, WIRE_BAD_ARTICLE,
                    "id is missing; every item of a JSON Feed needs a stable id");
    r->out->title = json_take_text(r, "title");
    r->out->source = json_take_text(r, "source");
    r->out->published = json_take_text(r, "published");
    if (!r->out->published.len)
        r->out->published = json_take_text(r, "date_published");
    if (!r->out->published.len)
        r->out->published = json_take_text(r, "date_modified");
    r->out->body = json_take_text(r, "content_text");
    if (!r->out->body.len) {
        r->out->body =
            json_take_html(r, json_object_get(r->object, "content_html"), "content_html");
        r->out->extracted = r->out->body.len > 0;
    }
    if (!r->out->body.len)
        r->out->body = json_take_text(r, "summary");
}

// --- plain

static void plain_read(struct json_reading *r)
{
    r->out->uri = json_take_text(r, "uri");
    r->out->title = json_take_text(r, "title");
    r->out->body = json_take_text(r, "body");
    r->out->source = json_take_text(r, "source");
    r->out->published = json_take_text(r, "published");
}

// --- extra

static bool is_own_name(const char *name)
{
    for (size_t i = 0; i < OWN_COUNT; i++) {
        if (strcmp(name, OWN_NAMES[i]) == 0)
            return true;
    }
    return false;
}

static bool array_holds_taken(const struct json_reading *r, const json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *value = json_object_get(json_array_get(array, i), "value");
        if (value && is_taken(r, value))
            return true;
    }
    return false;
}

// Of `headlines` and `bodies` the element that became the title or the body is left out; what stays
// goes to extra. Returns how many stay.
static size_t put_rest_of_array(struct buf *out, const struct json_reading *r, const json_t *array)
{
    size_t kept = 0;
    buf_put_byte(out, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *element = json_array_get(array, i);
        const json_t *value = json_object_get(element, "value");
        if (value && is_taken(r, value))
            continue;
        if (kept++)
            buf_put_byte(out, ',');
        json_put_value(out, element);
    }
    buf_put_byte(out, ']');
    return kept;
}

static void put_key(struct buf *out, const struct json_reading *r, const char *name)
{
    char renamed[32];
    if (is_own_name(name)) {
        snprintf(renamed, sizeof renamed, "ninjs_%s", name);
        if (!json_object_get(r->object, renamed))
            name = renamed;
    }
    if (out->len > 1)
        buf_put_byte(out, ',');
    json_put_string(out, slice_from_text(name));
    buf_put_byte(out, ':');
}

static void put_member(struct buf *out, const struct json_reading *r, const char *name,
                       const json_t *value)
{
    if (is_taken(r, value) || (is_own_name(name) && json_is_null(value)))
        return;
    size_t before = out->len;
    put_key(out, r, name);
    if (!json_is_array(value) || !array_holds_taken(r, value))
        json_put_value(out, value);
    else if (put_rest_of_array(out, r, value) == 0)
        out->len = before;
}

// Everything that was not taken, as one compact object; empty when nothing is left.
static void extra_read(struct json_reading *r)
{
    struct buf extra;
    // One byte more than the limit: article_check words the refusal.
    buf_init(&extra, FORMS_JSON_MAX);
    buf_put_byte(&extra, '{');
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)r->object, name, value) put_member(&extra, r, name, value);
    buf_put_byte(&extra, '}');
    if (extra.failed || extra.len > WIRE_EXTRA_MAX)
        json_refuse(r, WIRE_TOO_LARGE,
                    "the fields beside title and body are %zu bytes, at most %d are kept; leave "
                    "out what is encoded in them (images, documents)",
                    extra.len, WIRE_EXTRA_MAX);
    else if (extra.len > 2)
        r->out->extra = arena_copy(r->arena, buf_slice(&extra));
    buf_fini(&extra);
}

// --- reading

// extra was just written by us: its syntax needs no second check.
static void check(struct json_reading *r)
{
    if (r->arena->overflowed)
        json_refuse(r, WIRE_TOO_LARGE, "the article needs more than the %zu bytes it may use",
                    r->arena->limit);
    if (r->code != WIRE_OK)
        return;
    struct article checked = *r->out;
    checked.extra = slice_from(NULL, 0);
    r->code = article_check(&checked, r->body_max, r->err);
}

static void read_fields(struct json_reading *r)
{
    const json_t *object = r->object;
    bool plain = json_object_get(object, "body") != NULL;
    if (!plain && is_feed_item(object))
        feed_item_read(r);
    else if (!plain && ninjs_is_like(object))
        ninjs_read(r);
    else
        plain_read(r);
    r->out->language = json_take_text(r, "language");
    if (!r->out->language.len)
        r->out->language = arena_copy(r->arena, r->defaults->language);
    if (!r->out->source.len)
        r->out->source = arena_copy(r->arena, r->defaults->source);
    if (r->code == WIRE_OK)
        extra_read(r);
    check(r);
}

// Commas and brackets outside strings: an upper bound of the values jansson will allocate.
static size_t count_values(struct slice text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '"') {
            for (i++; i < text.len && text.ptr[i] != '"'; i++)
                i += text.ptr[i] == '\\';
        } else {
            count += c == ',' || c == '{' || c == '[';
        }
    }
    return count;
}

// Bounds and encoding, before anything is parsed.
static enum wire_code check_text(struct slice text, struct err *err)
{
    if (text.len > FORMS_JSON_MAX) {
        err_set(err, "the article is %zu bytes of JSON, at most %d are read", text.len,
                FORMS_JSON_MAX);
        return WIRE_TOO_LARGE;
    }
    size_t valid = utf8_valid_prefix(text);
    if (valid < text.len) {
        err_set(err, "not UTF-8 at byte %zu (0x%02x); convert it to UTF-8 first", valid,
                (unsigned char)text.ptr[valid]);
        return WIRE_BAD_UTF8;
    }
    if (count_values(text) > FORMS_VALUES_MAX) {
        err_set(err, "more than %d values in one article", FORMS_VALUES_MAX);
        return WIRE_TOO_LARGE;
    }
    return WIRE_OK;
}

static enum wire_code parse(struct slice text, uint64_t line, json_t **out, struct err *err)
{
    *out = json_parse_from(text, line, err);
    if (*out)
        return WIRE_OK;
    err_prefix(err, "not JSON");
    return WIRE_BAD_JSON;
}

enum wire_code json_form_parse(struct slice text, uint64_t line, json_t **out, struct err *err)
{
    *out = NULL;
    enum wire_code code = check_text(text, err);
    return code == WIRE_OK ? parse(text, line, out, err) : code;
}

static enum wire_code read_root(const json_t *root, struct json_reading *r)
{
    r->object = root;
    if (!json_is_object(root))
        json_refuse(r, WIRE_BAD_ARTICLE,
                    "not an article: an article is an object {\"uri\": ..., \"title\": ..., "
                    "\"body\": ...}");
    else if (json_form_is_feed(root))
        json_refuse(r, WIRE_BAD_ARTICLE,
                    "a whole JSON Feed, not one article; push it through telex push");
    else
        read_fields(r);
    return r->code;
}

enum { LIFT_SLACK = 64 * 1024 };

// The quick way. Whatever is unusual about the article is left to the thorough one.
static bool read_lifted(struct slice text, struct json_reading *r)
{
    struct json_lift lift;
    // Enough for both ways, should this one fail.
    if ((r->arena->limit - r->arena->used) / 2 < text.len + LIFT_SLACK ||
        !json_lift_text(text, r->arena, &lift))
        return false;
    json_t *root = json_parse_from(lift.reduced, 1, NULL);
    if (!root)
        return false;
    struct json_reading quick = *r;
    quick.lifted = json_object_get(root, lift.name);
    quick.lifted_text = lift.text;
    bool done = read_root(root, &quick) == WIRE_OK && is_taken(&quick, quick.lifted);
    json_decref(root);
    return done;
}

enum wire_code json_form_read(struct slice text, uint64_t line,
                              const struct json_defaults *defaults, size_t body_max,
                              forms_html_cb html, struct arena *arena, struct article *out,
                              struct err *err)
{
    static const struct json_defaults none;
    struct err unread;
    struct json_reading r = {.defaults = defaults ? defaults : &none,
                             .body_max = body_max,
                             .html = html,
                             .arena = arena,
                             .out = out,
                             .err = err ? err : &unread};
    *out = (struct article){0};
    r.code = check_text(text, r.err);
    if (r.code != WIRE_OK || read_lifted(text, &r))
        return r.code;
    *out = (struct article){0};
    json_t *root;
    r.code = parse(text, line, &root, r.err);
    if (r.code == WIRE_OK)
        read_root(root, &r);
    json_decref(root);
    return r.code;
}

enum wire_code forms_read_json(struct slice text, size_t body_max, forms_html_cb html,
                               struct arena *arena, struct article *out, struct err *err)
{
    return json_form_read(text, 1, NULL, body_max, html, arena, out, err);
}
