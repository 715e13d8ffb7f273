// From tokens to entities: what the article names. Lexicon, inflection, context and linking; see
// names.c for the order of the steps.
#pragma once

#include "workers/tagger/recognise.h"
#include "workers/tagger/tagger.h"
#include "workers/tagger/text.h"

// Finds the entities of an article from its prepared title and body. `language` is the identified
// primary tag. Fills out->entities and out->entity_count; everything lives in `arena`. 0 or
// -ENOMEM. Time is linear in the number of tokens.
int names_find(const struct recogniser *recogniser, const struct text *title,
               const struct text *body, struct slice language, struct arena *arena,
               struct tag_result *out);
