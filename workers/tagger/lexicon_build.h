// Builds a compiled lexicon in memory and writes it. Used by telex-lexicon-compile and by tests.
#pragma once

#include <stdbool.h>

#include "proto/base/err.h"
#include "proto/base/slice.h"
#include "workers/tagger/lexicon_format.h"
#include "workers/tagger/tagger.h"

struct lexicon_build;

// For the lexicon that is shipped, or a user's own. NULL without memory.
struct lexicon_build *lexicon_build_create(enum lexicon_layer layer);
void lexicon_build_destroy(struct lexicon_build *build);

// Every adder remembers a failure (no memory); lexicon_build_write then answers -ENOMEM.

// A new entity; answers its index. `name` is the canonical name; weight 1 to 9.
uint32_t lexicon_build_entity(struct lexicon_build *build, struct slice id, struct slice name,
                              enum tag_type type, uint8_t weight);
// Gives an entity another id and canonical name, and at least this weight.
void lexicon_build_update(struct lexicon_build *build, uint32_t entity, struct slice id,
                          struct slice name, uint8_t weight);
// The entity with this id; LEXICON_NONE when there is none. Linear in the number of entities.
uint32_t lexicon_build_find_id(const struct lexicon_build *build, struct slice id);
// The id of an entity. Valid until the next addition.
struct slice lexicon_build_id(const struct lexicon_build *build, uint32_t entity);
// One spelling of an entity, in `languages` (bits of enum lexicon_language; 0 any), with flags
// (POSTING_SURNAME; upper and lower are derived).
void lexicon_build_name(struct lexicon_build *build, uint32_t entity, struct slice spelling,
                        uint8_t languages, uint8_t flags);
// The entity of a type that has this name; of several the weightiest. LEXICON_NONE when none has.
// Sees the names that were added before the last lexicon_build_index.
uint32_t lexicon_build_lookup(const struct lexicon_build *build, struct slice name,
                              enum tag_type type);
void lexicon_build_index(struct lexicon_build *build);

// The record of a word, to be filled in. Valid until the next word. Never NULL.
struct lexicon_word *lexicon_build_word(struct lexicon_build *build, struct slice word);
// An inflected form of a Polish proper name.
void lexicon_build_form(struct lexicon_build *build, struct slice form, struct slice lemma,
                        uint8_t cases, uint8_t gender);

// Writes the file: a temporary beside it, made durable, then renamed, so that there is an old file
// or a new one at any time. `date` as YYYY-MM-DD. 0 or negative errno; -EFBIG when it would be
// larger than can be opened.
int lexicon_build_write(struct lexicon_build *build, const char *path, struct slice date,
                        struct err *err);
