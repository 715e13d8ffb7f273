// The compiled lexicon: names, ids and inflection tables in one memory-mapped, read-only,
// checksummed file; and beside it, when there is one, the user's own (telex lexicon build). Indices
// of entities and of all else are of one space: those of the user's carry LEXICON_OWN_MARK.
#pragma once

#include <stdbool.h>

#include "proto/base/err.h"
#include "proto/base/hash.h"
#include "proto/base/slice.h"
#include "workers/tagger/lexicon_format.h"

struct lexicon;

// 0; -ENOENT; -EINVAL for a file that is not a lexicon, of another version, or damaged (err says
// which and what to do).
int lexicon_open(struct lexicon **out, const char *path, struct err *err);
void lexicon_close(struct lexicon *lexicon);

// Adds the user's own lexicon: 0; -ENOENT when there is no such file; -EINVAL and others as above.
// On failure the lexicon is as it was before. Once, before the lexicon is used.
int lexicon_add_own(struct lexicon *lexicon, const char *path, struct err *err);
bool lexicon_has_own(const struct lexicon *lexicon);

// "<date of its data>-<first 8 digits of its checksum>"; with the user's own "<the one>+<the
// other>". Valid as long as the lexicon.
const char *lexicon_id(const struct lexicon *lexicon);

// Hash of one folded word, and of a name's beginning extended by a word (start with 0).
static inline uint64_t lexicon_hash_word(struct slice folded)
{
    return hash64(folded, 0);
}
static inline uint64_t lexicon_hash_append(uint64_t before, uint64_t word)
{
    uint64_t mixed = (before ^ (before >> 29)) * 0x9e3779b97f4a7c15u + word;
    return mixed ^ (mixed >> 32);
}

// The node of a name's beginning, or NULL when no name begins so: in the shipped lexicon, and in
// the user's own.
const struct lexicon_node *lexicon_find_node(const struct lexicon *lexicon, uint64_t hash);
const struct lexicon_node *lexicon_find_own_node(const struct lexicon *lexicon, uint64_t hash);

// The postings of a node whose posting is not LEXICON_NONE: read until POSTING_LAST.
const struct lexicon_posting *lexicon_postings(const struct lexicon *lexicon, uint32_t posting);

// What is known of a word (by lexicon_hash_word); NULL when nothing.
const struct lexicon_word *lexicon_find_word(const struct lexicon *lexicon, uint64_t hash);

// The word (the name's beginning) will be looked for soon: it is brought near meanwhile.
void lexicon_expect_word(const struct lexicon *lexicon, uint64_t hash);
void lexicon_expect_node(const struct lexicon *lexicon, uint64_t hash);

// One of the user's names begins with this word in small letters.
bool lexicon_own_starts_small(const struct lexicon *lexicon, uint64_t hash);

// Walks the dictionary forms of an inflected word: start with *at = 0; NULL ends the walk.
const struct lexicon_form *lexicon_next_form(const struct lexicon *lexicon, uint64_t hash,
                                             uint32_t *at);

const struct lexicon_entity *lexicon_entity(const struct lexicon *lexicon, uint32_t index);
// A string, valid as long as the lexicon.
struct slice lexicon_string(const struct lexicon *lexicon, uint32_t offset);
// Spelling `index` (below spelling_count) of an entity, folded.
struct slice lexicon_spelling(const struct lexicon *lexicon, const struct lexicon_entity *entity,
                              uint32_t index);

// Who has the last word on an entity that both lexicons have (the same id): for a shipped entity
// the user's one, which names and types it; for any other, and for LEXICON_NONE, itself. Whoever
// takes an entity from lexicon_find_node asks this before it goes into the result.
uint32_t lexicon_prefer(const struct lexicon *lexicon, uint32_t entity);
// The shipped entity of the same id as one of the user's; LEXICON_NONE when there is none.
uint32_t lexicon_twin(const struct lexicon *lexicon, uint32_t entity);
// The user's entity with this id; LEXICON_NONE when there is none.
uint32_t lexicon_find_own_id(const struct lexicon *lexicon, struct slice id);
