// Finding well-known places and organisations whose one-word names are mistyped ("Hambrug",
// "Hambuegu"): by the hashes of the word with one or two letters left out, which is what two
// spellings that differ by so many typing errors share.
#pragma once

#include "workers/tagger/lexicon.h"
#include "workers/tagger/tagger.h"

enum { TYPO_LETTERS_MAX = 16, TYPO_VARIANTS = 1 + TYPO_LETTERS_MAX * (TYPO_LETTERS_MAX + 1) / 2 };

// The hashes of a folded word and its variants: one error in six letters or seven, two in more.
// Returns how many; 0 for words too short or too long to bear one.
size_t typo_key_variants(struct slice folded, uint64_t out[TYPO_VARIANTS]);

// The one entity of the type whose name differs by so few errors, and begins with the same letter;
// NULL when there is none, or several.
const struct lexicon_posting *typo_key_find(const struct lexicon *lexicon, struct slice folded,
                                            enum tag_type type, enum lexicon_language language);
