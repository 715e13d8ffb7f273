// From spans to entities: which names mean the same, what a surname alone means, which weak signs
// the rest of the article supports.
#pragma once

#include "workers/tagger/base.h"
#include "workers/tagger/belief.h"

enum { LINK_FIELDS = 2 };

struct linked_entity {
    uint32_t entity; // of the lexicon, or LEXICON_NONE
    enum tag_type type;
    struct slice id;
    struct slice name;
    uint32_t mentions;
    const struct span *best; // the mention that tells most
    const struct words *best_words;
    struct belief belief;
};

struct linker {
    const struct lexicon *lexicon;
    struct arena *arena;
    struct words *fields; // LINK_FIELDS of them: title, body
    bool explain;
    struct spans *spans; // of each field, in any order; sorted by link_entities
    struct seen_words seen;
    struct linked_entity *groups; // in order of first mention
    size_t group_count;
};

// Resolves, groups and sorts all spans: those that stay have `group` and `base` set, the others are
// SPAN_DROPPED. Fills groups. 0 or -ENOMEM.
int link_entities(struct linker *linker);
