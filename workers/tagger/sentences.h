// Where sentences begin and end.
#pragma once

#include "workers/tagger/text.h"

// Numbers the sentences of `tokens` (those of `text`) and flags their first words; fills
// sentence_count. `language` is a primary tag or empty; paragraphs in text->stretches have their
// own. Linear in the number of tokens.
void sentences_mark(struct text *text, struct token *tokens, struct slice language);
