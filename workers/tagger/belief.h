// How sure the linking of a name is, and what else it may stand for.
#pragma once

#include "workers/tagger/spans.h"

enum { BELIEF_ALTERNATIVES_MAX = 3 };

struct belief {
    double confidence;                                            // 0 to 1
    struct tag_alternative alternatives[BELIEF_ALTERNATIVES_MAX]; // likeliest first
    size_t count;
};

// Of a linked span. Ids of alternatives that no lexicon has are in `arena`.
void belief_of_span(struct belief *belief, const struct lexicon *lexicon, const struct words *words,
                    const struct span *span, struct arena *arena);
