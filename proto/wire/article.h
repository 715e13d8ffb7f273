// An article as it travels (client to daemon, daemon to worker) and as it lies in the journal: one
// record, never re-encoded on its way. Layout in PROTOCOL.md, section 5.
#pragma once

#include <stdbool.h>

#include "proto/base/buf.h"
#include "proto/base/err.h"
#include "proto/base/hash.h"
#include "proto/base/slice.h"
#include "proto/wire/frame.h"

enum { ARTICLE_HEAD_BYTES = 16 };

// Borrowed: the slices point into the bytes the article was decoded from. Empty slices mean "not
// given".
struct article {
    struct slice
        uri; // required; identifies the article, 1 to WIRE_URI_MAX bytes, no control characters
    struct slice title;     // plain text
    struct slice source;    // who published it: a name, a domain or a uri
    struct slice language;  // BCP 47 tag, as the feed claims
    struct slice published; // RFC 3339 where the feed had a date, else as the feed wrote it
    struct slice
        extra; // JSON object with every field telex has no name for; kept, never interpreted
    struct slice body; // plain text exactly as submitted; mentions point into it
    bool extracted;    // the body was made of HTML while it was read; not part of the record
};

// Bytes article_encode will append.
size_t article_size(const struct article *article);

// Appends the record. Lengths must be within the limits of limits.h (article_check); else
// out->failed is set.
void article_encode(struct buf *out, const struct article *article);

// Reads one record off the cursor. 0, or -EBADMSG when bytes are missing. Checks no contents.
int article_decode(struct cursor *cursor, struct article *article);

// The rules every stored article keeps: lengths, well-formed UTF-8, no NUL, uri present and clean,
// something to read (title or body), extra a JSON object. WIRE_OK or the code to refuse with; err
// names field, byte position and remedy. `body_max` in bytes.
enum wire_code article_check(const struct article *article, size_t body_max, struct err *err);

// Identity of the contents: every field but nothing else. Two records with the same uri and the
// same hash are the same article.
struct hash128 article_hash(struct slice record);

// The same for an article that is not encoded yet. Equal to article_hash of its record. -ENOMEM on
// failure, else 0.
int article_hash_of(const struct article *article, struct hash128 *out);

// Appends the plain JSON form {uri,title,source,language,published,body} with the members of extra
// behind them; empty fields are left out.
void article_put_json(struct buf *out, const struct article *article);
