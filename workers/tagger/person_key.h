// Finding known persons whose names are spelled in a way that no list has: by the keys of first
// name and surname (translit.h), and by keys with one letter left out, which is what two spellings
// that differ by one typing error share.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "workers/tagger/lexicon.h"

enum { PERSON_KEY_BYTES = 40, PERSON_KEY_VARIANTS = 2 * PERSON_KEY_BYTES };

struct person_key {
    char first[PERSON_KEY_BYTES], last[PERSON_KEY_BYTES];
    size_t first_len, last_len;
};

// The keys of a name's first and last word. False for a name of one word, or one too long or short.
bool person_key_make(struct person_key *key, struct slice name);

// The hash of the whole key.
uint64_t person_key_hash(const struct person_key *key);

// The hashes of the key with one letter left out, of names long enough to bear it. Returns how
// many.
size_t person_key_variants(const struct person_key *key, uint64_t out[PERSON_KEY_VARIANTS]);

// The person whose name this is but for transliteration and one typing error, as `language` spells
// it if it does; the user's persons go first. NULL when the lexicon has none.
const struct lexicon_posting *person_key_find(const struct lexicon *lexicon, struct slice name,
                                              enum lexicon_language language);
