// The lexicon's names laid over the words of a field: evidence for the names model, which decides.
#pragma once

#include "workers/tagger/spans.h"

enum mark_place { MARK_NONE, MARK_SINGLE, MARK_BEGIN, MARK_INSIDE, MARK_END };

struct mark {
    uint8_t place; // enum mark_place: of the word in the lexicon's name
    uint8_t type;  // enum tag_type
    uint8_t flags; // enum span_flag
    uint8_t fame;  // 0..3, of the entity's weight
};

// A field's words and what the lexicon matched in them.
struct marked {
    const struct words *words;
    const struct mark *marks; // one a word
};

// NULL when the arena is full.
const struct mark *marks_of_spans(const struct lexicon *lexicon, const struct words *words,
                                  const struct spans *spans, struct arena *arena);
