// A name found in a field, on its way from candidate to mention.
#pragma once

#include "workers/tagger/words.h"

enum span_flag {
    SPAN_SURNAME = 1 << 0, // a known person's surname alone
    SPAN_WEAK = 1 << 1,    // counts only when the rest of the article supports it
    SPAN_GUESS = 1 << 2,   // not in the lexicon: type by context
    SPAN_DROPPED = 1 << 3,
    SPAN_POINT = 1 << 4, // the full stop behind it belongs to it ("Irlandia Płn.")
    SPAN_OWN = 1 << 5,   // a name of the user's own lexicon: unless it is weak, it stays what it is
                         // or becomes part of a longer name
    SPAN_LISTED = 1 << 6, // the lexicon alone decided that it is a name
    SPAN_BARE = 1 << 7,   // a surname of the article that was taken for no name
};

// How a span came to its entity, surest first.
enum span_link {
    LINK_LEXICON,  // the lexicon has its words
    LINK_SOUND,    // the lexicon has them in another transliteration, or one letter is wrong
    LINK_SURNAME,  // it is the surname of a person whose full name the article has
    LINK_INITIAL,  // the same with an initial
    LINK_GIVEN,    // it is the given name of such a person
    LINK_ACRONYM,  // it is the acronym of a name of the article
    LINK_PART,     // it is a part of such a name
    LINK_EXPLAINED // the lexicon has the acronym that explains it
};

struct span {
    uint32_t first, count; // words
    enum tag_type type;
    uint32_t entity;         // lexicon entity, or LEXICON_NONE
    struct slice base;       // dictionary form
    struct slice whole;      // of a part of a name: the base of the whole that it stands for; of an
                             // institution its name in English (institutions.h); else empty
    float sure;              // probability that it is a name of this type with these borders
    enum span_link link;     // set by link.c, as are these two:
    struct slice rival_name; // the whole of what it may stand for instead; empty: nothing
    uint32_t rival;          // its entity, or LEXICON_NONE
    uint32_t flags;          // enum span_flag
    uint32_t group;          // index of its entity in the result (set by link.c)
};

// Spans of one field, in order, not overlapping.
struct spans {
    struct span *at;
    size_t count, capacity;
};

// Appends a span and marks its words as covered. The capacity is one for each word a name may begin
// with, and never exceeded.
void spans_add(struct spans *spans, struct words *words, struct span span);
