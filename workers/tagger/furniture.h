// Page furniture: what the page around the article left in its text.
#pragma once

#include "workers/tagger/lines.h"

// Marks the lines that are furniture (LINE_FURNITURE) and cuts agencies' lead-ins out of the first
// lines. Linear in the size of the text.
void furniture_mark(const struct lines *lines, struct slice text);

// Kinds of a rule; more than one may be set.
enum furniture_kind {
    FURNITURE_WHOLE = 1 << 0,  // the line is this and nothing else, one typing error aside
    FURNITURE_LABEL = 1 << 1,  // this, a colon, and anything
    FURNITURE_CREDIT = 1 << 2, // this, a colon or full stop, and a few words: a caption is longer
    FURNITURE_PROMPT = 1 << 3, // the line begins with this
    FURNITURE_WEAK = 1 << 4,   // the line is this, and stands beside other furniture
};

struct furniture_rule {
    const char *key;
    unsigned kinds;
};

// The table, sorted by key, for its test.
const struct furniture_rule *furniture_rules(size_t *count);
