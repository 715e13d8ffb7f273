// An event as CloudEvents 1.0 JSON, put together from an article and what a worker said of it.
// Pure: no parsing, no allocation but the buffer's.
#pragma once

#include "proto/base/buf.h"
#include "proto/base/hash.h"
#include "proto/wire/article.h"

// What every event says of itself and of its article. Borrowed.
struct event_facts {
    const char *event_source; // CloudEvents `source`
    uint64_t sequence;
    int64_t time_ms;
    uint64_t offset;
    struct hash128 hash;
    const struct article *article;
};

// Appends a telex.article.tagged. `data` is a checked JSON object whose members follow the
// article's.
void event_json_put_tagged(struct buf *out, const struct event_facts *facts, struct slice data);

// Appends a telex.article.dead. `last_words` may be any bytes.
void event_json_put_dead(struct buf *out, const struct event_facts *facts, struct slice stage,
                         uint32_t attempts, struct slice last_words);

// Appends `json`, an event of ours, with "text" as the last member of its data. -EBADMSG when it
// does not end as our events do.
int event_json_put_with_text(struct buf *out, struct slice json, struct slice text);

// Appends `bytes` as well-formed UTF-8 without NUL: what is not becomes U+FFFD.
void event_json_put_words(struct buf *out, struct slice bytes);
