// Dictionary forms of inflected names: a table of Polish proper names, and rules by ending for
// names that no table has.
#pragma once

#include "proto/base/arena.h"
#include "workers/tagger/lexicon.h"
#include "workers/tagger/morph_rules.h"

enum { MORPH_LEMMAS_MAX = 16 };

struct lemma {
    struct slice text; // as a name is written
    uint64_t hash;     // lexicon_hash_word of its folded form
    uint8_t cases;     // enum lexicon_case: in which the word stands if this is its lemma
    uint8_t gender;    // enum lexicon_gender
    bool known;        // from the table, not by rule
};

// The dictionary forms a word may have, likelier ones first; the first is always the word itself.
// In `arena`; NULL and *count 0 when it is full. At most MORPH_LEMMAS_MAX.
const struct lemma *morph_lemmas(const struct lexicon *lexicon, enum morph_language language,
                                 struct slice word, uint64_t hash, struct arena *arena,
                                 size_t *count);
