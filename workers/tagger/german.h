// Names of organisations that German makes of ordinary nouns, told by their form: "Berliner
// Zeitung", "Deutsche Umweltstiftung", "Bundesamt für Gesundheit".
#pragma once

#include "workers/tagger/spans.h"

// Appends them to `spans` (SPAN_GUESS) and covers their words. Does nothing in other languages.
void german_organisations(const struct lexicon *lexicon, struct words *words, struct spans *spans);
