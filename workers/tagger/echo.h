// The second reading: what the names model made of the same words elsewhere in the article speaks
// for a word whose own surroundings say little.
#pragma once

#include <stdbool.h>

#include "proto/base/arena.h"
#include "workers/tagger/model.h"

enum { ECHO_FEATURES_MAX = 16 };

// An open word after the first reading.
struct heard {
    uint64_t stem;        // the same for the word's inflected forms
    uint32_t kind;        // of its shape
    uint32_t lexicon;     // type and place in the lexicon's name; 0: none
    bool joined;          // to the word before it in the array: same sentence, nothing left out
    float scores[LABELS]; // of the first reading
    float likely[LABELS]; // probabilities of the first reading
};

struct echo;

// Sums up the first reading of a whole article, which must stay where it is. NULL when the arena is
// full.
struct echo *echo_collect(const struct heard *heard, size_t count, struct arena *arena);

// Gathers what the signs of `count` of the article's words, of one piece, are made from.
void echo_look(struct echo *echo, const struct heard *heard, size_t count);

// Hashes of the signs of word `index` of `count`, which echo_look has seen; returns how many.
size_t echo_features(const struct echo *echo, const struct heard *heard, size_t count, size_t index,
                     uint64_t hashes[ECHO_FEATURES_MAX]);
