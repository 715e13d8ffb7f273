// RSS 0.9x and 2.0, RSS 1.0 (RDF) and Atom 0.3 and 1.0, as they arrive in pieces. XML by libxml2's
// event parser: no DTD, no entities but XML's own and HTML's names, nothing loaded; a document type
// is refused.
#pragma once

#include <stdbool.h>

#include "proto/base/err.h"
#include "proto/base/slice.h"
#include "proto/wire/article.h"

struct feed;

// One item of the feed, or what was wrong there.
struct feed_entry {
    enum wire_code code;    // WIRE_OK: article is filled
    struct article article; // valid until the next feed_pop
    uint64_t item;          // from 1; 0: the document as a whole
    uint64_t line;          // from 1, of its start tag or of the error
    struct err err;
};

// `body_max` in bytes; `line` is that of the document's first byte in its file. NULL when memory
// ran out.
struct feed *feed_create(size_t body_max, uint64_t line);

// Accepts NULL.
void feed_destroy(struct feed *feed);

// The document's next bytes; `last`: there are no more. Errors come out of feed_pop. `bytes` should
// be a few KiB: every item they complete is kept until it is popped.
void feed_push(struct feed *feed, struct slice bytes, bool last);

// True when nothing more can come in: the document ended, or is refused.
bool feed_is_over(const struct feed *feed);

// The next item that is complete. False when there is none yet.
bool feed_pop(struct feed *feed, struct feed_entry **entry);
