// Finds names that the lexicon does not know: runs of capitalised words, cut where they must be,
// typed by decide.c.
#pragma once

#include "workers/tagger/spans.h"

// Appends guesses (SPAN_GUESS) to `spans`, out of order; their bases are not yet set. Joins a given
// name with the lexicon's single word behind it where that is a surname ("Jordan Bardella",
// "Paris Hilton"): the lexicon's span is then replaced. `arena` holds scratch space; when it is
// full nothing is guessed.
void guess_names(const struct lexicon *lexicon, struct words *words, struct spans *spans,
                 struct arena *arena);
