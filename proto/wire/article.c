#include "proto/wire/article.h"

#include <errno.h>

#include "proto/base/json.h"
#include "proto/base/utf8.h"

size_t article_size(const struct article *a)
{
    return ARTICLE_HEAD_BYTES + a->uri.len + a->title.len + a->source.len + a->language.len +
           a->published.len + a->extra.len + a->body.len;
}

static bool lengths_fit(const struct article *a)
{
    return a->uri.len <= WIRE_URI_MAX && a->title.len <= WIRE_TITLE_MAX &&
           a->source.len <= WIRE_SOURCE_MAX && a->language.len <= WIRE_LANGUAGE_MAX &&
           a->published.len <= WIRE_PUBLISHED_MAX && a->extra.len <= WIRE_EXTRA_MAX &&
           a->body.len <= UINT32_MAX;
}

void article_encode(struct buf *out, const struct article *a)
{
    if (!lengths_fit(a) || !buf_reserve(out, article_size(a))) {
        out->failed = true;
        return;
    }
    buf_put_u16(out, (uint16_t)a->uri.len);
    buf_put_u16(out, (uint16_t)a->title.len);
    buf_put_u16(out, (uint16_t)a->source.len);
    buf_put_u8(out, (uint8_t)a->language.len);
    buf_put_u8(out, (uint8_t)a->published.len);
    buf_put_u32(out, (uint32_t)a->extra.len);
    buf_put_u32(out, (uint32_t)a->body.len);
    const struct slice fields[] = {a->uri,       a->title, a->source, a->language,
                                   a->published, a->extra, a->body};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        buf_put_slice(out, fields[i]);
}

int article_decode(struct cursor *cursor, struct article *a)
{
    size_t uri = cursor_u16(cursor), title = cursor_u16(cursor), source = cursor_u16(cursor);
    size_t language = cursor_u8(cursor), published = cursor_u8(cursor);
    size_t extra = cursor_u32(cursor), body = cursor_u32(cursor);
    a->uri = cursor_bytes(cursor, uri);
    a->title = cursor_bytes(cursor, title);
    a->source = cursor_bytes(cursor, source);
    a->language = cursor_bytes(cursor, language);
    a->published = cursor_bytes(cursor, published);
    a->extra = cursor_bytes(cursor, extra);
    a->body = cursor_bytes(cursor, body);
    a->extracted = false;
    return cursor->failed ? -EBADMSG : 0;
}

struct field {
    const char *name;
    struct slice value;
    size_t limit;
    bool one_line; // no control characters at all
};

static enum wire_code field_check(const struct field *field, struct err *err)
{
    struct slice value = field->value;
    if (value.len > field->limit) {
        err_set(err, "%s is %zu bytes, at most %zu are taken", field->name, value.len,
                field->limit);
        return WIRE_TOO_LARGE;
    }
    const char *nul = value.len ? memchr(value.ptr, 0, value.len) : NULL;
    if (nul) {
        err_set(err, "%s has a NUL byte at byte %zu; remove it", field->name,
                (size_t)(nul - value.ptr));
        return WIRE_BAD_ARTICLE;
    }
    size_t valid = utf8_valid_prefix(value);
    if (valid < value.len) {
        err_set(err, "%s is not UTF-8 at byte %zu (0x%02x); convert it to UTF-8 first", field->name,
                valid, (unsigned char)value.ptr[valid]);
        return WIRE_BAD_UTF8;
    }
    for (size_t i = 0; field->one_line && i < value.len; i++) {
        if ((unsigned char)value.ptr[i] < 0x20 || value.ptr[i] == 0x7f) {
            err_set(err, "%s has a control character at byte %zu", field->name, i);
            return WIRE_BAD_ARTICLE;
        }
    }
    return WIRE_OK;
}

static enum wire_code extra_check(struct slice extra, struct err *err)
{
    if (!extra.len)
        return WIRE_OK;
    json_t *root = json_parse(extra, err);
    if (!root) {
        err_prefix(err, "extra is not JSON");
        return WIRE_BAD_JSON;
    }
    bool object = json_is_object(root);
    json_decref(root);
    if (object)
        return WIRE_OK;
    err_set(err, "extra is JSON but not an object");
    return WIRE_BAD_ARTICLE;
}

enum wire_code article_check(const struct article *a, size_t body_max, struct err *err)
{
    const struct field fields[] = {
        {"uri", a->uri, WIRE_URI_MAX, true},
        {"title", a->title, WIRE_TITLE_MAX, false},
        {"source", a->source, WIRE_SOURCE_MAX, true},
        {"language", a->language, WIRE_LANGUAGE_MAX, true},
        {"published", a->published, WIRE_PUBLISHED_MAX, true},
        {"extra", a->extra, WIRE_EXTRA_MAX, false},
        {"body", a->body, body_max, false},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        enum wire_code code = field_check(&fields[i], err);
        if (code != WIRE_OK)
            return code;
    }
    if (!a->uri.len) {
        err_set(err, "uri is missing; give every article a stable uri");
        return WIRE_BAD_ARTICLE;
    }
    if (!a->title.len && !a->body.len) {
        err_set(err, "neither title nor body; there is nothing to tag");
        return WIRE_BAD_ARTICLE;
    }
    return extra_check(a->extra, err);
}

struct hash128 article_hash(struct slice record)
{
    return hash128_of(record);
}

int article_hash_of(const struct article *article, struct hash128 *out)
{
    struct buf record;
    buf_init(&record, SIZE_MAX);
    article_encode(&record, article);
    int result = record.failed ? -ENOMEM : 0;
    if (result == 0)
        *out = article_hash(buf_slice(&record));
    buf_fini(&record);
    return result;
}

static void put_member(struct buf *out, const char *name, struct slice value)
{
    if (!value.len)
        return;
    buf_printf(out, ",\"%s\":", name);
    json_put_string(out, value);
}

void article_put_json(struct buf *out, const struct article *a)
{
    buf_put_text(out, "{\"uri\":");
    json_put_string(out, a->uri);
    put_member(out, "title", a->title);
    put_member(out, "source", a->source);
    put_member(out, "language", a->language);
    put_member(out, "published", a->published);
    put_member(out, "body", a->body);
    // extra is a checked object "{...}": its members follow ours.
    struct slice extra = a->extra;
    const char *open = extra.len ? memchr(extra.ptr, '{', extra.len) : NULL;
    if (open) {
        const char *close = memrchr(extra.ptr, '}', extra.len);
        const char *first = open + 1;
        while (first < close && strchr(" \t\r\n", *first))
            first++;
        if (first < close) {
            buf_put_byte(out, ',');
            buf_put(out, first, (size_t)(close - first));
        }
    }
    buf_put_byte(out, '}');
}
