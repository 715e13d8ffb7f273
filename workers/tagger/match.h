// Finds the lexicon's names in a field: longest match wins, inflected words count as their
// dictionary forms.
#pragma once

#include "workers/tagger/spans.h"

// Appends the lexicon's names to `spans` (in order) and marks their words as covered.
void match_lexicon(const struct lexicon *lexicon, struct words *words, struct spans *spans);
