// Why a span is a mention of its entity, in words for a person: who found it, how its dictionary
// form was reached, how it was linked, what else was weighed.
#pragma once

#include "workers/tagger/spans.h"

// In the arena; ptr NULL when it is full.
struct slice explain_span(const struct lexicon *lexicon, const struct words *words,
                          const struct span *span, struct arena *arena);
