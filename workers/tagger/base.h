// The dictionary form of a name the lexicon does not know, from the forms its words may come from:
// words of one name agree in case and gender, and a form seen elsewhere in the article speaks for
// itself.
#pragma once

#include "workers/tagger/spans.h"

// Hashes of the article's capitalised words as written.
struct seen_words {
    uint64_t *slots; // power of two; 0 empty
    size_t mask;
};

// 0 or -ENOMEM.
int seen_words_collect(struct seen_words *seen, const struct words *fields, size_t field_count,
                       struct arena *arena);

// Sets span->base. In the arena; base.ptr is NULL when it is full.
void base_of_guess(const struct lexicon *lexicon, const struct seen_words *seen,
                   const struct words *words, struct span *span, struct arena *arena);

enum { BASE_WORDS_MAX = 24 };

// The words of a span in the chosen dictionary forms (indices into their lemmas), with what stands
// between them as written; at most BASE_WORDS_MAX words. In the arena; ptr NULL when it is full.
struct slice base_of_choices(const struct words *words, const struct span *span,
                             const uint8_t *choices, struct arena *arena);
