// Whether what a lexicon file refers to is there.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "workers/tagger/lexicon_format.h"

// The file's sections as arrays; the strings and the hash tables have at least one record.
struct lexicon_sections {
    const char *strings;
    const struct lexicon_entity *entities;
    const uint32_t *spellings;
    const struct lexicon_node *nodes;
    const struct lexicon_posting *postings;
    const struct lexicon_word *words;
    const struct lexicon_form *forms;
    size_t count[SECTION_COUNT]; // records; bytes of the strings
    uint32_t mark;               // what its references carry: 0, or LEXICON_OWN_MARK
};

// NULL when every index and string lies inside its section, every string that is referred to is
// UTF-8, every run ends and every hash table has a free slot that ends a search; else what is
// wrong. Static text.
const char *lexicon_check(const struct lexicon_sections *sections);
