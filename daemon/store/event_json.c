#include "daemon/store/event_json.h"

#include <errno.h>

#include "proto/base/clock.h"
#include "proto/base/json.h"
#include "proto/base/utf8.h"

enum { SEQUENCE_DIGITS = 20 };

static void put_sequence(struct buf *out, uint64_t sequence)
{
    char digits[SEQUENCE_DIGITS];
    for (int i = SEQUENCE_DIGITS - 1; i >= 0; i--, sequence /= 10)
        digits[i] = (char)('0' + sequence % 10);
    buf_put(out, digits, sizeof digits);
}

static void put_hash(struct buf *out, struct hash128 hash)
{
    char hex[HASH_HEX_BYTES];
    hash128_format(hash, hex);
    buf_put(out, hex, HASH_HEX_BYTES - 1);
}

static void put_time(struct buf *out, int64_t time_ms)
{
    char text[CLOCK_TEXT_BYTES];
    clock_format(time_ms, text);
    buf_put(out, text, CLOCK_TEXT_BYTES - 1);
}

static void put_optional(struct buf *out, const char *opening, struct slice value)
{
    if (!value.len)
        return;
    buf_put_text(out, opening);
    json_put_string(out, value);
}

// Everything up to the article's part of data; both braces are left open. The id is already begun
// and ended by the caller.
static void put_envelope(struct buf *out, const struct event_facts *facts, const char *type)
{
    buf_put_text(out, "\",\"source\":");
    json_put_string(out, slice_from_text(facts->event_source));
    buf_put_text(out, ",\"type\":\"");
    buf_put_text(out, type);
    buf_put_text(out, "\",\"subject\":");
    json_put_string(out, facts->article->uri);
    buf_put_text(out, ",\"time\":\"");
    put_time(out, facts->time_ms);
    buf_put_text(out, "\",\"sequence\":\"");
    put_sequence(out, facts->sequence);
    buf_put_text(out, "\",\"datacontenttype\":\"application/json\",\"data\":{\"uri\":");
    json_put_string(out, facts->article->uri);
    buf_put_text(out, ",\"offset\":");
    buf_put_decimal(out, facts->offset);
    put_optional(out, ",\"title\":", facts->article->title);
    put_optional(out, ",\"source\":", facts->article->source);
    put_optional(out, ",\"published\":", facts->article->published);
}

static const char OPENING[] = "{\"specversion\":\"1.0\",\"id\":\"";

void event_json_put_tagged(struct buf *out, const struct event_facts *facts, struct slice data)
{
    buf_put_text(out, OPENING);
    put_hash(out, facts->hash);
    put_envelope(out, facts, "telex.article.tagged");
    if (data.len > 2) { // more than {}
        buf_put_byte(out, ',');
        buf_put(out, data.ptr + 1, data.len - 2);
    }
    buf_put_text(out, "}}");
}

void event_json_put_dead(struct buf *out, const struct event_facts *facts, struct slice stage,
                         uint32_t attempts, struct slice last_words)
{
    buf_put_text(out, OPENING);
    put_hash(out, facts->hash);
    buf_put_text(out, "-dead-");
    buf_put_decimal(out, facts->sequence);
    put_envelope(out, facts, "telex.article.dead");
    buf_put_text(out, ",\"reason\":{\"stage\":");
    json_put_string(out, stage);
    buf_put_text(out, ",\"attempts\":");
    buf_put_decimal(out, attempts);
    buf_put_text(out, ",\"last_words\":");
    json_put_string(out, last_words);
    buf_put_text(out, "}}}");
}

int event_json_put_with_text(struct buf *out, struct slice json, struct slice text)
{
    if (json.len < 2 || memcmp(json.ptr + json.len - 2, "}}", 2) != 0)
        return -EBADMSG;
    buf_put(out, json.ptr, json.len - 2);
    buf_put_text(out, ",\"text\":");
    json_put_string(out, text);
    buf_put_text(out, "}}");
    return 0;
}

void event_json_put_words(struct buf *out, struct slice bytes)
{
    static const char replacement[] = "\xef\xbf\xbd";
    for (size_t at = 0; at < bytes.len;) {
        struct slice rest = slice_from(bytes.ptr + at, bytes.len - at);
        size_t valid = utf8_valid_prefix(rest);
        const char *nul = valid ? memchr(rest.ptr, 0, valid) : NULL;
        if (nul)
            valid = (size_t)(nul - rest.ptr);
        buf_put(out, rest.ptr, valid);
        at += valid;
        if (valid == rest.len)
            return;
        buf_put_text(out, replacement);
        at++;
    }
}
