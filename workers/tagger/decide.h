// The seat of the decision: is a run of capitalised words that the lexicon does not know a name,
// and of what type? Rules weigh the evidence here; a statistical model may take this one
// function's place.
#pragma once

#include "workers/tagger/words.h"

// What the surroundings of a candidate say for each type.
struct votes {
    int person, organisation, place;
};

// What stands around a candidate, as far as the caller knows it.
struct candidate {
    uint32_t first, count;
    bool titled;        // a person's title or office stands before it
    struct votes votes; // of the other places where the article has the same word
};

// The surroundings' votes alone.
struct votes decide_votes(const struct words *words, const struct candidate *candidate);

// True and *type when the candidate is a name.
bool decide_candidate(const struct words *words, const struct candidate *candidate,
                      enum tag_type *type);

// True when a capitalised word is there for another reason than being (part of) a name.
bool decide_is_common(const struct lexicon *lexicon, const struct words *words, size_t index);

// True for German adjectives made of a town's name ("Berliner", "Hamburger").
bool decide_is_city_adjective(const struct lexicon *lexicon, const struct words *words,
                              const struct word *word);

// True when the word is a given name, in any of its readings.
bool decide_is_given(const struct lexicon *lexicon, const struct word *word);
