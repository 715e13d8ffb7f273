// How a name in the lexicon falls into words: the same way as the tokeniser's words in an article.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/slice.h"

enum { LEXICON_WORDS_MAX = 12, LEXICON_WORDS_BYTES = 192 };

struct lexicon_words {
    struct slice folded[LEXICON_WORDS_MAX]; // into text
    size_t count;
    char text[LEXICON_WORDS_BYTES + 4]; // folded words with single spaces between
    size_t text_len;
};

// False when the name has no word, too many or too long ones. `words` must not be moved: it points
// into itself.
bool lexicon_words_split(struct lexicon_words *words, struct slice name);

// True for the capital letters of Latin and Cyrillic.
bool lexicon_words_is_upper(uint32_t code);
