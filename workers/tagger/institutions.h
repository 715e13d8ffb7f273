// Institutions that every language names in its own words by what they are and where: "Uniwersytet
// w Poczdamie", "Universität Potsdam", "University of Potsdam".
#pragma once

#include "workers/tagger/spans.h"

// The English name of such an institution in a place that the lexicon knows, which its id is made
// of; lives in the arena. Empty: the span is none, or there is no memory.
struct slice institution_name(const struct lexicon *lexicon, const struct words *words,
                              const struct span *span, struct arena *arena);
