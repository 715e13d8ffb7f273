// What the names model sees of a word: numbered signs of the word, its neighbours, the lexicon and
// the rest of the article. The trainer and the tagger read the same signs, from here.
#pragma once

#include "workers/tagger/echo.h"
#include "workers/tagger/recall.h"

enum {
    FEATURES_MAX = 80,
    FEATURES_OF_WORDS = 24, // the first are of the words themselves, in one language
    FEATURES_OF_SIGNS = 27,
    FEATURES_REACH = 2,
};

// The signs of one word that others' are combined from.
struct atoms {
    uint64_t word, stem; // hashes of the folded word and of its beginning
    uint64_t suffix2, suffix3, suffix4, prefix3;
    uint32_t shape, kind, lexicon, counts, foreign, tail, personal, cues;
};

// A field being read; features_at keeps the atoms of the words around the last index.
struct features {
    const struct lexicon *lexicon;
    const struct marked *field;
    const struct recall *recall;
    struct atoms window[8];
    size_t held[8]; // index + 1 of the word in each place
    // Seeds of the signs, which make the same value mean something else in each place: of words (in
    // the language of the last one), of all else, and of what the article shows elsewhere.
    uint64_t language, words[FEATURES_OF_WORDS], signs[FEATURES_OF_SIGNS], recalled[RECALL_SIGNS];
};

void features_init(struct features *features, const struct lexicon *lexicon,
                   const struct marked *field, const struct recall *recall);

// The labels that the word cannot have, a bit each (1 << enum label): a name begins where one may;
// persons' and places' names do not go on behind a comma, bracket or slash, and persons' only with
// capitals and the small words of names ("van der").
unsigned features_forbidden(const struct words *words, size_t index);

// Hashes of the signs of word `index`; returns how many, at most FEATURES_MAX.
size_t features_at(struct features *features, size_t index, uint64_t hashes[FEATURES_MAX]);

// What the second reading needs of word `index`; the first reading's results are not yet in it.
struct heard features_hear(struct features *features, size_t index);

// A hash all of whose bits depend on all of the value's.
static inline uint64_t feature_finish(uint64_t value)
{
    value = (value ^ (value >> 32)) * 0xd6e8feb86659fd93u;
    return value ^ (value >> 32);
}

// The hash of a sign: its parts are weighed by odd numbers of their own, summed and mixed once with
// the seed of the sign's place.
static inline uint64_t feature_sign(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
    return feature_finish(
        seed ^ (a * 0xa0761d6478bd642fu + b * 0xe7037ed1a0b428dbu + c * 0x8ebc6af09c88c6e3u));
}

// Of two values.
static inline uint64_t feature_mix(uint64_t a, uint64_t b)
{
    return feature_finish((a * 0x9e3779b97f4a7c15u) ^ b);
}
