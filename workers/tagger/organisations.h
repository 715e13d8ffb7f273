// Names of an article that stand for longer ones: acronyms for what they are made of or what stands
// beside them in brackets ("Office for National Statistics (ONS)"), a part for the whole
// ("Komisja" for "Komisja Europejska").
#pragma once

#include "workers/tagger/link_map.h"
#include "workers/tagger/spans.h"

struct organisations {
    struct link_map by_initials; // of the initials of whole names
    struct link_map by_alias;    // of acronyms explained in brackets
    struct link_map by_start;    // of the words a longer name begins with
    struct link_map by_end;      // and ends with
    struct link_map by_name;
    struct span **full; // the first span of each name
    uint32_t *times;    // how often the article has it
    size_t count;
    size_t parts_left; // room for parts of names
};

// Room for names of `spans` spans, which have `words` words together. 0 or -ENOMEM.
int organisations_init(struct organisations *organisations, size_t spans, size_t words,
                       struct arena *arena);

// Remembers a name of two words or more. Spans must not move from now on. When all are there,
// organisations_index finds them by their parts.
void organisations_add(struct organisations *organisations, struct span *span);
void organisations_index(struct organisations *organisations);

// Remembers that `name` and `acronym`, the span behind or before it, explain each other, if the
// text says so.
void organisations_add_pair(struct organisations *organisations, const struct words *words,
                            struct span *name, struct span *acronym);

// True for one word that looks like an acronym.
bool organisations_is_acronym(const struct words *words, const struct span *span);

// The name that an acronym in brackets explains; NULL.
struct span *organisations_by_alias(const struct organisations *organisations,
                                    const struct words *words, const struct span *span);

// The name whose initials an acronym is, though the acronym may be known by itself; NULL.
struct span *organisations_by_initials(const struct organisations *organisations,
                                       const struct words *words, const struct span *span);

// What a span stands for; NULL when nothing is known. Never the span itself.
struct span *organisations_find(const struct organisations *organisations,
                                const struct words *words, const struct span *span);
