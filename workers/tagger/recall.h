// What an article shows of a word anywhere in it: a name introduced once in full, with a title or
// in a telling place, explains the bare word elsewhere.
#pragma once

#include "workers/tagger/marks.h"

enum recall_sign {
    RECALL_SMALL = 1 << 0,   // written with a small letter
    RECALL_CAPITAL = 1 << 1, // capitalised where nothing but being a name asks for it
    RECALL_TITLED = 1 << 2,  // behind a person's title or given name
    RECALL_SAYS = 1 << 3,    // beside a verb of saying
    RECALL_IN = 1 << 4,      // behind a place's preposition or kind
    RECALL_GROUP = 1 << 5,   // beside a word of organisations
    RECALL_JOINED = 1 << 6,  // beside another capitalised word
    RECALL_PERSON = 1 << 7,  // part of a longer name that the lexicon knows, by type
    RECALL_ORGANISATION = 1 << 8,
    RECALL_PLACE = 1 << 9,
    RECALL_GIVEN = 1 << 10, // before a capitalised word, and a given name
    RECALL_AGAIN = 1 << 11, // twice or more
};

enum { RECALL_SIGNS = 12 };

struct recall;

// Reads all fields of an article. NULL when the arena is full.
const struct recall *recall_collect(const struct marked *fields, size_t count, struct arena *arena);

// The signs (enum recall_sign) of a word, in any of its inflected forms.
uint16_t recall_of(const struct recall *recall, const struct word *word);
