// What the lexicon has for exactly the words of a span, in any of their dictionary forms.
#pragma once

#include "workers/tagger/spans.h"

enum { READINGS_MAX = 6, READING_WORDS_MAX = 12 };

struct reading {
    uint32_t entity;
    struct slice text;                // the spelling, a dictionary form
    uint8_t forms[READING_WORDS_MAX]; // of each word: which of its lemmas it is
    bool surname;                     // of a person, alone
    int score; // what it is known for, the language it is spelled so in, its inflection
};

struct readings {
    struct reading at[READINGS_MAX]; // best first; an entity once
    size_t count;
};

// The entities of type `type` (TAG_OTHER: of any) that the words `first`.. `first + count` may
// name.
void readings_find(struct readings *readings, const struct lexicon *lexicon,
                   const struct words *words, uint32_t first, uint32_t count, enum tag_type type);

// How much of the belief goes to reading `index`, 0 to 1: by their scores, all together 1.
double readings_share(const struct readings *readings, size_t index);
