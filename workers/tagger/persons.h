// Persons of an article by their full names: what a surname, a given name or an initial with a
// surname stands for.
#pragma once

#include "workers/tagger/link_map.h"
#include "workers/tagger/spans.h"

struct persons {
    struct link_map by_last;   // hash of the surname
    struct link_map by_sound;  // of what its transliterations have in common
    struct link_map by_first;  // of the given name; PERSONS_SEVERAL where several have it
    const struct span **full;  // spans of whole names
    const struct span **rival; // of each: another person of the same surname, or NULL
    size_t count;
};
#define PERSONS_SEVERAL UINT32_MAX

// Room for as many full names as there are spans. 0 or -ENOMEM.
int persons_init(struct persons *persons, size_t spans, struct arena *arena);

// Remembers a span that is a person's full name; others, and those of which only an initial of the
// given name is known, are passed over.
void persons_add(struct persons *persons, const struct words *words, const struct span *span);

struct person_found {
    const struct span *full;  // NULL: none
    const struct span *rival; // another person it may stand for, or NULL
    struct slice base;        // of the word or words that were asked for
};

// The person that a word alone, as a surname, stands for.
struct person_found persons_by_surname(const struct persons *persons, const struct word *word);
// The same for a span of one word, of which other transliterations count too.
struct person_found persons_by_span(const struct persons *persons, const struct words *words,
                                    const struct span *span);
// The person that "K. Jacobs" stands for.
struct person_found persons_by_initial(const struct persons *persons, const struct words *words,
                                       const struct span *span, struct arena *arena);
// The person whose longer name ends with the words of a span of several ("Suu Kyi").
struct person_found persons_by_tail(const struct persons *persons, const struct words *words,
                                    const struct span *span);
// The person of whom a given name alone is said.
struct person_found persons_by_given(const struct persons *persons, const struct word *word);

// True for names of which one word or more is an initial.
bool persons_is_initialled(const struct words *words, const struct span *span);
