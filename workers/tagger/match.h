// Finds the lexicon's names in a field: longest match wins, inflected words count as their
// dictionary forms. The user's own names go before those of the shipped lexicon wherever they
// stand, but not inside a longer one ("Berlin" in "Berliner Zeitung", "Orlen" in "Orlen Lietuva").
#pragma once

#include "workers/tagger/spans.h"

// Appends the lexicon's names to `spans` (in order) and marks their words as covered.
void match_lexicon(const struct lexicon *lexicon, struct words *words, struct spans *spans);
