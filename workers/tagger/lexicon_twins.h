// Entities that the shipped lexicon and the user's own both have, by their ids.
#pragma once

#include "proto/base/slice.h"
#include "workers/tagger/lexicon_file.h"

struct lexicon_twins {
    uint32_t *ids;     // hash table: the user's entities by id; 0 is free, else index + 1
    size_t id_mask;    // its slots - 1
    uint32_t *bundled; // of each of the user's entities: the shipped one, or LEXICON_NONE
    struct lexicon_pair {
        uint32_t bundled, own;
    } * pairs; // by the shipped one
    size_t pair_count;
};

// Compares all ids once. 0 or -ENOMEM, when nothing is held.
int lexicon_twins_find(struct lexicon_twins *twins, const struct lexicon_file *bundled,
                       const struct lexicon_file *own);
void lexicon_twins_fini(struct lexicon_twins *twins);

// The user's entity (with LEXICON_OWN_MARK) for a shipped one; LEXICON_NONE when it has none.
uint32_t lexicon_twins_own(const struct lexicon_twins *twins, uint32_t bundled);

// The user's entity (with LEXICON_OWN_MARK) that has this id; LEXICON_NONE.
uint32_t lexicon_twins_find_id(const struct lexicon_twins *twins, const struct lexicon_file *own,
                               struct slice id);
