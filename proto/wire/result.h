// What a worker says of one article: the data of its event, the keys it is found by, and the edits
// that make its text. The daemon splices `data` into the event and keeps `keys` and `edits` beside
// it; it interprets none of the entities.
#pragma once

#include "proto/base/buf.h"
#include "proto/base/err.h"

enum { RESULT_HEAD_BYTES = 16, RESULT_KEYS_MAX = 4096, RESULT_KEY_BYTES_MAX = 250 };

enum result_status {
    RESULT_TAGGED = 0,
    RESULT_REFUSED = 1, // the worker cannot tag this article; data is then the reason as text. It
                        // becomes a dead letter.
};

// Keys by which events are found. The values are what the store indexes, so they are bounded.
enum key_kind {
    KEY_ENTITY = 'E', // id TAB type TAB name
    KEY_SPELLING =
        'N', // folded spelling (proto/base/fold.h) of the entity named by the last KEY_ENTITY
    KEY_LANGUAGE = 'L', // BCP 47 primary tag
};

struct result {
    enum result_status status;
    uint32_t key_count;
    struct slice keys;  // key_count keys, one behind the other: u8 kind, u8 length, bytes
    struct slice edits; // edit.h
    struct slice data;  // JSON object: {"language":...,"entities":[...],"tagger":{...}}
};

struct result_key {
    enum key_kind kind;
    struct slice value;
};

// A key as it stands in result.keys. Values longer than RESULT_KEY_BYTES_MAX are cut at a code
// point.
void result_key_encode(struct buf *out, enum key_kind kind, struct slice value);

// Next key off a cursor over result.keys. 1, 0 at the end, -EBADMSG.
int result_key_decode(struct cursor *keys, struct result_key *key);

void result_encode(struct buf *out, const struct result *result);

// Checks everything that can be checked without the article: lengths, key kinds and counts, UTF-8,
// data a JSON object (for RESULT_TAGGED). 0 or -EBADMSG with err. Slices point into `bytes`.
int result_decode(struct slice bytes, struct result *result, struct err *err);
