// Where the names model reads two names, or a name and an ordinary word, as one.
#pragma once

#include "workers/tagger/sequence.h"

// Corrects the labels of a field: "Rady Federacji | Konstantin Kosaczow", "Trump-|Putin",
// "US|-Behörde", "Trumps | Berater".
void cut_names(const struct lexicon *lexicon, const struct words *words, const struct spans *known,
               struct labelled *labels);
