// Cuts the normalised text into words, numbers and signs, and folds the words.
#pragma once

#include "workers/tagger/text.h"

// Fills out->tokens, token_count and folded from out->normalised; sentence fields are left zero.
// 0 or -ENOMEM. `tokens` is writable until sentences_mark is done with it.
int tokens_cut(struct text *out, struct token **tokens, struct arena *arena);
