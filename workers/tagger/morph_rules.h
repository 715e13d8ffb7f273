// The endings of names in languages that inflect them, and what stands there in the dictionary
// form.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum morph_language {
    MORPH_NONE,
    MORPH_POLISH,
    MORPH_GERMAN,
    MORPH_CZECH, // and Slovak
    MORPH_RUSSIAN,
    MORPH_UKRAINIAN,
    MORPH_LANGUAGES
};

struct morph_rule {
    const char *ending;
    const char *lemma;
    uint8_t ending_len, lemma_len; // bytes
    uint8_t cases;                 // enum lexicon_case
    uint8_t gender;                // enum lexicon_gender
};

// The rules of a language for endings whose last byte is this one, likelier lemmas of one ending
// first; *count 0 when it has none.
const struct morph_rule *morph_rules(enum morph_language language, char last, size_t *count);
